"""Vectors of texts, and examples of an occupation's titles and tasks."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from preprocess.errors import InvalidParameter, UnknownCode
from search_api.dependencies import JsonRoute, Limits, Reading, v1_router
from search_api.embed import embed
from search_api.embed_schemas import EmbedReply, EmbedRequest
from search_api.occupation_reply import ExamplesReply
from search_api.occupations import EXAMPLE_SOURCES, ExampleSource, occupation_examples
from search_api.page_tokens import MAX_TOKEN_CHARS
from search_api.problems import declared
from search_api.routes import POST_PROBLEMS, READ_PROBLEMS

MAX_EXAMPLES = 1_000

posts = v1_router(JsonRoute)
gets = v1_router()


@posts.post("/embed", tags=["search"], summary="Vectors of texts", responses=declared(*POST_PROBLEMS))
def embed_route(request: EmbedRequest, workspace: Reading, limits: Limits) -> EmbedReply:
    """One vector for each text, of the model and a text view, and the indexes it may be compared with."""
    made = embed(workspace, request.texts, view=request.view, limit=limits.max_queries)
    return EmbedReply.of(made, request.encoding)


@gets.get(
    "/occupations/{code}/examples",
    tags=["occupations"],
    summary="Titles and tasks of an occupation",
    responses=declared(UnknownCode, InvalidParameter, *READ_PROBLEMS),
)
def examples_route(
    workspace: Reading,
    code: Annotated[str, Path(max_length=40, description="Eight digits, or six.", examples=["29-1141.00"])],
    prefix: Annotated[
        str,
        Query(max_length=1_000, description="What the text begins with, in any case.", examples=["staff"]),
    ] = "",
    source: Annotated[
        list[ExampleSource] | None,
        Query(max_length=len(EXAMPLE_SOURCES), description="Left out: all.", examples=[["alternate"]]),
    ] = None,
    limit: Annotated[
        int, Query(ge=1, le=MAX_EXAMPLES, description="Texts a page, at most.", examples=[20])
    ] = 100,
    page: Annotated[
        str | None,
        Query(max_length=MAX_TOKEN_CHARS, description="What next of the page before says.", examples=[""]),
    ] = None,
) -> ExamplesReply:
    """What O*NET gives for the code: its title, alternate and reported titles, and tasks, in pages."""
    return ExamplesReply.of(
        occupation_examples(
            workspace, code, prefix=prefix, sources=source or EXAMPLE_SOURCES, limit=limit, page=page
        )
    )


router = APIRouter()
router.include_router(posts)
router.include_router(gets)
