"""What every request passes first: an id, headers, one log line, its metrics, and a net for the unexpected.

The log never holds text of a request: no query string, no body, no message of an exception (it may quote
the text), and the route's template (``/v1/occupations/{code}``) in place of the path.
"""

from __future__ import annotations

import re
import sys
import time
import traceback
import uuid
from collections.abc import Iterable

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from search_api.metrics import Metrics
from search_api.problems import problem

_SANE_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"})

SAFE_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; base-uri 'none'; frame-ancestors 'none'"),
)
"""On every reply that does not say otherwise itself: nothing here is to be run, framed or guessed at."""

CACHED = ("/docs", "/openapi.json", "/static-offline-docs/")
"""What a browser may keep; everything else is somebody's, or of this moment."""

Log = structlog.typing.FilteringBoundLogger


def request_log() -> Log:
    """A logger that writes one JSON object a line to standard error; it changes no global state."""
    log: Log = structlog.wrap_logger(
        structlog.WriteLogger(sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger("info"),
    )
    return log


class Gate:
    """ASGI middleware around the whole app."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics, log: Log) -> None:
        self.app, self.metrics, self.log = app, metrics, log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begin = time.perf_counter()
        work = self.metrics.begin()
        request_id = _request_id(scope)
        added = [(b"x-request-id", request_id.encode()), *SAFE_HEADERS]
        if not scope["path"].startswith(CACHED):
            added.append((b"cache-control", b"no-store"))
        status = 0

        async def send_marked(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                given = list(message["headers"])
                names = {name for name, _ in given}
                message["headers"] = given + [header for header in added if header[0] not in names]
            await send(message)

        try:
            await self.app(scope, receive, send_marked)
        except Exception as error:
            self.log.error(
                "unexpected",
                request_id=request_id,
                error=type(error).__name__,
                frames=frames(error),
            )
            if not status:
                answer = problem(
                    500, f"an unexpected error; the service's log has it as request {request_id}"
                )
                await answer(scope, receive, send_marked)
        finally:
            seconds = time.perf_counter() - begin
            method = scope["method"] if scope["method"] in _METHODS else "other"
            route = getattr(scope.get("route"), "path", None)
            caller = scope.get("state", {}).get("caller")
            self.metrics.end(route, method, status, seconds)
            self.log.info(
                "request",
                request_id=request_id,
                method=method,
                route=route,
                status=status,
                tenant=caller.tenant if caller else None,
                ms=round(1_000 * seconds, 1),
                **work.log_fields(),
            )


def _request_id(scope: Scope) -> str:
    given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"").decode(
        "latin-1"
    )
    return given if _SANE_ID.fullmatch(given) else str(uuid.uuid4())


def frames(error: BaseException) -> list[str]:
    """Where it happened, innermost last: file names and lines, no source text and no values."""
    summary: Iterable[traceback.FrameSummary] = traceback.extract_tb(error.__traceback__)[-8:]
    return [f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}" for frame in summary]
