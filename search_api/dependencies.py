"""What the routes are given: the workspace of the caller's tenant, and the limits.

A route takes :data:`Reading`, :data:`Writing` or :data:`Operating`, by the role that it asks for. There is no
other way to a workspace, and each of these sees one tenant only.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Coroutine, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response, Security
from fastapi.routing import APIRoute
from fastapi.security import APIKeyHeader
from pydantic import BaseModel

from indexer.workspace import Workspace
from preprocess.errors import (
    Forbidden,
    Overloaded,
    TimedOut,
    TooManyRequests,
    Unauthorised,
    UnsupportedFormat,
)
from search_api.keys import Caller
from search_api.problems import declared
from search_api.settings import ServeSettings

# All of these are coroutines, as FastAPI takes a turn in the thread pool for each dependency that is none.

# The gate has looked at the key already; this puts it into the description.
_KEY = APIKeyHeader(
    name="X-API-Key",
    auto_error=False,
    description="A key of `joblens keys create`; none is needed where the service has none.",
)


async def caller_of(request: Request) -> Caller:
    """Who asks, as the gate found out."""
    caller: Caller = request.state.caller
    return caller


async def _reading(request: Request, _: Annotated[str | None, Security(_KEY)] = None) -> Workspace:
    return _workspace(request, await caller_of(request))


async def _writing(request: Request, _: Annotated[str | None, Security(_KEY)] = None) -> Workspace:
    caller = await caller_of(request)
    caller.check("writer")
    return _workspace(request, caller)


async def _operating(request: Request, _: Annotated[str | None, Security(_KEY)] = None) -> Workspace:
    caller = await caller_of(request)
    caller.check("admin")
    return _workspace(request, caller)


def _workspace(request: Request, caller: Caller) -> Workspace:
    workspace: Workspace = request.app.state.workspace
    return workspace.of_tenant(caller.tenant)


async def _settings(request: Request) -> ServeSettings:
    settings: ServeSettings = request.app.state.settings
    return settings


Reading = Annotated[Workspace, Depends(_reading)]
Writing = Annotated[Workspace, Depends(_writing)]
Operating = Annotated[Workspace, Depends(_operating)]
Asking = Annotated[Caller, Depends(caller_of)]
Limits = Annotated[ServeSettings, Depends(_settings)]

ACCESS_PROBLEMS = (Unauthorised, Forbidden, TooManyRequests, Overloaded, TimedOut)


class JsonRoute(APIRoute):
    """Looks at the headers before the body is read; a browser's form can send no JSON to this port.

    The reply is turned into JSON in the thread that made it: a gap report may have megabytes, and the event
    loop, where FastAPI would do it, has other requests to see to.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, _answering_in_json(endpoint), **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def checked(request: Request) -> Response:
            _check_json(request.headers)
            return await answer(request)

        return checked


def _answering_in_json(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(endpoint)
    def answer(*given: Any, **named: Any) -> Any:
        reply = endpoint(*given, **named)
        if isinstance(reply, BaseModel):
            return Response(reply.model_dump_json(by_alias=True), media_type="application/json")
        return reply

    return answer


def v1_router(route_class: type[APIRoute] = APIRoute) -> APIRouter:
    """A router for paths under ``/v1``; each of its routes may answer that access is refused."""
    return APIRouter(prefix="/v1", route_class=route_class, responses=declared(*ACCESS_PROBLEMS))


def _check_json(headers: Mapping[str, str]) -> None:
    found = headers.get("content-type", "")
    media_type = found.partition(";")[0].strip().lower()
    is_json = re.fullmatch(r"application/(?:[^/]+\+)?json", media_type) is not None
    has_body = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
    if has_body and not is_json:
        raise UnsupportedFormat(f"expected a body of content type application/json, found {found[:80]!r}")
    coding = headers.get("content-encoding", "identity")
    if coding != "identity":
        raise UnsupportedFormat(f"expected a body without content coding, found {coding[:80]!r}")
