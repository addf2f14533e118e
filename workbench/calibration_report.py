"""Does a confidence of .8 mean right in eight of ten? Judges confidences against what was right.

The expected calibration error with bins of equal mass (Nixon et al., Measuring Calibration in Deep Learning,
2019: with bins of equal width most of the answers of a confident classifier fall into one bin).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.intervals import DIGITS, SEED, Column, interval

BINS = 10
FOLDS = 5
TEMPERATURES = np.geomspace(0.4, 2.5, 74)
MIN_BIN = 5
"""Examples that a bin needs for its share to mean anything; small sets get fewer bins."""


def reliability(confidence: Sequence[float], right: Sequence[bool] | Column) -> list[dict[str, Any]]:
    """Answers in the order of their confidence, in bins of equal mass.

    :param confidence: (n,) from 0 to 1, each the stated chance that the first answer is right.
    :param right: (n,) whether it was.
    :return: for each bin ``n``, ``from`` and ``to`` (confidence), its mean ``confidence``, ``accuracy`` and
        the 95% ``interval`` of that.
    """
    stated, was = np.asarray(confidence, float), np.asarray(right, float)
    order = np.argsort(stated, kind="stable")
    bins = max(1, min(BINS, len(stated) // MIN_BIN))
    return [_bin(stated[rows], was[rows]) for rows in np.array_split(order, bins) if len(rows)]


def calibration_error(bins: Sequence[dict[str, Any]]) -> float:
    """Mean distance between confidence and accuracy over the bins, weighted by their examples (ECE)."""
    total = sum(found["n"] for found in bins)
    distance = sum(found["n"] * abs(found["confidence"] - found["accuracy"]) for found in bins)
    return round(distance / total, DIGITS) if total else 0.0


def prediction_sets(sizes: Sequence[float], covered: Sequence[bool]) -> dict[str, Any]:
    """How often a set of codes holds a right one, and how large such sets are.

    :return: ``coverage`` with its ``interval``, ``mean_size``, ``median_size``, and the share of ``empty``
        sets.
    """
    size, held = np.asarray(sizes, float), np.asarray(covered, float)
    return {
        "coverage": round(float(held.mean()), DIGITS),
        "interval": list(interval(held)),
        "mean_size": round(float(size.mean()), 2),
        "median_size": float(np.median(size)),
        "empty": round(float((size == 0).mean()), DIGITS),
    }


def selective(flagged: Sequence[bool], right: Sequence[bool] | Column) -> dict[str, Any]:
    """What leaving out the flagged answers (abstained, or sent to review) does to the rest.

    :return: ``share`` that is flagged, accuracy of the ``rest`` and of the ``flagged``; null for none.
    """
    out, was = np.asarray(flagged, bool), np.asarray(right, float)
    return {
        "share": round(float(out.mean()), DIGITS),
        "rest": _accuracy(was[~out]),
        "flagged": _accuracy(was[out]),
    }


def cross_validated(
    stated: Sequence[Sequence[float]], right: Sequence[Sequence[bool]], *, coverage: float = 0.9
) -> dict[str, Any]:
    """Calibration that is judged on other examples than it was fitted on: five folds.

    On four of them a temperature is fitted (the likelihood of the right codes; Guo et al., On Calibration of
    Modern Neural Networks, ICML 2017), and the threshold of the sets: the ``1 - coverage`` quantile of the
    right codes' probabilities (split conformal prediction). The fifth is judged.

    :param stated: for each example the probabilities of its ranked codes, best first, as many for all.
    :param right: whether each of these codes is right.
    :return: ``folds``, ``ece``, ``reliability`` and ``prediction_sets`` of all examples, each judged once,
        and the fitted ``temperatures`` and ``thresholds``.
    """
    logs = np.log(np.maximum(np.asarray(stated, float), 1e-12))
    is_right = np.asarray(right, bool)
    fold = np.random.default_rng(SEED).permutation(len(logs)) % FOLDS
    confidence, sizes = np.zeros(len(logs)), np.zeros(len(logs))
    covered = np.zeros(len(logs), bool)
    temperatures, thresholds = [], []
    for held_out in range(FOLDS):
        fitting, judging = fold != held_out, fold == held_out
        temperature = _temperature(logs[fitting], is_right[fitting])
        best = np.where(is_right, _softmax(logs / temperature), 0.0).max(axis=1)
        order = np.sort(best[fitting])
        # The finite-sample correction of split conformal prediction: one rank lower.
        threshold = order[max(int((1 - coverage) * (len(order) + 1)) - 1, 0)]
        shares = _softmax(logs[judging] / temperature)
        inside = shares >= threshold
        inside[:, 0] = True
        confidence[judging], sizes[judging] = shares[:, 0], inside.sum(axis=1)
        covered[judging] = (inside & is_right[judging]).any(axis=1)
        temperatures.append(round(float(temperature), 3))
        thresholds.append(round(float(threshold), DIGITS))
    bins = reliability(confidence.tolist(), is_right[:, 0].astype(float))
    return {
        "folds": FOLDS,
        "ece": calibration_error(bins),
        "reliability": bins,
        "prediction_sets": prediction_sets(sizes.tolist(), covered.tolist()),
        "temperatures": temperatures,
        "thresholds": thresholds,
    }


def _temperature(logs: Column, right: npt.NDArray[np.bool_]) -> float:
    """Of a grid, the one under which the right codes are likeliest; examples without one say nothing."""
    known = right.any(axis=1)
    if not known.any():
        return 1.0
    likelihood = [
        np.log(np.where(right[known], _softmax(logs[known] / value), 0.0).sum(axis=1) + 1e-12).mean()
        for value in TEMPERATURES
    ]
    return float(TEMPERATURES[int(np.argmax(likelihood))])


def _softmax(logs: Column) -> Column:
    shares: Column = np.exp(logs - logs.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    return shares


def _bin(stated: Column, was: npt.NDArray[np.float64]) -> dict[str, Any]:
    return {
        "n": len(stated),
        "from": round(float(stated.min()), DIGITS),
        "to": round(float(stated.max()), DIGITS),
        "confidence": round(float(stated.mean()), DIGITS),
        "accuracy": round(float(was.mean()), DIGITS),
        "interval": list(interval(was)),
    }


def _accuracy(was: npt.NDArray[np.float64]) -> float | None:
    return round(float(was.mean()), DIGITS) if len(was) else None
