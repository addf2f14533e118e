"""Copy an index from one store to another, without encoding again: points, files and fingerprints.

A copy goes page by page in the order of ids. A point that is there with the same content hash is not sent
again, so that a copy which was stopped goes on where it was when it is run again, and a second copy writes
nothing. The name of the collection is published last.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from indexer import heads, title_table
from indexer.store import CollectionName, Payload, Store, Vector, where
from preprocess.errors import FingerprintMismatch, IndexMissing, StoreError

PAGE_POINTS = 1_000
"""Points that are read, and written, at once: 5 MB in a request."""

FILES: dict[CollectionName, tuple[str, ...]] = {
    "occupations": (heads.FILE, title_table.FILE),
    "postings": (),
    "brags": (),
}
"""The files that are kept with a collection."""


@dataclass(frozen=True, slots=True)
class StoredPoint:
    """A point with all that is stored of it.

    ``dense`` is (dim,) float32, L2-normalised; ``words`` and ``weights`` are its sparse vector.
    """

    id: str
    dense: Vector
    words: tuple[int, ...]
    weights: tuple[float, ...]
    payload: Payload


class CopyableStore(Store, Protocol):
    """A store whose points can be read and written whole, sparse vectors included."""

    def whole_points(
        self, physical: str, start: str | None, page_points: int
    ) -> tuple[list[StoredPoint], str | None]:
        """Some points in the order of ids, and the id that the next ones begin with; None after the last."""
        ...

    def put_whole(self, physical: str, points: Sequence[StoredPoint]) -> None:
        """Write points, in one step."""
        ...


@dataclass(slots=True)
class Copied:
    """What a copy did with a collection of ``total`` points.

    ``erased`` counts what an earlier copy had left that is gone from the source since, ``kept`` the points
    of a live collection that the source does not have.
    """

    collection: CollectionName
    total: int
    written: int = 0
    skipped: int = 0
    erased: int = 0
    kept: int = 0
    files: int = 0


Progress = Callable[[Copied], None]


def copy_collection(
    source: CopyableStore,
    target: CopyableStore,
    name: CollectionName,
    *,
    replace: bool = False,
    progress: Progress | None = None,
) -> Copied:
    """Copy a live collection.

    Where the target has none, it gets one. Where it has one of the same fingerprint, that is completed and
    nothing in it is erased. Where it has another one, or with ``replace``, the copy goes in beside it and
    takes its place at the end.

    :param replace: let the copy take the place of what the target has.
    :raises IndexMissing: if the source has no such collection.
    :raises FingerprintMismatch: if the target's was made otherwise, and ``replace`` is not given.
    :raises StoreError: if the counts differ at the end; running the same again completes the copy.
    """
    live = source.live(name)
    in_place = False
    try:
        there = target.live(name)
    except IndexMissing:
        pass
    else:
        differences = live.fingerprint.differences(there.fingerprint)
        if differences and not replace:
            raise FingerprintMismatch(
                f"the collection {name} of the target was built with other settings "
                f"({'; '.join(differences)}); replace it with --replace"
            )
        in_place = not replace
    physical = target.stage(name, live.fingerprint, beside=replace)
    copied = Copied(name, source.count(live.physical))
    _copy_points(source, live.physical, target, physical, copied, progress)
    for file in FILES[name]:
        data = source.attachment(live.physical, file)
        if data is not None:
            target.attach(physical, file, data)
            copied.files += 1
    found = target.count(physical)
    if found > copied.total and in_place:
        copied.kept = found - copied.total
    elif found > copied.total:
        copied.erased = _erase_strangers(source, live.physical, target, physical)
        found -= copied.erased
    total = source.count(live.physical)
    if found - copied.kept != total or copied.written + copied.skipped != total:
        raise StoreError(
            f"the copy of {name} should have {total:,} points and has {found - copied.kept:,}: "
            "one of the two was written to meanwhile; run the same command again"
        )
    target.settle(physical)
    target.publish(name, physical)
    return copied


def _copy_points(
    source: CopyableStore,
    from_: str,
    target: CopyableStore,
    to: str,
    copied: Copied,
    progress: Progress | None,
) -> None:
    start: str | None = None
    while True:
        points, start = source.whole_points(from_, start, PAGE_POINTS)
        hashes = target.retrieve(to, [point.id for point in points], ["hash"]) if points else {}
        new = [point for point in points if not _same(point.payload, hashes.get(point.id))]
        if new:
            target.put_whole(to, new)
        copied.written += len(new)
        copied.skipped += len(points) - len(new)
        if progress:
            progress(copied)
        if start is None:
            return


def _same(payload: Payload, there: Payload | None) -> bool:
    return there is not None and "hash" in payload and payload["hash"] == there.get("hash")


def _erase_strangers(source: CopyableStore, from_: str, target: CopyableStore, to: str) -> int:
    """Erase what the target holds and the source does not: sentences of documents that have changed since."""
    gone: set[tuple[str, str]] = set()
    for page in target.scroll(to, fields=["document_id", "hash"], page_points=PAGE_POINTS):
        known = source.retrieve(from_, page.ids, [])
        gone |= {
            (payload["document_id"], payload["hash"])
            for id, payload in zip(page.ids, page.payloads, strict=True)
            if id not in known
        }
    return sum(target.delete(to, where(document_id=document, hash=digest)) for document, digest in gone)
