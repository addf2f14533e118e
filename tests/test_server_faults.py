"""A Qdrant server that is gone, slow, refusing or talks nonsense: real sockets that misbehave.

The sockets and the client are real, the server is the stand-in of tests/qdrant_stub.py.
"""

from __future__ import annotations

import json
import logging
import socket
import time
from collections.abc import Iterator

import pytest
import stamina
from starlette.testclient import TestClient

from indexer.copying import copy_collection
from indexer.edge_copying import CopyableEdgeStore
from indexer.server import ServerStore
from indexer.server_connect import connect
from indexer.store import Query, where
from indexer.workspace import Workspace
from preprocess.errors import IndexMissing, InvalidParameter, JoblensError, StorageFull, StoreError
from search_api.app import create_app
from search_api.settings import ServeSettings
from tests.problem_shape import assert_problem
from tests.qdrant_grpc_stub import QdrantGrpcStub
from tests.qdrant_stub import LOCAL_WARNINGS, Fault, QdrantStub
from tests.store_engines import PRINT, axis, point

pytestmark = [pytest.mark.filterwarnings(warning) for warning in LOCAL_WARNINGS]

KEY = "a-key-that-nobody-may-see"
BUSY = Fault(status=503, body=b'{"status":{"error":"Service unavailable"},"time":0.0}')


@pytest.fixture(autouse=True)
def _no_waits() -> Iterator[None]:
    """Tries follow each other at once; how many there are stays as it is."""
    with stamina.set_testing(True, attempts=4, cap=True):
        yield


@pytest.fixture
def stub() -> Iterator[QdrantStub]:
    with QdrantStub(api_key=KEY) as stub:
        yield stub


@pytest.fixture
def store(stub: QdrantStub) -> Iterator[ServerStore]:
    """Two brag sentences, live."""
    store = connect(stub.url, KEY, timeout_s=20)
    physical = store.stage("brags", PRINT)
    store.upsert(physical, [point("x", axis(1), tenant="me"), point("y", axis(0, 1), tenant="me")])
    store.publish("brags", physical)
    yield store
    store.close()


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def failure(store: ServerStore) -> JoblensError:
    with pytest.raises(JoblensError) as caught:
        store.count("brags")
    assert KEY not in str(caught.value)
    return caught.value


def test_a_closed_port_is_told_with_the_host_and_what_to_do() -> None:
    port = closed_port()
    error = failure(connect(f"http://127.0.0.1:{port}", KEY))
    assert (type(error), error.status) == (StoreError, 503)
    assert f"Qdrant at 127.0.0.1:{port} cannot be reached" in str(error)
    assert "JOBLENS_QDRANT_URL" in str(error)


def test_a_closed_port_is_told_over_grpc_too() -> None:
    port = closed_port()
    error = failure(connect("http://127.0.0.1:1", KEY, prefer_grpc=True, grpc_port=port))
    assert (type(error), error.status) == (StoreError, 503)
    assert f"Qdrant at 127.0.0.1:{port} cannot be reached" in str(error)


def test_a_server_that_never_answers_is_left_and_asked_once() -> None:
    with QdrantStub() as stub:
        stub.always = Fault("silence")
        error = failure(connect(stub.url, KEY, timeout_s=1))
        for _ in range(600):  # a slow machine may look at the request after the client has left
            if stub.requests:
                break
            time.sleep(0.05)
        assert len(stub.requests) == 1
    assert (type(error), error.status) == (StoreError, 503)
    assert "did not answer within 1 s" in str(error)
    assert "JOBLENS_QDRANT_TIMEOUT_S" in str(error)


def test_a_server_that_accepts_and_says_nothing_is_left() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        error = failure(connect(f"http://127.0.0.1:{silent.getsockname()[1]}", KEY, timeout_s=1))
    assert "did not answer within 1 s" in str(error)


