"""Labelled pairs: reading them, and judging scores."""

from pathlib import Path

import numpy as np
import pytest

from preprocess.errors import MissingPath, ReadError
from tests.conftest import FIXTURES
from tests.reading import write
from workbench.judge_pairs import PairJudgement, auc, to_markdown
from workbench.labelled_pairs import LabelledPair, grouped, read_labelled_pairs
from workbench.train_pairs import best_threshold, fit_pairs

PAIRS = [
    LabelledPair("a", "x", "covers", "natural", "work", "", "d"),
    LabelledPair("a", "y", "no", "natural", "work", "", "d"),
    LabelledPair("b", "x", "partly", "natural", "work", "", "d"),
    LabelledPair("b", "y", "no", "natural", "work", "", "d"),
    LabelledPair("c", "z", "covers", "hard", "work", "paraphrase"),
    LabelledPair("c", "w", "no", "hard", "work", "overlap"),
]


def judged(*scores: float) -> PairJudgement:
    groups = grouped(PAIRS)
    natural = np.array(scores[:4]).reshape(2, 2)
    return PairJudgement(PAIRS, groups, [natural, *(np.array([[s]]) for s in scores[4:])], 0.5, 0.3)


def test_the_pairs_of_a_document_are_one_matrix_and_others_are_alone() -> None:
    assert [(group.asked, group.brag) for group in grouped(PAIRS)] == [
        (("a", "b"), ("x", "y")),
        (("c",), ("z",)),
        (("c",), ("w",)),
    ]


def test_halves_are_judged_apart_and_partly_is_left_out() -> None:
    figures = judged(0.9, 0.1, 1.0, 0.2, 0.3, 0.6).figures()
    assert (figures["auc_natural"], figures["auc_hard"]) == (1.0, 0.0)
    assert figures["auc"] == pytest.approx(5 / 6, abs=1e-3)


def test_f1_is_at_the_threshold() -> None:
    figures = judged(0.9, 0.1, 0.0, 0.2, 0.3, 0.6).figures()
    assert (figures["precision"], figures["recall"], figures["f1"]) == (0.5, 0.5, 0.5)


def test_hits_are_over_asked_sentences_that_something_covers() -> None:
    assert judged(0.1, 0.9, 0.0, 0.0, 0.5, 0.5).hit_at(1) == 0.0
    assert judged(0.1, 0.9, 0.0, 0.0, 0.5, 0.5).hit_at(3) == 1.0


def test_ties_count_half() -> None:
    assert auc(np.array([0.5, 0.5]), np.array([True, False]), np.ones(2)) == 0.5


def test_a_half_with_one_label_has_no_auc() -> None:
    assert auc(np.array([0.5, 0.6]), np.array([True, True]), np.ones(2)) is None


def test_the_report_has_the_difference_to_the_cosine_and_errors() -> None:
    told = judged(0.9, 0.1, 0.0, 0.2, 0.3, 0.6).to_json(judged(0.1, 0.9, 0.0, 0.8, 0.3, 0.6))
    assert told["above_cosine"]["auc_natural"] == [1.0, 1.0, 1.0]
    assert [(error["label"], error["asked"]) for error in told["errors"]] == [("no", "c"), ("covers", "c")]
    assert "| auc_natural | 1.000 |" in to_markdown(told)


@pytest.mark.parametrize("name", ["gap_pairs_dev.yaml", "gap_pairs_heldout.yaml"])
def test_the_fixtures_hold_both_halves_of_eight_fields(name: str) -> None:
    pairs = read_labelled_pairs(FIXTURES / name)
    assert len({pair.field for pair in pairs}) == 8
    assert {pair.half for pair in pairs} == {"natural", "hard"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("p.csv", "requirement,brag_sentence,label,kind\nGlaze pots.,Glazed pots.,covers,role\n"),
        (
            "p.jsonl",
            '{"posting": "Glaze pots.", "brag": "Glazed pots.", "label": "Covers", "kind": "role"}\n',
        ),
    ],
)
def test_tables_are_read_under_other_column_names(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert read_labelled_pairs(tmp_path / name) == [
        LabelledPair("Glaze pots.", "Glazed pots.", "covers", "hard", "", "role")
    ]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("p.csv", "asked,brag,label\na,b,maybe\n", "row 1: label 'maybe'"),
        ("p.csv", "asked,label\na,no\n", "row 1: expected a column brag"),
        ("p.jsonl", "{", "cannot be read"),
        ("p.yaml", "a: 1", "expected a list"),
        ("p.yaml", "- field: x\n  asked: [{text: a}]", "document 1"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ReadError, match=message):
        read_labelled_pairs(tmp_path / name)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingPath, match="none.csv"):
        read_labelled_pairs(tmp_path / "none.csv")


def test_no_weight_goes_against_its_sense() -> None:
    generator = np.random.default_rng(0)
    features = generator.normal(size=(200, 2))
    labels = ["covers" if row[0] > 0 else "no" for row in features]
    found = fit_pairs(features, labels, np.ones(200, bool), [1, 1], 1)
    against = fit_pairs(features, labels, np.ones(200, bool), [-1, 1], 1)
    assert found.weights[0] > 1
    assert against.weights[0] == 0


def test_the_best_threshold_parts_the_labels() -> None:
    assert (
        0.2
        < best_threshold(np.array([0.1, 0.2, 0.6, 0.7]), ["no", "no", "covers", "covers"], ["covers"])
        <= 0.6
    )


@pytest.mark.parametrize(
    ("header", "row", "document"),
    [
        ("posting,requirement,brag,label,half", "p7,Bake.,Baked.,covers,natural", "p7"),
        ("posting,brag,label,half,field", "Bake.,Baked.,covers,natural,food", "food"),
        ("asked,brag,label,half", "Bake.,Baked.,covers,natural", "all"),
        ("posting,requirement,brag,label,half", "p7,Bake.,Baked.,covers,hard", ""),
        ("asked,brag,label", "Bake.,Baked.,covers", ""),
    ],
)
def test_natural_pairs_of_a_table_belong_to_a_document(
    tmp_path: Path, header: str, row: str, document: str
) -> None:
    [pair] = read_labelled_pairs(write(tmp_path, "pairs.csv", f"{header}\n{row}\n"))
    assert (pair.asked, pair.document) == ("Bake.", document)
