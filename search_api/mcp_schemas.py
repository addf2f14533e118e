"""What the tools of ``joblens mcp`` take and answer.

The answers are for a language model to read: a few of the best, short sentences, no field that is empty. The
descriptions are all that the model knows of an argument.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from indexer.store import CollectionName
from indexer.workspace import Mode
from search_api.gap import Status
from search_api.replies import Score
from search_api.schemas import FilterText, Level, QueryText, Text
from search_api.wording import clipped

MAX_TEXT_CHARS = 200_000

SHOWN_CHARS = 300
"""Of a sentence; the longest of a posting are seldom longer, and a model needs no more to judge it."""

DocumentName = Annotated[Text, Field(max_length=200)]
LongText = Annotated[Text, Field(max_length=MAX_TEXT_CHARS)]
ToolFilter = Annotated[
    dict[str, FilterText | int | list[FilterText]],
    Field(
        default_factory=dict,
        description='Exact payload values, such as {"company": "Acme"} or {"role": ["requirement", "duty"]}; '
        "a key that ends in ! must not match.",
    ),
]


def shown(text: str) -> str:
    """A sentence as a model gets it: on one line, clipped."""
    return clipped(text, SHOWN_CHARS)


def _in_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


class _Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Answer(BaseModel):
    """Fields that have their default are left out of what is sent."""


# ---- classify


class ClassifyArguments(_Arguments):
    titles: Annotated[list[QueryText], BeforeValidator(_in_list)] = Field(
        min_length=1, max_length=20, description="Job titles as they were written, such as 'Sr. RN, nights'."
    )
    posting: LongText = Field(
        default="", description="The text of the posting, where there is one title and its posting is known."
    )
    top_k: int = Field(default=3, ge=1, le=10, description="Codes for each title.")
    level: Level = Field(
        default=6, description="Digits of the code: 2 (major group), 3, 5, 6 (SOC) or 8 (O*NET-SOC)."
    )


class CodeAnswer(_Answer):
    code: str
    title: str
    probability: Score
    because: list[str] = Field(default=[], description="Near O*NET titles and tasks of this code.")


class CodedJob(_Answer):
    title: str
    review: bool = Field(description="The first code is not sure enough to be taken without a person's look.")
    codes: list[CodeAnswer]


class ClassifyAnswer(_Answer):
    fingerprint: str
    jobs: list[CodedJob]


# ---- search


class SearchArguments(_Arguments):
    query: QueryText = Field(description="What to look for, in plain words.")
    collection: CollectionName = Field(
        default="postings",
        description="postings: sentences of job postings; brags: sentences of the user's own accomplishments "
        "or resume; occupations: O*NET titles, descriptions, tasks and technologies.",
    )
    mode: Mode = Field(default="dense", description="dense: by meaning; lexical: by words; hybrid: both.")
    top_k: int = Field(default=5, ge=1, le=20)
    filter: ToolFilter


class FoundText(_Answer):
    score: Score
    text: str
    document_id: str = ""
    title: str = Field(default="", description="Of the posting, or of the occupation that the text is of.")
    company: str = ""
    section: str = ""
    code: str = ""
    source: str = Field(default="", description="O*NET: title, alternate, reported, description, task ...")


class SearchAnswer(_Answer):
    fingerprint: str
    hits: list[FoundText] = Field(description="Best first; none is an answer, too.")


# ---- match


class SidesArguments(_Arguments):
    brag_text: LongText = Field(
        default="", description="The person's accomplishments or resume as text; or give brag_id."
    )
    brag_id: DocumentName = Field(
        default="",
        description="Id of a stored brag document. With neither, every stored one of the user.",
    )


class MatchArguments(SidesArguments):
    posting_text: LongText = Field(default="", description="The posting as text; or give posting_id.")
    posting_id: DocumentName = Field(default="", description="Id of a stored posting.")
    go_through: Literal["posting", "brag"] = Field(
        default="posting",
        description="Whose sentences are listed, each with its nearest ones on the other side.",
    )
    top_k: int = Field(default=1, ge=1, le=3, description="Nearest sentences for each.")
    sentences: int = Field(default=25, ge=1, le=100, description="Sentences at most.")


class Near(_Answer):
    text: str
    score: Score


class MatchedSentence(_Answer):
    text: str
    section: str = ""
    nearest: list[Near]


class MatchAnswer(_Answer):
    sentences: list[MatchedSentence]
    left_out: int = Field(default=0, description="Sentences after these; ask for more with sentences.")


# ---- gap


class GapArguments(SidesArguments):
    posting_text: LongText = Field(default="", description="One posting as text.")
    posting_title: Annotated[Text, Field(max_length=1_000)] = Field(default="", description="Its title.")
    posting_ids: list[DocumentName] = Field(
        default=[], max_length=100, description="Ids of stored postings; with none, all that filter finds."
    )
    filter: ToolFilter
    top: int = Field(default=1, ge=1, le=5, description="Postings in full, best fit first.")
    sentences: int = Field(
        default=10, ge=1, le=50, description="Sentences of each posting and status, at most."
    )


class AskedSentence(_Answer):
    text: str
    role: str = Field(default="", description="requirement, duty, preferred, or nothing where unknown.")
    score: Score
    proof: str = Field(default="", description="The person's sentence that comes nearest.")
    lacks: list[str] = Field(default=[], description="Parts that it asks and that nothing shows.")


class PostingAnswer(_Answer):
    id: str
    name: str
    company: str = ""
    fit: Score = Field(description="0 to 100.")
    counts: dict[Status, int]
    missing: list[AskedSentence] = []
    partial: list[AskedSentence] = []
    covered: list[AskedSentence] = []
    technologies_missing: list[str] = []


class RankedAnswer(_Answer):
    id: str
    name: str
    company: str = ""
    fit: Score


class MissingAnswer(_Answer):
    text: str
    postings: int


class AdditionAnswer(_Answer):
    """Something to learn or to write down, and how many occupations and postings ask for it."""

    kind: Literal["task", "technology"]
    text: str
    occupations: int
    postings: int


class RelatedAnswer(_Answer):
    code: str
    title: str
    shown: Score = Field(description="Share of its core tasks that the person shows, 0 to 1.")


class NextStepsAnswer(_Answer):
    additions: list[AdditionAnswer] = []
    related_occupations: list[RelatedAnswer] = []


class WordAnswer(_Answer):
    """A word of the postings that the person's text never has although it covers the sentence."""

    term: str
    theirs: str
    yours: str