@pytest.mark.parametrize(
    "fault",
    [Fault(status=500), Fault(status=502), BUSY, Fault(status=429, retry_after="1"), Fault("reset")],
    ids=["500", "502", "503", "429", "reset"],
)
def test_what_passes_is_tried_again(store: ServerStore, stub: QdrantStub, fault: Fault) -> None:
    stub.faults.extend([fault, fault, fault])
    assert store.count("brags") == 2
    assert not stub.faults


@pytest.mark.parametrize("fault", [Fault(status=500), BUSY, Fault("reset")], ids=["500", "503", "reset"])
def test_what_does_not_pass_is_told_after_four_tries(
    store: ServerStore, stub: QdrantStub, fault: Fault
) -> None:
    stub.always = fault
    before = len(stub.requests)
    error = failure(store)
    assert (type(error), error.status) == (StoreError, 503)
    assert len(stub.requests) - before == 4


def test_a_server_error_says_what_the_server_said(store: ServerStore, stub: QdrantStub) -> None:
    stub.always = Fault(status=500)
    assert str(failure(store)).endswith("answered 500: Service internal error: it broke")


def test_a_write_whose_reply_is_lost_is_written_once(store: ServerStore, stub: QdrantStub) -> None:
    stub.faults.append(Fault("lost"))
    store.upsert("brags", [point("z", axis(0, 0, 1), tenant="me")])
    assert store.count("brags") == 3
    stub.faults.extend([Fault("reset"), Fault("lost")])
    assert store.delete("brags", where(tenant="me")) == 3
    assert store.count("brags") == 0


def test_a_collection_whose_making_was_not_confirmed_is_made(stub: QdrantStub) -> None:
    store = connect(stub.url, KEY)
    stub.faults.extend([Fault("lost")] * 3)  # names, list and the making itself
    physical = store.stage("postings", PRINT)
    stub.faults.extend([Fault("lost")] * 2)  # names, and the swap
    store.publish("postings", physical)
    assert store.live("postings").physical == physical
    store.close()


def test_a_wrong_key_is_told_and_not_tried_again(stub: QdrantStub) -> None:
    for key, found in (("another-key", "another one"), ("", "none")):
        before = len(stub.requests)
        error = failure(connect(stub.url, key))
        assert (error.status, len(stub.requests) - before) == (503, 1)
        assert "refuses the API key" in str(error)
        assert f"found: {found}" in str(error)
        assert "another-key" not in str(error)


def test_a_wrong_key_is_told_over_grpc_too() -> None:
    with QdrantGrpcStub(KEY) as served:
        error = failure(connect("http://127.0.0.1:1", "another-key", prefer_grpc=True, grpc_port=served.port))
    assert "refuses the API key" in str(error)


@pytest.mark.parametrize(
    "body",
    [b"<html>hello</html>", b'{"result":', b'{"result": {"points": 3}, "status": "ok", "time": 0}', b"\xff"],
    ids=["html", "cut", "another shape", "no text"],
)
def test_nonsense_is_no_qdrant(store: ServerStore, stub: QdrantStub, body: bytes) -> None:
    stub.always = Fault(status=200, body=body)
    error = failure(store)
    assert (type(error), error.status) == (StoreError, 503)
    assert "does not speak as Qdrant" in str(error)


@pytest.mark.parametrize("status", [301, 404], ids=str)
def test_another_web_server_is_no_qdrant(store: ServerStore, stub: QdrantStub, status: int) -> None:
    stub.always = Fault(status=status, body=b"<h1>Not here</h1>")
    assert "does not speak as Qdrant" in str(failure(store))


def test_a_collection_that_is_gone_is_an_index_missing(store: ServerStore, stub: QdrantStub) -> None:
    stub.client.delete_collection(store.live("brags").physical)
    with pytest.raises(IndexMissing, match="joblens index brags PATH"):
        store.search("brags", [Query(dense=axis(1))], top_k=1)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=507, body=b""),
        Fault(body=b'{"status":{"error":"Service internal error: No space left on device"}}'),
    ],
    ids=["507", "500"],
)
def test_a_full_disk_is_told_and_not_tried_again(store: ServerStore, stub: QdrantStub, fault: Fault) -> None:
    stub.always = fault
    before = len(stub.requests)
    with pytest.raises(StorageFull, match="free some space") as caught:
        store.upsert("brags", [point("z", axis(1))])
    assert (caught.value.status, len(stub.requests) - before) == (507, 1)


