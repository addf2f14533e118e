"""The contract of every Store. Today that is the embedded engine; a server joins by one more fixture."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.edge import EdgeStore
from indexer.store import Condition, Filter, Fingerprint, Page, Point, Query, Vector, where
from preprocess.errors import (
    DimensionMismatch,
    IndexMissing,
    InvalidParameter,
    StoreCorrupt,
    StoreLocked,
)
from preprocess.records import stable_id

DIMENSION = 8
PRINT = Fingerprint("model", "sha", DIMENSION, lexical_view="raw", source="release 1")


def axis(*weights: float) -> Vector:
    """A unit vector with ``weights`` on its first axes."""
    vector = np.zeros(DIMENSION, np.float32)
    vector[: len(weights)] = weights
    return vector / np.linalg.norm(vector)


def point(key: str, dense: Vector, text: str = "", **payload: object) -> Point:
    return Point(stable_id(key), dense, text or key, {"text": text or key, **payload})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EdgeStore]:
    store = EdgeStore(tmp_path / "store")
    yield store
    store.close()


@pytest.fixture
def filled(store: EdgeStore) -> EdgeStore:
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
    return store


def texts(store: EdgeStore, query: Query, **options: object) -> list[str]:
    [hits] = store.search("occupations", [query], top_k=5, **options)  # type: ignore[arg-type]
    return [hit.payload["text"] for hit in hits]


def test_dense_search_ranks_by_cosine(filled: EdgeStore) -> None:
    [hits] = filled.search("occupations", [Query(dense=axis(1))], top_k=3)
    assert [hit.payload["text"] for hit in hits] == ["C++ developer", "C# developer", "nurse"]
    assert [hit.score for hit in hits] == pytest.approx([1.0, 0.7071, 0.0], abs=1e-3)
    assert hits[0].id == stable_id("x")


def test_lexical_search_tells_c_plus_plus_from_c_sharp(filled: EdgeStore) -> None:
    assert texts(filled, Query(lexical="c++")) == ["C++ developer"]
    assert texts(filled, Query(lexical="C# developers"))[0] == "C# developer"


def test_lexical_search_without_a_shared_word_finds_nothing(filled: EdgeStore) -> None:
    assert texts(filled, Query(lexical="astronaut")) == []


def test_hybrid_search_fuses_both_rankings(filled: EdgeStore) -> None:
    assert texts(filled, Query(dense=axis(1), lexical="C#"))[0] == "C# developer"


def test_filters_combine(filled: EdgeStore) -> None:
    query = Query(dense=axis(1))
    assert texts(filled, query, filter=where(source="title")) == ["C++ developer", "nurse"]
    not_title = Filter(must_not=(Condition("source", any_of=("title",)),))
    assert texts(filled, query, filter=not_title) == ["C# developer"]
    assert texts(filled, query, filter=where(source="title").and_(where(code="29-1141.00"))) == ["nurse"]
    assert texts(filled, query, filter=Filter((Condition("index", gte=1),))) == ["C# developer"]
    assert texts(filled, query, filter=Filter((Condition("source", any_of=()),))) == []


def test_score_threshold_leaves_out_what_scores_less(filled: EdgeStore) -> None:
    assert texts(filled, Query(dense=axis(1)), score_threshold=0.5) == ["C++ developer", "C# developer"]


def test_only_the_fields_asked_for_come_back(filled: EdgeStore) -> None:
    [[hit]] = filled.search("occupations", [Query(dense=axis(1))], top_k=1, fields=["code"])
    assert hit.payload == {"code": "15-1252.00"}


def test_many_queries_answer_in_order(filled: EdgeStore) -> None:
    answers = filled.search("occupations", [Query(dense=axis(0, 1)), Query(dense=axis(1))], top_k=1)
    assert [hits[0].payload["text"] for hits in answers] == ["nurse", "C++ developer"]


def test_scroll_gives_every_point_with_its_vector(filled: EdgeStore) -> None:
    [page] = filled.scroll("occupations", vectors=True, fields=["text"])
    assert isinstance(page, Page)
    assert page.dense is not None
    rows = dict(zip((payload["text"] for payload in page.payloads), page.dense, strict=True))
    np.testing.assert_allclose(rows["C# developer"], axis(1, 1), atol=1e-6)
    assert len(page.ids) == 3


def test_scroll_pages_through_more_than_a_page(store: EdgeStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indexer.edge.PAGE_POINTS", 4)
    physical = store.stage("brags", PRINT)
    store.upsert(physical, [point(f"p{number}", axis(1, number)) for number in range(10)])
    store.publish("brags", physical)
    pages = list(store.scroll("brags"))
    assert sorted(payload["text"] for page in pages for payload in page.payloads) == sorted(
        f"p{number}" for number in range(10)
    )
    assert len(pages) == 3


def test_count_facet_and_retrieve(filled: EdgeStore) -> None:
    assert filled.count("occupations") == 3
    assert filled.count("occupations", where(code="15-1252.00")) == 2
    assert filled.facet("occupations", "source") == {"title": 2, "alternate": 1}
    wanted = [stable_id("x"), stable_id("not there")]
    assert filled.retrieve("occupations", wanted, ["code"]) == {stable_id("x"): {"code": "15-1252.00"}}


def test_an_upsert_of_the_same_id_replaces_the_point(filled: EdgeStore) -> None:
    filled.upsert("occupations", [point("x", axis(0, 0, 1), "rewritten", source="title")])
    assert filled.count("occupations") == 3
    assert texts(filled, Query(dense=axis(0, 0, 1)))[0] == "rewritten"


def test_delete_erases_what_the_filter_names(filled: EdgeStore) -> None:
    assert filled.delete("occupations", where(code="15-1252.00")) == 2
    assert filled.delete("occupations", where(code="15-1252.00")) == 0
    assert filled.count("occupations") == 1


def test_points_are_there_after_reopening(filled: EdgeStore) -> None:
    filled.close()
    again = EdgeStore(filled.root)
    assert again.info("occupations").points == 3
    assert again.info("occupations").fingerprint == PRINT
    again.close()


def test_a_staged_collection_is_not_seen_before_it_is_published(filled: EdgeStore) -> None:
    new = Fingerprint("model", "sha", DIMENSION, lexical_view="raw", source="release 2")
    physical = filled.stage("occupations", new)
    filled.upsert(physical, [point("z", axis(0, 0, 1), "pilot")])
    assert filled.count("occupations") == 3
    assert filled.info("occupations").building == (physical,)
    before = filled.info("occupations").physical
    filled.publish("occupations", physical)
    assert (filled.count("occupations"), filled.info("occupations").fingerprint) == (1, new)
    assert not (filled.root / before).exists()


def test_a_rebuild_with_the_same_fingerprint_goes_beside_the_live_one(filled: EdgeStore) -> None:
    live = filled.info("occupations").physical
    beside = filled.stage("occupations", PRINT, beside=True)
    assert beside != live
    assert filled.count(beside) == 0
    filled.publish("occupations", beside)
    assert filled.stage("occupations", PRINT) == beside


def test_a_stopped_build_goes_on_in_the_same_collection(store: EdgeStore) -> None:
    physical = store.stage("occupations", PRINT)
    store.upsert(physical, [point("x", axis(1))])
    assert store.stage("occupations", PRINT) == physical
    assert store.count(physical) == 1


def test_a_missing_index_names_the_command_that_makes_it(store: EdgeStore) -> None:
    with pytest.raises(IndexMissing, match="joblens index onet PATH"):
        store.search("occupations", [Query(dense=axis(1))], top_k=1)
    with pytest.raises(IndexMissing, match="joblens index brags PATH"):
        store.info("brags")


def test_an_unknown_collection_is_refused(store: EdgeStore) -> None:
    with pytest.raises(InvalidParameter, match="must be one of occupations"):
        store.count("secrets")


def test_vectors_of_another_dimension_are_refused(filled: EdgeStore) -> None:
    with pytest.raises(DimensionMismatch, match=r"\(8,\), found \(3,\)"):
        filled.search("occupations", [Query(dense=np.ones(3, np.float32))], top_k=1)
    with pytest.raises(DimensionMismatch):
        filled.upsert("occupations", [point("bad", np.ones(3, np.float32))])


def test_dropping_erases_files_and_name(filled: EdgeStore) -> None:
    filled.drop("occupations")
    assert filled.collections() == []
    assert list(filled.root.iterdir()) == []


def test_threads_search_at_once(filled: EdgeStore) -> None:
    answers: list[list[str]] = []

    def ask() -> None:
        for _ in range(20):
            answers.append(texts(filled, Query(dense=axis(0, 1))))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 80
    assert {answer[0] for answer in answers} == {"nurse"}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text())
def test_any_text_can_be_looked_up_lexically(filled: EdgeStore, text: str) -> None:
    [hits] = filled.search("occupations", [Query(lexical=text.encode("utf-8", "replace").decode())], top_k=2)
    assert len(hits) <= 2


# ---- the embedded engine's own faults


def in_another_process(root: Path, call: str) -> subprocess.CompletedProcess[str]:
    code = (
        "from pathlib import Path\nfrom indexer.edge import EdgeStore\n"
        f"store = EdgeStore(Path({str(root)!r}))\n{call}\n"
    )
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_a_second_process_is_refused_and_told_who_holds_the_store(filled: EdgeStore) -> None:
    filled.count("occupations")
    other = in_another_process(filled.root, "store.count('occupations')")
    assert other.returncode != 0
    assert "StoreLocked" in other.stderr
    assert f"process {os.getpid()}" in other.stderr


def test_this_process_is_refused_while_another_holds_the_store(filled: EdgeStore) -> None:
    filled.close()
    call = "store.count('occupations')\nprint('open', flush=True)\ninput()"
    code = (
        "from pathlib import Path\nfrom indexer.edge import EdgeStore\n"
        f"store = EdgeStore(Path({str(filled.root)!r}))\n{call}"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        with pytest.raises(StoreLocked, match=f"process {other.pid}"):
            EdgeStore(filled.root).count("occupations")
        with pytest.raises(StoreLocked):
            EdgeStore(filled.root).drop("occupations")
        other.communicate("\n")
    assert EdgeStore(filled.root).count("occupations") == 3


def test_what_an_update_returned_for_survives_kill_9(store: EdgeStore) -> None:
    physical = store.stage("postings", PRINT)
    store.publish("postings", physical)
    store.close()
    call = (
        "import os, signal, numpy as np\n"
        "from indexer.store import Point\nfrom preprocess.records import stable_id\n"
        "v = np.eye(8, dtype=np.float32)[0]\n"
        "for n in range(50): store.upsert('postings', [Point(stable_id(n), v, 'x', {'text': str(n)})])\n"
        "print('written', flush=True)\nos.kill(os.getpid(), signal.SIGKILL)"
    )
    other = in_another_process(store.root, call)
    assert (other.stdout, other.returncode) == ("written\n", -9)
    assert EdgeStore(store.root).count("postings") == 50


def test_a_damaged_pointer_is_named_and_other_collections_live_on(filled: EdgeStore) -> None:
    (filled.root / "postings.json").write_text("{not json")
    with pytest.raises(StoreCorrupt, match=r"postings.json"):
        filled.count("postings")
    assert filled.count("occupations") == 3


def test_a_damaged_shard_is_a_clear_error_and_can_be_dropped(filled: EdgeStore) -> None:
    folder = filled.root / filled.info("occupations").physical
    filled.close()
    (folder / "edge_config.json").write_text("{")
    for file in (folder / "segments").rglob("segment.json"):
        file.write_text("{")
    again = EdgeStore(filled.root)
    with pytest.raises(StoreCorrupt, match="joblens delete occupations --all"):
        again.count("occupations")
    again.drop("occupations")
    assert again.collections() == []


def test_a_pointer_to_nothing_is_a_clear_error(filled: EdgeStore) -> None:
    (filled.root / "brags.json").write_text(json.dumps({"physical": "brags-000000000000"}))
    with pytest.raises(StoreCorrupt, match="index brags again"):
        filled.count("brags")
