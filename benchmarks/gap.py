"""Gap analysis of one brag document against all stored postings, from the store to the finished report."""

from __future__ import annotations

import statistics
import time

from benchmarks.data import BRAG, SOURCE, open_workspace
from search_api.gap import gap
from search_api.inputs import side_of

RUNS = 5
TOP = 10


def run() -> dict[str, object]:
    """Seconds of a whole gap analysis (read postings, compare, rank, detail, themes); median of five."""
    totals, parts = [], []
    with open_workspace() as workspace:
        brag = side_of(workspace, [str(BRAG)], "brag")
        for _ in range(RUNS):
            started = time.perf_counter()
            mine = side_of(workspace, [str(BRAG)], "brag")
            encoded = time.perf_counter()
            postings = side_of(workspace, [], "posting")
            read = time.perf_counter()
            report = gap(mine, postings)
            ranked, _ = report.top(TOP), report.missing_technologies
            compared = time.perf_counter()
            themes = report.missing_themes
            finished = time.perf_counter()
            totals.append(finished - started)
            parts.append((encoded - started, read - encoded, compared - read, finished - compared))
    medians = [round(statistics.median(column), 3) for column in zip(*parts, strict=True)]
    return {
        "source": SOURCE,
        "brag_sentences": len(brag.sentences),
        "postings": len(postings.documents),
        "posting_sentences": len(postings.sentences),
        "gap_s": round(statistics.median(totals), 3),
        "parts_s": dict(zip(("encode", "read", "compare", "themes"), medians, strict=True)),
        "best_fit": round(ranked[0].fit, 1),
        "themes": len(themes),
    }
