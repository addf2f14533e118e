"""The two consoles, the shared options and the progress bar of the commands."""

from __future__ import annotations

import errno
import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from indexer.build import Progress as ProgressCall
from indexer.build import Summary
from preprocess.errors import InvalidParameter, JoblensError, StorageFull

out = Console(highlight=False)
errors = Console(stderr=True, highlight=False)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, the same as the REST reply.")]
Strict = Annotated[
    bool,
    typer.Option(
        "--strict", help="Exit with 1 when a file, row or document was dropped; all else is stored."
    ),
]
TopK = Annotated[int, typer.Option("--top-k", "-k", help="How many answers, 1 to 1,000.")]
Filters = Annotated[
    list[str] | None,
    typer.Option(
        "--filter",
        help="KEY=VALUE or KEY!=VALUE, such as company=Acme, role=requirement or code=15-1252.00; repeat for"
        " more keys (all must hold) or more values of a key (any may).",
        show_default=False,
    ),
]

TitleColumn = Annotated[
    str | None,
    typer.Option("--title-column", help="csv, jsonl: the column with the title.", show_default=False),
]
TextColumns = Annotated[
    list[str] | None,
    typer.Option(
        "--text-column",
        help="csv, jsonl: a column with text; repeat for more. Each column's name becomes the section.",
        show_default=False,
    ),
]


@contextmanager
def index_progress(what: str, total: int | None) -> Iterator[ProgressCall]:
    """A bar on standard error with counts, rate and time left; plain silence where that is no terminal.

    A run that ends early says what it has written: that much is kept.
    """
    latest: Summary | None = None
    with (
        _told_when_stopped(lambda: latest),
        Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=errors,
            transient=True,
            disable=not errors.is_terminal,
        ) as bar,
    ):
        task = bar.add_task(what, total=total, rate="")

        def update(summary: Summary) -> None:
            nonlocal latest
            latest = summary
            elapsed = bar.tasks[0].elapsed or 0
            rate = f"{summary.points_written / elapsed:,.0f} points/s" if elapsed > 0.5 else ""
            bar.update(task, completed=summary.documents, rate=rate, description=summary.stage or what)

        yield update


@contextmanager
def _told_when_stopped(latest: Callable[[], Summary | None]) -> Iterator[None]:
    try:
        yield
    except (JoblensError, KeyboardInterrupt):
        summary = latest()
        if summary is not None and summary.points_written:
            written, documents = f"{summary.points_written:,}", f"{summary.documents_written:,}"
            errors.print(
                f"before it stopped, {written} texts of {documents} documents were written; they are kept, "
                "and the same command goes on from there"
            )
        raise


def show_json(text: str) -> None:
    """Print JSON as it is, never wrapped to the terminal's width."""
    as_utf8()
    typer.echo(text)


def as_utf8() -> None:
    """Let standard output take every character, whatever the locale: JSON and csv are UTF-8."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")


def write_file(path: Path, text: str, option: str) -> None:
    """Write a report, and say so on standard error.

    :raises StorageFull: if the disk is full.
    :raises InvalidParameter: if it cannot be written there for another reason.
    """
    try:
        path.write_text(text, encoding="utf-8", errors="replace")
    except OSError as error:
        raise not_writable(path, option, error) from error
    errors.print(f"wrote {path}", markup=False, soft_wrap=True)


def not_writable(path: Path, option: str, error: OSError) -> JoblensError:
    """What to raise for a file that cannot be written."""
    if error.errno == errno.ENOSPC:
        return StorageFull(
            f"{option} {path}: the disk is full; free some space and run the same command again"
        )
    return InvalidParameter(f"{option}: {path} cannot be written: {error.strerror}")
