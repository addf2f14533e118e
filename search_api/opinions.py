"""Five opinions on which occupation a title, or a posting, belongs to, and how they are put together.

Each source gives every eight-digit code a share (0 to 1). Shares roll up to six digits by addition, and the
sources are combined there by a weighted sum of their logarithms (a logarithmic opinion pool: Genest and
Zidek, Combining Probability Distributions, Statistical Science 1986), because a code that one source rules
out should not be saved by another. A posting's body adds the mean opinion of its sentences.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from indexer.heads import OccupationHeads
from indexer.linear_head import softmax
from indexer.store import Vector
from indexer.title_index import Nearest
from indexer.title_table import Positions
from preprocess.soc import LEVELS, code_at_level

SHARPNESS = 20.0
"""Of 50, 100 and 200 neighbours and sharpness 12 to 30, at first hit and in ten on both development sets:
50 and 20 gave .769/.954 (BLS) and .400/.680 (LCA); 100 and 20 gave .766/.955 and .401/.690."""

WEIGHTS: Mapping[str, float] = {"neighbours": 0.45, "vector": 0.05, "description": 0.235, "letters": 0.46}
"""Weights of the logarithms of shares, near those that make the accepted codes of the BLS and LCA development
titles most likely: ``python -m benchmarks opinions`` fits them, and leaves each source out."""

BODY_WEIGHT = 0.5
"""Weight of the mean logarithm over a posting's sentences. On the 99 development postings weights of 0, 0.2,
0.4, 0.6, 0.8 and 1 gave .424, .434, .495, .495, .495 and .485 at one and .788 to .818 in ten; taking every
sentence for a duty gave .475 at its best."""

ROLE_WEIGHTS: Mapping[str, float] = {"duty": 1.0, "requirement": 0.5, "preferred": 0.5, "": 1.0}
"""How much a sentence of a role says about the occupation; other roles say nothing."""

FLOORS: Mapping[str, float] = {"neighbours": 1e-3}
FLOOR = 1e-9
"""Added to a share before its logarithm is taken; a code without a neighbour is unlikely, not impossible."""

SENTENCE_FLOOR = math.exp(-20)


@dataclass(frozen=True, slots=True)
class Codes:
    """The eight-digit ``codes`` of the index, sorted, and how they roll up.

    Sorted codes of one prefix stand side by side, so a level is where each of its codes begins: ``names`` and
    ``starts`` give these for each of the levels 2, 3, 5, 6 and 8, and ``groups``, for each of the codes, the
    position of the one of the level that it belongs to.
    """

    codes: tuple[str, ...]
    place: Mapping[str, int]
    names: Mapping[int, tuple[str, ...]]
    starts: Mapping[int, Positions]
    groups: Mapping[int, Positions]

    @classmethod
    def of(cls, codes: Sequence[str]) -> Codes:
        """:param codes: sorted, each once."""
        names, starts, groups = {}, {}, {}
        for level in LEVELS:
            cut = [code_at_level(code, level) for code in codes]
            names[level] = tuple(dict.fromkeys(cut))
            position = {name: i for i, name in enumerate(names[level])}
            groups[level] = np.array([position[name] for name in cut], np.int64)
            starts[level] = np.searchsorted(groups[level], np.arange(len(names[level])))
        return cls(tuple(codes), {code: i for i, code in enumerate(codes)}, names, starts, groups)

    def rolled_up(self, shares: Vector, level: int = 6) -> Vector:
        """(n, codes) shares added up to (n, codes of the level)."""
        if level == 8:
            return shares
        summed: Vector = np.add.reduceat(shares, self.starts[level], axis=1)
        return summed

    def members(self, level: int, position: int) -> slice:
        """Where the eight-digit codes inside a code of the level stand."""
        starts = self.starts[level]
        return slice(int(starts[position]), int(starts[position + 1]) if position + 1 < len(starts) else None)


@dataclass(frozen=True, slots=True)
class Opinions:
    """What each source says of n queries: ``shares`` by source, (n, codes) float32 that sum to 1 in a row.

    ``bodies`` holds, for a query with a body, the mean logarithm over its sentences at eight digits (codes,)
    and at six (groups,).
    """

    codes: Codes
    shares: Mapping[str, Vector]
    bodies: Mapping[int, tuple[Vector, Vector]]

    def only(self, sources: Collection[str]) -> Opinions:
        """Without the other sources."""
        kept = {name: shares for name, shares in self.shares.items() if name in sources}
        return Opinions(self.codes, kept, self.bodies)

    def probabilities(self, temperature: float) -> Vector:
        """(n, codes) float32 that sum to 1 in a row: pooled at six digits, there divided by ``temperature``,
        and split among the eight-digit codes inside by the same sources."""
        starts = self.codes.starts[6]
        sizes = np.diff(np.append(starts, len(self.codes.codes)))
        groups = softmax(self._pooled(6) / np.float32(temperature))
        inside = self._pooled(8)
        inside = np.exp(inside - np.repeat(np.maximum.reduceat(inside, starts, axis=1), sizes, axis=1))
        inside /= np.repeat(np.add.reduceat(inside, starts, axis=1), sizes, axis=1)
        shared: Vector = np.repeat(groups, sizes, axis=1) * inside
        return shared

    def _pooled(self, level: int) -> Vector:
        pooled = np.zeros((len(next(iter(self.shares.values()))), len(self.codes.names[level])), np.float32)
        for name, shares in self.shares.items():
            pooled += WEIGHTS[name] * np.log(self.codes.rolled_up(shares, level) + FLOORS.get(name, FLOOR))
        for row, (by_code, by_group) in self.bodies.items():
            pooled[row] += BODY_WEIGHT * (by_code if level == 8 else by_group)
        return pooled


def title_opinions(
    heads: OccupationHeads,
    codes: Codes,
    texts: Sequence[str],
    vectors: Vector,
    nearest: Nearest,
    row_codes: Positions,
) -> dict[str, Vector]:
    """The shares (n, codes) that neighbours, both linear sources and the letters give n titles.

    :param nearest: the nearest titles of each; one of cosine c votes for its code with exp(20 (c - 1)).
    :param row_codes: the position in ``codes`` of the code of every row that ``nearest`` may name.
    """
    cells = np.repeat(np.arange(len(texts)) * len(codes.codes), np.diff(nearest.ends, prepend=0))
    cells += row_codes[nearest.rows]
    votes = np.bincount(cells, vote(nearest.scores), len(texts) * len(codes.codes))
    neighbours = votes.astype(np.float32).reshape(len(texts), -1)
    neighbours /= np.maximum(neighbours.sum(axis=1, keepdims=True), 1e-30)
    return {
        "neighbours": neighbours,
        "vector": np.exp(heads.titles.log_probabilities(vectors)),
        "description": softmax(np.float32(SHARPNESS) * (vectors @ heads.descriptions.T)),
        "letters": np.exp(heads.letters.log_probabilities(texts)),
    }


def body_opinion(
    heads: OccupationHeads, codes: Codes, vectors: Vector, roles: Sequence[str]
) -> tuple[Vector, Vector] | None:
    """The weighted mean logarithm of the shares that the linear head of tasks gives sentences.

    :param vectors: (n, dim) of the sentences; ``roles`` theirs.
    :return: (codes,) and (groups,) float32, or None where no sentence says anything.
    """
    weights = np.array([ROLE_WEIGHTS.get(role, 0.0) for role in roles], np.float32)
    told = np.flatnonzero(weights)
    if not len(told):
        return None
    shares = np.exp(heads.tasks.log_probabilities(vectors[told]))
    weights = weights[told] / weights[told].sum()
    by_code = weights @ np.log(shares + np.float32(SENTENCE_FLOOR))
    by_group = weights @ np.log(codes.rolled_up(shares) + np.float32(SENTENCE_FLOOR))
    return by_code, by_group


def vote(cosines: Vector) -> npt.NDArray[np.float64]:
    """The votes of neighbours, 1 for the same vector."""
    votes: npt.NDArray[np.float64] = np.exp(SHARPNESS * (cosines.astype(np.float64) - 1))
    return votes
