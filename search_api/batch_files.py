"""The rows that came in and the answers that go out, as files that only the service's user may read.

A batch has ``<id>.input``, as it was sent, and ``<id>.jsonl``, its answers, to which is only ever added. An
upload is ``<id>.part`` until it is complete. Both hold people's text: they go with the batch.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, TextIO

from preprocess.decoding import open_text
from preprocess.errors import InvalidParameter, ReadError, StorageFull, StoreCorrupt, StoreError
from search_api.batch import Format, rows_of
from search_api.batch_tasks import RowTask

PART, INPUT, RESULTS = ".part", ".input", ".jsonl"
BLOCK_BYTES = 256 * 1024
GATHERED_BYTES = 1024 * 1024
"""An upload is gathered up to this much before it is written."""

LOOKED_AT = 256
"""Rows in which a column is looked for: not every object of a jsonl file has to have every key."""

ABANDONED_S = 3_600
"""A file without a batch is erased when nothing was written to it for so long: until then it may be an
upload."""


def private_file(path: Path) -> None:
    """Make a file, and its folder, that nobody else may read; one that is there is left as it is.

    :raises OSError: if it cannot be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))


@contextmanager
def sqlite_errors(path: Path) -> Iterator[None]:
    """Let the errors of an SQLite file be ours.

    :raises StorageFull, StoreCorrupt, StoreError: in the place of SQLite's.
    """
    try:
        yield
    except sqlite3.Error as error:
        if "is full" in str(error):
            raise StorageFull(f"{path.name}: the disk is full; free some space and try again") from error
        if isinstance(error, sqlite3.OperationalError):
            raise StoreError(f"{path.name} cannot be used: {error}") from error
        raise StoreCorrupt(
            f"{path.name} should be the record of the batches, but cannot be read ({error}); restore the "
            "folder batches of the data directory, or delete it: the batches are lost then, and nothing else"
        ) from error
    except OSError as error:
        raise StoreError(f"{path.name} cannot be used: {error.strerror}") from error


class Upload:
    """Rows on their way in; a context manager that erases them unless they were kept."""

    def __init__(self, folder: Path, id: str) -> None:
        self.id = id
        self._path, self._kept = folder / (id + PART), folder / (id + INPUT)
        self._results = folder / (id + RESULTS)

    def __enter__(self) -> Upload:
        with _told():
            private_file(self._path)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._path.unlink(missing_ok=True)

    def write(self, data: bytes) -> None:
        """Add to it.

        :raises StorageFull: if the disk is full.
        """
        with _told(), self._path.open("ab") as file:
            file.write(data)

    def look(self, form: Format, task: RowTask, *, max_rows: int) -> tuple[int, RowTask]:
        """Count the rows, and find the columns that the task reads in the first of them.

        :raises ReadError: if it is no text, or holds no row that can be used.
        :raises InvalidParameter: if a column is not there, or there are more than ``max_rows``.
        """
        total, usable, wrong = 0, 0, ""
        names: dict[str, None] = {}
        with _opened(self._path) as stream:
            for row, error in rows_of(stream, form):
                total += 1
                if total > max_rows:
                    raise InvalidParameter(
                        f"expected at most {max_rows:,} rows, found more; send them as several batches"
                    )
                wrong = wrong or error
                if not error and usable < LOOKED_AT:
                    usable += 1
                    names |= dict.fromkeys(row)
        if not usable:
            raise ReadError(f"expected rows of {form}: {wrong or 'found none'}")
        return total, task.fitted(names)

    def keep(self) -> None:
        """Make it the input of a batch, whose results are empty yet; all of it is on the disk then."""
        with _told():
            private_file(self._results)
            with self._path.open("rb") as file:
                os.fsync(file.fileno())
            self._path.replace(self._kept)


class Results:
    """The file of a batch's results, to be written on after the answers that count.

    What stands behind them was written by a process that was killed before it could count it.

    :raises FileNotFoundError: if the batch was cancelled or erased.
    """

    def __init__(self, folder: Path, id: str, *, size_bytes: int) -> None:
        self._file = (folder / (id + RESULTS)).open("r+b")
        self._file.truncate(size_bytes)
        self._file.seek(size_bytes)
        self.size_bytes = size_bytes

    def write(self, lines: Sequence[str]) -> int:
        """Write lines, to the disk.

        :return: the size of the file with them.
        :raises StorageFull, StoreError: if they cannot be written; what was written of them does not count.
        """
        data = "".join(f"{line}\n" for line in lines).encode()
        with _told():
            self._file.seek(self.size_bytes)
            self._file.write(data)
            self._file.flush()
            os.fsync(self._file.fileno())
        self.size_bytes += len(data)
        return self.size_bytes

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def open_input(folder: Path, id: str) -> TextIO:
    """The rows of a batch as text.

    :raises FileNotFoundError: if the batch was cancelled or erased.
    :raises ReadError: if they are no text.
    """
    stream = open_text(folder / (id + INPUT))
    if stream is None:
        raise ReadError("expected text, found binary data")
    return stream


def open_results(folder: Path, id: str) -> BinaryIO | None:
    """The answers of a batch, to be read; None if they are erased."""
    try:
        return (folder / (id + RESULTS)).open("rb")
    except FileNotFoundError:
        return None


def blocks(file: BinaryIO, *, size_bytes: int, skip: int = 0) -> Iterator[bytes]:
    """The first ``size_bytes`` of a file without its first ``skip`` lines, in pieces; closes the file."""
    with file:
        while skip and file.tell() < size_bytes and file.readline():
            skip -= 1
        left = size_bytes - file.tell()
        while left > 0 and (block := file.read(min(left, BLOCK_BYTES))):
            left -= len(block)
            yield block


def erase_input(folder: Path, id: str) -> None:
    """Erase the rows of a batch."""
    with _told():
        (folder / (id + INPUT)).unlink(missing_ok=True)


def erase(folder: Path, id: str) -> None:
    """Erase the rows of a batch and its results."""
    erase_input(folder, id)
    with _told():
        (folder / (id + RESULTS)).unlink(missing_ok=True)


def erase_abandoned(folder: Path, known: Collection[str]) -> None:
    """Erase what a killed process left: files of no batch, to which nothing was written for a while."""
    limit = time.time() - ABANDONED_S
    for path in folder.iterdir() if folder.is_dir() else ():
        unknown = path.suffix in (PART, INPUT, RESULTS) and path.stem not in known
        if unknown and path.stat().st_mtime < limit:
            path.unlink(missing_ok=True)


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    stream = open_text(path)
    if stream is None:
        raise ReadError("expected rows as text, found binary data")
    with stream:
        yield stream


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise StorageFull("the disk is full; free some space and try again") from error
        raise StoreError(f"the batch's files cannot be used: {error.strerror}") from error
