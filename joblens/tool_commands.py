"""``joblens serve``, ``optimize``, ``evaluate``, ``train``, ``onet`` and ``version``."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from indexer.encoder import PACKAGED_NAME
from indexer.settings import ModelSettings, default_home
from joblens.evaluate_commands import evaluate
from joblens.output import errors, out
from joblens.train_commands import train
from preprocess.onet_download import download_release

onet = typer.Typer(no_args_is_help=True, help="The O*NET database.")


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    panel = "Run and judge"
    for command in (serve, optimize, version):
        app.command(rich_help_panel=panel)(command)
    app.add_typer(evaluate, name="evaluate", rich_help_panel=panel)
    app.add_typer(train, name="train", rich_help_panel=panel)
    app.add_typer(onet, name="onet", rich_help_panel=panel)


def serve(
    host: Annotated[
        str | None,
        typer.Option(
            "--host",
            help="The address to listen on; a loopback one, as long as there are no API keys.",
            show_default="JOBLENS_SERVE_HOST, else 127.0.0.1",
        ),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            "--port", help="The TCP port; 0 takes a free one.", show_default="JOBLENS_SERVE_PORT, else 8000"
        ),
    ] = None,
) -> None:
    """Serve the REST API and its documentation (/docs)."""
    from search_api.server import serve as run
    from search_api.settings import ServeSettings

    chosen: dict[str, Any] = {}
    if host is not None:
        chosen["host"] = host
    if port is not None:
        chosen["port"] = port
    run(ServeSettings(**chosen))


def optimize() -> None:
    """Build the search graphs over what the service has stored since they were last built.

    `joblens index` does it at its end; the service does not, because building halts every search. Stop it
    first, where the store is embedded.
    """
    from time import perf_counter

    from indexer.workspace import Workspace

    with Workspace() as workspace:
        for info in workspace.whole_store.collections():
            begin = perf_counter()
            workspace.whole_store.settle(info.physical)
            told = f"{info.name}: {info.points:,} points, {perf_counter() - begin:.1f} s"
            out.print(told, markup=False)


def version() -> None:
    """The version of joblens and of the data schema, the model, and where the data is."""
    from importlib.metadata import version as installed

    from indexer.store import SCHEMA_VERSION

    model = ModelSettings().name or PACKAGED_NAME
    told = f"joblens {installed('joblens')}, schema {SCHEMA_VERSION}, model {model}, data in {default_home()}"
    out.print(told, markup=False, soft_wrap=True)


@onet.callback()
def onet_callback() -> None:
    """The O*NET database."""


@onet.command("download")
def download(
    release: Annotated[str, typer.Option("--release", help="The number of the release.")] = "31.0",
    folder: Annotated[
        Path | None,
        typer.Option("--to", help="The folder for the zip.", show_default="onet in the data directory"),
    ] = None,
) -> None:
    """Fetch an official O*NET text release (CC BY 4.0, U.S. Department of Labor); a stopped one goes on."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=errors,
        disable=not errors.is_terminal,
    ) as bar:
        task = bar.add_task(f"O*NET {release}", total=None)
        path = download_release(
            release,
            folder or default_home() / "onet",
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    command = f"joblens index onet {shlex.quote(str(path))}"
    out.print(f"{path}\nindex it with: {command}", markup=False, soft_wrap=True)
