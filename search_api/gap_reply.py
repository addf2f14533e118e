"""A gap report as the REST API answers it and as ``joblens gap --json`` prints it."""

from __future__ import annotations

from pydantic import BaseModel, Field

from search_api.findings import Findings
from search_api.findings_reply import FindingsReply
from search_api.gap import GapReport, PostingGap, SentenceGap, Status
from search_api.replies import Score, example
from search_api.sides import SideSentence

MAX_RANKING = 100
"""Lines of the ranking that are sent; a caller that wants others narrows the postings by a filter."""


class BragEvidence(BaseModel):
    """A brag sentence near to the asked one, its score, and what made it higher or lower, in words."""

    text: str
    section: str
    score: Score = Field(description="0 to 1: how likely it covers the asked sentence.")
    cosine: Score = Field(description="Of the two vectors.")
    cues: list[str] = []


class PartReply(BaseModel):
    """A part of what a sentence asks (a technology, years, a degree) and whether the document shows it."""

    kind: str
    text: str
    status: str = Field(description="shown, missing or not checked.")
    group: int = Field(description="Parts with the same number are alternatives.")
    required: bool = Field(description="False for an example.")
    proof: str = Field(description="The sentence of yours that shows it, or that states less.")


class AskedSentence(BaseModel):
    """An asked sentence of a posting, how it stands, and the brag sentences nearest to it, best first."""

    text: str
    section: str
    role: str = Field(description="requirement, duty, preferred, or empty where no heading tells.")
    status: Status
    score: Score
    evidence: list[BragEvidence]
    missing_technologies: list[str]
    parts: list[PartReply] = Field(default=[], description="Empty where it asks one thing.")

    @classmethod
    def of(cls, gap: SentenceGap) -> AskedSentence:
        return cls(
            text=gap.sentence.text,
            section=gap.sentence.section,
            role=gap.sentence.role,
            status=gap.status,
            score=gap.score,
            evidence=[
                BragEvidence(
                    text=found.sentence.text,
                    section=found.sentence.section,
                    score=found.score,
                    cosine=found.cosine,
                    cues=list(found.cues),
                )
                for found in gap.evidence
            ],
            missing_technologies=list(gap.missing_technologies),
            parts=[PartReply.model_validate(part, from_attributes=True) for part in gap.parts],
        )


class UnaskedSentence(BaseModel):
    """A strong brag sentence that nothing in the posting asks for."""

    text: str
    section: str

    @classmethod
    def of(cls, sentence: SideSentence) -> UnaskedSentence:
        return cls(text=sentence.text, section=sentence.section)


class PostingReply(BaseModel):
    """One posting in full."""

    rank: int
    id: str
    name: str
    company: str
    location: str
    url: str
    fit: Score = Field(description="0 to 100.")
    parts: dict[str, Score] = Field(description="What the fit is made of, each 0 to 1.")
    counts: dict[Status, int]
    sentences: list[AskedSentence]
    not_asked: int = Field(description="Sentences that ask nothing (benefits, the company, law).")
    technologies_shared: list[str]
    technologies_missing: list[str]
    unasked: list[UnaskedSentence]

    @classmethod
    def of(cls, posting: PostingGap) -> PostingReply:
        document = posting.document
        return cls(
            rank=posting.rank,
            id=document.id,
            name=document.name,
            company=document.company,
            location=document.location,
            url=document.url,
            fit=posting.fit,
            parts=posting.parts,
            counts=posting.counts,
            sentences=[AskedSentence.of(sentence) for sentence in posting.sentences],
            not_asked=posting.not_asked,
            technologies_shared=list(posting.technologies_shared),
            technologies_missing=list(posting.technologies_missing),
            unasked=[UnaskedSentence.of(sentence) for sentence in posting.unasked],
        )


class RankedPosting(BaseModel):
    """A line of the ranking."""

    rank: int
    id: str
    name: str
    company: str
    fit: Score


class MissingTheme(BaseModel):
    """Something missing again and again: one wording, how many postings ask it, other wordings."""

    text: str
    documents: int
    sentences: int
    examples: list[str]


class MissingTechnology(BaseModel):
    """A technology that the brag document never names, and how many postings do."""

    name: str
    postings: int


