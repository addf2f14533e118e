"""The embedded and the server store give the same answers on the same data.

Data is drawn with a seed, questions by hypothesis. Scores agree within .02, and ids come in the same order,
save those whose scores are tied: an engine may give these in any order, and may cut any of them off. Texts
tie often, and a tie on one side of a hybrid query moves ranks, so that each hybrid answer is held against the
span of scores that reciprocal rank fusion allows each point, given the ties of both sides.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.edge_requests import RRF_K, fused_depth
from indexer.store import Condition, Filter, Hit, Point, Query, Store
from preprocess.records import stable_id
from tests.qdrant_stub import LOCAL_WARNINGS
from tests.store_engines import DIMENSION, PRINT, engine

pytestmark = [pytest.mark.filterwarnings(warning) for warning in LOCAL_WARNINGS]

TOLERANCE, TIED = 0.02, 1e-4
WORDS = (
    *("python", "java", "c++", "c#", ".net", "sql", "nurse", "patient", "care", "team", "lead", "plan"),
    *("write", "test", "ship", "design", "night", "shift", "truck", "drive", "cook", "serve", "sell", "R&D"),
)
KINDS, POINTS = ("title", "task", "alternate"), 400


@dataclass(frozen=True)
class Pair:
    edge: Store
    server: Store


def points(seed: int) -> list[Point]:
    random = np.random.default_rng(seed)
    dense = random.normal(size=(POINTS, DIMENSION)).astype(np.float32)
    dense /= np.linalg.norm(dense, axis=1, keepdims=True)
    made = []
    for row in range(POINTS):
        text = " ".join(random.choice(WORDS, size=random.integers(0, 9)))
        payload = {"text": text, "source": KINDS[row % 3], "code": f"c{row % 7}", "index": row % 5}
        made.append(Point(stable_id("congruent", row), dense[row], text, payload))
    return made


@pytest.fixture(scope="module", params=["memory", "grpc"])
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("congruence")
    with engine("edge", folder) as here, engine(request.param, folder) as there:
        stores = [here.open(), there.open()]
        for store in stores:
            physical = store.stage("occupations", PRINT)
            store.upsert(physical, points(7))
            store.publish("occupations", physical)
        yield Pair(*stores)
        for store in stores:
            store.close()


def same(a: list[Hit], b: list[Hit]) -> None:
    """Assert that two answers agree, ties aside."""
    assert [hit.score for hit in a] == pytest.approx([hit.score for hit in b], abs=TOLERANCE)
    if not a:
        return
    last = min(a[-1].score, b[-1].score)
    for mine, theirs in ((a, b), (b, a)):
        scores = {hit.id: hit.score for hit in theirs}
        payloads = {hit.id: hit.payload for hit in theirs}
        for hit in mine:
            if hit.id in scores:
                assert hit.score == pytest.approx(scores[hit.id], abs=TOLERANCE)
                assert hit.payload == payloads[hit.id]
            else:
                assert hit.score == pytest.approx(last, abs=TIED), "only a tie may be cut off differently"
        order = [hit.id for hit in mine if hit.id in scores]
        for before, after in pairwise(order):
            assert scores[before] >= scores[after] - TIED, "only a tie may change places"


def fused_span(
    store: Store, query: Query, filter: Filter | None, top_k: int
) -> dict[str, tuple[float, float]]:
    """The least and the greatest score that a hybrid query may give each point."""
    sides = [Query(dense=query.dense), Query(lexical=query.lexical)]
    spans: dict[str, tuple[float, float]] = {}
    for hits in store.search("occupations", sides, top_k=POINTS, filter=filter):
        for hit in hits:
            best = sum(other.score > hit.score + TIED for other in hits)
            worst = sum(other.score >= hit.score - TIED for other in hits) - 1
            least, most = (1 / (RRF_K + rank) if rank < fused_depth(top_k) else 0.0 for rank in (worst, best))
            before = spans.get(hit.id, (0.0, 0.0))
            spans[hit.id] = (before[0] + least, before[1] + most)
    return spans


def within(spans: dict[str, tuple[float, float]], hits: list[Hit], top_k: int) -> None:
    """Assert that a hybrid answer is one that the spans allow."""
    scores = [hit.score for hit in hits]
    assert scores == sorted(scores, reverse=True)
    for hit in hits:
        least, most = spans[hit.id]
        assert least - 1e-6 <= hit.score <= most + 1e-6
    last = scores[-1] if len(hits) == top_k else 0.0
    left_out = [least for id, (least, _) in spans.items() if id not in {hit.id for hit in hits}]
    assert max(left_out, default=0.0) <= last + 1e-6


vectors = st.integers(0, 2**32 - 1).map(
    lambda seed: np.random.default_rng(seed).normal(size=DIMENSION).astype(np.float32)
)
unit = vectors.map(lambda vector: vector / np.linalg.norm(vector))
texts = st.lists(st.sampled_from((*WORDS, "astronaut", "the")), max_size=5).map(" ".join)
conditions = st.one_of(
    st.builds(
        Condition,
        st.just("source"),
        any_of=st.lists(st.sampled_from((*KINDS, "none")), max_size=3).map(tuple),
    ),
    st.builds(Condition, st.just("code"), any_of=st.just(("c1", "c2", "c5"))),
    st.builds(Condition, st.just("index"), gte=st.integers(-1, 5), lte=st.none() | st.integers(-1, 5)),
    st.builds(Condition, st.just("index"), any_of=st.just((0, 3))),
    st.builds(Condition, st.just("missing"), any_of=st.just(("x",))),
)
filters = st.none() | st.builds(
    Filter,
    must=st.lists(conditions, max_size=2).map(tuple),
    must_not=st.lists(conditions, max_size=2).map(tuple),
)
queries = st.one_of(
    st.builds(Query, dense=unit),
    st.builds(Query, lexical=texts),
    st.builds(Query, dense=unit, lexical=texts),
)


@settings(max_examples=120, deadline=None, derandomize=True)
@given(asked=st.lists(queries, min_size=1, max_size=3), filter=filters, top_k=st.integers(1, 30))
def test_dense_lexical_and_hybrid_queries_agree(
    pair: Pair, asked: list[Query], filter: Filter | None, top_k: int
) -> None:
    here = pair.edge.search("occupations", asked, top_k=top_k, filter=filter)
    there = pair.server.search("occupations", asked, top_k=top_k, filter=filter)
    for query, a, b in zip(asked, here, there, strict=True):
        if query.dense is not None and query.lexical is not None:
            spans = fused_span(pair.edge, query, filter, top_k)
            within(spans, a, top_k)
            within(spans, b, top_k)
        else:
            same(a, b)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(query=st.builds(Query, dense=unit), threshold=st.floats(0.0, 1.0), top_k=st.integers(1, 30))
def test_thresholds_cut_at_the_same_place(pair: Pair, query: Query, threshold: float, top_k: int) -> None:
    [all_of_them] = pair.edge.search("occupations", [query], top_k=top_k)
    near = any(abs(hit.score - threshold) < TIED for hit in all_of_them)
    [a] = pair.edge.search("occupations", [query], top_k=top_k, score_threshold=threshold)
    [b] = pair.server.search("occupations", [query], top_k=top_k, score_threshold=threshold)
    if not near:
        same(a, b)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(filter=filters)
def test_counts_facets_and_pages_agree(pair: Pair, filter: Filter | None) -> None:
    assert pair.edge.count("occupations", filter) == pair.server.count("occupations", filter)
    facets = [store.facet("occupations", "code", filter=filter) for store in (pair.edge, pair.server)]
    assert facets[0] == facets[1]
    pages = [
        list(store.scroll("occupations", filter=filter, fields=["text"], vectors=True, page_points=150))
        for store in (pair.edge, pair.server)
    ]
    for a, b in zip(*pages, strict=True):
        assert (a.ids, a.payloads, a.next) == (b.ids, b.payloads, b.next)
        assert a.dense is not None
        assert b.dense is not None
        np.testing.assert_allclose(a.dense, b.dense, atol=1e-5)


def test_both_stores_store_the_same_sparse_vectors(pair: Pair) -> None:
    here, _ = pair.edge.whole_points(pair.edge.live("occupations").physical, None, POINTS)  # type: ignore[attr-defined]
    there, _ = pair.server.whole_points(pair.server.live("occupations").physical, None, POINTS)  # type: ignore[attr-defined]
    for a, b in zip(here, there, strict=True):
        assert a.id == b.id
        assert dict(zip(a.words, a.weights, strict=True)) == pytest.approx(
            dict(zip(b.words, b.weights, strict=True)), abs=1e-5
        )
