"""The command line: parses, calls, prints. No logic lives here.

Results go to standard output, progress and errors to standard error. Exit status: 0 done, 1 failed (or
something was dropped and ``--strict`` was given), 2 the command was not understood, 130 stopped by Ctrl-C.
Where the reader of a pipe (``head``) has gone, it ends quietly, with 1.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from joblens import (
    copy_command,
    feedback_commands,
    fluff_command,
    index_commands,
    keys_commands,
    mcp_command,
    query_commands,
    tool_commands,
)
from joblens.output import errors
from joblens.render import print_error
from preprocess.errors import InvalidParameter, JoblensError

FAILED, STOPPED = 1, 130

FIRST_USED = (
    *("index", "status", "inspect", "delete", "copy"),
    *("classify", "search", "match", "gap", "fluff", "occupation"),
)
"""The commands that the help shows first, in the order in which a newcomer needs them."""


class Commands(TyperGroup):
    """Lists the commands of :data:`FIRST_USED` before the others; typer puts groups last."""

    def list_commands(self, ctx: Any) -> list[str]:
        """All commands."""
        names = super().list_commands(ctx)
        return [*filter(names.__contains__, FIRST_USED), *(name for name in names if name not in FIRST_USED)]


app = typer.Typer(
    name="joblens",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="What does this job ask, what have I done, and where is the gap?",
)


def show_version(wanted: bool) -> None:
    """``joblens --version`` is ``joblens version``."""
    if wanted:
        tool_commands.version()
        raise typer.Exit


@app.callback()
def settings(
    home: Annotated[
        str | None,  # a Path would make "" the current folder
        typer.Option(
            "--home", help="The data directory.", show_default="JOBLENS_HOME, else the user's data folder"
        ),
    ] = None,
    version: Annotated[  # noqa: ARG001
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """What does this job ask, what have I done, and where is the gap?"""
    if home is not None:
        if not home.strip():
            raise InvalidParameter("--home takes a folder, found an empty name")
        os.environ["JOBLENS_HOME"] = str(Path(home).expanduser().resolve())


index_commands.register(app)
copy_command.register(app)
query_commands.register(app)
fluff_command.register(app)
tool_commands.register(app)
mcp_command.register(app)
app.add_typer(keys_commands.keys, name="keys", rich_help_panel="Run and judge")
app.add_typer(feedback_commands.feedback, name="feedback", rich_help_panel="Run and judge")


def main() -> None:
    """Run the command line; joblens's own errors become a message and exit status 1."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a character that the terminal has not becomes "?"
    try:
        app()
    except JoblensError as error:
        print_error(errors, error)
        sys.exit(FAILED)
    except OSError as error:
        # Files have errors of ours; what is left is standard input and output.
        place = error.filename or "standard input or output"
        print_error(errors, JoblensError(f"{error.strerror or error}: {place}"))
        _close_output()
        sys.exit(FAILED)
    except SystemExit as ended:
        if ended.code == STOPPED:
            errors.print("stopped")
        raise


def _close_output() -> None:
    """Keep Python from flushing, at its end, what cannot be written."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
