"""``kill -9`` of the service while documents are stored, replaced and erased, again and again.

Several writers keep it busy over HTTP. After each kill it is started again over the same data directory, and
every document is read: one whose last write was acknowledged must be what that write made of it, sentence by
sentence; one that was being written may be the old one or the new one, and nothing between. What search finds
of a document must be the same sentences.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from benchmarks.http_client import Connection
from benchmarks.serve import running_service
from indexer.documents import source_of
from indexer.entries import COLLECTION_OF, document_id
from preprocess.records import Kind

KILLS = 20
WRITERS = 6
NAMES_EACH = 6
"""Documents of one writer: few, so that most of what it writes replaces something."""

MIN_SENTENCES, MAX_SENTENCES = 5, 200
AFTER_WRITES, AFTER_S = (5, 40), 0.5
"""The process is killed a moment of up to that long after so many writes were acknowledged."""

TENANT = "local"
TEAMS = ("payroll", "night shift", "cardiology", "logistics", "billing", "claims", "harvest", "rigging")

Text = tuple[str, ...] | None
"""The sentences of a document; None where there is none."""


@dataclass
class Stored:
    """A document as it should be: ``acknowledged``, or what a write without an answer would make of it."""

    kind: Kind
    name: str
    acknowledged: Text = None
    possible: list[Text] = field(default_factory=list)

    @property
    def path(self) -> str:
        return f"/v1/documents/{self.kind}/{self.name}"

    @property
    def id(self) -> str:
        return document_id(TENANT, self.kind, source_of(self.name))

    def settle(self, text: Text) -> None:
        """This is what it is now."""
        self.acknowledged, self.possible = text, []


@dataclass
class Outcome:
    """What was counted over all kills."""

    kills: int = 0
    acknowledged: int = 0
    unanswered: int = 0
    unanswered_but_stored: int = 0
    lost: int = 0
    half: int = 0
    examples: list[str] = field(default_factory=list)


def run(kills: int = KILLS, seed: int = 0) -> dict[str, object]:
    """Kill that many times.

    :return: ``lost``: acknowledged documents that are gone, older, or there again after they were erased;
        ``half``: documents with some sentences of a text that they may be, and searches that find other
        sentences than reading does.
    """
    chance = random.Random(seed)
    outcome = Outcome()
    documents = [
        [
            Stored("brag" if number % 2 else "posting", f"kill-{writer}-{number}")
            for number in range(NAMES_EACH)
        ]
        for writer in range(WRITERS)
    ]
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(kills):
            with running_service(Path(folder), "/health") as (url, process, _):
                asyncio.run(_write_until_killed(url, process, documents, chance, outcome))
                process.wait(timeout=60)
            outcome.kills += 1
            with running_service(Path(folder), "/health") as (url, _, _):
                asyncio.run(_check(url, [each for own in documents for each in own], outcome))
    found: dict[str, object] = {**vars(outcome), "examples": outcome.examples[:5]}
    return found


# ---- writing


async def _write_until_killed(
    url: str,
    process: psutil.Process,
    documents: Sequence[Sequence[Stored]],
    chance: random.Random,
    outcome: Outcome,
) -> None:
    enough = outcome.acknowledged + chance.randint(*AFTER_WRITES)

    async def kill() -> None:
        while outcome.acknowledged < enough:
            await asyncio.sleep(0.005)
        await asyncio.sleep(chance.uniform(0, AFTER_S))
        process.kill()

    writers = [_write(Connection(url), own, random.Random(chance.random()), outcome) for own in documents]
    await asyncio.gather(kill(), *writers)


async def _write(
    connection: Connection, own: Sequence[Stored], chance: random.Random, outcome: Outcome
) -> None:
    """Write until the connection breaks."""
    while True:
        document = chance.choice(own)
        text = None if document.acknowledged and chance.random() < 0.2 else _text(chance)
        document.possible.append(text)
        try:
            if text is None:
                reply = await connection.request("DELETE", document.path)
            else:
                reply = await connection.request("PUT", document.path, {"text": "\n".join(text)})
        except (OSError, asyncio.IncompleteReadError):
            outcome.unanswered += 1
            return
        if reply.status not in (200, 201):
            raise RuntimeError(f"a write was answered with {reply.status}: {reply.body[:300]!r}")
        document.settle(text)
        outcome.acknowledged += 1


def _text(chance: random.Random) -> tuple[str, ...]:
    """Sentences that no other version of any document has."""
    version, team = chance.getrandbits(40), chance.choice(TEAMS)
    return tuple(
        f"Finished step {number} of plan {version} with the {team} team in Dayton."
        for number in range(chance.randint(MIN_SENTENCES, MAX_SENTENCES))
    )


# ---- looking


async def _check(url: str, documents: Sequence[Stored], outcome: Outcome) -> None:
    connection = Connection(url)
    for document in documents:
        found = await _read(connection, document)
        searched = await _searched(connection, document)
        allowed = [document.acknowledged, *document.possible]
        if found in allowed:
            outcome.unanswered_but_stored += found != document.acknowledged
        else:
            pieces = {sentence for text in allowed for sentence in text or ()}
            is_mixed = found is not None and any(sentence in pieces for sentence in found)
            outcome.half, outcome.lost = outcome.half + is_mixed, outcome.lost + (not is_mixed)
            outcome.examples.append(f"{document.path}: {_told(found)}, may be {[*map(_told, allowed)]}")
        if searched != sorted(found or ()):
            outcome.half += 1
            outcome.examples.append(
                f"{document.path}: read {_told(found)}, search finds {len(searched)} sentences"
            )
        document.settle(found)
    connection.close()


async def _read(connection: Connection, document: Stored) -> Text:
    reply = await connection.request("GET", document.path)
    if reply.status == 404:
        return None
    if reply.status != 200:
        raise RuntimeError(f"{document.path} was answered with {reply.status}: {reply.body[:300]!r}")
    return tuple(sentence["text"] for sentence in reply.json()["text"])


async def _searched(connection: Connection, document: Stored) -> list[str]:
    body: dict[str, Any] = {
        "collection": COLLECTION_OF[document.kind],
        "queries": ["Finished a step of the plan."],
        "filter": {"document_id": document.id},
        "top_k": 1_000,
    }
    reply = await connection.request("POST", "/v1/search", body)
    if reply.status == 503:  # nothing of that kind was stored yet
        return []
    return sorted(hit["text"] for hit in reply.json()["results"][0]["hits"])


def _told(text: Text) -> str:
    return "nothing" if text is None else f"{len(text)} sentences ({text[0][:60]} ...)"
