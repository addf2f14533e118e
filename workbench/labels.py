"""Readers of labelled titles and postings: csv files whose column ``accept`` says what counts as right."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from preprocess.errors import MissingPath, ReadError, UnknownCode
from preprocess.soc import GROUP_NAMES, is_prefix, normalise_code

Row = Mapping[str, str | None]

MAX_FIELD_CHARACTERS = 10_000_000
"""A posting's text may be longer than the csv module's own limit of 131,072."""


@dataclass(frozen=True, slots=True)
class LabelledTitle:
    """A title, or a posting, and the codes that count as right, at any level."""

    title: str
    accept: tuple[str, ...]
    description: str = ""

    @property
    def group(self) -> str:
        """The major group of the first code; examples are filed under it."""
        return self.accept[0][:2]

    def is_right(self, code: str) -> bool:
        """Whether ``code`` agrees with a right one at the coarser of their two levels."""
        return any(is_prefix(code, right) for right in self.accept)


def read_labelled_titles(path: Path) -> list[LabelledTitle]:
    """A csv with the columns ``title`` and ``accept`` (codes separated by ``|``).

    :raises MissingPath: if there is no such file.
    :raises ReadError: if a column is missing, a row has no label, or a code is none; the row is named.
    """
    return _labelled(path, ("title", "accept"))


def read_labelled_postings(path: Path) -> list[LabelledTitle]:
    """The same with a column ``description``, the posting's text, which may be empty in a row.

    :raises MissingPath, ReadError: as for titles.
    """
    return _labelled(path, ("title", "description", "accept"))


def group_name(code: str) -> str:
    """The name of the major group that a code is in."""
    return GROUP_NAMES.get(code[:2], code[:2])


def _labelled(path: Path, columns: Sequence[str]) -> list[LabelledTitle]:
    rows = enumerate(_rows(path, columns), start=1)
    return [_label(row, number, path.name) for number, row in rows]


def _rows(path: Path, columns: Sequence[str]) -> Iterator[Row]:
    before = csv.field_size_limit(MAX_FIELD_CHARACTERS)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            found = reader.fieldnames or ()
            if set(columns) - set(found):
                wanted = f"{', '.join(columns[:-1])} and {columns[-1]}"
                raise ReadError(
                    f"{path.name}: expected the columns {wanted}, found {', '.join(found) or 'none'}"
                )
            yield from reader
    except FileNotFoundError as error:
        raise MissingPath(f"there is no file {path}") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ReadError(f"{path.name} cannot be read as csv in UTF-8: {error}") from error
    finally:
        csv.field_size_limit(before)


def _label(row: Row, number: int, name: str) -> LabelledTitle:
    try:
        accept = tuple(normalise_code(code) for code in (row["accept"] or "").split("|") if code.strip())
    except UnknownCode as error:
        raise ReadError(f"{name}, row {number}: {error}") from error
    title = (row["title"] or "").strip()
    if not accept or not title:
        found = f"title {title[:80]!r}, accept {(row['accept'] or '')[:80]!r}"
        raise ReadError(f"{name}, row {number}: expected a title and at least one code, found {found}")
    return LabelledTitle(title, accept, (row.get("description") or "").strip())
