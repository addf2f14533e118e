"""Long jobs over many rows, under ``/v1/batches``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import Depends, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.requests import ClientDisconnect

from preprocess.errors import (
    Conflict,
    InvalidParameter,
    ReadError,
    StorageFull,
    StoreCorrupt,
    StoreError,
    TooLarge,
    UnknownBatch,
    UnknownDocument,
    UnsupportedFormat,
)
from search_api.batch import Format
from search_api.batch_files import GATHERED_BYTES, Upload
from search_api.batch_lines import ResultLine
from search_api.batch_schemas import (
    JSONL,
    BatchesReply,
    BatchParameters,
    BatchReply,
    ErasedBatch,
    upload_body,
)
from search_api.batches import Batches
from search_api.dependencies import Reading, Writing, v1_router
from search_api.page_tokens import MAX_TOKEN_CHARS, page_token, place_of
from search_api.problems import declared
from search_api.routes import INDEX_PROBLEMS

MEDIA_TYPES: Mapping[str, Format] = {
    JSONL: "jsonl",
    "application/jsonl": "jsonl",
    "application/ndjson": "jsonl",
    "text/csv": "csv",
}
MAX_LISTED = 1_000
RECORD_PROBLEMS = (StoreError, StorageFull, StoreCorrupt)
STATE_HEADER, ROWS_HEADER = "X-Batch-State", "X-Batch-Rows"

router = v1_router()


class JsonLines(StreamingResponse):
    """One JSON object a line."""

    media_type = JSONL


async def _batches(request: Request) -> AsyncIterator[Batches]:
    batches: Batches = request.app.state.batches
    with batches.request():
        yield batches


Kept = Annotated[Batches, Depends(_batches)]
Id = Annotated[
    str,
    Path(
        max_length=64,
        description="As the reply to the upload said.",
        examples=["8f0c9c3e-6f0c-4d55-9c8e-0d9f4f0b7a11"],
    ),
]
_ID_LINKS = {
    name: {"operationId": operation, "parameters": {"id": "$response.body#/id"}}
    for name, operation in (
        ("state", "read_batch"),
        ("results", "read_batch_results"),
        ("cancel", "cancel_batch"),
        ("erase", "erase_batch"),
    )
}


@router.post(
    "/batches",
    tags=["batches"],
    summary="Hand in rows to be worked on",
    operation_id="create_batch",
    status_code=202,
    responses={
        202: {
            "description": "The batch is queued.",
            "headers": {"Location": {"description": "Where its state is.", "schema": {"type": "string"}}},
            "links": _ID_LINKS,
        },
        **declared(UnknownDocument, TooLarge, UnsupportedFormat, InvalidParameter, *INDEX_PROBLEMS, Conflict),
    },
    openapi_extra={"requestBody": upload_body()},
)
async def create_route(
    request: Request,
    response: Response,
    parameters: Annotated[BatchParameters, Query()],
    workspace: Writing,
    batches: Kept,
) -> BatchReply:
    """Classify, gap or match over a csv or jsonl file, which is the body itself.

    Each row gets one line of results, in order; a row that cannot be answered gets one with its `error`.
    Columns: classify reads a title, and a body where `body_column` names one. gap reads `posting` (text) or
    `posting_id`, and `brag` or `brag_id` unless the parameter `brag_id` names one document for all rows.
    match reads `a` and `b`. Ids are those of `/v1/documents`. Of gap and match the texts are not sent back.

    Rows and results are erased when the batch expires, is cancelled or is erased."""
    form = _form(request)
    task = parameters.row_task()
    tenant = workspace.store_settings.tenant
    await run_sync(batches.check_room, tenant)
    await run_sync(task.check, workspace)
    with batches.upload() as upload:
        await _receive(request, upload)
        batch = await run_sync(batches.create, upload, tenant, parameters.task, task, form)
    response.headers["Location"] = f"/v1/batches/{batch.id}"
    return BatchReply.of(batch)


@router.get(
    "/batches",
    tags=["batches"],
    summary="The tenant's batches",
    responses=declared(InvalidParameter, *RECORD_PROBLEMS),
)
def list_route(
    workspace: Reading,
    batches: Kept,
    limit: Annotated[
        int, Query(ge=1, le=MAX_LISTED, description="Batches a page, at most.", examples=[20])
    ] = 100,
    page: Annotated[
        str | None,
        Query(max_length=MAX_TOKEN_CHARS, description="What next of the page before says.", examples=[""]),
    ] = None,
) -> BatchesReply:
    """Batches that have not expired, the newest first, in pages."""
    tenant = workspace.store_settings.tenant
    question = ["batches", tenant]
    found = batches.page(tenant, limit=limit + 1, before=place_of(page, question) or None)
    more = len(found) > limit
    return BatchesReply(
        batches=[BatchReply.of(batch) for batch in found[:limit]],
        next=page_token(found[limit - 1].seq, question) if more else None,
    )


@router.get(
    "/batches/{id}",
    tags=["batches"],
    summary="How far a batch is",
    operation_id="read_batch",
    responses=declared(UnknownBatch, InvalidParameter, *RECORD_PROBLEMS),
)
def read_route(id: Id, workspace: Reading, batches: Kept) -> BatchReply:
    """Its state, the rows done and in all, rows a second, and rows with an error."""
    return BatchReply.of(batches.find(workspace.store_settings.tenant, id))


@router.get(
    "/batches/{id}/results",
    tags=["batches"],
    summary="The results of a batch",
    operation_id="read_batch_results",
    response_class=JsonLines,
    responses={
        200: {
            "description": "One JSON object a line; its shape is that of the batch's task.",
            "model": ResultLine,
            "headers": {
                STATE_HEADER: {"description": "The batch's state.", "schema": {"type": "string"}},
                ROWS_HEADER: {
                    "description": "Rows answered so far, those skipped included.",
                    "schema": {"type": "integer"},
                },
            },
        },
        **declared(UnknownBatch, InvalidParameter, *RECORD_PROBLEMS),
    },
)
def results_route(
    id: Id,
    workspace: Reading,
    batches: Kept,
    skip: Annotated[
        int, Query(ge=0, le=2**53, description="Lines to leave out, those read before.", examples=[0])
    ] = 0,
) -> JsonLines:
    """One line for each row, in the order of the rows, errors included.

    While the batch runs, these are the rows done so far: a line once written never changes, so a caller may
    read on with `skip`. The headers say the state and how many rows there are; all are there when the state
    is `done`."""
    batch = batches.find(workspace.store_settings.tenant, id)
    headers = {STATE_HEADER: batch.state, ROWS_HEADER: str(batch.done if batch.results_bytes else 0)}
    return JsonLines(batches.results(batch, skip=skip), headers=headers)


@router.post(
    "/batches/{id}/cancel",
    tags=["batches"],
    summary="Stop a batch",
    operation_id="cancel_batch",
    responses=declared(UnknownBatch, Conflict, InvalidParameter, *RECORD_PROBLEMS),
)
def cancel_route(id: Id, workspace: Writing, batches: Kept) -> BatchReply:
    """Stop it and erase its rows and results; its state stays until it expires. Takes no body.

    Again, it changes nothing. A batch that is done or has failed is 409: there is nothing to stop."""
    return BatchReply.of(batches.cancel(workspace.store_settings.tenant, id))


@router.delete(
    "/batches/{id}",
    tags=["batches"],
    summary="Erase a batch",
    operation_id="erase_batch",
    responses=declared(UnknownBatch, InvalidParameter, *RECORD_PROBLEMS),
)
def erase_route(id: Id, workspace: Writing, batches: Kept) -> ErasedBatch:
    """Erase its rows, its results and its state, whatever that is; a running one stops."""
    batch = batches.erase(workspace.store_settings.tenant, id)
    return ErasedBatch(id=id, state=batch.state, rows=batch.done)


# ---- inside


def _form(request: Request) -> Format:
    """
    :raises UnsupportedFormat: if the body is neither csv nor jsonl by its content type.
    """
    coding = request.headers.get("content-encoding", "identity")
    if coding != "identity":
        raise UnsupportedFormat(f"expected a body without content coding, found {coding[:80]!r}")
    found = request.headers.get("content-type", "")
    form = MEDIA_TYPES.get(found.partition(";")[0].strip().lower())
    if form is None:
        raise UnsupportedFormat(
            f"expected a body of content type {', '.join(MEDIA_TYPES)}, found {found[:80]!r}"
        )
    return form


async def _receive(request: Request, upload: Upload) -> None:
    """Write the body to the disk piece by piece; it is never whole in memory."""
    gathered = bytearray()
    try:
        async for piece in request.stream():
            gathered += piece
            if len(gathered) >= GATHERED_BYTES:
                await run_sync(upload.write, bytes(gathered))
                gathered.clear()
    except ClientDisconnect as error:
        raise ReadError("the body ended before it was complete") from error
    await run_sync(upload.write, bytes(gathered))
