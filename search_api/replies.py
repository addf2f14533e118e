"""What the REST API answers; ``--json`` on the command line prints the same models.

Each is made from the result objects of the search side by ``of``. Scores are rounded to four decimals
here and nowhere before.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import PurePath
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from indexer.store import Payload
from search_api.batch import Coded
from search_api.classify import Classification
from search_api.match import MatchReport, Pairing
from search_api.search import SearchAnswer


def _rounded(score: float) -> float:
    return round(score, 4)


def _significant(vote: float) -> float:
    return float(f"{vote:.4g}")


Score = Annotated[float, AfterValidator(_rounded)]
Vote = Annotated[float, AfterValidator(_significant)]
"""A vote falls off so steeply that four decimals would make most of them zero."""

FINGERPRINT = "Digest of the index that answered; another one means other vectors."

_HIDDEN = frozenset({"text", "hash", "tenant"})


def example(*examples: dict[str, Any]) -> ConfigDict:
    """The configuration of a model with examples for the API's description."""
    return ConfigDict(json_schema_extra={"examples": list(examples)})


# ---- classify


class EvidenceReply(BaseModel):
    """A near O*NET text: its cosine to ``query`` and its vote among the neighbours, exp(20 (score - 1))."""

    text: str
    source: str = Field(description="title, alternate, reported or task.")
    code: str
    score: Score
    vote: Vote
    query: str = Field(description="The title, or the sentence of the posting, that it is near to.")


class CandidateReply(BaseModel):
    """A code: its probability (0 to 1), the share each source by itself gives it, and the nearest texts."""

    rank: int
    code: str
    title: str
    score: Score
    occupation: str = Field(description="The likeliest eight-digit code inside it.")
    votes: dict[str, Score] = Field(
        description="Share (0 to 1) by source: neighbours, vector, description, letters."
    )
    evidence: list[EvidenceReply]


class ClassifiedQuery(BaseModel):
    """What was asked; the posting's text is not sent back.

    ``clean_title`` is what was looked up, ``seniority`` and ``numeral`` what was split off the title.
    """

    title: str
    clean_title: str
    seniority: str
    numeral: str
    has_body: bool


class ClassifyResult(BaseModel):
    """The candidates for one query, and how sure the first is."""

    query: ClassifiedQuery
    confidence: Score = Field(description="Probability that the first code is right, 0 to 1.")
    margin: Score = Field(description="How far the first is above the second.")
    abstained: bool = Field(description="The confidence is too low to claim the first code.")
    review: bool = Field(description="A person should look: a low score or a small margin.")
    prediction_set: list[str] = Field(description="Codes that hold the right one in nine cases of ten.")
    lead: dict[str, Score] = Field(
        description="What each source did for the first code against the second, in nats; below zero it "
        "spoke for the second."
    )
    candidates: list[CandidateReply]

    @classmethod
    def of(cls, answer: Classification) -> ClassifyResult:
        return cls(
            query=ClassifiedQuery(
                title=answer.query.title,
                clean_title=answer.clean.text,
                seniority=answer.clean.level,
                numeral=answer.clean.numeral,
                has_body=bool(answer.query.body.strip()),
            ),
            confidence=answer.confidence,
            margin=answer.margin,
            abstained=answer.abstained,
            review=answer.review,
            prediction_set=list(answer.prediction_set),
            lead=answer.lead,
            candidates=[
                CandidateReply.model_validate(candidate, from_attributes=True)
                for candidate in answer.candidates
            ],
        )


class ClassifyReply(BaseModel):
    """One result for each query, in order."""

    model_config = example(
        {
            "fingerprint": "5b8a2f0c91d4",
            "level": 6,
            "results": [
                {
                    "query": {
                        "title": "Sr. line cook",
                        "clean_title": "line cook",
                        "seniority": "senior",
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
                            "votes": {
                                "neighbours": 0.81,
                                "vector": 0.97,
                                "description": 0.31,
                                "letters": 0.94,
                            },
                            "evidence": [
                                {
                                    "text": "Line Cook",
                                    "source": "alternate",
                                    "code": "35-2014.00",
                                    "score": 1.0,
                                    "vote": 1.0,
                                    "query": "line cook",
                                }
                            ],
                        }
                    ],
                }
            ],
        }
    )

    fingerprint: str = Field(description=FINGERPRINT)
    level: int
    results: list[ClassifyResult]

    @classmethod
    def of(cls, answers: Sequence[Classification]) -> ClassifyReply:
        """:param answers: at least one."""
        return cls(
            fingerprint=answers[0].fingerprint,
            level=answers[0].level,
            results=[ClassifyResult.of(answer) for answer in answers],
        )


