"""A terminal to print into: no colour, a given width, and its text to look at."""

from __future__ import annotations

import io

from rich.console import Console

WIDTHS = [60, 80, 120, 200]


def console(width: int = 80, *, encoding: str = "utf-8") -> Console:
    """A console without colour, as in a pipe."""
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="replace", newline="")
    return Console(file=file, width=width, highlight=False)


def printed(into: Console) -> str:
    """What was printed, without the padding at the ends of lines."""
    file = into.file
    assert isinstance(file, io.TextIOWrapper)
    file.flush()
    assert isinstance(file.buffer, io.BytesIO)
    text = file.buffer.getvalue().decode(file.encoding)
    return "\n".join(line.rstrip() for line in text.split("\n"))


def folded(into: Console) -> str:
    return " ".join(printed(into).split())
