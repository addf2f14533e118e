"""What a tenant sees of the store, call by call, on the real engine."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

import search_api
from indexer.edge import EdgeStore
from indexer.store import CollectionName, Condition, Filter, Fingerprint, Point, Query, Vector, where
from indexer.tenants import NOBODY, PUBLIC, TenantStore
from preprocess.errors import Forbidden
from preprocess.records import stable_id
from tests.command_line import assert_error, joblens, stored_id

PRINT = Fingerprint("model", "sha", 4)
TENANTS = ("mine", "theirs", PUBLIC, NOBODY)


def axis() -> Vector:
    vector = np.zeros(4, np.float32)
    vector[0] = 1
    return vector


def sentence(tenant: str, index: int) -> Point:
    """One of three sentences that each tenant has, alike in all but the text."""
    text = f"secret {index} of {tenant or 'nobody'}"
    payload = {
        "tenant": tenant, "document_id": stable_id(tenant), "text": text, "index": index, "hash": "h",
        "company": f"company of {tenant}", "source": "documents/cv",
    }  # fmt: skip
    return Point(stable_id(tenant, index), axis(), text, payload)


@contextmanager
def filled(folder: Path) -> Iterator[EdgeStore]:
    """Every tenant's three sentences in postings and in brags, and a title."""
    store = EdgeStore(folder)
    names: tuple[CollectionName, ...] = ("postings", "brags")
    for name in names:
        physical = store.stage(name, PRINT)
        store.upsert(physical, [sentence(tenant, index) for tenant in TENANTS for index in range(3)])
        store.publish(name, physical)
    physical = store.stage("occupations", PRINT)
    title = {"code": "29-1141.00", "text": "nurse", "source": "title"}
    store.upsert(physical, [Point(stable_id("nurse"), axis(), "nurse", title)])
    store.publish("occupations", physical)
    yield store
    store.close()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EdgeStore]:
    """Tests only read it."""
    with filled(tmp_path_factory.mktemp("tenants") / "store") as store:
        yield store


@pytest.fixture
def mine(whole: EdgeStore) -> TenantStore:
    return TenantStore(whole, "mine")


SEEN = [("brags", {"mine"}), ("postings", {"mine", PUBLIC})]
every_collection = pytest.mark.parametrize(("name", "seen"), SEEN)

CONDITIONS = [
    Filter(),
    where(tenant="theirs"),
    where(tenant=["mine", "theirs", PUBLIC, NOBODY]),
    where(document_id=stable_id("theirs")),
    where(company="company of theirs"),
    Filter(must=(Condition("index", (0, 1, 2)),)),
    Filter(must=(Condition("index", gte=0, lte=2),)),
    Filter(must_not=(Condition("tenant", ("mine",)),)),
    Filter(must_not=(Condition("tenant", ("mine", PUBLIC)),)),
    Filter(must_not=(Condition("company", ("company of mine",)),)),
    Filter(must_not=(Condition("nothing", ("has this",)),)),
]
every_filter = pytest.mark.parametrize("filter", CONDITIONS)


@every_collection
@every_filter
@pytest.mark.parametrize(
    "query", [Query(dense=axis()), Query(lexical="secret"), Query(dense=axis(), lexical="secret theirs")]
)
def test_search_finds_nothing_of_others(
    mine: TenantStore, name: str, seen: set[str], filter: Filter, query: Query
) -> None:
    [hits] = mine.search(name, [query], top_k=100, filter=filter)
    assert {hit.payload["tenant"] for hit in hits} <= seen


@every_collection
def test_search_finds_all_that_is_seen(mine: TenantStore, name: str, seen: set[str]) -> None:
    [hits] = mine.search(name, [Query(dense=axis())], top_k=100)
    assert sorted(hit.payload["tenant"] for hit in hits) == sorted([*seen] * 3)


@every_collection
@every_filter
def test_pages_hold_nothing_of_others_wherever_they_begin(
    mine: TenantStore, name: str, seen: set[str], filter: Filter
) -> None:
    for start in (None, *(stable_id(tenant, index) for tenant in TENANTS for index in range(3))):
        pages = list(mine.scroll(name, filter=filter, page_points=2, start=start))
        assert {payload["tenant"] for page in pages for payload in page.payloads} <= seen
        followed = [page.next for page in pages[:-1]]
        own = {stable_id(tenant, index) for tenant in seen for index in range(3)}
        assert set(followed) <= own


@every_collection
@every_filter
def test_counts_and_facets_count_nothing_of_others(
    mine: TenantStore, whole: EdgeStore, name: str, seen: set[str], filter: Filter
) -> None:
    own = where(tenant=sorted(seen)).and_(filter)
    assert mine.count(name, filter) == whole.count(name, own)
    assert set(mine.facet(name, "document_id", filter=filter)) <= {stable_id(tenant) for tenant in seen}
    assert set(mine.facet(name, "tenant", filter=filter)) <= seen


