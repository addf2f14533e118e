"""What the REST API takes, and by name what it answers, which stands in modules of its own.

Unknown fields are refused, so that a typing error never passes for a default. Limits that do not depend on
the settings stand in the schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, Tag

from indexer.store import CollectionName
from indexer.workspace import Mode
from search_api.confidence import REVIEW_MARGIN, REVIEW_SCORE
from search_api.findings_reply import FluffReply
from search_api.gap_reply import GapReply
from search_api.limits import MAX_QUERIES, MAX_QUERY_CHARS, MAX_TOP_K
from search_api.occupation_reply import OccupationReply, OccupationsReply
from search_api.replies import ClassifyReply, CodedRow, MatchReply, SearchReply

__all__ = [
    "ClassifyReply",
    "ClassifyRequest",
    "CodedRow",
    "FluffReply",
    "FluffRequest",
    "GapReply",
    "GapRequest",
    "MatchReply",
    "MatchRequest",
    "OccupationReply",
    "OccupationsReply",
    "SearchReply",
    "SearchRequest",
]

MAX_EVIDENCE = 50
MAX_GAP_POSTINGS = 100
MAX_THEMES = 200
MAX_GIVEN_SENTENCES = 5_000
MAX_FILTER_VALUES = 1_000
MAX_FILTER_KEYS = 20
INT64 = 2**63


def _whole(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("expected Unicode text, found half of a surrogate pair") from error
    return text


Text = Annotated[str, AfterValidator(_whole)]
QueryText = Annotated[Text, Field(min_length=1, max_length=MAX_QUERY_CHARS)]
Level = Literal[2, 3, 5, 6, 8]
TopK = Annotated[int, Field(ge=1, le=MAX_TOP_K)]
Finite = Annotated[float, Field(allow_inf_nan=False)]


def _request(*examples: dict[str, Any]) -> ConfigDict:
    return ConfigDict(extra="forbid", json_schema_extra={"examples": list(examples)})


# ---- classify

_NURSE = {
    "title": "RN - Med/Surg, nights",
    "body": "Assess patients each shift. Give medications as ordered.",
}


class ClassifyQuery(BaseModel):
    """A job to be coded: its title, and the text of its posting where there is one."""

    model_config = _request(_NURSE)

    title: QueryText
    body: Text | None = None


QueryOrTitle = Annotated[
    Annotated[QueryText, Tag("<title>")] | Annotated[ClassifyQuery, Tag("<query>")],
    Discriminator(lambda value: "<title>" if isinstance(value, str) else "<query>"),
]


class ClassifyRequest(BaseModel):
    """Titles, alone or with their postings, that need an occupation code."""

    model_config = _request(
        {"queries": ["Sr. Python Developer", _NURSE], "top_k": 3},
        {"queries": ["line cook"], "top_k": 5, "level": 2, "evidence": 1},
    )

    queries: list[QueryOrTitle] = Field(
        min_length=1, max_length=MAX_QUERIES, description="Titles, or objects of title and body."
    )
    top_k: TopK = Field(default=10, description="Candidates for each query.")
    level: Level = Field(default=6, description="Digits of the SOC code: 2, 3, 5, 6 or 8.")
    evidence: int = Field(
        default=3, ge=0, le=MAX_EVIDENCE, description="Neighbours to show with each candidate."
    )
    review_score: float = Field(
        default=REVIEW_SCORE, ge=0, le=1, description="Ask for review under this confidence."
    )
    review_margin: float = Field(
        default=REVIEW_MARGIN, ge=0, le=1, description="Ask for review under this margin."
    )


# ---- search

FilterText = Annotated[Text, Field(max_length=1_000)]
FilterInt = Annotated[int, Field(ge=-INT64, lt=INT64, strict=True)]
FilterKey = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}!?$")]


class Range(BaseModel):
    """From ``gte`` to ``lte``, both inclusive, either may be left out."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"minProperties": 1})

    gte: Finite | None = None
    lte: Finite | None = None


