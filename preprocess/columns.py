"""Which column of a table, or key of an object, holds the title, the company and the text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from preprocess.decoding import clean, one_line
from preprocess.formats import Item, ReadOptions, checked
from preprocess.layout import strip_html
from preprocess.records import Document, Kind, Passage

_TITLE_NAMES = ("title", "job title", "jobtitle", "position title", "position", "job name", "role", "name")
_COMPANY_NAMES = ("company", "company name", "employer", "employer name", "organization", "organisation")
_LOCATION_NAMES = ("location", "job location", "city", "place")
_URL_NAMES = ("url", "link", "job url", "job link", "posting url", "apply url")
_TEXT_WORDS = {
    "accomplishments", "achievements", "benefit", "benefits", "body", "content", "description",
    "descriptions", "duties", "duty", "qualification", "qualifications", "requirement", "requirements",
    "responsibilities", "responsibility", "skill", "skills", "stories", "story", "summary", "tasks", "text",
}  # fmt: skip
# "description_url", "skills_count" and the like are about a text and not one.
_NOT_TEXT_WORDS = {"code", "count", "date", "hash", "id", "language", "lang", "length", "link", "url"}


@dataclass(frozen=True, slots=True)
class Columns:
    """The names of the columns that are read; None where there is none."""

    title: str | None
    company: str | None
    location: str | None
    url: str | None
    key: str | None
    text: tuple[str, ...]


def missing_column(names: Iterable[str], options: ReadOptions) -> str:
    """What is wrong with the columns that the options name, for the person; empty if they are all there."""
    names = tuple(names)
    wanted = (options.title_column, options.id_column, *options.text_columns)
    missing = [name for name in wanted if name is not None and _found(name, names) is None]
    if not missing:
        return ""
    return f"expected {' and '.join(map(repr, missing))}, found: {', '.join(names)[:500]}"


@lru_cache(maxsize=256)
def choose_columns(names: tuple[str, ...], options: ReadOptions) -> Columns:
    """The columns that the options name, and for the others those with a usual name, whatever its case.

    Text without a usual name is taken from all columns that are left.
    """
    key = _found(options.id_column, names)
    title = _found(options.title_column, names) if options.title_column else _first_of(_TITLE_NAMES, names)
    chosen = tuple(name for wanted in options.text_columns if (name := _found(wanted, names)) is not None)
    company, location, url = (
        _first_of(usual, names) for usual in (_COMPANY_NAMES, _LOCATION_NAMES, _URL_NAMES)
    )
    if not options.text_columns:
        left = [name for name in names if name and name not in {key, title, company, location, url}]
        chosen = tuple(name for name in left if is_text_name(name)) or tuple(left)
    return Columns(title, company, location, url, key, chosen)


def is_text_name(name: str) -> bool:
    """Whether a column of this name usually holds text, such as "Minimum Qualifications"."""
    words = set(_fold(name).split())
    return bool(words & _TEXT_WORDS) and not words & _NOT_TEXT_WORDS


def row_document(
    values: Mapping[str, str], columns: Columns, kind: Kind, source: str, number: int | None, where: str
) -> Item:
    """One row as a document, a passage for each text column that is not empty.

    :param number: of the row or line; the key, unless an id column has a value. None gives no key.
    """

    def line(name: str | None) -> str:
        return one_line(strip_html(values.get(name, ""))) if name is not None else ""

    key = "" if number is None else str(number)
    if columns.key is not None:
        key = line(columns.key) or f"{where} without an id"
    texts = [(name, clean(strip_html(values.get(name, ""))).strip()) for name in columns.text]
    document = Document(
        kind,
        source,
        key,
        tuple(Passage(one_line(name), text) for name, text in texts),
        title=line(columns.title),
        company=line(columns.company),
        location=line(columns.location),
        url=line(columns.url),
    )
    return checked(document, where)


def _fold(name: str) -> str:
    return " ".join(re.split(r"[\W_]+", name.casefold())).strip()


def _first_of(usual: Iterable[str], names: tuple[str, ...]) -> str | None:
    folded = {_fold(name): name for name in reversed(names) if _fold(name)}
    return next((folded[name] for name in usual if name in folded), None)


def _found(wanted: str | None, names: tuple[str, ...]) -> str | None:
    """The column of that name, or of that name but for case, blanks and signs."""
    if wanted is None or wanted in names:
        return wanted
    return _first_of([_fold(wanted)], names)
