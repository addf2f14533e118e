"""One document at a time: written, read, listed and erased by the id that its owner gave it.

A document is replaced in one step: the new sentences, and in the place of surplus old ones points of nobody
(``indexer.tenants.NOBODY``), go to the store in a single update, and then those are erased. Whenever the
process dies, the old document is there or the new one, never something between.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from uuid import UUID

from indexer.build import live_or_new
from indexer.entries import COLLECTION_OF, document_entry, document_id, points_of, settings_digest
from indexer.store import ONE_STEP_POINTS, Condition, Filter, Payload, Point, where
from indexer.tenants import NOBODY
from indexer.workspace import Workspace
from preprocess.errors import Conflict, EmptyQuery, IndexMissing, UnknownDocument
from preprocess.records import Document, Dropped, Kind, stable_id

SOURCE = "documents/"
"""What the source of a document that was given an id begins with; the rest is the id."""

LOCKS = 64
"""Writers of different documents seldom wait for each other."""


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a document: ``changed`` is False where the same content was there already, ``created``
    True where there was none of that id."""

    id: str
    sentences: int
    created: bool
    changed: bool
    dropped: tuple[Dropped, ...]


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A stored document: the payloads of its sentences, in order."""

    id: str
    sentences: tuple[Payload, ...]

    @property
    def head(self) -> Payload:
        """The payload of the first sentence, which carries what holds for all of them."""
        return self.sentences[0]


@dataclass(frozen=True, slots=True)
class DocumentPage:
    """Some documents, each by the payload of its first sentence; ``sentences`` counts them by document id,
    and ``next`` begins the next page."""

    heads: tuple[Payload, ...]
    sentences: Mapping[str, int]
    next: str | None


def source_of(name: str) -> str:
    """The source of a document that its owner calls ``name``."""
    return SOURCE + name


def name_of(payload: Payload) -> str:
    """What the owner calls a stored document; for one indexed from a file, its id."""
    source: str = payload["source"]
    return source.removeprefix(SOURCE) if source.startswith(SOURCE) else payload["document_id"]


def stored_ids(workspace: Workspace, kind: Kind, name: str) -> tuple[str, ...]:
    """The ids under which a document called ``name`` may be stored, the likeliest first."""
    own = document_id(workspace.store_settings.tenant, kind, source_of(name))
    with suppress(ValueError):
        return own, str(UUID(name))
    return (own,)


def write_document(
    workspace: Workspace, document: Document, *, max_sentences: int = ONE_STEP_POINTS
) -> Written:
    """Store a document in place of the one with the same source and key.

    :raises EmptyQuery: if it has no sentence.
    :raises TooLarge: if it has more than ``max_sentences``, before anything is encoded.
    :raises Conflict: if another process wrote the same document at the same moment.
    :raises FingerprintMismatch, StoreError: as the store does.
    """
    name = COLLECTION_OF[document.kind]
    entry, dropped = document_entry(
        workspace,
        document,
        settings_digest(workspace, document.kind),
        max_sentences=min(max_sentences, ONE_STEP_POINTS),
    )
    if entry is None:
        raise EmptyQuery("expected at least one sentence with words in it, found none")
    with _locked(workspace, name):
        physical = live_or_new(workspace, name)
    store = workspace.store
    head = stable_id(entry.id, 0)

    def state(changed: bool, before: Payload | None) -> Written:
        return Written(entry.id, len(entry.texts), before is None, changed, tuple(dropped))

    before = store.retrieve(physical, [head], ["hash"]).get(head)
    if before and before["hash"] == entry.hash:
        return state(False, before)
    vectors = workspace.encode(entry.texts, workspace.store_settings.view)
    points = points_of(workspace, name, [entry], dict(zip(entry.texts, vectors, strict=True)))
    with _locked(workspace, entry.id):
        before = store.retrieve(physical, [head], ["hash"]).get(head)
        surplus = Filter((Condition("document_id", (entry.id,)), Condition("index", gte=len(points))))
        store.upsert(physical, [*points, *_of_nobody(workspace, physical, surplus, points[0])])
        store.delete(physical, where(document_id=entry.id, tenant=NOBODY))
        if store.count(physical, where(document_id=entry.id, hash=entry.hash)) != len(points):
            raise Conflict("another process wrote or erased this document at the same moment; send it again")
    return state(True, before)


def read_document(workspace: Workspace, kind: Kind, name: str) -> StoredDocument:
    """A stored document by the name that its owner gave it, or by its id.

    :raises UnknownDocument: if the workspace's tenant sees no such document.
    """
    ids = stored_ids(workspace, kind, name)
    payloads: list[Payload] = []
    with suppress(IndexMissing):
        for page in workspace.store.scroll(COLLECTION_OF[kind], filter=where(document_id=ids)):
            payloads += page.payloads
    for id in ids:
        found = sorted((p for p in payloads if p["document_id"] == id), key=lambda payload: payload["index"])
        if found:
            return StoredDocument(id, tuple(p for p in found if p["hash"] == found[0]["hash"]))
    raise UnknownDocument(f"no stored {kind} has the id {name}")


def find_documents(workspace: Workspace, kind: Kind, names: Sequence[str]) -> list[str]:
    """The ids of stored documents, each named as its owner calls it or by its id.

    :return: without repeats, in the order of ``names``.
    :raises UnknownDocument: if the workspace's tenant does not see one of them.
    :raises IndexMissing: if none of the kind was ever stored.
    """
    possible = {name: stored_ids(workspace, kind, name) for name in names}
    heads = {stable_id(id, 0): id for ids in possible.values() for id in ids}
    seen = {heads[head] for head in workspace.store.retrieve(COLLECTION_OF[kind], list(heads), [])}
    found = {name: next((id for id in ids if id in seen), None) for name, ids in possible.items()}
    unknown = sorted(name for name, id in found.items() if id is None)
    if unknown:
        raise UnknownDocument(f"no stored {kind} has the id {', '.join(unknown[:10])}")
    return list(dict.fromkeys(id for id in found.values() if id is not None))


def erase_document(workspace: Workspace, kind: Kind, name: str) -> int:
    """Erase every point of a document.

    :return: how many sentences there were.
    :raises UnknownDocument: if the workspace's tenant owns no such document.
    """
    store, collection = workspace.store, COLLECTION_OF[kind]
    for id in stored_ids(workspace, kind, name):
        with suppress(IndexMissing), _locked(workspace, id):
            sentences = store.count(collection, where(document_id=id, tenant=store.tenant))
            store.delete(collection, where(document_id=id))
            if sentences:
                return sentences
    raise UnknownDocument(f"no stored {kind} of yours has the id {name}")


def list_documents(workspace: Workspace, kind: Kind, *, limit: int, start: str | None = None) -> DocumentPage:
    """A page of the documents that the workspace's tenant sees, in the order of their first points.

    :param start: what :attr:`DocumentPage.next` of the page before says.
    """
    store, collection = workspace.store, COLLECTION_OF[kind]
    try:
        page = next(store.scroll(collection, filter=where(index=0), page_points=limit, start=start))
    except IndexMissing:
        return DocumentPage((), {}, None)
    listed = where(document_id=[payload["document_id"] for payload in page.payloads])
    return DocumentPage(page.payloads, store.facet(collection, "document_id", filter=listed), page.next)


def _of_nobody(workspace: Workspace, physical: str, surplus: Filter, like: Point) -> list[Point]:
    """Points without text or owner in the place of those that ``surplus`` names."""
    return [
        Point(id, like.dense, "", {**payload, "tenant": NOBODY})
        for page in workspace.store.scroll(physical, filter=surplus, fields=["document_id", "index"])
        for id, payload in zip(page.ids, page.payloads, strict=True)
    ]


@contextmanager
def _locked(workspace: Workspace, what: str) -> Iterator[None]:
    locks = workspace.once("write locks", lambda: [threading.Lock() for _ in range(LOCKS)])
    with locks[hash(what) % LOCKS]:
        yield