class GapAnswer(_Answer):
    fingerprint: str = ""
    postings_compared: int
    ranking: list[RankedAnswer] = Field(description="The best ten.")
    postings: list[PostingAnswer]
    missing_again_and_again: list[MissingAnswer] = []
    technologies_missing: list[MissingAnswer] = []
    forgotten_words: list[WordAnswer] = []
    next_steps: NextStepsAnswer | None = None
    no_next_steps: str = Field(default="", description="Why there are none.")


# ---- occupation


class OccupationArguments(_Arguments):
    query: QueryText = Field(description="A code such as 29-1141.00 or 29-1141, or a job title.")
    tasks: int = Field(default=10, ge=0, le=40, description="Tasks, alternate titles and technologies each.")


class OccupationLineAnswer(_Answer):
    code: str
    title: str


class OccupationAnswer(_Answer):
    fingerprint: str
    code: str
    title: str
    description: str = ""
    job_zone: int | None = Field(default=None, description="1 (little preparation) to 5 (extensive).")
    alternate_titles: list[str] = []
    tasks: list[str] = Field(default=[], description="Core and important ones first.")
    technologies: list[str] = Field(default=[], description="Those often asked in postings first.")
    related: list[OccupationLineAnswer] = []
    other_matches: list[OccupationLineAnswer] = Field(
        default=[], description="Further occupations that the words may mean."
    )
