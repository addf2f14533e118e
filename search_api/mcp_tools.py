"""The tools of ``joblens mcp``: the questions of the REST API, with answers that fit a model's context.

All of them only read. They take text or the ids of stored documents, never a path: what a model was talked
into cannot open a file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from indexer.store import Hit
from indexer.workspace import Workspace
from preprocess.errors import InvalidParameter
from search_api.classify import JobQuery, classify, occupation_titles
from search_api.mcp_gap import gap_tool, match_tool
from search_api.mcp_schemas import (
    ClassifyAnswer,
    ClassifyArguments,
    CodeAnswer,
    CodedJob,
    FoundText,
    GapAnswer,
    GapArguments,
    MatchAnswer,
    MatchArguments,
    OccupationAnswer,
    OccupationArguments,
    OccupationLineAnswer,
    SearchAnswer,
    SearchArguments,
    shown,
)
from search_api.occupations import find_occupations, occupation
from search_api.search import parse_filter, search

BECAUSE, OTHERS = 3, 5


@dataclass(frozen=True, slots=True)
class Tool:
    """A question that a model may ask: ``description`` is what it chooses by, ``call`` answers it."""

    name: str
    title: str
    description: str
    arguments: type[BaseModel]
    answer: type[BaseModel]
    call: Callable[[Workspace, Any], BaseModel]


def classify_tool(workspace: Workspace, asked: ClassifyArguments) -> ClassifyAnswer:
    """Codes for titles."""
    if asked.posting and len(asked.titles) > 1:
        raise InvalidParameter(f"posting goes with one title, found {len(asked.titles)}; ask one by one")
    queries = [JobQuery(title, asked.posting) for title in asked.titles]
    answers = list(classify(workspace, queries, top_k=asked.top_k, level=asked.level, evidence=BECAUSE))
    return ClassifyAnswer(
        fingerprint=answers[0].fingerprint,
        jobs=[
            CodedJob(
                title=shown(answer.query.title),
                review=answer.review,
                codes=[
                    CodeAnswer(
                        code=candidate.code,
                        title=candidate.title,
                        probability=candidate.score,
                        because=list(dict.fromkeys(shown(near.text) for near in candidate.evidence)),
                    )
                    for candidate in answer.candidates
                ],
            )
            for answer in answers
        ],
    )


def search_tool(workspace: Workspace, asked: SearchArguments) -> SearchAnswer:
    """Stored texts near to a query."""
    [answer] = search(
        workspace,
        asked.collection,
        [asked.query],
        top_k=asked.top_k,
        mode=asked.mode,
        filter=parse_filter(asked.filter),
    )
    if asked.collection == "occupations":
        live = workspace.store.live("occupations")
        titles = occupation_titles(workspace, live.physical)
        found = [_occupation_text(hit, titles) for hit in answer.hits]
    else:
        found = [_sentence(hit) for hit in answer.hits]
    return SearchAnswer(fingerprint=answer.fingerprint, hits=found)


def occupation_tool(workspace: Workspace, asked: OccupationArguments) -> OccupationAnswer:
    """One occupation, by code or by title."""
    others: list[OccupationLineAnswer] = []
    code = asked.query
    if any(character.isalpha() for character in code):
        best, *rest = find_occupations(workspace, code, top_k=OTHERS)
        code = best.code
        others = [OccupationLineAnswer(code=name.code, title=name.title) for name in rest]
    page = occupation(workspace, code)
    return OccupationAnswer(
        fingerprint=page.fingerprint,
        code=page.code,
        title=page.title,
        description=page.description,
        job_zone=page.job_zone,
        alternate_titles=list(page.alternate_titles[: asked.tasks]),
        tasks=[task.text for task in page.tasks[: asked.tasks]],
        technologies=[technology.name for technology in page.technologies[: asked.tasks]],
        related=[OccupationLineAnswer(code=other, title=title) for other, title in page.related[:OTHERS]],
        other_matches=others,
    )


TOOLS = (
    Tool(
        "classify",
        "Find occupation codes",
        "Find the US occupation codes (SOC and O*NET-SOC) of job titles, best first, with a probability and "
        "the O*NET titles that speak for each. Use it to code, normalise or compare job titles. Where review "
        "is true, say that the first code is not sure.",
        ClassifyArguments,
        ClassifyAnswer,
        classify_tool,
    ),
    Tool(
        "search",
        "Search stored sentences",
        "Search the sentences of the user's stored job postings, of the user's own accomplishments (brags), "
        "or O*NET, by meaning or by word. Use it for a question such as 'which postings mention on-call?'; "
        "hits carry the document_id that the other tools take. To judge how well a person fits a posting "
        "use gap.",
        SearchArguments,
        SearchAnswer,
        search_tool,
    ),
    Tool(
        "match",
        "Compare a posting and a resume sentence by sentence",
        "List the sentences of one posting (or, with go_through, of the person's text), each with the "
        "nearest sentence of the other side and its cosine. Raw similarity and no verdict: for what is "
        "covered or missing use gap.",
        MatchArguments,
        MatchAnswer,
        match_tool,
    ),
    Tool(
        "gap",
        "What is asked, what is shown, what is missing",
        "Compare a person's accomplishments or resume with one posting, some, or all stored ones: fit from 0 "
        "to 100, each asked sentence as covered (with the person's sentence as proof), partial or missing, "
        "technologies that are missing, words to take over, and next steps. Use it for 'how do I fit', "
        "'which job suits me best', 'what should I add or learn'. Without any argument it compares "
        "everything stored. Quote the proofs; do not claim what is missing.",
        GapArguments,
        GapAnswer,
        gap_tool,
    ),
    Tool(
        "occupation",
        "Look an occupation up",
        "One O*NET occupation by code or by job title: description, tasks, technologies, other titles, "
        "related occupations. Use it to explain a code or to learn what a job consists of; to code titles "
        "use classify.",
        OccupationArguments,
        OccupationAnswer,
        occupation_tool,
    ),
)


# ---- inside


def _occupation_text(hit: Hit, titles: Mapping[str, str]) -> FoundText:
    code = hit.payload["code"]
    return FoundText(
        score=hit.score,
        text=shown(hit.payload["text"]),
        title=titles.get(code, ""),
        code=code,
        source=hit.payload["source"],
    )


def _sentence(hit: Hit) -> FoundText:
    payload = hit.payload
    return FoundText(
        score=hit.score,
        text=shown(payload["text"]),
        document_id=payload["document_id"],
        title=payload.get("title") or "",
        company=payload.get("company") or "",
        section=payload.get("section") or payload.get("project") or "",
    )
