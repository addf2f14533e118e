"""How sure an answer is: probabilities, sets that hold the code in nine cases of ten, and when to say no.

The pooled scores become probabilities by one temperature (Guo et al., On Calibration of Modern Neural
Networks, ICML 2017). The prediction set holds every code of at least :data:`SET_THRESHOLD` (split conformal
prediction: Vovk, Gammerman and Shafer, Algorithmic Learning in a Random World, 2005; its threshold is the
10% quantile of the right codes' probabilities). Both numbers come from the BLS development titles, which
experts coded; ``python -m benchmarks quality`` checks them by cross-validation. Where labels are noisier,
as employers' own are, the answers agree with them less often than they say.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from indexer.store import Vector

TEMPERATURE = 0.8
"""The likeliest on the 559 BLS titles, of .6 to 1 in steps of .05 and .02; calibration error .030 there."""

SET_COVERAGE = 0.9
"""Share of the right codes that the sets are to hold."""

SET_THRESHOLD = 0.064
ABSTAIN_BELOW = 0.25
"""Under this probability one first code in ten was right, on BLS and on LCA titles: none is claimed."""

REVIEW_SCORE = 0.3
REVIEW_MARGIN = 0.1


@dataclass(frozen=True, slots=True)
class ReviewRule:
    """Which answers a person should see: a low score or a small lead, as SOCcer's authors advise
    (Russ et al., Computer-based coding of free-text job descriptions, Occup Environ Med 2016)."""

    score: float = REVIEW_SCORE
    margin: float = REVIEW_MARGIN

    def asks(self, confidence: float, margin: float) -> bool:
        """Whether an answer of ``confidence`` with that lead should be reviewed."""
        return confidence < self.score or margin < self.margin


def prediction_set(shares: Vector) -> list[int]:
    """Positions of the codes of a prediction set, most likely first; never empty.

    :param shares: (groups,) probabilities at six digits.
    """
    likely = np.flatnonzero(shares >= SET_THRESHOLD)
    if not len(likely):
        return [int(shares.argmax())]
    return [int(place) for place in likely[np.argsort(-shares[likely], kind="stable")]]
