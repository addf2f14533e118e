"""Documents to sentences to vectors to points; resumes, skips what has not changed, swaps at the end.

The store is the only record of what is done. Every point carries its document's content hash; the
*head* (the point of index 0) is written after all others of its document, so a head with the right hash
means that the whole document is there. A killed run is completed by running it again.
"""

from __future__ import annotations

import hashlib
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from indexer.entries import (
    COLLECTION_OF,
    Entry,
    document_entry,
    occupation_entry,
    points_of,
    settings_digest,
)
from indexer.heads import ensure_heads
from indexer.store import CollectionName, Condition, Filter, Store, Vector, where
from indexer.workspace import Workspace
from preprocess.errors import Conflict, FingerprintMismatch, IndexMissing, ReadError
from preprocess.onet import Release, read_occupations
from preprocess.records import Document, Dropped, Kind, stable_id

CHUNK_TEXTS = 4_096
"""Texts a chunk gathers before it is encoded and written: enough to sort by length, under 10 MB."""

REMEMBERED_TEXTS = 20_000
"""Vectors kept from earlier chunks: "Microsoft Excel" stands under 700 occupations and is encoded once."""

LISTED_DROPS = 10
"""Drops that are kept to be shown, of each reason."""

GONE = frozenset({"no such file or folder", "empty", "not a file"})
"""Why a file gives nothing that it could give again; where the reason is another, ``prune`` spares what was
stored of it: a file that is encrypted or half written today is not gone."""

MINOR_DROPS = frozenset({"heading", "repeated", "no letters"})
"""Pieces of a document that are left out by design; ``--strict`` does not count them."""


@dataclass(slots=True)
class Summary:
    """What a run did. ``dropped`` counts by reason; of those that are not by design
    the first :data:`LISTED_DROPS` of each reason are kept to be shown. ``stage`` says what is done after
    the texts were written, where it takes time."""

    collection: CollectionName
    documents_written: int = 0
    points_written: int = 0
    documents_skipped: int = 0
    points_skipped: int = 0
    documents_removed: int = 0
    texts_encoded: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    examples: list[Dropped] = field(default_factory=list)
    stage: str = ""

    @property
    def documents(self) -> int:
        """Documents seen so far, written or skipped."""
        return self.documents_written + self.documents_skipped

    def drop(self, dropped: Dropped) -> None:
        """Count one drop."""
        self.dropped[dropped.reason] += 1
        if dropped.reason not in MINOR_DROPS and self.dropped[dropped.reason] <= LISTED_DROPS:
            self.examples.append(dropped)


Progress = Callable[[Summary], None]


def index_onet(
    workspace: Workspace, release: Release, *, rebuild: bool = False, progress: Progress | None = None
) -> Summary:
    """Index an O*NET release; a new release or model goes in beside the old one and is swapped at the end.

    :raises StoreError, ModelError: as the parts do. Bad rows are counted in the summary.
    """
    fingerprint = workspace.fingerprint("occupations", release.name)
    physical = workspace.store.stage("occupations", fingerprint, beside=rebuild)
    summary = Summary("occupations")
    bad_rows: list[Dropped] = []
    seen: set[str] = set()
    read = hashlib.blake2b(digest_size=16)

    def entries() -> Iterator[Entry | Dropped]:
        for occupation in read_occupations(release, bad_rows):
            entry = occupation_entry(occupation)
            seen.add(entry.id)
            read.update(f"{entry.id} {entry.hash}\n".encode())
            yield entry
        yield from bad_rows

    _write(workspace, physical, entries(), summary, progress)
    _prune(workspace.store, physical, summary, where(index=0), keep=lambda id, _: id in seen)

    def learning() -> None:
        summary.stage = "learning the titles"
        if progress:
            progress(summary)

    ensure_heads(workspace.store, physical, read.hexdigest(), learning)
    workspace.store.settle(physical)
    workspace.store.publish("occupations", physical)
    return summary


def index_documents(
    workspace: Workspace,
    kind: Kind,
    documents: Iterable[Document | Dropped],
    *,
    rebuild: bool = False,
    prune: Sequence[Path] = (),
    progress: Progress | None = None,
) -> Summary:
    """Index postings or brag documents, sentence by sentence, into the live collection.

    :param prune: stored documents whose source lies under these paths and was not among ``documents``
        are erased, except those of a file that is still there and could not be read (see :data:`GONE`).
    :param rebuild: write into a new collection, which replaces the live one at the end.
    :raises ReadError: if a rebuild finds no document; the live collection stays.
    :raises FingerprintMismatch: if the live collection was made otherwise and ``rebuild`` is not given.
    """
    name = COLLECTION_OF[kind]
    store = workspace.store
    if rebuild:
        _check_alone(workspace, name)
        physical = store.stage(name, workspace.fingerprint(name), beside=True)
    else:
        physical = live_or_new(workspace, name)
    summary = Summary(name)
    seen: set[str] = set()
    read_from: set[str] = set()
    unread: set[str] = set()
    settings = settings_digest(workspace, kind)
    own = where(index=0, tenant=workspace.store_settings.tenant)

    def entries() -> Iterator[Entry | Dropped]:
        for document in documents:
            if isinstance(document, Dropped):
                if prune and document.reason not in GONE:
                    unread.add(document.source)
                yield document
                continue
            entry, dropped = document_entry(workspace, document, settings)
            yield from dropped
            if prune or rebuild:
                read_from.add(document.source)
            if entry is not None:
                if prune or rebuild:
                    seen.add(entry.id)
                yield entry

    _write(workspace, physical, entries(), summary, progress)
    if rebuild:  # a stopped rebuild may have left documents that are gone since
        if not seen:
            raise ReadError(f"no document could be read; the collection {name} stays as it was")
        _prune(store, physical, summary, own, keep=lambda id, _: id in seen)
    elif prune:
        under = [path.resolve() for path in prune]
        spared = [Path(source) for source in unread - read_from]

        def keep(id: str, source: str) -> bool:
            if id in seen or not any(Path(source).is_relative_to(path) for path in under):
                return True
            return any(Path(source).is_relative_to(path) for path in spared)

        _prune(store, physical, summary, own, keep=keep)
    store.settle(physical)
    store.publish(name, physical)
    return summary


