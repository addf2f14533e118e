"""A stand-in for a Qdrant server: real HTTP on a loopback socket, and faults on demand.

No server can run where these tests run. This one serves the REST routes that the store calls. It reads each
body as the client's models, which are generated from the server's own API description and refuse what they
do not know, and has the client's in-memory engine answer. So the client's HTTP path, its header, its JSON
and its errors are real; the engine, and what a cluster does, are not.
"""

from __future__ import annotations

import json
import re
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, TypeAdapter, ValidationError
from qdrant_client import QdrantClient, models

LOCAL_WARNINGS = (
    "ignore:Local mode performs exact:UserWarning",
    "ignore:Payload indexes have no effect in the local Qdrant:UserWarning",
    "ignore:Local mode is not recommended for collections:UserWarning",
)
"""What the in-memory engine warns of, once a process: that it has no search graph and no payload index."""


@dataclass(frozen=True)
class Fault:
    """What becomes of a request instead of its answer.

    ``reply`` says ``status`` and ``body``; ``reset`` breaks the connection in the middle of an answer,
    ``lost`` does so after the request was carried out, ``silence`` keeps it open and never answers.
    """

    kind: Literal["reply", "reset", "lost", "silence"] = "reply"
    status: int = 500
    body: bytes = b'{"status":{"error":"Service internal error: it broke"},"time":0.0}'
    retry_after: str | None = None


@dataclass(frozen=True)
class Request:
    """A request that came in."""

    method: str
    path: str
    query: str
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class QdrantStub:
    """The stand-in; a context manager.

    :param api_key: what the header ``api-key`` must hold, where one is expected.
    """

    def __init__(self, api_key: str = "") -> None:
        self.api_key = api_key
        self.client = QdrantClient(":memory:")
        self.faults: deque[Fault] = deque()
        self.always: Fault | None = None
        self.requests: list[Request] = []
        self.released = threading.Event()
        self.lock = threading.Lock()
        stub = self

        class Handler(_Handler):
            pass

        Handler.stub = stub
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> QdrantStub:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self.client.close()

    def sent(self, method: str, path_end: str) -> list[Request]:
        """The requests so far of one route."""
        return [r for r in self.requests if r.method == method and r.path.endswith(path_end)]

    def fault(self) -> Fault | None:
        """What becomes of the next request."""
        with self.lock:
            return self.faults.popleft() if self.faults else self.always


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    stub: QdrantStub

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = unquote(urlsplit(self.path).path)
        with self.stub.lock:
            self.stub.requests.append(Request(self.command, path, urlsplit(self.path).query, body))
        fault = self.stub.fault()
        if fault is not None and fault.kind == "silence":
            self.stub.released.wait()
            self.close_connection = True
        elif fault is not None and fault.kind == "reply":
            self._reply(fault.status, fault.body, fault.retry_after)
        elif self.stub.api_key and self.headers.get("api-key") != self.stub.api_key:
            self._reply(401, b"Must provide an API key or an Authorization bearer token")
        else:
            with self.stub.lock:
                status, answer = _answer(self.stub.client, self.command, path, body)
            if fault is not None:
                self._break(answer)
            else:
                self._reply(status, answer)

    do_GET = do_PUT = do_POST = do_DELETE = _handle  # noqa: N815

    def _reply(self, status: int, body: bytes, retry_after: str | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if retry_after:
            self.send_header("Retry-After", retry_after)
        self.end_headers()
        self.wfile.write(body)

    def _break(self, body: bytes) -> None:
        """Send half of the answer, then reset the connection."""
        self.send_response(200)
        self.send_header("Content-Length", str(len(body) + 1))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2])
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True


