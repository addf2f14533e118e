"""``joblens classify FILE``: a csv, jsonl or txt file, or standard input, row by row."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import Any, TextIO

import typer

from indexer.workspace import Workspace
from joblens.output import as_utf8, errors, not_writable
from preprocess.decoding import open_text, text_stream
from preprocess.errors import InvalidParameter, MissingPath, ReadError, UnsupportedFormat
from search_api.batch import (
    FORMATS,
    Coded,
    Format,
    by_need,
    format_of,
    rows_of,
    write_rows,
)
from search_api.batch_lines import line_of
from search_api.batch_tasks import ClassifyTask, run_rows
from search_api.wording import counted

STDIN = "-"


def is_batch(titles: list[str]) -> bool:
    """Whether the arguments of ``classify`` are one file or standard input, and not titles.

    :raises InvalidParameter: if a file stands among others.
    :raises UnsupportedFormat: if the one argument is a file of another format.
    """
    files = [title for title in titles if title == STDIN or Path(title).suffix.lower() in FORMATS]
    if files and len(titles) > 1:
        raise InvalidParameter(f"expected titles, or one file alone, found {files[0]!r} among {len(titles)}")
    if len(titles) == 1 and not files and Path(titles[0]).suffix and _is_file(titles[0]):
        raise UnsupportedFormat(
            f"a batch is a {', '.join(FORMATS)} file, found {titles[0]!r}; "
            "for the text of one posting: joblens classify TITLE --body FILE"
        )
    return bool(files)


def classify_batch(
    source: str,
    output: Path | None,
    *,
    title_column: str | None,
    body_column: str | None,
    top_k: int,
    level: int,
    evidence: int,
    as_json: bool,
    strict: bool,
    review: bool,
) -> None:
    """Code each row, in order, or by need of review; rows that cannot be coded come out with their error.

    :raises JoblensError: if the file cannot be read, or the answers cannot be written.
    """
    out_form = _output_form(source, output, as_json)
    total = 0
    with ExitStack() as files, Workspace() as workspace:
        stream, form = _open(source, title_column)
        files.enter_context(stream)
        shown = evidence if out_form != "csv" else 0  # a csv has no place for it
        task = ClassifyTask(title_column, body_column, top_k, level, shown)
        coded = run_rows(workspace, rows_of(stream, form), task)
        if review:
            coded = iter(by_need(coded))
        first = next(coded, None)
        if first is None:
            raise ReadError(f"{_name(source)}: expected titles, found no row")
        # Opened only now: until here something may go wrong that should leave an older file as it is.
        as_utf8()
        target = files.enter_context(_created(output)) if output else sys.stdout

        def counting() -> Iterator[Coded]:
            nonlocal total
            for item in chain([first], coded):
                total += 1
                yield item

        failed = write_rows(
            counting(),
            target,
            out_form,
            line_of,
            same_keys=form != "jsonl",
        )
    if output:
        errors.print(f"wrote {counted(total, 'row')} to {output}", markup=False, soft_wrap=True)
    if failed:
        errors.print(f"{failed:,} of {counted(total, 'row')} could not be coded; the column error says why")
    if failed == total or (failed and strict):
        raise typer.Exit(1)


def _output_form(source: str, output: Path | None, as_json: bool) -> Format:
    if output is None:
        return "csv" if Path(source).suffix.lower() == ".csv" and not as_json else "jsonl"
    form = format_of(output) if output.suffix.lower() in FORMATS else "lines"
    if form == "lines" or (as_json and form == "csv"):
        raise InvalidParameter(
            f"--out takes a .csv or .jsonl file (with --json, .jsonl), found {str(output)!r}"
        )
    if source != STDIN and _is_file(source) and output.exists() and output.samefile(source):
        raise InvalidParameter(f"--out {output} is the input itself; name another file")
    return form


def _open(source: str, title_column: str | None) -> tuple[TextIO, Format]:
    """The text and its format; standard input is jsonl, csv where a column is named, or else lines."""
    if source != STDIN:
        if not Path(source).exists():
            raise MissingPath(f"there is no file {source}")
        try:
            stream = open_text(Path(source))
        except OSError as error:
            raise ReadError(f"{source}: {error.strerror}") from error
        if stream is None:
            raise ReadError(f"{source}: expected text, found binary data")
        return stream, format_of(Path(source))
    if sys.stdin is None:
        raise InvalidParameter("expected rows on standard input, but it is closed")
    binary: Any = sys.stdin.buffer
    peekable: Any = binary if hasattr(binary, "peek") else io.BufferedReader(binary)
    start: bytes = peekable.peek(1)
    stream = text_stream(peekable)
    if stream is None:
        raise ReadError(f"{_name(source)}: expected text, found binary data")
    text = start.decode(stream.encoding, "replace").lstrip("\ufeff \t\r\n")
    return stream, "jsonl" if text.startswith("{") else "csv" if title_column else "lines"


def _created(path: Path) -> TextIO:
    try:
        return path.open("w", encoding="utf-8", errors="replace", newline="")
    except OSError as error:
        raise not_writable(path, "--out", error) from error


def _is_file(name: str) -> bool:
    try:
        return Path(name).is_file()
    except (OSError, ValueError):  # a name that no file system takes
        return False


def _name(source: str) -> str:
    return "standard input" if source == STDIN else source
