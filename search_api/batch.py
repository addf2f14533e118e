"""Rows in, rows out: classify a csv, a jsonl or a list of lines of any length, in input order.

A row that cannot be coded comes out with its ``error``; no row is lost and none stops the others.
"""

from __future__ import annotations

import csv
import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, Literal, TextIO

from indexer.workspace import Workspace
from preprocess.decoding import Lines
from preprocess.errors import EmptyQuery, InputError, InvalidParameter, TooLarge, UnsupportedFormat
from preprocess.formats import DEFAULTS
from preprocess.row_formats import distinct_names
from search_api.classify import CHUNK_QUERIES, Classification, JobQuery, classify_chunks
from search_api.limits import check_queries

Row = dict[str, Any]
Take = Callable[[Iterator[tuple[Row, str]]], list[tuple[Row, str]]]
Format = Literal["csv", "jsonl", "lines"]
FORMATS: Mapping[str, Format] = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".txt": "lines"}
TITLE_NAMES = ("title", "job title", "job_title", "position")
ALTERNATIVES = 5
SHOWN_CHARS = 200
OTHER = "other"
"""The column of a csv made from jsonl that takes, as JSON, the keys that have no column."""

_ROOM = DEFAULTS.max_cell_chars
_DELIMITERS = ",;\t|"


@dataclass(frozen=True, slots=True)
class Coded:
    """An input row with its answer, or the reason why there is none."""

    row: Row
    answer: Classification | None
    error: str = ""

    def columns(self) -> Row:
        """``code``, ``occupation``, ``score``, ``margin``, ``abstained``, ``review``, ``prediction_set``,
        ``clean_title``, ``seniority``, ``numeral``, ``alternatives`` and ``error``."""
        first = self.answer.candidates[0] if self.answer and self.answer.candidates else None
        others = self.answer.candidates[1 : 1 + ALTERNATIVES] if self.answer else ()
        return {
            "code": first.code if first else "",
            "occupation": first.title if first else "",
            "score": round(first.score, 4) if first else "",
            "margin": round(self.answer.margin, 4) if self.answer else "",
            "abstained": _yes(self.answer.abstained) if self.answer else "",
            "review": _yes(self.answer.review) if self.answer else "",
            "prediction_set": " ".join(self.answer.prediction_set) if self.answer else "",
            "clean_title": self.answer.clean.text if self.answer else "",
            "seniority": self.answer.clean.level if self.answer else "",
            "numeral": self.answer.clean.numeral if self.answer else "",
            "alternatives": " ".join(f"{other.code}:{other.score:.4f}" for other in others),
            "error": self.error,
        }


def by_need(coded: Iterable[Coded]) -> list[Coded]:
    """All rows, those that most need a person's eye first: without an answer, then the least sure."""
    return sorted(coded, key=lambda item: item.answer.confidence if item.answer else -1.0)


def format_of(path: Path) -> Format:
    """:raises UnsupportedFormat: if the suffix is not one of :data:`FORMATS`."""
    try:
        return FORMATS[path.suffix.lower()]
    except KeyError:
        raise UnsupportedFormat(
            f"a batch is a {', '.join(FORMATS)} file, found {path.name!r}; for one title give it in quotes"
        ) from None


def rows_of(stream: TextIO, form: Format) -> Iterator[tuple[Row, str]]:
    """The rows of a batch, each with the reason why it cannot be used, or "" where it can."""
    lines = Lines(stream, _ROOM)
    if form == "csv":
        yield from _csv_rows(lines)
        return
    while True:
        lines.room = _ROOM
        try:
            line = next(lines, None)
        except TooLarge as error:
            yield {}, f"{error}: expected at most {_ROOM:,} characters"
            continue
        if line is None:
            return
        if not line.strip():
            continue
        yield ({"title": line.strip()}, "") if form == "lines" else _json_row(line, lines.number)


def take_chunk(rows: Iterator[tuple[Row, str]]) -> list[tuple[Row, str]]:
    """As many rows as are best coded together."""
    return list(islice(rows, CHUNK_QUERIES))


def classify_rows(
    workspace: Workspace,
    rows: Iterable[tuple[Row, str]],
    *,
    title_column: str | None = None,
    body_column: str | None = None,
    top_k: int = 10,
    level: int = 6,
    evidence: int = 3,
    known: bool = False,
    take: Take = take_chunk,
) -> Iterator[Coded]:
    """Code every row, in order, in chunks; the next chunk is looked up while one's answers are used.

    :param known: the columns were looked for already; a row without them is that row's error.
    :param take: the next rows of a stream; it ends with the first chunk that is empty.
    :raises InvalidParameter: if no row of the first chunk has a column; the message lists those found.
    """
    stream = iter(rows)
    waiting: deque[list[tuple[Row, JobQuery, str]]] = deque()

    def chunks() -> Iterator[list[JobQuery]]:
        title, checked = title_column, known
        while chunk := take(stream):
            # Not every object of a jsonl file has to have every key.
            names = tuple(dict.fromkeys(name for row, error in chunk if not error for name in row))
            if names and not checked:
                title = title or guess_title_column(names)
                check_columns(names, title, body_column)
                checked = True
            waiting.append([_query(row, error, title, body_column) for row, error in chunk])
            yield [query for _, query, error in waiting[-1] if not error]

    for answers in classify_chunks(workspace, chunks(), top_k=top_k, level=level, evidence=evidence):
        for row, _, error in waiting.popleft():
            yield Coded(row, None, error) if error else Coded(row, next(answers))


