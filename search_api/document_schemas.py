"""What the routes under ``/v1/documents`` take and answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from indexer.documents import DocumentPage, StoredDocument, Written, name_of
from indexer.store import Payload
from indexer.tenants import PUBLIC
from preprocess.records import Dropped
from search_api.replies import FINGERPRINT, example
from search_api.schemas import DocumentKind, SideText, Text

MAX_FIELD_CHARS = 1_000
SHOWN_DROPS = 5

FieldText = Annotated[Text, Field(max_length=MAX_FIELD_CHARS)]


class DocumentRequest(BaseModel):
    """A document as text; it is split into sentences as the text of a file is."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"text": "Moved payroll to Kubernetes. Cut the bill by 40%.", "title": "Platform engineer"},
                {
                    "text": "## Requirements\n- Python and SQL\n- Two years with Airflow",
                    "title": "Data engineer",
                    "company": "Harbor Freightways",
                    "location": "Troy, NY",
                    "url": "https://jobs.example/471",
                },
            ]
        },
    )

    text: SideText
    title: FieldText = ""
    company: FieldText = Field(default="", description="Of a posting, as are location and url.")
    location: FieldText = ""
    url: FieldText = ""


class DropReply(BaseModel):
    """Pieces that were left out for one reason, and how the first of them begin."""

    reason: str
    count: int
    examples: list[str]


class WrittenReply(BaseModel):
    """What was stored."""

    model_config = example(
        {
            "kind": "brag",
            "id": "resume-2026",
            "document_id": "8f0c9c3e-6f0c-5d55-9c8e-0d9f4f0b7a11",
            "sentences": 2,
            "changed": True,
            "dropped": [{"reason": "repeated", "count": 1, "examples": ["Cut the bill by 40%."]}],
            "fingerprint": "5b8a2f0c91d4",
        }
    )

    kind: DocumentKind
    id: str = Field(description="What its owner calls it.")
    document_id: str = Field(description="What hits and reports call it.")
    sentences: int
    changed: bool = Field(description="False where the same content was stored already.")
    dropped: list[DropReply]
    fingerprint: str = Field(description=FINGERPRINT)

    @classmethod
    def of(cls, kind: DocumentKind, name: str, written: Written, fingerprint: str) -> WrittenReply:
        return cls(
            kind=kind,
            id=name,
            document_id=written.id,
            sentences=written.sentences,
            changed=written.changed,
            dropped=_drops(written.dropped),
            fingerprint=fingerprint,
        )


class StoredSentence(BaseModel):
    """A sentence; ``section`` is the project in a brag document, which has no roles."""

    index: int
    text: str
    section: str
    role: str
    technologies: list[str]


class DocumentLine(BaseModel):
    """A stored document in a list."""

    kind: DocumentKind
    id: str = Field(description="What its owner calls it; of one that was indexed from a file, its UUID.")
    document_id: str
    title: str
    company: str
    location: str
    url: str
    source: str = Field(description="The name of the file, or the id.")
    public: bool = Field(description="A posting that everybody may read.")
    sentences: int

    @classmethod
    def of(cls, kind: DocumentKind, head: Payload, sentences: int) -> DocumentLine:
        return cls(**_line(kind, head, sentences))


class DocumentReply(DocumentLine):
    """A stored document with its sentences, in order."""

    model_config = example(
        {
            "kind": "posting",
            "id": "471",
            "document_id": "8f0c9c3e-6f0c-5d55-9c8e-0d9f4f0b7a11",
            "title": "Data engineer",
            "company": "Harbor Freightways",
            "location": "Troy, NY",
            "url": "https://jobs.example/471",
            "source": "471",
            "public": False,
            "sentences": 1,
            "text": [
                {
                    "index": 0,
                    "text": "Python and SQL",
                    "section": "Requirements",
                    "role": "requirement",
                    "technologies": ["Python", "SQL"],
                }
            ],
            "fingerprint": "5b8a2f0c91d4",
        }
    )

    text: list[StoredSentence]
    fingerprint: str = Field(description=FINGERPRINT)

    @classmethod
    def of_stored(cls, kind: DocumentKind, document: StoredDocument, fingerprint: str) -> DocumentReply:
        return cls(
            **_line(kind, document.head, len(document.sentences)),
            text=[
                StoredSentence(
                    index=payload["index"],
                    text=payload["text"],
                    section=payload.get("section") or payload.get("project", ""),
                    role=payload.get("role", ""),
                    technologies=payload["technologies"],
                )
                for payload in document.sentences
            ],
            fingerprint=fingerprint,
        )


class DocumentsReply(BaseModel):
    """A page of the documents that the key may read, its tenant's own and public postings."""

    model_config = example(
        {
            "documents": [
                {
                    "kind": "brag",
                    "id": "resume-2026",
                    "document_id": "8f0c9c3e-6f0c-5d55-9c8e-0d9f4f0b7a11",
                    "title": "Platform engineer",
                    "company": "",
                    "location": "",
                    "url": "",
                    "source": "resume-2026",
                    "public": False,
                    "sentences": 2,
                }
            ],
            "next": None,
        }
    )

    documents: list[DocumentLine]
    next: str | None = Field(description="The token of the next page; null on the last one.")

    @classmethod
    def of(cls, kind: DocumentKind, page: DocumentPage, next: str | None) -> DocumentsReply:
        lines = [DocumentLine.of(kind, head, _sentences(page.sentences, head)) for head in page.heads]
        return cls(documents=lines, next=next)


class ErasedReply(BaseModel):
    """What was erased."""

    model_config = example({"kind": "brag", "id": "resume-2026", "sentences": 2})

    kind: DocumentKind
    id: str
    sentences: int


def _line(kind: DocumentKind, head: Payload, sentences: int) -> dict[str, Any]:
    return {
        "kind": kind,
        "id": name_of(head),
        "document_id": head["document_id"],
        **{name: head.get(name) or "" for name in ("title", "company", "location", "url")},
        "source": PurePath(head["source"]).name,
        "public": head["tenant"] == PUBLIC,
        "sentences": sentences,
    }


def _sentences(counts: Mapping[str, int], head: Payload) -> int:
    return counts.get(head["document_id"], 0)


def _drops(dropped: Iterable[Dropped]) -> list[DropReply]:
    counts: Counter[str] = Counter()
    shown: dict[str, list[str]] = {}
    for drop in dropped:
        counts[drop.reason] += 1
        if drop.where and len(found := shown.setdefault(drop.reason, [])) < SHOWN_DROPS:
            found.append(drop.where)
    return [
        DropReply(reason=reason, count=count, examples=shown.get(reason, []))
        for reason, count in counts.items()
    ]
