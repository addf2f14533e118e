"""Scores of pairs over hand-made vectors: the arithmetic, without a model."""

import numpy as np
import pytest

from search_api.pairing import EXPECTED_COSINE, WEIGHTS, pair_features, pair_scores, reasons
from search_api.sides import DocumentInfo, Side, SideSentence


def side(*texts: str, cosine: float | None = None, documents: int = 1) -> Side:
    """Sentences with the first unit vector, or with one at ``cosine`` to it."""
    vector = [1.0, 0.0] if cosine is None else [cosine, float(np.sqrt(1 - cosine**2))]
    return Side(
        tuple(DocumentInfo(str(number), str(number)) for number in range(documents)),
        tuple(SideSentence(text, number % documents) for number, text in enumerate(texts)),
        np.array([vector] * len(texts), np.float32),
    )


def score(asked: str, brag: str, cosine: float = 0.6, **options: list[str]) -> float:
    return float(
        pair_scores(side(brag), side(asked, cosine=cosine), without=options.get("without", ())).score[0, 0]
    )


def features(asked: Side, brag: Side) -> dict[str, float]:
    return dict(zip(WEIGHTS, map(float, pair_features(brag, asked)[0, 0]), strict=True))


def test_scores_are_from_0_to_1_and_rise_with_the_cosine() -> None:
    low, high = score("Glaze pots.", "Glazed pots.", 0.3), score("Glaze pots.", "Glazed pots.", 0.7)
    assert 0 <= low < high <= 1


@pytest.mark.parametrize(
    ("asked", "worse", "better"),
    [
        ("Glaze pots.", "I have not yet glazed any pots.", "I glazed four hundred pots this year."),
        ("Glaze pots.", "Attended a workshop on glazing pots.", "Glazed pots for the whole workshop."),
        ("Glaze pots.", "Hope to learn how pots are glazed.", "Know every pot that I have glazed."),
        ("Operate kilns.", "Sold kilns to forty potters.", "Fired kilns for forty potters."),
        ("Must be a registered nurse.", "Licensed practical nurse here.", "Licensed registered nurse here."),
        ("5+ years of glazing", "Glazed pots for two years.", "Glazed pots for nine years."),
        ("Use of a relational database", "Kept the books in folders.", "Kept the books in PostgreSQL."),
    ],
)
def test_cues_put_the_deed_above_what_only_sounds_like_it(asked: str, worse: str, better: str) -> None:
    assert score(asked, worse) < score(asked, better)


def test_nearness_does_not_help_a_wish() -> None:
    near, far = (score("Glaze pots.", "Hope to glaze pots.", cosine) for cosine in (0.9, EXPECTED_COSINE))
    assert near == pytest.approx(far)


def at_angles(*cosines: float, documents: int = 1) -> Side:
    """Sentences whose cosines to the first unit vector are ``cosines``."""
    return Side(
        tuple(DocumentInfo(str(number), str(number)) for number in range(documents)),
        tuple(SideSentence(str(number), number % documents) for number in range(len(cosines))),
        np.array([[cosine, np.sqrt(1 - cosine**2)] for cosine in cosines], np.float32),
    )


def column(asked: Side, brag: Side, feature: str) -> list[list[float]]:
    found: list[list[float]] = pair_features(brag, asked)[:, :, list(WEIGHTS).index(feature)].tolist()
    return found


def test_one_pair_is_behind_nothing() -> None:
    found = features(side("a", cosine=0.6), side("b"))
    assert (found["behind in posting"], found["behind in document"]) == (0, 0)


def test_a_brag_sentence_that_is_nearer_to_another_asked_one_is_behind_for_this() -> None:
    found = column(at_angles(0.9, 0.6), side("b"), "behind in posting")
    assert found == [[pytest.approx(0)], [pytest.approx(0.3)]]


def test_an_asked_sentence_with_a_nearer_proof_is_behind_for_the_others() -> None:
    found = column(side("a"), at_angles(0.9, 0.6), "behind in document")
    assert found == [[pytest.approx(0), pytest.approx(0.3)]]


def test_sentences_of_other_postings_are_no_rivals() -> None:
    found = column(at_angles(0.9, 0.6, documents=2), side("b"), "behind in posting")
    assert found == [[0], [0]]


def test_two_equal_proofs_do_not_weaken_each_other() -> None:
    one = pair_scores(at_angles(0.9), side("a", cosine=None)).score
    two = pair_scores(at_angles(0.9, 0.9), side("a", cosine=None)).score
    assert two.max() == pytest.approx(one.max())


def test_many_pairs_score_as_each_alone_in_its_posting() -> None:
    asked = ["Glaze pots.", "Must be a registered nurse.", "5+ years of glazing"]
    brag = "Attended a workshop on glazing pots for two years."
    together = pair_scores(side(brag), side(*asked, cosine=0.6, documents=3)).score[:, 0]
    assert together.tolist() == pytest.approx([score(text, brag) for text in asked])


def test_a_feature_can_be_left_out() -> None:
    wish = "Hope to glaze pots."
    assert score("Glaze pots.", wish, EXPECTED_COSINE, without=["seeking"]) > score(
        "Glaze pots.", wish, EXPECTED_COSINE
    )


def test_reasons_are_in_plain_words() -> None:
    assert "only exposure" in reasons("Glaze pots.", "Attended a workshop on glazing pots.")
    assert reasons("Glaze pots.", "Glazed pots.") == ()