def write_rows(
    coded: Iterable[Coded],
    stream: TextIO,
    form: Format,
    as_json: Callable[[Coded], str],
    *,
    same_keys: bool = True,
) -> int:
    """Write the answers; csv keeps the input's columns in front.

    Ours are called ``joblens_code`` and so on where the input has a column of one of these names.

    :param as_json: one line of jsonl for a coded row.
    :param same_keys: False where a later row may have keys that no earlier one has: these then go, as JSON,
        to the last column of a csv, :data:`OTHER`.
    :return: how many rows carry an error.
    """
    errors = 0
    rows = iter(coded)
    if form != "csv":
        for item in rows:
            errors += bool(item.error)
            stream.write(as_json(item) + "\n")
        return errors
    head = list(islice(rows, CHUNK_QUERIES))
    if not head:
        return 0
    names = list(dict.fromkeys(name for item in head for name in item.row))
    prefix = "joblens_" if {*head[0].columns(), OTHER} & set(names) else ""
    ours = [f"{prefix}{name}" for name in head[0].columns()]
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([*names, *ours, *([] if same_keys else [f"{prefix}{OTHER}"])])
    for item in chain(head, rows):
        errors += bool(item.error)
        rest = {name: value for name, value in item.row.items() if name not in names}
        cells = [_cell(item.row.get(name, "")) for name in names] + list(item.columns().values())
        writer.writerow([*cells, *([] if same_keys else [_cell(rest) if rest else ""])])
    return errors


def _csv_rows(lines: Lines) -> Iterator[tuple[Row, str]]:
    csv.field_size_limit(max(csv.field_size_limit(), _ROOM))  # of the whole process; only ever raised
    first = next((line for line in lines if line.strip()), None)
    if first is None:
        return
    delimiter = max(_DELIMITERS, key=lambda sign: len(next(csv.reader([first], delimiter=sign))))
    reader = csv.reader(chain([first], lines), delimiter=delimiter)
    header = distinct_names(next(reader))
    names = [name or f"column {number}" for number, name in enumerate(header, start=1)]
    number = 0
    while True:
        lines.room = _ROOM
        try:
            cells = next(reader)
        except StopIteration:
            return
        except (csv.Error, TooLarge) as error:
            number += 1
            yield {}, f"row {number} cannot be read: {error}"
            continue
        if not cells:
            continue
        number += 1
        extra = [cell for cell in cells[len(names) :] if cell.strip()]
        row = dict(zip(names, [*cells, *[""] * len(names)], strict=False))
        if extra:
            yield row, f"row {number} has more cells than the header: {' | '.join(extra)[:SHOWN_CHARS]}"
        elif len(cells) < len(names):
            yield row, f"row {number} has not as many cells as the header"
        else:
            yield row, ""


def _json_row(line: str, number: int) -> tuple[Row, str]:
    shown = {"line": line.strip()[:SHOWN_CHARS]}
    try:
        row = json.loads(line)
    except ValueError as error:
        return shown, f"line {number} is not valid JSON: {error}"
    except RecursionError:
        return shown, f"line {number} is not valid JSON: too many levels of lists or objects"
    if isinstance(row, dict):
        return row, ""
    if isinstance(row, str):
        return {"title": row}, ""
    return shown, f"line {number}: expected a JSON object or string, found {type(row).__name__}"


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _cell(value: Any) -> str:
    """A value of a row as a csv cell; half of a surrogate pair, which no file can hold, becomes "?"."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.encode("utf-8", "replace").decode()


def guess_title_column(names: Iterable[str]) -> str:
    """:raises InvalidParameter: if no name is one of :data:`TITLE_NAMES`; the message lists those found."""
    for name in names:
        if name.strip().lower() in TITLE_NAMES:
            return name
    raise InvalidParameter(
        f"no column is called {' or '.join(TITLE_NAMES)}; name it with --title-column (title_column) "
        f"(found: {', '.join(names)})"
    )


def check_columns(names: Iterable[str], *columns: str | None) -> None:
    """:raises InvalidParameter: if a column is not among the names; the message lists those found."""
    for column in columns:
        if column is not None and column not in names:
            raise InvalidParameter(f"there is no column {column!r}; found: {', '.join(names)}")


def _query(
    row: Row, error: str, title_column: str | None, body_column: str | None
) -> tuple[Row, JobQuery, str]:
    title = str(row.get(title_column or "", "") or "")
    text = row.get(body_column, "") if body_column else ""
    body = "\n".join(map(str, text)) if isinstance(text, list) else str(text or "")
    if not error:
        try:
            check_queries([title])
        except EmptyQuery:
            error = f"expected a title, found {title[:40]!r}"
        except InputError as problem:
            error = str(problem).replace("query 1", "the title")
    return row, JobQuery(title, body), error
