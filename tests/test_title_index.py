"""The table of titles and the exact search in it."""

from __future__ import annotations

import numpy as np
import pytest

from indexer.store import Query, Vector, where
from indexer.title_index import BLOCK, TitleIndex
from indexer.title_table import FILE, StoredTexts, TitleTable, kept_titles, load_titles, read_texts
from indexer.workspace import Workspace
from preprocess.errors import StoreCorrupt
from preprocess.onet import TITLE_SOURCES


def unit_vectors(count: int, dimension: int, seed: int) -> Vector:
    vectors = np.random.default_rng(seed).normal(size=(count, dimension)).astype(np.float32)
    normed: Vector = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return normed


def table_of(vectors: Vector) -> TitleTable:
    count = len(vectors)
    texts = tuple(f"title {row}" for row in range(count))
    codes = tuple(f"11-{row % 7:04}.00" for row in range(count))
    return TitleTable.of(StoredTexts(texts, codes, ("alternate",) * count, vectors), "digest")


@pytest.mark.parametrize("queries", [1, 5, BLOCK, 2 * BLOCK + 3])
def test_the_nearest_titles_are_those_of_the_full_product(queries: int) -> None:
    titles, asked = unit_vectors(3000, 64, seed=1), unit_vectors(queries, 64, seed=2)
    table = table_of(titles)
    found = TitleIndex(table).nearest(asked, 20)
    cosines = -np.sort(-(asked @ titles.T), axis=1)[:, :20]
    assert found.ends.tolist() == [20 * (query + 1) for query in range(queries)]
    assert np.abs(found.scores.reshape(queries, 20) - cosines).max() < 1e-3
    exact = asked @ titles.T
    named = [int(table.texts[row].split()[1]) for row in found.rows]
    theirs = np.array([exact[place // 20, row] for place, row in enumerate(named)])
    assert np.abs(theirs - found.scores).max() < 1e-3


def test_titles_of_one_vector_come_by_text_and_fill_up_to_what_is_wanted() -> None:
    one, other = np.eye(2, 8, dtype=np.float32)
    vectors = np.stack([other, one, one, one])
    stored = StoredTexts(("d", "c", "a", "b"), ("1", "2", "3", "4"), ("title",) * 4, vectors)
    index = TitleIndex(TitleTable.of(stored, ""))
    found = index.nearest(np.stack([one, other]), 2)
    texts = [[index.table.texts[row] for row in found.rows[found.of(query)]] for query in (0, 1)]
    assert texts == [["a", "b"], ["d", "a"]]
    assert found.scores == pytest.approx([1, 1, 1, 0], abs=1e-3)
    assert [index.table.codes[index.table.row_codes[row]] for row in found.rows] == ["3", "4", "1", "3"]


def test_all_titles_come_where_there_are_fewer_than_wanted() -> None:
    found = TitleIndex(table_of(unit_vectors(5, 16, seed=3))).nearest(unit_vectors(2, 16, seed=4), 100)
    assert found.ends.tolist() == [5, 10]
    assert sorted(found.rows[found.of(1)].tolist()) == [0, 1, 2, 3, 4]


def test_the_index_and_the_store_find_the_same_titles(workspace: Workspace) -> None:
    live = workspace.check("occupations")
    index = TitleIndex(load_titles(workspace.store, live.physical))
    [vector] = workspace.encode(["night nurse"])
    found = index.nearest(vector[None], 10)
    [hits] = workspace.store.search(
        live.physical,
        [Query(dense=vector)],
        top_k=10,
        filter=where(source=TITLE_SOURCES),
        fields=["code", "text"],
        exact=True,
    )
    mine = [(index.table.texts[row], index.table.codes[index.table.row_codes[row]]) for row in found.rows]
    assert mine[0] == (hits[0].payload["text"], hits[0].payload["code"])
    assert found.scores == pytest.approx([hit.score for hit in hits], abs=1e-3)


def test_indexing_keeps_a_table_that_reads_as_it_was_made(workspace: Workspace) -> None:
    physical = workspace.store.live("occupations").physical
    kept = kept_titles(workspace.store, physical)
    assert kept is not None
    made = TitleTable.of(read_texts(workspace.store, physical, TITLE_SOURCES), kept.digest)
    assert (made.texts, made.sources, made.codes) == (kept.texts, kept.sources, kept.codes)
    assert np.array_equal(made.row_codes, kept.row_codes)
    assert np.array_equal(made.starts, kept.starts)
    assert np.array_equal(made.vectors, kept.vectors)


def test_a_broken_table_is_made_again_from_the_points(workspace: Workspace) -> None:
    store, physical = workspace.store, workspace.store.live("occupations").physical
    data = store.attachment(physical, FILE)
    assert data is not None
    try:
        store.attach(physical, FILE, data[: len(data) // 2])
        assert load_titles(store, physical).texts == TitleTable.from_bytes(data).texts
    finally:
        store.attach(physical, FILE, data)


@pytest.mark.parametrize("data", [b"", b"not a table", b"\x10\0\0\0\0\0\0\0{}"])
def test_what_is_no_table_is_refused_with_the_command_that_makes_one(data: bytes) -> None:
    with pytest.raises(StoreCorrupt, match="joblens index onet PATH --rebuild"):
        TitleTable.from_bytes(data)
