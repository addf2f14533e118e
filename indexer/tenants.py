"""What a tenant sees of the store: its own documents, the public postings and the occupations.

:class:`TenantStore` is the only store that a :class:`~indexer.workspace.Workspace` hands out, and it adds the
tenant to the filter of every read and every deletion, so that no caller can forget to.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from indexer.store import (
    CollectionInfo,
    CollectionName,
    Condition,
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
    where,
)
from preprocess.errors import Forbidden

PUBLIC = "public"
"""The tenant whose postings everybody may read."""

NOBODY = ""
"""The tenant of points that are written over and about to be erased: no tenant has this name."""


class TenantStore:
    """A :class:`~indexer.store.Store` as one tenant sees it.

    :param store: the whole store.
    :param tenant: whose documents are read and written.
    """

    def __init__(self, store: Store, tenant: str) -> None:
        self._store = store
        self.tenant = tenant

    # ---- reads

    def collections(self) -> list[CollectionInfo]:
        return [self._counted(info) for info in self._store.collections()]

    def live(self, collection: str) -> Live:
        return self._store.live(collection)

    def info(self, collection: str) -> CollectionInfo:
        return self._counted(self._store.info(collection))

    def retrieve(self, collection: str, ids: Sequence[str], fields: Sequence[str]) -> dict[str, Payload]:
        seen = self._seen(collection)
        if seen is None:
            return self._store.retrieve(collection, ids, fields)
        found = self._store.retrieve(collection, ids, [*fields, "tenant"])
        return {
            id: {name: value for name, value in payload.items() if name in fields}
            for id, payload in found.items()
            if payload.get("tenant") in seen
        }

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
        return self._store.search(
            collection,
            queries,
            top_k=top_k,
            filter=self._reads(collection, filter),
            score_threshold=score_threshold,
            fields=fields,
            exact=exact,
        )

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
        return self._store.scroll(
            collection,
            filter=self._reads(collection, filter),
            fields=fields,
            vectors=vectors,
            page_points=page_points,
            start=start,
        )

    def count(self, collection: str, filter: Filter | None = None) -> int:
        return self._store.count(collection, self._reads(collection, filter))

    def facet(self, collection: str, key: str, *, filter: Filter | None = None) -> dict[str, int]:
        return self._store.facet(collection, key, filter=self._reads(collection, filter))

    def attachment(self, collection: str, name: str) -> bytes | None:
        return self._store.attachment(collection, name)

    # ---- writes

    def upsert(self, collection: str, points: Sequence[Point]) -> None:
        """
        :raises Forbidden: if a point is not the tenant's own.
        """
        if self._seen(collection) is not None and any(
            point.payload.get("tenant") not in (self.tenant, NOBODY) for point in points
        ):
            raise Forbidden(f"tenant {self.tenant!r} may write its own documents only")
        self._store.upsert(collection, points)

    def delete(self, collection: str, filter: Filter) -> int:
        if self._seen(collection) is not None:
            filter = where(tenant=[self.tenant, NOBODY]).and_(filter)
        return self._store.delete(collection, filter)

    # ---- whole collections: these concern every tenant, and only the command line and the builds do them

    def stage(self, name: CollectionName, fingerprint: Fingerprint, *, beside: bool = False) -> str:
        return self._store.stage(name, fingerprint, beside=beside)

    def publish(self, name: CollectionName, physical: str) -> None:
        self._store.publish(name, physical)

    def drop(self, name: CollectionName) -> None:
        self._store.drop(name)

    def attach(self, collection: str, name: str, data: bytes) -> None:
        self._store.attach(collection, name, data)

    def settle(self, collection: str) -> None:
        self._store.settle(collection)

    def close(self) -> None:
        self._store.close()

    # ---- inside

    def _seen(self, collection: str) -> tuple[str, ...] | None:
        """The tenants whose points are seen; None where points have none."""
        match logical_name(collection):
            case "occupations":
                return None
            case "postings":
                return tuple(dict.fromkeys((self.tenant, PUBLIC)))
            case "brags":
                return (self.tenant,)

    def _reads(self, collection: str, filter: Filter | None) -> Filter | None:
        seen = self._seen(collection)
        if seen is None:
            return filter
        return Filter(must=(Condition("tenant", any_of=seen),)).and_(filter)

    def _counted(self, info: CollectionInfo) -> CollectionInfo:
        if self._seen(info.name) is None:
            return info
        return replace(info, points=self.count(info.physical))
