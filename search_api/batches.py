"""Batches from their creation to their end: the record, the files, the queue and the worker together.

The app factory makes one :class:`Batches`; the lifespan starts and closes it. Nothing is opened or written
until somebody asks for a batch, or one of an earlier run is unfinished.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

from indexer.workspace import Workspace
from preprocess.errors import Conflict, JoblensError, UnknownBatch
from search_api import batch_files
from search_api.batch import Format
from search_api.batch_files import Upload
from search_api.batch_queue import BatchQueue
from search_api.batch_store import Batch, BatchStore, QueueLength, new_id
from search_api.batch_tasks import RowLimits, RowTask, TaskName
from search_api.batch_worker import Traffic, Worker
from search_api.gate import Log
from search_api.settings import ServeSettings

FOLDER = "batches"
DAY_S = 86_400


class Batches:
    """The batches of a data directory.

    :param workspace: with which rows are answered, each batch's as its tenant sees it.
    :param traffic: the requests of the service; batches go slower while there are any.
    """

    def __init__(
        self, workspace: Workspace, settings: ServeSettings, *, log: Log, traffic: Traffic | None = None
    ) -> None:
        self.folder = workspace.store_settings.home.expanduser() / FOLDER
        self._store = BatchStore(self.folder)
        self._settings = settings
        self._keep_s = settings.batch_days * DAY_S
        self._log = log
        self._lock = threading.Lock()
        self._queue: BatchQueue | None = None
        self._started = False
        self._traffic = traffic or Traffic()
        self._own = self._own_begun = 0
        self._worker = Worker(
            workspace, self._store, RowLimits(settings.max_sentences, settings.max_pairs),
            keep_s=self._keep_s, log=log, traffic=self.traffic,
            others_wait=self._others_wait, stopping=self._stopping,
        )  # fmt: skip

    def start(self) -> None:
        """Go on with what an earlier run left; from now on, batches are worked on."""
        self._started = True
        try:
            if self.folder.is_dir():
                self._tidy()
                self._work()
        except JoblensError as error:  # the service can do without batches
            self._log.error("batches cannot start", error=type(error).__name__)

    def close(self) -> None:
        """Stop after the chunk that is being worked on, and let go of everything."""
        self._started = False
        with self._lock:
            queue = self._queue
        if queue is not None:
            queue.close()
            self._queue = None
        self._worker.close()
        self._store.close()

    # ---- what a tenant does

    @contextmanager
    def request(self) -> Iterator[None]:
        """Around a request for batches: the worker does not make room for one that asks how far it is."""
        # In the event loop only, so no lock is needed.
        self._own += 1
        self._own_begun += 1
        try:
            yield
        finally:
            self._own -= 1

    @property
    def traffic(self) -> Traffic:
        """Requests that go before a batch."""
        return Traffic(
            lambda: self._traffic.in_flight() - self._own, lambda: self._traffic.begun() - self._own_begun
        )

    def upload(self) -> Upload:
        """Room for the rows of a new batch; they are erased in the end, unless a batch was made of them."""
        return Upload(self.folder, new_id())

    def check_room(self, tenant: str) -> None:
        """:raises Conflict: if the tenant has as many unfinished batches as it may."""
        most = self._settings.max_batches
        if len(self._store.unfinished(tenant)) >= most:
            raise Conflict(
                f"expected at most {most} unfinished batches, found {most} already; wait for one, or stop one"
            )

    def create(self, upload: Upload, tenant: str, name: TaskName, task: RowTask, form: Format) -> Batch:
        """Make a batch of an upload that is complete.

        :raises ReadError: if it is no text, or holds no row.
        :raises InvalidParameter: if a column is not there, or there are too many rows.
        :raises Conflict: if the tenant has as many unfinished batches as it may.
        """
        total, task = upload.look(form, task, max_rows=self._settings.max_batch_rows)
        self.check_room(tenant)
        upload.keep()
        try:
            batch = self._store.create(
                upload.id, tenant, name, asdict(task), form, total=total, keep_s=self._keep_s
            )
            self._work(batch.id)
        except JoblensError:
            self._erase(upload.id)
            raise
        return batch

    def find(self, tenant: str, id: str) -> Batch:
        """A tenant's batch.

        :raises UnknownBatch: if there is none, or it is another tenant's, or has expired.
        """
        batch = self._store.find(id, tenant)
        if batch is None:
            raise UnknownBatch(f"there is no batch {id}, or it has expired")
        return batch

    def page(self, tenant: str, *, limit: int, before: int | None = None) -> list[Batch]:
        """A tenant's batches, the newest first, from before the one numbered ``before``."""
        return self._store.page(tenant, limit=limit, before=before)

    def results(self, batch: Batch, *, skip: int = 0) -> Iterator[bytes]:
        """The answers that ``batch`` has, one line a row, from row ``skip`` on."""
        file = batch_files.open_results(self.folder, batch.id)
        if file is None:
            return iter(())
        return batch_files.blocks(file, size_bytes=batch.results_bytes, skip=skip)

    def cancel(self, tenant: str, id: str) -> Batch:
        """Stop a batch and erase its rows and results; a cancelled one stays as it is.

        :raises UnknownBatch: as :meth:`find`.
        :raises Conflict: if it is done or has failed.
        """
        self.find(tenant, id)
        if self._store.finish(id, "cancelled", keep_s=self._keep_s):
            self._store.no_results(id)
            batch_files.erase(self.folder, id)
        batch = self.find(tenant, id)
        if batch.state != "cancelled":
            raise Conflict(f"batch {id} is {batch.state}, there is nothing to cancel; DELETE erases it")
        return batch

    def erase(self, tenant: str, id: str) -> Batch:
        """Erase a batch with its rows and results, whatever its state.

        :return: the batch as it was.
        :raises UnknownBatch: as :meth:`find`.
        """
        batch = self.find(tenant, id)
        self._erase(id)
        return batch

    # ---- what the service does

    def queue_length(self) -> QueueLength:
        """What waits and runs, over all tenants; for the metrics, which can be read in any case."""
        try:
            return self._store.queue_length()
        except JoblensError:
            return QueueLength(math.nan, math.nan, math.nan)

    # ---- inside

    def _work(self, id: str | None = None) -> None:
        """Let the queue know of a batch; it is begun here unless another process works already."""
        with self._lock:
            if self._queue is None:
                self._queue = BatchQueue(self.folder, self._worker.work, self._tidy)
            began = self._started and self._queue.start(self._store.unfinished)
            if id is not None and not began:
                self._queue.add(id)

    def _erase(self, id: str) -> None:
        try:
            self._store.forget(id)
        finally:
            batch_files.erase(self.folder, id)

    def _tidy(self) -> None:
        """Erase what has expired, and what a killed process left; queue what is in no queue."""
        try:
            for id in self._store.expired():
                self._erase(id)
                self._log.info("batch expired", batch=id)
            batch_files.erase_abandoned(self.folder, self._store.ids())
            if self._queue is not None:
                self._queue.restore(self._store.unfinished())
        except (JoblensError, OSError) as error:  # comes again in five minutes
            self._log.error("batches cannot be tidied", error=type(error).__name__)

    def _others_wait(self) -> bool:
        return self._queue is not None and self._queue.waiting > 0

    def _stopping(self) -> bool:
        return self._queue is not None and self._queue.stopping
