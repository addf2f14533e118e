"""The stores that the contract suite runs over, each empty, in the order edge, memory, http, grpc, server.

``memory`` is the server store on the client's in-memory engine; ``http`` and ``grpc`` speak to that engine
through a real socket (tests/qdrant_stub.py, tests/qdrant_grpc_stub.py); ``server`` is a real Qdrant server,
where JOBLENS_TEST_QDRANT_URL names one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from qdrant_client import QdrantClient

from indexer.copying import CopyableStore
from indexer.edge_copying import CopyableEdgeStore
from indexer.server import ServerStore
from indexer.server_connect import connect
from indexer.server_errors import Calls
from indexer.server_requests import Layout
from indexer.store import COLLECTIONS, Fingerprint, Point, Store, Vector
from preprocess.records import stable_id
from tests.qdrant_grpc_stub import QdrantGrpcStub
from tests.qdrant_stub import QdrantStub

SERVER_URL = os.environ.get("JOBLENS_TEST_QDRANT_URL", "")
SERVER_KEY = os.environ.get("JOBLENS_TEST_QDRANT_API_KEY", "")
ENGINES = ("edge", "memory", "http", "grpc", *(["server"] if SERVER_URL else []))

DIMENSION = 8
PRINT = Fingerprint("model", "sha", DIMENSION, lexical_view="raw", source="release 1")


@dataclass
class Engine:
    """A place for points: ``open`` gives a store on it, each time another one on the same points."""

    name: str
    open: Callable[[], CopyableStore]


def on_client(client: QdrantClient) -> ServerStore:
    """The server store on a client that is there."""
    return ServerStore(client, Calls("memory", 5), Layout())


@contextmanager
def engine(name: str, folder: Path) -> Iterator[Engine]:
    """An empty engine; its data is gone at the end."""
    if name == "edge":
        yield Engine(name, lambda: CopyableEdgeStore(folder / "store"))
    elif name == "memory":
        client = QdrantClient(":memory:")
        yield Engine(name, lambda: on_client(client))
        client.close()
    elif name == "http":
        with QdrantStub(api_key="a-key") as stub:
            yield Engine(name, lambda: connect(stub.url, "a-key", timeout_s=30))
    elif name == "grpc":
        with QdrantGrpcStub("a-key") as served:
            port = served.port
            yield Engine(
                name,
                lambda: connect(
                    "http://127.0.0.1:1", "a-key", prefer_grpc=True, grpc_port=port, timeout_s=30
                ),
            )
    else:
        headers = {"api-key": SERVER_KEY} if SERVER_KEY else None
        client = QdrantClient(url=SERVER_URL, headers=headers, check_compatibility=False)
        found = client.get_collections().collections
        client.close()
        assert not found, f"{SERVER_URL} has collections: the tests want a server of their own, and erase it"
        yield Engine(name, lambda: connect(SERVER_URL, SERVER_KEY))
        store = connect(SERVER_URL, SERVER_KEY)
        for collection in COLLECTIONS:
            store.drop(collection)
        store.close()


def axis(*weights: float) -> Vector:
    """A unit vector with ``weights`` on its first axes."""
    vector = np.zeros(DIMENSION, np.float32)
    vector[: len(weights)] = weights
    return vector / np.linalg.norm(vector)


def point(key: str, dense: Vector, text: str = "", **payload: object) -> Point:
    """A point named by ``key``."""
    return Point(stable_id(key), dense, text or key, {"text": text or key, **payload})


def fill(store: Store) -> None:
    """Three occupations' texts, live."""
    physical = store.stage("occupations", PRINT)
    store.upsert(
        physical,
        [
            point("x", axis(1), "C++ developer", code="15-1252.00", source="title", index=0),
            point("xy", axis(1, 1), "C# developer", code="15-1252.00", source="alternate", index=1),
            point("y", axis(0, 1), "nurse", code="29-1141.00", source="title", index=0),
        ],
    )
    store.publish("occupations", physical)
