"""Cues in the wording of brag sentences, and what sentences say of credentials, years and tools."""

import pytest

from preprocess.credentials import names_credential, steps_in, years_in
from search_api.cues import asks_deed, brag_cues, head_word
from search_api.tool_families import products_in, speaks_of


@pytest.mark.parametrize(
    ("text", "cue"),
    [
        ("I have not yet welded anything thicker than a fork.", "denied"),
        ("Have no experience with tax returns.", "denied"),
        ("Attended a workshop on pottery glazes.", "exposed"),
        ("Shadowed the florist for a week.", "exposed"),
        ("Took an evening course in beekeeping.", "exposed"),
        ("Certificate pending since May.", "exposed"),
        ("Hope to run a bakery of my own.", "seeking"),
        ("Looking for a chance to learn upholstery.", "seeking"),
        ("Interested in moving over to violin repair.", "seeking"),
        ("My colleague built the kiln.", "others"),
    ],
)
def test_a_sentence_that_shows_no_deed_has_its_cue(text: str, cue: str) -> None:
    assert cue in brag_cues(text).clauses


@pytest.mark.parametrize(
    "text",
    [
        "Never missed a delivery in four years.",
        "Glazed two hundred pots without a single crack.",
        "Cut breakages until there were none left.",
        "Built the kiln and fired it every Friday.",
        "Bathed patients who were unable to wash.",
    ],
)
def test_a_deed_has_no_cue_whatever_words_it_uses(text: str) -> None:
    assert brag_cues(text).clauses == {}


def test_a_cue_holds_for_its_clause_only() -> None:
    cues = brag_cues("Bake bread every night; have not yet made croissants.")
    assert [part.strip() for part in cues.clauses["denied"]] == ["have not yet made croissants."]
    assert cues.rest == ("Bake bread every night",)


def test_work_around_a_trade_is_told_by_how_a_sentence_opens() -> None:
    assert brag_cues("Sold kilns to forty potters.").deeds == ("selling",)
    assert brag_cues("Fired pots that we sold.").deeds == ()
    assert asks_deed("Meet the sales quota.", "selling")
    assert not asks_deed("Fire pots.", "selling")


def test_the_head_of_an_asked_sentence_is_its_first_telling_word() -> None:
    assert head_word("Must be able to glaze pots.") == "glaze"


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("5+ years of glazing", 5.0),
        ("three to five years", 3.0),
        ("two and a half years", 2.5),
        ("from 2017 until 2023", 6.0),
        ("since 2016", 10.0),
        ("eighteen months", 1.5),
        ("a 30-year-old kiln", None),
        ("no time at all", None),
    ],
)
def test_years_are_read_in_words_figures_and_spans(text: str, years: float | None) -> None:
    assert years_in(text, today=2026) == years


@pytest.mark.parametrize(
    ("text", "family", "step"),
    [
        ("Licensed practical nurse", "nursing", 2),
        ("RN required", "nursing", 3),
        ("Master's in history", "degree", 4),
        ("BSc in physics", "degree", 3),
        ("Master electrician", "trade", 3),
        ("Class A CDL", "commercial driving", 3),
    ],
)
def test_a_credential_has_its_step(text: str, family: str, step: int) -> None:
    assert [(found.family, found.step) for found in steps_in(text)] == [(family, step)]


def test_ms_office_is_no_degree() -> None:
    assert steps_in("Proficient in MS Office") == ()


def test_credentials_off_the_ladders_are_known_by_their_words() -> None:
    assert names_credential("Forklift certification")
    assert not names_credential("Drives a forklift")


@pytest.mark.parametrize(
    ("asked", "brag", "found"),
    [
        ("A relational database", "Tuned PostgreSQL", "class"),
        ("Reports in Tableau", "Reports in Looker", "other"),
        ("Reports in Tableau", "Built Tableau boards", "same"),
        ("Bake bread", "Built Tableau boards", ""),
    ],
)
def test_a_tool_is_the_same_one_of_the_class_or_another(asked: str, brag: str, found: str) -> None:
    assert speaks_of(asked, products_in(brag)) == found
