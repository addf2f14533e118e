"""What joblens asks of a vector store, and the values that pass through it.

Two real stores speak this protocol: the embedded Qdrant engine (``indexer.edge``) and a Qdrant server or
cluster (``indexer.server``). Nothing above this file knows which one it talks to, and only those two import
Qdrant. What is above reads through ``indexer.tenants``, which lets each tenant see its own documents.

A *collection* has a logical name (``occupations``, ``postings``, ``brags``). Its points live in a
*physical* collection whose name ends in the fingerprint's digest; a rebuild goes into a new physical
collection beside the live one, and :meth:`Store.publish` swaps the name over in one step.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from preprocess.errors import InvalidParameter

CollectionName = Literal["occupations", "postings", "brags"]
COLLECTIONS: tuple[CollectionName, ...] = ("occupations", "postings", "brags")
Payload = dict[str, Any]
Vector = npt.NDArray[np.float32]

SCHEMA_VERSION = 2
"""Raised when the payload of a point changes its meaning; part of every fingerprint."""

ONE_STEP_POINTS = 5_000
"""Points that :meth:`Store.upsert` writes in one step; a document has fewer."""

INDEXED_KEYS: Mapping[CollectionName, tuple[str, ...]] = {
    "occupations": ("code", "soc2", "soc3", "soc5", "soc6", "source", "document_id", "hash"),
    "postings": (
        "document_id",
        "tenant",
        "company",
        "title",
        "location",
        "section",
        "role",
        "source",
        "hash",
    ),
    "brags": ("document_id", "tenant", "project", "source", "hash"),
}
"""Payload keys with an index of keywords: what is filtered on, or counted by :meth:`Store.facet`."""

INDEXED_NUMBERS: Mapping[CollectionName, tuple[str, ...]] = {
    "occupations": (),
    "postings": ("index",),
    "brags": ("index",),
}
"""Payload keys with an index of whole numbers: documents are listed by their sentences of index 0."""

AVERAGE_WORDS: Mapping[CollectionName, float] = {"occupations": 5.0, "postings": 15.0, "brags": 15.0}
"""BM25's average text length: the mean of the O*NET release's texts and of 1,250 postings' sentences."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What a collection's vectors were made with; a query made otherwise is refused.

    ``view`` is the text view that the dense vector sees, ``lexical_view`` the one of the BM25 vector,
    ``view_settings`` what changes their output, ``source`` the O*NET release (empty for documents).
    """

    model: str
    weights_sha256: str
    dimension: int
    view: str = "raw"
    lexical_view: str = "filtered"
    view_settings: tuple[tuple[str, str], ...] = ()
    source: str = ""
    schema: int = SCHEMA_VERSION

    @property
    def digest(self) -> str:
        """12 hex digits that name the fingerprint in replies and in physical collection names."""
        text = json.dumps(asdict(self), sort_keys=True)
        return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()

    def differences(self, other: Fingerprint, *, ignore: Sequence[str] = ()) -> list[str]:
        """Say in words where two fingerprints differ: ``"model: 'a' here, 'b' there"``."""
        mine, theirs = (asdict(one) | dict(one.view_settings) for one in (self, other))
        return [
            f"{name}: {mine.get(name, '')!r} here, {theirs.get(name, '')!r} there"
            for name in {**mine, **theirs}
            if name not in {*ignore, "view_settings"} and mine.get(name, "") != theirs.get(name, "")
        ]

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values, with the digest."""
        return {**asdict(self), "view_settings": dict(self.view_settings), "digest": self.digest}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Fingerprint:
        """The inverse of :meth:`to_json`."""
        known = {name: values[name] for name in cls.__dataclass_fields__ if name in values}
        known["view_settings"] = tuple(sorted(dict(known.get("view_settings", {})).items()))
        return cls(**known)


@dataclass(frozen=True, slots=True)
class Point:
    """One text to store.

    ``dense`` is (dim,) float32, L2-normalised; ``lexical`` is the text that BM25 sees (the store makes
    the sparse vector, so that both stores make the same one).
    """

    id: str
    dense: Vector
    lexical: str
    payload: Payload


@dataclass(frozen=True, slots=True)
class Query:
    """One question to a collection: dense, lexical, or both (then fused by the engine, RRF).

    ``dense`` is (dim,) float32, L2-normalised.
    """

    dense: Vector | None = None
    lexical: str | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """An answer: cosine for dense, BM25 for lexical, reciprocal rank fusion for hybrid queries."""

    id: str
    score: float
    payload: Payload


@dataclass(frozen=True, slots=True)
class Page:
    """Some stored points: ``dense`` is (n, dim) float32 in the order of ``ids`` where asked for.

    ``next`` is the id with which the next page begins; None on the last one."""

    ids: tuple[str, ...]
    payloads: tuple[Payload, ...]
    dense: Vector | None = None
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """A test on one payload key: equal to any of ``any_of`` (an empty one lets nothing through), or within
    ``gte`` and ``lte``, both inclusive."""

    key: str
    any_of: tuple[str | int | bool, ...] | None = None
    gte: float | None = None
    lte: float | None = None


