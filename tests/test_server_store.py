"""The server store's own parts: how it is chosen, what it asks of a server, whose collections it touches."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qdrant_client import models

from indexer import server
from indexer.build import index_documents, index_onet
from indexer.edge import EdgeStore
from indexer.open_store import open_store
from indexer.server import ServerStore
from indexer.server_connect import connect
from indexer.server_requests import Layout
from indexer.settings import QdrantSettings, StoreSettings
from indexer.store import INDEXED_KEYS, Fingerprint, Point, Query
from indexer.workspace import Workspace
from preprocess.errors import InvalidParameter, StoreCorrupt
from preprocess.onet import open_release
from preprocess.readers import read
from preprocess.records import stable_id
from search_api.search import search
from tests.command_line import joblens
from tests.conftest import FIXTURES
from tests.qdrant_stub import LOCAL_WARNINGS, QdrantStub
from tests.store_engines import PRINT, axis, point

pytestmark = [pytest.mark.filterwarnings(warning) for warning in LOCAL_WARNINGS]

WIDE = Fingerprint("model", "sha", 384)


@pytest.fixture
def stub() -> Iterator[QdrantStub]:
    with QdrantStub(api_key="a-key") as stub:
        yield stub


@pytest.fixture
def store(stub: QdrantStub) -> Iterator[ServerStore]:
    store = connect(stub.url, "a-key")
    yield store
    store.close()


# ---- how it is chosen


def test_without_a_url_the_store_is_in_the_data_directory(tmp_path: Path) -> None:
    store = open_store(StoreSettings(home=tmp_path), QdrantSettings())
    assert isinstance(store, EdgeStore)
    assert store.root == tmp_path / "store"
    store.close()


def test_a_url_in_the_environment_chooses_the_server(
    stub: QdrantStub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOBLENS_QDRANT_URL", stub.url)
    monkeypatch.setenv("JOBLENS_QDRANT_API_KEY", "a-key")
    store = open_store(StoreSettings(home=tmp_path), QdrantSettings())
    assert isinstance(store, ServerStore)
    assert store.collections() == []
    assert not (tmp_path / "store").exists()
    store.close()


def test_the_key_is_not_shown_by_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBLENS_QDRANT_API_KEY", "a-key")
    settings = QdrantSettings()
    assert settings.api_key is not None
    assert settings.api_key.get_secret_value() == "a-key"
    assert "a-key" not in f"{settings!r} {settings} {settings.model_dump_json()}"


def test_a_setting_that_is_none_names_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBLENS_QDRANT_QUANTISATION", "int4")
    with pytest.raises(InvalidParameter, match="JOBLENS_QDRANT_QUANTISATION: input should be 'none', 'int8'"):
        QdrantSettings()


def test_the_key_goes_into_the_header_and_nowhere_else(store: ServerStore, stub: QdrantStub) -> None:
    store.publish("brags", store.stage("brags", PRINT))  # the stand-in refuses whoever has no key
    assert "a-key" not in "".join(f"{r.path}{r.query}{r.body.decode()}" for r in stub.requests)


# ---- what it asks of the server


def test_a_collection_is_made_with_its_fingerprint_and_the_graph_of_the_embedded_store(
    store: ServerStore, stub: QdrantStub
) -> None:
    physical = store.stage("brags", WIDE)
    [made] = stub.sent("PUT", physical)
    assert made.json() == {
        "vectors": {"dense": {"size": 384, "distance": "Cosine", "memory": "cached"}},
        "sparse_vectors": {"lexical": {"modifier": "idf"}},
        "hnsw_config": {"m": 16, "ef_construct": 64, "full_scan_threshold": 30_000},
        "metadata": {"joblens": json.loads(json.dumps(WIDE.to_json()))},
    }


def test_the_layout_of_a_cluster_is_asked_for(stub: QdrantStub) -> None:
    layout = Layout(shard_number=6, replication_factor=2, write_consistency_factor=1, on_disk=True)
    store = connect(stub.url, "a-key", layout=layout)
    physical = store.stage("brags", WIDE)
    store.attach(physical, "a file", b"bytes")
    spread = {"shard_number": 6, "replication_factor": 2, "write_consistency_factor": 1}
    [made] = stub.sent("PUT", physical)
    assert made.json()["vectors"]["dense"]["memory"] == "cold"
    assert spread.items() <= made.json().items()
    [files] = stub.sent("PUT", f"{physical}-files")
    assert files.json() == {"vectors": {}, **spread}
    store.close()


@pytest.mark.parametrize(
    ("kind", "asked", "oversampling"),
    [
        ("int8", {"scalar": {"type": "int8", "quantile": 0.99, "memory": "pinned"}}, 2.0),
        ("binary", {"binary": {"memory": "pinned"}}, 4.0),
    ],
)
def test_quantised_vectors_stay_in_memory_and_are_scored_again(
    stub: QdrantStub, kind: str, asked: object, oversampling: float
) -> None:
    store = connect(stub.url, "a-key", layout=Layout(quantisation=kind))  # type: ignore[arg-type]
    physical = store.stage("brags", WIDE)
    [made] = stub.sent("PUT", physical)
    assert made.json()["quantization_config"] == asked
    store.search(physical, [Query(dense=np.eye(384, dtype=np.float32)[0])], top_k=3)
    [searched] = stub.sent("POST", "query/batch")
    assert searched.json()["searches"][0]["params"] == {
        "hnsw_ef": 512,
        "quantization": {"rescore": True, "oversampling": oversampling},
    }
    store.close()


def test_every_key_that_is_filtered_on_has_an_index(store: ServerStore, stub: QdrantStub) -> None:
    store.stage("brags", PRINT)
    indexes = {r.json()["field_name"]: r.json()["field_schema"] for r in stub.sent("PUT", "/index")}
    assert set(indexes) == {*INDEXED_KEYS["brags"], "index"}
    assert indexes["tenant"] == {"type": "keyword", "is_tenant": True, "enable_hnsw": True}
    assert indexes["document_id"] == {"type": "keyword", "enable_hnsw": False}
    assert indexes["index"] == {"type": "integer", "lookup": True, "range": True, "enable_hnsw": False}


def test_a_hybrid_query_is_fused_by_the_server_with_our_constant(
    store: ServerStore, stub: QdrantStub
) -> None:
    physical = store.stage("brags", PRINT)
    store.search(physical, [Query(dense=axis(1), lexical="nurse")], top_k=20, exact=True)
    [asked] = stub.sent("POST", "query/batch")[0].json()["searches"]
    assert asked["query"] == {"rrf": {"k": 60}}
    assert [(side["using"], side["limit"]) for side in asked["prefetch"]] == [("dense", 60), ("lexical", 60)]
    assert asked["prefetch"][0]["params"] == {"exact": True}


def test_writes_wait_and_keep_their_order(store: ServerStore, stub: QdrantStub) -> None:
    physical = store.stage("brags", PRINT)
    store.upsert(physical, [point("x", axis(1), tenant="me")])
    [written] = stub.sent("PUT", "/points")
    assert written.query == "wait=true&ordering=medium"


def test_5000_points_are_one_request_that_a_server_takes(store: ServerStore, stub: QdrantStub) -> None:
    physical = store.stage("postings", WIDE)
    vectors = np.random.default_rng(0).normal(size=(5_000, 384)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    ids = [stable_id("p", row) for row in range(5_000)]
    store.upsert(physical, [Point(ids[row], vectors[row], "", {"text": "x" * 200}) for row in range(5_000)])
    [written] = stub.sent("PUT", "/points")
    assert len(written.body) < 32 * 1024 * 1024
    found = stub.client.retrieve(physical, ids[:100], with_vectors=["dense"])
    stored: dict[str, Any] = {str(record.id): record.vector for record in found}
    dense = np.array([stored[id]["dense"] for id in ids[:100]], np.float32)
    np.testing.assert_allclose(dense, vectors[:100], atol=2e-7)


def test_many_queries_go_in_several_requests(store: ServerStore, stub: QdrantStub) -> None:
    physical = store.stage("brags", PRINT)
    store.upsert(physical, [point("x", axis(1)), point("y", axis(0, 1))])
    asked = [Query(dense=axis(1)), Query(lexical="!"), Query(dense=axis(0, 1))] * 200
    answers = store.search(physical, asked, top_k=1)
    found = [[hit.id for hit in hits] for hits in answers]
    assert found == [[stable_id("x")], [], [stable_id("y")]] * 200
    assert [len(r.json()["searches"]) for r in stub.sent("POST", "query/batch")] == [256, 144]


# ---- whose collections it touches


def test_collections_of_others_on_the_same_server_are_left_alone(
    store: ServerStore, stub: QdrantStub
) -> None:
    others = ["brags-of-someone", "brags-0123456789ab-archive", "orders"]
    for name in others:
        stub.client.create_collection(name, vectors_config={})
    store.publish("brags", store.stage("brags", PRINT))
    assert store.info("brags").building == ()
    store.drop("brags")
    assert sorted(c.name for c in stub.client.get_collections().collections) == sorted(others)


def test_a_half_made_collection_is_completed(store: ServerStore, stub: QdrantStub) -> None:
    physical = f"brags-{PRINT.digest}"
    stub.client.create_collection(
        physical,
        vectors_config={"dense": models.VectorParams(size=8, distance=models.Distance.COSINE)},
        sparse_vectors_config={"lexical": models.SparseVectorParams(modifier=models.Modifier.IDF)},
        metadata={"joblens": PRINT.to_json()},
    )
    assert store.stage("brags", PRINT) == physical
    assert len(stub.sent("PUT", "/index")) == len(INDEXED_KEYS["brags"]) + 1


def test_a_collection_without_a_fingerprint_is_refused(store: ServerStore, stub: QdrantStub) -> None:
    stub.client.create_collection("brags-0123456789ab", vectors_config={})
    store.publish("brags", "brags-0123456789ab")
    with pytest.raises(StoreCorrupt, match="Qdrant 1.19 or later") as caught:
        store.info("brags")
    assert "joblens delete brags --all" in str(caught.value)
    store.drop("brags")
    assert store.collections() == []


def test_such_a_collection_can_be_erased_by_the_command_that_is_named(
    stub: QdrantStub, empty_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert empty_home
    monkeypatch.setenv("JOBLENS_QDRANT_URL", stub.url)
    monkeypatch.setenv("JOBLENS_QDRANT_API_KEY", "a-key")
    stub.client.create_collection("brags-0123456789ab", vectors_config={})
    alias = models.CreateAlias(collection_name="brags-0123456789ab", alias_name="brags")
    stub.client.update_collection_aliases([models.CreateAliasOperation(create_alias=alias)])
    ran = joblens("delete", "brags", "--all")
    assert (ran.code, ran.out) == (0, "erased the collection brags\n")
    assert stub.client.get_collections().collections == []


def test_another_processs_successor_is_noticed(store: ServerStore, stub: QdrantStub) -> None:
    store.publish("brags", store.stage("brags", PRINT))
    store.search("brags", [Query(dense=axis(1))], top_k=1)
    other = connect(stub.url, "a-key")
    other.publish("brags", other.stage("brags", WIDE))
    [hits] = store.search("brags", [Query(dense=np.eye(384, dtype=np.float32)[0])], top_k=1)
    assert hits == []
    assert store.live("brags").fingerprint == WIDE
    other.close()


def test_a_file_whose_piece_is_missing_is_damaged(store: ServerStore, stub: QdrantStub) -> None:
    physical = store.stage("brags", PRINT)
    store.attach(physical, "a file", b"bytes")
    piece = models.FieldCondition(key="file", match=models.MatchValue(value="a file"))
    stub.client.delete(f"{physical}-files", models.FilterSelector(filter=models.Filter(must=[piece])))
    with pytest.raises(StoreCorrupt, match="index brags again"):
        store.attachment(physical, "a file")


def test_a_file_that_is_replaced_leaves_no_pieces(store: ServerStore, stub: QdrantStub) -> None:
    physical = store.stage("brags", PRINT)
    store.attach(physical, "a file", b"x" * 9_000_000)
    assert stub.client.count(f"{physical}-files").count == 4
    store.attach(physical, "a file", b"bytes")
    assert stub.client.count(f"{physical}-files").count == 2


def test_a_build_waits_while_the_server_optimises(
    store: ServerStore, stub: QdrantStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    physical = store.stage("brags", PRINT)
    green = stub.client.get_collection(physical)
    yellow = green.model_copy(update={"status": models.CollectionStatus.YELLOW})
    states = iter([yellow, yellow, green])
    monkeypatch.setattr(stub.client, "get_collection", lambda _: next(states))
    monkeypatch.setattr(server, "SETTLE_EVERY_S", 0.0)
    store.settle(physical)
    assert next(states, None) is None


# ---- nothing above it knows


def test_what_is_indexed_into_a_server_is_found_as_in_the_embedded_store(
    workspace: Workspace, stub: QdrantStub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOBLENS_QDRANT_URL", stub.url)
    monkeypatch.setenv("JOBLENS_QDRANT_API_KEY", "a-key")
    settings = workspace.store_settings.model_copy(update={"home": tmp_path})
    with Workspace(workspace.model_settings, settings, {"encoder": workspace.encoder}) as served:
        written = index_onet(served, open_release(FIXTURES / "onet"))
        assert written.points_written == workspace.store.info("occupations").points
        again = index_onet(served, open_release(FIXTURES / "onet"))
        assert (again.points_written, again.points_skipped) == (0, written.points_written)
        index_documents(served, "brag", read([FIXTURES / "brags"], "brag"))
        assert served.store.info("brags").points == workspace.store.info("brags").points
        for mode in ("dense", "lexical", "hybrid"):
            here, there = (
                search(asked, "occupations", ["line cook", "registered nurse"], mode=mode, top_k=1)
                for asked in (workspace, served)
            )
            for a, b in zip(here, there, strict=True):
                # An alternate and a reported title may be the same words, which tie.
                titles = [
                    (hits[0].payload["code"], hits[0].payload["text"].lower()) for hits in (a.hits, b.hits)
                ]
                assert titles[0] == titles[1]
                assert a.hits[0].score == pytest.approx(b.hits[0].score, abs=0.02)