def _filter_form(value: Any) -> str | None:
    match value:
        case bool():
            return None
        case str():
            return "<text>"
        case int():
            return "<number>"
        case [str(), *_]:
            return "<texts>"
        case list():
            return "<numbers>"
        case dict() | Range():
            return "<range>"
    return None


FilterValue = Annotated[
    Annotated[FilterText, Tag("<text>")]
    | Annotated[FilterInt, Tag("<number>")]
    | Annotated[list[FilterText], Field(min_length=1, max_length=MAX_FILTER_VALUES), Tag("<texts>")]
    | Annotated[list[FilterInt], Field(min_length=1, max_length=MAX_FILTER_VALUES), Tag("<numbers>")]
    | Annotated[Range, Tag("<range>")],
    Discriminator(
        _filter_form,
        custom_error_type="filter_form",
        custom_error_message="expected text, a whole number, a list of either, or an object of gte and lte",
    ),
]
FilterValues = Annotated[
    dict[FilterKey, FilterValue],
    Field(
        max_length=MAX_FILTER_KEYS,
        description="Payload keys and what they must be: a value, any of a list, or a range. "
        "A key that ends in ! must not match.",
        examples=[{"company": "Harbor Freightways", "section!": ["Benefits"], "index": {"lte": 20}}],
    ),
]


def filter_values(values: Mapping[str, FilterValue]) -> dict[str, Any]:
    """As plain values, which ``search_api.search.parse_filter`` takes."""
    return {
        key: value.model_dump(exclude_none=True) if isinstance(value, Range) else value
        for key, value in values.items()
    }


class SearchRequest(BaseModel):
    """Questions to one collection."""

    model_config = _request(
        {"collection": "postings", "queries": ["on-call rotation"], "top_k": 5},
        {
            "collection": "occupations",
            "queries": ["repairs elevators", "writes grant proposals"],
            "mode": "hybrid",
            "filter": {"source": ["title", "alternate"], "soc2!": "15"},
        },
    )

    collection: CollectionName
    queries: list[QueryText] = Field(min_length=1, max_length=MAX_QUERIES)
    top_k: TopK = Field(default=10, description="Hits for each query.")
    mode: Mode = Field(
        default="dense", description="dense: cosine; lexical: BM25; hybrid: both, fused by rank (RRF)."
    )
    filter: FilterValues = Field(default_factory=dict)
    score_threshold: Finite | None = Field(
        default=None, description="Leaves out lower scores, in the mode's unit."
    )


# ---- match and gap

DocumentKind = Literal["posting", "brag"]


def _no_folder(name: str) -> str:
    if name in {".", ".."}:
        raise ValueError('expected a name, found "." or "..", which a path takes for a folder')
    return name


DocumentName = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9._~:@-]{1,200}$",
        description="What its owner calls the document (letters, digits and ._~:@-), or the UUID that hits "
        "and `joblens status --documents` show.",
        examples=["resume-2026", "8f0c9c3e-6f0c-5d55-9c8e-0d9f4f0b7a11"],
    ),
    AfterValidator(_no_folder),
]
SideText = Annotated[Text, Field(min_length=1)]


class TextInput(BaseModel):
    """Text as it stands in a file; it is split into sentences."""

    model_config = _request({"text": "Moved payroll to Kubernetes. Cut the bill by 40%.", "kind": "brag"})

    text: SideText
    kind: DocumentKind | None = Field(
        default=None, description="How to read it; left out: as the place asks for."
    )


class SentencesInput(BaseModel):
    """Sentences that are taken as they are."""

    model_config = _request({"sentences": ["Cut the bill by 40%.", "Mentored two juniors."]})

    sentences: list[QueryText] = Field(min_length=1, max_length=MAX_GIVEN_SENTENCES)


class StoredDocument(BaseModel):
    """What names a stored document, as its owner calls it or by its UUID."""

    model_config = ConfigDict(extra="forbid")

    kind: DocumentKind
    id: DocumentName


class DocumentInput(BaseModel):
    """A stored document."""

    model_config = _request({"document": {"kind": "brag", "id": "8f0c9c3e-6f0c-5d55-9c8e-0d9f4f0b7a11"}})

    document: StoredDocument


