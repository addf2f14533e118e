"""What ``/v1/batches`` takes and answers, and the lines of a batch's results."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from preprocess.errors import InvalidParameter
from search_api.batch_store import Batch, State
from search_api.batch_tasks import TASKS, RowTask, TaskName
from search_api.replies import example
from search_api.schemas import MAX_EVIDENCE, FilterText, Level

JSONL = "application/x-ndjson"
MAX_BATCH_TOP_K = 100
"""A row of 1,000 candidates is 200 kB; a million of them is no result that anybody reads."""


def _number(value: Any) -> Any:
    """A query string has text only, and a choice of numbers is not read from it."""
    return int(value) if isinstance(value, str) and value.isascii() and value.isdecimal() else value


class BatchParameters(BaseModel):
    """What to do with the rows; each parameter belongs to the tasks that its description names."""

    model_config = ConfigDict(extra="forbid")

    task: TaskName = Field(description="What to do with each row.", examples=["classify"])
    title_column: FilterText | None = Field(
        default=None,
        description="classify: the column of the title; left out, one called title or position. gap: of the "
        "posting's title; left out, title.",
        examples=["job_title"],
    )
    body_column: FilterText | None = Field(
        default=None,
        description="classify: the column of the posting's text; left out, none. gap: likewise; left out, "
        "posting.",
        examples=["description"],
    )
    top_k: int | None = Field(
        default=None,
        ge=1,
        le=MAX_BATCH_TOP_K,
        description="classify: candidates for each row (5). match: partners of each sentence (1).",
        examples=[3],
    )
    level: Annotated[Level, BeforeValidator(_number)] | None = Field(
        default=None, description="classify: digits of the SOC code, 2, 3, 5, 6 or 8 (6).", examples=[6]
    )
    evidence: int | None = Field(
        default=None,
        ge=0,
        le=MAX_EVIDENCE,
        description="classify: neighbours to show with each candidate (3).",
        examples=[0],
    )
    brag_id: FilterText | None = Field(
        default=None,
        description="gap: the name or id of a stored brag document, for rows that name none of their own.",
        examples=["resume-2026"],
    )
    covered: float | None = Field(
        default=None, ge=-1, le=1, description="gap: score from which a sentence is covered.", examples=[0.6]
    )
    partial: float | None = Field(
        default=None, ge=-1, le=1, description="gap: score from which it is partial.", examples=[0.35]
    )

    def row_task(self) -> RowTask:
        """:raises InvalidParameter: if a parameter belongs to another task."""
        given = self.model_dump(exclude={"task"}, exclude_none=True)
        kind = TASKS[self.task]
        for name in given:
            if name not in kind.__dataclass_fields__:
                raise InvalidParameter(f"{name} is no parameter of {self.task}; leave it out")
        return kind(**given)


_ID = "8f0c9c3e-6f0c-4d55-9c8e-0d9f4f0b7a11"
_BATCH = {
    "id": _ID,
    "task": "classify",
    "parameters": {
        "title_column": "title",
        "body_column": None,
        "top_k": 5,
        "level": 6,
        "evidence": 3,
    },
    "state": "running",
    "done": 12800,
    "total": 50000,
    "errors": 3,
    "rate": 1620.5,
    "detail": "",
    "created": "2026-11-21T15:48:02Z",
    "started": "2026-11-21T15:48:02Z",
    "finished": None,
    "expires": "2026-11-28T15:48:02Z",
}


class BatchReply(BaseModel):
    """A batch and how far it is.

    Queued, then running, then done; cancelled if it was stopped, failed if it cannot go on.
    """

    model_config = example(_BATCH)

    id: str
    task: TaskName
    parameters: dict[str, Any] = Field(description="As they are used: with the columns that were found.")
    state: State
    done: int = Field(description="Rows that are answered; as many lines of results can be read.")
    total: int = Field(description="Rows in all.")
    errors: int = Field(description="Answered rows that carry an error.")
    rate: float | None = Field(description="Rows a second while it was worked on; null before the first.")
    detail: str = Field(description="Why it failed, or what it waits for; else empty.")
    created: datetime
    started: datetime | None
    finished: datetime | None
    expires: datetime = Field(description="When the rows, the results and this record are erased.")

    @classmethod
    def of(cls, batch: Batch) -> BatchReply:
        return cls(
            id=batch.id,
            task=batch.task,
            parameters={name: value for name, value in batch.parameters.items() if name != "known"},
            state=batch.state,
            done=batch.done,
            total=batch.total,
            errors=batch.errors,
            rate=round(batch.done / batch.worked_s, 1) if batch.worked_s else None,
            detail=batch.detail,
            created=_time(batch.created),
            started=None if batch.started is None else _time(batch.started),
            finished=None if batch.finished is None else _time(batch.finished),
            expires=_time(batch.expires),
        )


class BatchesReply(BaseModel):
    """A page of the tenant's batches, the newest first."""

    model_config = example({"batches": [_BATCH], "next": "Mg"}, {"batches": [], "next": None})

    batches: list[BatchReply]
    next: str | None = Field(description="The page parameter of the next page; null on the last.")


class ErasedBatch(BaseModel):
    """A batch that is erased: the state it was in, and how many of its rows were answered."""

    model_config = example({"id": _ID, "state": "done", "rows": 50000})

    id: str
    state: State
    rows: int


def upload_body() -> dict[str, Any]:
    """The body of an upload in the words of OpenAPI, one entry a content type."""
    csv = "id,job_title\n1,Sr. Python Developer\n2,line cook\n"
    lines = '{"id": 1, "title": "Sr. Python Developer"}\n{"id": 2, "title": "line cook"}\n'
    return {
        "required": True,
        "content": {
            media_type: {"schema": {"type": "string", "examples": [rows]}}
            for media_type, rows in ((JSONL, lines), ("text/csv", csv))
        },
    }


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)
