"""The REST service: ``uvicorn --factory search_api.app:create_app``.

The factory reads the settings and opens the workspace; nothing happens at import. The process never
imports torch, daft, ray, scikit-learn or umap (a test in a subprocess holds that), which is what keeps it
small and quick to start.
"""

from __future__ import annotations

import logging
import platform
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import metadata
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi
from fastapi_offline import FastAPIOffline

from indexer.store import SCHEMA_VERSION
from indexer.workspace import Workspace
from preprocess.errors import IndexMissing, JoblensError, StoreCorrupt
from search_api import batch_routes, document_routes, embed_routes, feedback_routes, routes
from search_api.gate import Gate, request_log
from search_api.keys import KeyRing
from search_api.problems import Problem, ProblemError, answer_with_problems, declared, problem
from search_api.readiness import HealthReply, ReadyReply, VersionReply, readiness, warm_up
from search_api.settings import ServeSettings

DESCRIPTION = """\
What does this job ask, what have I done, and where is the gap?

* **Gap**: which postings fit a brag document, which of their sentences it covers, and with what proof.
* **Occupation**: which O*NET-SOC codes a title or a posting belongs to, with the evidence.
* **Search**: dense, lexical and hybrid search over sentences and titles.

Errors are `application/problem+json` (RFC 9457) in one shape everywhere. Replies name the fingerprint of the
index that answered. Occupation data: O*NET Database, USDOL/ETA, CC BY 4.0.
"""
TAGS = [
    {"name": "occupations", "description": "O*NET-SOC codes: classify, look up, read."},
    {"name": "search", "description": "Sentences and titles by meaning and by word."},
    {"name": "gap", "description": "A person's sentences against what postings ask."},
    {"name": "documents", "description": "A tenant's own postings and brag documents."},
    {"name": "batches", "description": "Long jobs over many rows."},
    {"name": "service", "description": "State of the service."},
]

PARTS = (document_routes, batch_routes, embed_routes, feedback_routes)


def create_app(workspace: Workspace | None = None, settings: ServeSettings | None = None) -> FastAPI:
    """The service as an ASGI app.

    :param workspace: what to serve; left out, one is made from the settings, and closed at shutdown.
    :param settings: limits; left out, read from the environment.
    """
    settings = settings or ServeSettings()
    opened = workspace or Workspace()
    log = request_log()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        # Uvicorn's own access log writes query strings, which hold text of users.
        logging.getLogger("uvicorn.access").disabled = True
        report = warm_up(opened)
        log.info(
            "started",
            ready=report.ready,
            model=report.model,
            collections={state.name: state.state for state in report.collections},
        )
        yield
        if workspace is None:
            opened.close()

    # The documentation page comes from this process: FastAPI's own fetches its scripts from a CDN.
    app = FastAPIOffline(
        redoc_url=None,
        title="joblens",
        version=joblens_version(),
        description=DESCRIPTION,
        openapi_tags=TAGS,
        lifespan=lifespan,
    )
    app.state.workspace = opened
    app.state.settings = settings
    home = opened.store_settings
    app.add_middleware(
        Gate,
        max_body_bytes=settings.max_body_bytes,
        keys=KeyRing(home.home.expanduser()),
        tenant=home.tenant,
        log=log,
    )
    answer_with_problems(app)
    for part in (routes.posts, routes.router, *(module.router for module in PARTS)):
        app.include_router(part)
    _add_service_routes(app)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


def joblens_version() -> str:
    """The installed version; "0+source" where joblens runs from a folder that was never installed."""
    try:
        return metadata.version("joblens")
    except metadata.PackageNotFoundError:
        return "0+source"


def _add_service_routes(app: FastAPI) -> None:
    @app.get("/health", tags=["service"], summary="Is the process alive", responses=declared(StoreCorrupt))
    def health() -> HealthReply:
        """Always ok while the process answers."""
        return HealthReply()

    @app.get(
        "/ready",
        tags=["service"],
        summary="Can it answer",
        response_model=ReadyReply,
        responses=declared(StoreCorrupt, IndexMissing),
    )
    def ready(request: Request) -> ReadyReply | Response:
        """The encoder and the occupations are there; else 503 with what is missing and how to make it."""
        report = readiness(request.app.state.workspace)
        if report.ready:
            return report
        return problem(
            503,
            "; ".join(report.missing.values()),
            type="/problems/not-ready",
            title="The service is not ready",
            errors=[ProblemError(location=place, message=text) for place, text in report.missing.items()],
        )

    @app.get("/version", tags=["service"], summary="What runs here", responses=declared(StoreCorrupt))
    def version(request: Request) -> VersionReply:
        """Versions of joblens, Python, the model and the stored schema."""
        model, weights = None, None
        try:
            encoder = request.app.state.workspace.encoder
            model, weights = encoder.name, encoder.weights_sha256
        except JoblensError:
            pass  # /ready says why
        return VersionReply(
            version=joblens_version(),
            python=platform.python_version(),
            model=model,
            weights_sha256=weights,
            schema_version=SCHEMA_VERSION,
        )


def _openapi(app: FastAPI) -> dict[str, Any]:
    """FastAPI's description with the problem shape, which no route returns as its own model."""
    if not app.openapi_schema:
        schema = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
            tags=app.openapi_tags,
        )
        template = "#/components/schemas/{model}"
        shapes = Problem.model_json_schema(ref_template=template)
        schema["components"]["schemas"] |= {**shapes.pop("$defs"), "Problem": shapes}
        app.openapi_schema = schema
    return app.openapi_schema
