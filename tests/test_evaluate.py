"""Judging ranked answers against labels."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from preprocess.errors import MissingPath, ReadError
from workbench.calibration_report import (
    calibration_error,
    cross_validated,
    prediction_sets,
    reliability,
    selective,
)
from workbench.evaluate import (
    Answer,
    Ranking,
    Voter,
    confusion,
    errors,
    judge,
    judge_answers,
    per_group,
    report,
)
from workbench.intervals import interval, intervals, paired_difference
from workbench.labels import LabelledTitle, read_labelled_postings, read_labelled_titles

COOK, NURSE, AIDE = LabelledTitle("cook", ("35-2014",)), LabelledTitle("nurse", ("29-1141",)), "31-1131"
NAMES = {
    "35-2014.00": "Cooks, Restaurant",
    "29-1141.00": "Registered Nurses",
    "31-1131.00": "Nursing Assistants",
}


def test_accuracy_and_mrr_follow_the_ranks() -> None:
    ranking = Ranking(np.array([1, 2, 0, 7]))
    assert [ranking.accuracy_at(cutoff) for cutoff in (1, 5, 10)] == [0.25, 0.5, 0.75]
    assert ranking.mrr == pytest.approx((1 + 1 / 2 + 0 + 1 / 7) / 4)


def test_codes_compare_at_the_coarser_level() -> None:
    labels = [
        LabelledTitle("a", ("15-1252",)),
        LabelledTitle("b", ("15",)),
        LabelledTitle("c", ("15-1252.00",)),
        LabelledTitle("d", ("29-1141", "15-1252")),
    ]
    answers = [["15-1251", "15-1252"], ["11-1011", "15-2051"], ["15-1252"], ["15-1252"]]
    assert judge(answers, labels).rank.tolist() == [2, 2, 1, 1]


def test_an_answer_without_the_code_ranks_nowhere() -> None:
    assert judge([["11-1011"], []], [COOK, NURSE]).rank.tolist() == [0, 0]


def test_json_has_the_stated_keys_and_intervals_around_the_value() -> None:
    values = Ranking(np.array([1, 0, 1, 3, 0, 1, 1, 2])).to_json()
    assert list(values) == ["n", "acc@1", "acc@5", "acc@10", "mrr", "intervals"]
    low, high = values["intervals"]["acc@1"]
    assert low < 0.5 < high


# ---- labelled files


def test_a_labelled_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text('title,accept\n"Nurse, RN",29-1141|29-1171\n', encoding="utf-8")
    assert read_labelled_titles(path) == [LabelledTitle("Nurse, RN", ("29-1141", "29-1171"))]


def test_a_posting_has_a_text_longer_than_csv_allows_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(f"accept,title,description\n35-2014,Cook,{'Fry eggs. ' * 20_000}\n", encoding="utf-8")
    [posting] = read_labelled_postings(path)
    assert (posting.title, posting.accept, len(posting.description)) == ("Cook", ("35-2014",), 199_999)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,code\nNurse,29-1141\n", "expected the columns title and accept, found name, code"),
        ("title,accept\nNurse,\n", "row 1: expected a title and at least one code, found title 'Nurse'"),
        ("title,accept\nNurse,29-1141\nCook,soup\n", "row 2: expected a SOC"),
        ("", "found none"),
    ],
)
def test_a_file_without_labels_is_refused_by_row(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ReadError, match=message):
        read_labelled_titles(path)


def test_postings_need_their_text(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("title,accept\nNurse,29-1141\n", encoding="utf-8")
    with pytest.raises(
        ReadError, match="expected the columns title, description and accept, found title, accept"
    ):
        read_labelled_postings(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingPath, match="none.csv"):
        read_labelled_titles(tmp_path / "none.csv")


# ---- intervals


def test_the_interval_of_a_share_is_near_the_normal_one() -> None:
    low, high = interval(np.array([1.0] * 300 + [0.0] * 100))
    assert (low, high) == pytest.approx((0.75 - 0.0424, 0.75 + 0.0424), abs=0.01)


def test_columns_see_the_same_resamples() -> None:
    column = np.array([1.0, 0.0, 1.0, 1.0, 0.0])
    assert intervals({"a": column, "b": column}) == {"a": [0.2, 1.0], "b": [0.2, 1.0]}


def test_a_paired_difference_is_narrower_than_two_intervals() -> None:
    theirs = np.array([1.0, 0.0] * 100)
    ours = theirs.copy()
    ours[1:21:2] = 1.0  # ten more, and none less
    difference: Any = paired_difference(ours, theirs)
    assert difference["value"] == 0.05
    low, high = difference["interval"]
    assert 0 < low < 0.05 < high < 0.1


def test_equal_answers_differ_by_nothing() -> None:
    column = np.array([1.0, 0.0, 1.0])
    assert paired_difference(column, column) == {"value": 0.0, "interval": [0.0, 0.0]}


# ---- groups and errors


def test_groups_are_those_of_the_first_label() -> None:
    labels = [COOK, NURSE, LabelledTitle("aide", (AIDE, "29-1141"))]
    assert per_group(Ranking(np.array([1, 0, 2])), labels) == [
        {"code": "29", "name": "Healthcare Practitioners and Technical", "n": 1, "acc@1": 0.0, "acc@10": 0.0},
        {"code": "31", "name": "Healthcare Support", "n": 1, "acc@1": 0.0, "acc@10": 1.0},
        {"code": "35", "name": "Food Preparation and Serving Related", "n": 1, "acc@1": 1.0, "acc@10": 1.0},
    ]


def test_confusion_counts_right_groups_against_answered_ones() -> None:
    answers = [Answer(("35-2014",)), Answer((AIDE,)), Answer((AIDE,)), Answer(())]
    found = confusion(answers, [COOK, NURSE, NURSE, COOK])
    assert found["codes"] == ["29", "31", "35"]
    assert found["counts"] == [[0, 2, 0], [0, 0, 0], [0, 0, 1]]


def test_a_label_of_two_groups_is_in_the_answered_one() -> None:
    label = LabelledTitle("aide", ("29-1141", AIDE))
    assert confusion([Answer((AIDE,))], [label])["counts"] == [[1]]


def test_an_error_tells_what_was_right_what_came_and_what_misled() -> None:
    voters = tuple(Voter(f"Aide {n}", "alternate", f"{AIDE}.00", 0.71234) for n in range(5))
    answers = [Answer(("35-2014",)), Answer((AIDE, "29-1141"), voters, confidence=0.4)]
    labels = [COOK, NURSE]
    assert errors(answers, labels, judge_answers(answers, labels), NAMES) == [
        {
            "title": "nurse",
            "accept": [{"code": "29-1141", "title": "Registered Nurses"}],
            "first": {"code": AIDE, "title": "Nursing Assistants"},
            "rank": 2,
            "confidence": 0.4,
            "misled_by": [
                {"text": f"Aide {n}", "source": "alternate", "code": "31-1131.00", "score": 0.712}
                for n in range(3)
            ],
        }
    ]


@pytest.mark.parametrize(
    ("code", "title"),
    [
        ("35-2014", "Cooks, Restaurant"),
        ("35-2", "Cooks, Restaurant"),
        ("35", "Food Preparation and Serving Related"),
        ("35-3023", "not in the index"),
    ],
)
def test_codes_of_every_level_have_a_name(code: str, title: str) -> None:
    [error] = errors([Answer(())], [LabelledTitle("x", (code,))], Ranking(np.array([0])), NAMES)
    assert (error["accept"], error["first"]) == ([{"code": code, "title": title}], None)


def test_a_text_that_stands_twice_misleads_once() -> None:
    voters = tuple(Voter(text, source, f"{AIDE}.00", 0.9) for text in ("Aide", "Helper") for source in "ab")
    [error] = errors([Answer((AIDE,), voters)], [COOK], Ranking(np.array([0])), NAMES)
    assert [(voter["text"], voter["source"]) for voter in error["misled_by"]] == [
        ("Aide", "a"),
        ("Helper", "a"),
    ]


def test_only_so_many_errors_are_listed() -> None:
    labels = [COOK] * 9
    assert len(errors([Answer((AIDE,))] * 9, labels, Ranking(np.zeros(9, np.int64)), NAMES, 4)) == 4


# ---- calibration


def test_bins_have_equal_mass_and_the_error_is_the_mean_distance() -> None:
    confidence = [0.1] * 50 + [0.9] * 50
    right = [True] * 10 + [False] * 40 + [True] * 40 + [False] * 10
    bins = reliability(confidence, right)
    assert [found["n"] for found in bins] == [10] * 10
    low, high = bins[:5], bins[5:]
    assert sum(found["accuracy"] for found in low) / 5 == pytest.approx(0.2)
    assert sum(found["accuracy"] for found in high) / 5 == pytest.approx(0.8)
    assert {found["confidence"] for found in bins} == {0.1, 0.9}


@pytest.mark.parametrize(("share", "error"), [(0.75, 0.0), (0.5, 0.25), (1.0, 0.25)])
def test_the_calibration_error_of_one_confidence(share: float, error: float) -> None:
    bins = [{"n": 40, "confidence": 0.75, "accuracy": share}]
    assert calibration_error(bins) == error


def test_few_examples_get_few_bins() -> None:
    assert [found["n"] for found in reliability([0.2, 0.4, 0.6], [True, False, True])] == [3]


def test_sets_are_judged_by_what_they_hold_and_their_size() -> None:
    found = prediction_sets([0, 1, 2, 5], [False, True, True, True])
    assert (found["coverage"], found["mean_size"], found["median_size"], found["empty"]) == (
        0.75,
        2.0,
        1.5,
        0.25,
    )


def test_folds_find_the_temperature_and_cover_what_they_promise() -> None:
    generator = np.random.default_rng(7)
    truth = generator.dirichlet(np.full(12, 0.4), size=1_500)
    truth = -np.sort(-truth, axis=1)
    drawn = (truth.cumsum(axis=1) > generator.random((1_500, 1))).argmax(axis=1)
    right = np.eye(12, dtype=bool)[drawn]
    sharper = truth**2 / (truth**2).sum(axis=1, keepdims=True)  # as sure as a temperature of 1/2 makes it
    found = cross_validated(sharper.tolist(), right.tolist())
    assert all(1.8 < temperature < 2.2 for temperature in found["temperatures"])
    assert 0.87 < found["prediction_sets"]["coverage"] < 0.93
    assert found["ece"] < 0.04 < calibration_error(reliability(sharper[:, 0].tolist(), right[:, 0].tolist()))


def test_the_rest_is_what_was_not_flagged() -> None:
    assert selective([True, False, False, False], [False, True, True, False]) == {
        "share": 0.25,
        "rest": 0.6667,
        "flagged": 0.0,
    }
    assert selective([False], [True]) == {"share": 0.0, "rest": 1.0, "flagged": None}


# ---- the whole report


def test_a_report_holds_baselines_by_how_far_they_are_behind() -> None:
    answers, labels = [Answer(("35-2014",)), Answer(("29-1141",))], [COOK, NURSE]
    found = report(answers, labels, baselines={"worse": [["35-2014"], [AIDE]]}, names=NAMES)
    worse = found["baselines"]["worse"]
    assert (found["acc@1"], worse["acc@1"], worse["difference@1"]["value"]) == (1.0, 0.5, 0.5)
    assert found["errors"] == []


def test_labels_outside_the_index_are_counted() -> None:
    labels = [COOK, LabelledTitle("bartender", ("35-3011",)), LabelledTitle("any nurse", ("29",))]
    assert report([Answer((AIDE,))] * 3, labels, names=NAMES)["unreachable"] == 1


def test_without_confidence_or_sets_there_is_no_calibration() -> None:
    found = report([Answer(("35-2014",))], [COOK])
    keys = ("prediction_sets", "ece", "reliability", "abstained", "review")
    assert [found[key] for key in keys] == [None] * 5


def test_confidences_and_sets_are_judged_where_they_are_stated() -> None:
    answers = [
        Answer(("35-2014",), confidence=1.0, prediction_set=("35-2014", AIDE)),
        Answer((AIDE,), confidence=0.5, abstained=True, review=True, prediction_set=(AIDE,)),
    ]
    found = report(answers, [COOK, NURSE])
    assert found["ece"] == 0.25
    assert (found["prediction_sets"]["coverage"], found["prediction_sets"]["mean_size"]) == (0.5, 1.5)
    assert found["abstained"] == {"share": 0.5, "rest": 1.0, "flagged": 0.0}
