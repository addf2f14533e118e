"""Title to occupation: accuracy on labelled titles, latency of one, and titles a second in batches.

``..._titles_per_s`` is from reading a csv to the csv written, over real raw titles: ``distinct`` ones, and
``as they come``, of which one in six repeats another. ``threads_8_...`` are eight threads that classify one
title at a time. Before the table of titles (O*NET 27.0, 2 cores) one title took 9.1 ms (p50) and 14.0 ms
(p99), and labelled titles in a batch went at 272 a second. Looking up together what several threads ask for
at the same moment was tried and left out: eight threads make batches of 2.6 titles, which cost more than the
titles one by one.
"""

from __future__ import annotations

import csv
import gzip
import io
import random
import statistics
import threading
import time
from collections.abc import Sequence
from itertools import islice

from benchmarks.data import FIXTURES, REAL, SHARED, SOURCE, open_workspace
from indexer.workspace import Workspace
from search_api.batch import classify_rows, rows_of, write_rows
from search_api.classify import JobQuery, classify
from workbench.evaluate import LabelledTitle, judge, read_labelled_titles

SETS = {
    "bls": SHARED / "eval" / "titles_bls_unseen.csv",
    "lca": SHARED / "eval" / "titles_lca_dev.csv",
    "fixtures": FIXTURES / "titles.csv",
}
POSTINGS = SHARED / "eval" / "postings_dev.csv"
RAW_TITLES = SHARED / "titles" / "dol_titles.csv.gz"
WARM_QUERIES = 300
BATCH_TITLES = 20_000
THREADS, CALLS = 8, 100
SEED = 4


def run() -> dict[str, object]:
    """Accuracy by set (six digits), p50 and p99 of one warm classification, batch rates."""
    result: dict[str, object] = {"source": SOURCE}
    with open_workspace() as workspace:
        for name, path in SETS.items():
            if path.exists():
                labels = read_labelled_titles(path)
                answers = codes(workspace, [JobQuery(label.title) for label in labels])
                result[name] = judge(answers, labels).to_json()
        if POSTINGS.exists():
            result |= _postings(workspace)
        titles = [label.title for label in read_labelled_titles(SETS["bls"] if REAL else SETS["fixtures"])]
        result |= latency(workspace, titles) | _threads(workspace, titles)
        for name, raw in _raw_titles().items():
            result[f"{name}_titles_per_s"] = batch_rate(workspace, raw)
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
    started_cpu = 0.0
    for number, title in enumerate((titles * (WARM_QUERIES // len(titles) + 1))[:WARM_QUERIES]):
        if number == 20:
            started_cpu = time.process_time()
        started = time.perf_counter()
        next(classify(workspace, [title]))
        seconds.append(time.perf_counter() - started)
    used = time.process_time() - started_cpu
    return {
        **_quantiles("classify", seconds[20:]),
        "classify_cpu_ms": round(1e3 * used / len(seconds[20:]), 2),
    }


def batch_rate(workspace: Workspace, titles: Sequence[str]) -> int:
    """Titles a second from a csv that is read to a csv that is written, the first chunk not counted."""
    list(classify(workspace, titles[:3_000]))
    source, target = io.StringIO(newline=""), io.StringIO(newline="")
    writer = csv.writer(source)
    writer.writerow(["title"])
    writer.writerows([title] for title in titles)
    source.seek(0)
    started = time.perf_counter()
    write_rows(classify_rows(workspace, rows_of(source, "csv")), target, "csv", lambda _: "")
    return round(len(titles) / (time.perf_counter() - started))


def _raw_titles() -> dict[str, list[str]]:
    if not RAW_TITLES.exists():
        return {"fixtures_batch": [label.title for label in read_labelled_titles(SETS["fixtures"])] * 20}
    with gzip.open(RAW_TITLES, "rt", encoding="utf-8", newline="") as file:
        titles = [row["title"] for row in csv.DictReader(file) if any(map(str.isalnum, row["title"]))]
    middle = len(titles) // 2
    distinct = random.Random(SEED).sample(list(dict.fromkeys(titles)), BATCH_TITLES)
    return {"distinct": distinct, "as_they_come": list(islice(titles, middle, middle + BATCH_TITLES))}


def _threads(workspace: Workspace, titles: Sequence[str]) -> dict[str, object]:
    """One title at a time, asked for by several threads at once."""
    seconds: list[float] = []

    def ask(thread: int) -> None:
        for call in range(CALLS):
            started = time.perf_counter()
            next(classify(workspace, [titles[(thread * CALLS + call) % len(titles)]]))
            seconds.append(time.perf_counter() - started)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(THREADS)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rate = round(len(seconds) / (time.perf_counter() - started))
    return {"threads_8_per_s": rate, **_quantiles("threads_8", seconds)}


def _quantiles(name: str, seconds: Sequence[float]) -> dict[str, object]:
    return {
        f"{name}_p50_ms": round(1e3 * statistics.median(seconds), 2),
        f"{name}_p99_ms": round(1e3 * statistics.quantiles(seconds, n=100)[98], 2),
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
