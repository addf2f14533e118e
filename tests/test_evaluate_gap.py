"""``joblens evaluate gap`` with the real encoder."""

from __future__ import annotations

from pathlib import Path

import pytest

from joblens.evaluate_gap import fitted, report
from preprocess.errors import ReadError
from search_api.pairing import WEIGHTS
from tests.conftest import FIXTURES

ROWS = """asked,brag,label,half,kind,document
Glaze pots.,Glazed four hundred pots last year.,covers,natural,,potter
Glaze pots.,Answered the phone in the shop.,no,natural,,potter
Repair kilns.,Glazed four hundred pots last year.,no,natural,,potter
Glaze pots.,Put the shiny coat on bowls and jugs before firing.,covers,hard,paraphrase,
Glaze pots.,Hope to learn how to glaze pots.,no,hard,seeking,
"""


@pytest.fixture
def file(tmp_path: Path, empty_home: Path) -> Path:  # noqa: ARG001  # commands read its variable
    path = tmp_path / "pairs.csv"
    path.write_text(ROWS)
    return path


def test_the_keys_of_the_scoreboard_are_at_the_top(file: Path) -> None:
    told = report(file)
    assert (told["auc_natural"], told["auc_hard"], told["hit@3"]) == (1.0, 1.0, 1.0)
    assert told["cosine"]["auc_hard"] == 0.0
    assert "f1" in told


def test_the_ablation_leaves_out_each_cue_and_tries_the_views(file: Path) -> None:
    ablation = report(file, ablation=True)["ablation"]
    assert ablation["cues"]["all"]["auc_hard"] == 1.0
    assert ablation["cues"]["without seeking"]["auc_hard"] == 0.0
    assert {"raw: cosine", "filtered, spaCy's stop words: score", "jargon: score"} <= set(ablation["views"])


def test_fitting_gives_a_weight_for_every_feature(empty_home: Path) -> None:  # noqa: ARG001
    found = fitted(FIXTURES / "gap_pairs_dev.yaml")
    assert list(found["weights"]) == list(WEIGHTS)
    assert found["weights"] == pytest.approx(dict(WEIGHTS), abs=0.3)


def test_one_field_is_too_little_to_fit(file: Path) -> None:
    with pytest.raises(ReadError, match="two fields of work"):
        fitted(file)


def test_a_file_without_pairs_is_refused(tmp_path: Path, empty_home: Path) -> None:  # noqa: ARG001
    (tmp_path / "none.csv").write_text("asked,brag,label\n")
    with pytest.raises(ReadError, match="found none"):
        report(tmp_path / "none.csv")
