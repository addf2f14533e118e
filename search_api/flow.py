"""How many requests are worked on at once, how many may wait for that, and how long each may take.

The routes are plain functions in a pool of ``workers`` threads; more threads than processors only take turns
on them. A thread cannot be stopped: a request that took too long is answered with 504, goes on without a
listener, and keeps its place until it has ended, so that a store which hangs cannot gather threads.
"""

from __future__ import annotations

import asyncio

import anyio
import anyio.to_thread
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from preprocess.errors import Overloaded, TimedOut

RETRY_AFTER_S = 1
"""The queue of a busy service is worked off within seconds; a convention, not a measurement."""


class Flow:
    """The places of one app.

    :param workers: requests that are worked on at the same time.
    :param queue: requests that may wait beside those.
    :param timeout_s: until a request must have begun to be answered.
    """

    def __init__(self, workers: int, queue: int, timeout_s: float) -> None:
        self.workers, self.places, self.timeout_s = workers, workers + queue, timeout_s
        self.taken = self.begun = 0

    def set_up_threads(self) -> None:
        """Give the running event loop's thread pool its size."""
        anyio.to_thread.current_default_thread_limiter().total_tokens = self.workers

    @property
    def waiting(self) -> int:
        """Requests that have no thread yet, or wait for their next one."""
        return max(0, self.taken - self.workers)

    async def run(
        self, app: ASGIApp, scope: Scope, receive: Receive, send: Send, *, timeout_s: float | None = None
    ) -> None:
        """Let ``app`` answer.

        :param timeout_s: in place of the flow's own.
        :raises Overloaded: if every place is taken.
        :raises TimedOut: if it has not begun to answer in time.
        """
        timeout_s = timeout_s or self.timeout_s
        if self.taken >= self.places:
            busy = Overloaded(
                f"{self.places:,} requests are at work or waiting already; come again in {RETRY_AFTER_S} s"
            )
            busy.retry_after_s = RETRY_AFTER_S
            raise busy
        answer, scope_of_work = _Answer(send), anyio.CancelScope()

        async def work() -> None:
            with scope_of_work:
                await app(scope, receive, answer.send)

        self.taken += 1
        self.begun += 1
        task = asyncio.ensure_future(work())
        task.add_done_callback(self._ended)
        try:
            await asyncio.wait([task], timeout=timeout_s)
            if task.done() or answer.begun:
                await task
                return
        except asyncio.CancelledError:
            scope_of_work.cancel()
            raise
        answer.dropped = True
        scope_of_work.cancel()  # what waits ends now; what is in a thread, when that returns
        raise TimedOut(
            f"the request took longer than {timeout_s:g} s; ask for less at once, or raise "
            "JOBLENS_SERVE_TIMEOUT_S"
        )

    def _ended(self, task: asyncio.Future[None]) -> None:
        self.taken -= 1
        if not task.cancelled():
            task.exception()  # seen, or asyncio would print that of a request that nobody waits for


class _Answer:
    """Passes an answer on, unless another one was given in its place."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.begun = self.dropped = False

    async def send(self, message: Message) -> None:
        if not self.dropped:
            self.begun = True
            await self._send(message)
