"""The one shape of an error: RFC 9457 ``application/problem+json``, whatever went wrong.

``type`` follows from the class in ``preprocess.errors`` (``IndexMissing`` is ``/problems/index-missing``);
plain HTTP errors, such as an unknown path, have ``about:blank`` as the RFC says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from preprocess.errors import (
    Conflict,
    EmptyQuery,
    FingerprintMismatch,
    Forbidden,
    IndexMissing,
    InvalidParameter,
    JoblensError,
    Overloaded,
    StorageFull,
    StoreCorrupt,
    StoreError,
    StoreLocked,
    TimedOut,
    TooLarge,
    TooManyRequests,
    Unauthorised,
    UnknownBatch,
    UnknownCode,
    UnknownDocument,
    UnsupportedFormat,
)

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 5
"""An index that is locked or being made is seldom ready sooner."""

MAX_ERRORS = 50


class ProblemError(BaseModel):
    """One thing that is wrong: where, and why."""

    location: str = Field(description="Dotted path into the request, or the part that is not ready.")
    message: str


class Problem(BaseModel):
    """What every error looks like (RFC 9457)."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(description="Stable name of the kind of problem; about:blank for plain HTTP errors.")
    title: str = Field(description="The kind of problem in words.")
    status: int = Field(description="The HTTP status.", ge=400, le=599)
    detail: str = Field(description="What was expected, what was found, what to do.")
    errors: list[ProblemError] = Field(
        description="Each fault by itself; empty where there is only the detail."
    )


def problem_type(error: type[JoblensError]) -> str:
    """``IndexMissing`` is ``/problems/index-missing``."""
    return "/problems/" + re.sub(r"(?<!^)(?=[A-Z])", "-", error.__name__).lower()


def problem(
    status: int,
    detail: str,
    *,
    type: str = "about:blank",
    title: str = "",
    errors: Sequence[ProblemError] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A problem as a response; ``title`` is the name of the status unless given."""
    content = Problem(
        type=type,
        title=title or HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        errors=list(errors[:MAX_ERRORS]),
    )
    sent = dict(headers or {})
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        sent.setdefault("Retry-After", str(RETRY_AFTER_S))
    # ASCII, because a key of a bad request may hold half a surrogate pair, which UTF-8 cannot carry.
    return Response(json.dumps(content.model_dump()), status, sent, media_type=MEDIA_TYPE)


def problem_of(error: JoblensError, errors: Sequence[ProblemError] = ()) -> Response:
    """What the API answers for one of our errors."""
    kind = type(error)
    headers = {"Retry-After": str(error.retry_after_s)} if error.retry_after_s is not None else {}
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="joblens"'
    return problem(
        error.status, str(error), type=problem_type(kind), title=kind.title, errors=errors, headers=headers
    )


def answer_with_problems(app: FastAPI) -> None:
    """Let ``app`` answer every refusal in this shape; ``search_api.gate`` catches what nobody expected."""

    @app.exception_handler(JoblensError)
    async def ours(request: Request, error: Exception) -> Response:  # noqa: ARG001
        assert isinstance(error, JoblensError)
        return problem_of(error)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: Exception) -> Response:  # noqa: ARG001
        assert isinstance(error, RequestValidationError)
        return _invalid([_problem_error(item) for item in error.errors()])

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if isinstance(error.__cause__, JoblensError):  # raised by the gate while the body was read
            return problem_of(error.__cause__)
        if error.status_code == HTTPStatus.BAD_REQUEST:  # FastAPI's answer to a body that no parser takes
            return _invalid([ProblemError(location="body", message="not valid JSON in UTF-8")])
        detail = str(error.detail)
        if error.status_code == HTTPStatus.NOT_FOUND:
            detail = "there is nothing at this path; /openapi.json lists what there is"
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            detail = f"{request.method} is not among this path's methods"
        return problem(error.status_code, detail, headers=error.headers)


def _invalid(errors: Sequence[ProblemError]) -> Response:
    first = errors[0]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return problem_of(InvalidParameter(f"{first.location}: {first.message}{more}"), errors)


def _problem_error(item: Mapping[str, Any]) -> ProblemError:
    # The forms of a union are tagged "<...>" in search_api.schemas; they are no part of the request.
    location = ".".join(str(part) for part in item["loc"] if not str(part).startswith("<"))
    if item["type"] == "json_invalid":
        return ProblemError(location="body", message=f"not valid JSON: {item['ctx']['error']}")
    return ProblemError(location=location, message=item["msg"])


# ---- for the OpenAPI description

_EXAMPLES: Mapping[type[JoblensError], str] = {
    UnknownCode: "the index holds no occupation 15-9999; near it: 15-2011.00 Actuaries",
    UnknownDocument: "no stored posting has the id 8f0c9c3e-6f0c-5d55-9c8e-0d9f4f0b7a11",
    FingerprintMismatch: "the index of postings was built with other settings; index again with --rebuild",
    TooLarge: "expected a body of at most 2,097,152 bytes, found 3,000,000; send it in parts",
    UnsupportedFormat: "expected a body of content type application/json, found 'text/plain'",
    InvalidParameter: "body.top_k: Input should be less than or equal to 1000",
    StoreCorrupt: "opening postings: its files cannot be read; erase them and index again",
    IndexMissing: "there is no index of occupations yet; make it with: joblens index onet PATH",
    Unauthorised: "expected a valid API key in the header X-API-Key",
    Forbidden: "this takes a key of role writer, found a reader's",
    TooManyRequests: "expected at most 1,200 requests a minute with one key; come again in 12 s",
    Overloaded: "64 requests are waiting already; come again in 1 s",
    TimedOut: "the request took longer than 60 s; ask for less at once",
    Conflict: "another process wrote or erased this document at the same moment; send it again",
    UnknownBatch: "there is no batch 8f0c9c3e-6f0c-5d55-9c8e-0d9f4f0b7a11, or its results have expired",
    EmptyQuery: "expected at least one sentence with words in it, found none",
    StoreError: "the batches cannot be kept: the folder cannot be written; see the service's log",
    StoreLocked: "feedback is being written by another process; send it again",
    StorageFull: "the disk is full; free some space and run the same command again",
}


def declared(*errors: type[JoblensError]) -> dict[int | str, dict[str, Any]]:
    """The ``responses`` of a route that may answer with these problems, or others of the same status."""
    return {error.status: _declaration(error, _EXAMPLES[error]) for error in errors}


def _declaration(error: type[JoblensError], detail: str) -> dict[str, Any]:
    location, _, message = detail.partition(": ")
    example = {
        "type": problem_type(error),
        "title": error.title,
        "status": error.status,
        "detail": detail,
        "errors": [{"location": location, "message": message}] if error is InvalidParameter else [],
    }
    schema = {"$ref": "#/components/schemas/Problem"}
    description = HTTPStatus(error.status).phrase
    return {"description": description, "content": {MEDIA_TYPE: {"schema": schema, "example": example}}}
