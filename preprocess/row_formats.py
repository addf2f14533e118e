"""csv and jsonl: one document a row, streamed, so that a file of any size can be read."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

from preprocess.columns import choose_columns, missing_column, row_document
from preprocess.decoding import Lines, one_line, open_text
from preprocess.errors import TooLarge
from preprocess.formats import Item, ReadOptions
from preprocess.records import Dropped, Kind

_DELIMITERS = ",;\t|"
_SAMPLE_CHARS = 65_536
_SAMPLE_ROWS = 50
# A row may hold several long cells; this many times the longest cell bounds the memory that one takes.
_CELLS_A_ROW = 4


class _Record(NamedTuple):
    number: int
    values: dict[str, str]


def read_csv(path: Path, source: str, kind: Kind, options: ReadOptions) -> Iterator[Item]:
    """The rows of a .csv file with a header; the delimiter is found out among comma, ";", tab and "|".

    Rows are counted from 1 after the header; blank lines are not.

    :raises OSError: if the file cannot be read.
    """
    stream = open_text(path)
    if stream is None:
        yield Dropped("not text", source, detail="expected text, found binary data")
        return
    # The limit is the csv module's own and holds for the whole process; it is only ever raised.
    csv.field_size_limit(max(csv.field_size_limit(), options.max_cell_chars))
    with stream:
        sample = stream.read(_SAMPLE_CHARS)
        stream.seek(0)
        room = _CELLS_A_ROW * options.max_cell_chars
        lines = Lines(stream, room)
        rows = csv.reader(lines, delimiter=_delimiter(sample), skipinitialspace=True)
        names: list[str] = []
        number = 0
        while True:
            lines.room = room
            first_line = lines.number + 1
            try:
                row = next(rows)
            except StopIteration:
                break
            except (csv.Error, TooLarge) as error:
                number += bool(names)
                yield Dropped("unreadable row", source, f"row {number}", f"{error} (line {lines.number})")
                if not names:
                    return
                continue
            if _is_blank_line(row):
                continue
            if not names:
                names = distinct_names(row)
                if missing := missing_column(names, options):
                    yield Dropped("no such column", source, detail=missing)
                    return
                continue
            number += 1
            yield _csv_item(row, names, number, (first_line, lines.number), source, kind, options)
        if not number:
            yield Dropped("empty", source, detail="expected a header and rows" if names else "")


def read_jsonl(path: Path, source: str, kind: Kind, options: ReadOptions) -> Iterator[Item]:
    """The lines of a .jsonl file, each an object whose keys are the columns.

    :raises OSError: if the file cannot be read.
    """
    stream = open_text(path)
    if stream is None:
        yield Dropped("not text", source, detail="expected text, found binary data")
        return
    with stream:
        records = _json_records(Lines(stream, options.max_cell_chars), source, options.max_cell_chars)
        # Keys may be left out where they have no value, so that one object does not show them all.
        head = list(islice(records, _SAMPLE_ROWS))
        names = dict.fromkeys(name for item in head if isinstance(item, _Record) for name in item.values)
        missing = missing_column(names, options) if names else ""
        if missing:
            yield Dropped("no such column", source, detail=missing)
            return
        if not head:
            yield Dropped("empty", source)
        for item in chain(head, records):
            if isinstance(item, Dropped):
                yield item
            else:
                columns = choose_columns(tuple(item.values), options)
                where = f"line {item.number}"
                yield row_document(item.values, columns, kind, source, item.number, where)


def count_rows(path: Path) -> int:
    """About how many rows or lines a .csv or .jsonl file has, without parsing them.

    :raises OSError: if the file cannot be read.
    """
    stream = open_text(path)
    if stream is None:
        return 0
    is_csv = path.suffix.lower() == ".csv"
    rows, quotes = 0, 0
    with stream:
        for line in stream:
            quotes += line.count('"') if is_csv else 0
            rows += quotes % 2 == 0 and not line.isspace()
    return max(rows - is_csv, 0)


def _csv_item(
    row: list[str],
    names: list[str],
    number: int,
    lines: tuple[int, int],
    source: str,
    kind: Kind,
    options: ReadOptions,
) -> Item:
    where = f"row {number}"
    # Spreadsheets leave empty cells behind the last column.
    while len(row) > len(names) and not row[-1].strip():
        row.pop()
    if len(row) != len(names):
        first, last = lines
        place = f"line {last}" if first == last else f"lines {first} to {last}"
        return Dropped(
            "ragged row", source, where, f"expected {len(names)} cells, found {len(row)} ({place})"
        )
    columns = choose_columns(tuple(names), options)
    return row_document(dict(zip(names, row, strict=True)), columns, kind, source, number, where)


def _is_blank_line(row: list[str]) -> bool:
    return not row or (len(row) == 1 and not row[0].strip())


def distinct_names(header: list[str]) -> list[str]:
    """The names of a header, on one line each; a name that comes again gets a number."""
    names: list[str] = []
    for cell in header:
        name, count = one_line(cell), 2
        distinct = name
        while distinct and distinct in names:
            distinct, count = f"{name} ({count})", count + 1
        names.append(distinct)
    while len(names) > 1 and not names[-1]:
        names.pop()
    return names


def _delimiter(sample: str) -> str:
    """The delimiter that cuts most rows of a file's start into as many cells as its header; "," in doubt."""

    def score(delimiter: str) -> tuple[int, int]:
        rows = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter, skipinitialspace=True)
        try:
            widths = [len(row) for row in islice(rows, _SAMPLE_ROWS) if not _is_blank_line(row)]
        except csv.Error:
            return 0, 0
        if not widths or widths[0] == 1:
            return 0, 0
        return widths.count(widths[0]), widths[0]

    return max(_DELIMITERS, key=score)


def _json_records(lines: Lines, source: str, room: int) -> Iterator[_Record | Dropped]:
    while True:
        lines.room = room
        try:
            line = next(lines, None)
        except TooLarge:
            detail = f"expected at most {room:,} characters (from Python: raise max_cell_chars)"
            yield Dropped("line too long", source, f"line {lines.number}", detail)
            continue
        if line is None:
            return
        if not line.strip():
            continue
        where = f"line {lines.number}"
        try:
            # Numbers stay as they are written: 1.10 does not become 1.1, nor a long id a float.
            value = json.loads(line.rstrip("\r\n"), parse_int=str, parse_float=str)
        except json.JSONDecodeError as error:
            yield Dropped(
                "invalid json", source, where, f"{error.msg.removesuffix(' at')} at character {error.colno}"
            )
            continue
        except RecursionError:
            yield Dropped("invalid json", source, where, "too many levels of lists or objects")
            continue
        if isinstance(value, dict):
            yield _Record(lines.number, {name: _json_text(value[name]) for name in value})
        else:
            detail = f"expected an object, found {type(value).__name__}"
            yield Dropped("not a json object", source, where, detail)


def _json_text(value: Any) -> str:
    """A string, or the strings of a list a line each; anything else has no text."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "\n".join(item for item in value if isinstance(item, str))
    return ""
