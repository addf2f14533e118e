"""The stored postings and brag documents."""

from __future__ import annotations

from indexer.entries import COLLECTION_OF
from indexer.store import where
from indexer.workspace import Workspace
from preprocess.records import Kind
from search_api.sides import DocumentInfo


def stored_documents(workspace: Workspace, kind: Kind) -> list[DocumentInfo]:
    """The stored documents of a kind that the workspace's tenant sees, by name.

    :raises IndexMissing: if none was ever indexed.
    """
    first = where(index=0)
    fields = ["document_id", "title", "company", "location", "url", "source"]
    found = [
        DocumentInfo(
            payload["document_id"],
            payload.get("title") or payload["source"].rsplit("/", 1)[-1],
            payload.get("company", ""),
            payload.get("location", ""),
            payload.get("url", ""),
            payload["source"],
        )
        for page in workspace.store.scroll(COLLECTION_OF[kind], filter=first, fields=fields)
        for payload in page.payloads
    ]
    return sorted(found, key=lambda document: (document.name, document.id))


def payload_keys(workspace: Workspace, collection: str) -> set[str]:
    """What can be filtered on in a collection: the keys of its stored payloads.

    :raises IndexMissing: if there is no such collection yet.
    """
    pages = workspace.store.scroll(collection)
    return {key for page in pages for payload in page.payloads for key in payload}
