"""``joblens evaluate titles`` and ``postings`` on the fixtures: floors of quality, keys, what is printed."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from indexer.workspace import Workspace
from joblens.evaluate_titles import POSTINGS, postings_report, titles_report
from joblens.render_evaluate import print_evaluation
from tests.command_line import assert_error, joblens
from tests.terminal import console, printed

KEYS = {
    "n", "acc@1", "acc@5", "acc@10", "mrr", "intervals", "unreachable", "per_group", "baselines",
    "prediction_sets", "ece", "reliability", "abstained", "review", "confusion", "errors",
}  # fmt: skip
PNG = b"\x89PNG\r\n"


@pytest.fixture(scope="module")
def titles(workspace: Workspace) -> dict[str, Any]:
    return titles_report(workspace)


@pytest.fixture(scope="module")
def postings(workspace: Workspace) -> dict[str, Any]:
    return postings_report(workspace)


# ---- floors, well under what was reached when they were set (titles .80, .87; postings .75, .96)


def test_titles_are_coded_well_enough(titles: dict[str, Any]) -> None:
    assert titles["n"] == 60
    assert titles["acc@1"] >= 0.7
    assert titles["acc@10"] >= 0.8


def test_postings_are_coded_well_enough(postings: dict[str, Any]) -> None:
    assert postings["n"] == 24
    assert postings["acc@1"] >= 0.6
    assert postings["acc@5"] >= 0.85


def test_titles_are_coded_better_than_by_descriptions(titles: dict[str, Any]) -> None:
    low, _ = titles["baselines"]["descriptions"]["difference@1"]["interval"]
    assert low > 0


def test_the_text_of_a_posting_does_no_harm(postings: dict[str, Any]) -> None:
    assert postings["acc@1"] >= postings["baselines"]["title_alone"]["acc@1"] - 0.05


def test_the_keys_are_the_stated_ones(titles: dict[str, Any], postings: dict[str, Any]) -> None:
    assert set(titles) == set(postings) == KEYS


def test_baselines_of_postings_are_those_of_titles_and_two_more(
    titles: dict[str, Any], postings: dict[str, Any]
) -> None:
    assert set(postings["baselines"]) - set(titles["baselines"]) == {"title_alone", "whole_text"}


def test_each_error_is_explained(titles: dict[str, Any]) -> None:
    assert titles["errors"]
    for error in titles["errors"]:
        assert error["rank"] != 1
        assert error["first"]["code"] not in {code["code"] for code in error["accept"]}
        assert error["misled_by"]


def test_the_confusion_counts_every_title_once(titles: dict[str, Any]) -> None:
    assert sum(map(sum, titles["confusion"]["counts"])) == 60


def test_groups_add_up_to_all_titles(titles: dict[str, Any]) -> None:
    groups = titles["per_group"]
    right = sum(group["n"] * group["acc@1"] for group in groups)
    assert right / 60 == pytest.approx(titles["acc@1"], abs=0.001)


def test_labelled_postings_are_all_in_the_indexed_occupations(postings: dict[str, Any]) -> None:
    assert postings["unreachable"] == 0


def test_labelled_postings_cover_many_fields() -> None:
    with POSTINGS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len({row["accept"][:2] for row in rows}) >= 12


# ---- what is printed


@pytest.mark.usefixtures("indexed_home")
def test_without_a_file_the_fixtures_are_judged() -> None:
    told = joblens("evaluate", "postings", "--no-baselines").told
    assert told.startswith("24 postings from postings_labelled.csv, at 6 digits")


@pytest.mark.usefixtures("indexed_home")
def test_level_errors_and_baselines_are_options() -> None:
    found = json.loads(
        joblens("evaluate", "titles", "--json", "--no-baselines", "--errors", "2", "--level", "2").out
    )
    assert found["baselines"] == {}
    assert [len(error["first"]["code"]) for error in found["errors"]] == [2, 2]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_report_fits_the_terminal(postings: dict[str, Any], width: int) -> None:
    into = console(width)
    print_evaluation(into, postings, "24 postings")
    assert max(map(len, printed(into).splitlines())) <= width


def test_the_terminal_tells_what_the_json_holds(titles: dict[str, Any]) -> None:
    into = console(100)
    print_evaluation(into, titles, "60 titles")
    told = printed(into)
    assert f"{titles['acc@1']:.3f}" in told
    assert "TF-IDF, characters" in told
    assert titles["errors"][0]["title"] in told
    assert titles["errors"][0]["misled_by"][0]["text"] in told


@pytest.mark.usefixtures("indexed_home")
def test_a_markdown_report_has_its_picture_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "my report.md"
    ran = joblens("evaluate", "titles", "--markdown", path)
    assert (ran.code, ran.out) == (0, "")
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# 60 titles from titles.csv, at 6 digits\n")
    assert "(my%20report.confusion.png)" in text
    assert (tmp_path / "my report.confusion.png").read_bytes().startswith(PNG)


@pytest.mark.usefixtures("indexed_home")
def test_without_matplotlib_the_install_line_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    ran = joblens("evaluate", "titles", "--no-baselines", "--markdown", tmp_path / "report.md")
    assert_error(ran, "An optional package is missing", "pip install matplotlib")


@pytest.mark.usefixtures("indexed_home")
def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    ran = joblens("evaluate", "titles", "--no-baselines", "--markdown", tmp_path / "none" / "report.md")
    assert_error(ran, "A parameter is not valid", "cannot be written: No such file or directory")


@pytest.mark.usefixtures("indexed_home")
def test_a_posting_without_its_text_column_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("title,accept\nCook,35-2014\n", encoding="utf-8")
    assert_error(joblens("evaluate", "postings", path), "The input cannot be read", "description")
