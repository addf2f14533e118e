"""Occupations as the REST API answers them and as ``joblens occupation --json`` prints them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from pydantic import BaseModel, Field

from search_api.occupations import ExamplePage, ExampleSource, OccupationName, OccupationPage
from search_api.replies import FINGERPRINT, Score, example


class OccupationLine(BaseModel):
    """An occupation and the title of it that the query found."""

    code: str
    title: str
    matched: str
    score: Score


class OccupationsReply(BaseModel):
    """Occupations, best first."""

    model_config = example(
        {
            "fingerprint": "5b8a2f0c91d4",
            "occupations": [
                {
                    "code": "29-1141.00",
                    "title": "Registered Nurses",
                    "matched": "Staff Nurse",
                    "score": 0.8713,
                }
            ],
        }
    )

    fingerprint: str = Field(description=FINGERPRINT)
    occupations: list[OccupationLine]

    @classmethod
    def of(cls, names: Sequence[OccupationName], fingerprint: str) -> OccupationsReply:
        return cls(
            fingerprint=fingerprint,
            occupations=[OccupationLine.model_validate(name, from_attributes=True) for name in names],
        )


class TaskReply(BaseModel):
    """A task; ``core`` and ``importance`` (1 to 5) are null where O*NET has not rated it."""

    text: str
    task_id: str
    core: bool | None
    importance: float | None


class TechnologyReply(BaseModel):
    """A technology; ``hot`` is O*NET's own mark."""

    name: str
    hot: bool


class RelatedReply(BaseModel):
    """A related occupation."""

    code: str
    title: str


class OccupationReply(BaseModel):
    """All that the index holds about an occupation."""

    model_config = example(
        {
            "fingerprint": "5b8a2f0c91d4",
            "code": "47-2111.00",
            "title": "Electricians",
            "description": "Install, maintain, and repair electrical wiring, equipment, and fixtures.",
            "job_zone": 3,
            "alternate_titles": ["Wireman"],
            "reported_titles": ["Journeyman Electrician"],
            "tasks": [
                {
                    "text": "Connect wires to circuit breakers.",
                    "task_id": "2823",
                    "core": True,
                    "importance": 4.4,
                }
            ],
            "technologies": [{"name": "Microsoft Excel", "hot": True}],
            "related": [{"code": "47-2152.00", "title": "Plumbers, Pipefitters, and Steamfitters"}],
        }
    )

    fingerprint: str = Field(description=FINGERPRINT)
    code: str
    title: str
    description: str
    job_zone: int | None
    alternate_titles: list[str]
    reported_titles: list[str]
    tasks: list[TaskReply]
    technologies: list[TechnologyReply]
    related: list[RelatedReply]

    @classmethod
    def of(cls, page: OccupationPage) -> OccupationReply:
        related = [{"code": code, "title": title} for code, title in page.related]
        return cls.model_validate({**asdict(page), "related": related})


class ExampleReply(BaseModel):
    """A text that O*NET gives for the occupation."""

    text: str
    source: ExampleSource = Field(
        description="title: its own; alternate: other names; reported: by workers in surveys; task."
    )


class ExamplesReply(BaseModel):
    """A page of an occupation's titles and tasks."""

    model_config = example(
        {
            "fingerprint": "5b8a2f0c91d4",
            "code": "29-1141.00",
            "title": "Registered Nurses",
            "total": 2,
            "examples": [
                {"text": "Staff Nurse", "source": "alternate"},
                {"text": "Staff Nurse", "source": "reported"},
            ],
            "next": None,
        }
    )

    fingerprint: str = Field(description=FINGERPRINT)
    code: str
    title: str
    total: int = Field(description="Texts that the filters let through, on all pages.")
    examples: list[ExampleReply]
    next: str | None = Field(description="Token of the next page; null on the last one.")

    @classmethod
    def of(cls, page: ExamplePage) -> ExamplesReply:
        return cls(
            fingerprint=page.fingerprint,
            code=page.code,
            title=page.title,
            total=page.total,
            examples=[ExampleReply(text=text, source=source) for text, source in page.examples],
            next=page.next,
        )
