"""``joblens train``: make the small models that come with joblens, or ones of your own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from indexer.role_model import PACKAGED
from indexer.workspace import Workspace
from joblens.output import errors, out

train = typer.Typer(no_args_is_help=True, help="Train the small models on labelled data.")

ROLE_SENTENCES = Path(__file__).resolve().parents[1] / "fixtures" / "role_sentences.csv"
"""What is trained on where no file is named; it is in the repository, not in an installed package."""


@train.callback()
def train_callback() -> None:
    """Train the small models on labelled data."""


@train.command("roles")
def roles(
    file: Annotated[
        Path | None,
        typer.Argument(
            help="A csv or jsonl with the columns posting, role and text, in the order of the postings.",
            show_default="fixtures/role_sentences.csv",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            help="Where the model is written; use another than the packaged one by JOBLENS_ROLES.",
            show_default="the packaged model",
        ),
    ] = None,
) -> None:
    """Train what tells the roles of posting sentences, and show how good it is on postings held back."""
    from workbench.role_labels import read_labelled_roles
    from workbench.train import cross_validate, encode_postings, remembering, train_roles

    labels = read_labelled_roles(file or ROLE_SENTENCES)
    path = output or PACKAGED
    with Workspace() as workspace, errors.status("training"):
        encode = remembering(workspace.encoder.encode)
        postings = encode_postings(labels, encode)
        model = train_roles(
            postings,
            encode,
            encoder=workspace.encoder.name,
            weights_sha256=workspace.encoder.weights_sha256,
        )
        report = cross_validate(postings, encode)
    low, high = report.interval
    out.print(
        f"{report.n:,} sentences of {len(postings):,} postings; "
        f"cross-validated macro F1 {report.macro_f1:.3f}, 95% interval {low:.3f} to {high:.3f}",
        markup=False,
        soft_wrap=True,
    )
    for role, figures in report.per_role.items():
        out.print(f"  {role:12}{figures.f1:.3f}   {figures.support:,} sentences", markup=False)
    size_bytes = model.save(path)
    out.print(f"wrote {size_bytes:,} bytes to {path}", markup=False, soft_wrap=True)
