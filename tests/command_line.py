"""Run the command line: in this process, which is fast, or in one of its own where that matters."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from dataclasses import dataclass

import pytest

from joblens.cli import main
from tests.conftest import REPOSITORY

_STYLE = re.compile(r"\x1b\[[0-9;]*m")  # typer colours its usage errors on GitHub, terminal or not


@dataclass(frozen=True)
class Ran:
    """What a command left: its exit status and what it printed."""

    code: int
    out: str
    err: str

    @property
    def told(self) -> str:
        """All that was printed, on one line, so that wrapping does not matter."""
        return " ".join(_STYLE.sub("", self.out + self.err).replace("│", " ").split())

    @property
    def rows(self) -> list[str]:
        return self.out.splitlines()


def joblens(*arguments: object, stdin: bytes | None = b"") -> Ran:
    """``joblens ARGUMENTS`` in this process; ``stdin`` None is a closed one."""
    out, err = io.BytesIO(), io.BytesIO()
    streams = {
        "stdin": None if stdin is None else io.TextIOWrapper(io.BytesIO(stdin), "utf-8"),
        "stdout": io.TextIOWrapper(out, "utf-8", write_through=True),
        "stderr": io.TextIOWrapper(err, "utf-8", write_through=True),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["joblens", *map(str, arguments)])
        for name, stream in streams.items():
            patch.setattr(sys, name, stream)
        try:
            main()
            code: object = 0
        except SystemExit as ended:
            code = ended.code or 0
    assert isinstance(code, int)
    return Ran(code, out.getvalue().decode(), err.getvalue().decode())


def start(*arguments: object, **environment: str) -> subprocess.Popen[str]:
    """``python -m joblens ARGUMENTS`` as a process, with pipes; it inherits this one's data directory."""
    inherited = {name: value for name, value in os.environ.items() if name not in {"FORCE_COLOR", "NO_COLOR"}}
    return subprocess.Popen(
        [sys.executable, "-m", "joblens", *map(str, arguments)],
        cwd=REPOSITORY,
        env={**inherited, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
    )


def joblens_process(*arguments: object, **environment: str) -> Ran:
    """The same, to its end."""
    with start(*arguments, **environment) as process:
        out, err = process.communicate(timeout=60)
    return Ran(process.returncode, out, err)


def assert_error(ran: Ran, title: str, *details: str) -> None:
    """Assert that a command failed as commands fail: status 1, two lines on standard error, no traceback.

    :param details: each must be in the message.
    """
    assert "Traceback" not in ran.err
    assert ran.code == 1, ran.told
    first, *message = ran.err.splitlines()[-2:]
    assert first == f"error: {title}", ran.err
    for detail in details:
        assert detail in " ".join(message), ran.err


def stored_id(ran: Ran, name: str) -> str:
    """The id that ``status --documents`` shows for a document."""
    return next(row.split()[1] for row in ran.rows if row.endswith(name))
