"""The stored postings and brag documents, and the tokens of the pages that list them."""

from __future__ import annotations

from uuid import UUID

from indexer.entries import COLLECTION_OF
from indexer.store import where
from indexer.workspace import Workspace
from preprocess.errors import InvalidParameter
from preprocess.records import Kind
from search_api.page_tokens import page_token, place_of
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


def digest_of(workspace: Workspace, kind: Kind) -> str:
    """The digest of the index that holds the documents of a kind.

    :raises IndexMissing: if there is none.
    """
    return workspace.store.live(COLLECTION_OF[kind]).fingerprint.digest


def payload_keys(workspace: Workspace, collection: str) -> set[str]:
    """What can be filtered on in a collection: the keys of its stored payloads.

    :raises IndexMissing: if there is no such collection yet.
    """
    pages = workspace.store.scroll(collection)
    return {key for page in pages for payload in page.payloads for key in payload}


def page_start(workspace: Workspace, kind: Kind, token: str | None) -> str | None:
    """The id of the point with which the page of a token begins; None for no token.

    :raises InvalidParameter: if the token is none, or is of another kind or tenant.
    """
    place = place_of(token, _list_of(workspace, kind))
    if place >= 2**128:
        raise InvalidParameter("expected a page token as the page before gave it")
    return str(UUID(int=place)) if token else None


def page_token_of(workspace: Workspace, kind: Kind, start: str | None) -> str | None:
    """The inverse of :func:`page_start`."""
    return None if start is None else page_token(UUID(start).int, _list_of(workspace, kind))


def _list_of(workspace: Workspace, kind: Kind) -> list[str]:
    """What a token belongs to; the store's own filter is what keeps tenants apart, with any token."""
    return ["documents", workspace.store_settings.tenant, kind]
