"""The service under load, from this process over loopback: one title at 1, 8 and 64 clients, then everything.

The client takes its share of the processors that the service runs on. The mixed load measures memory: what is
resident after a warm-up, when the parts that load late are loaded and the index's pages are read, and what is
resident at the end.
"""

from __future__ import annotations

import asyncio
import csv
import gzip
import random
import shutil
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path

import psutil

from benchmarks.data import FIXTURES, REAL, SHARED, SOURCE, indexed_home
from benchmarks.http_client import Connection, Reply
from benchmarks.serve import running_service

CLIENTS = (1, 8, 64)
SECONDS_EACH = 10.0
WARM_UP_S = 2.0
MIXED_CLIENTS = 8
MIXED_S = 300.0
MIXED_WARM_UP_S = 60.0
DOCUMENTS_EACH = 10
"""Documents of one client in the mixed load, so that the store holds as much at its end as at its start."""

BATCH_ROWS = 200


def run(seconds: float = MIXED_S) -> dict[str, object]:
    """Requests a second, p50 and p99 by number of clients; then the mixed load and its memory.

    :param seconds: of the mixed load, after its warm-up.
    """
    with tempfile.TemporaryDirectory(dir=indexed_home().parent) as folder:
        home = Path(folder) / "home"
        shutil.copytree(indexed_home(), home)
        with running_service(home) as (url, process, _):
            return {"source": SOURCE, **asyncio.run(_measured(url, process, seconds))}


async def _measured(url: str, process: psutil.Process, seconds: float) -> dict[str, object]:
    titles = cycle(_titles())
    found: dict[str, object] = {}
    errors = 0
    await _classify(url, 8, titles, WARM_UP_S)
    for clients in CLIENTS:
        tally = await _classify(url, clients, titles, SECONDS_EACH)
        found |= tally.figures(f"classify_{clients}_clients")
        errors += tally.errors
    await _mixed(url, titles, MIXED_WARM_UP_S)
    before = process.memory_info()
    tally = await _mixed(url, titles, seconds)
    after = process.memory_info()
    found |= tally.figures("mixed") | {
        "mixed_s": round(seconds),
        "mixed_warm_up_s": MIXED_WARM_UP_S,
        "mixed_requests": dict(sorted(tally.kinds.items())),
        "rss_mb_before": round(before.rss / 1e6),
        "rss_mb_after": round(after.rss / 1e6),
        "rss_growth": round(after.rss / before.rss - 1, 4),
        "private_mb_before": round((before.rss - before.shared) / 1e6),
        "private_mb_after": round((after.rss - after.shared) / 1e6),
    }
    return found | {"errors": errors + tally.errors, "refusals": tally.refusals[:5]}


@dataclass
class Tally:
    """What the clients of one load have seen; ``refusals`` are the answers that were not asked for."""

    seconds: float
    times_s: list[float] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    errors: int = 0
    refusals: list[str] = field(default_factory=list)

    def count(self, kind: str, begin: float, reply: Reply, expected: int) -> None:
        self.times_s.append(time.perf_counter() - begin)
        self.kinds[kind] += 1
        if reply.status != expected:
            self.errors += 1
            self.refusals.append(f"{kind}: {reply.status} {reply.body[:200].decode(errors='replace')}")

    def figures(self, name: str) -> dict[str, object]:
        return {
            f"{name}_rps": round(len(self.times_s) / self.seconds, 1),
            f"{name}_p50_ms": round(1_000 * statistics.median(self.times_s), 1),
            f"{name}_p99_ms": round(1_000 * statistics.quantiles(self.times_s, n=100)[98], 1),
        }


async def _classify(url: str, clients: int, titles: Iterator[str], seconds: float) -> Tally:
    tally = Tally(seconds)

    async def client() -> None:
        connection = Connection(url)
        while time.perf_counter() < end:
            begin = time.perf_counter()
            reply = await connection.request("POST", "/v1/classify", {"queries": [next(titles)]})
            tally.count("classify", begin, reply, 200)
        connection.close()

    end = time.perf_counter() + seconds
    await asyncio.gather(*(client() for _ in range(clients)))
    return tally


# ---- the mixed load


async def _mixed(url: str, titles: Iterator[str], seconds: float) -> Tally:
    tally = Tally(seconds)
    end = time.perf_counter() + seconds
    users = [_User(url, number, titles, tally) for number in range(MIXED_CLIENTS)]
    await asyncio.gather(*(user.work_until(end) for user in users))
    return tally


