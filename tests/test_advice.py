"""What to change: every piece of advice is a fact of the report."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from search_api.advice import Advice, AdviceItem, advice, best_fitting
from search_api.gap import GapReport
from search_api.sides import Side, SideSentence
from tests.gap_samples import one_posting, sample


def by_kind(report: GapReport) -> dict[str, Advice]:
    return {piece.kind: piece for piece in advice(report)}


def test_a_partial_sentence_is_to_be_reworded_and_shows_both_sentences_and_their_cosine() -> None:
    assert by_kind(sample())["reword"].items == (
        AdviceItem("Mentor other engineers.", "Mentored 2 junior engineers.", "Tracking", 0.5),
    )


def test_rewording_takes_the_closest_first_and_each_of_your_sentences_once() -> None:
    report = one_posting(["far", "near", "nearer"], [0.43, 0.5, 0.54])
    assert [item.theirs for item in by_kind(report)["reword"].items] == ["nearer"]


def test_a_missing_sentence_that_names_your_technology_is_tied_to_your_sentence() -> None:
    item = by_kind(sample())["connect"].items[0]
    assert (item.theirs, item.yours) == (
        "Message queues such as Kafka.",
        "Designed a Kafka pipeline for 9 million events.",
    )
    assert item.note == "both name Apache Kafka"
    assert item.score is not None
    assert round(item.score, 2) == 0.35


def test_a_technology_that_two_sentences_of_a_posting_name_counts_once() -> None:
    technology = by_kind(sample())["technology"]
    assert technology.items == (AdviceItem(theirs="Python"), AdviceItem(theirs="Go"))
    assert technology.text == "The posting that fits you best names these, and your document never does."


def test_postings_that_fit_far_less_than_the_best_give_no_advice() -> None:
    report = sample(copies=30)
    assert [document.name for document in best_fitting(report).postings.documents] == ["Backend Engineer"]


def test_postings_that_fit_alike_are_advised_on_together() -> None:
    report = sample(copies=4)
    similarity = report.similarity.copy()
    similarity[5:7] = 0.71  # the first two cooks
    technology = by_kind(replace(report, similarity=similarity))["technology"]
    assert technology.text == (
        "Some of the 3 postings that fit you best name these, and your document never does."
    )
    assert technology.items[0] == AdviceItem(theirs="Go", note="3 of 3 postings")


def test_no_more_postings_are_advised_on_than_the_limit() -> None:
    report = sample(copies=3)
    low = replace(report, similarity=np.zeros_like(report.similarity), brag=_silent(report))
    assert len(best_fitting(low, count=2).postings.documents) == 2
    assert len(best_fitting(low, count=4).postings.documents) == 4


def test_a_narrowed_report_keeps_each_sentence_with_its_posting_and_cosines() -> None:
    narrow = best_fitting(sample(copies=3), count=1)
    assert narrow.postings.sentences[0].text == "Build fast APIs."
    assert {sentence.document for sentence in narrow.postings.sentences} == {0}
    assert narrow.similarity.shape == (5, 3)
    reversed_order = best_fitting(_second_first(sample()), count=2, share=0)
    assert [document.name for document in reversed_order.postings.documents] == ["Cook", "Backend Engineer"]
    assert narrow.top(1)[0] == sample(copies=3).top(1)[0]


def test_a_theme_that_several_postings_ask_for_comes_with_their_number() -> None:
    report = sample(copies=2)
    low = replace(report, similarity=np.zeros_like(report.similarity), brag=_silent(report))
    assert [(item.theirs, item.note) for item in by_kind(low)["theme"].items] == [
        ("Experience of Go.", "3 of 3 postings")
    ]


def test_with_nothing_asked_twice_requirements_come_before_wishes() -> None:
    report = one_posting(["a", "b"], [0.1, 0.1])
    wish, must = report.postings.sentences
    changed = replace(report.postings, sentences=(replace(wish, role="preferred"), must))
    theme = by_kind(replace(report, postings=changed))["theme"]
    assert [item.theirs for item in theme.items] == ["b", "a"]
    assert theme.text.startswith("This posting asks for these")


def test_proof_without_a_number_is_to_get_one() -> None:
    assert by_kind(sample())["number"].items == (
        AdviceItem(
            yours="Rebuilt the tracking API in Python, and cut its response time.",
            project="Tracking",
            note="proof for 1 asked sentence",
        ),
    )


def test_number_words_count_as_numbers() -> None:
    report = one_posting(["a"], [0.9], brag="Mentored two engineers.")
    assert "number" not in by_kind(report)


def test_strong_sentences_that_no_posting_asks_for_come_last() -> None:
    report = _without_technologies(sample(copies=2))
    low = replace(report, similarity=np.zeros_like(report.similarity))
    unused = by_kind(low)["unused"]
    assert unused.items[0].yours == "Designed a Kafka pipeline for 9 million events."
    assert unused.text == "They are strong, but none of the 3 postings asks for anything near them."


def test_a_posting_that_is_covered_with_numbers_gives_no_advice() -> None:
    report = one_posting(["a"], [0.9])
    assert advice(_without_technologies(report)) == []


def test_a_posting_that_asks_nothing_gives_no_advice() -> None:
    report = one_posting(["Free soup."], [0.1])
    soup = replace(report.postings, sentences=(SideSentence("Free soup.", 0, "Benefits", "benefits"),))
    assert advice(replace(report, postings=soup)) == []


@given(st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=8))
def test_advice_names_only_sentences_of_the_report(scores: list[float]) -> None:
    report = one_posting([f"asked {number}" for number in range(len(scores))], scores)
    known = {sentence.text for sentence in (*report.postings.sentences, *report.brag.sentences)} | {"Job", ""}
    for piece in advice(report):
        assert 1 <= len(piece.items) <= 3
        for item in piece.items:
            assert {item.theirs, item.yours} <= known


def _second_first(report: GapReport) -> GapReport:
    """The same, where the second posting fits best."""
    similarity = report.similarity.copy()
    similarity[:5], similarity[5:] = 0.1, 0.9
    return replace(_without_technologies(report), similarity=similarity)


def _silent(report: GapReport) -> Side:
    """The brag side without technologies, so that no posting has any share of them."""
    return replace(
        report.brag,
        sentences=tuple(replace(sentence, technologies=()) for sentence in report.brag.sentences),
    )


def _without_technologies(report: GapReport) -> GapReport:
    sentences = tuple(replace(sentence, technologies=()) for sentence in report.postings.sentences)
    return replace(report, postings=replace(report.postings, sentences=sentences))
