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
from starlette.middleware.cors import CORSMiddleware

from indexer.store import SCHEMA_VERSION
from indexer.workspace import Workspace
from preprocess.errors import Forbidden, IndexMissing
from search_api import batch_routes, document_routes, embed_routes, feedback_routes, routes
from search_api.access import Access
from search_api.admission import Admission
from search_api.batch_worker import Traffic
from search_api.batches import Batches
from search_api.docs_page import STATIC, add_docs_page
from search_api.document_schemas import DocumentRequest
from search_api.flow import Flow
from search_api.gate import Gate, request_log
from search_api.keys import KeyRing
from search_api.metrics import MEDIA_TYPE, Metrics
from search_api.problems import Problem, ProblemError, answer_with_problems, declared, problem
from search_api.readiness import HealthReply, ReadyReply, VersionReply, Watchman, warm_up
from search_api.settings import ServeSettings, named

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
    {"name": "feedback", "description": "Accepted and corrected codes."},
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
    home = opened.store_settings
    log, metrics = request_log(), Metrics()
    flow = Flow(settings.workers, settings.queue, settings.timeout_s)
    metrics.gauge("requests_waiting", "Requests that wait for a thread.", lambda: flow.waiting)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        # Uvicorn's own access log writes query strings, which hold text of users.
        logging.getLogger("uvicorn.access").disabled = True
        flow.set_up_threads()
        report, later = warm_up(app.state.workspace)
        log.info(
            "started",
            ready=report.ready,
            model=report.model,
            collections={state.name: state.state for state in report.collections},
        )
        batches.start()
        yield
        later.cancel()
        later.join()  # or it would open again what is closed now
        batches.close()
        if workspace is None:
            opened.close()

    # Its scripts come from this process: FastAPI's own page fetches them from a CDN.
    app = FastAPIOffline(
        docs_url=None,
        redoc_url=None,
        static_url=STATIC,
        title="joblens",
        version=joblens_version(),
        description=DESCRIPTION,
        openapi_tags=TAGS,
        lifespan=lifespan,
    )
    app.state.workspace = opened.watched(metrics.watch)
    app.state.settings = settings
    traffic = Traffic(lambda: flow.taken, lambda: flow.begun)
    batches = Batches(app.state.workspace, settings, log=log, traffic=traffic)
    app.state.batches = batches
    metrics.gauge("batches_queued", "Batches that wait.", lambda: batches.queue_length().queued)
    metrics.gauge("batches_running", "Batches begun.", lambda: batches.queue_length().running)
    metrics.gauge("batch_rows_left", "Rows of batches to do.", lambda: batches.queue_length().rows_left)
    app.state.metrics = metrics
    # The last one added sees a request first.
    app.add_middleware(
        Admission,
        access=Access(
            KeyRing(home.home.expanduser()),
            tenant=home.tenant,
            hosts=named(settings.allowed_hosts),
            per_minute=settings.requests_per_minute,
        ),
        flow=flow,
        metrics=metrics,
        max_body_bytes=settings.max_body_bytes,
        max_file_bytes=settings.max_file_bytes,
        max_batch_bytes=settings.max_batch_bytes,
    )
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=named(settings.cors_origins),
            allow_methods=["GET", "POST", "PUT", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "X-API-Key", "X-Request-Id"],
            expose_headers=["Retry-After", "X-Request-Id"],
        )
    app.add_middleware(Gate, metrics=metrics, log=log)
    answer_with_problems(app)
    for part in (routes.posts, routes.router, *(module.router for module in PARTS)):
        app.include_router(part)
    _add_service_routes(app, Watchman(opened))
    add_docs_page(app)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


def joblens_version() -> str:
    """The installed version; "0+source" where joblens runs from a folder that was never installed."""
    try:
        return metadata.version("joblens")
    except metadata.PackageNotFoundError:
        return "0+source"


def _add_service_routes(app: FastAPI, watchman: Watchman) -> None:
    """The state of the service. All of these answer also while every thread of the pool is at work."""

    @app.get("/health", tags=["service"], summary="Is the process alive", responses=declared(Forbidden))
    async def health() -> HealthReply:
        """Always ok while the process answers."""
        return HealthReply()

    @app.get(
        "/ready",
        tags=["service"],
        summary="Can it answer",
        response_model=ReadyReply,
        responses=declared(Forbidden, IndexMissing),
    )
    async def ready() -> ReadyReply | Response:
        """The encoder and the occupations answer; else 503 with what is missing and how to make it."""
        report = (await watchman.state()).report
        if report.ready:
            return report
        return problem(
            503,
            "; ".join(report.missing.values()),
            type="/problems/not-ready",
            title="The service is not ready",
            errors=[ProblemError(location=place, message=text) for place, text in report.missing.items()],
        )

    @app.get("/version", tags=["service"], summary="What runs here", responses=declared(Forbidden))
    async def version() -> VersionReply:
        """Versions of joblens, Python, the model and the stored schema."""
        state = await watchman.state()
        return VersionReply(
            version=joblens_version(),
            python=platform.python_version(),
            model=state.report.model or None,
            weights_sha256=state.weights_sha256,
            schema_version=SCHEMA_VERSION,
        )

    @app.get("/metrics", include_in_schema=False)
    async def metrics(request: Request) -> Response:
        return Response(request.app.state.metrics.page(), media_type=MEDIA_TYPE)


def _openapi(app: FastAPI) -> dict[str, Any]:
    """FastAPI's description with the problem shape, which no route returns as its own model, and the JSON
    form of a document, which stands beside its other forms."""
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
        document = DocumentRequest.model_json_schema()
        schema["components"]["schemas"] |= {
            **shapes.pop("$defs"), "Problem": shapes, DocumentRequest.__name__: document
        }  # fmt: skip
        app.openapi_schema = schema
    return app.openapi_schema
