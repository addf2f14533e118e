"""How well the technology matcher finds labelled technologies: micro precision, recall and F1.

A file of labels has one JSON object a line: ``text``, and ``technologies``, the names as they stand in
the text (``fixtures/README.md`` has the rules). A found mention is right if its text, with its case, is
among the labels of that sentence; each label can be found once.

    python -m benchmarks.technologies fixtures/technologies.jsonl --release "fixtures/onet"
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

from preprocess.technologies import TechnologyMatcher


def measure(path: Path, matcher: TechnologyMatcher) -> dict[str, Any]:
    """Micro precision, recall and F1 of the surfaces found.

    :param path: a JSON Lines file of labelled sentences.
    :return: ``n`` (sentences), ``labels``, ``found``, ``right``, ``precision``, ``recall``, ``f1`` and
        ``errors``: each sentence that went wrong with its ``missed`` and its ``wrong`` surfaces.
    """
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    mentions = matcher.find_many([row["text"] for row in rows])
    labels = found = right = 0
    errors = []
    for row, row_mentions in zip(rows, mentions, strict=True):
        expected = Counter(set(row["technologies"]))
        seen = Counter({mention.text for mention in row_mentions})
        labels += expected.total()
        found += seen.total()
        right += (expected & seen).total()
        if expected != seen:
            missed, wrong = sorted(expected - seen), sorted(seen - expected)
            errors.append({"text": row["text"], "missed": missed, "wrong": wrong})
    precision = right / found if found else 1.0
    recall = right / labels if labels else 1.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return {
        "n": len(rows),
        "labels": labels,
        "found": found,
        "right": right,
        "precision": round(precision, 4),
        "recall": round(recall, 4),
        "f1": round(f1, 4),
        "errors": errors,
    }


def published_names(release: Path) -> set[str]:
    """The technology names of an unpacked O*NET text release (``Technology Skills.txt``, ``Example``).

    :param release: the folder.
    """
    with (release / "Technology Skills.txt").open(encoding="utf-8", newline="") as file:
        return {row["Example"] for row in csv.DictReader(file, delimiter="\t")}


def run() -> dict[str, Any]:
    """Quality on the judged sentences and on those that the matcher was tuned on, and speed.

    ``packaged`` knows no O*NET names. ``sentences_per_s`` is :meth:`TechnologyMatcher.find_many` over the
    real postings' sentences where they lie beside the checkout, else over the labelled ones.
    """
    # Here, so that measure() does not bring the indexer along.
    from benchmarks.data import FIXTURES, ONET, SOURCE

    start = time.perf_counter()
    matchers = {"packaged": TechnologyMatcher()}
    started_s = time.perf_counter() - start
    start = time.perf_counter()
    matchers["release"] = TechnologyMatcher(published_names(ONET))
    result: dict[str, Any] = {
        "source": SOURCE,
        "start_packaged_s": round(started_s, 2),  # with the import of spaCy
        "build_release_s": round(time.perf_counter() - start, 2),
    }
    for labels in ("technologies.jsonl", "technologies_dev.jsonl"):
        for which, matcher in matchers.items():
            report = measure(FIXTURES / labels, matcher)
            result[f"{labels} {which}"] = {key: report[key] for key in ("n", "precision", "recall", "f1")}
    texts = _sentences()
    start = time.perf_counter()
    matchers["release"].find_many(texts)
    result["sentences"] = len(texts)
    result["sentences_per_s"] = round(len(texts) / (time.perf_counter() - start))
    return result


def _sentences() -> list[str]:
    from benchmarks.data import FIXTURES, POSTINGS, REAL

    if not REAL:
        lines = (FIXTURES / "technologies.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line)["text"] for line in lines] * 20
    with POSTINGS.open(encoding="utf-8", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row[-3:]]
    return [line for cell in cells for line in cell.splitlines() if line.strip()]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("labels", type=Path)
    parser.add_argument("--release", type=Path, help="folder of an O*NET text release")
    arguments = parser.parse_args()
    names = published_names(arguments.release) if arguments.release else set()
    report = measure(arguments.labels, TechnologyMatcher(names))
    print(json.dumps({"names": len(names), **report}, ensure_ascii=False, indent=2))


if __name__ == "__main__":
    main()
