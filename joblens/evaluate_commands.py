"""``joblens evaluate``: how good the answers are, on labelled data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from indexer.workspace import Workspace
from joblens.evaluate_gap import gap_command
from joblens.evaluate_roles import evaluate_roles
from joblens.output import errors, out, show_json, write_file
from joblens.render_evaluate import print_evaluation

evaluate = typer.Typer(no_args_is_help=True, help="Judge the answers on labelled data.")

Level = Annotated[int, typer.Option("--level", help="Digits at which answers are ranked: 2, 3, 5, 6 or 8.")]
Baselines = Annotated[
    bool,
    typer.Option(
        "--baselines/--no-baselines",
        help="Measure BM25, TF-IDF, descriptions and dense kNN alone on the same rows, too.",
    ),
]
Errors = Annotated[int, typer.Option("--errors", min=0, help="Wrong answers to list, at most.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")]
Markdown = Annotated[
    Path | None,
    typer.Option(
        "--markdown",
        help="Write a report there, with its pictures beside it (needs matplotlib).",
        show_default=False,
    ),
]


@evaluate.callback()
def evaluate_callback() -> None:
    """Judge the answers on labelled data."""


@evaluate.command("titles")
def titles(
    file: Annotated[
        Path | None,
        typer.Argument(
            help="A csv with the columns title and accept (codes, | between).",
            show_default="fixtures/titles.csv",
        ),
    ] = None,
    level: Level = 6,
    baselines: Baselines = True,
    most_errors: Errors = 10,
    markdown: Markdown = None,
    as_json: AsJson = False,
) -> None:
    """Titles: right code first, in five and in ten, against baselines, by group, and what went wrong."""
    from joblens.evaluate_titles import TITLES, titles_report

    path = file or TITLES
    with Workspace() as workspace, errors.status("judging titles"):
        report = titles_report(workspace, path, level=level, baselines=baselines, most_errors=most_errors)
    _show(report, f"{report['n']:,} titles from {path.name}, at {level} digits", markdown, as_json)


@evaluate.command("postings")
def postings(
    file: Annotated[
        Path | None,
        typer.Argument(
            help="A csv with the columns title, description and accept (codes, | between).",
            show_default="fixtures/postings_labelled.csv",
        ),
    ] = None,
    level: Level = 6,
    baselines: Baselines = True,
    most_errors: Errors = 10,
    markdown: Markdown = None,
    as_json: AsJson = False,
) -> None:
    """Postings, by title and text: the same figures, and what the text adds to the title alone."""
    from joblens.evaluate_titles import POSTINGS, postings_report

    path = file or POSTINGS
    with Workspace() as workspace, errors.status("judging postings"):
        report = postings_report(workspace, path, level=level, baselines=baselines, most_errors=most_errors)
    _show(report, f"{report['n']:,} postings from {path.name}, at {level} digits", markdown, as_json)


evaluate.command("roles")(evaluate_roles)
evaluate.command("gap")(gap_command)


def _show(report: dict[str, Any], what: str, markdown: Path | None, as_json: bool) -> None:
    if markdown is not None:
        _write(report, what, markdown)
    if as_json:
        show_json(json.dumps(report, indent=2, ensure_ascii=False))
    elif markdown is None:
        print_evaluation(out, report, what)


def _write(report: dict[str, Any], what: str, path: Path) -> None:
    """The report, and STEM.confusion.png and STEM.reliability.png in the same folder."""
    from workbench.quality_markdown import page
    from workbench.quality_pictures import draw_confusion, draw_reliability

    confusion, reliability = (
        path.with_name(f"{path.stem}.{name}.png") for name in ("confusion", "reliability")
    )
    draw_confusion(report["confusion"], confusion, title=what)
    pictures = {"Right group against answered group": confusion.name}
    if report["reliability"]:
        curve = {f"ECE {report['ece']:.3f}": report["reliability"]}
        draw_reliability(curve, reliability)
        pictures["Stated confidence against accuracy"] = reliability.name
    for name in pictures.values():
        errors.print(f"wrote {path.with_name(name)}", markup=False, soft_wrap=True)
    write_file(path, page(report, what, pictures), "--markdown")
