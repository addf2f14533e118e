"""The contract of every store: the same calls, the same ids, scores within .02 of each other.

It runs over the embedded engine, over the server store on the client's in-memory engine, both in this process
and through a real socket, and over a real Qdrant server where JOBLENS_TEST_QDRANT_URL names an empty one
(JOBLENS_TEST_QDRANT_API_KEY holds its key). What only one of them can suffer is in test_edge_store.py and
test_server_faults.py.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.store import Condition, Filter, Fingerprint, Page, Query, Store, where
from preprocess.errors import DimensionMismatch, IndexMissing, InvalidParameter
from preprocess.records import stable_id
from tests.qdrant_stub import LOCAL_WARNINGS
from tests.store_engines import DIMENSION, ENGINES, PRINT, SERVER_URL, Engine, axis, engine, fill, point

pytestmark = [pytest.mark.filterwarnings(warning) for warning in LOCAL_WARNINGS]


@pytest.fixture(params=ENGINES)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    with engine(request.param, tmp_path) as made:
        yield made


@pytest.fixture
def store(empty: Engine) -> Iterator[Store]:
    store = empty.open()
    yield store
    store.close()


@pytest.fixture
def filled(store: Store) -> Store:
    """Three occupations' texts, live."""
    fill(store)
    return store


def texts(store: Store, query: Query, **options: object) -> list[str]:
    [hits] = store.search("occupations", [query], top_k=5, **options)  # type: ignore[arg-type]
    return [hit.payload["text"] for hit in hits]


def test_dense_search_ranks_by_cosine(filled: Store) -> None:
    [hits] = filled.search("occupations", [Query(dense=axis(1))], top_k=3)
    assert [hit.payload["text"] for hit in hits] == ["C++ developer", "C# developer", "nurse"]
    assert [hit.score for hit in hits] == pytest.approx([1.0, 0.7071, 0.0], abs=1e-3)
    assert hits[0].id == stable_id("x")


def test_lexical_search_tells_c_plus_plus_from_c_sharp(filled: Store) -> None:
    assert texts(filled, Query(lexical="c++")) == ["C++ developer"]
    assert texts(filled, Query(lexical="C# developers"))[0] == "C# developer"


def test_lexical_search_without_a_shared_word_finds_nothing(filled: Store) -> None:
    assert texts(filled, Query(lexical="astronaut")) == []


def test_hybrid_search_fuses_both_rankings(filled: Store) -> None:
    assert texts(filled, Query(dense=axis(1), lexical="C#"))[0] == "C# developer"


def test_filters_combine(filled: Store) -> None:
    query = Query(dense=axis(1))
    assert texts(filled, query, filter=where(source="title")) == ["C++ developer", "nurse"]
    not_title = Filter(must_not=(Condition("source", any_of=("title",)),))
    assert texts(filled, query, filter=not_title) == ["C# developer"]
    assert texts(filled, query, filter=where(source="title").and_(where(code="29-1141.00"))) == ["nurse"]
    assert texts(filled, query, filter=Filter((Condition("index", gte=1),))) == ["C# developer"]
    assert texts(filled, query, filter=Filter((Condition("source", any_of=()),))) == []


def test_score_threshold_leaves_out_what_scores_less(filled: Store) -> None:
    assert texts(filled, Query(dense=axis(1)), score_threshold=0.5) == ["C++ developer", "C# developer"]


def test_only_the_fields_asked_for_come_back(filled: Store) -> None:
    [[hit]] = filled.search("occupations", [Query(dense=axis(1))], top_k=1, fields=["code"])
    assert hit.payload == {"code": "15-1252.00"}


def test_many_queries_answer_in_order(filled: Store) -> None:
    answers = filled.search("occupations", [Query(dense=axis(0, 1)), Query(dense=axis(1))], top_k=1)
    assert [hits[0].payload["text"] for hits in answers] == ["nurse", "C++ developer"]


def test_scroll_gives_every_point_with_its_vector(filled: Store) -> None:
    [page] = filled.scroll("occupations", vectors=True, fields=["text"])
    assert isinstance(page, Page)
    assert page.dense is not None
    rows = dict(zip((payload["text"] for payload in page.payloads), page.dense, strict=True))
    np.testing.assert_allclose(rows["C# developer"], axis(1, 1), atol=1e-6)
    assert len(page.ids) == 3


