"""Roles of posting sentences judged: asks the classifier, and hands its answers to the workbench."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from indexer.role_model import ROLES
from indexer.roles import PostingText
from indexer.workspace import Workspace
from joblens.output import errors, out, show_json
from search_api.wording import counted
from workbench.judge_roles import RoleReport, judge_roles
from workbench.role_labels import LabelledSentences, read_labelled_roles

HELD_OUT = Path(__file__).resolve().parents[1] / "fixtures" / "role_sentences_heldout.csv"
"""What is judged where no file is named: postings that the packaged model was not trained on."""


def evaluate_roles(
    file: Annotated[
        Path | None,
        typer.Argument(
            help="A csv or jsonl with the columns role and text, and if there are any posting and section.",
            show_default="fixtures/role_sentences_heldout.csv",
        ),
    ] = None,
    most_errors: Annotated[int, typer.Option("--errors", min=0, help="Wrong roles to list, at most.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Roles of posting sentences: precision, recall and F1 of each, against simpler methods, and errors."""
    path = file or HELD_OUT
    labels = read_labelled_roles(path)
    with Workspace() as workspace, errors.status("judging roles"):
        report = roles_report(workspace, labels, most_errors=most_errors)
    if as_json:
        show_json(json.dumps(report.to_json(), indent=2, ensure_ascii=False))
    else:
        print_roles(out, report, path.name)


def roles_report(
    workspace: Workspace, labels: list[LabelledSentences], *, most_errors: int = 20
) -> RoleReport:
    """Judge the workspace's roles, and beside them each sentence read by itself, without its place.

    :raises ModelError: if the role model is not there or broken.
    """
    dense = workspace.encode(
        [text for posting in labels for text in posting.texts], workspace.store_settings.view
    )
    postings = []
    at = 0
    for posting in labels:
        postings.append(PostingText(posting.texts, posting.sections, dense[at : at + len(posting.texts)]))
        at += len(posting.texts)
    reader = workspace.roles
    alone = {}
    if reader.model is not None:
        tables = reader.alone(postings)
        alone["sentence_alone"] = [[ROLES[best] for best in table.argmax(axis=1)] for table in tables]
    predicted = [[guess.role for guess in guesses] for guesses in reader.roles(postings)]
    return judge_roles(predicted, labels, alone, most_errors=most_errors)


def print_roles(console: Console, report: RoleReport, name: str) -> None:
    """All of a report, as it looks in the terminal."""
    low, high = report.interval
    lines = [
        f"{counted(report.n, 'sentence')} of {counted(len(report.counts), 'posting')} from {name}",
        f"  {'macro F1':16}{report.macro_f1:.3f}   95% interval {low:.3f} to {high:.3f}",
        f"  {'accuracy':16}{report.accuracy:.3f}",
        "",
        f"  {'role':16}precision  recall   F1      sentences",
    ]
    lines += [
        f"  {role:16}{of.precision:.3f}      {of.recall:.3f}    {of.f1:.3f}   {of.support:,}"
        for role, of in report.per_role.items()
    ]
    lines += ["", f"  {'simpler methods':16}macro F1"]
    for method, other in report.baselines.items():
        low, high = other.interval
        lines.append(f"  {method:16}{other.macro_f1:.3f}      95% interval {low:.3f} to {high:.3f}")
    if report.errors:
        lines += ["", "  some errors"]
        for error in report.errors:
            lines.append(f"  {error.truth} read as {error.prediction or 'nothing'}: {error.text}")
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)
