"""Gap reports over hand-made vectors: the arithmetic, without a model."""

import numpy as np
import pytest

from preprocess.errors import InvalidParameter
from search_api.gap import GapReport, Thresholds, gap, strength
from search_api.sides import DocumentInfo, Side, SideSentence


def side(*sentences: SideSentence, dense: np.ndarray | None = None) -> Side:
    """A side whose documents are as many as its sentences name."""
    count = 1 + max(sentence.document for sentence in sentences)
    documents = tuple(DocumentInfo(f"id-{number}", f"document {number}") for number in range(count))
    rows = np.eye(len(sentences), 8, dtype=np.float32) if dense is None else dense.astype(np.float32)
    return Side(documents, sentences, rows)


def report(similarity: list[list[float]], postings: Side, brag: Side) -> GapReport:
    """A report with the cosines given."""
    return GapReport(brag, postings, np.array(similarity, np.float32), Thresholds(0.6, 0.4))


ME = side(
    SideSentence("I cut costs by 30% with Python", 0, "Shop", technologies=("Python",)),
    SideSentence("I like people", 0),
)


def test_each_sentence_is_covered_partial_or_missing_with_its_proof() -> None:
    postings = side(
        SideSentence("Python needed", 0, role="requirement"),
        SideSentence("People skills", 0, role="requirement"),
        SideSentence("Forklift licence", 0, role="requirement"),
    )
    [found] = report([[0.7, 0.1], [0.2, 0.5], [0.1, 0.05]], postings, ME).top(1)
    assert [sentence.status for sentence in found.sentences] == ["covered", "partial", "missing"]
    assert found.sentences[0].evidence[0].sentence.text == "I cut costs by 30% with Python"
    assert found.sentences[1].score == pytest.approx(0.5)
    assert found.counts == {"covered": 1, "partial": 1, "missing": 1}
    assert found.parts == {"requirements": 0.5}
    assert found.fit == pytest.approx(50.0)


def test_fit_weighs_parts_and_spreads_the_weight_of_absent_ones() -> None:
    postings = side(
        SideSentence("must", 0, role="requirement"),
        SideSentence("nice", 0, role="preferred"),
    )
    [found] = report([[0.9, 0.0], [0.0, 0.0]], postings, ME).top(1)
    assert found.parts == {"requirements": 1.0, "preferred": 0.0}
    assert found.fit == pytest.approx(100 * 0.25 / 0.30)


def test_benefits_and_legal_sentences_are_not_asked() -> None:
    postings = side(
        SideSentence("must", 0, role="duty"),
        SideSentence("We pay for your dentist", 0, role="benefits"),
        SideSentence("Equal opportunity", 0, role="legal"),
    )
    result = report([[0.9, 0.0], [0.0, 0.0], [0.0, 0.0]], postings, ME)
    [found] = result.top(1)
    assert (len(found.sentences), found.not_asked) == (1, 2)
    assert result.missing_themes == []


def test_postings_are_ranked_by_fit_and_ties_keep_their_order() -> None:
    postings = side(
        SideSentence("a", 0, role="duty"),
        SideSentence("b", 1, role="duty"),
        SideSentence("c", 2, role="duty"),
    )
    ranked = report([[0.1, 0.1], [0.9, 0.1], [0.1, 0.1]], postings, ME).ranking
    assert ranked == [(1, 100.0), (0, 0.0), (2, 0.0)]


def test_technologies_are_counted_once_a_posting_and_only_where_asked() -> None:
    postings = side(
        SideSentence("SQL and Python", 0, role="requirement", technologies=("SQL", "Python")),
        SideSentence("more SQL", 0, role="duty", technologies=("SQL",)),
        SideSentence("SQL again", 1, role="duty", technologies=("SQL",)),
        SideSentence("we use Slack", 1, role="company", technologies=("Slack",)),
    )
    result = report([[0.0, 0.0]] * 4, postings, ME)
    assert result.missing_technologies == [("SQL", 2)]
    [first] = [posting for posting in result.top(2) if posting.document.id == "id-0"]
    assert first.parts["technologies"] == pytest.approx(1 / (2 + 2))
    assert (first.technologies_shared, first.technologies_missing) == (("Python",), ("SQL",))


