"""The stages of a batch run side by side, and everything comes out in order."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from search_api.one_ahead import one_ahead

WAIT_S = 30.0


def test_the_next_piece_is_worked_on_while_the_last_is_used() -> None:
    second = threading.Event()

    def work(piece: int) -> int:
        if piece == 2:
            second.set()
        return -piece

    results = one_ahead(work, [1, 2, 3])
    assert next(results) == -1
    assert second.wait(WAIT_S)
    assert list(results) == [-2, -3]


def test_no_pieces_give_no_results() -> None:
    assert list(one_ahead(str, [])) == []


def failing(piece: int) -> int:
    if piece == 3:
        raise ValueError("3")
    return piece


def pieces(last: Callable[[], int]) -> Iterator[int]:
    yield 1
    yield 2
    yield last()


@pytest.mark.parametrize("stream", [pieces(lambda: 3), pieces(lambda: failing(3))])
def test_an_error_comes_after_the_results_before_it(stream: Iterator[int]) -> None:
    results = one_ahead(failing, stream)
    assert [next(results), next(results)] == [1, 2]
    with pytest.raises(ValueError, match="3"):
        next(results)
