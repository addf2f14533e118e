"""Words that postings use for what a brag sentence already says; who covers whom is given, not computed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from indexer.workspace import Workspace
from search_api import forgotten_words as module
from search_api.forgotten_words import ForgottenWord, forgotten_words
from search_api.gap import GapReport, Thresholds, gap
from search_api.sides import DocumentInfo, Side, side_from_sentences


@pytest.fixture(autouse=True)
def _every_word_is_near(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which words are found is tested apart from how near they are, which is the encoder's."""
    monkeypatch.setattr(module, "NEAR", -1.0)


def compared(
    workspace: Workspace, mine: list[str], *postings: list[str], covered: bool = True, company: str = ""
) -> GapReport:
    """Every asked sentence is covered by the first brag sentence, or none is."""
    brag = side_from_sentences(workspace, mine, "brag")
    flat = side_from_sentences(workspace, [text for texts in postings for text in texts], "posting")
    documents = [number for number, texts in enumerate(postings) for _ in texts]
    sentences = tuple(
        replace(sentence, document=document)
        for sentence, document in zip(flat.sentences, documents, strict=True)
    )
    infos = tuple(DocumentInfo(str(number), f"Job {number}", company) for number in range(len(postings)))
    report = gap(brag, Side(infos, sentences, flat.dense), thresholds=Thresholds(0.5, 0.4))
    similarity = np.full((len(sentences), len(mine)), 0.1, np.float32)
    similarity[:, 0] = 0.9 if covered else 0.1
    return replace(report, similarity=similarity)


def terms(words: list[ForgottenWord]) -> list[str]:
    return sorted(word.term for word in words)


def test_a_word_for_what_is_covered_is_found_with_its_pair(workspace: Workspace) -> None:
    report = compared(workspace, ["Calmed down angry guests."], ["De-escalate irate customers."])
    found = forgotten_words(workspace, report)
    assert "irate" in " ".join(terms(found))
    assert {word.theirs.text for word in found} == {"De-escalate irate customers."}
    assert {word.yours.text for word in found} == {"Calmed down angry guests."}
    assert [word.score for word in found] == pytest.approx([0.9] * len(found))


def test_what_is_not_covered_is_not_forgotten(workspace: Workspace) -> None:
    report = compared(workspace, ["Fed calves."], ["De-escalate irate customers."], covered=False)
    assert forgotten_words(workspace, report) == []


@pytest.mark.parametrize(
    ("mine", "theirs", "found"),
    [
        ("Managed ledgers.", "Ledger of invoices.", ["invoices"]),  # by stem
        ("Precepted nurses.", "Preceptor of midwives.", ["midwives"]),  # made of a word that is there
        ("Kept hourly-rounding.", "Rounding at bedsides.", ["bedsides"]),  # a part of a hyphenated word
        ("Fed calves.", "You will have strong experience of the work.", []),  # generic and stop words
        ("Fed calves.", "Proven track record of milking.", ["milking"]),  # filler is no word to take over
        ("Fed calves.", "Milk 200 cows by 5 a.m.", ["cows", "milk"]),  # figures are no words
        ("Fed calves.", "Know OSHA.", ["OSHA"]),  # capitals inside a word are kept
    ],
)
def test_which_words_count(workspace: Workspace, mine: str, theirs: str, found: list[str]) -> None:
    assert terms(forgotten_words(workspace, compared(workspace, [mine], [theirs]))) == found


def test_the_whole_document_is_looked_at(workspace: Workspace) -> None:
    report = compared(workspace, ["Fed calves.", "Sorted invoices."], ["Process invoices and ledgers."])
    assert terms(forgotten_words(workspace, report)) == ["ledgers"]


@pytest.mark.parametrize(
    ("theirs", "found"),
    [
        ("Tools such as K8s, PostgreSQL or Terraform.", [("Terraform", "technology")]),
        ("Terraform is a must.", []),  # asked for and not there: a gap, not another word
    ],
)
def test_a_technology_goes_by_its_canonical_name(
    workspace: Workspace, theirs: str, found: list[tuple[str, str]]
) -> None:
    report = compared(workspace, ["Ran Kubernetes and Postgres."], [theirs])
    words = forgotten_words(workspace, report)
    assert [(word.term, word.kind) for word in words if word.kind == "technology"] == found


def test_words_of_more_postings_come_first(workspace: Workspace) -> None:
    report = compared(workspace, ["Fed calves."], ["Milk heifers."], ["Muck out; milk."], ["Milk goats."])
    found = forgotten_words(workspace, report)
    assert (found[0].term, found[0].postings) == ("milk", 3)


def test_a_pair_of_words_that_comes_back_is_one_term(workspace: Workspace) -> None:
    report = compared(workspace, ["Fed calves."], ["Do crop rotation."], ["Plan crop rotation."])
    assert [(word.term, word.postings) for word in forgotten_words(workspace, report)] == [
        ("crop rotation", 2)
    ]


def test_the_company_is_no_word(workspace: Workspace) -> None:
    report = compared(workspace, ["Fed calves."], ["Milk for Tidemark."], company="Tidemark")
    assert terms(forgotten_words(workspace, report)) == ["milk"]


def test_a_word_that_all_postings_use_is_none_to_take_over(workspace: Workspace) -> None:
    others = [["Groom poodles with kindness."]] * 30
    report = compared(workspace, ["Fed calves."], *others, ["Milk poodles."])
    shorter = replace(report, similarity=np.where(np.arange(31)[:, None] == 30, 0.9, 0.1).astype(np.float32))
    assert terms(forgotten_words(workspace, shorter)) == ["milk"]


@pytest.mark.parametrize("limit", [1, 2])
def test_no_more_than_asked_for(workspace: Workspace, limit: int) -> None:
    report = compared(workspace, ["Fed calves."], ["Milk heifers, goats and ewes."])
    assert len(forgotten_words(workspace, report, limit=limit)) == limit


def test_a_word_that_the_brag_sentence_is_not_about_is_left_out(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "NEAR", 0.2)
    report = compared(workspace, ["Calmed down angry guests."], ["Soothe irate patrons near asphalt."])
    found = terms(forgotten_words(workspace, report))
    assert "irate" in found
    assert "asphalt" not in found


def test_without_sentences_there_is_nothing(workspace: Workspace) -> None:
    report = compared(workspace, ["Fed calves."], ["Free soup."])
    soup = tuple(replace(sentence, role="benefits") for sentence in report.postings.sentences)
    silent = replace(report, postings=replace(report.postings, sentences=soup))
    assert forgotten_words(workspace, silent) == []