@dataclass(frozen=True, slots=True)
class Filter:
    """All of ``must`` and none of ``must_not``."""

    must: tuple[Condition, ...] = ()
    must_not: tuple[Condition, ...] = ()

    def and_(self, other: Filter | None) -> Filter:
        """Both filters at once."""
        if other is None:
            return self
        return Filter(self.must + other.must, self.must_not + other.must_not)


def where(**equal: str | int | bool | Sequence[str]) -> Filter:
    """A filter on equality: ``where(source="task", code=["15-1252.00", "15-1251.00"])``."""
    return Filter(
        tuple(
            Condition(key, (value,) if isinstance(value, str | int | bool) else tuple(value))
            for key, value in equal.items()
        )
    )


@dataclass(frozen=True, slots=True)
class Live:
    """What a collection's name means now."""

    name: CollectionName
    physical: str
    fingerprint: Fingerprint


@dataclass(frozen=True, slots=True)
class CollectionInfo:
    """A live collection: how many points, made with what, and what is being built beside it.

    ``size_bytes`` is what an embedded one takes on the disk; None for a server's."""

    name: str
    physical: str
    points: int
    fingerprint: Fingerprint
    size_bytes: int | None = None
    building: tuple[str, ...] = field(default=())


def logical_name(collection: str) -> CollectionName:
    """The logical name of a logical or physical one: ``brags-3f2a...`` is ``brags``.

    :raises InvalidParameter: if it is none of :data:`COLLECTIONS`.
    """
    name = collection.split("-", 1)[0]
    for known in COLLECTIONS:
        if name == known:
            return known
    raise InvalidParameter(f"collection must be one of {', '.join(COLLECTIONS)}, found {name!r}")


class Store(Protocol):
    """A place for points. Every method may raise a :class:`~preprocess.errors.StoreError`.

    Methods that take ``collection`` accept a logical name or the physical one that :meth:`stage` gave.
    """

    def collections(self) -> list[CollectionInfo]:
        """The live collections, in the order of :data:`COLLECTIONS`."""
        ...

    def live(self, collection: str) -> Live:
        """What the name means now, without opening the collection.

        :raises IndexMissing: if it was never built.
        """
        ...

    def info(self, collection: str) -> CollectionInfo:
        """One live collection; opens it.

        :raises IndexMissing: if it was never built.
        """
        ...

    def stage(self, name: CollectionName, fingerprint: Fingerprint, *, beside: bool = False) -> str:
        """Make, or open again, the physical collection for ``fingerprint``; a stopped build goes on in it.

        :param beside: never the live one, even where that has the same fingerprint.
        """
        ...

    def publish(self, name: CollectionName, physical: str) -> None:
        """Let ``name`` mean ``physical`` from now on, in one step, and drop what it meant before."""
        ...

    def drop(self, name: CollectionName) -> None:
        """Erase a collection, live or half built."""
        ...

    def upsert(self, collection: str, points: Sequence[Point]) -> None:
        """Write points; when this returns, they survive the death of the process.

        Up to :data:`ONE_STEP_POINTS` points are written in one step: after a crash all of them are there, or
        none. (A server that splits the collection into shards keeps that promise for each shard.)
        """
        ...

    def delete(self, collection: str, filter: Filter) -> int:
        """Erase the points that ``filter`` names.

        :return: how many there were.
        """
        ...

    def retrieve(self, collection: str, ids: Sequence[str], fields: Sequence[str]) -> dict[str, Payload]:
        """The payload ``fields`` of those of ``ids`` that exist."""
        ...

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
        """The best ``top_k`` points for each query, best first, with the payload ``fields`` (None: all)."""
        ...

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
        """Every point that ``filter`` lets through, page by page, in the order of ids.

        :param fields: payload keys; None means all.
        :param page_points: points a page; the store's own number when left out.
        :param start: the id to begin with, such as :attr:`Page.next`.
        """
        ...

    def count(self, collection: str, filter: Filter | None = None) -> int:
        """How many points ``filter`` lets through."""
        ...

    def facet(self, collection: str, key: str, *, filter: Filter | None = None) -> dict[str, int]:
        """The values of an indexed payload key and how many points have each."""
        ...

    def attach(self, collection: str, name: str, data: bytes) -> None:
        """Keep a file with the collection, in place of an older one; it is dropped together with it."""
        ...

    def attachment(self, collection: str, name: str) -> bytes | None:
        """The file that was attached under ``name``, or None."""
        ...

    def settle(self, collection: str) -> None:
        """Flush to disk and build the search graph over what was written since."""
        ...

    def close(self) -> None:
        """Flush and release everything."""
        ...
