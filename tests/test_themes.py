"""Paraphrases are counted once, most frequent first."""

import numpy as np

from search_api.themes import SAME, themes


def unit(*angles_deg: float) -> np.ndarray:
    """2-d unit vectors at the given angles: the cosine of two is that of their difference."""
    radians = np.radians(angles_deg)
    return np.stack([np.cos(radians), np.sin(radians)], axis=1).astype(np.float32)


def test_near_sentences_are_one_theme_and_documents_count_once() -> None:
    found = themes(["know SQL", "SQL skills", "drive a truck"], [0, 0, 1], unit(0, 10, 90))
    assert [(theme.text, theme.documents, theme.sentences) for theme in found] == [
        ("know SQL", 1, 2),
        ("drive a truck", 1, 1),
    ]
    assert found[0].examples == ("SQL skills",)


def test_themes_are_ordered_by_the_number_of_documents() -> None:
    found = themes(["a", "b", "b", "b"], [0, 1, 2, 3], unit(0, 90, 90, 90))
    assert [(theme.text, theme.documents) for theme in found] == [("b", 3), ("a", 1)]


def test_a_sentence_just_under_the_threshold_stays_alone() -> None:
    apart = float(np.degrees(np.arccos(SAME))) + 0.5
    assert len(themes(["a", "b"], [0, 1], unit(0, apart))) == 2
    assert len(themes(["a", "b"], [0, 1], unit(0, apart - 1.0))) == 1


def test_a_sentence_joins_the_nearest_leader_not_the_first() -> None:
    found = themes(["a", "a", "b", "b", "c"], [0, 1, 2, 3, 4], unit(0, 0, 60, 60, 35))
    assert {theme.text: theme.sentences for theme in found} == {"a": 2, "b": 3}


def test_leaders_are_found_across_blocks() -> None:
    count = 1_200  # more than two blocks
    texts = [f"sentence {number}" for number in range(count)]
    vectors = unit(*[0.0 if number % 2 else 90.0 for number in range(count)])
    found = themes(texts, list(range(count)), vectors)
    assert [theme.documents for theme in found] == [600, 600]


def test_nothing_missing_gives_no_theme() -> None:
    assert themes([], [], np.empty((0, 2), np.float32)) == []
