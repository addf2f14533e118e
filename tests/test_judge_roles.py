"""Judging roles: what can be read, what the figures are, and what the command prints."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from preprocess.errors import MissingPath, ReadError
from tests.command_line import joblens
from workbench.judge_roles import RoleReport, heading_baseline, judge_roles
from workbench.role_labels import LabelledSentences, labels_digest, read_labelled_roles


def write(folder: Path, text: str, name: str = "labels.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


# ---- reading


def test_headings_become_sections_within_their_posting(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "posting,role,text\n"
        "A,company,We bake.\nA,heading,Requirements:\nA,requirement,Flour\n"
        "B,heading,**Preferred**\nB,preferred,Yeast\nA,requirement,Salt\n",
    )
    first, second = read_labelled_roles(path)
    assert first == LabelledSentences(
        "A",
        ("We bake.", "Flour", "Salt"),
        ("", "Requirements", "Requirements"),
        ("company", "requirement", "requirement"),
    )
    assert (second.sections, second.roles) == (("Preferred",), ("preferred",))


def test_a_heading_that_the_splitter_would_not_know_is_a_sentence(tmp_path: Path) -> None:
    path = write(tmp_path, "role,text\nheading,Sourdough\nduty,Bake\n")
    (posting,) = read_labelled_roles(path)
    assert posting == LabelledSentences("", ("Sourdough", "Bake"), ("", ""), ("other", "duty"))


@pytest.mark.parametrize("names", ["document", "posting_id", "title"])
def test_columns_may_have_other_names(tmp_path: Path, names: str) -> None:
    path = write(tmp_path, f"label,sentence,{names},section\nDuty,Bake bread,7,The work\n")
    assert read_labelled_roles(path) == [LabelledSentences("7", ("Bake bread",), ("The work",), ("duty",))]


def test_jsonl_is_read_too(tmp_path: Path) -> None:
    path = write(
        tmp_path, '{"text": "Bake", "role": "duty"}\n\n{"text": "Pay", "role": "benefits"}\n', "a.jsonl"
    )
    assert read_labelled_roles(path)[0].roles == ("duty", "benefits")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "text,kind\nBake,duty\n", "expected the columns text and role, found text, kind"),
        ("a.csv", "", "expected the columns text and role, found none"),
        ("a.csv", "text,role\n", "expected labelled sentences, found none"),
        ("a.csv", "text,role\nBake,duty\nEat,lunch\n", "row 2: expected one of duty, .*found lunch"),
        ("a.csv", "text,role\nBake,\n", "row 1: .*found nothing"),
        ("a.csv", "text,role\n  ,duty\n", "row 1: expected a sentence in text, found none"),
        ("a.csv", "text,role\nBenefits,heading\n", "expected labelled sentences, found none"),
        ("a.jsonl", '{"text": "Bake", "role": "duty"}\n[1]\n', "row 2: expected a JSON object"),
        ("a.jsonl", "{", "row 1: expected a JSON object"),
    ],
)
def test_bad_labels_are_refused(tmp_path: Path, name: str, text: str, message: str) -> None:
    with pytest.raises(ReadError, match=message):
        read_labelled_roles(write(tmp_path, text, name))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingPath, match="there is no file"):
        read_labelled_roles(tmp_path / "none.csv")


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"text,role\n\xff\xfe,duty\n")
    with pytest.raises(ReadError, match="cannot be read as csv or jsonl in UTF-8"):
        read_labelled_roles(path)


def test_the_digest_changes_with_a_label() -> None:
    digests = {labels_digest([LabelledSentences("", ("a",), ("",), (role,))]) for role in ("duty", "legal")}
    assert len(digests) == 2


# ---- figures


def labels(*roles: str, posting: str = "A", section: str = "") -> LabelledSentences:
    count = len(roles)
    return LabelledSentences(posting, tuple(f"sentence {n}" for n in range(count)), (section,) * count, roles)


def report() -> RoleReport:
    """Duty: 2 of 3 found, 1 false; legal: none of 1 found; benefits told once, and wrongly."""
    return judge_roles(
        [["duty", "duty", "benefits"], ["duty"]],
        [labels("duty", "duty", "duty"), labels("legal", posting="B")],
    )


def test_figures_of_a_role() -> None:
    duty = report().per_role["duty"]
    assert (duty.precision, duty.recall, duty.f1, duty.support) == pytest.approx((2 / 3, 2 / 3, 2 / 3, 3))


def test_macro_f1_is_the_mean_over_the_roles_that_occur() -> None:
    assert report().macro_f1 == pytest.approx((2 / 3 + 0) / 2)
    assert list(report().per_role) == ["duty", "legal"]


def test_accuracy_and_confusion() -> None:
    assert report().accuracy == pytest.approx(0.5)
    assert report().confusion == {"duty": {"duty": 2, "benefits": 1}, "legal": {"duty": 1}}


def test_an_answer_that_is_no_role_is_wrong() -> None:
    assert judge_roles([[""]], [labels("duty")]).confusion == {"duty": {"": 1}}


def test_the_interval_holds_the_figure_and_is_the_same_every_time() -> None:
    postings = [labels("duty", "legal", posting=str(number)) for number in range(20)]
    answers = [["duty", "legal" if number % 3 else "duty"] for number in range(20)]
    found = judge_roles(answers, postings)
    low, high = found.interval
    assert low < found.macro_f1 < high
    assert judge_roles(answers, postings).interval == (low, high)


def test_one_posting_has_an_interval_too() -> None:
    low, high = judge_roles([["duty"] * 10], [labels(*["duty"] * 5, *["legal"] * 5)]).interval
    assert low < high


def test_baselines_are_in_the_same_report() -> None:
    postings = [labels("duty", "duty", section="Duties"), labels("legal", section="Equal opportunity")]
    found = judge_roles([["duty"] * 2, ["duty"]], postings, {"mine": [["legal"] * 2, ["legal"]]})
    assert {name: round(other.accuracy, 3) for name, other in found.baselines.items()} == {
        "headings": 1.0, "majority": 0.667, "mine": 0.333,
    }  # fmt: skip


def test_the_heading_baseline_says_duty_where_the_heading_does_not_tell() -> None:
    assert heading_baseline([labels("legal", section="Odds and ends")]) == [["duty"]]


def test_errors_are_listed_up_to_a_limit() -> None:
    found = judge_roles([["legal"] * 3], [labels("duty", "duty", "legal")], most_errors=1)
    assert [(error.text, error.truth, error.prediction) for error in found.errors] == [
        ("sentence 0", "duty", "legal")
    ]


def test_json_and_markdown_hold_the_figures() -> None:
    found = report()
    held = found.to_json()
    assert set(held) >= {"n", "macro_f1", "per_role", "intervals", "baselines", "errors"}
    assert held["macro_f1"] == 0.3333
    assert "| duty | 0.667 | 0.667 | 0.667 | 3 |" in found.to_markdown()
    assert json.loads(json.dumps(held)) == held


# ---- the command


@pytest.mark.usefixtures("empty_home")
def test_evaluate_roles_of_a_file(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "posting,role,text\n1,heading,Duties\n1,duty,Drive the forklift and stack pallets.\n"
        "1,duty,Count the stock each week.\n"
        "1,heading,Benefits\n1,benefits,Paid holidays and dental insurance.\n",
    )
    ran = joblens("evaluate", "roles", path, "--json")
    assert ran.code == 0
    held = json.loads(ran.out)
    assert (held["n"], held["macro_f1"]) == (3, 1.0)
    assert set(held["baselines"]) == {"headings", "majority", "sentence_alone"}


@pytest.mark.usefixtures("empty_home")
def test_evaluate_roles_of_the_held_out_postings() -> None:
    ran = joblens("evaluate", "roles", "--json", "--errors", "3")
    held = json.loads(ran.out)
    assert held["macro_f1"] >= 0.85
    assert len(held["errors"]) == 3
    assert held["macro_f1"] > held["baselines"]["sentence_alone"]["macro_f1"]


@pytest.mark.usefixtures("empty_home")
def test_evaluate_roles_in_words(tmp_path: Path) -> None:
    path = write(tmp_path, "role,text\nlegal,We are an equal opportunity employer.\nduty,Job ID: 5512\n")
    ran = joblens("evaluate", "roles", path)
    assert "2 sentences of 1 posting from labels.csv" in ran.told
    assert "duty read as other: Job ID: 5512" in ran.told


@pytest.mark.usefixtures("empty_home")
def test_evaluate_roles_refuses_bad_labels(tmp_path: Path) -> None:
    ran = joblens("evaluate", "roles", write(tmp_path, "text,role\nBake,cake\n"))
    assert (ran.code, "row 1: expected one of duty" in ran.told) == (1, True)
