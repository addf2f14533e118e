"""``joblens mcp``: the questions as tools for a language model."""

from __future__ import annotations

import signal
import sys
from importlib.metadata import version
from typing import Annotated

import typer

from joblens.output import errors


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command(rich_help_panel="Run and judge")(mcp)


def mcp(
    read_only: Annotated[  # noqa: ARG001
        bool,
        typer.Option("--read-only", help="Answer questions and change nothing; there is no other mode."),
    ] = True,
) -> None:
    """Serve search, classify, match, gap and occupation to a Model Context Protocol client, over stdio."""
    from indexer.workspace import Workspace
    from search_api.mcp_server import serve_tools

    if sys.stdin.isatty():
        errors.print("waiting for a Model Context Protocol client on standard input; Ctrl-C ends this")
    # The thread that waits for the client's next line cannot be woken; nothing here is lost by dying at once.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    with Workspace() as workspace:
        serve_tools(workspace, version("joblens"))
