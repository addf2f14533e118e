"""Accepted and corrected codes, kept for each tenant: what a later training or evaluation learns from.

One SQLite file in the data directory, readable by its owner alone. A judgement is one row, written in one
transaction and on the disk when :meth:`FeedbackBook.give` returns; several processes may write at once. Kept
are the title, the codes and the note, and the posting's text only where the client sends it.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from indexer.workspace import Workspace
from preprocess.errors import (
    InvalidParameter,
    StorageFull,
    StoreCorrupt,
    StoreError,
    StoreLocked,
    UnknownCode,
)
from preprocess.records import stable_id
from preprocess.soc import normalise_code
from search_api.classify import occupation_titles
from search_api.limits import check_queries

Verdict = Literal["accepted", "corrected"]

FILE = "feedback.sqlite3"
WAIT_S = 30
"""How long a writer waits for another one; a row takes milliseconds."""

PAGE_ROWS = 1_000
LABEL_LEVELS = (7, 10)
"""Lengths of codes of six and of eight digits: what can be trained on."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS feedback (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    title TEXT NOT NULL,
    body TEXT,
    predicted TEXT NOT NULL,
    score REAL,
    fingerprint TEXT NOT NULL,
    verdict TEXT NOT NULL,
    code TEXT NOT NULL,
    note TEXT NOT NULL,
    time TEXT NOT NULL,
    UNIQUE (tenant, id)
)
"""
_CONTENT = ("title", "body", "predicted", "score", "fingerprint", "verdict", "code", "note")
_COLUMNS = ", ".join(("number", "id", *_CONTENT, "time"))
_UPDATED = ", ".join(f"{name} = excluded.{name}" for name in (*_CONTENT, "time"))
_PUT = f"""
INSERT INTO feedback (tenant, id, {", ".join(_CONTENT)}, time)
VALUES (?, ?, {", ".join("?" * len(_CONTENT))}, ?)
ON CONFLICT (tenant, id) DO UPDATE SET {_UPDATED}
"""


@dataclass(frozen=True, slots=True)
class Feedback:
    """A judgement of a code that was predicted for a title.

    ``code`` is the right one, equal to ``predicted`` where that was accepted. ``fingerprint`` names the index
    that predicted. ``id`` is the client's own, or follows from title and body. ``body`` is None where it was
    not sent.
    """

    title: str
    predicted: str
    verdict: Verdict
    code: str
    id: str = ""
    body: str | None = None
    score: float | None = None
    fingerprint: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """A judgement as it is kept: ``number`` counts up as they come in, ``time`` is ISO 8601 in UTC."""

    number: int
    time: str
    feedback: Feedback


@dataclass(frozen=True, slots=True)
class Given:
    """What became of a judgement: ``changed`` is False where the same was kept already, ``created`` True
    where there was none of that id."""

    id: str
    code: str
    created: bool
    changed: bool


class FeedbackBook:
    """The feedback of one tenant.

    :param home: the data directory; it need not exist yet.
    :param tenant: whose judgements are read, written and erased; no others are seen.
    """

    def __init__(self, home: Path, tenant: str) -> None:
        self.path = home / FILE
        self.tenant = tenant

    def give(self, feedback: Feedback) -> Given:
        """Keep a judgement, in place of an earlier one with the same id.

        Without an id of the client's, one text of a title and body has one judgement: the last.

        :raises StoreError: if the file cannot be written.
        """
        id = feedback.id or stable_id("feedback", feedback.title, feedback.body or "")
        content = [getattr(feedback, name) for name in _CONTENT]
        with self._opened() as book, book:
            # The lock is taken before the row is read: two writers of an id do not both find none.
            book.execute("BEGIN IMMEDIATE")
            row = book.execute(
                f"SELECT {', '.join(_CONTENT)} FROM feedback WHERE tenant = ? AND id = ?", (self.tenant, id)
            ).fetchone()
            changed = row is None or list(row) != content
            if changed:
                time = datetime.now(UTC).isoformat(timespec="seconds")
                book.execute(_PUT, (self.tenant, id, *content, time))
        return Given(id, feedback.code, row is None, changed)

    def read(self, *, after: int = 0, limit: int = PAGE_ROWS) -> list[Kept]:
        """Judgements in the order in which they first came in.

        :param after: the number of the last one that was read already.
        :raises StoreError: if the file cannot be read.
        """
        if not self.path.exists():
            return []
        with self._opened() as book:
            rows = book.execute(
                f"SELECT {_COLUMNS} FROM feedback WHERE tenant = ? AND number > ? ORDER BY number LIMIT ?",
                (self.tenant, after, limit),
            ).fetchall()
        return [_kept(row) for row in rows]

    def pages(self) -> Iterator[list[Kept]]:
        """All of them, some at a time, so that a slow reader holds nothing up."""
        after = 0
        while page := self.read(after=after):
            yield page
            after = page[-1].number

    def erase(self, id: str | None = None) -> int:
        """Erase one judgement, or all of the tenant's.

        :return: how many there were.
        :raises StoreError: if the file cannot be written.
        """
        if not self.path.exists():
            return 0
        one, values = ("", (self.tenant,)) if id is None else (" AND id = ?", (self.tenant, id))
        with self._opened() as book:
            with book:
                erased = book.execute(f"DELETE FROM feedback WHERE tenant = ?{one}", values).rowcount
            # What was erased is gone from the write-ahead log, too.
            book.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return erased

    # ---- inside

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # Nobody else may read the file, from the moment it is there; SQLite's own files follow it.
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
            with closing(sqlite3.connect(self.path, timeout=WAIT_S, isolation_level=None)) as book:
                for setting in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON"):
                    book.execute(f"PRAGMA {setting}")
                book.execute(_SCHEMA)
                yield book
        except sqlite3.Error as error:
            raise _mapped(error) from error
        except OSError as error:
            raise StoreError(f"the feedback cannot be opened: {FILE}: {error.strerror}") from error


def check_feedback(workspace: Workspace, feedback: Feedback) -> Feedback:
    """The feedback with its codes in their usual form, if it can be learnt from.

    :raises EmptyQuery: if the title holds no letter or digit.
    :raises InvalidParameter: if the right code has neither six nor eight digits, or does not fit the verdict.
    :raises UnknownCode: if a code is none, or the index does not hold the right one.
    :raises IndexMissing: if O*NET was never indexed.
    """
    check_queries([feedback.title])
    predicted, code = normalise_code(feedback.predicted), normalise_code(feedback.code)
    if len(code) not in LABEL_LEVELS:
        raise InvalidParameter(
            f"expected the right code with six digits or eight, such as 15-1252 or 15-1252.00, found {code!r}"
        )
    if (feedback.verdict == "accepted") != (predicted == code):
        raise InvalidParameter(
            "an accepted code is the predicted one, and a corrected code another one; found "
            f"{feedback.verdict}, predicted {predicted}, code {code}"
        )
    titles = occupation_titles(workspace, workspace.store.live("occupations").physical)
    if not any(full.startswith(code) for full in titles):
        raise UnknownCode(f"the index holds no occupation {code}; find one with GET /v1/occupations?query=")
    return replace(feedback, title=feedback.title.strip(), predicted=predicted, code=code)


def training_row(feedback: Feedback) -> dict[str, str]:
    """A judgement as a row to train on: nothing of it tells whose it was."""
    row = {"title": feedback.title, "code": feedback.code, "source": "feedback"}
    return row if feedback.body is None else {**row, "description": feedback.body}


def label_row(feedback: Feedback) -> dict[str, str]:
    """A judgement as ``joblens evaluate titles`` and ``postings`` read labels."""
    return {
        "title": feedback.title,
        "description": feedback.body or "",
        "accept": feedback.code,
        "source": "feedback",
    }


def _kept(row: Sequence[Any]) -> Kept:
    number, id, *content, time = row
    return Kept(number, time, Feedback(id=id, **dict(zip(_CONTENT, content, strict=True))))


def _mapped(error: sqlite3.Error) -> StoreError:
    match getattr(error, "sqlite_errorcode", 0) & 0xFF:
        case sqlite3.SQLITE_FULL:
            return StorageFull("the disk is full; free some space and send the same feedback again")
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return StoreLocked(f"another process has been writing feedback for {WAIT_S} s; try again")
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return StoreCorrupt(
                f"{FILE} in the data directory should hold the feedback, but cannot be read ({error}); "
                "restore it from a copy, or move it away to begin a new one"
            )
    return StoreError(f"the feedback cannot be kept: {FILE}: {error}")
