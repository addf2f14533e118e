"""The small pieces of terminal output that every command shares.

All text that comes from people passes through :func:`text`: one line, no control characters, and never read
as rich markup. Nothing relies on colour: without it (``NO_COLOR``, a pipe) words and marks say the same.
"""

from __future__ import annotations

from collections.abc import Iterable

from rich import box
from rich.console import Console, RenderableType
from rich.constrain import Constrain
from rich.padding import Padding
from rich.rule import Rule
from rich.style import Style
from rich.table import Table
from rich.text import Text

from preprocess.sentences import normalise
from search_api.wording import clipped

READING_WIDTH = 100
"""Columns that running text may take; longer lines are hard to read."""

CLIP = 400
"""Characters of one sentence that are shown; a posting may hold a paragraph without a full stop."""

_EIGHTHS = " ▏▎▍▌▋▊▉"


def text(value: str, style: str | Style = "", *, limit: int = CLIP) -> Text:
    """What people wrote, safe to print."""
    return Text(clipped(value, limit), style=style, overflow="fold")


Part = str | Text | tuple[str, str]
"""Words, text, or words with their style."""


def line(*parts: Part) -> Text:
    """Trusted words and :func:`text` in one wrapping line."""
    return Text.assemble(*parts, overflow="fold")


def joined(values: Iterable[str], separator: str = ", ") -> str:
    """Values from people in one line."""
    return separator.join(normalise(value) for value in values)


def bar(console: Console, share: float, width: int, style: str = "cyan") -> Text:
    """``share`` (0 to 1) as a bar of ``width`` cells; never empty where the share is not."""
    share = min(max(share, 0.0), 1.0)
    if console.options.ascii_only:
        return Text("#" * max(round(share * width), 1 if share else 0), style=style)
    eighths = max(round(share * width * 8), 1 if share else 0)
    full, rest = divmod(eighths, 8)
    return Text("█" * full + (_EIGHTHS[rest] if rest else ""), style=style)


def grid(*widths: int | None, gap: int = 1) -> Table:
    """A borderless table; a width of None takes what is left."""
    table = Table.grid(padding=(0, gap), expand=any(width is None for width in widths))
    for width in widths:
        if width is None:
            table.add_column(ratio=1, overflow="fold")
        else:
            table.add_column(width=width, justify="right", no_wrap=True)
    return table


def table(*, expand: bool = False) -> Table:
    """A table with a line under its header and no other."""
    return Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold", expand=expand)


def indented(renderable: RenderableType, left: int, width: int = READING_WIDTH) -> RenderableType:
    """Moved right, and no wider than ``width`` together with the indent."""
    return Constrain(Padding(renderable, (0, 0, 0, left)), width)


def print_rule(console: Console) -> None:
    """A line across; rich's own takes a character that plain ASCII output does not have."""
    console.print(Rule(style="dim", characters="-" if console.options.ascii_only else "─"))


def heading(console: Console, *parts: str | Text) -> None:
    """An empty line and a bold line."""
    console.print()
    console.print(Text.assemble(*parts, style="bold", overflow="fold"))
