"""The load and the kill benchmark on the fixtures, briefly: what they expect is what the service answers."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path

import pytest

from benchmarks import kill, load
from benchmarks.http_client import Connection, Reply
from benchmarks.kill import Outcome, Stored
from benchmarks.load import Tally
from benchmarks.serve import running_service as bench_service
from tests.service_process import running_service

TITLES = ("Line Cook", "Registered Nurse", "Journeyman Electrician", "Data Engineer II", "Payroll Clerk")


def test_what_the_mixed_load_asks_is_answered_as_it_expects(
    copied_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "MIXED_CLIENTS", 3)
    with running_service(copied_home) as server:
        mixed = asyncio.run(load._mixed(server.url, itertools.cycle(TITLES), 4))
        classified = asyncio.run(load._classify(server.url, 2, itertools.cycle(TITLES), 0.5))
    assert (mixed.refusals, classified.refusals) == ([], [])
    assert (mixed.errors, classified.errors) == (0, 0)
    assert {"classify", "put"} <= set(mixed.kinds)
    assert set(classified.kinds) == {"classify"}


def test_an_answer_that_was_not_asked_for_is_an_error() -> None:
    tally = Tally(10.0)
    for status in (200, 503, 200):
        tally.count("classify", 0.0, Reply(status, b"busy"), 200)
    assert (tally.errors, tally.refusals) == (1, ["classify: 503 busy"])
    assert tally.figures("x")["x_rps"] == 0.3


def test_two_kills_lose_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kill, "WRITERS", 3)
    monkeypatch.setattr(kill, "AFTER_WRITES", (3, 9))
    monkeypatch.setattr(kill, "MAX_SENTENCES", 60)
    found = kill.run(kills=2, seed=1)
    assert (found["kills"], found["lost"], found["half"], found["examples"]) == (2, 0, 0, [])
    assert isinstance(found["acknowledged"], int)
    assert found["acknowledged"] >= 6


def test_a_document_that_is_not_as_acknowledged_is_seen(tmp_path: Path) -> None:
    """The other half of the benchmark: it does notice."""
    text = ("Ran the night shift in Dayton.", "Wrote the rota in Python.")
    other = ("Moved the payroll to Berlin.",)
    as_it_was, as_it_may_be, older, in_part, gone = (Stored("brag", f"a-{n}") for n in range(5))

    async def stored_and_checked(url: str) -> Outcome:
        connection, outcome = Connection(url), Outcome()
        for document in (as_it_was, as_it_may_be, older, in_part):
            reply = await connection.request("PUT", document.path, {"text": "\n".join(text)})
            assert reply.status == 201
        as_it_was.acknowledged = text
        as_it_may_be.possible = [text]
        older.acknowledged = other
        in_part.acknowledged = (*text, *other)
        gone.acknowledged = text
        await kill._check(url, [as_it_was, as_it_may_be, older, in_part, gone], outcome)
        connection.close()
        return outcome

    with bench_service(tmp_path, "/health") as (url, _, _):
        outcome = asyncio.run(stored_and_checked(url))
    assert (outcome.lost, outcome.half, outcome.unanswered_but_stored) == (2, 1, 1)
    assert [example.split(":")[0] for example in outcome.examples] == [
        "/v1/documents/brag/a-2",
        "/v1/documents/brag/a-3",
        "/v1/documents/brag/a-4",
    ]