def test_strong_sentences_that_no_posting_sentence_comes_near_are_reported() -> None:
    postings = side(SideSentence("People skills", 0, role="duty"))
    [found] = report([[0.1, 0.9]], postings, ME).top(1)
    assert [sentence.text for sentence in found.unasked] == ["I cut costs by 30% with Python"]


def test_the_field_is_told_apart_only_among_enough_postings() -> None:
    mine = side(SideSentence("I code", 0), dense=np.array([[1, 0, 1]]) / np.sqrt(2))
    near, far = np.array([1, 0, 1]) / np.sqrt(2), np.array([0, 1, 1]) / np.sqrt(2)
    sentences = [SideSentence(f"s{number}", number, role="duty") for number in range(20)]
    postings = side(*sentences, dense=np.stack([near, *[far] * 19]))
    result = gap(mine, postings)
    parts = {posting.document.id: posting.parts for posting in result.top(20)}
    assert parts["id-0"]["field"] == 1.0
    assert parts["id-7"]["field"] == 0.0
    few = side(*sentences[:7], dense=np.stack([near, *[far] * 6]))
    assert "field" not in gap(mine, few).top(1)[0].parts


def test_other_thresholds_need_no_new_search() -> None:
    postings = side(SideSentence("a", 0, role="duty"))
    strict = report([[0.5, 0.0]], postings, ME)
    assert strict.top(1)[0].fit == 50.0
    assert strict.with_thresholds(Thresholds(0.5, 0.2)).top(1)[0].fit == 100.0


def test_missing_themes_are_over_all_postings() -> None:
    postings = side(
        SideSentence("drive", 0, role="duty"),
        SideSentence("drive", 1, role="duty"),
        SideSentence("sing", 1, role="duty"),
        dense=np.array([[1, 0], [1, 0], [0, 1]]),
    )
    result = report([[0.0, 0.0]] * 3, postings, ME)
    assert [(theme.text, theme.documents) for theme in result.missing_themes] == [("drive", 2), ("sing", 1)]


def test_a_posting_that_asks_nothing_has_fit_zero() -> None:
    postings = side(SideSentence("Equal opportunity", 0, role="legal"))
    [found] = report([[0.9, 0.9]], postings, ME).top(1)
    assert (found.fit, found.parts, found.sentences) == (0.0, {}, ())


def test_thresholds_out_of_order_are_refused() -> None:
    with pytest.raises(InvalidParameter, match="partial=0.9, covered=0.2"):
        Thresholds(covered=0.2, partial=0.9)


def test_a_report_has_a_score_and_a_cosine_for_every_pair() -> None:
    result = gap(ME, side(SideSentence("a", 0), dense=np.eye(1, 8)))
    assert result.cosine is not None
    assert result.cosine.tolist() == [[1.0, 0.0]]
    assert result.similarity[0, 0] > 0.5 > result.similarity[0, 1]


def test_evidence_says_what_lowered_its_score() -> None:
    mine = side(SideSentence("Attended a workshop on glazing pots.", 0))
    [found] = gap(mine, side(SideSentence("Glaze pots.", 0))).top(1)[0].sentences[0].evidence
    assert found.cosine == pytest.approx(1.0)
    assert "only exposure" in found.cues


def test_a_sentence_of_which_a_named_part_is_missing_is_partial_at_most() -> None:
    both = SideSentence("Python and SQL", 0, role="duty", technologies=("Python", "SQL"))
    either = SideSentence("Python or SQL", 0, role="duty", technologies=("Python", "SQL"))
    [found] = report([[0.9, 0.0], [0.9, 0.0]], side(both, either), ME).top(1)
    assert [sentence.status for sentence in found.sentences] == ["partial", "covered"]
    assert [(part.text, part.status) for part in found.sentences[0].parts] == [
        ("Python", "shown"),
        ("SQL", "missing"),
    ]
    assert found.counts == {"covered": 1, "partial": 1, "missing": 0}


@pytest.mark.parametrize(
    ("text", "technologies", "points"),
    [("I like people", (), 0), ("Led a team of 4", (), 2), ("Cut cost 30% with Python", ("Python",), 3)],
)
def test_strength_counts_figures_technologies_and_outcomes(
    text: str, technologies: tuple[str, ...], points: int
) -> None:
    assert strength(SideSentence(text, 0, technologies=technologies)) == points
