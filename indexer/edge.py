"""The embedded store: Qdrant's own engine in this process, one folder a collection.

::

    <root>/occupations.json              which physical collection is live (renamed atomically)
    <root>/occupations-3f2a.../          one shard, with fingerprint.json and owner.json in it

The engine's write-ahead log makes an update that has returned survive ``kill -9``; its lock refuses
a second process. What it raises is mapped to our error tree in ``indexer.edge_errors``.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import qdrant_edge as qe

from indexer.edge_errors import check_folder, check_room, mapped, missing_index
from indexer.edge_files import room_for, size_bytes, write_bytes, write_json
from indexer.edge_requests import (
    DENSE,
    EXACT_BELOW,
    LEXICAL,
    bm25_of,
    collection_config,
    engine_filter,
    query_request,
)
from indexer.lexical import lexical_text
from indexer.store import (
    COLLECTIONS,
    INDEXED_KEYS,
    INDEXED_NUMBERS,
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
from preprocess.errors import (
    DimensionMismatch,
    StorageFull,
    StoreCorrupt,
)

PAGE_POINTS = 5_000


class EdgeStore:
    """A :class:`~indexer.store.Store` over ``qdrant_edge``.

    :param root: the folder that holds the collections; made when missing.
    :raises StoreError: if it is no folder.
    """

    def __init__(self, root: Path) -> None:
        check_folder(root)
        self.root = root
        self._shards: dict[str, qe.EdgeShard] = {}
        self._opened: dict[str, tuple[int, int] | None] = {}
        self._fingerprints: dict[str, Fingerprint] = {}
        self._lock = threading.RLock()
        self._bm25: dict[str, qe.Bm25] = {}

    # ---- collections

    def collections(self) -> list[CollectionInfo]:
        return [self.info(name) for name in COLLECTIONS if self._pointer(name).exists()]

    def live(self, collection: str) -> Live:
        physical = self._physical(collection)
        return Live(logical_name(physical), physical, self._fingerprint(physical))

    def info(self, collection: str) -> CollectionInfo:
        physical = self._physical(collection)
        name = logical_name(physical)
        return CollectionInfo(
            name=name,
            physical=physical,
            points=self._run(physical, lambda shard: shard.info().points_count),
            fingerprint=self._fingerprint(physical),
            size_bytes=size_bytes(self.root / physical),
            building=tuple(sorted(p.name for p in self.root.glob(f"{name}-*") if p.name != physical)),
        )

    def stage(self, name: CollectionName, fingerprint: Fingerprint, *, beside: bool = False) -> str:
        # Two folders a fingerprint, so that a rebuild with the same settings has somewhere to go.
        twins = (f"{name}-{fingerprint.digest}", f"{name}-{fingerprint.digest}-b")
        live = self._live(name)
        physical = next(twin for twin in twins if twin != live) if beside or live not in twins else live
        assert physical is not None
        folder = self.root / physical
        with self._lock, mapped(f"making {name}"):
            if (folder / "fingerprint.json").exists():
                self._shard(physical)
                return physical
            # A folder without a fingerprint is a build that died before its first point.
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            check_room(folder, 0, f"making {name}")
            shard = qe.EdgeShard.create(str(folder), collection_config(fingerprint.dimension))
            # Links of the graph for each value of each key made building it three times as slow.
            keyword = qe.KeywordIndexParams(enable_hnsw=False)
            for key in INDEXED_KEYS[name]:
                shard.update(qe.UpdateOperation.create_field_index(key, keyword))
            for key in INDEXED_NUMBERS[name]:
                number = qe.IntegerIndexParams(lookup=True, range=True, enable_hnsw=False)
                shard.update(qe.UpdateOperation.create_field_index(key, number))
            shard.flush()
            self._shards[physical], self._opened[physical] = shard, _identity(folder)
            self._sign(physical)
            write_json(folder / "fingerprint.json", fingerprint.to_json())
        return physical

    def publish(self, name: CollectionName, physical: str) -> None:
        with self._lock, mapped(f"publishing {name}"):
            before = self._live(name)
            write_json(self._pointer(name), {"physical": physical})
            if before and before != physical:
                self._remove(before)

    def drop(self, name: CollectionName) -> None:
        with self._lock, mapped(f"dropping {name}"):
            for folder in self.root.glob(f"{name}-*"):
                with contextlib.suppress(StoreCorrupt, StorageFull):
                    self._shard(folder.name)  # refuses where another process has it open
            self._pointer(name).unlink(missing_ok=True)
            for folder in self.root.glob(f"{name}-*"):
                self._remove(folder.name)

    # ---- points

    def upsert(self, collection: str, points: Sequence[Point]) -> None:
        physical = self._physical(collection)
        bm25 = self._bm25_of(physical)
        dimension = self._fingerprint(physical).dimension
        for start in range(0, len(points), ONE_STEP_POINTS):
            batch = points[start : start + ONE_STEP_POINTS]
            if any(point.dense.shape != (dimension,) for point in batch):
                shapes = {point.dense.shape for point in batch}
                raise DimensionMismatch(f"{collection} takes vectors of shape ({dimension},), found {shapes}")
            made = [
                qe.Point(
                    point.id,
                    {
                        DENSE: point.dense.tolist(),
                        LEXICAL: bm25.embed_document(lexical_text(point.lexical)),
                    },
                    point.payload,
                )
                for point in batch
            ]
            check_room(self.root, room_for(batch, dimension), f"writing {logical_name(physical)}")
            self._run(physical, lambda shard, made=made: shard.update(qe.UpdateOperation.upsert_points(made)))

    def delete(self, collection: str, filter: Filter) -> int:
        physical = self._physical(collection)
        found = self.count(physical, filter)
        if found:
            within: Any = engine_filter(filter)
            operation = qe.UpdateOperation.delete_points_by_filter(within)
            self._run(physical, lambda shard: shard.update(operation))
        return found

    def retrieve(self, collection: str, ids: Sequence[str], fields: Sequence[str]) -> dict[str, Payload]:
        records = self._run(
            self._physical(collection), lambda shard: shard.retrieve(list(ids), list(fields), False)
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
        physical = self._physical(collection)
        bm25 = self._bm25_of(physical)
        exact = exact or self._run(physical, lambda shard: shard.info().points_count) < EXACT_BELOW
        dimension = self._fingerprint(physical).dimension
        for query in queries:
            if query.dense is not None and query.dense.shape != (dimension,):
                raise DimensionMismatch(
                    f"{collection} takes vectors of shape ({dimension},), found {query.dense.shape}"
                )
        request = qe.QueryBatchRequest(
            [query_request(query, bm25, top_k, filter, score_threshold, fields, exact) for query in queries]
        )
        answers = self._run(physical, lambda shard: shard.query_batch(request))
        return [
            [Hit(str(point.id), point.score, point.payload or {}) for point in answer] for answer in answers
        ]

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
        physical = self._physical(collection)
        offset: Any = start
        while True:
            request = qe.ScrollRequest(
                offset=offset,
                limit=page_points or PAGE_POINTS,
                filter=engine_filter(filter),
                with_payload=True if fields is None else list(fields),
                with_vector=[DENSE] if vectors else False,
            )
            records, offset = self._run(physical, lambda shard, request=request: shard.scroll(request))
            dense = None
            if vectors:
                dimension = self._fingerprint(physical).dimension
                dense = np.empty((len(records), dimension), np.float32)
                for row, record in enumerate(records):
                    dense[row] = record.vector[DENSE]
            yield Page(
                tuple(str(record.id) for record in records),
                tuple(record.payload or {} for record in records),
                dense,
                None if offset is None else str(offset),
            )
            if offset is None:
                return

    def count(self, collection: str, filter: Filter | None = None) -> int:
        request = qe.CountRequest(filter=engine_filter(filter))
        return int(self._run(self._physical(collection), lambda shard: shard.count(request)))

    def facet(self, collection: str, key: str, *, filter: Filter | None = None) -> dict[str, int]:
        request = qe.FacetRequest(key, limit=100_000, exact=True, filter=engine_filter(filter))
        hits = self._run(self._physical(collection), lambda shard: shard.facet(request)).hits
        return {str(hit.value): hit.count for hit in hits if hit.count}

    def attach(self, collection: str, name: str, data: bytes) -> None:
        physical = self._physical(collection)
        check_room(self.root, len(data), f"writing {name} of {logical_name(physical)}")
        with mapped(f"writing {name} of {logical_name(physical)}"):
            write_bytes(self.root / physical / name, data)

    def attachment(self, collection: str, name: str) -> bytes | None:
        physical = self._physical(collection)
        with mapped(f"reading {name} of {logical_name(physical)}"):
            try:
                return (self.root / physical / name).read_bytes()
            except FileNotFoundError:
                return None

    def settle(self, collection: str) -> None:
        physical = self._physical(collection)
        self._run(physical, lambda shard: shard.flush())
        self._run(physical, lambda shard: shard.optimize())
        self._run(physical, lambda shard: shard.flush())

    def close(self) -> None:
        with self._lock:
            for physical in list(self._shards):
                self._release(physical)

    # ---- inside

    def _pointer(self, name: str) -> Path:
        return self.root / f"{name}.json"

    def _live(self, name: str) -> str | None:
        try:
            return str(json.loads(self._pointer(name).read_text())["physical"])
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError) as error:
            raise StoreCorrupt(
                f"{self._pointer(name)} should name the live collection, but cannot be read ({error}); "
                f"delete the file and index {name} again"
            ) from error

    def _physical(self, collection: str) -> str:
        name = logical_name(collection)
        if "-" in collection:
            return collection
        live = self._live(name)
        if live is None:
            raise missing_index(name)
        return live

    def _fingerprint(self, physical: str) -> Fingerprint:
        if physical in self._fingerprints:
            return self._fingerprints[physical]
        path = self.root / physical / "fingerprint.json"
        try:
            found = Fingerprint.from_json(json.loads(path.read_text()))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StoreCorrupt(
                f"{path} should hold the collection's fingerprint ({error}); "
                f"index {logical_name(physical)} again"
            ) from error
        self._fingerprints[physical] = found
        return found

    def _bm25_of(self, physical: str) -> qe.Bm25:
        name = logical_name(physical)
        if name not in self._bm25:
            self._bm25[name] = bm25_of(name)
        return self._bm25[name]

    def _shard(self, physical: str) -> qe.EdgeShard:
        folder = self.root / physical
        with self._lock:
            if physical in self._shards and self._opened.get(physical) != _identity(folder):
                # Erased, or exchanged for another: what is open are files that nobody will find again.
                del self._shards[physical]
            if physical not in self._shards:
                if not (folder / "fingerprint.json").exists():
                    raise StoreCorrupt(
                        f"{folder} is not there any more; index {logical_name(physical)} again"
                    )
                with mapped(f"opening {logical_name(physical)}", opening=folder):
                    self._shards[physical] = qe.EdgeShard.load(str(folder))
                self._opened[physical] = _identity(folder)
                self._sign(physical)
                self._forget_replaced(physical)
            return self._shards[physical]

    def _forget_replaced(self, physical: str) -> None:
        """Close the shard that another process has published a successor of."""
        name = logical_name(physical)
        for other in [o for o in self._shards if o != physical and logical_name(o) == name]:
            if self._live(name) == physical and not (self.root / other).exists():
                self._release(other)

    def _sign(self, physical: str) -> None:
        owner = {"pid": os.getpid(), "command": " ".join(Path(a).name for a in sys.argv[:3])}
        with contextlib.suppress(OSError):
            write_json(self.root / physical / "owner.json", owner)

    def _release(self, physical: str) -> None:
        shard = self._shards.pop(physical, None)
        if shard is not None:
            with mapped(f"closing {logical_name(physical)}"):
                shard.flush()
                shard.close()

    def _remove(self, physical: str) -> None:
        self._release(physical)
        self._fingerprints.pop(physical, None)
        shutil.rmtree(self.root / physical, ignore_errors=True)

    def _run(self, physical: str, call: Any) -> Any:
        shard = self._shard(physical)
        with mapped(logical_name(physical)):
            return call(shard)


def _identity(folder: Path) -> tuple[int, int] | None:
    """What tells a folder from another one in its place; None where there is none that can be read."""
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
