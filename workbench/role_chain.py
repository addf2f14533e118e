"""Fits the linear-chain CRF of the role classifier: penalised maximum likelihood, L-BFGS, exact gradients."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from indexer.roles import Counts, forward_backward, padded_batch
from indexer.store import Vector

PENALTY = 3.0
"""Half of this times the sum of the squared weights is taken off the log-likelihood. Cross-validated macro F1
by posting on ``fixtures/role_sentences.csv``: 1 .877, 3 .876, 10 .865; 3 was the better of the first two on
the postings kept for reading errors."""

MOST_STEPS = 150

SHORT = 6
Floats = npt.NDArray[np.float64]


def fit_chain(
    inputs: Sequence[Vector], starts: Sequence[Counts], roles: Sequence[Counts], count: int
) -> tuple[Vector, Vector, Vector]:
    """Weights (columns, count), bias (count,) and transitions (2, count, count), float32.

    :param inputs: (n, columns) for each posting.
    :param starts: (n,) as :func:`indexer.roles.section_starts` gives them.
    :param roles: (n,) the right role of each sentence, as a number below ``count``.
    """
    from scipy.optimize import minimize

    columns = inputs[0].shape[1]
    batches = []
    for short in (True, False):  # padded to one length, the short ones would be mostly padding
        rows = [row for row, table in enumerate(inputs) if (len(table) <= SHORT) == short]
        if rows:
            batches.append(
                _Batch(
                    [inputs[row] for row in rows],
                    [starts[row] for row in rows],
                    [roles[row] for row in rows],
                    count=count,
                )
            )
    split = (columns * count, columns * count + count)

    def loss(flat: Floats) -> tuple[float, Floats]:
        weights, bias = flat[: split[0]].reshape(columns, count), flat[split[0] : split[1]]
        transitions = flat[split[1] :].reshape(2, count, count)
        penalty = PENALTY / 2 * ((weights**2).sum() + (transitions**2).sum())
        slope = np.concatenate([-PENALTY * weights.ravel(), np.zeros(count), -PENALTY * transitions.ravel()])
        likelihood = 0.0
        for batch in batches:
            gained, rising = batch.likelihood(weights, bias, transitions)
            likelihood += gained
            slope += rising
        return float(penalty - likelihood), -slope

    start = np.zeros(split[1] + 2 * count * count)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": MOST_STEPS})
    flat = found.x.astype(np.float32)
    return (
        flat[: split[0]].reshape(columns, count),
        flat[split[0] : split[1]],
        flat[split[1] :].reshape(2, count, count),
    )


class _Batch:
    """Chains padded to one length."""

    def __init__(
        self,
        inputs: Sequence[Vector],
        starts: Sequence[Counts],
        roles: Sequence[Counts],
        *,
        count: int,
    ) -> None:
        self.block, self.changes, self.lengths = padded_batch(inputs, starts)
        batch, longest, _ = self.block.shape
        self.inside = np.arange(longest)[None, :] < self.lengths[:, None]
        self.right = np.zeros((batch, longest, count))
        for row, of_posting in enumerate(roles):
            self.right[row, np.arange(len(of_posting)), of_posting] = 1
        self.kinds = [(self.changes[:, 1:] == kind) & self.inside[:, 1:] for kind in (0, 1)]
        pairs = self.right[:, :-1, :, None] * self.right[:, 1:, None, :]
        self.counted = np.stack([pairs[kind].sum(axis=0) for kind in self.kinds])

    def likelihood(self, weights: Floats, bias: Floats, transitions: Floats) -> tuple[float, Floats]:
        """Log-likelihood of the right roles, and its slope in weights, bias and transitions, one after the
        other and flat."""
        scores = self.block @ weights + bias
        forward, backward, total = forward_backward(scores, self.changes, self.lengths, transitions)
        chances = np.exp(forward + backward - total[:, None, None]) * self.inside[..., None]
        step = (
            forward[:, :-1, :, None]
            + transitions[self.changes[:, 1:]]
            + (scores + backward)[:, 1:, None, :]
            - total[:, None, None, None]
        )
        expected = np.stack([np.exp(step[kind]).sum(axis=0) for kind in self.kinds])
        surplus = self.right - chances
        slope = [
            np.tensordot(self.block, surplus, axes=([0, 1], [0, 1])).ravel(),
            surplus.sum(axis=(0, 1)),
            (self.counted - expected).ravel(),
        ]
        gained = (scores * self.right).sum() + (transitions * self.counted).sum() - total.sum()
        return float(gained), np.concatenate(slope)