def _answer(client: QdrantClient, method: str, path: str, body: bytes) -> tuple[int, bytes]:
    routes = ((route, re.fullmatch(pattern, path)) for wanted, pattern, route in ROUTES if wanted == method)
    route, found = next(((route, found) for route, found in routes if found), (None, None))
    if route is None or found is None:
        return 404, b""
    try:
        result = route(client, *found.groups(), **({"body": body} if body else {}))
    except ValidationError as error:
        return 400, _problem(f"Format error in JSON body: {error.error_count()} errors")
    except ValueError as error:
        text = str(error)
        if "not found" in text:
            return 404, _problem(f"Not found: {text.replace(' not found', '')} doesn't exist!")
        return (409 if "already exists" in text else 400), _problem(text)
    plain = TypeAdapter(Any).dump_python(result, mode="json", exclude_none=True)
    return 200, json.dumps({"time": 0.001, "status": "ok", "result": plain}).encode()


def _problem(text: str) -> bytes:
    return json.dumps({"time": 0.0, "status": {"error": text}}).encode()


def _read(body: bytes, model: type[BaseModel]) -> Any:
    return model.model_validate_json(body)


# ---- routes


def _create(client: QdrantClient, name: str, body: bytes) -> bool:
    asked = _read(body, models.CreateCollection)
    return client.create_collection(
        name,
        vectors_config=asked.vectors or {},
        sparse_vectors_config=asked.sparse_vectors,
        metadata=asked.metadata,
        shard_number=asked.shard_number,
        replication_factor=asked.replication_factor,
    )


def _exists(client: QdrantClient, name: str) -> dict[str, bool]:
    return {"exists": client.collection_exists(name)}


def _index(client: QdrantClient, name: str, body: bytes) -> Any:
    asked = _read(body, models.CreateFieldIndex)
    return client.create_payload_index(name, asked.field_name, asked.field_schema)


def _swap(client: QdrantClient, body: bytes) -> bool:
    return client.update_collection_aliases(_read(body, models.ChangeAliasesOperation).actions)


def _upsert(client: QdrantClient, name: str, body: bytes) -> Any:
    return client.upsert(name, _read(body, models.PointsList).points)


def _retrieve(client: QdrantClient, name: str, body: bytes) -> Any:
    asked = _read(body, models.PointRequest)
    return client.retrieve(name, asked.ids, with_payload=asked.with_payload, with_vectors=asked.with_vector)


def _delete(client: QdrantClient, name: str, body: bytes) -> Any:
    return client.delete(name, _read(body, models.FilterSelector))


def _scroll(client: QdrantClient, name: str, body: bytes) -> Any:
    asked = _read(body, models.ScrollRequest)
    points, offset = client.scroll(
        name,
        scroll_filter=asked.filter,
        limit=asked.limit,
        offset=asked.offset,
        with_payload=asked.with_payload,
        with_vectors=asked.with_vector,
    )
    return {"points": points, "next_page_offset": offset}


def _count(client: QdrantClient, name: str, body: bytes) -> Any:
    return client.count(name, _read(body, models.CountRequest).filter)


def _facet(client: QdrantClient, name: str, body: bytes) -> Any:
    asked = _read(body, models.FacetRequest)
    return client.facet(name, asked.key, facet_filter=asked.filter, limit=asked.limit)


def _query(client: QdrantClient, name: str, body: bytes) -> Any:
    return client.query_batch_points(name, _read(body, models.QueryRequestBatch).searches)


Route = Callable[..., Any]
_C = r"/collections/([^/]+)"
ROUTES: tuple[tuple[str, str, Route], ...] = (
    ("GET", "/collections", lambda client: client.get_collections()),
    ("GET", "/aliases", lambda client: client.get_aliases()),
    ("POST", "/collections/aliases", _swap),
    ("GET", _C, lambda client, name: client.get_collection(name)),
    ("PUT", _C, _create),
    ("DELETE", _C, lambda client, name: client.delete_collection(name)),
    ("GET", _C + "/exists", _exists),
    ("PUT", _C + "/index", _index),
    ("PUT", _C + "/points", _upsert),
    ("POST", _C + "/points", _retrieve),
    ("POST", _C + "/points/delete", _delete),
    ("POST", _C + "/points/scroll", _scroll),
    ("POST", _C + "/points/count", _count),
    ("POST", _C + "/points/query/batch", _query),
    ("POST", _C + "/facet", _facet),
)
