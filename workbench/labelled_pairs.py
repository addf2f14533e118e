"""Labelled pairs of an asked sentence and a brag sentence, read from yaml, csv or jsonl."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from preprocess.errors import MissingPath, ReadError

LABELS = ("covers", "partly", "no")
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "asked": ("asked", "posting_sentence", "requirement", "posting"),
    "brag": ("brag", "brag_sentence"),
}
"""Names under which a table may hold the two sentences; the first that is there counts."""

DOCUMENT_COLUMNS = ("document", "document_id", "posting_id", "posting")
"""Names under which it may say where a pair comes from; ``posting`` only beside another name for asked."""


@dataclass(frozen=True, slots=True)
class LabelledPair:
    """An asked sentence, a brag sentence and whether the second ``covers`` the first, ``partly`` or ``no``.

    ``document`` names the posting and brag document that the pair comes from, and is empty for a pair of
    its own.
    """

    asked: str
    brag: str
    label: str
    half: str = "hard"
    field: str = ""
    kind: str = ""
    document: str = ""


@dataclass(frozen=True, slots=True)
class PairGroup:
    """The pairs of one document, and its sentences: their scores are one (asked, brag) matrix.

    ``rows`` and ``columns`` are the places of ``pairs`` (numbers of the labelled pairs) in it.
    """

    asked: tuple[str, ...]
    brag: tuple[str, ...]
    pairs: tuple[int, ...]
    rows: tuple[int, ...]
    columns: tuple[int, ...]


def read_labelled_pairs(path: Path) -> list[LabelledPair]:
    """Read ``.yaml`` as in ``fixtures/``, ``.csv``, or ``.jsonl`` with one object a line.

    A table has the columns asked, brag and label, and where it likes half (natural or hard), field, kind and
    document; what is not listed of a document does not cover.

    :raises MissingPath: if there is no such file.
    :raises ReadError: if a column is missing or a label is none of covers, partly and no; the row is named.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise MissingPath(f"there is no file {path}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ReadError(f"{path.name} cannot be read as text in UTF-8: {error}") from error
    try:
        if path.suffix.lower() in (".yaml", ".yml"):
            return list(_from_yaml(yaml.safe_load(text), path.name))
        if path.suffix.lower() in (".jsonl", ".ndjson"):
            rows = [json.loads(line) for line in text.splitlines() if line.strip()]
        else:
            rows = list(csv.DictReader(text.splitlines(keepends=True)))
    except (yaml.YAMLError, json.JSONDecodeError, csv.Error) as error:
        raise ReadError(f"{path.name} cannot be read: {error}") from error
    return [_from_row(row, number, path.name) for number, row in enumerate(rows, start=1)]


def grouped(pairs: Sequence[LabelledPair]) -> list[PairGroup]:
    """The pairs by document, in order; each pair without one is a group of its own."""
    members: dict[tuple[str, int], list[int]] = {}
    for number, pair in enumerate(pairs):
        members.setdefault((pair.document, -1) if pair.document else ("", number), []).append(number)
    groups = []
    for numbers in members.values():
        asked = {text: row for row, text in enumerate(dict.fromkeys(pairs[n].asked for n in numbers))}
        brag = {text: row for row, text in enumerate(dict.fromkeys(pairs[n].brag for n in numbers))}
        groups.append(
            PairGroup(
                tuple(asked),
                tuple(brag),
                tuple(numbers),
                tuple(asked[pairs[n].asked] for n in numbers),
                tuple(brag[pairs[n].brag] for n in numbers),
            )
        )
    return groups


def _from_yaml(documents: Any, name: str) -> Iterable[LabelledPair]:
    if not isinstance(documents, list):
        raise ReadError(f"{name}: expected a list of documents, found {type(documents).__name__}")
    for number, document in enumerate(documents, start=1):
        try:
            yield from _pairs_of(document)
        except (KeyError, TypeError, AttributeError, IndexError) as error:
            raise ReadError(f"{name}, document {number}: expected field, posting, brag, asked and hard as in "
                            f"fixtures/README.md, and could not read it: {error!r}") from error  # fmt: skip


def _pairs_of(document: Mapping[str, Any]) -> Iterable[LabelledPair]:
    work = str(document.get("field", ""))
    for asked in document.get("asked", []):
        for number, brag in enumerate(document["brag"], start=1):
            label = (
                "covers"
                if number in asked["covers"]
                else "partly"
                if number in asked.get("partly", [])
                else "no"
            )
            yield LabelledPair(asked["text"], brag, label, "natural", work, "", document["posting"])
    for hard in document.get("hard", []):
        yield LabelledPair(
            hard["asked"], hard["brag"], _label(hard["label"]), "hard", work, hard.get("kind", "")
        )


def _label(value: object) -> str:
    # YAML reads an unquoted "no" as false.
    label = "no" if value is False else str(value).strip().lower()
    if label not in LABELS:
        raise KeyError(f"label {value!r} is none of {', '.join(LABELS)}")
    return label


def _from_row(row: Mapping[str, Any], number: int, name: str) -> LabelledPair:
    if not isinstance(row, dict):
        raise ReadError(f"{name}, row {number}: expected an object, found {type(row).__name__}")
    texts = {}
    for column, names in COLUMNS.items():
        found = next((str(row[other]).strip() for other in names if row.get(other)), "")
        if not found:
            raise ReadError(
                f"{name}, row {number}: expected a column {' or '.join(names)}, "
                f"found {', '.join(map(str, row))}"
            )
        texts[column] = found
    try:
        label = _label(row.get("label"))
    except KeyError as error:
        raise ReadError(f"{name}, row {number}: {error.args[0]}") from error
    places = [str(row[column]).strip() for column in DOCUMENT_COLUMNS if row.get(column)]
    document = next((place for place in places if place != texts["asked"]), "")
    half = str(row.get("half") or ("natural" if document else "hard")).strip().lower()
    field = str(row.get("field") or "")
    return LabelledPair(
        **texts, label=label, half=half, field=field, kind=str(row.get("kind") or ""),
        # Natural pairs that do not say where they come from are one document of their field of work.
        document=(document or field or "all") if half == "natural" else "",
    )  # fmt: skip
