"""How often who may ask, on a clock that the tests set."""

from __future__ import annotations

import pytest

from search_api import rates
from search_api.rates import Rates


class Clock:
    """A monotonic clock that only a test moves."""

    def __init__(self) -> None:
        self.now_s = 1_000.0

    def monotonic_ns(self) -> int:
        return int(self.now_s * 1e9)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(rates, "time", made)
    return made


def test_a_minutes_worth_may_come_at_once_and_the_next_waits(clock: Clock) -> None:
    limited = Rates(60)
    assert [limited.take("a") for _ in range(61)] == [0] * 60 + [1]
    clock.now_s += 1
    assert [limited.take("a") for _ in range(2)] == [0, 1]


def test_the_wait_is_told_in_whole_seconds_and_is_long_enough(clock: Clock) -> None:
    limited = Rates(2)
    assert [limited.take("a") for _ in range(3)] == [0, 0, 30]
    clock.now_s += 29
    assert limited.take("a") == 1
    clock.now_s += 1
    assert limited.take("a") == 0


@pytest.mark.usefixtures("clock")
def test_each_name_has_a_rate_of_its_own() -> None:
    limited = Rates(1)
    assert [limited.take("a"), limited.take("b"), limited.take("a")] == [0, 0, 60]


@pytest.mark.usefixtures("clock")
def test_looking_at_the_wait_counts_nothing() -> None:
    limited = Rates(1)
    assert [limited.wait_s("a"), limited.wait_s("a"), limited.take("a"), limited.wait_s("a")] == [0, 0, 0, 60]


def test_being_refused_does_not_lengthen_the_wait(clock: Clock) -> None:
    limited = Rates(1)
    limited.take("a")
    assert {limited.take("a") for _ in range(1_000)} == {60}
    clock.now_s += 60
    assert limited.take("a") == 0


def test_no_rate_lets_everything_through() -> None:
    unlimited = Rates(0)
    assert {unlimited.take("a") for _ in range(10_000)} == {0}


@pytest.mark.usefixtures("clock")
def test_names_are_forgotten_beyond_a_number_the_idle_ones_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "MAX_NAMES", 3)
    limited = Rates(1)
    for name in ("a", "b", "c", "a", "d"):
        limited.take(name)
    assert [limited.wait_s(name) for name in "abcd"] == [60, 0, 60, 60]


def test_a_wall_clock_that_is_set_back_shuts_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    limited = Rates(60_000)
    monkeypatch.setattr("time.time", lambda: 0.0)
    monkeypatch.setattr("time.time_ns", lambda: 0)
    assert limited.take("a") == 0
