"""The records that flow through joblens, one way: Document -> Sentence -> Point.

A reader gives :class:`Document`; ``preprocess.sentences`` gives its :class:`Sentence`; what
cannot be used becomes :class:`Dropped` with a reason, is counted and reported, and the run
goes on. All are frozen. Ids are UUIDs version 5, so the same input has the same ids on every
run and every machine.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["occupation", "posting", "brag"]

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "joblens")


def stable_id(*parts: str | int) -> str:
    """A UUID5 of ``parts``; unlike joining by a separator, no two part lists collide.

    :return: the canonical 36-character text form.
    """
    return str(uuid.uuid5(NAMESPACE, json.dumps(parts, ensure_ascii=False)))


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a document before it is split: a section, a column, a project's story.

    ``section`` is the heading (postings), the project (brags) or the column name (csv, jsonl);
    empty where the text stands under none.
    """

    section: str
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """One posting or one brag document as read from its source.

    ``source`` names the file (absolute path) or stream; ``key`` names the document inside it (a row
    number or an id column's value), and is empty where the file is one document.
    """

    kind: Kind
    source: str
    key: str
    passages: tuple[Passage, ...]
    title: str = ""
    company: str = ""
    location: str = ""
    url: str = ""

    @property
    def id(self) -> str:
        """UUID5 of (kind, source, key)."""
        return stable_id(self.kind, self.source, self.key)

    @property
    def content_hash(self) -> str:
        """32 hex digits (BLAKE2b) over everything that is shown or searched."""
        parts = [self.title, self.company, self.location, self.url]
        parts += [part for passage in self.passages for part in (passage.section, passage.text)]
        text = json.dumps(parts, ensure_ascii=False)
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence as its author wrote it (whitespace folded, bullet removed).

    ``index`` counts from 0 within the document.
    """

    text: str
    index: int
    section: str = ""


@dataclass(frozen=True, slots=True)
class Dropped:
    """What was left out, and why: data, not an exception.

    ``reason`` is a short phrase that reports count by ("empty", "no letters", "encrypted pdf");
    ``source`` names the file, with ``where`` the row, line or page; ``detail`` is for the person.
    """

    reason: str
    source: str = ""
    where: str = ""
    detail: str = field(default="", compare=False)

    def __str__(self) -> str:
        place = " ".join(part for part in (self.source, self.where) if part)
        text = f"{place}: {self.reason}" if place else self.reason
        return f"{text} ({self.detail})" if self.detail else text