def live_or_new(workspace: Workspace, name: CollectionName) -> str:
    """The live physical collection of documents; a new, empty one where there is none.

    :raises FingerprintMismatch: if the live one was made otherwise.
    """
    store, fingerprint = workspace.store, workspace.fingerprint(name)
    with suppress(IndexMissing):
        live = store.live(name)
        if live.fingerprint == fingerprint:
            return live.physical
        workspace.check(name)
        raise FingerprintMismatch(f"the index of {name} has another source; index again with --rebuild")
    physical = store.stage(name, fingerprint)
    store.publish(name, physical)
    return physical


def _check_alone(workspace: Workspace, name: CollectionName) -> None:
    """A rebuild replaces the whole collection, and would erase what other tenants have in it."""
    own = where(tenant=workspace.store_settings.tenant)
    with suppress(IndexMissing):
        others = workspace.whole_store.count(name) - workspace.store.count(name, own)
        if others:
            raise Conflict(
                f"{name} holds {others:,} sentences of other tenants, which a rebuild would erase; "
                f"delete the collection with 'joblens delete {name} --all' if that is what you want"
            )


def _write(
    workspace: Workspace,
    physical: str,
    entries: Iterable[Entry | Dropped],
    summary: Summary,
    progress: Progress | None,
) -> None:
    remembered: OrderedDict[str, Vector] = OrderedDict()
    chunk: list[Entry] = []
    waiting = 0
    for entry in entries:
        if isinstance(entry, Dropped):
            summary.drop(entry)
            continue
        chunk.append(entry)
        waiting += len(entry.texts)
        if waiting >= CHUNK_TEXTS:
            _write_chunk(workspace, physical, chunk, summary, remembered)
            chunk, waiting = [], 0
            if progress:
                progress(summary)
    _write_chunk(workspace, physical, chunk, summary, remembered)
    if progress:
        progress(summary)


def _write_chunk(
    workspace: Workspace,
    physical: str,
    chunk: Sequence[Entry],
    summary: Summary,
    remembered: OrderedDict[str, Vector],
) -> None:
    store = workspace.store
    heads = store.retrieve(physical, [stable_id(entry.id, 0) for entry in chunk], ["hash"]) if chunk else {}
    changed: dict[str, Entry] = {}
    for entry in chunk:
        if heads.get(stable_id(entry.id, 0), {}).get("hash") == entry.hash or entry.id in changed:
            summary.documents_skipped += 1
            summary.points_skipped += len(entry.texts)
        else:
            changed[entry.id] = entry
    if not changed:
        return
    texts = [text for entry in changed.values() for text in entry.texts]
    vectors = _encode(workspace, texts, summary, remembered)
    points = points_of(workspace, summary.collection, list(changed.values()), vectors)
    store.upsert(physical, [point for point in points if point.payload["index"] > 0])
    of_changed = Condition("document_id", any_of=tuple(changed))
    as_written = Condition("hash", any_of=tuple(entry.hash for entry in changed.values()))
    old_heads = Condition("index", any_of=(0,))
    store.delete(physical, Filter(must=(of_changed,), must_not=(as_written, old_heads)))
    store.upsert(physical, [point for point in points if point.payload["index"] == 0])
    summary.documents_written += len(changed)
    summary.points_written += len(points)


def _encode(
    workspace: Workspace, texts: Sequence[str], summary: Summary, remembered: OrderedDict[str, Vector]
) -> dict[str, Vector]:
    distinct = list(dict.fromkeys(texts))
    new = [text for text in distinct if text not in remembered]
    found = {text: remembered[text] for text in distinct if text in remembered}
    encoded = workspace.encode(new, workspace.store_settings.view)
    summary.texts_encoded += len(new)
    found.update(zip(new, np.asarray(encoded), strict=True))
    for text in distinct:
        remembered[text] = found[text]
        remembered.move_to_end(text)
    while len(remembered) > REMEMBERED_TEXTS:
        remembered.popitem(last=False)
    return found


def _prune(
    store: Store, physical: str, summary: Summary, heads: Filter, *, keep: Callable[[str, str], bool]
) -> None:
    gone = [
        payload["document_id"]
        for page in store.scroll(physical, filter=heads, fields=["document_id", "source"])
        for payload in page.payloads
        if not keep(payload["document_id"], payload.get("source", ""))
    ]
    for start in range(0, len(gone), 1_000):
        store.delete(physical, where(document_id=gone[start : start + 1_000]))
    summary.documents_removed += len(gone)
