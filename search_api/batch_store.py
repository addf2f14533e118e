"""The record of the batches: whose they are, what they do and how far they are, in one SQLite file.

It is the only truth about a batch: the queue (``search_api.batch_queue``) is made anew from it at each
start, and of the results only as many bytes count as it says. It holds no row of anybody; those are in
``search_api.batch_files``.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from search_api.batch_files import private_file, sqlite_errors
from search_api.batch_tasks import TASKS, RowTask, TaskName

State = Literal["queued", "running", "done", "cancelled", "failed"]
UNFINISHED = ("queued", "running")
FILE = "batches.db"
BUSY_S = 10

_SCHEMA = """
CREATE TABLE IF NOT EXISTS batch (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    tenant TEXT NOT NULL,
    task TEXT NOT NULL,
    parameters TEXT NOT NULL,
    form TEXT NOT NULL,
    state TEXT NOT NULL,
    total INTEGER NOT NULL,
    done INTEGER NOT NULL DEFAULT 0,
    errors INTEGER NOT NULL DEFAULT 0,
    results_bytes INTEGER NOT NULL DEFAULT 0,
    worked_s REAL NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0,
    detail TEXT NOT NULL DEFAULT '',
    created REAL NOT NULL,
    started REAL,
    finished REAL,
    expires REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS batch_of_tenant ON batch (tenant, seq);
CREATE INDEX IF NOT EXISTS batch_by_state ON batch (state);
"""
_IS_UNFINISHED = "state IN ('queued', 'running')"


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch as the record has it. Times are seconds since 1970; ``results_bytes`` is how much of the file
    of results is answers; ``worked_s`` how long it was worked on; ``failures`` how often in a row the store
    or the model did not answer."""

    seq: int
    id: str
    tenant: str
    task: TaskName
    parameters: Mapping[str, Any]
    form: Literal["csv", "jsonl"]
    state: State
    total: int
    done: int
    errors: int
    results_bytes: int
    worked_s: float
    failures: int
    detail: str
    created: float
    started: float | None
    finished: float | None
    expires: float

    @property
    def finished_for_good(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state not in UNFINISHED

    @property
    def row_task(self) -> RowTask:
        """What is done with each row."""
        return TASKS[self.task](**self.parameters)


@dataclass(frozen=True, slots=True)
class QueueLength:
    """What waits and runs, over all tenants: batches by state, and rows without an answer yet; not a number
    where the record cannot be read."""

    queued: float = 0
    running: float = 0
    rows_left: float = 0


class BatchStore:
    """The batches of a data directory; any number of threads and processes may use it.

    :param folder: made when the first batch is; until then there is none.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def close(self) -> None:
        """Let go of the file; it opens again by itself when it is next used."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    # ---- reads

    def find(self, id: str, tenant: str | None = None) -> Batch | None:
        """A batch that has not expired; None where there is none, or it is another tenant's."""
        found = self._read(
            "SELECT * FROM batch WHERE id = ? AND (? IS NULL OR tenant = ?) AND expires > ?",
            (id, tenant, tenant, time.time()),
        )
        return _batch(found[0]) if found else None

    def page(self, tenant: str, *, limit: int, before: int | None = None) -> list[Batch]:
        """Batches of a tenant, the newest first, from before the one numbered ``before``."""
        found = self._read(
            "SELECT * FROM batch WHERE tenant = ? AND (? IS NULL OR seq < ?) AND expires > ? "
            "ORDER BY seq DESC LIMIT ?",
            (tenant, before, before, time.time(), limit),
        )
        return [_batch(row) for row in found]

    def unfinished(self, tenant: str | None = None) -> list[str]:
        """Ids of the batches that are queued or running, the oldest first."""
        found = self._read(
            f"SELECT id FROM batch WHERE {_IS_UNFINISHED} AND (? IS NULL OR tenant = ?) ORDER BY seq",
            (tenant, tenant),
        )
        return [row["id"] for row in found]

    def expired(self) -> list[str]:
        """Ids of the batches whose time is over."""
        found = self._read("SELECT id FROM batch WHERE expires <= ?", (time.time(),))
        return [row["id"] for row in found]

    def ids(self) -> set[str]:
        """The ids of all batches."""
        return {row["id"] for row in self._read("SELECT id FROM batch")}

    def queue_length(self) -> QueueLength:
        """What waits and runs, over all tenants."""
        found = self._read(
            "SELECT coalesce(sum(state = 'queued'), 0) AS queued, coalesce(sum(state = 'running'), 0) "
            f"AS running, coalesce(sum(total - done), 0) AS rows_left FROM batch WHERE {_IS_UNFINISHED}"
        )
        return QueueLength(**found[0]) if found else QueueLength()

    # ---- writes

    def create(
        self, id: str, tenant: str, task: TaskName, parameters: Mapping[str, Any], form: str, *,
        total: int, keep_s: float,
    ) -> Batch:  # fmt: skip
        """Add a queued batch, which expires after ``keep_s``."""
        now = time.time()
        with self._writing() as connection:
            connection.execute(
                "INSERT INTO batch (id, tenant, task, parameters, form, state, total, created, expires) "
                "VALUES (?, ?, ?, ?, ?, 'queued', ?, ?, ?)",
                (id, tenant, task, json.dumps(parameters), form, total, now, now + keep_s),
            )
            return _batch(connection.execute("SELECT * FROM batch WHERE id = ?", (id,)).fetchone())

    def start(self, id: str) -> Batch | None:
        """Say that a batch is being worked on; None if there is nothing to do for it any more."""
        with self._writing() as connection:
            connection.execute(
                "UPDATE batch SET state = 'running', started = coalesce(started, ?) "
                f"WHERE id = ? AND {_IS_UNFINISHED}",
                (time.time(), id),
            )
            row = connection.execute(
                "SELECT * FROM batch WHERE id = ? AND state = 'running'", (id,)
            ).fetchone()
            return _batch(row) if row else None

    def advance(self, id: str, *, rows: int, errors: int, results_bytes: int, worked_s: float) -> bool:
        """Count a chunk of answers whose lines are in the file of results.

        :return: False if the batch was cancelled or erased meanwhile; then nothing is counted.
        """
        with self._writing() as connection:
            changed = connection.execute(
                "UPDATE batch SET done = done + ?, errors = errors + ?, results_bytes = ?, "
                "worked_s = worked_s + ?, failures = 0, detail = '' WHERE id = ? AND state = 'running'",
                (rows, errors, results_bytes, worked_s, id),
            )
            return changed.rowcount == 1

    def finish(self, id: str, state: State, *, keep_s: float, detail: str = "") -> bool:
        """End a batch; what is left of it expires ``keep_s`` from now.

        :return: False if it had ended already.
        """
        now = time.time()
        with self._writing() as connection:
            changed = connection.execute(
                "UPDATE batch SET state = ?, detail = ?, finished = ?, expires = ? "
                f"WHERE id = ? AND {_IS_UNFINISHED}",
                (state, detail, now, now + keep_s, id),
            )
            return changed.rowcount == 1

    def failed(self, id: str, detail: str) -> int:
        """Note that the store or the model did not answer.

        :return: how often in a row; 0 if there is no such batch any more.
        """
        with self._writing() as connection:
            connection.execute(
                f"UPDATE batch SET failures = failures + 1, detail = ? WHERE id = ? AND {_IS_UNFINISHED}",
                (detail, id),
            )
            row = connection.execute("SELECT failures FROM batch WHERE id = ?", (id,)).fetchone()
            return row["failures"] if row else 0

    def no_results(self, id: str) -> None:
        """Say that the results are erased."""
        with self._writing() as connection:
            connection.execute("UPDATE batch SET results_bytes = 0 WHERE id = ?", (id,))

    def forget(self, id: str) -> bool:
        """Erase the record of a batch; False if there is none."""
        with self._writing() as connection:
            return connection.execute("DELETE FROM batch WHERE id = ?", (id,)).rowcount == 1

    # ---- inside

    def _read(self, query: str, values: tuple[Any, ...] = ()) -> list[sqlite3.Row]:
        if not (self.folder / FILE).exists():
            return []  # nothing is written where nobody asked for a batch
        with self._lock, sqlite_errors(self.folder / FILE):
            return self._open().execute(query, values).fetchall()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock, sqlite_errors(self.folder / FILE):
            connection = self._open()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            private_file(self.folder / FILE)
            connection = sqlite3.connect(
                self.folder / FILE, timeout=BUSY_S, check_same_thread=False, isolation_level=None
            )
            try:
                connection.row_factory = sqlite3.Row
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = FULL")
                connection.execute("PRAGMA secure_delete = ON")
                connection.executescript(_SCHEMA)
            except sqlite3.Error:
                connection.close()
                raise
            self._connection = connection
        return self._connection


def new_id() -> str:
    """The id of a new batch: random, so that it tells nothing and cannot be guessed."""
    return str(uuid.uuid4())


def _batch(row: sqlite3.Row) -> Batch:
    values = dict(row)
    values["parameters"] = json.loads(values["parameters"])
    return Batch(**values)
