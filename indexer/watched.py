"""The encoder and the store with somebody who watches: what is called, for how long, and what fails.

The service makes its metrics and the timings of its log from this; nothing in between has to know of either.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from indexer.encoder import Encoder
from indexer.store import (
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
    Store,
    logical_name,
)
from preprocess.errors import StoreError


@dataclass(frozen=True, slots=True)
class Encoded:
    """So many texts were encoded together."""

    texts: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Searched:
    """So many queries were put to a collection together, and had so many hits."""

    collection: CollectionName
    queries: int
    hits: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Wrote:
    """The sentences of so many documents (or titles of so many occupations) were stored."""

    collection: CollectionName
    documents: int


@dataclass(frozen=True, slots=True)
class Failed:
    """The store raised this."""

    error: type[StoreError]


Watch = Callable[[Encoded | Searched | Wrote | Failed], None]
"""Called in the thread that did it, after it is done; quick, and raises nothing."""


class WatchedEncoder:
    """An :class:`~indexer.encoder.Encoder` that is watched."""

    def __init__(self, encoder: Encoder, watch: Watch) -> None:
        self._encoder, self._watch = encoder, watch

    @property
    def name(self) -> str:
        return self._encoder.name

    @property
    def dimension(self) -> int:
        return self._encoder.dimension

    @property
    def weights_sha256(self) -> str:
        return self._encoder.weights_sha256

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """See :meth:`indexer.encoder.Encoder.encode`."""
        begin = time.perf_counter()
        vectors = self._encoder.encode(texts)
        self._watch(Encoded(len(texts), time.perf_counter() - begin))
        return vectors


class WatchedStore:
    """A :class:`~indexer.store.Store` that is watched."""

    def __init__(self, store: Store, watch: Watch) -> None:
        self._store, self._watch = store, watch

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except StoreError as error:
            self._watch(Failed(type(error)))
            raise

    def collections(self) -> list[CollectionInfo]:
        with self._failures():
            return self._store.collections()

    def live(self, collection: str) -> Live:
        with self._failures():
            return self._store.live(collection)

    def info(self, collection: str) -> CollectionInfo:
        with self._failures():
            return self._store.info(collection)

    def stage(self, name: CollectionName, fingerprint: Fingerprint, *, beside: bool = False) -> str:
        with self._failures():
            return self._store.stage(name, fingerprint, beside=beside)

    def publish(self, name: CollectionName, physical: str) -> None:
        with self._failures():
            self._store.publish(name, physical)

    def drop(self, name: CollectionName) -> None:
        with self._failures():
            self._store.drop(name)

    def upsert(self, collection: str, points: Sequence[Point]) -> None:
        with self._failures():
            self._store.upsert(collection, points)
        documents = {point.payload.get("document_id") for point in points}
        self._watch(Wrote(logical_name(collection), len(documents)))

    def delete(self, collection: str, filter: Filter) -> int:
        with self._failures():
            return self._store.delete(collection, filter)

    def retrieve(self, collection: str, ids: Sequence[str], fields: Sequence[str]) -> dict[str, Payload]:
        with self._failures():
            return self._store.retrieve(collection, ids, fields)

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
        begin = time.perf_counter()
        with self._failures():
            found = self._store.search(
                collection,
                queries,
                top_k=top_k,
                filter=filter,
                score_threshold=score_threshold,
                fields=fields,
                exact=exact,
            )
        seconds = time.perf_counter() - begin
        self._watch(Searched(logical_name(collection), len(queries), sum(map(len, found)), seconds))
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
        with self._failures():
            yield from self._store.scroll(
                collection,
                filter=filter,
                fields=fields,
                vectors=vectors,
                page_points=page_points,
                start=start,
            )

    def count(self, collection: str, filter: Filter | None = None) -> int:
        with self._failures():
            return self._store.count(collection, filter)

    def facet(self, collection: str, key: str, *, filter: Filter | None = None) -> dict[str, int]:
        with self._failures():
            return self._store.facet(collection, key, filter=filter)

    def attach(self, collection: str, name: str, data: bytes) -> None:
        with self._failures():
            self._store.attach(collection, name, data)

    def attachment(self, collection: str, name: str) -> bytes | None:
        with self._failures():
            return self._store.attachment(collection, name)

    def settle(self, collection: str) -> None:
        with self._failures():
            self._store.settle(collection)

    def close(self) -> None:
        with self._failures():
            self._store.close()
