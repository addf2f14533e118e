"""95% intervals by the bootstrap, for anything that is a mean over examples.

Percentile bootstrap (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, ch. 13), 1,000 resamples
of the examples with a fixed seed, so that the same answers always give the same interval.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

RESAMPLES = 1_000
SEED = 20_26
BOUNDS = (2.5, 97.5)
DIGITS = 4

Column = npt.NDArray[np.float64]
Interval = tuple[float, float]


def intervals(columns: Mapping[str, Column]) -> dict[str, list[float]]:
    """The interval of the mean of each column; all columns see the same resamples.

    :param columns: each (n,) float64, one value an example.
    """
    return {name: list(_bounds(means)) for name, means in _resampled(columns).items()}


def interval(column: Column) -> Interval:
    """The interval of one column's mean."""
    return _bounds(_resampled({"": column})[""])


def paired_difference(ours: Column, theirs: Column) -> dict[str, object]:
    """``mean(ours) - mean(theirs)`` on the same examples, with its interval.

    The examples are resampled in pairs: what is hard for both then does not widen the interval.

    :return: ``value`` and ``interval``; the difference is clear where the interval leaves out 0.
    """
    difference = np.asarray(ours, float) - np.asarray(theirs, float)
    return {"value": round(_mean(difference), DIGITS), "interval": list(interval(difference))}


def _resampled(columns: Mapping[str, Column]) -> dict[str, Column]:
    """(RESAMPLES,) means of each column."""
    count = len(next(iter(columns.values())))
    if not count:
        return {name: np.zeros(1) for name in columns}
    generator = np.random.default_rng(SEED)
    # One resample at a time: all at once would take 8 kB for each example.
    means = np.empty((RESAMPLES, len(columns)))
    table = np.column_stack([np.asarray(column, float) for column in columns.values()])
    for row in range(RESAMPLES):
        means[row] = table[generator.integers(0, count, size=count)].mean(axis=0)
    return {name: means[:, at] for at, name in enumerate(columns)}


def _bounds(means: Column) -> Interval:
    low, high = np.percentile(means, BOUNDS)
    return round(float(low), DIGITS), round(float(high), DIGITS)


def _mean(column: Column) -> float:
    return float(column.mean()) if len(column) else 0.0
