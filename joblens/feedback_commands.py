"""``joblens feedback``: take the accepted and corrected codes of a tenant out, or erase them."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Annotated

import typer

from indexer.settings import StoreSettings
from joblens.output import errors, not_writable, out
from preprocess.errors import UnsupportedFormat
from search_api.feedback import FeedbackBook, label_row, training_row
from search_api.wording import counted

feedback = typer.Typer(no_args_is_help=True, add_completion=False)

Tenant = Annotated[
    str | None, typer.Option("--tenant", help="Whose feedback.", show_default="JOBLENS_TENANT, else local")
]


@feedback.callback()
def feedback_callback() -> None:
    """Accepted and corrected codes that came in over the REST API."""


@feedback.command("export")
def export(
    output: Annotated[
        Path,
        typer.Option(
            "--out",
            help="A .csv file, as joblens evaluate titles and postings read it, or .jsonl, as the REST API "
            "exports it.",
        ),
    ],
    tenant: Tenant = None,
) -> None:
    """Write a tenant's feedback as training rows, which do not tell whose they were."""
    book = _book(tenant)
    suffix = output.suffix.lower()
    if suffix not in {".csv", ".jsonl"}:
        raise UnsupportedFormat(f"--out takes a .csv or .jsonl file, found {output.name!r}")
    rows = 0
    try:
        with output.open("w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, ["title", "description", "accept", "source"])
            if suffix == ".csv":
                table.writeheader()
            for kept in (kept for page in book.pages() for kept in page):
                rows += 1
                if suffix == ".csv":
                    table.writerow(label_row(kept.feedback))
                else:
                    file.write(json.dumps(training_row(kept.feedback), ensure_ascii=False) + "\n")
    except OSError as error:
        raise not_writable(output, "--out", error) from error
    errors.print(
        f"wrote {counted(rows, 'judgement')} of tenant {book.tenant} to {output}",
        markup=False,
        soft_wrap=True,
    )


@feedback.command("erase")
def erase(
    tenant: Annotated[str, typer.Option("--tenant", help="Whose feedback; it has to be named.")],
) -> None:
    """Erase all feedback of a tenant."""
    book = _book(tenant)
    told = f"erased {counted(book.erase(), 'judgement')} of tenant {book.tenant}"
    out.print(told, markup=False, soft_wrap=True)


def _book(tenant: str | None) -> FeedbackBook:
    settings = StoreSettings()
    return FeedbackBook(settings.home.expanduser(), settings.tenant if tenant is None else tenant)
