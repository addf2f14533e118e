"""The routes under ``/v1``: check, call, answer. All are plain functions, run in the thread pool."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import Path, Query

from indexer.documents import find_documents
from indexer.store import Filter, where
from indexer.workspace import Workspace
from preprocess.errors import (
    FingerprintMismatch,
    IndexMissing,
    InvalidParameter,
    StorageFull,
    StoreCorrupt,
    TooLarge,
    UnknownCode,
    UnknownDocument,
    UnsupportedFormat,
)
from search_api.classify import JobQuery, classify
from search_api.confidence import ReviewRule
from search_api.dependencies import JsonRoute, Limits, Reading, v1_router
from search_api.documents import digest_of
from search_api.findings import findings
from search_api.findings_reply import FluffReply
from search_api.fluff import fluff
from search_api.gap import Thresholds, gap
from search_api.gap_reply import GapReply
from search_api.judge import judge_of
from search_api.limits import MAX_TOP_K
from search_api.match import match
from search_api.occupation_reply import OccupationReply, OccupationsReply
from search_api.occupations import find_occupations, occupation
from search_api.problems import declared
from search_api.readiness import CollectionReply, CollectionsReply, DamagedCollection
from search_api.replies import ClassifyReply, MatchReply, SearchReply
from search_api.schemas import (
    ClassifyRequest,
    DocumentInput,
    DocumentKind,
    FilterValue,
    FluffRequest,
    GapRequest,
    Input,
    MatchRequest,
    PostingFilter,
    PostingIds,
    PostingsInput,
    PostingText,
    SearchRequest,
    SentencesInput,
    filter_values,
)
from search_api.search import parse_filter, search
from search_api.settings import ServeSettings
from search_api.sides import Side, side_from_sentences, side_from_store, side_from_text

READ_PROBLEMS = (StoreCorrupt, IndexMissing, StorageFull)
INDEX_PROBLEMS = (FingerprintMismatch, *READ_PROBLEMS)
POST_PROBLEMS = (TooLarge, UnsupportedFormat, InvalidParameter, *INDEX_PROBLEMS)


router = v1_router()
posts = v1_router(JsonRoute)


@posts.post(
    "/classify", tags=["occupations"], summary="Find occupation codes", responses=declared(*POST_PROBLEMS)
)
def classify_route(request: ClassifyRequest, workspace: Reading, limits: Limits) -> ClassifyReply:
    """Rank O*NET-SOC codes for titles or whole postings, with a probability, and what speaks for each."""
    _check_size(len(request.queries), request.top_k, limits)
    queries = [
        JobQuery(query) if isinstance(query, str) else JobQuery(query.title, query.body or "")
        for query in request.queries
    ]
    answers = classify(
        workspace,
        queries,
        top_k=request.top_k,
        level=request.level,
        evidence=request.evidence,
        review=ReviewRule(request.review_score, request.review_margin),
    )
    return ClassifyReply.of(list(answers))


@posts.post("/search", tags=["search"], summary="Search one collection", responses=declared(*POST_PROBLEMS))
def search_route(request: SearchRequest, workspace: Reading, limits: Limits) -> SearchReply:
    """Dense, lexical or hybrid search; nothing found is an empty list of hits."""
    _check_size(len(request.queries), request.top_k, limits)
    answers = search(
        workspace,
        request.collection,
        request.queries,
        top_k=request.top_k,
        mode=request.mode,
        filter=_filter_of(request.filter),
        score_threshold=request.score_threshold,
    )
    return SearchReply.of(answers)


@posts.post(
    "/match",
    tags=["gap"],
    summary="Compare two texts sentence by sentence",
    responses=declared(UnknownDocument, *POST_PROBLEMS),
)
def match_route(request: MatchRequest, workspace: Reading, limits: Limits) -> MatchReply:
    """The sentences of A with their nearest in B, and the other way."""
    a = _side(workspace, request.a, limits)
    b = _side(workspace, request.b, limits)
    _check_pairs(a, b, limits)
    _check_size(len(a.sentences) + len(b.sentences), request.top_k, limits)
    stored = [side.document.kind for side in (request.a, request.b) if isinstance(side, DocumentInput)]
    fingerprint = digest_of(workspace, stored[0]) if stored else ""
    return MatchReply.of(match(a, b, top_k=request.top_k), fingerprint)


@posts.post(
    "/gap",
    tags=["gap"],
    summary="What do postings ask that a brag document shows, or lacks",
    responses=declared(UnknownDocument, *POST_PROBLEMS),
)
def gap_route(request: GapRequest, workspace: Reading, limits: Limits) -> GapReply:
    """Rank postings by fit, show for each asked sentence the proof or that it is missing, and sum that up."""
    given = request.thresholds
    thresholds = Thresholds(given.covered, given.partial) if given else Thresholds()
    brag = _side(workspace, request.brag, limits, must_be="brag")
    postings = _postings(workspace, request.postings, limits)
    _check_pairs(brag, postings, limits)
    fingerprint = "" if isinstance(request.postings, PostingText) else digest_of(workspace, "posting")
    report = gap(brag, postings, thresholds=thresholds, fingerprint=fingerprint, judge=judge_of(workspace))
    found = findings(workspace, report) if request.findings else None
    return GapReply.of(report, found, top=request.top, themes=request.themes)


@posts.post(
    "/fluff",
    tags=["gap"],
    summary="Which sentences of a brag document say little",
    responses=declared(UnknownDocument, *POST_PROBLEMS),
)
def fluff_route(request: FluffRequest, workspace: Reading, limits: Limits) -> FluffReply:
    """Rank sentences by how little they say, with reasons and the nearest O*NET task as a hint."""
    brag = _side(workspace, request.brag, limits, must_be="brag")
    _check_size(min(request.top_k, len(brag.sentences)), 1, limits)
    return FluffReply.of(fluff(workspace, brag, top=request.top_k))


@router.get(
    "/occupations",
    tags=["occupations"],
    summary="Look occupations up by title or code",
    responses=declared(InvalidParameter, *INDEX_PROBLEMS),
)
def occupations_route(
    workspace: Reading,
    query: Annotated[
        str,
        Query(
            min_length=1,
            max_length=1_000,
            description="A title, or the first digits of a code.",
            examples=["staff nurse", "15-12"],
        ),
    ],
    top_k: Annotated[int, Query(ge=1, le=MAX_TOP_K, description="Occupations at most.", examples=[5])] = 10,
) -> OccupationsReply:
    """Occupations whose titles mean the query, or whose code starts with it; each once, best first."""
    names = find_occupations(workspace, query, top_k=top_k)
    return OccupationsReply.of(names, workspace.store.live("occupations").fingerprint.digest)


@router.get(
    "/occupations/{code}",
    tags=["occupations"],
    summary="One occupation",
    responses=declared(UnknownCode, InvalidParameter, *READ_PROBLEMS),
)
def occupation_route(
    workspace: Reading,
    code: Annotated[str, Path(max_length=40, description="Eight digits, or six.", examples=["29-1141.00"])],
) -> OccupationReply:
    """Its description, titles, tasks, technologies and relatives."""
    return OccupationReply.of(occupation(workspace, code))


@router.get("/collections", tags=["service"], summary="What is indexed", responses=declared(*READ_PROBLEMS))
def collections_route(workspace: Reading) -> CollectionsReply:
    """The live collections: points, size on disk and what their vectors were made with."""
    infos, damaged = workspace.collections()
    return CollectionsReply(
        collections=[CollectionReply.of(info) for info in infos],
        damaged=[DamagedCollection(name=name, detail=str(error)) for name, error in damaged.items()],
    )


# ---- inside


def _side(
    workspace: Workspace, given: Input, limits: ServeSettings, *, must_be: DocumentKind | None = None
) -> Side:
    """The side that a request names.

    :param must_be: the kind that the place asks for; None where either will do.
    """
    kind = given.document.kind if isinstance(given, DocumentInput) else getattr(given, "kind", None)
    if must_be and kind not in (None, must_be):
        raise InvalidParameter(f"expected a {must_be} document here, found a {kind}")
    kind = kind or must_be or "posting"
    if isinstance(given, DocumentInput):
        return _stored(workspace, kind, [given.document.id])
    if isinstance(given, SentencesInput):
        return side_from_sentences(workspace, given.sentences, kind, limit=limits.max_sentences)
    return side_from_text(workspace, given.text, kind, limit=limits.max_sentences)


def _postings(workspace: Workspace, given: PostingsInput, limits: ServeSettings) -> Side:
    if isinstance(given, PostingText):
        return side_from_text(workspace, given.text, "posting", given.title, limit=limits.max_sentences)
    if isinstance(given, PostingIds):
        return _stored(workspace, "posting", given.ids)
    chosen = _filter_of(given.filter) if isinstance(given, PostingFilter) else None
    return side_from_store(workspace, "posting", chosen)


def _stored(workspace: Workspace, kind: DocumentKind, names: Sequence[str]) -> Side:
    return side_from_store(workspace, kind, where(document_id=find_documents(workspace, kind, names)))


def _filter_of(values: Mapping[str, FilterValue]) -> Filter | None:
    return parse_filter(filter_values(values)) if values else None


def _check_size(queries: int, top_k: int, limits: ServeSettings) -> None:
    if queries > limits.max_queries:
        raise InvalidParameter(f"at most {limits.max_queries:,} queries at once, found {queries:,}")
    if queries * top_k > limits.max_results:
        raise InvalidParameter(
            f"at most {limits.max_results:,} results at once, found {queries:,} times top_k {top_k:,}; "
            "ask for fewer, or in parts"
        )


def _check_pairs(a: Side, b: Side, limits: ServeSettings) -> None:
    pairs = len(a.sentences) * len(b.sentences)
    if pairs > limits.max_pairs:
        raise InvalidParameter(
            f"at most {limits.max_pairs:,} pairs of sentences at once, found {pairs:,}; "
            "narrow the postings by a filter, or ask in parts"
        )
