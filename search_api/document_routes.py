"""Store, read, list and erase documents under ``/v1/documents``."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Query, Response

from indexer.documents import erase_document, list_documents, read_document, write_document
from preprocess.errors import (
    Conflict,
    InvalidParameter,
    StorageFull,
    StoreCorrupt,
    TooLarge,
    UnknownDocument,
    UnsupportedFormat,
)
from search_api.dependencies import Limits, Reading, Writing, v1_router
from search_api.document_schemas import (
    DocumentReply,
    DocumentsReply,
    ErasedReply,
    WrittenReply,
)
from search_api.documents import digest_of, page_start, page_token_of
from search_api.page_tokens import MAX_TOKEN_CHARS
from search_api.problems import declared
from search_api.schemas import DocumentKind, DocumentName
from search_api.uploads import Uploaded, document_of, request_body

STORE_PROBLEMS = (StoreCorrupt, StorageFull)
MAX_LISTED = 1_000
PATH = "/documents/{kind}/{id}"

Kind = Annotated[DocumentKind, Path(description="posting or brag.", examples=["brag"])]
Name = Annotated[DocumentName, Path()]

_HERE = {"kind": "$request.path.kind", "id": "$request.path.id"}
_LINKS = {
    name: {"operationId": operation, "parameters": _HERE}
    for name, operation in (("read", "read_document"), ("erase", "erase_document"))
}
_WRITTEN: dict[int | str, dict[str, Any]] = {
    200: {"description": "The document was there and is replaced, or is the same.", "links": _LINKS},
    201: {"description": "The document is new.", "model": WrittenReply, "links": _LINKS},
}

router = v1_router()


@router.put(
    PATH,
    tags=["documents"],
    summary="Store a document",
    operation_id="write_document",
    responses=_WRITTEN | declared(Conflict, TooLarge, UnsupportedFormat, InvalidParameter, *STORE_PROBLEMS),
    openapi_extra={"requestBody": request_body()},
)
def write_route(
    kind: Kind, id: Name, workspace: Writing, limits: Limits, upload: Uploaded, response: Response
) -> WrittenReply:
    """Text as JSON, or a file (txt, md, pdf, docx, yaml) as the body itself, under an id of your own.

    It replaces what was stored under the id, in one step. The same content again changes nothing."""
    document = document_of(upload, kind, id, limits)
    written = write_document(workspace, document, max_sentences=limits.max_document_sentences)
    response.status_code = 201 if written.created else 200
    return WrittenReply.of(kind, id, written, digest_of(workspace, kind))


@router.get(
    PATH,
    tags=["documents"],
    summary="One stored document",
    operation_id="read_document",
    responses=declared(UnknownDocument, InvalidParameter, *STORE_PROBLEMS),
)
def read_route(kind: Kind, id: Name, workspace: Reading) -> DocumentReply:
    """The document with its sentences, as they are searched."""
    document = read_document(workspace, kind, id)
    return DocumentReply.of_stored(kind, document, digest_of(workspace, kind))


@router.delete(
    PATH,
    tags=["documents"],
    summary="Erase a document",
    operation_id="erase_document",
    responses=declared(UnknownDocument, InvalidParameter, *STORE_PROBLEMS),
)
def erase_route(kind: Kind, id: Name, workspace: Writing) -> ErasedReply:
    """Erase every sentence of a document of your own, and its vectors."""
    return ErasedReply(kind=kind, id=id, sentences=erase_document(workspace, kind, id))


@router.get(
    "/documents",
    tags=["documents"],
    summary="Stored documents",
    responses=declared(InvalidParameter, *STORE_PROBLEMS),
)
def list_route(
    workspace: Reading,
    kind: Annotated[DocumentKind, Query(description="posting or brag.", examples=["brag"])],
    limit: Annotated[
        int, Query(ge=1, le=MAX_LISTED, description="Documents a page, at most.", examples=[20])
    ] = 100,
    page: Annotated[
        str | None,
        Query(max_length=MAX_TOKEN_CHARS, description="What next of the page before says.", examples=[""]),
    ] = None,
) -> DocumentsReply:
    """Your documents and the public postings, in an order that stays while documents come and go."""
    found = list_documents(workspace, kind, limit=limit, start=page_start(workspace, kind, page))
    return DocumentsReply.of(kind, found, page_token_of(workspace, kind, found.next))