@every_collection
def test_points_of_others_are_not_retrieved_by_their_ids(
    mine: TenantStore, name: str, seen: set[str]
) -> None:
    ids = [stable_id(tenant, 0) for tenant in TENANTS]
    found = mine.retrieve(name, ids, ["text"])
    assert found == {stable_id(tenant, 0): {"text": f"secret 0 of {tenant}"} for tenant in seen}
    assert all("tenant" not in payload for payload in found.values())
    assert set(mine.retrieve(name, ids, [])) == set(found)


def test_only_own_points_are_written_and_erased(tmp_path: Path) -> None:
    others = {"theirs": 3, PUBLIC: 3}
    with filled(tmp_path / "store") as whole:
        mine = TenantStore(whole, "mine")
        for name in ("brags", "postings"):
            for tenant in ("theirs", PUBLIC):
                with pytest.raises(Forbidden, match="tenant 'mine' may write its own documents only"):
                    mine.upsert(name, [sentence("mine", 3), sentence(tenant, 3)])
                assert mine.delete(name, where(document_id=stable_id(tenant))) == 0
                assert mine.delete(name, where(tenant=tenant)) == 0
            assert whole.facet(name, "tenant") == {"mine": 3, **others, NOBODY: 3}
            # With its own go the points that wait to be erased and are nobody's.
            assert mine.delete(name, Filter(must_not=(Condition("company", ("company of theirs",)),))) == 6
            assert whole.facet(name, "tenant") == others


def test_the_points_of_a_collection_are_counted_as_they_are_seen(mine: TenantStore) -> None:
    assert {info.name: info.points for info in mine.collections()} == {
        "occupations": 1, "postings": 6, "brags": 3,
    }  # fmt: skip
    assert mine.info("brags").points == 3


def test_occupations_are_seen_by_everybody(mine: TenantStore) -> None:
    assert list(mine.retrieve("occupations", [stable_id("nurse")], ["text"]).values()) == [{"text": "nurse"}]
    assert mine.count("occupations") == 1


def test_a_physical_name_opens_no_more_than_the_logical_one(mine: TenantStore) -> None:
    assert mine.count(mine.live("brags").physical) == 3


# ---- public postings on the command line


@pytest.mark.usefixtures("empty_home")
def test_public_postings_are_indexed_for_all_and_erased_on_purpose_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, public = tmp_path / "own.txt", tmp_path / "public.txt"
    own.write_text("Welder\n\nWeld the hull of the ship.")
    public.write_text("Painter\n\nPaint the hull of the ship.")
    assert "wrote 1 sentence of 1 posting" in joblens("index", "postings", own).told
    assert "wrote 1 sentence of 1 posting" in joblens("index", "postings", "--public", public).told
    assert "1 posting had not changed" in joblens("index", "postings", "--public", public).told
    listed = joblens("status", "--documents")
    assert [row.split()[-1] for row in listed.rows if row.startswith("posting id:")] == ["Painter", "Welder"]
    monkeypatch.setenv("JOBLENS_TENANT", "other")
    assert "Paint the hull" in joblens("search", "a hull").told
    assert "Weld the hull" not in joblens("search", "a hull").told
    painter = stored_id(listed, "Painter")
    assert_error(joblens("delete", "postings", painter), "No such document")
    assert_error(joblens("index", "postings", "--public", "--rebuild", public), "Not in this state", "other")
    ran = joblens("delete", "postings", "--public", painter)
    assert (ran.code, ran.out) == (0, "erased 1 document, 1 sentence\n")
    assert "Paint the hull" not in joblens("search", "a hull").told


# ---- nothing in the REST service gets round it

KNOWS_THE_WHOLE = {
    "app.py": "makes the workspace",
    "batch_worker.py": "works on each batch with the workspace of the batch's tenant",
    "dependencies.py": "gives each route the workspace of the caller's tenant",
}
"""Modules of search_api that hold the workspace of the whole service, and why."""


@pytest.mark.parametrize("path", sorted(Path(search_api.__file__).parent.glob("*.py")), ids=lambda p: p.name)
def test_no_other_module_of_the_service_reaches_the_whole_store(path: Path) -> None:
    nodes = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)]
    reached = {node.attr for node in nodes} & {"whole_store", "of_tenant"}
    reached |= {ast.unparse(node) for node in nodes if ast.unparse(node).endswith("state.workspace")}
    assert not reached or path.name in KNOWS_THE_WHOLE, reached
