"""What ``/v1/feedback`` takes and answers."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from search_api.feedback import Feedback, Given, Kept, Verdict
from search_api.limits import MAX_QUERY_CHARS
from search_api.replies import Score, example
from search_api.schemas import QueryText, Text

Code = Annotated[str, Field(min_length=2, max_length=40)]
FeedbackId = Annotated[Text, Field(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9._:-]+$")]


class PredictedCode(BaseModel):
    """What was predicted, as ``/v1/classify`` answered it."""

    model_config = ConfigDict(extra="forbid")

    code: Code
    score: float | None = Field(default=None, ge=0, le=1)
    fingerprint: Annotated[Text, Field(max_length=100)] = ""


class FeedbackRequest(BaseModel):
    """A person's judgement of a predicted code."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "title": "RN - Med/Surg, nights",
                    "predicted": {"code": "29-1141", "score": 0.9312, "fingerprint": "5b8a2f0c91d4"},
                    "verdict": "accepted",
                },
                {
                    "title": "Grill person, weekends",
                    "predicted": {"code": "35-2014", "score": 0.4127},
                    "verdict": "corrected",
                    "code": "29-1141",
                    "note": "the kitchen of a ward",
                    "id": "review-7:row-12",
                },
            ]
        },
    )

    title: QueryText = Field(description="The title that was coded. It is kept.")
    body: Annotated[Text, Field(max_length=MAX_QUERY_CHARS)] | None = Field(
        default=None,
        description="The posting's text. It is kept where it is sent, so leave it out if in doubt.",
    )
    predicted: PredictedCode
    verdict: Verdict
    code: Code | None = Field(
        default=None, description="The right code, six digits or eight; left out: the predicted one."
    )
    note: Annotated[Text, Field(max_length=2_000)] = Field(default="", description="For people. It is kept.")
    id: FeedbackId | None = Field(
        default=None,
        description="Your own id; feedback with the same id replaces the earlier one. Left out: one that "
        "follows from title and body, so that a text has one judgement, the last.",
    )

    @property
    def feedback(self) -> Feedback:
        """As the search side has it."""
        return Feedback(
            title=self.title,
            predicted=self.predicted.code,
            verdict=self.verdict,
            code=self.code or self.predicted.code,
            id=self.id or "",
            body=self.body,
            score=self.predicted.score,
            fingerprint=self.predicted.fingerprint,
            note=self.note,
        )


class FeedbackReply(BaseModel):
    """What became of it."""

    model_config = example(
        {
            "id": "d3f6f1a5-6e0b-5c6f-a0a5-6d3e3f0f7a52",
            "code": "29-1141",
            "created": True,
            "changed": True,
        }
    )

    id: str
    code: str = Field(description="The right code, as it is kept.")
    created: bool = Field(description="There was none of this id.")
    changed: bool = Field(description="False where the same was kept already; then nothing was written.")

    @classmethod
    def of(cls, given: Given) -> FeedbackReply:
        return cls.model_validate(given, from_attributes=True)


class KeptFeedback(BaseModel):
    """A judgement as it is kept."""

    id: str
    time: str = Field(description="When it was last written, in UTC.")
    title: str
    body: str | None
    predicted: str
    score: Score | None
    fingerprint: str
    verdict: Verdict
    code: str
    note: str

    @classmethod
    def of(cls, kept: Kept) -> KeptFeedback:
        given = kept.feedback
        return cls(
            id=given.id,
            time=kept.time,
            title=given.title,
            body=given.body,
            predicted=given.predicted,
            score=given.score,
            fingerprint=given.fingerprint,
            verdict=given.verdict,
            code=given.code,
            note=given.note,
        )


class FeedbackPage(BaseModel):
    """Some of the tenant's feedback, in the order in which it first came in."""

    model_config = example(
        {
            "feedback": [
                {
                    "id": "review-7:row-12",
                    "time": "2026-11-20T09:30:00+00:00",
                    "title": "Grill person, weekends",
                    "body": None,
                    "predicted": "35-2014",
                    "score": 0.4127,
                    "fingerprint": "",
                    "verdict": "corrected",
                    "code": "29-1141",
                    "note": "the kitchen of a ward",
                }
            ],
            "next": None,
        }
    )

    feedback: list[KeptFeedback]
    next: str | None = Field(description="Token of the next page; null on the last one.")


class ErasedFeedback(BaseModel):
    """What was erased."""

    model_config = example({"id": "review-7:row-12", "erased": True})

    id: str
    erased: bool = Field(description="False where there was none of this id, or none any more.")


class TrainingRow(BaseModel):
    """A line of the export: nothing in it tells whose it was."""

    model_config = example(
        {
            "title": "RN - Med/Surg, nights",
            "code": "29-1141",
            "source": "feedback",
            "description": "Assess patients each shift.",
        }
    )

    title: str
    code: str
    source: str = Field(description="Always feedback.")
    description: str = Field(default="", description="The posting's text; not there where it was not sent.")
