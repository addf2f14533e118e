"""Works on batches: a chunk of rows at a time, each chunk written and counted before the next.

A chunk's lines go to the disk first and are counted then, in one transaction. Whatever stops the process in
between, what is not counted is cut off when the batch goes on, so that no row is lost and none is there
twice.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from indexer.workspace import Workspace
from preprocess.errors import InputError, JoblensError, ReadError
from search_api import batch_files
from search_api.batch import Row, rows_of
from search_api.batch_files import Results
from search_api.batch_lines import line_of
from search_api.batch_store import Batch, BatchStore
from search_api.batch_tasks import RowLimits, run_rows
from search_api.gate import Log, frames

TURN_S = 5.0
"""How long a batch is worked on while others wait."""


@dataclass(frozen=True, slots=True)
class ChunkSize:
    """Rows of a chunk at most, and characters: it ends with the row that reaches them, so that postings,
    which are a hundred times as long as titles, make chunks that take no longer."""

    rows: int
    chars: int


QUIET, BUSY = ChunkSize(512, 128_000), ChunkSize(32, 16_000)
"""While no request is being answered, and while one is. A request shares the processor with the chunk at
hand, so small ones bound what a batch costs it; but a chunk has costs of its own. Processor time of a title
by the rows of a chunk, in one run: 16 rows 6.4 ms, 64 2.8 ms, 128 2.2 ms, 256 1.9 ms, 1,024 1.6 ms."""

KEPT_OPEN = 16
"""Batches whose files stay open between their turns; of others the answered rows are read again."""

QUIET_S = 3.0
"""Requests seldom come alone: for so long after the last one chunks stay small."""

YIELD_S = 0.005
MOST_YIELDS = 20
"""Before a chunk the worker lets requests go first, for at most 0.1 s: a batch never stands still."""

RETRY_S = 5.0
LONGEST_RETRY_S = 300.0
MOST_FAILURES = 8
"""After a store or a model that does not answer: the first wait, which doubles, and the last attempt, some
ten minutes later."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """Requests that go before a batch: those being answered now, and all there ever were."""

    in_flight: Callable[[], int] = lambda: 0
    begun: Callable[[], int] = lambda: 0


class Pace:
    """How much to take next, by how many requests are being answered."""

    def __init__(self, traffic: Traffic) -> None:
        self._traffic = traffic
        self._begun = traffic.begun()
        self._seen = float("-inf")

    def size(self) -> ChunkSize:
        """The size of the next chunk; returns once no request is being answered, or soon enough."""
        for _ in range(MOST_YIELDS):
            if not self._traffic.in_flight():
                break
            self._seen = time.monotonic()
            time.sleep(YIELD_S)
        begun = self._traffic.begun()
        if begun != self._begun:  # short ones come and go between two looks
            self._begun, self._seen = begun, time.monotonic()
        return BUSY if time.monotonic() - self._seen < QUIET_S else QUIET


class _Open:
    """A batch that is being worked on: its rows after those that are answered, and its results."""

    def __init__(self, folder: Path, batch: Batch) -> None:
        self._stream = batch_files.open_input(folder, batch.id)
        try:
            self.results = Results(folder, batch.id, size_bytes=batch.results_bytes)
        except OSError:
            self._stream.close()
            raise
        self.rows = islice(rows_of(self._stream, batch.form), batch.done, None)
        self.done = batch.done
        self.at_end = False

    def close(self) -> None:
        """Let go of the files."""
        self._stream.close()
        self.results.close()


class Worker:
    """See :meth:`work`. Only one thread may use it.

    :param keep_s: how long the results of a finished batch are kept.
    :param others_wait: whether another batch wants its turn.
    :param stopping: whether the process is about to end.
    """

    def __init__(
        self, workspace: Workspace, store: BatchStore, limits: RowLimits, *, keep_s: float, log: Log,
        traffic: Traffic, others_wait: Callable[[], bool], stopping: Callable[[], bool],
    ) -> None:  # fmt: skip
        self._workspace = workspace
        self._store = store
        self._limits = limits
        self._keep_s = keep_s
        self._log = log
        self._pace = Pace(traffic)
        self._others_wait = others_wait
        self._stopping = stopping
        self._open: dict[str, _Open] = {}

    def work(self, id: str) -> float | None:
        """Work on a batch until it ends, or others have waited for a turn's time. Never raises.

        :return: None if there is nothing more to do for it, else the seconds until it wants to go on.
        """
        try:
            return self._turn(id)
        except (InputError, ReadError) as error:  # will be the same the next time
            self._close(id)
            return self._end(id, f"{error.title}: {error}")
        except JoblensError as error:
            self._close(id)
            return self._failed(id, error)
        except FileNotFoundError:  # cancelled or erased, at this moment
            self._close(id)
            return None
        except Exception as error:
            # Its message and source lines may hold text of the rows.
            self._close(id)
            self._log.error("batch failed", batch=id, error=type(error).__name__, frames=frames(error))
            return self._end(id, f"an unexpected error; the service's log has it under batch {id}")

    def close(self) -> None:
        """Let go of all files."""
        for id in list(self._open):
            self._close(id)

    # ---- inside

    def _turn(self, id: str) -> float | None:
        batch = self._store.start(id)
        if batch is None:
            self._close(id)
            return None
        opened = self._opened(batch)
        if not self._work_on(batch, opened):
            self._close(id)
            return None
        if not opened.at_end:
            return 0.0
        self._close(id)
        self._store.finish(id, "done", keep_s=self._keep_s)
        batch_files.erase_input(self._store.folder, id)
        self._log.info("batch done", batch=id, tenant=batch.tenant, task=batch.task, rows=opened.done)
        return None

    def _work_on(self, batch: Batch, opened: _Open) -> bool:
        """Answer chunks until the rows or the turn end; False if the batch was cancelled or erased meanwhile.

        While the answers of one chunk are written, the next one may be looked up already: it still counts
        into this turn.
        """
        begin = time.monotonic()
        taken: deque[int] = deque()

        def take(rows: Iterator[tuple[Row, str]]) -> list[tuple[Row, str]]:
            turn_over = time.monotonic() - begin > TURN_S and self._others_wait()
            if turn_over or self._stopping():
                return []
            chunk = list(_chunk(rows, self._pace.size()))
            opened.at_end = not chunk
            taken.append(len(chunk))
            return chunk

        workspace = self._workspace.of_tenant(batch.tenant)
        outcomes = run_rows(workspace, opened.rows, batch.row_task, self._limits, take)
        start = begin
        for first in outcomes:
            rows = taken.popleft()
            lines, errors = [], 0
            for outcome in chain([first], islice(outcomes, rows - 1)):
                lines.append(line_of(outcome))
                errors += bool(outcome.error)
            results_bytes = opened.results.write(lines)
            now = time.monotonic()
            counted = self._store.advance(
                batch.id, rows=rows, errors=errors, results_bytes=results_bytes, worked_s=now - start
            )
            if not counted:
                return False
            start = now
            opened.done += rows
        return True

    def _opened(self, batch: Batch) -> _Open:
        """The batch's files, at the row after the last one that counts."""
        opened = self._open.get(batch.id)
        if opened is None or opened.done != batch.done:
            self._close(batch.id)
            if len(self._open) >= KEPT_OPEN:
                self._close(next(iter(self._open)))
            opened = self._open[batch.id] = _Open(self._store.folder, batch)
        return opened

    def _close(self, id: str) -> None:
        opened = self._open.pop(id, None)
        if opened is not None:
            opened.close()

    def _failed(self, id: str, error: JoblensError) -> float | None:
        try:
            failures = self._store.failed(id, f"{error.title}: {error}")
        except JoblensError:  # the record itself: a full disk, as it may be
            return LONGEST_RETRY_S
        wait_s = min(RETRY_S * 2 ** (failures - 1), LONGEST_RETRY_S)
        self._log.warning("batch waits", batch=id, error=type(error).__name__, failures=failures)
        if failures < MOST_FAILURES:
            return wait_s if failures else None
        return self._end(id, f"{error.title}: {error}")

    def _end(self, id: str, detail: str) -> float | None:
        try:
            self._store.finish(id, "failed", keep_s=self._keep_s, detail=detail)
            batch_files.erase_input(self._store.folder, id)
        except JoblensError:
            return LONGEST_RETRY_S
        return None


def _chunk(rows: Iterator[tuple[Row, str]], size: ChunkSize) -> Iterator[tuple[Row, str]]:
    chars = 0
    for row, error in islice(rows, size.rows):
        yield row, error
        chars += sum(len(value) for value in row.values() if isinstance(value, str))
        if chars >= size.chars:
            return
