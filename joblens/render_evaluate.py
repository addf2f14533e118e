"""How an evaluation looks in the terminal; the figures are the same as in the JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from joblens.layout import bar, grid, heading, indented, line, table, text
from search_api.wording import counted
from workbench.baselines import NAMES
from workbench.quality_markdown import MEASURES, ahead, calibration_facts, confused_pairs

Report = Mapping[str, Any]


def print_evaluation(console: Console, report: Report, what: str) -> None:
    """All of a report.

    :param what: what was judged, in words: ``60 titles from titles.csv, at 6 digits``.
    """
    console.print(text(what, "bold"))
    console.print()
    console.print(_methods(console, report))
    if report["unreachable"]:
        told = (
            f"{counted(report['unreachable'], 'label')} of {report['n']:,} stand for no indexed occupation."
        )
        console.print(Text(told, style="dim"))
    facts = calibration_facts(report)
    if facts:
        heading(console, "Confidence")
        for fact in facts:
            console.print(indented(Text(fact), 2))
    heading(console, "By major group")
    console.print(_groups(console, report))
    pairs = confused_pairs(report["confusion"])
    if pairs:
        heading(console, "Most often confused")
        rows = grid(4, None, gap=2)
        for right, answered, count in pairs:
            rows.add_row(f"{count:,}", line(f"{right} ", ("taken for ", "dim"), answered))
        console.print(indented(rows, 0))
    if report["errors"]:
        wrong = report["n"] - round(report["n"] * report["acc@1"])
        shown = len(report["errors"])
        more = f", the first {shown}" if shown < wrong else ""
        heading(console, f"Wrong at first: {counted(wrong, 'answer')}{more}")
        for found in report["errors"]:
            _print_error(console, found)


def _methods(console: Console, report: Report) -> Table:
    found = table()
    found.add_column("", overflow="fold")
    for name in ("first", "in 5", "in 10", "MRR"):
        found.add_column(name, justify="right", no_wrap=True)
    found.add_column("joblens ahead" if report["baselines"] else "", overflow="fold")
    ours = (Text(f"{report[measure]:.3f}", style="bold") for measure in MEASURES)
    found.add_row(Text("joblens", style="bold"), *ours, "")
    for end, word in ((0, "95% from"), (1, "95% to")):
        cells = (Text(f"{report['intervals'][measure][end]:.3f}", style="dim") for measure in MEASURES)
        found.add_row(Text(f"  {word}", style="dim"), *cells, "")
    for key, other in report["baselines"].items():
        figures = (f"{other[measure]:.3f}" for measure in MEASURES)
        lead = other["difference@1"]
        told = ahead(lead) if console.width >= 78 else f"{lead['value']:+.3f}"
        # Without the 0 before the point, all of it fits 80 columns.
        found.add_row(NAMES.get(key, key), *figures, told.replace("0.", "."))
    return found


def _groups(console: Console, report: Report) -> Table:
    wide = console.width >= 76
    found = table()
    found.add_column("", overflow="fold")
    for name in ("n", "first", "in 10"):
        found.add_column(name, justify="right", no_wrap=True)
    if wide:
        found.add_column("", width=10, no_wrap=True)
    for group in report["per_group"]:
        found.add_row(
            line((group["code"], "dim"), f" {group['name']}"),
            f"{group['n']:,}",
            f"{group['acc@1']:.3f}",
            f"{group['acc@10']:.3f}",
            *([bar(console, group["acc@1"], 10)] if wide else []),
        )
    return found


def _print_error(console: Console, found: Report) -> None:
    console.print(text(found["title"]))
    rows = Table.grid(padding=(0, 1))
    rows.add_column(width=5, style="dim", no_wrap=True)
    rows.add_column(overflow="fold")
    place = f"came as number {found['rank']}" if found["rank"] else "did not come"
    for code in found["accept"]:
        rows.add_row("right", line(code["code"], " ", text(code["title"])))
    rows.add_row("", Text(place, style="dim"))
    if found["first"]:
        rows.add_row("first", line(found["first"]["code"], " ", text(found["first"]["title"])))
    for at, voter in enumerate(found["misled_by"]):
        told = line(text(voter["text"], limit=120), (f"  {voter['source']} {voter['score']:.2f}", "dim"))
        rows.add_row("by" if at == 0 else "", told)
    console.print(indented(rows, 2))
