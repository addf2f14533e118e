"""The simpler methods: each ranks codes in its own way over the same texts."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from indexer.workspace import Workspace
from preprocess.errors import IndexMissing, MissingExtra
from workbench import baselines
from workbench.baselines import bm25, dense_knn, descriptions, tfidf, title_baselines
from workbench.occupation_texts import OccupationTexts, occupation_names, occupation_texts

TEXTS = OccupationTexts(
    ("Cook", "Line Cook", "Registered Nurse", "Nurse Aide", "Nurse"),
    ("35-2014.00", "35-2014.00", "29-1141.00", "31-1131.00", "29-1141.00"),
)

Method = Callable[[Workspace, list[str], int], list[list[str]]]


@pytest.mark.parametrize("method", [bm25, dense_knn])
def test_a_plain_title_is_found_at_six_digits(workspace: Workspace, method: Method) -> None:
    assert [codes[0] for codes in method(workspace, ["Registered Nurse", "Electrician"], 6)] == [
        "29-1141",
        "47-2111",
    ]


def test_descriptions_are_found_by_what_they_say(workspace: Workspace) -> None:
    asked = ["put out fires and rescue people", "wires, fixtures and electrical equipment"]
    assert [codes[0] for codes in descriptions(workspace, asked)] == ["33-2011", "47-2111"]


@pytest.mark.parametrize("method", [bm25, dense_knn, descriptions])
def test_codes_roll_up_and_come_once(workspace: Workspace, method: Method) -> None:
    [codes] = method(workspace, ["Registered Nurse"], 2)
    assert "29" in codes[:2]
    assert len(codes) == len(set(codes))


def test_words_vote_and_the_nearest_weighs_most() -> None:
    assert tfidf(TEXTS, ["nurse"])[0] == ["29-1141", "31-1131"]
    assert tfidf(TEXTS, ["nurse aide"])[0] == ["31-1131", "29-1141"]


def test_characters_find_what_words_miss() -> None:
    options = {"analyzer": "char_wb", "ngram_range": (2, 4)}
    assert tfidf(TEXTS, ["nursing"]) == [[]]
    assert tfidf(TEXTS, ["nursing"], 6, **options)[0][0] == "29-1141"


def test_ties_do_not_depend_on_the_order_of_sorting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(baselines, "NEIGHBOURS", 2)
    texts = OccupationTexts(("Clerk",) * 4, ("43-9061.00", "43-3031.00", "43-4051.00", "41-2011.00"))
    assert tfidf(texts, ["clerk"]) == [["43-3031", "43-9061"]]  # the first two that are stored


def test_words_that_no_title_has_give_no_answer(workspace: Workspace) -> None:
    assert bm25(workspace, ["zzyzx qwrt"]) == [[]]
    assert tfidf(TEXTS, ["zzyzx"]) == [[]]


def test_every_baseline_has_a_name_and_an_answer_for_each_title(workspace: Workspace) -> None:
    found = title_baselines(workspace, ["Cook", "Welder", "Lawyer"])
    assert set(found) <= set(baselines.NAMES)
    assert {len(codes) for codes in found.values()} == {3}


def test_texts_come_in_the_order_of_their_codes(workspace: Workspace) -> None:
    found = occupation_texts(workspace, ("title",))
    assert list(found.codes) == sorted(found.codes)
    assert occupation_names(workspace)["29-1141.00"] == "Registered Nurses"


def test_without_an_index_its_command_is_named(empty_workspace: Workspace) -> None:
    with pytest.raises(IndexMissing, match="joblens index onet"):
        title_baselines(empty_workspace, ["Cook"])


def test_without_scikit_learn_the_install_line_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.feature_extraction.text", None)
    with pytest.raises(MissingExtra, match="pip install scikit-learn"):
        tfidf(TEXTS, ["nurse"])