def _form(*names: str) -> Discriminator:
    """Tell the forms of an input apart by the field that names them, so that errors speak of one only."""

    def form(value: Any) -> str | None:
        given = value if isinstance(value, dict) else vars(value) if isinstance(value, BaseModel) else {}
        return next((f"<{name}>" for name in names if name in given), None)

    return Discriminator(
        form,
        custom_error_type="input_form",
        custom_error_message=f"expected an object with one of the fields {', '.join(names)}",
    )


Input = Annotated[
    Annotated[TextInput, Tag("<text>")]
    | Annotated[SentencesInput, Tag("<sentences>")]
    | Annotated[DocumentInput, Tag("<document>")],
    _form("text", "sentences", "document"),
]


class MatchRequest(BaseModel):
    """Two sides, sentence against sentence."""

    model_config = _request(
        {
            "a": {"text": "You will run our Kubernetes clusters. You write Go.", "kind": "posting"},
            "b": {"sentences": ["Operated 30 Kubernetes clusters.", "Wrote billing services in Go."]},
            "top_k": 1,
        }
    )

    a: Input
    b: Input
    top_k: TopK = Field(default=3, description="Partners for each sentence.")


class PostingText(BaseModel):
    """One posting, not stored."""

    model_config = ConfigDict(extra="forbid")

    text: SideText
    title: Annotated[Text, Field(max_length=1_000)] = ""


class PostingIds(BaseModel):
    """Stored postings, each as its owner calls it or by its UUID."""

    model_config = ConfigDict(extra="forbid")

    ids: list[DocumentName] = Field(min_length=1, max_length=1_000)


class PostingFilter(BaseModel):
    """Stored postings that a filter lets through."""

    model_config = ConfigDict(extra="forbid")

    filter: FilterValues


class AllPostings(BaseModel):
    """Every stored posting."""

    model_config = ConfigDict(extra="forbid")

    all: Literal[True]


PostingsInput = Annotated[
    Annotated[PostingText, Tag("<text>")]
    | Annotated[PostingIds, Tag("<ids>")]
    | Annotated[PostingFilter, Tag("<filter>")]
    | Annotated[AllPostings, Tag("<all>")],
    _form("text", "ids", "filter", "all"),
]


class ThresholdValues(BaseModel):
    """Scores from which a sentence counts as covered and as partial; partial is at most covered."""

    model_config = ConfigDict(extra="forbid")

    covered: float = Field(ge=-1, le=1)
    partial: float = Field(ge=-1, le=1)


class GapRequest(BaseModel):
    """A brag document against postings."""

    model_config = _request(
        {
            "brag": {
                "text": "Built a claims pipeline in Python. Cut its nightly run from 5 hours to 40 minutes."
            },
            "postings": {
                "title": "Data engineer",
                "text": "Requirements\n- Python and SQL\n- Experience with Airflow\nBenefits\n- Dental",
            },
        },
        {
            "brag": {"document": {"kind": "brag", "id": "8f0c9c3e-6f0c-5d55-9c8e-0d9f4f0b7a11"}},
            "postings": {"all": True},
            "top": 5,
            "thresholds": {"covered": 0.6, "partial": 0.45},
        },
    )

    brag: Input
    postings: PostingsInput
    top: int = Field(
        default=10, ge=1, le=MAX_GAP_POSTINGS, description="Postings to show in full, best fit first."
    )
    themes: int = Field(
        default=20, ge=0, le=MAX_THEMES, description="Missing themes and technologies to show."
    )
    thresholds: ThresholdValues | None = Field(default=None, description="Left out: the measured defaults.")
    findings: bool = Field(
        default=True, description="Also forgotten words, fluff, the O*NET lens and next steps."
    )


# ---- fluff


class FluffRequest(BaseModel):
    """A brag document whose sentences are to be ranked by how little they say."""

    model_config = _request(
        {"brag": {"text": "Responsible for various tasks. Cut the nightly run from 5 hours to 40 minutes."}},
        {"brag": {"sentences": ["Hard-working team player.", "Mentored two juniors."]}, "top_k": 1},
    )

    brag: Input
    top_k: TopK = Field(default=10, description="Sentences at most.")
