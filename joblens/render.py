"""How results look in the terminal; layout only. The larger results have files of their own.

Every function takes the console first, so that tests and pipes choose width, colour and file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.constrain import Constrain
from rich.table import Table
from rich.text import Text

from indexer.build import MINOR_DROPS, Summary
from indexer.store import CollectionInfo
from joblens.layout import READING_WIDTH, heading, indented, line, table, text
from joblens.render_gap import print_gap
from joblens.render_lookup import print_classification, print_match, print_occupation, print_search
from preprocess.errors import JoblensError
from preprocess.records import Dropped
from preprocess.sentences import normalise
from search_api.wording import clipped, counted

if TYPE_CHECKING:
    from search_api.inspection import InspectedSentence, Inspection

__all__ = [
    "print_classification", "print_dropped", "print_error", "print_gap", "print_inspection",
    "print_match", "print_occupation", "print_search", "print_status", "print_summary",
]  # fmt: skip

EXAMPLES = 5
"""Dropped things that are named, or one of each reason if there are more; the counts cover all."""


def print_summary(console: Console, summary: Summary, seconds: float) -> None:
    """What an indexing run did, and what it left out and why."""
    rate = (
        f", {summary.points_written / seconds:,.0f} a second"
        if seconds > 0 and summary.points_written
        else ""
    )
    wrote = line(
        (summary.collection, "bold"),
        f": wrote {counted(summary.points_written, 'sentence' if _is_text(summary) else 'text')} of "
        f"{counted(summary.documents_written, _noun(summary))} in {seconds:.1f} s{rate}",
    )
    console.print(wrote)
    if summary.documents_skipped:
        console.print(f"  {counted(summary.documents_skipped, _noun(summary))} had not changed")
    if summary.documents_removed:
        console.print(f"  {counted(summary.documents_removed, _noun(summary))} removed")
    print_dropped(console, summary.dropped, summary.examples)


def _noun(summary: Summary) -> str:
    return {"occupations": "occupation", "postings": "posting", "brags": "brag document"}[summary.collection]


def _is_text(summary: Summary) -> bool:
    return summary.collection != "occupations"


def print_dropped(
    console: Console, counts: Counter[str], examples: Sequence[Dropped], *, every: bool = False
) -> None:
    """What was left out: counts by reason, then by name.

    :param every: name all of ``examples``, and not some for each reason.
    """
    major = [(reason, count) for reason, count in counts.most_common() if reason not in MINOR_DROPS]
    minor = [(reason, count) for reason, count in counts.most_common() if reason in MINOR_DROPS]
    if minor:
        told = ", ".join(f"{normalise(reason)} {count:,}" for reason, count in minor)
        console.print(indented(line((f"left out by design: {told}", "dim")), 2))
    if not major:
        return
    console.print(indented(line(("dropped", "yellow")), 2))
    rows = Table.grid(padding=(0, 1))
    rows.add_column(justify="right", no_wrap=True)
    rows.add_column(overflow="fold")
    for reason, count in major:
        rows.add_row(f"{count:,}", text(reason))
    console.print(indented(rows, 4))
    named = [drop for drop in examples if drop.reason not in MINOR_DROPS]
    shown = named if every else _one_of_each(named)
    if shown:
        console.print(indented(Text("such as"), 2))
        for drop in shown:
            console.print(indented(text(str(drop), "dim"), 4))
    left = sum(count for _, count in major) - len(shown)
    if left > 0:
        console.print(indented(Text(f"and {left:,} more; joblens inspect PATH names them all"), 2))


def _one_of_each(drops: Sequence[Dropped]) -> list[Dropped]:
    """At least one of each reason, and :data:`EXAMPLES` if there are as many, in order."""
    first = list({drop.reason: drop for drop in reversed(drops)}.values())[::-1]
    rest = [drop for drop in drops if not any(drop is one for one in first)]
    return [*first, *rest][: max(EXAMPLES, len(first))]


def print_status(console: Console, infos: Sequence[CollectionInfo]) -> None:
    """The live collections: how large, made with what."""
    if not infos:
        console.print("Nothing is indexed yet. Start with: joblens index onet PATH")
        return
    if console.width < READING_WIDTH:
        for info in infos:
            _print_collection(console, info)
        return
    rows = table()
    for name in ("collection", "points", "size", "model", "view", "source", "fingerprint"):
        rows.add_column(name, justify="right" if name in {"points", "size"} else "left", overflow="fold")
    for info in infos:
        rows.add_row(info.name, *_facts(info).values())
    console.print(rows)
    for info in infos:
        for building in info.building:
            console.print(line(f"being built beside {info.name}: ", text(building)))


def _facts(info: CollectionInfo) -> dict[str, Text]:
    made = info.fingerprint
    return {
        "points": Text(f"{info.points:,}"),
        "size": Text("" if info.size_bytes is None else _size(info.size_bytes)),
        "model": text(f"{made.model}, {made.dimension}"),
        "view": text(
            made.view if made.view == made.lexical_view else f"{made.view}; {made.lexical_view} for words"
        ),
        "source": text(made.source),
        "fingerprint": Text(made.digest),
    }


def _print_collection(console: Console, info: CollectionInfo) -> None:
    console.print(Text(info.name, style="bold"))
    rows = Table.grid(padding=(0, 2))
    rows.add_column(style="dim", no_wrap=True)
    rows.add_column(overflow="fold")
    for name, value in _facts(info).items():
        if value.plain:
            rows.add_row(name, value)
    for building in info.building:
        rows.add_row("beside it", line(text(building), " is being built"))
    console.print(indented(rows, 2))


def _size(size_bytes: int) -> str:
    for unit, bytes_each in (("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)):
        if size_bytes >= bytes_each:
            return f"{size_bytes / bytes_each:.1f} {unit}"
    return f"{size_bytes} B"


ROLE_WIDTH = 11
"""Of the longest role, ``requirement``."""


def print_inspection(console: Console, inspection: Inspection) -> None:
    """Every sentence with its role, views and entities, section by section, then what was left out."""
    section: str | None = None
    document = ""
    for sentence in inspection.sentences:
        if sentence.document != document or sentence.index == 0:
            document, section = sentence.document, None
            heading(console, text(document))
        if sentence.section != section:
            section = sentence.section
            console.print()
            console.print(line(text(section or "(no section)", "cyan")))
        _print_inspected(console, sentence)
    documents = sum(sentence.index == 0 for sentence in inspection.sentences)
    heading(console, f"{counted(len(inspection.sentences), 'sentence')} in {counted(documents, 'document')}")
    print_dropped(
        console, Counter(drop.reason for drop in inspection.dropped), inspection.dropped, every=True
    )


def _print_inspected(console: Console, sentence: InspectedSentence) -> None:
    number = Text(str(sentence.index), style="dim")
    rows = Table.grid(padding=(0, 1), expand=True)
    rows.add_column(width=3, justify="right", no_wrap=True)
    if sentence.role:
        rows.add_column(width=ROLE_WIDTH, no_wrap=True)
    rows.add_column(ratio=1, overflow="fold")
    role = [Text(sentence.role, style="dim")] if sentence.role else []
    rows.add_row(number, *role, text(sentence.text))
    console.print(Constrain(rows, READING_WIDTH))
    views = Table.grid(padding=(0, 1))
    views.add_column(width=8, style="dim", no_wrap=True)
    views.add_column(overflow="fold")
    for name, view in (("filtered", sentence.filtered), ("jargon", sentence.jargon)):
        if view and view != sentence.text:
            views.add_row(name, text(view))
    if sentence.entities:
        found = [f"{clipped(entity.text, 80)} ({normalise(entity.label)})" for entity in sentence.entities]
        views.add_row("entities", line(", ".join(found)))
    if views.row_count:
        console.print(indented(views, 4))


def print_error(console: Console, error: JoblensError) -> None:
    """What went wrong and what to do; never wrapped by us, so that a command in it can be copied."""
    console.print(line(("error: ", "bold red"), Text(error.title, style="bold")), soft_wrap=True)
    message = "\n".join(normalise(part) for part in str(error).splitlines() if part.strip())
    if message:
        console.print(Text(message), soft_wrap=True)
