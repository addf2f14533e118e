"""``joblens copy``: an index from the data directory to a Qdrant server, or back, without encoding again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from indexer.copying import Copied, copy_collection
from indexer.open_store import open_place
from indexer.settings import StoreSettings
from indexer.store import COLLECTIONS
from joblens.output import errors, out
from preprocess.errors import IndexMissing, InvalidParameter
from search_api.search import collection_name
from search_api.wording import counted

PLACE = "embedded (the data directory), or the URL of a Qdrant server, whose key is in JOBLENS_QDRANT_API_KEY"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel="Store")(copy)


def copy(
    from_: Annotated[str, typer.Option("--from", help=f"Where the index is: {PLACE}.")],
    to: Annotated[str, typer.Option("--to", help="Where it is to be, likewise.")],
    collections: Annotated[
        list[str] | None,
        typer.Option(
            "--collection", help="The collection to copy; repeat for more. All of them when left out."
        ),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Take the place of what is there, once the copy is complete.")
    ] = False,
) -> None:
    """Copy an index as it is stored, for every tenant. What is there already is not copied again, so a copy
    that was stopped goes on where it was."""
    if from_ == to:
        raise InvalidParameter(f"--from and --to are the same place, {to!r}; expected two")
    names = [collection_name(name) for name in collections or COLLECTIONS]
    settings = StoreSettings()
    with closing(open_place(from_, settings)) as source, closing(open_place(to, settings)) as target:
        live = {info.name for info in source.collections()}
        if not live:
            raise IndexMissing(f"there is no index in {from_}; make one with: joblens index onet PATH")
        for name in names:
            if name not in live and not collections:
                continue
            started = time.monotonic()
            with _bar(name) as progress:
                copied = copy_collection(source, target, name, replace=replace, progress=progress)
            out.print(_told(copied, time.monotonic() - started), soft_wrap=True)


@contextmanager
def _bar(name: str) -> Iterator[Callable[[Copied], None]]:
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=errors,
        transient=True,
        disable=not errors.is_terminal,
    ) as bar:
        task = bar.add_task(f"copying {name}", total=None)
        yield lambda copied: bar.update(task, total=copied.total, completed=copied.written + copied.skipped)


def _told(copied: Copied, seconds: float) -> str:
    words = [f"{copied.collection}: {counted(copied.written, 'point')} copied"]
    if copied.skipped:
        words.append(f"{copied.skipped:,} were there")
    if copied.erased:
        words.append(f"{copied.erased:,} that are gone from the source erased")
    if copied.kept:
        words.append(f"{copied.kept:,} that the source does not have kept")
    if copied.files:
        words.append(counted(copied.files, "file"))
    return f"{', '.join(words)}; {seconds:,.1f} s"