class _User:
    """One client with documents of its own, so that it knows what each request should answer."""

    def __init__(self, url: str, number: int, titles: Iterator[str], tally: Tally) -> None:
        self.connection, self.titles, self.tally = Connection(url), titles, tally
        self.random = random.Random(number)
        self.number = number
        self.stored: set[str] = set()
        self.batch = ""

    async def work_until(self, end: float) -> None:
        kinds = {
            self._classify: 30, self._search: 20, self._match: 10, self._gap: 5, self._occupations: 10,
            self._put: 10, self._get: 10, self._delete: 5, self._batch: 2,
        }  # fmt: skip
        steps = list(kinds)
        while time.perf_counter() < end:
            await self.random.choices(steps, list(kinds.values()))[0]()
        for name in sorted(self.stored):
            await self._ask("delete", "DELETE", name)
        self.stored.clear()
        if self.batch:
            await self._ask("batch", "DELETE", self.batch)
        self.connection.close()

    async def _ask(
        self,
        kind: str,
        method: str,
        path: str,
        body: object = None,
        status: int = 200,
        media_type: str = "application/json",
    ) -> Reply:
        begin = time.perf_counter()
        reply = await self.connection.request(method, path, body, media_type)
        self.tally.count(kind, begin, reply, status)
        return reply

    async def _classify(self) -> None:
        await self._ask("classify", "POST", "/v1/classify", {"queries": [next(self.titles)]})

    async def _search(self) -> None:
        body = {"collection": "postings", "queries": [next(self.titles)], "mode": "hybrid"}
        await self._ask("search", "POST", "/v1/search", body)

    async def _match(self) -> None:
        sides = {"a": {"text": self._text(5)}, "b": {"text": self._text(5)}}
        await self._ask("match", "POST", "/v1/match", sides)

    async def _gap(self) -> None:
        sides = {"brag": {"text": self._text(10)}, "postings": {"text": self._text(10)}}
        await self._ask("gap", "POST", "/v1/gap", sides)

    async def _occupations(self) -> None:
        await self._ask("occupations", "GET", "/v1/occupations?query=staff%20nurse&top_k=5")

    async def _put(self) -> None:
        name = f"/v1/documents/posting/load-{self.number}-{self.random.randrange(DOCUMENTS_EACH)}"
        created = name not in self.stored
        self.stored.add(name)
        text = {"text": self._text(self.random.randint(5, 30))}
        await self._ask("put", "PUT", name, text, 201 if created else 200)

    async def _get(self) -> None:
        if self.stored:
            await self._ask("get", "GET", self.random.choice(sorted(self.stored)))

    async def _delete(self) -> None:
        if self.stored:
            name = self.random.choice(sorted(self.stored))
            self.stored.remove(name)
            await self._ask("delete", "DELETE", name)

    async def _batch(self) -> None:
        """Hand a batch in, or see how far it is; when it is done, read the results and erase it."""
        if not self.batch:
            rows = ["title", *(title.replace('"', "") for title in islice(self.titles, BATCH_ROWS))]
            content = "\n".join(f'"{row}"' for row in rows).encode()
            path = "/v1/batches?task=classify"
            reply = await self._ask("batch", "POST", path, content, 202, "text/csv")
            self.batch = f"/v1/batches/{reply.json()['id']}"
        elif (await self._ask("batch", "GET", self.batch)).json()["state"] == "done":
            await self._ask("batch", "GET", f"{self.batch}/results")
            await self._ask("batch", "DELETE", self.batch)
            self.batch = ""

    def _text(self, sentences: int) -> str:
        titles = (" ".join(next(self.titles).split()) for _ in range(sentences))
        return "\n".join(f"- Worked as {title} in team {self.random.randrange(1_000)}." for title in titles)


def _titles() -> list[str]:
    """Distinct titles of people, in an order of no meaning."""
    if not REAL:
        with (FIXTURES / "titles.csv").open(newline="") as file:
            return [row["title"] for row in csv.DictReader(file)]
    with gzip.open(SHARED / "titles" / "dol_titles.csv.gz", "rt", newline="") as file:
        rows = (next(iter(row.values())) for row in csv.DictReader(file))
        titles = [title for title in islice(rows, 200_000) if any(map(str.isalnum, title))]
    random.Random(0).shuffle(titles)
    return titles