def test_a_request_that_is_too_large_names_the_servers_setting(store: ServerStore, stub: QdrantStub) -> None:
    stub.always = Fault(status=413, body=b"Payload reached size limit.")
    assert "service.max_request_size_mb" in str(failure(store))


def test_a_key_that_a_server_repeats_is_not_told(store: ServerStore, stub: QdrantStub) -> None:
    stub.always = Fault(status=400, body=json.dumps({"status": {"error": f"bad header {KEY}"}}).encode())
    assert str(failure(store)).endswith("bad header ***")


def test_neither_repr_nor_log_holds_the_key(
    store: ServerStore, stub: QdrantStub, caplog: pytest.LogCaptureFixture
) -> None:
    stub.faults.append(Fault(status=500, body=KEY.encode()))
    with caplog.at_level(logging.DEBUG):
        store.count("brags")
    assert [record.name for record in caplog.records if "trying again" in record.getMessage()] == [
        "joblens.store"
    ]
    assert KEY not in caplog.text
    assert KEY not in repr(vars(store))


@pytest.mark.parametrize("key", ["two words", "line\nbreak", "schlüssel"])
def test_a_key_that_no_header_can_hold_is_refused_unseen(key: str) -> None:
    with pytest.raises(InvalidParameter, match="JOBLENS_QDRANT_API_KEY") as caught:
        connect("http://localhost:6333", key)
    assert key not in str(caught.value)


def test_a_key_may_end_in_a_line_break_as_files_do(stub: QdrantStub) -> None:
    store = connect(stub.url, KEY + "\n")
    assert store.collections() == []
    store.close()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("localhost:6333", "localhost:6333"),
        ("ftp://host", "ftp://host"),
        ("http://", "http://"),
        ("http://user:secret@host:6333", "http://host:6333"),
        ("http://host:port", "port"),
    ],
)
def test_what_is_no_url_of_a_server_is_refused(url: str, shown: str) -> None:
    with pytest.raises(InvalidParameter, match="must be like http://localhost:6333") as caught:
        connect(url)
    assert shown in str(caught.value)
    assert "secret" not in str(caught.value)


def test_the_store_answers_again_when_the_server_is_back(store: ServerStore, stub: QdrantStub) -> None:
    stub.always = Fault("reset")
    failure(store)
    stub.always = None
    assert store.count("brags") == 2


# ---- the service over such a server


def test_the_service_answers_503_while_the_server_is_gone_and_goes_on_when_it_is_back(
    workspace: Workspace, stub: QdrantStub
) -> None:
    store = connect(stub.url, KEY)
    source = workspace.whole_store
    assert isinstance(source, CopyableEdgeStore)
    copy_collection(source, store, "occupations")
    parts = {"encoder": workspace.encoder, "store": store}
    asked = {"collection": "occupations", "queries": ["line cook"]}
    served = Workspace(workspace.model_settings, workspace.store_settings, parts)
    with TestClient(create_app(served, ServeSettings()), base_url="http://localhost") as client:
        assert until(client, 200)
        before = client.post("/v1/search", json=asked)
        assert before.status_code == 200
        stub.always = Fault("reset")
        gone = client.post("/v1/search", json=asked)
        assert_problem(gone, 503)
        assert "Qdrant at 127.0.0.1" in gone.json()["detail"]
        assert KEY not in gone.text
        assert until(client, 503)
        stub.always = None
        assert until(client, 200)
        assert client.post("/v1/search", json=asked).json() == before.json()


def until(client: TestClient, status: int) -> bool:
    """Whether /ready comes to answer ``status``; it tells for a second what it saw last."""
    for _ in range(600):
        if client.get("/ready").status_code == status:
            return True
        time.sleep(0.1)
    return False
