"""What a Qdrant server, the way to it and its client raise, turned into joblens's errors, and tried again.

Every call of the server store goes through :class:`Calls`. All of them may be sent twice (reads, points by
id, deletion by filter, names), so that a failure that passes by itself is tried again a few times, for
seconds at most; a server that does not answer in time is asked once, since it has too much to do already.
The API key is in no message, not even where a server or a proxy repeats it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar

import grpc
import httpx
import stamina
from pydantic import ValidationError
from qdrant_client.common.client_exceptions import ResourceExhaustedResponse
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from indexer.edge_errors import missing_index
from indexer.store import logical_name
from preprocess.errors import DimensionMismatch, JoblensError, StorageFull, StoreError

P = ParamSpec("P")
T = TypeVar("T")

ATTEMPTS, RETRY_S = 4, 5.0
"""Tries of a call, and the seconds after which no other one begins: long enough for a connection that broke
and for a node that hands its shards over, short enough for someone who waits for a reply."""

PASSING = frozenset({429, 500, 502, 503})
"""Statuses that may be gone a moment later. 500 is among them: in a cluster it says, too, that another node
did not answer."""

TOLD_CHARACTERS = 200
"""Of what a server says is wrong, for a message."""

_OF_GRPC = {
    "INVALID_ARGUMENT": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "DEADLINE_EXCEEDED": 408,
    "ALREADY_EXISTS": 409,
    "RESOURCE_EXHAUSTED": 429,
    "UNAVAILABLE": 503,
}
_DISK = ("no space left", "not enough space", "out of disk", "disk is full", "not enough disk")


@dataclass(frozen=True, slots=True)
class Calls:
    """Calls of one server.

    :param place: what to call the server in messages: host and port, without what else its URL holds.
    :param timeout_s: how long the client waits for an answer.
    :param secret: what must not be told, the API key.
    """

    place: str
    timeout_s: int
    secret: str = field(default="", repr=False)

    def __call__(
        self, doing: str, collection: str, call: Callable[P, T], *args: P.args, **named: P.kwargs
    ) -> T:
        """What ``call`` returns.

        :param doing: what is tried, for the message.
        :param collection: the collection that is asked, logical or physical; empty where it is none of ours.
        :raises StoreError: as :meth:`error` makes it.
        """
        retries = stamina.retry_context(
            on=_passes, attempts=ATTEMPTS, timeout=RETRY_S, wait_initial=0.1, wait_max=1.0, wait_jitter=0.2
        )
        for attempt in retries:
            with attempt:
                try:
                    return call(*args, **named)
                except JoblensError:
                    raise
                except Exception as error:
                    raise self.error(error, doing, collection) from error
        raise AssertionError("stamina raises the last error")

    def error(self, error: Exception, doing: str, collection: str = "") -> StoreError:
        """The error of ours that ``error`` is, most specific first."""
        found = source(error)
        status, text = answer(found)
        text = self._without_secret(text)
        low = text.lower()
        server = f"Qdrant at {self.place}"
        if isinstance(found, httpx.TimeoutException) or status in (408, 504):
            return StoreError(
                f"{doing}: {server} did not answer within {self.timeout_s} s; look at its log and load, or "
                "wait longer with JOBLENS_QDRANT_TIMEOUT_S"
            )
        if isinstance(found, httpx.TransportError) or (status == 503 and isinstance(found, grpc.RpcError)):
            return StoreError(
                f"{doing}: {server} cannot be reached ({text or type(found).__name__}); start it, or correct "
                "JOBLENS_QDRANT_URL"
            )
        if status in (401, 403):
            return StoreError(
                f"{doing}: {server} refuses the API key; expected: the key of the server in "
                f"JOBLENS_QDRANT_API_KEY, found: {'another one' if self.secret else 'none'}"
            )
        if "dimension error" in low or "not aligned" in low:
            return DimensionMismatch(f"{doing}: {text}")
        if status == 507 or any(words in low for words in _DISK):
            return StorageFull(
                f"{doing}: the disk of {server} is full ({text}); free some space and run the same command "
                "again"
            )
        if status == 404 and "collection" in low and collection:
            return missing_index(logical_name(collection))
        if _too_large(status, low):
            return StoreError(
                f"{doing}: the request is larger than {server} takes; raise its setting "
                "service.max_request_size_mb (QDRANT__SERVICE__MAX_REQUEST_SIZE_MB)"
            )
        if status is None or status == 404 or 300 <= status < 400:
            return StoreError(
                f"{doing}: what answers at {self.place} does not speak as Qdrant 1.19 does ({text}); correct "
                "JOBLENS_QDRANT_URL"
            )
        return StoreError(f"{doing}: {server} answered {status}: {text}")

    def _without_secret(self, text: str) -> str:
        return text.replace(self.secret, "***") if self.secret else text


def source(error: Exception) -> Exception:
    """What lies behind the exceptions of the client."""
    if isinstance(error, ResponseHandlingException) and isinstance(error.source, Exception):
        return error.source
    return error


def answer(error: Exception) -> tuple[int | None, str]:
    """The HTTP status, or what would be it, and what was said; None where it was no answer of Qdrant."""
    if isinstance(error, UnexpectedResponse):
        return error.status_code, _said(error.content)
    if isinstance(error, ResourceExhaustedResponse):
        return 429, str(error)[:TOLD_CHARACTERS]
    if isinstance(error, grpc.RpcError) and isinstance(error, grpc.Call):
        return _OF_GRPC.get(error.code().name, 500), str(error.details())[:TOLD_CHARACTERS]
    text = str(error)[:TOLD_CHARACTERS]
    if isinstance(error, json.JSONDecodeError | ValidationError | UnicodeError | httpx.HTTPError):
        return None, text.splitlines()[0] if text else ""
    # The client's in-memory engine, and the client's own checks, raise ValueError.
    if "already exists" in text:
        return 409, text
    return (404 if "not found" in text else 400), text


def tell_retry(details: stamina.instrumentation.RetryDetails) -> None:
    """A line about a try that follows, on standard error: results go to standard output."""
    log = logging.getLogger("joblens.store")
    log.warning("%s; trying again in %.1f s", details.caused_by, details.wait_for)


def _said(content: bytes) -> str:
    try:
        said = json.loads(content)["status"]["error"]
    except (ValueError, KeyError, TypeError):
        said = content.decode("utf-8", "replace")
    return " ".join(str(said).split())[:TOLD_CHARACTERS]


def _passes(error: Exception) -> bool:
    """Whether the foreign error behind one of ours may be gone at the next try."""
    cause = source(error.__cause__) if isinstance(error.__cause__, Exception) else error
    if isinstance(error, StorageFull) or isinstance(cause, httpx.TimeoutException):
        return False
    status, text = answer(cause)
    return isinstance(cause, httpx.TransportError) or (
        status in PASSING and not _too_large(status, text.lower())
    )


def _too_large(status: int | None, text: str) -> bool:
    return status == 413 or any(words in text for words in ("too large", "larger than"))


def made_once(make: Callable[P, object]) -> Callable[P, None]:
    """``make``, content where that is there: by another process, or by a try whose reply was lost."""

    def made(*args: P.args, **named: P.kwargs) -> None:
        try:
            make(*args, **named)
        except Exception as error:
            status, text = answer(source(error))
            if status != 409 and "already exists" not in text:
                raise

    return made
