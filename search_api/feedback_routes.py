"""Accepted and corrected codes, under ``/v1/feedback``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain
from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import StreamingResponse

from indexer.workspace import Workspace
from preprocess.errors import InvalidParameter, StorageFull, StoreCorrupt, StoreLocked, UnknownCode
from search_api.dependencies import JsonRoute, Operating, Writing, v1_router
from search_api.feedback import FeedbackBook, Kept, check_feedback, training_row
from search_api.feedback_schemas import (
    ErasedFeedback,
    FeedbackId,
    FeedbackPage,
    FeedbackReply,
    FeedbackRequest,
    KeptFeedback,
    TrainingRow,
)
from search_api.page_tokens import MAX_TOKEN_CHARS, page_token, place_of
from search_api.problems import declared
from search_api.routes import POST_PROBLEMS

JSONL = "application/x-ndjson"
MAX_ROWS = 1_000

BOOK_PROBLEMS = (StoreLocked, StorageFull, StoreCorrupt)

posts = v1_router(JsonRoute)
others = v1_router()


@posts.post(
    "/feedback",
    tags=["feedback"],
    summary="Accept or correct a code",
    responses=declared(UnknownCode, *POST_PROBLEMS),
)
def give_route(request: FeedbackRequest, workspace: Writing) -> FeedbackReply:
    """Keep a judgement for the caller's tenant; the same twice changes nothing, and the reply says so."""
    return FeedbackReply.of(_book(workspace).give(check_feedback(workspace, request.feedback)))


@others.get(
    "/feedback",
    tags=["feedback"],
    summary="The tenant's feedback",
    responses=declared(InvalidParameter, *BOOK_PROBLEMS),
)
def list_route(
    workspace: Operating,
    limit: Annotated[
        int, Query(ge=1, le=MAX_ROWS, description="Judgements a page, at most.", examples=[20])
    ] = 100,
    page: Annotated[
        str | None,
        Query(max_length=MAX_TOKEN_CHARS, description="What next of the page before says.", examples=[""]),
    ] = None,
) -> FeedbackPage:
    """Judgements in the order in which they first came in, in pages."""
    book = _book(workspace)
    question = ["feedback", book.tenant]
    rows = book.read(after=place_of(page, question), limit=limit + 1)
    more = len(rows) > limit
    return FeedbackPage(
        feedback=[KeptFeedback.of(row) for row in rows[:limit]],
        next=page_token(rows[limit - 1].number, question) if more else None,
    )


@others.get(
    "/feedback/export",
    tags=["feedback"],
    summary="Feedback as training rows",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "One JSON object a line.",
            "content": {JSONL: {"schema": TrainingRow.model_json_schema()}},
        },
        **declared(*BOOK_PROBLEMS),
    },
)
def export_route(workspace: Operating) -> StreamingResponse:
    """All of the tenant's judgements, one JSON object a line: title, right code and source, no tenant."""
    pages = _book(workspace).pages()
    first = next(pages, [])  # read before the answer begins, so that an error is still a problem
    return StreamingResponse(_lines(chain([first], pages)), media_type=JSONL)


@others.delete(
    "/feedback/{id}",
    tags=["feedback"],
    summary="Erase a judgement",
    responses=declared(InvalidParameter, *BOOK_PROBLEMS),
)
def erase_route(
    workspace: Writing,
    id: Annotated[FeedbackId, Path(description="As the reply to it said.", examples=["review-7:row-12"])],
) -> ErasedFeedback:
    """Erase one of the tenant's judgements; one that is not there is no error."""
    return ErasedFeedback(id=id, erased=_book(workspace).erase(id) > 0)


router = APIRouter()
router.include_router(posts)
router.include_router(others)


def _book(workspace: Workspace) -> FeedbackBook:
    settings = workspace.store_settings
    return FeedbackBook(settings.home.expanduser(), settings.tenant)


def _lines(pages: Iterator[list[Kept]]) -> Iterator[str]:
    for page in pages:
        yield "".join(json.dumps(training_row(kept.feedback), ensure_ascii=False) + "\n" for kept in page)
