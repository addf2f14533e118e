"""What a request passes before a route sees it: who asks, how much is sent, and whether there is a place."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from preprocess.errors import JoblensError, TooLarge
from search_api.access import Access
from search_api.flow import Flow
from search_api.metrics import Metrics
from search_api.problems import problem_of

BATCHES = "/v1/batches"
UPLOAD_S = 900
"""The rows of a batch, 200 MiB at most, may come over a line of 2 Mbit/s."""

FORM_BYTES = 64 * 1024
"""What a form may add to the file in it: boundaries and other fields."""


class Admission:
    """ASGI middleware inside :class:`~search_api.gate.Gate`.

    :param max_body_bytes: a larger body is refused with 413, by its Content-Length or while it comes in.
    :param max_file_bytes: the same for a body that is no JSON.
    :param max_batch_bytes: the same for the rows of a batch.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        access: Access,
        flow: Flow,
        metrics: Metrics,
        max_body_bytes: int,
        max_file_bytes: int,
        max_batch_bytes: int,
    ) -> None:
        self.app, self.access, self.flow, self.metrics = app, access, flow, metrics
        self.max_body_bytes = max_body_bytes
        self.max_file_bytes = max(max_file_bytes + FORM_BYTES, max_body_bytes)
        self.max_batch_bytes = max_batch_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        try:
            caller = self.access.caller(scope, headers)
            scope.setdefault("state", {})["caller"] = caller
            limit = self._limit(scope, headers)
            announced = headers.get(b"content-length", "")
            if announced.isdecimal() and int(announced[:18]) > limit:
                raise _too_large(limit, int(announced[:18]))
            if scope["path"].startswith("/v1/"):
                timeout_s = UPLOAD_S if scope["path"] == BATCHES else None
                await self.flow.run(self.app, scope, _counted(receive, limit), send, timeout_s=timeout_s)
            else:
                await self.app(scope, _counted(receive, limit), send)
        except JoblensError as error:
            self.metrics.refused(error)
            await problem_of(error)(scope, receive, send)

    def _limit(self, scope: Scope, headers: Mapping[bytes, str]) -> int:
        if scope["path"] == BATCHES:
            return self.max_batch_bytes
        is_json = "json" in headers.get(b"content-type", "json").lower()
        return self.max_body_bytes if is_json else self.max_file_bytes


def _counted(receive: Receive, limit: int) -> Receive:
    size_bytes = 0

    async def receive_counted() -> Message:
        nonlocal size_bytes
        message = await receive()
        size_bytes += len(message.get("body", b""))
        if size_bytes > limit:
            raise _too_large(limit, size_bytes)
        return message

    return receive_counted


def _too_large(limit: int, found: int) -> TooLarge:
    return TooLarge(
        f"expected a body of at most {limit:,} bytes, found {found:,} or more; send it in parts, or raise "
        "JOBLENS_SERVE_MAX_BODY_BYTES (for files: JOBLENS_SERVE_MAX_FILE_BYTES, "
        "for batches: JOBLENS_SERVE_MAX_BATCH_BYTES)"
    )
