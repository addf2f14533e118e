"""What every request passes first: an id, a size limit, one log line, and a net for what nobody expected.

The log never holds text of a request: no query string, no body, no message of an exception (it may quote
the text), and the route's template (``/v1/occupations/{code}``) in place of the path.
"""

from __future__ import annotations

import re
import sys
import time
import traceback
import uuid
from collections.abc import Iterable, Mapping

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from preprocess.errors import JoblensError, TooLarge
from search_api.keys import Caller, KeyRing
from search_api.problems import problem, problem_of

_SANE_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"})
GUARDED = ("/v1/", "/metrics")

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
    """ASGI middleware around the whole app.

    :param max_body_bytes: a larger body is refused with 413, by its Content-Length or while it comes in.
    :param keys: the API keys. As soon as there is one, no path under :data:`GUARDED` opens without; until
        then every caller is the operator.
    :param tenant: whose documents a caller without a key reads and writes.
    """

    def __init__(self, app: ASGIApp, *, max_body_bytes: int, keys: KeyRing, tenant: str, log: Log) -> None:
        self.app = app
        self.max_body_bytes = max_body_bytes
        self.keys = keys
        self.nobody = Caller(tenant, "admin")
        self.keyed = bool(keys.keys)  # and stays so: a lost file does not open the service
        self.log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begin = time.perf_counter()
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        request_id = _request_id(headers.get(b"x-request-id", ""))
        status = 0

        async def send_marked(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message["headers"],
                    (b"x-request-id", request_id.encode()),
                    (b"x-content-type-options", b"nosniff"),
                ]
            await send(message)

        try:
            announced = headers.get(b"content-length", "")
            size_bytes = int(announced[:18]) if announced.isdecimal() else 0
            if size_bytes > self.max_body_bytes:
                await problem_of(self._too_large(size_bytes))(scope, receive, send_marked)
            elif refusal := self._refused(scope, headers):
                await problem_of(refusal)(scope, receive, send_marked)
            else:
                await self.app(scope, self._counted(receive), send_marked)
        except Exception as error:
            self.log.error(
                "unexpected",
                request_id=request_id,
                error=type(error).__name__,
                frames=_frames(error),
            )
            if not status:
                answer = problem(
                    500, f"an unexpected error; the service's log has it as request {request_id}"
                )
                await answer(scope, receive, send_marked)
        finally:
            self.log.info(
                "request",
                request_id=request_id,
                method=scope["method"] if scope["method"] in _METHODS else "other",
                route=getattr(scope.get("route"), "path", None),
                status=status,
                tenant=caller.tenant if (caller := scope.get("state", {}).get("caller")) else None,
                ms=round(1_000 * (time.perf_counter() - begin), 1),
            )

    def _refused(self, scope: Scope, headers: Mapping[bytes, str]) -> JoblensError | None:
        """Why the caller may not go on; where they may, the request carries who they are."""
        caller = self.nobody
        try:
            self.keyed = self.keyed or bool(self.keys.keys)
            if self.keyed and scope["path"].startswith(GUARDED):
                caller = self.keys.caller(headers.get(b"x-api-key", ""))
        except JoblensError as error:
            return error
        scope.setdefault("state", {})["caller"] = caller
        return None

    def _counted(self, receive: Receive) -> Receive:
        size_bytes = 0

        async def receive_counted() -> Message:
            nonlocal size_bytes
            message = await receive()
            size_bytes += len(message.get("body", b""))
            if size_bytes > self.max_body_bytes:
                raise self._too_large(size_bytes)
            return message

        return receive_counted

    def _too_large(self, found: int) -> TooLarge:
        return TooLarge(
            f"expected a body of at most {self.max_body_bytes:,} bytes, found {found:,} or more; "
            "send it in parts, or raise JOBLENS_SERVE_MAX_BODY_BYTES"
        )


def _request_id(given: str) -> str:
    return given if _SANE_ID.fullmatch(given) else str(uuid.uuid4())


def _frames(error: BaseException) -> list[str]:
    """Where it happened, innermost last: file names and lines, no source text and no values."""
    summary: Iterable[traceback.FrameSummary] = traceback.extract_tb(error.__traceback__)[-8:]
    return [f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}" for frame in summary]
