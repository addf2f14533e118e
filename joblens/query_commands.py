"""``joblens classify``, ``search``, ``match``, ``gap`` and ``occupation``: the questions."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from indexer.build import MINOR_DROPS
from indexer.workspace import Workspace
from joblens.batch_command import classify_batch, is_batch
from joblens.output import AsJson, Filters, TextColumns, TitleColumn, TopK, errors, out, show_json, write_file
from joblens.render import (
    print_classification,
    print_dropped,
    print_gap,
    print_match,
    print_occupation,
    print_search,
)
from preprocess.errors import InvalidParameter
from preprocess.readers import ReadOptions
from preprocess.records import Dropped
from search_api import schemas
from search_api.batch import FORMATS
from search_api.classify import JobQuery
from search_api.classify import classify as classify_queries
from search_api.documents import payload_keys
from search_api.findings import findings
from search_api.gap import Thresholds
from search_api.gap import gap as compare
from search_api.inputs import side_of, text_of
from search_api.judge import judge_of
from search_api.limits import check_top_k
from search_api.match import match as match_sides
from search_api.occupations import find_occupations
from search_api.occupations import occupation as read_occupation
from search_api.reports import gap_html, gap_markdown
from search_api.search import parse_filter
from search_api.search import search as search_collection

WHOLE_NUMBERS = {"index", "job_zone"}
"""Payload keys whose values are numbers; a code such as soc2=15 is text."""

DOCUMENT_HELP = "A file or folder, id:UUID of a stored document, text:... itself, or stored for all."


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    for command in (classify, search, match, gap, occupation):
        app.command(rich_help_panel="Ask")(command)


def classify(
    titles: Annotated[
        list[str] | None,
        typer.Argument(
            help=f"Titles, or one file ({', '.join(FORMATS)}), or - for standard input: lines, jsonl, or csv "
            "with --title-column.",
            show_default=False,
        ),
    ] = None,
    body: Annotated[
        str | None,
        typer.Option(
            "--body", help="A file with the text of the posting, for one title.", show_default=False
        ),
    ] = None,
    top_k: TopK = 5,
    level: Annotated[int, typer.Option("--level", help="Digits of the code: 2, 3, 5, 6 or 8.")] = 6,
    evidence: Annotated[
        int, typer.Option("--evidence", min=0, max=100, help="Neighbours shown with each code.")
    ] = 3,
    title_column: Annotated[
        str | None,
        typer.Option("--title-column", help="File: the column with the title.", show_default=False),
    ] = None,
    body_column: Annotated[
        str | None,
        typer.Option("--body-column", help="File: the column with the posting's text.", show_default=False),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="File: write the rows with their codes here (.csv or .jsonl) and not to standard output.",
            show_default=False,
        ),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="File: exit with 1 when a row could not be coded.")
    ] = False,
    review: Annotated[
        bool, typer.Option("--review", help="File: put the rows that most need a person's eye first.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Find the O*NET occupation of a title, of a posting, or of every row of a file."""
    if not titles:
        raise InvalidParameter(
            'expected a title in quotes, a file or -, such as: joblens classify "Data Engineer"'
        )
    if is_batch(titles):
        if body is not None:
            raise InvalidParameter("--body goes with one title; for a file name a column with --body-column")
        classify_batch(
            titles[0],
            output,
            title_column=title_column,
            body_column=body_column,
            top_k=top_k,
            level=level,
            evidence=evidence,
            as_json=as_json,
            strict=strict,
            review=review,
        )
        return
    if review:
        raise InvalidParameter("--review orders the rows of a file; one title has nothing to be ordered")
    for option, value in (
        ("--out", output),
        ("--title-column", title_column),
        ("--body-column", body_column),
    ):
        if value is not None:
            raise InvalidParameter(f"{option} goes with a file ({', '.join(FORMATS)}) or -, not with titles")
    if body is not None and len(titles) > 1:
        raise InvalidParameter(f"--body is the text of one posting, found {len(titles)} titles")
    text = "" if body is None else text_of(body)
    with Workspace() as workspace:
        queries = [JobQuery(title, text) for title in titles]
        answers = list(classify_queries(workspace, queries, top_k=top_k, level=level, evidence=evidence))
    if as_json:
        show_json(schemas.ClassifyReply.of(answers).model_dump_json(indent=2))
        return
    for answer in answers:
        print_classification(out, answer)


