"""The sentences of A against the sentences of B, both ways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from indexer.store import Vector
from search_api.limits import check_top_k
from search_api.sides import Side, SideSentence, best_of


@dataclass(frozen=True, slots=True)
class Pairing:
    """A sentence and its best partners on the other side with their cosine, best first."""

    sentence: SideSentence
    partners: tuple[tuple[SideSentence, float], ...]


@dataclass(frozen=True, slots=True)
class MatchReport:
    """``forward``: each sentence of A with its partners in B; ``backward``: the other way."""

    a: Side
    b: Side
    forward: tuple[Pairing, ...]
    backward: tuple[Pairing, ...]


def match(a: Side, b: Side, *, top_k: int = 3) -> MatchReport:
    """Compare every sentence of ``a`` with every sentence of ``b`` by cosine.

    :raises InvalidParameter: if ``top_k`` is out of range.
    """
    check_top_k(top_k)
    similarity = a.dense @ b.dense.T
    return MatchReport(
        a,
        b,
        _pairings(a.sentences, b.sentences, similarity, top_k),
        _pairings(b.sentences, a.sentences, similarity.T, top_k),
    )


def _pairings(
    ours: Sequence[SideSentence], theirs: Sequence[SideSentence], similarity: Vector, top_k: int
) -> tuple[Pairing, ...]:
    return tuple(
        Pairing(
            sentence,
            tuple(
                (theirs[column], float(similarity[row, column])) for column in best_of(similarity[row], top_k)
            ),
        )
        for row, sentence in enumerate(ours)
    )
