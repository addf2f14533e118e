"""Reads labelled sentences of postings: csv or jsonl, one sentence a row, in the order of the posting.

Columns: ``text`` (or ``sentence``), ``role`` (or ``label``), and where there are any ``posting`` (or
``document``, ``posting_id``, ``title``) and ``section`` (or ``heading``). A row of the role ``heading`` is
the section of the rows after it, where the splitter would know it for a heading; else it is a sentence
of the role ``other``, as it would be in a posting.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from indexer.role_model import ROLES
from preprocess.errors import MissingPath, ReadError
from preprocess.headings import is_heading
from preprocess.sentences import normalise

NAMES = {
    "text": ("text", "sentence"),
    "role": ("role", "label"),
    "posting": ("posting", "document", "posting_id", "title"),
    "section": ("section", "heading"),
}
"""What a column may be called; the first that is there is taken."""


@dataclass(frozen=True, slots=True)
class LabelledSentences:
    """The sentences of one posting in order, with their sections and roles."""

    posting: str
    texts: tuple[str, ...]
    sections: tuple[str, ...]
    roles: tuple[str, ...]


def read_labelled_roles(path: Path) -> list[LabelledSentences]:
    """Rows by posting; all are one posting where no column tells.

    :raises MissingPath: if there is no such file.
    :raises ReadError: if a column is missing, a role is none, a text is empty, or there is no sentence;
        the row is named, counted from 1 below the header.
    """
    postings: dict[str, list[tuple[str, str, str]]] = {}
    sections: dict[str, str] = {}
    names: dict[str, str] = {}
    for number, row in enumerate(_rows(path), start=1):
        if number == 1:
            names = _columns(path, list(row))
        text, role = (normalise(str(row.get(names[column]) or "")) for column in ("text", "role"))
        role = role.casefold()
        if not text:
            raise ReadError(f"{path.name}, row {number}: expected a sentence in {names['text']}, found none")
        if role not in (*ROLES, "heading"):
            raise ReadError(
                f"{path.name}, row {number}: expected one of {', '.join(ROLES)} or heading "
                f"in {names['role']}, found {role or 'nothing'}"
            )
        posting = str(row.get(names.get("posting", "")) or "")
        found = postings.setdefault(posting, [])
        if role == "heading":
            if is_heading(text):
                sections[posting] = text.strip("#*_ ").rstrip(":： ")
                continue
            role = "other"
        section = normalise(str(row.get(names.get("section", "")) or "")) or sections.get(posting, "")
        found.append((text, section, role))
    if not any(postings.values()):
        raise ReadError(f"{path.name}: expected labelled sentences, found none")
    return [_posting(name, rows) for name, rows in postings.items() if rows]


def labels_digest(postings: Sequence[LabelledSentences]) -> str:
    """32 hex digits over the sentences, sections and roles."""
    rows = [[posting.texts, posting.sections, posting.roles] for posting in postings]
    text = json.dumps(rows, ensure_ascii=False)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _posting(name: str, rows: Sequence[tuple[str, str, str]]) -> LabelledSentences:
    texts, sections, roles = zip(*rows, strict=True)
    return LabelledSentences(name, texts, sections, roles)


def _columns(path: Path, found: Sequence[str]) -> dict[str, str]:
    names = {column: name for column, alike in NAMES.items() for name in reversed(alike) if name in found}
    if "text" not in names or "role" not in names:
        raise ReadError(
            f"{path.name}: expected the columns text and role, found {', '.join(map(str, found)) or 'none'}"
        )
    return names


def _rows(path: Path) -> Iterator[Mapping[str, Any]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            if path.suffix.lower() in (".jsonl", ".ndjson"):
                yield from _json_rows(path, file)
            else:
                reader = csv.DictReader(file)
                _columns(path, list(reader.fieldnames or ()))
                yield from reader
    except FileNotFoundError as error:
        raise MissingPath(f"there is no file {path}") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ReadError(f"{path.name} cannot be read as csv or jsonl in UTF-8: {error}") from error


def _json_rows(path: Path, lines: Iterator[str] | Any) -> Iterator[Mapping[str, Any]]:
    number = 0
    for line in lines:
        if not line.strip():
            continue
        number += 1
        try:
            row = json.loads(line)
        except ValueError as error:
            raise ReadError(f"{path.name}, row {number}: expected a JSON object, found {error}") from error
        if not isinstance(row, dict):
            raise ReadError(f"{path.name}, row {number}: expected a JSON object, found {line.strip()[:40]}")
        yield row
