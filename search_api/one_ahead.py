"""Work on the next piece while the last one is used: two stages that keep two cores busy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Piece = TypeVar("Piece")
Result = TypeVar("Result")


def one_ahead(work: Callable[[Piece], Result], pieces: Iterable[Piece]) -> Iterator[Result]:
    """``work`` of each piece, in order; while the caller uses a result, a thread works on the next piece.

    The pieces are read in the caller's thread. An error, be it in reading a piece or in working on it, comes
    after the results of the pieces before it.
    """
    stream = iter(pieces)
    for first in stream:
        result = work(first)
        break
    else:
        return
    with ThreadPoolExecutor(1) as pool:
        while True:
            failed: Exception | None = None
            coming = None
            try:
                for piece in stream:
                    coming = pool.submit(work, piece)
                    break
            except Exception as error:
                failed = error
            yield result
            if failed:
                raise failed
            if coming is None:
                return
            result = coming.result()
