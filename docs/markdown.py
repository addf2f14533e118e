"""The pieces of Markdown that the generated pages share."""

from __future__ import annotations

from collections.abc import Sequence

MARK = "Written by `python -m docs.generate`; change the code, not this file."


def table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    """A table, without the columns that are empty in every row."""
    kept = [i for i in range(len(header)) if any(row[i] for row in rows)]
    lines = [[header[i] for i in kept], ["---"] * len(kept)]
    lines += [[row[i].replace("|", "\\|") for i in kept] for row in rows]
    return [f"| {' | '.join(cells)} |" for cells in lines]


def one_line(text: str | None) -> str:
    """``text`` with its whitespace folded."""
    return " ".join((text or "").split())