def test_scroll_pages_through_more_than_a_page(store: Store) -> None:
    physical = store.stage("brags", PRINT)
    store.upsert(physical, [point(f"p{number}", axis(1, number)) for number in range(10)])
    store.publish("brags", physical)
    pages = list(store.scroll("brags", page_points=4))
    assert sorted(payload["text"] for page in pages for payload in page.payloads) == sorted(
        f"p{number}" for number in range(10)
    )
    assert [len(page.ids) for page in pages] == [4, 4, 2]
    ids = [id for page in pages for id in page.ids]
    assert ids == sorted(ids)
    assert [page.next for page in pages] == [ids[4], ids[8], None]


def test_scroll_begins_at_an_id(store: Store) -> None:
    physical = store.stage("brags", PRINT)
    store.upsert(physical, [point(f"p{number}", axis(1, number)) for number in range(10)])
    ids = sorted(stable_id(f"p{number}") for number in range(10))
    [page] = store.scroll(physical, start=ids[7])
    assert page.ids == tuple(ids[7:])


def test_count_facet_and_retrieve(filled: Store) -> None:
    assert filled.count("occupations") == 3
    assert filled.count("occupations", where(code="15-1252.00")) == 2
    assert filled.facet("occupations", "source") == {"title": 2, "alternate": 1}
    wanted = [stable_id("x"), stable_id("not there")]
    assert filled.retrieve("occupations", wanted, ["code"]) == {stable_id("x"): {"code": "15-1252.00"}}


def test_an_upsert_of_the_same_id_replaces_the_point(filled: Store) -> None:
    filled.upsert("occupations", [point("x", axis(0, 0, 1), "rewritten", source="title")])
    assert filled.count("occupations") == 3
    assert texts(filled, Query(dense=axis(0, 0, 1)))[0] == "rewritten"


def test_delete_erases_what_the_filter_names(filled: Store) -> None:
    assert filled.delete("occupations", where(code="15-1252.00")) == 2
    assert filled.delete("occupations", where(code="15-1252.00")) == 0
    assert filled.count("occupations") == 1


def test_points_are_there_after_reopening(empty: Engine, filled: Store) -> None:
    if empty.name == "edge":  # one process, one store
        filled.close()
    again = empty.open()
    assert again.info("occupations").points == 3
    assert again.info("occupations").fingerprint == PRINT
    if empty.name != "memory":  # there, closing the store closes the points
        again.close()


def test_a_staged_collection_is_not_seen_before_it_is_published(filled: Store) -> None:
    new = Fingerprint("model", "sha", DIMENSION, lexical_view="raw", source="release 2")
    physical = filled.stage("occupations", new)
    filled.upsert(physical, [point("z", axis(0, 0, 1), "pilot")])
    assert filled.count("occupations") == 3
    assert filled.info("occupations").building == (physical,)
    filled.publish("occupations", physical)
    assert (filled.count("occupations"), filled.info("occupations").fingerprint) == (1, new)
    assert filled.info("occupations").building == ()


def test_a_rebuild_with_the_same_fingerprint_goes_beside_the_live_one(filled: Store) -> None:
    live = filled.info("occupations").physical
    beside = filled.stage("occupations", PRINT, beside=True)
    assert beside != live
    assert filled.count(beside) == 0
    filled.publish("occupations", beside)
    assert filled.stage("occupations", PRINT) == beside


def test_a_stopped_build_goes_on_in_the_same_collection(store: Store) -> None:
    physical = store.stage("occupations", PRINT)
    store.upsert(physical, [point("x", axis(1))])
    assert store.stage("occupations", PRINT) == physical
    assert store.count(physical) == 1


def test_a_missing_index_names_the_command_that_makes_it(store: Store) -> None:
    with pytest.raises(IndexMissing, match="joblens index onet PATH"):
        store.search("occupations", [Query(dense=axis(1))], top_k=1)
    with pytest.raises(IndexMissing, match="joblens index brags PATH"):
        store.info("brags")