class CodedRow(BaseModel):
    """A row of a batch with its answer, or with the reason why it has none; one line of jsonl."""

    row: dict[str, Any]
    error: str
    fingerprint: str
    result: ClassifyResult | None

    @classmethod
    def of(cls, coded: Coded) -> CodedRow:
        # A row read from jsonl may hold half of a surrogate pair, which no output can carry.
        row = json.dumps(coded.row, ensure_ascii=False).encode("utf-8", "replace")
        return cls(
            row=json.loads(row),
            error=coded.error,
            fingerprint=coded.answer.fingerprint if coded.answer else "",
            result=ClassifyResult.of(coded.answer) if coded.answer else None,
        )


# ---- search


class HitReply(BaseModel):
    """A stored text; ``score`` is in the unit of the mode (cosine, BM25 or reciprocal rank fusion)."""

    rank: int
    score: Score
    id: str
    text: str
    payload: dict[str, Any] = Field(
        description="What is stored with it; of a document's source the file name."
    )


class SearchResult(BaseModel):
    """The hits of one query, best first; none is no error."""

    query: str
    hits: list[HitReply]

    @classmethod
    def of(cls, answer: SearchAnswer) -> SearchResult:
        return cls(
            query=answer.query,
            hits=[
                HitReply(
                    rank=rank,
                    score=hit.score,
                    id=hit.id,
                    text=hit.payload["text"],
                    payload=_shown(hit.payload),
                )
                for rank, hit in enumerate(answer.hits, start=1)
            ],
        )


class SearchReply(BaseModel):
    """One result for each query, in order."""

    model_config = example(
        {
            "fingerprint": "0c1d22ab9f3e",
            "results": [
                {
                    "query": "on-call rotation",
                    "hits": [
                        {
                            "rank": 1,
                            "score": 0.7134,
                            "id": "5d0f5c1e-07a0-5a4e-8f51-3f6a0d6d1b52",
                            "text": "Share an on-call week with five colleagues.",
                            "payload": {
                                "document_id": "b1f0c7de-9d2e-5f0f-9a35-2a8b2e6f7c10",
                                "title": "Site Reliability Engineer",
                                "section": "Responsibilities",
                                "role": "duty",
                                "index": 4,
                                "technologies": [],
                            },
                        }
                    ],
                },
                {"query": "falconry", "hits": []},
            ],
        }
    )

    fingerprint: str = Field(description=FINGERPRINT)
    results: list[SearchResult]

    @classmethod
    def of(cls, answers: Sequence[SearchAnswer]) -> SearchReply:
        """:param answers: at least one."""
        return cls(
            fingerprint=answers[0].fingerprint, results=[SearchResult.of(answer) for answer in answers]
        )


def _shown(payload: Payload) -> Payload:
    shown = {key: value for key, value in payload.items() if key not in _HIDDEN}
    if "code" not in shown and "source" in shown:  # a path on this machine, which is nobody else's business
        shown["source"] = PurePath(shown["source"]).name
    return shown


# ---- match


class PartnerReply(BaseModel):
    """A sentence of the other side and its cosine."""

    text: str
    section: str
    score: Score


class PairingReply(BaseModel):
    """A sentence and its best partners, best first."""

    text: str
    section: str
    partners: list[PartnerReply]

    @classmethod
    def of(cls, pairing: Pairing) -> PairingReply:
        return cls(
            text=pairing.sentence.text,
            section=pairing.sentence.section,
            partners=[
                PartnerReply(text=partner.text, section=partner.section, score=score)
                for partner, score in pairing.partners
            ],
        )


class MatchReply(BaseModel):
    """``forward``: each sentence of A with its partners in B; ``backward``: the other way."""

    model_config = example(
        {
            "fingerprint": "",
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
        }
    )

    fingerprint: str = Field(description="Digest of the index that stored documents came from; else empty.")
    forward: list[PairingReply]
    backward: list[PairingReply]

    @classmethod
    def of(cls, report: MatchReport, fingerprint: str = "") -> MatchReply:
        return cls(
            fingerprint=fingerprint,
            forward=[PairingReply.of(pairing) for pairing in report.forward],
            backward=[PairingReply.of(pairing) for pairing in report.backward],
        )
