"""The store on a Qdrant server or cluster, spoken to by REST or gRPC.

The server keeps the promises of :class:`~indexer.store.Store`: a write that has returned is in the log of as
many copies as ``write_consistency_factor`` says. What goes wrong is mapped, and tried again where that can
help, in ``indexer.server_errors``. Many processes may have the same collections open.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ParamSpec, TypeVar

import numpy as np
import qdrant_edge as qe
from qdrant_client import QdrantClient, models

from indexer.copying import StoredPoint
from indexer.edge_requests import DENSE, LEXICAL, bm25_of
from indexer.lexical import lexical_text
from indexer.server_collections import ORDER, ServerCollections
from indexer.server_errors import Calls
from indexer.server_files import SUFFIX, CollectionFiles
from indexer.server_requests import (
    Layout,
    lets_nothing_through,
    query_request,
    server_filter,
    vectors_of,
)
from indexer.store import (
    COLLECTIONS,
    ONE_STEP_POINTS,
    CollectionInfo,
    CollectionName,
    Filter,
    Fingerprint,
    Hit,
    Live,
    Page,
    Payload,
    Point,
    Query,
    logical_name,
)
from preprocess.errors import DimensionMismatch

P = ParamSpec("P")
T = TypeVar("T")

PAGE_POINTS, PAGE_VECTORS = 5_000, 1_000
"""Points of a page without and with vectors: a reply of 8 MB at most, for vectors of 384 numbers."""

QUERIES_A_REQUEST = 256
FACET_VALUES = 100_000
SETTLE_S, SETTLE_EVERY_S = 600.0, 0.5
"""How long a build waits for the server's search graph before it goes on without: what is not in the graph
yet is found all the same, only slower."""


class ServerStore:
    """A :class:`~indexer.store.Store` over a Qdrant server.

    :param client: the server; or the client's in-memory engine, in tests.
    :param calls: how it is called.
    :param layout: how new collections are stored.
    """

    def __init__(self, client: QdrantClient, calls: Calls, layout: Layout) -> None:
        self._client, self._calls, self._layout = client, calls, layout
        self._files = CollectionFiles(client, calls, layout)
        self._collections = ServerCollections(client, calls, layout)
        self._dimensions: dict[str, int] = {}
        self._bm25: dict[str, qe.Bm25] = {}

    # ---- collections

    def collections(self) -> list[CollectionInfo]:
        aliases = self._collections.aliases()
        return [self.info(name) for name in COLLECTIONS if name in aliases]

    def live(self, collection: str) -> Live:
        physical = self._collections.physical(collection)
        return Live(logical_name(physical), physical, self._collections.fingerprint(physical))

    def info(self, collection: str) -> CollectionInfo:
        live = self.live(collection)
        others = [name for name in self._collections.of(live.name) if name != live.physical]
        return CollectionInfo(
            name=live.name,
            physical=live.physical,
            points=self.count(live.physical),
            fingerprint=live.fingerprint,
            building=tuple(name for name in others if not name.endswith(SUFFIX)),
        )

    def stage(self, name: CollectionName, fingerprint: Fingerprint, *, beside: bool = False) -> str:
        # Two collections a fingerprint, so that a rebuild with the same settings has somewhere to go.
        twins = (f"{name}-{fingerprint.digest}", f"{name}-{fingerprint.digest}-b")
        live = self._collections.aliases().get(name)
        physical = next(twin for twin in twins if twin != live) if beside or live not in twins else live
        assert physical is not None
        self._collections.make(physical, fingerprint)
        return physical

    def publish(self, name: CollectionName, physical: str) -> None:
        self._collections.publish(name, physical)
        self._dimensions.pop(name, None)

    def drop(self, name: CollectionName) -> None:
        self._collections.drop(name)
        self._dimensions.pop(name, None)

    # ---- points

    def upsert(self, collection: str, points: Sequence[Point]) -> None:
        bm25 = self._bm25_of(collection)
        self._check_dimension(collection, {point.dense.shape for point in points})
        words = (bm25.embed_document(lexical_text(point.lexical)) for point in points)
        self._put(
            collection,
            [
                models.PointStruct(
                    id=point.id,
                    vector=vectors_of(point.dense, found.indices, found.values),
                    payload=point.payload,
                )
                for point, found in zip(points, words, strict=True)
            ],
        )

    def delete(self, collection: str, filter: Filter) -> int:
        found = self.count(collection, filter)
        within = server_filter(filter)
        if found and within is not None:
            selected = models.FilterSelector(filter=within)
            self._ask(collection, self._client.delete, collection, selected, wait=True, ordering=ORDER)
        return found

    def retrieve(self, collection: str, ids: Sequence[str], fields: Sequence[str]) -> dict[str, Payload]:
        records = self._ask(
            collection, self._client.retrieve, collection, list(ids), with_payload=list(fields)
        )
        return {str(record.id): record.payload or {} for record in records}

    def search(
        self,
        collection: str,
        queries: Sequence[Query],
        *,
        top_k: int,
        filter: Filter | None = None,
        score_threshold: float | None = None,
        fields: Sequence[str] | None = None,
        exact: bool = False,
    ) -> list[list[Hit]]:
        bm25 = self._bm25_of(collection)
        self._check_dimension(collection, {query.dense.shape for query in queries if query.dense is not None})
        found: list[list[Hit]] = [[] for _ in queries]
        requests = {
            row: request
            for row, query in enumerate(queries)
            if (
                request := query_request(
                    query, bm25, top_k, filter, score_threshold, fields, exact, self._layout.quantisation
                )
            )
        }
        if not requests:
            self._collections.physical(collection)  # an index that is missing is an error, whatever is asked
        rows = list(requests)
        for start in range(0, len(rows), QUERIES_A_REQUEST):
            batch = rows[start : start + QUERIES_A_REQUEST]
            asked = [requests[row] for row in batch]
            answers = self._ask(collection, self._client.query_batch_points, collection, asked)
            for row, answer in zip(batch, answers, strict=True):
                found[row] = [Hit(str(hit.id), hit.score, hit.payload or {}) for hit in answer.points]
        return found

    def scroll(
        self,
        collection: str,
        *,
        filter: Filter | None = None,
        fields: Sequence[str] | None = None,
        vectors: bool = False,
        page_points: int | None = None,
        start: str | None = None,
    ) -> Iterator[Page]:
        physical = self._collections.physical(collection)
        if lets_nothing_through(filter):
            empty = np.empty((0, self._collections.fingerprint(physical).dimension), np.float32)
            yield Page((), (), empty if vectors else None)
            return
        limit = page_points or (PAGE_VECTORS if vectors else PAGE_POINTS)
        offset: Any = start
        while True:
            records, offset = self._ask(
                physical,
                self._client.scroll,
                physical,
                scroll_filter=server_filter(filter),
                limit=limit,
                offset=offset,
                with_payload=True if fields is None else list(fields),
                with_vectors=[DENSE] if vectors else False,
            )
            dense = None
            if vectors:
                dense = np.empty(
                    (len(records), self._collections.fingerprint(physical).dimension), np.float32
                )
                for row, record in enumerate(records):
                    stored: Any = record.vector
                    dense[row] = stored[DENSE]
            yield Page(
                tuple(str(record.id) for record in records),
                tuple(record.payload or {} for record in records),
                dense,
                None if offset is None else str(offset),
            )
            if offset is None:
                return

    def count(self, collection: str, filter: Filter | None = None) -> int:
        if lets_nothing_through(filter):
            self._collections.physical(collection)
            return 0
        return self._ask(collection, self._client.count, collection, server_filter(filter), exact=True).count

    def facet(self, collection: str, key: str, *, filter: Filter | None = None) -> dict[str, int]:
        if lets_nothing_through(filter):
            self._collections.physical(collection)
            return {}
        hits = self._ask(
            collection,
            self._client.facet,
            collection,
            key,
            facet_filter=server_filter(filter),
            limit=FACET_VALUES,
            exact=True,
        ).hits
        return {str(hit.value): hit.count for hit in hits if hit.count}

    def attach(self, collection: str, name: str, data: bytes) -> None:
        self._files.write(self._collections.physical(collection), name, data)

    def attachment(self, collection: str, name: str) -> bytes | None:
        return self._files.read(self._collections.physical(collection), name)

    def settle(self, collection: str) -> None:
        """What was written is on disk already. Waits, up to :data:`SETTLE_S`, for the search graph."""
        until = time.monotonic() + SETTLE_S
        while time.monotonic() < until:
            status = self._ask(collection, self._client.get_collection, collection).status
            if status != models.CollectionStatus.YELLOW:
                return
            time.sleep(SETTLE_EVERY_S)

    def close(self) -> None:
        self._client.close()

    # ---- whole points, for copies

    def whole_points(
        self, physical: str, start: str | None, page_points: int
    ) -> tuple[list[StoredPoint], str | None]:
        """Some points with all that is stored of them, and the id that the next ones begin with."""
        records, offset = self._ask(
            physical,
            self._client.scroll,
            physical,
            limit=page_points,
            offset=start,
            with_payload=True,
            with_vectors=[DENSE, LEXICAL],
        )
        points = []
        for record in records:
            stored: Any = record.vector
            words = stored.get(LEXICAL)  # none where a text has no word
            points.append(
                StoredPoint(
                    str(record.id),
                    np.asarray(stored[DENSE], np.float32),
                    tuple(words.indices) if words else (),
                    tuple(words.values) if words else (),
                    record.payload or {},
                )
            )
        return points, None if offset is None else str(offset)

    def put_whole(self, physical: str, points: Sequence[StoredPoint]) -> None:
        """Write points as they were stored elsewhere, in one step."""
        self._put(
            physical,
            [
                models.PointStruct(
                    id=point.id,
                    vector=vectors_of(point.dense, point.words, point.weights),
                    payload=point.payload,
                )
                for point in points
            ],
        )

    # ---- inside

    def _ask(self, collection: str, call: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
        return self._calls(logical_name(collection), collection, call, *args, **named)

    def _put(self, collection: str, points: list[models.PointStruct]) -> None:
        for start in range(0, len(points), ONE_STEP_POINTS):
            batch = points[start : start + ONE_STEP_POINTS]
            self._ask(collection, self._client.upsert, collection, batch, wait=True, ordering=ORDER)

    def _check_dimension(self, collection: str, shapes: set[tuple[int, ...]]) -> None:
        def wrong() -> set[tuple[int, ...]]:
            if collection not in self._dimensions:
                self._dimensions[collection] = self.live(collection).fingerprint.dimension
            return shapes - {(self._dimensions[collection],)}

        if shapes and wrong():
            self._dimensions.pop(collection, None)  # another process may have published a successor
            if found := wrong():
                dimension = self._dimensions[collection]
                raise DimensionMismatch(
                    f"{collection} takes vectors of shape ({dimension},), found {min(found)}"
                )

    def _bm25_of(self, collection: str) -> qe.Bm25:
        name = logical_name(collection)
        if name not in self._bm25:
            self._bm25[name] = bm25_of(name)
        return self._bm25[name]
