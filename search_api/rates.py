"""How often who may ask: a rate for each API key, and one for what an address tries without a valid key.

pyrate-limiter's GCRA keeps one number for each name however much traffic passes, and says how long to wait.
It is given the monotonic clock here; `limits`, the other candidate, reads the wall clock, and one that is set
back would shut everybody out until it has caught up.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict

from pyrate_limiter import GCRA, Duration, Rate

MAX_NAMES = 10_000
"""Names that are remembered; the one that has asked for nothing longest goes first."""


class Rates:
    """So many a minute for each name, which may also come all at once; safe to call from many threads.

    :param per_minute: 0 lets everything through.
    """

    def __init__(self, per_minute: int) -> None:
        self.per_minute = per_minute
        self._algorithm = GCRA()
        self._rates = [Rate(per_minute, Duration.MINUTE)] if per_minute else []
        self._states: OrderedDict[str, tuple[float, ...]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, name: str) -> int:
        """Count one for ``name``, unless it has none left.

        :return: seconds until it has one again; 0 where this one was counted.
        """
        with self._lock:
            state, wait_s = self._step(name)
            self._states[name] = state
            self._states.move_to_end(name)
            if len(self._states) > MAX_NAMES:
                self._states.popitem(last=False)
            return wait_s

    def wait_s(self, name: str) -> int:
        """What :meth:`take` would return, without counting."""
        with self._lock:
            return self._step(name)[1]

    def _step(self, name: str) -> tuple[tuple[float, ...], int]:
        state = self._states.get(name) or self._algorithm.initial(self._rates)
        now_ms = time.monotonic_ns() // 1_000_000
        state, decision = self._algorithm.step(self._rates, state, now_ms, 1)
        return state, math.ceil((decision.retry_after_ms or 0) / 1_000)
