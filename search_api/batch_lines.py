"""The lines of a batch's results: one JSON object for each row, in one shape for each task.

``joblens classify FILE --json`` prints the same lines.
"""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import BaseModel, Field, RootModel

from search_api.batch import Coded, Row
from search_api.batch_tasks import GapOutcome, MatchOutcome, Outcome
from search_api.gap import GapReport
from search_api.match import MatchReport
from search_api.replies import CodedRow, PairingReply, Score, example

_CODED_LINE = {
    "row": {"id": 1, "title": "line cook"},
    "error": "",
    "fingerprint": "5b8a2f0c91d4",
    "result": {
        "query": {
            "title": "line cook",
            "clean_title": "line cook",
            "seniority": "",
            "numeral": "",
            "has_body": False,
        },
        "confidence": 0.9012,
        "margin": 0.8321,
        "abstained": False,
        "review": False,
        "prediction_set": ["35-2014"],
        "lead": {"neighbours": 0.8, "vector": 0.1, "description": 0.2, "letters": 1.1},
        "candidates": [
            {
                "rank": 1,
                "code": "35-2014",
                "title": "Cooks, Restaurant",
                "score": 0.9012,
                "occupation": "35-2014.00",
                "votes": {"neighbours": 0.81, "vector": 0.97},
                "evidence": [],
            }
        ],
    },
}
_GAP_LINES = (
    {
        "row": {"id": 17, "title": "Data engineer"},
        "error": "",
        "fingerprint": "",
        "result": {
            "posting": "Data engineer",
            "fit": 50.0,
            "parts": {"requirements": 0.5, "technologies": 0.5},
            "counts": {"covered": 0, "partial": 1, "missing": 1},
            "partial": ["Python and SQL"],
            "missing": ["Experience with Airflow"],
            "technologies_shared": ["Python"],
            "technologies_missing": ["Airflow", "SQL"],
        },
    },
    {
        "row": {"id": 18},
        "error": "expected at least one sentence with words in it, found none",
        "fingerprint": "",
        "result": None,
    },
)
_MATCH_LINE = {
    "row": {"id": 4},
    "error": "",
    "fingerprint": "",
    "result": {
        "forward": [
            {
                "text": "You write Go.",
                "section": "",
                "partners": [{"text": "Wrote billing services in Go.", "section": "", "score": 0.6127}],
            }
        ],
        "backward": [
            {
                "text": "Wrote billing services in Go.",
                "section": "",
                "partners": [{"text": "You write Go.", "section": "", "score": 0.6127}],
            }
        ],
    },
}


class GapRowResult(BaseModel):
    """A posting against a brag document, without the evidence: POST /v1/gap shows that for one posting."""

    posting: str = Field(description="The posting's title, or what else names it.")
    fit: Score = Field(description="0 to 100.")
    parts: dict[str, Score] = Field(description="What the fit is made of, each 0 to 1.")
    counts: dict[Literal["covered", "partial", "missing"], int]
    partial: list[str] = Field(description="Asked sentences that the document covers in part.")
    missing: list[str] = Field(description="Asked sentences that it does not cover.")
    technologies_shared: list[str]
    technologies_missing: list[str]

    @classmethod
    def of(cls, report: GapReport) -> GapRowResult:
        [posting] = report.top(1)
        return cls(
            posting=posting.document.name,
            fit=posting.fit,
            parts=posting.parts,
            counts=posting.counts,
            partial=[gap.sentence.text for gap in posting.of("partial")],
            missing=[gap.sentence.text for gap in posting.of("missing")],
            technologies_shared=list(posting.technologies_shared),
            technologies_missing=list(posting.technologies_missing),
        )


class GapRow(BaseModel):
    """A row of a gap batch, without the texts that were compared; one line of jsonl."""

    model_config = example(*_GAP_LINES)

    row: dict[str, Any]
    error: str = Field(description="Why there is no result; else empty.")
    fingerprint: str = Field(
        description="Digest of the index of a stored posting; empty where it was not stored."
    )
    result: GapRowResult | None

    @classmethod
    def of(cls, outcome: GapOutcome) -> GapRow:
        return cls(
            row=_whole(outcome.row),
            error=outcome.error,
            fingerprint=outcome.report.fingerprint if outcome.report else "",
            result=GapRowResult.of(outcome.report) if outcome.report else None,
        )


class MatchRowResult(BaseModel):
    """``forward``: each sentence of a with its partners in b; ``backward``: the other way."""

    forward: list[PairingReply]
    backward: list[PairingReply]

    @classmethod
    def of(cls, report: MatchReport) -> MatchRowResult:
        return cls(
            forward=[PairingReply.of(pairing) for pairing in report.forward],
            backward=[PairingReply.of(pairing) for pairing in report.backward],
        )


class MatchRow(BaseModel):
    """A row of a match batch, without the texts that were compared; one line of jsonl."""

    model_config = example(_MATCH_LINE)

    row: dict[str, Any]
    error: str = Field(description="Why there is no result; else empty.")
    fingerprint: str = Field(description="Always empty: nothing stored is compared.")
    result: MatchRowResult | None

    @classmethod
    def of(cls, outcome: MatchOutcome) -> MatchRow:
        return cls(
            row=_whole(outcome.row),
            error=outcome.error,
            fingerprint="",
            result=MatchRowResult.of(outcome.report) if outcome.report else None,
        )


class ResultLine(RootModel[CodedRow | GapRow | MatchRow]):
    """A line of results, in the shape of the batch's task."""

    model_config = example(_CODED_LINE, *_GAP_LINES, _MATCH_LINE)


def line_of(outcome: Outcome) -> str:
    """An outcome as one line of jsonl, without the line end; the same for every way in."""
    match outcome:
        case Coded():
            return CodedRow.of(outcome).model_dump_json()
        case GapOutcome():
            return GapRow.of(outcome).model_dump_json()
        case MatchOutcome():
            return MatchRow.of(outcome).model_dump_json()


# Half of a surrogate pair, which a row of jsonl may hold and no output can carry, becomes "?".
def _whole(row: Row) -> Row:
    whole: Row = json.loads(json.dumps(row, ensure_ascii=False).encode("utf-8", "replace"))
    return whole