class ThresholdsReply(BaseModel):
    """Scores from which a sentence counted as covered and as partial."""

    covered: float
    partial: float


_ASKED = {
    "text": "Python and SQL",
    "section": "Requirements",
    "role": "requirement",
    "status": "partial",
    "score": 0.4518,
    "evidence": [
        {
            "text": "Built a claims pipeline in Python.",
            "section": "",
            "score": 0.4518,
            "cosine": 0.4214,
            "cues": [],
        }
    ],
    "missing_technologies": ["SQL"],
    "parts": [
        {
            "kind": "technology",
            "text": "Python",
            "status": "shown",
            "group": 0,
            "required": True,
            "proof": "Built a claims pipeline in Python.",
        },
        {"kind": "technology", "text": "SQL", "status": "missing", "group": 1, "required": True, "proof": ""},
    ],
}


class GapReply(BaseModel):
    """A brag document against postings."""

    model_config = example(
        {
            "fingerprint": "",
            "postings_compared": 1,
            "thresholds": {"covered": 0.6, "partial": 0.35},
            "findings": None,
            "ranking": [
                {
                    "rank": 1,
                    "id": "b1f0c7de-9d2e-5f0f-9a35-2a8b2e6f7c10",
                    "name": "Data engineer",
                    "company": "",
                    "fit": 50.0,
                }
            ],
            "postings": [
                {
                    "rank": 1,
                    "id": "b1f0c7de-9d2e-5f0f-9a35-2a8b2e6f7c10",
                    "name": "Data engineer",
                    "company": "",
                    "location": "",
                    "url": "",
                    "fit": 50.0,
                    "parts": {"requirements": 0.5, "technologies": 0.5},
                    "counts": {"covered": 0, "partial": 1, "missing": 0},
                    "sentences": [_ASKED],
                    "not_asked": 1,
                    "technologies_shared": ["Python"],
                    "technologies_missing": ["SQL"],
                    "unasked": [
                        {"text": "Cut its nightly run from 5 hours to 40 minutes.", "section": ""},
                    ],
                }
            ],
            "missing_themes": [
                {
                    "text": "Experience with Airflow",
                    "documents": 1,
                    "sentences": 1,
                    "examples": [],
                }
            ],
            "missing_technologies": [{"name": "SQL", "postings": 1}],
        }
    )

    fingerprint: str = Field(
        description="Digest of the index of the postings; empty where they are not stored."
    )
    postings_compared: int
    thresholds: ThresholdsReply
    ranking: list[RankedPosting] = Field(description=f"The best {MAX_RANKING}, best fit first.")
    postings: list[PostingReply]
    missing_themes: list[MissingTheme]
    missing_technologies: list[MissingTechnology]
    findings: FindingsReply | None = Field(
        default=None, description="Of the brag document and the best fitting postings; null unless asked for."
    )

    @classmethod
    def of(
        cls, report: GapReport, findings: Findings | None = None, *, top: int = 10, themes: int = 20
    ) -> GapReply:
        """:param findings: forgotten words, fluff, O*NET lens and next steps, where they were looked for.
        :param top: postings in full.
        :param themes: missing themes, and missing technologies, at most.
        """
        documents = report.postings.documents
        return cls(
            fingerprint=report.fingerprint,
            postings_compared=len(documents),
            thresholds=ThresholdsReply(covered=report.thresholds.covered, partial=report.thresholds.partial),
            ranking=[
                RankedPosting(
                    rank=rank,
                    id=documents[position].id,
                    name=documents[position].name,
                    company=documents[position].company,
                    fit=fit,
                )
                for rank, (position, fit) in enumerate(report.ranking[:MAX_RANKING], start=1)
            ],
            postings=[PostingReply.of(posting) for posting in report.top(top)],
            missing_themes=[
                MissingTheme.model_validate(theme, from_attributes=True)
                for theme in (report.missing_themes[:themes] if themes else [])
            ],
            missing_technologies=[
                MissingTechnology(name=name, postings=count)
                for name, count in report.missing_technologies[:themes]
            ],
            findings=None if findings is None else FindingsReply.of(findings),
        )
