"""Fits the weights of the gap scores on labelled pairs: a small logistic regression with fixed signs.

It takes features and labels as data, and prints nothing: ``joblens evaluate gap FILE --fit`` does both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating[Any]]

PARTLY_TARGET = 0.4
"""What ``partly`` is taught as, with half the weight of the other labels."""

HARD_WEIGHT = 3.0
"""A pair of the hard half counts as much as so many of the natural one, which has six times as many."""

PENALTY = 1.0
CUE_LIMIT = 6.0
"""No cue may weigh more: a table that is wrong must not outvote everything."""
STEPS = 4_000


@dataclass(frozen=True, slots=True)
class PairWeights:
    """``bias`` and ``weights``, feature by feature, of the logit."""

    bias: float
    weights: Array

    def logit(self, features: Array) -> Array:
        """(pairs,) from (pairs, features)."""
        found: Array = features @ self.weights + self.bias
        return found


def fit_pairs(
    features: Array,
    labels: Sequence[str],
    natural: npt.NDArray[np.bool_],
    signs: Sequence[int],
    base: int,
    *,
    unrelated: Array | None = None,
) -> PairWeights:
    """Fit the first ``base`` features on the natural half, then all others on both halves.

    :param features: (pairs, features).
    :param labels: ``covers``, ``partly`` or ``no`` for each pair.
    :param signs: 1 for a feature that must not count against, -1 for one that must not count in favour.
    :param base: number of features that are not cues; the hard half was chosen against them, so it does not
        say what they are worth. Each half has a bias of its own, as the shares of labels differ; that of the
        natural half, in which documents are compared, is given back.
    :param unrelated: (pairs, features) of postings against brag documents of other fields of work. None of
        them covers; together they weigh as much as the natural half. Without them everything is relative to
        the one document, and a posting that has nothing to do with the person is covered as well as any
        other; with more weight the natural AUC falls (.952 to .940 where each counts as a pair).
    """
    extra = np.zeros((0, features.shape[1])) if unrelated is None else unrelated
    related = len(features)
    features = np.concatenate([features, extra])
    labels = [*labels, *["no"] * len(extra)]
    natural = np.concatenate([natural, np.ones(len(extra), bool)])
    label = np.array(labels)
    target = np.where(label == "covers", 1.0, np.where(label == "partly", PARTLY_TARGET, 0.0))
    weight = np.where(natural, 1.0, HARD_WEIGHT) * np.where(label == "partly", 0.5, 1.0)
    weight[related:] = natural[:related].sum() / max(len(extra), 1)
    # The weight of a number depends on its unit: in units of its spread, all are penalised alike.
    scale = np.ones(features.shape[1])
    scale[:base] = np.maximum(features[natural][:, :base].std(axis=0), 1e-6)
    columns = features / scale
    sign = np.array(signs, float)
    limit = np.where(np.arange(len(sign)) < base, np.inf, CUE_LIMIT)
    halves = np.stack([natural, ~natural], axis=1).astype(float)
    first = _descend(
        columns[natural],
        halves[natural],
        np.zeros(natural.sum()),
        target[natural],
        weight[natural],
        sign,
        limit,
    )
    offset = columns[:, :base] @ first[0][:base]
    second = _descend(columns[:, base:], halves, offset, target, weight, sign[base:], limit[base:])
    return PairWeights(float(second[1][0]), np.concatenate([first[0][:base], second[0]]) / scale)


def cross_validated(
    features: Array,
    labels: Sequence[str],
    natural: npt.NDArray[np.bool_],
    signs: Sequence[int],
    base: int,
    part: Sequence[str],
    *,
    unrelated: Array | None = None,
    unrelated_part: Sequence[str] = (),
) -> Array:
    """(pairs,) logits, each from weights that were fitted without its ``part`` (a field of work)."""
    parts = np.array(part)
    logits = np.zeros(len(parts))
    for name in np.unique(parts):
        out = parts == name
        others = None if unrelated is None else unrelated[np.array(unrelated_part) != name]
        kept = list(np.array(labels)[~out])
        found = fit_pairs(features[~out], kept, natural[~out], signs, base, unrelated=others)
        logits[out] = found.logit(features[out])
    return logits


def best_threshold(score: Array, labels: Sequence[str], positive: Sequence[str]) -> float:
    """The score, to two digits, from which F1 for ``positive`` against the other labels is highest."""
    truth = np.isin(np.array(labels), list(positive))
    candidates = np.arange(0.02, 0.99, 0.01)
    found = [score >= candidate for candidate in candidates]
    f1 = [2 * (hit & truth).sum() / max(hit.sum() + truth.sum(), 1) for hit in found]
    return round(float(candidates[int(np.argmax(f1))]), 2)


def best_partial(score: Array, labels: Sequence[str], covered: float) -> float:
    """The lower threshold with the highest mean F1 of the three labels, given the upper one."""
    label = np.array(labels)

    def mean_f1(partial: float) -> float:
        found = np.where(score >= covered, "covers", np.where(score >= partial, "partly", "no"))
        return float(
            np.mean(
                [
                    2
                    * ((found == name) & (label == name)).sum()
                    / max((found == name).sum() + (label == name).sum(), 1)
                    for name in ("covers", "partly", "no")
                ]
            )
        )

    return round(float(max(np.arange(0.02, covered, 0.01), key=mean_f1)), 2)


def signs_of(weights: Mapping[str, float]) -> list[int]:
    """The sense of each feature, read off weights that have it."""
    return [1 if weight > 0 else -1 for weight in weights.values()]


def _descend(
    columns: Array, halves: Array, offset: Array, target: Array, weight: Array, sign: Array, limit: Array
) -> tuple[Array, Array]:
    """Accelerated projected gradient (Beck and Teboulle, 2009) on the penalised log loss."""
    table = np.concatenate([columns, halves], axis=1)
    count = columns.shape[1]
    penalty = np.r_[np.full(count, PENALTY), np.full(halves.shape[1], 1e-6)]
    low = np.r_[np.where(sign > 0, 0.0, -limit), np.full(halves.shape[1], -np.inf)]
    high = np.r_[np.where(sign < 0, 0.0, limit), np.full(halves.shape[1], np.inf)]
    rate = 1 / (0.25 * np.linalg.norm(table * np.sqrt(weight)[:, None], 2) ** 2 + 2 * PENALTY)
    found = ahead = np.zeros(table.shape[1])
    momentum = 1.0
    for _ in range(STEPS):
        error = weight * (1 / (1 + np.exp(-(table @ ahead + offset))) - target)
        new = np.clip(ahead - rate * (table.T @ error + 2 * penalty * ahead), low, high)
        grown = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead = new + (momentum - 1) / grown * (new - found)
        found, momentum = new, grown
    return found[:count], found[count:]
