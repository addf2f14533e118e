"""docs/quality.md and the benchmark behind it: nothing by hand, no word of third parties."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import quality as benchmark
from docs import quality
from docs.quality import draw, is_drawn, mark_of, pictured, quality_page
from indexer.workspace import Workspace
from workbench.evaluate import Answer, LabelledTitle, Voter, report
from workbench.quality_markdown import confused_pairs, error_list, page, safe
from workbench.quality_pictures import draw_confusion

COOK, NURSE = LabelledTitle("cook", ("35-2014",)), LabelledTitle("a | b", ("29-1141",))
MACHINE = {"date": "2026-01-02", "python": "3.11.9", "packages": {"numpy": "2.0"}}
PNG = b"\x89PNG\r\n"


def made(*, confidence: float | None = 0.8) -> dict[str, Any]:
    sets = None if confidence is None else ("35-2014", "29-1141")
    voters = (Voter("Line Cook", "alternate", "35-2014.00", 0.9),)
    answers = [Answer(("35-2014",), voters, confidence, prediction_set=sets)] * 2
    return report(answers, [COOK, NURSE], baselines={"bm25": [["35-2014"], ["29-1141"]]})


def saved(tmp_path: Path, **parts: Any) -> Path:
    path = tmp_path / "quality.json"
    path.write_text(json.dumps({"sets": {}, "machine": MACHINE, **parts}), encoding="utf-8")
    return path


# ---- the page


def test_a_page_without_results_says_so(tmp_path: Path) -> None:
    assert "Not measured yet" in quality_page(tmp_path / "none.json")


def test_the_page_tells_figures_with_intervals_and_baselines(tmp_path: Path) -> None:
    text = quality_page(saved(tmp_path, sets={"bls": made()}))
    assert "### BLS titles (2)" in text
    assert "| **joblens** | 0.500 (0.000 to 1.000) |" in text
    assert "| BM25 | 1.000 | 1.000 | 1.000 | 1.000 | -0.500 (-1.000 to 0.000) |" in text
    assert "- Calibration error (ECE) 0.300 in 1 bins." in text
    assert "holds a right one in 100.0%" in text
    assert "| SOCcer v2 | 0.50 |" in text
    assert "no comparison on the same data" in text


def test_a_set_that_was_not_measured_is_left_out(tmp_path: Path) -> None:
    text = quality_page(saved(tmp_path, sets={"bls": made(confidence=None)}))
    assert "### LCA titles" not in text
    assert "## Confidence" not in text
    assert "## Roles" not in text


def test_reports_of_other_shapes_become_tables(tmp_path: Path) -> None:
    roles = {
        "macro_f1": 0.86,
        "n": 1200,
        "intervals": {"macro_f1": [0.84, 0.88]},
        "per_role": {"duty": {"f1": 0.9, "n": 40}, "legal": {"f1": 0.8, "n": 30}},
        "errors": [{"text": "a sentence"}],
    }
    text = quality_page(saved(tmp_path, roles=roles))
    assert "| macro F1 | 0.860 (0.840 to 0.880) |" in text
    assert "| examples | 1,200 |" in text
    assert "### By role" in text
    assert "| duty | 0.900 | 40 |" in text
    assert "a sentence" not in text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a | b", r"a \| b"),
        ("<b>[x](y)</b>", r"\<b\>\[x\](y)\</b\>"),
        ("two\nlines", "two lines"),
        ("C# `code` *x*", r"C\# \`code\` \*x\*"),
    ],
)
def test_what_people_wrote_is_no_markdown(text: str, shown: str) -> None:
    assert safe(text) == shown


def test_errors_name_what_misled() -> None:
    told = " ".join(error_list(made()["errors"]))
    assert r"**a \| b**: right 29-1141" in told
    assert "First came 35-2014" in told
    assert "“Line Cook” (alternate, 0.90)" in told


def test_the_most_frequent_confusion_comes_first() -> None:
    found = {"codes": ["11", "13", "15"], "counts": [[9, 1, 0], [3, 9, 0], [0, 2, 9]]}
    assert [count for *_, count in confused_pairs(found)] == [3, 2, 1]
    assert confused_pairs(found)[0][:2] == ("Business and Financial Operations", "Management")


def test_a_report_shows_its_pictures() -> None:
    assert "![groups](a%20b.png)" in page(made(), "Heading", {"groups": "a b.png"})


# ---- pictures


def test_pictures_are_drawn_once_and_again_when_figures_change(tmp_path: Path) -> None:
    path = saved(tmp_path, sets={"lca": made()})
    draw(path, tmp_path)
    picture = tmp_path / quality.CONFUSION
    first = picture.read_bytes()
    assert first.startswith(PNG)
    picture.write_bytes(first + b"kept")
    draw(path, tmp_path)
    assert picture.read_bytes() == first + b"kept"
    changed = made()
    changed["confusion"]["counts"][0][0] += 1
    draw(saved(tmp_path, sets={"lca": changed}), tmp_path)
    assert picture.read_bytes() != first + b"kept"


def test_the_same_figures_give_the_same_file(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        draw_confusion(made()["confusion"], tmp_path / name, title="groups", mark="m")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_the_pictures_of_the_docs_are_those_of_the_result() -> None:
    sets = json.loads(quality.RESULT.read_text(encoding="utf-8"))["sets"]
    stale = [
        name for name, shown in pictured(sets).items() if not is_drawn(quality.FOLDER / name, mark_of(shown))
    ]
    assert stale == [], "run: python -m docs.generate"


# ---- the benchmark


def test_no_word_of_a_posting_gets_into_the_result(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "postings.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["title", "description", "accept"])
        rows.writerow(["Xylophone Tuner", "You tune xylophones.", "29-1141"])
    judge, _, listed = benchmark.SETS["postings_dev"]
    found = benchmark._judged(workspace, judge, path, listed)
    assert found["n"] == 1
    assert found["acc@1"] == 0.0
    assert "xylophone" not in json.dumps(found).lower()


def test_only_public_domain_titles_are_listed() -> None:
    assert {name for name, (_, _, listed) in benchmark.SETS.items() if listed} == {"bls", "lca"}