def search(
    query: Annotated[list[str], typer.Argument(help="What to look for; each argument is one query.")],
    collection: Annotated[
        str, typer.Option("--in", help="The collection: occupations, postings or brags.")
    ] = "postings",
    mode: Annotated[str, typer.Option("--mode", help="dense, lexical or hybrid.")] = "dense",
    top_k: TopK = 10,
    filter: Filters = None,
    score_threshold: Annotated[
        float | None, typer.Option("--score-threshold", help="Leave out hits below this.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Search the stored sentences by meaning, by words, or both."""
    with Workspace() as workspace:
        answers = search_collection(
            workspace,
            collection,
            query,
            top_k=top_k,
            mode=mode,
            filter=parse_filter(_pairs(filter)),
            score_threshold=_finite(score_threshold),
        )
        if filter and not any(answer.hits for answer in answers):
            _tell_unknown_keys(workspace, collection, filter)
    if as_json:
        show_json(schemas.SearchReply.of(answers).model_dump_json(indent=2))
        return
    for answer in answers:
        print_search(out, answer, collection)


def match(
    a: Annotated[str, typer.Argument(help=f"The postings' side. {DOCUMENT_HELP}")],
    b: Annotated[str, typer.Argument(help="The brag document's side, likewise.")],
    top_k: TopK = 3,
    as_json: AsJson = False,
) -> None:
    """Compare every sentence of A (a posting) with every sentence of B (a brag document), both ways."""
    dropped: list[Dropped] = []
    with Workspace() as workspace:
        report = match_sides(
            side_of(workspace, [a], "posting", dropped=dropped),
            side_of(workspace, [b], "brag", dropped=dropped),
            top_k=top_k,
        )
    _show_dropped(dropped)
    if as_json:
        show_json(schemas.MatchReply.of(report).model_dump_json(indent=2))
    else:
        print_match(out, report)


def gap(
    brag: Annotated[str, typer.Argument(help=f"The brag document. {DOCUMENT_HELP}")],
    postings: Annotated[
        list[str] | None, typer.Argument(help="The postings, likewise; default: stored.")
    ] = None,
    filter: Filters = None,
    top: Annotated[int, typer.Option("--top", help="Postings shown in full.")] = 3,
    themes: Annotated[int, typer.Option("--themes", help="Gaps shown over all postings.")] = 10,
    covered: Annotated[float, typer.Option("--covered", help="Score from which a sentence is covered.")] = (
        Thresholds().covered
    ),
    partial: Annotated[float, typer.Option("--partial", help="Score from which it is partly covered.")] = (
        Thresholds().partial
    ),
    title_column: TitleColumn = None,
    text_column: TextColumns = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="All that was found, not the first of each kind.")
    ] = False,
    as_json: AsJson = False,
    markdown: Annotated[
        Path | None,
        typer.Option("--markdown", help="Write the report here; - prints it.", show_default=False),
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", help="Write the report here, one file.", show_default=False)
    ] = None,
) -> None:
    """What the postings ask, what you have done, and where the gap is."""
    check_top_k(top, "--top")
    check_top_k(themes, "--themes")
    if as_json and str(markdown) == "-":
        raise InvalidParameter(
            "--json and --markdown - both take standard output; name a file for one of them"
        )
    thresholds = Thresholds(covered, partial)
    options = ReadOptions(title_column=title_column, text_columns=tuple(text_column or ()))
    dropped: list[Dropped] = []
    with Workspace() as workspace:
        mine = side_of(workspace, [brag], "brag", dropped=dropped)
        stored = not postings or postings == ["stored"] or postings[0].startswith("id:")
        theirs = side_of(
            workspace,
            postings or [],
            "posting",
            filter=parse_filter(_pairs(filter)) if filter else None,
            options=options,
            dropped=dropped,
        )
        fingerprint = workspace.store.live("postings").fingerprint.digest if stored else ""
        report = compare(
            mine, theirs, thresholds=thresholds, fingerprint=fingerprint, judge=judge_of(workspace)
        )
        found = findings(workspace, report)
    _show_dropped(dropped)
    if html is not None:
        write_file(html, gap_html(report, found, top=top, themes=themes), "--html")
    if markdown is not None:
        text = gap_markdown(report, found, top=top, themes=themes)
        if str(markdown) == "-":
            typer.echo(text)
        else:
            write_file(markdown, text, "--markdown")
    if as_json:
        show_json(schemas.GapReply.of(report, found, top=top, themes=themes).model_dump_json(indent=2))
    elif html is None and markdown is None:
        print_gap(out, report, found, top=top, themes=themes, verbose=verbose)


def occupation(
    code: Annotated[
        str, typer.Argument(help="A code such as 15-1252.00 or 15-1252, or words to find one by.")
    ],
    as_json: AsJson = False,
) -> None:
    """One occupation: title, description, tasks, technologies, job zone and related occupations."""
    with Workspace() as workspace:
        if not any(character.isdigit() for character in code):
            found = find_occupations(workspace, code, top_k=1)
            if found:
                errors.print(f"the nearest to {code!r} is {found[0].matched!r}", markup=False)
                code = found[0].code
        page = read_occupation(workspace, code)
    if as_json:
        show_json(schemas.OccupationReply.of(page).model_dump_json(indent=2))
    else:
        print_occupation(out, page)


def _pairs(filters: Sequence[str] | None) -> dict[str, Any]:
    """``company=Acme`` and ``company!=Acme`` as the JSON filter has them; a key given twice means either."""
    values: dict[str, Any] = {}
    for item in filters or ():
        key, equals, value = item.partition("=")
        if not equals or not key.strip("!"):
            raise InvalidParameter(f"--filter takes KEY=VALUE or KEY!=VALUE, found {item!r}")
        whole = key.rstrip("!") in WHOLE_NUMBERS and value.isascii() and value.isdecimal()
        values.setdefault(key, []).append(int(value) if whole else value)
    return values


def _tell_unknown_keys(workspace: Workspace, collection: str, filters: Sequence[str]) -> None:
    """Nothing was found: if no stored payload has a key that was asked for, that is why."""
    stored = payload_keys(workspace, collection)
    unknown = sorted({key.rstrip("!") for key in _pairs(filters)} - stored)
    if unknown:
        keys = ", ".join(sorted(stored))
        told = f"nothing in {collection} has the key {', '.join(unknown)}; the keys are {keys}"
        errors.print(told, markup=False, soft_wrap=True)


def _show_dropped(dropped: Sequence[Dropped]) -> None:
    """On standard error, so that a report in a pipe stays a report."""
    if any(drop.reason not in MINOR_DROPS for drop in dropped):
        print_dropped(errors, Counter(drop.reason for drop in dropped), dropped)


def _finite(value: float | None) -> float | None:
    if value is not None and not math.isfinite(value):
        raise InvalidParameter(f"--score-threshold must be a number, found {value}")
    return value
