"""The tools ``match`` and ``gap`` of ``joblens mcp``: a person's sentences against those of postings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from indexer.documents import find_documents
from indexer.store import where
from indexer.workspace import Workspace
from preprocess.errors import InvalidParameter
from preprocess.records import Kind
from search_api.findings import Findings, findings
from search_api.gap import PostingGap, SentenceGap, Status, gap
from search_api.judge import judge_of
from search_api.match import match
from search_api.mcp_schemas import (
    AdditionAnswer,
    AskedSentence,
    GapAnswer,
    GapArguments,
    MatchAnswer,
    MatchArguments,
    MatchedSentence,
    MissingAnswer,
    Near,
    NextStepsAnswer,
    PostingAnswer,
    RankedAnswer,
    RelatedAnswer,
    SidesArguments,
    WordAnswer,
    shown,
)
from search_api.search import parse_filter
from search_api.sides import Side, side_from_store, side_from_text

MAX_SENTENCES = 5_000
"""Of a text that is given; the same as a request to the REST API may have by default."""

RANKED, THEMES, TECHNOLOGIES, WORDS, RELATED = 10, 5, 10, 8, 5


def match_tool(workspace: Workspace, asked: MatchArguments) -> MatchAnswer:
    """Two texts sentence by sentence."""
    if not (asked.posting_text or asked.posting_id):
        raise InvalidParameter("expected posting_text or posting_id; gap compares with all stored postings")
    posting = _side(workspace, "posting", asked.posting_text, [asked.posting_id] if asked.posting_id else [])
    report = match(posting, _brag(workspace, asked), top_k=asked.top_k)
    pairings = report.forward if asked.go_through == "posting" else report.backward
    return MatchAnswer(
        sentences=[
            MatchedSentence(
                text=shown(pairing.sentence.text),
                section=pairing.sentence.section,
                nearest=[Near(text=shown(near.text), score=score) for near, score in pairing.partners],
            )
            for pairing in pairings[: asked.sentences]
        ],
        left_out=max(0, len(pairings) - asked.sentences),
    )


def gap_tool(workspace: Workspace, asked: GapArguments) -> GapAnswer:
    """What postings ask that a person shows, or lacks."""
    brag = _brag(workspace, asked)
    postings = _side(
        workspace, "posting", asked.posting_text, asked.posting_ids, asked.filter, asked.posting_title
    )
    fingerprint = "" if asked.posting_text else workspace.store.live("postings").fingerprint.digest
    report = gap(brag, postings, fingerprint=fingerprint, judge=judge_of(workspace))
    found = findings(workspace, report)
    documents = postings.documents
    return GapAnswer(
        fingerprint=fingerprint,
        postings_compared=len(documents),
        ranking=[
            RankedAnswer(
                id=documents[position].id,
                name=shown(documents[position].name),
                company=documents[position].company,
                fit=fit,
            )
            for position, fit in report.ranking[:RANKED]
        ],
        postings=[_posting(posting, asked.sentences) for posting in report.top(asked.top)],
        missing_again_and_again=[
            MissingAnswer(text=shown(theme.text), postings=theme.documents)
            for theme in report.missing_themes[:THEMES]
        ],
        technologies_missing=[
            MissingAnswer(text=name, postings=count)
            for name, count in report.missing_technologies[:TECHNOLOGIES]
        ],
        forgotten_words=[
            WordAnswer(term=word.term, theirs=shown(word.theirs.text), yours=shown(word.yours.text))
            for word in found.words[:WORDS]
        ],
        next_steps=_next_steps(found),
        no_next_steps=found.no_lens,
    )


# ---- inside


def _brag(workspace: Workspace, asked: SidesArguments) -> Side:
    return _side(workspace, "brag", asked.brag_text, [asked.brag_id] if asked.brag_id else [])


def _side(
    workspace: Workspace,
    kind: Kind,
    text: str,
    names: Sequence[str],
    filter: dict[str, Any] | None = None,
    title: str = "",
) -> Side:
    """The text that was given, else the stored documents of these ids, or all that the filter finds."""
    if text and (names or filter):
        raise InvalidParameter(f"expected the text of a {kind} or stored ones by id or filter, found both")
    if text:
        return side_from_text(workspace, text, kind, title, limit=MAX_SENTENCES)
    chosen = where(document_id=find_documents(workspace, kind, names)) if names else None
    if filter:
        chosen = parse_filter(filter).and_(chosen)
    return side_from_store(workspace, kind, chosen)


def _posting(posting: PostingGap, sentences: int) -> PostingAnswer:
    def some(status: Status) -> list[AskedSentence]:
        return [_asked(sentence) for sentence in posting.of(status)[:sentences]]

    return PostingAnswer(
        id=posting.document.id,
        name=shown(posting.document.name),
        company=posting.document.company,
        fit=posting.fit,
        counts=posting.counts,
        missing=some("missing"),
        partial=some("partial"),
        covered=some("covered"),
        technologies_missing=list(posting.technologies_missing),
    )


def _asked(sentence: SentenceGap) -> AskedSentence:
    return AskedSentence(
        text=shown(sentence.sentence.text),
        role=sentence.sentence.role,
        score=sentence.score,
        # What is nearest to a missing sentence proves nothing, and a model might take it for a proof.
        proof="" if sentence.status == "missing" else shown(sentence.evidence[0].sentence.text),
        lacks=list(
            dict.fromkeys(
                (
                    *sentence.missing_technologies,
                    *(part.text for part in sentence.parts if part.status == "missing"),
                )
            )
        ),
    )


def _next_steps(found: Findings) -> NextStepsAnswer | None:
    if found.steps is None:
        return None
    return NextStepsAnswer(
        additions=[
            AdditionAnswer(
                kind=opener.kind,
                text=shown(opener.text),
                occupations=opener.occupations,
                postings=opener.postings,
            )
            for opener in found.steps.openers
        ],
        related_occupations=[
            RelatedAnswer(code=step.occupation.code, title=step.occupation.title, shown=step.occupation.share)
            for step in found.steps.related[:RELATED]
        ],
    )
