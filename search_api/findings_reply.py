"""Fluff, forgotten words, the O*NET lens and next steps as the REST API answers them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from search_api.findings import Findings
from search_api.fluff import FluffReport, FluffSentence
from search_api.forgotten_words import ForgottenWord
from search_api.gap import Status
from search_api.lens import Lens, OccupationShown
from search_api.next_steps import NextSteps
from search_api.replies import FINGERPRINT, Score, example
from search_api.sides import SideSentence


class Sentence(BaseModel):
    """A sentence and where it stands."""

    text: str
    section: str

    @classmethod
    def of(cls, sentence: SideSentence) -> Sentence:
        return cls(text=sentence.text, section=sentence.section)


class TaskHintReply(BaseModel):
    """The O*NET task nearest to a sentence, and its cosine."""

    text: str
    code: str
    occupation: str
    score: Score


class FluffSentenceReply(BaseModel):
    """A sentence, how little it says, and why."""

    rank: int
    text: str
    section: str
    score: Score = Field(description="0 (says much) to 1 (says nothing).")
    reasons: list[str]
    filler: list[str] = Field(description="The filler in it, as written.")
    hint: TaskHintReply | None = Field(description="null where O*NET is not indexed.")

    @classmethod
    def of(cls, rank: int, judged: FluffSentence) -> FluffSentenceReply:
        hint = judged.hint
        return cls(
            rank=rank,
            text=judged.sentence.text,
            section=judged.sentence.section,
            score=judged.score,
            reasons=list(judged.reasons),
            filler=list(judged.filler),
            hint=None if hint is None else TaskHintReply.model_validate(hint, from_attributes=True),
        )


class FluffReply(BaseModel):
    """The sentences of a text, those that say least first."""

    model_config = example(
        {
            "fingerprint": "fff8e521bd2f",
            "total": 2,
            "count": 1,
            "no_hints": "",
            "sentences": [
                {
                    "rank": 1,
                    "text": "Responsible for various tasks.",
                    "section": "",
                    "score": 0.9983,
                    "reasons": [
                        "100% of its words are filler",
                        "says that you were there, not what you did: responsible for",
                        "vague: various, tasks",
                    ],
                    "filler": ["Responsible for", "various", "tasks"],
                    "hint": {
                        "text": "Assign duties to other employees.",
                        "code": "11-1021.00",
                        "occupation": "General and Operations Managers",
                        "score": 0.5124,
                    },
                }
            ],
        }
    )

    fingerprint: str = Field(description=f"{FINGERPRINT} Empty where O*NET is not indexed.")
    total: int = Field(description="Sentences of the text.")
    count: int = Field(description="How many of them say little.")
    no_hints: str = Field(description="Why no task is named; empty where tasks are.")
    sentences: list[FluffSentenceReply]

    @classmethod
    def of(cls, report: FluffReport) -> FluffReply:
        return cls(
            fingerprint=report.fingerprint,
            total=report.total,
            count=report.count,
            no_hints=report.no_hints,
            sentences=[
                FluffSentenceReply.of(rank, judged) for rank, judged in enumerate(report.sentences, start=1)
            ],
        )


class ForgottenWordReply(BaseModel):
    """A term of the postings that the brag document never has, with a covered pair to see it in."""

    term: str
    kind: Literal["word", "technology"]
    postings: int
    theirs: str
    yours: Sentence
    score: Score

    @classmethod
    def of(cls, word: ForgottenWord) -> ForgottenWordReply:
        return cls(
            term=word.term,
            kind=word.kind,
            postings=word.postings,
            theirs=word.theirs.text,
            yours=Sentence.of(word.yours),
            score=word.score,
        )


class TaskReply(BaseModel):
    """A core task, how the brag document stands to it, and its nearest sentence."""

    text: str
    importance: float | None
    status: Status
    score: Score
    nearest: Sentence


class OccupationShownReply(BaseModel):
    """How much of an occupation's core tasks a brag document shows."""

    code: str
    title: str
    job_zone: int | None
    share: Score = Field(description="0 to 1; weighted by importance where there are ratings.")
    counts: dict[Status, int]
    core_tasks: int

    @classmethod
    def of(cls, shown: OccupationShown) -> OccupationShownReply:
        return cls(
            code=shown.code,
            title=shown.title,
            job_zone=shown.job_zone,
            share=shown.share,
            counts={
                "covered": len(shown.of("covered")),
                "partial": len(shown.of("partial")),
                "missing": len(shown.of("missing")),
            },
            core_tasks=len(shown.tasks),
        )


class HotTechnologyReply(BaseModel):
    """A hot technology of the occupation, the brag sentence that names it, and the postings that do."""

    name: str
    sentence: Sentence | None
    postings: int = Field(description="Compared postings that name it; 0 where the document names it too.")


class LensReply(BaseModel):
    """The occupation of the best fitting posting, and what of it the brag document shows."""

    posting: str
    occupation: OccupationShownReply
    tasks: list[TaskReply]
    technologies: list[HotTechnologyReply]
    fingerprint: str = Field(description=FINGERPRINT)

    @classmethod
    def of(cls, seen: Lens) -> LensReply:
        return cls(
            posting=seen.posting.id,
            occupation=OccupationShownReply.of(seen.occupation),
            tasks=[
                TaskReply(
                    text=task.text,
                    importance=task.importance,
                    status=task.status,
                    score=task.evidence.score,
                    nearest=Sentence.of(task.evidence.sentence),
                )
                for task in seen.occupation.tasks
            ],
            technologies=[
                HotTechnologyReply(
                    name=found.name,
                    sentence=None if found.sentence is None else Sentence.of(found.sentence),
                    postings=found.postings,
                )
                for found in seen.technologies
            ],
            fingerprint=seen.fingerprint,
        )


class RelatedReply(OccupationShownReply):
    """A related occupation and how many job zones it is above the posting's own."""

    zones_up: int | None = None


class OpenerReply(BaseModel):
    """Something to add, and how many occupations and postings ask for it."""

    kind: Literal["task", "technology"]
    text: str
    occupations: int
    postings: int


class NextStepsReply(BaseModel):
    """Related occupations, the fewest missing core tasks first, and what would open the most."""

    related: list[RelatedReply]
    openers: list[OpenerReply]
    occupations: int = Field(description="Occupations that the openers were counted over.")
    postings: int = Field(description="Postings, the best fitting ones, that they were counted over.")

    @classmethod
    def of(cls, steps: NextSteps) -> NextStepsReply:
        return cls(
            related=[
                RelatedReply(**OccupationShownReply.of(step.occupation).model_dump(), zones_up=step.zones_up)
                for step in steps.related
            ],
            openers=[OpenerReply.model_validate(opener, from_attributes=True) for opener in steps.openers],
            occupations=steps.occupations,
            postings=steps.postings,
        )


class FindingsReply(BaseModel):
    """What a gap report tells besides the comparison."""

    forgotten_words: list[ForgottenWordReply]
    fluff: FluffReply
    lens: LensReply | None = Field(description="null where there is none; no_lens says why.")
    next_steps: NextStepsReply | None
    no_lens: str

    @classmethod
    def of(cls, found: Findings) -> FindingsReply:
        return cls(
            forgotten_words=[ForgottenWordReply.of(word) for word in found.words],
            fluff=FluffReply.of(found.fluff),
            lens=None if found.lens is None else LensReply.of(found.lens),
            next_steps=None if found.steps is None else NextStepsReply.of(found.steps),
            no_lens=found.no_lens,
        )
