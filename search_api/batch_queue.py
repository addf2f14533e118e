"""huey inside the serving process: one thread that works through the batches, and a clock beside it.

Three things differ from huey as it comes: no signal handlers (the server has its own), messages are JSON and
not pickle (whoever can write to a pickle can run code here), and one process at a time works, whoever else
adds to the queue.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from search_api.batch_files import private_file, sqlite_errors

if TYPE_CHECKING:
    from huey import SqliteHuey

FILE, LOCK = "queue.db", "worker.db"
POLL_S = 0.25
"""How long a batch waits at most before it is begun, and how often a worker without work looks."""

CLOCK_S = 5
TIDY_MINUTES = "*/5"


class BatchQueue:
    """Ids of batches, in the order in which they are to be worked on.

    :param folder: of the data directory.
    :param work: works on a batch for a while; it never raises. It gives None if the batch is done with, or
        the seconds after which it wants to go on.
    :param tidy: erases what has expired; called every five minutes; it never raises.
    """

    def __init__(self, folder: Path, work: Callable[[str], float | None], tidy: Callable[[], None]) -> None:
        import huey.api
        from huey import SqliteHuey, crontab

        self._folder = folder
        with self._told():
            private_file(folder / FILE)
            self._huey: SqliteHuey = SqliteHuey(
                "batches", filename=str(folder / FILE), results=False, strict_fifo=True, serializer=_Json()
            )
        self._consumer: Any = None
        self._lock: sqlite3.Connection | None = None

        def run(id: str) -> None:
            again_after_s = work(id)
            if again_after_s:
                self._run.schedule(args=(id,), delay=again_after_s)
            elif again_after_s is not None:
                self.add(id)

        self._run: huey.api.TaskWrapper = self._huey.task(name="run")(run)
        self._huey.periodic_task(crontab(minute=TIDY_MINUTES), name="tidy")(tidy)

    def add(self, id: str) -> None:
        """Put a batch at the end of the queue."""
        with self._told():
            self._run(id)

    def restore(self, unfinished: Iterable[str]) -> None:
        """Put those at the end that are not in the queue: a full disk, say, kept them from going back there.

        Only to be called in the worker's thread, where no batch is being worked on meanwhile.
        """
        with self._told():
            tasks = [*self._huey.pending(), *self._huey.scheduled()]
        there = {id for task in tasks for id in task.args}
        for id in unfinished:
            if id not in there:
                self.add(id)

    @property
    def waiting(self) -> int:
        """How many batches wait."""
        with self._told():
            return int(self._huey.pending_count())

    @property
    def stopping(self) -> bool:
        """Whether the worker has been told to stop."""
        return self._consumer is not None and bool(self._consumer.stop_flag.is_set())

    def start(self, unfinished: Callable[[], list[str]]) -> bool:
        """Begin to work, unless this or another process does so already.

        :param unfinished: the batches that are to be worked on, which make the queue anew.
        :return: whether it began now.
        """
        if self._consumer is not None:
            return False
        with self._told():
            self._lock = _lock(self._folder / LOCK)
            if self._lock is None:
                return False
            self._huey.storage.flush_queue()
            self._huey.storage.flush_schedule()
        for id in unfinished():
            self.add(id)
        self._consumer = _consumer(self._huey)
        self._consumer.start()
        return True

    def close(self) -> None:
        """Stop after the chunk that is being worked on; the queue is made anew at the next start."""
        if self._consumer is not None:
            self._consumer.stop(graceful=True)
        self._huey.storage.close()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _told(self) -> AbstractContextManager[None]:
        return sqlite_errors(self._folder / FILE)


def _consumer(huey: SqliteHuey) -> Any:
    from huey.consumer import Consumer

    class Embedded(Consumer):  # type: ignore[misc]
        """Leaves the process's signals alone."""

        def _set_signal_handlers(self) -> None:
            pass

    return Embedded(
        huey, workers=1, initial_delay=POLL_S, max_delay=POLL_S, backoff=1.0, scheduler_interval=CLOCK_S
    )


def _lock(path: Path) -> sqlite3.Connection | None:
    """A lock that goes with the process, however it ends, on every system; None if another has it."""
    private_file(path)
    connection = sqlite3.connect(path, timeout=0, check_same_thread=False, isolation_level=None)
    try:
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError:
        connection.close()
        return None
    return connection


class _Json:
    """A serializer of huey's messages; their times are the only values that JSON has not."""

    def serialize(self, message: tuple[Any, ...]) -> bytes:
        return json.dumps(message, default=datetime.isoformat).encode()

    def deserialize(self, data: bytes) -> Any:
        from huey.registry import Message

        message = Message(*json.loads(bytes(data)))
        return message._replace(eta=message.eta and datetime.fromisoformat(message.eta))
