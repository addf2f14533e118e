"""``joblens fluff``: the sentences of a brag document that say little."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

import typer
from rich.console import Console, Group
from rich.constrain import Constrain
from rich.text import Text

from indexer.build import MINOR_DROPS
from indexer.workspace import Workspace
from joblens.layout import READING_WIDTH, grid, line, text
from joblens.output import AsJson, errors, out, show_json
from joblens.query_commands import DOCUMENT_HELP
from joblens.render import print_dropped
from preprocess.records import Dropped
from preprocess.sentences import normalise
from search_api import schemas
from search_api.fluff import FLUFF, FluffReport, FluffSentence
from search_api.fluff import fluff as find_fluff
from search_api.inputs import side_of
from search_api.limits import check_top_k
from search_api.sections import HINT
from search_api.wording import cosine, counted


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel="Ask")(fluff)


def fluff(
    brag: Annotated[str, typer.Argument(help=f"The brag document. {DOCUMENT_HELP}")],
    top: Annotated[int, typer.Option("--top", "-n", help="Sentences at most.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Which of your sentences say little, why, and what they could have been about."""
    check_top_k(top, "--top")
    dropped: list[Dropped] = []
    with Workspace() as workspace:
        report = find_fluff(workspace, side_of(workspace, [brag], "brag", dropped=dropped), top=top)
    if any(drop.reason not in MINOR_DROPS for drop in dropped):
        print_dropped(errors, Counter(drop.reason for drop in dropped), dropped)
    if as_json:
        show_json(schemas.FluffReply.of(report).model_dump_json(indent=2))
    else:
        print_fluff(out, report)


def print_fluff(console: Console, report: FluffReport) -> None:
    """The sentences that say little; where none does, that is all."""
    console.print(text(report.name, "bold"))
    verb = "says" if report.count == 1 else "say"
    console.print(f"{report.count:,} of {counted(report.total, 'sentence')} {verb} little.")
    for judged in report.empty:
        console.print()
        console.print(Constrain(_judged(judged), READING_WIDTH))
    console.print()
    if (more := report.count - len(report.empty)) > 0:
        console.print(Text(f"and {more:,} more; --top shows them", style="dim"))
    how = f"The score goes from 0 (says much) to 1 (says nothing); from {cosine(FLUFF)} a sentence is shown."
    if report.no_hints:
        how += f" {report.no_hints[:1].upper()}{report.no_hints[1:]}."
    elif report.empty:
        how += f" {HINT}"
    console.print(Constrain(text(how, "dim", limit=1_000), READING_WIDTH))


def _judged(judged: FluffSentence) -> Group:
    rows = grid(4, None)
    rows.add_row(Text(cosine(judged.score), style="cyan"), line(text(judged.sentence.text, "bold")))
    for reason in judged.reasons:
        rows.add_row("·", line(text(reason)))
    if judged.hint:
        told = line(text(judged.hint.text), Text(f"  ({normalise(judged.hint.occupation)})", style="dim"))
        rows.add_row("task", told.append(f"  {cosine(judged.hint.score)}", style="cyan"))
    return Group(rows)
