"""Title to occupation: accuracy on labelled titles, latency of one, and titles a second in batches."""

from __future__ import annotations

import csv
import statistics
import time

from benchmarks.data import FIXTURES, REAL, SHARED, SOURCE, open_workspace
from indexer.workspace import Workspace
from search_api.classify import JobQuery, classify
from workbench.evaluate import LabelledTitle, judge, read_labelled_titles

SETS = {
    "bls": SHARED / "eval" / "titles_bls_unseen.csv",
    "lca": SHARED / "eval" / "titles_lca_dev.csv",
    "fixtures": FIXTURES / "titles.csv",
}
POSTINGS = SHARED / "eval" / "postings_dev.csv"
WARM_QUERIES = 300


def run() -> dict[str, object]:
    """Accuracy by set (six digits), p50 and p99 of one warm classification, batch rate."""
    result: dict[str, object] = {"source": SOURCE}
    with open_workspace() as workspace:
        for name, path in SETS.items():
            if path.exists():
                labels = read_labelled_titles(path)
                started = time.perf_counter()
                answers = codes(workspace, [JobQuery(label.title) for label in labels])
                result[f"{name}_titles_per_s"] = round(len(labels) / (time.perf_counter() - started))
                result[name] = judge(answers, labels).to_json()
        if POSTINGS.exists():
            result |= _postings(workspace)
        titles = [label.title for label in read_labelled_titles(SETS["bls"] if REAL else SETS["fixtures"])]
        result |= latency(workspace, titles)
    return result


def codes(workspace: Workspace, queries: list[JobQuery], top_k: int = 50) -> list[list[str]]:
    """The ranked six-digit codes of each query."""
    return [
        [candidate.code for candidate in answer.candidates]
        for answer in classify(workspace, queries, top_k=top_k)
    ]


def latency(workspace: Workspace, titles: list[str]) -> dict[str, object]:
    """Milliseconds of one classification in Python, after 20 to warm up."""
    seconds = []
    for title in (titles * (WARM_QUERIES // len(titles) + 1))[:WARM_QUERIES]:
        started = time.perf_counter()
        next(classify(workspace, [title]))
        seconds.append(time.perf_counter() - started)
    seconds = seconds[20:]
    return {
        "classify_p50_ms": round(1e3 * statistics.median(seconds), 2),
        "classify_p99_ms": round(1e3 * statistics.quantiles(seconds, n=100)[98], 2),
    }


def _postings(workspace: Workspace) -> dict[str, object]:
    with POSTINGS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    labels = [LabelledTitle(row["title"], tuple(row["accept"].split("|"))) for row in rows]
    with_body = [JobQuery(row["title"], row["description"]) for row in rows]
    return {
        "postings_title_only": judge(
            codes(workspace, [JobQuery(q.title) for q in with_body]), labels
        ).to_json(),
        "postings_with_body": judge(codes(workspace, with_body), labels).to_json(),
    }
