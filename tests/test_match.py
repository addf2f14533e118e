"""Pairs both ways."""

import numpy as np
import pytest

from preprocess.errors import InvalidParameter
from search_api.match import match
from search_api.sides import DocumentInfo, Side, SideSentence


def side(dense: list[list[float]], name: str) -> Side:
    sentences = tuple(SideSentence(f"{name}{row}", 0) for row in range(len(dense)))
    return Side((DocumentInfo(name, name),), sentences, np.array(dense, np.float32))


A = side([[1, 0], [0, 1]], "a")
B = side([[0, 1], [0.6, 0.8], [1, 0]], "b")


def test_every_sentence_gets_its_best_partners_both_ways() -> None:
    report = match(A, B, top_k=2)
    first = report.forward[0]
    assert first.sentence.text == "a0"
    assert [(partner.text, round(score, 4)) for partner, score in first.partners] == [
        ("b2", 1.0),
        ("b1", 0.6),
    ]
    assert [pairing.partners[0][0].text for pairing in report.backward] == ["a1", "a1", "a0"]


def test_top_k_beyond_the_other_side_gives_all_of_it() -> None:
    assert len(match(A, B, top_k=1_000).forward[0].partners) == 3


@pytest.mark.parametrize("top_k", [0, -1, 1_000_000])
def test_top_k_out_of_range_is_refused(top_k: int) -> None:
    with pytest.raises(InvalidParameter, match="from 1 to"):
        match(A, B, top_k=top_k)


@pytest.mark.parametrize(
    ("role", "technologies", "asked"),
    [
        ("duty", (), True),
        ("", (), True),
        ("other", (), False),
        ("other", ("Go",), True),
        ("legal", ("Go",), False),
    ],
)
def test_what_asks_something(role: str, technologies: tuple[str, ...], asked: bool) -> None:
    assert SideSentence("Know Go.", 0, role=role, technologies=technologies).asked is asked