def test_an_unknown_collection_is_refused(store: Store) -> None:
    with pytest.raises(InvalidParameter, match="must be one of occupations"):
        store.count("secrets")


def test_vectors_of_another_dimension_are_refused(filled: Store) -> None:
    with pytest.raises(DimensionMismatch, match=r"\(8,\), found \(3,\)"):
        filled.search("occupations", [Query(dense=np.ones(3, np.float32))], top_k=1)
    with pytest.raises(DimensionMismatch):
        filled.upsert("occupations", [point("bad", np.ones(3, np.float32))])


def test_dropping_erases_name_points_and_files(filled: Store) -> None:
    filled.attach("occupations", "a file", b"bytes")
    filled.drop("occupations")
    assert filled.collections() == []
    physical = filled.stage("occupations", PRINT)
    assert (filled.count(physical), filled.attachment(physical, "a file")) == (0, None)


def test_threads_search_at_once(filled: Store) -> None:
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


def test_an_attached_file_is_replaced_and_goes_with_its_collection(filled: Store) -> None:
    assert filled.attachment("occupations", "heads") is None
    large = np.random.default_rng(1).bytes(5_000_000)
    for data in (b"", large, b"new"):
        filled.attach("occupations", "heads", data)
        assert filled.attachment("occupations", "heads") == data
    filled.publish("occupations", filled.stage("occupations", PRINT, beside=True))
    assert filled.attachment("occupations", "heads") is None


def test_files_have_names(filled: Store) -> None:
    filled.attach("occupations", "a", b"1")
    filled.attach("occupations", "b", b"2")
    assert (filled.attachment("occupations", "a"), filled.attachment("occupations", "b")) == (b"1", b"2")


def test_a_condition_without_a_value_lets_nothing_through(filled: Store) -> None:
    nothing = Filter((Condition("source", any_of=()),))
    assert texts(filled, Query(dense=axis(1), lexical="developer"), filter=nothing) == []
    assert filled.count("occupations", nothing) == 0
    assert [page.ids for page in filled.scroll("occupations", filter=nothing)] == [()]
    assert filled.facet("occupations", "source", filter=nothing) == {}
    assert filled.delete("occupations", nothing) == 0
    assert filled.count("occupations", Filter(must_not=nothing.must)) == 3


def test_numbers_are_values_to_be_equal_to(store: Store) -> None:
    physical = store.stage("occupations", PRINT)
    store.upsert(physical, [point(f"p{n}", axis(1, n), index=n) for n in range(3)])
    assert store.count(physical, where(index=0)) == 1
    assert store.count(physical, Filter((Condition("index", any_of=(0, 2)),))) == 2
    assert store.count(physical, Filter((Condition("index", gte=1, lte=2),))) == 2


def test_a_facet_counts_within_a_filter(filled: Store) -> None:
    assert filled.facet("occupations", "source", filter=where(code="15-1252.00")) == {
        "title": 1,
        "alternate": 1,
    }


def test_staging_twice_keeps_what_is_there(filled: Store) -> None:
    assert filled.stage("occupations", PRINT) == filled.live("occupations").physical
    assert filled.count("occupations") == 3


def test_publishing_what_is_live_keeps_it(filled: Store) -> None:
    filled.publish("occupations", filled.live("occupations").physical)
    assert filled.count("occupations") == 3


def test_collections_are_listed_in_their_order(filled: Store) -> None:
    filled.publish("brags", filled.stage("brags", PRINT))
    filled.settle("brags")
    assert [(info.name, info.points) for info in filled.collections()] == [("occupations", 3), ("brags", 0)]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text())
def test_any_text_can_be_looked_up_lexically(filled: Store, text: str) -> None:
    [hits] = filled.search("occupations", [Query(lexical=text.encode("utf-8", "replace").decode())], top_k=2)
    assert len(hits) <= 2


@pytest.mark.skipif(bool(SERVER_URL), reason="the suite above runs over the real server, too")
def test_the_contract_over_a_real_server() -> None:
    pytest.skip("no Qdrant server: start an empty one and set JOBLENS_TEST_QDRANT_URL")
