"""``joblens index``, ``status``, ``delete`` and ``inspect``: what goes into the store and what is there."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import Annotated

import typer

from indexer.build import MINOR_DROPS, Summary, index_documents, index_onet
from indexer.entries import COLLECTION_OF
from indexer.store import COLLECTIONS, where
from indexer.tenants import PUBLIC
from indexer.workspace import Workspace
from joblens.output import Strict, TextColumns, TitleColumn, errors, index_progress, out
from joblens.render import print_error, print_inspection, print_status, print_summary
from preprocess.errors import IndexMissing, InvalidParameter, StoreCorrupt, UnknownDocument
from preprocess.onet import open_release
from preprocess.readers import ReadOptions, count_documents, read
from preprocess.records import Document, Dropped, Kind
from search_api.inputs import check_paths, nothing_read
from search_api.inspection import inspect_files
from search_api.wording import counted

index = typer.Typer(no_args_is_help=True, help="Read sources, encode them and store them.")

Paths = Annotated[
    list[str],  # a Path would make "" the current folder
    typer.Argument(metavar="PATH...", help="Files or folders (txt md pdf docx csv jsonl yaml)."),
]
IdColumn = Annotated[
    str | None,
    typer.Option("--id-column", help="csv, jsonl: what names a row; else its number.", show_default=False),
]
Prune = Annotated[
    bool,
    typer.Option(
        "--prune",
        help="Erase the stored documents that are gone from PATH, not those that only cannot be read now.",
    ),
]
Rebuild = Annotated[
    bool,
    typer.Option(
        "--rebuild",
        help="Write a new collection that holds PATH alone, and swap it in at the end, as another model or "
        "view needs it.",
    ),
]
Public = Annotated[
    bool,
    typer.Option(
        "--public", help="Store them for every tenant: with any API key they are read, with none changed."
    ),
]
PEEKED = 1_000
"""Drops that are waited through for a first document, before anything is opened."""

PANEL = "Store"
KINDS: dict[str, Kind] = {"postings": "posting", "brags": "brag"}


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.add_typer(index, name="index", rich_help_panel=PANEL)
    for command in (status, inspect, delete):
        app.command(rich_help_panel=PANEL)(command)


@index.command("onet")
def onet(
    path: Annotated[Path, typer.Argument(help="An O*NET text release: the folder or the zip.")],
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Write everything anew, and swap it in at the end.")
    ] = False,
    strict: Strict = False,
) -> None:
    """Index an O*NET release: titles, descriptions, tasks and technologies of every occupation."""
    release = open_release(path)
    started = time.monotonic()
    with Workspace() as workspace, index_progress(release.name, release.occupations) as progress:
        summary = index_onet(workspace, release, rebuild=rebuild, progress=progress)
    _finish(summary, started, strict)


@index.command("postings")
def postings(
    paths: Paths,
    title_column: TitleColumn = None,
    text_column: TextColumns = None,
    id_column: IdColumn = None,
    prune: Prune = False,
    rebuild: Rebuild = False,
    public: Public = False,
    strict: Strict = False,
) -> None:
    """Index job postings, sentence by sentence. A row of csv or jsonl is one posting.

    What has not changed is skipped, what has changed is replaced."""
    options = _options(title_column, text_column, id_column)
    _index("posting", paths, options, prune, rebuild, strict, tenant=PUBLIC if public else None)


@index.command("brags")
def brags(
    paths: Paths,
    title_column: TitleColumn = None,
    text_column: TextColumns = None,
    id_column: IdColumn = None,
    prune: Prune = False,
    rebuild: Rebuild = False,
    strict: Strict = False,
) -> None:
    """Index brag documents or resumes, sentence by sentence.

    What has not changed is skipped, what has changed is replaced."""
    _index("brag", paths, _options(title_column, text_column, id_column), prune, rebuild, strict)


def status(
    documents: Annotated[bool, typer.Option("--documents", help="List the stored documents, too.")] = False,
) -> None:
    """What is stored, made with what."""
    from search_api.documents import stored_documents

    with Workspace() as workspace:
        infos, damaged = workspace.collections()
        listed = {
            kind: stored_documents(workspace, kind)
            for kind in KINDS.values()
            if documents and COLLECTION_OF[kind] in {info.name for info in infos}
        }
    if infos or not damaged:
        print_status(out, infos)
    for kind, found in listed.items():
        for document in found:
            out.print(f"{kind} id:{document.id}  {document.name}", markup=False, soft_wrap=True)
    for error in damaged.values():
        print_error(errors, error)
    if damaged:
        raise typer.Exit(1)


def delete(
    collection: Annotated[str, typer.Argument(help=f"One of {', '.join(COLLECTIONS)}.")],
    ids: Annotated[
        list[str] | None,
        typer.Argument(help="Documents, id:UUID as status --documents names them.", show_default=False),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Erase the whole collection.")] = False,
    public: Annotated[
        bool, typer.Option("--public", help="The documents are those that index --public stored.")
    ] = False,
) -> None:
    """Erase documents, or a whole collection, from the store."""
    from search_api.search import collection_name

    name = collection_name(collection)
    if everything == bool(ids):
        raise InvalidParameter("expected the ids of documents, or --all for the whole collection")
    with Workspace() as workspace:
        if everything:
            told = f"erased the collection {name}"
            try:
                workspace.store.live(name)
            except IndexMissing:  # a first build that was stopped may be there all the same
                told = f"there was no index of {name}"
            except StoreCorrupt:
                pass
            workspace.store.drop(name)
            out.print(told)
            return
        store = workspace.of_tenant(PUBLIC).store if public else workspace.store
        wanted = [id.removeprefix("id:") for id in ids or ()]
        removed = {id: store.delete(name, where(document_id=id)) for id in wanted}
        store.settle(name)
    missing = [id for id, points in removed.items() if not points]
    erased = counted(len(removed) - len(missing), "document")
    out.print(f"erased {erased}, {counted(sum(removed.values()), 'sentence')}")
    if missing:
        raise UnknownDocument(
            f"not in {name}: {', '.join(missing)}; see what is there with: joblens status --documents"
        )


def inspect(
    path: Annotated[str, typer.Argument(help="A file or folder.")],
    kind: Annotated[str, typer.Option("--kind", help="How to read it: postings or brags.")] = "postings",
    title_column: TitleColumn = None,
    text_column: TextColumns = None,
    id_column: IdColumn = None,
    strict: Strict = False,
) -> None:
    """Every sentence of a file, its views and entities, and what is dropped and why. Stores nothing."""
    if kind not in KINDS:
        raise InvalidParameter(f"--kind must be one of {', '.join(KINDS)}, found {kind!r}")
    options = _options(title_column, text_column, id_column)
    paths = check_paths([path])
    with Workspace() as workspace:
        inspection = inspect_files(workspace, paths, KINDS[kind], options)
    if not inspection.sentences:
        raise nothing_read(inspection.dropped)
    print_inspection(out, inspection)
    if strict and any(drop.reason not in MINOR_DROPS for drop in inspection.dropped):
        raise typer.Exit(1)


def _options(title: str | None, texts: Iterable[str] | None, id: str | None) -> ReadOptions:
    return replace(ReadOptions(), title_column=title, text_columns=tuple(texts or ()), id_column=id)


def _index(
    kind: Kind,
    names: list[str],
    options: ReadOptions,
    prune: bool,
    rebuild: bool,
    strict: bool,
    *,
    tenant: str | None = None,
) -> None:
    """
    :param tenant: whose the documents are; None for the one of the settings.
    """
    started = time.monotonic()
    paths = check_paths(names, may_be_gone=prune)
    documents = read(paths, kind, options)
    if not prune:  # what is gone is what that is for
        documents = _with_a_document(documents)
    total = count_documents(paths)
    with Workspace() as workspace, index_progress(COLLECTION_OF[kind], total) as progress:
        summary = index_documents(
            workspace if tenant is None else workspace.of_tenant(tenant),
            kind,
            documents,
            prune=paths if prune else (),
            rebuild=rebuild,
            progress=progress,
        )
    if not summary.documents and not summary.documents_removed:
        raise nothing_read(summary.examples)
    _finish(summary, started, strict)


def _with_a_document(items: Iterator[Document | Dropped]) -> Iterator[Document | Dropped]:
    """The same items; a run that could store nothing ends here, before it opens or makes a collection.

    :raises ReadError: if all is dropped; the message gives the reasons.
    """
    head: list[Document | Dropped] = []
    dropped: list[Dropped] = []
    for item in islice(items, PEEKED):
        head.append(item)
        if isinstance(item, Document):
            break
        dropped.append(item)
    else:
        if len(head) < PEEKED:
            raise nothing_read(dropped)
    return chain(head, items)


def _finish(summary: Summary, started: float, strict: bool) -> None:
    print_summary(out, summary, time.monotonic() - started)
    if strict and any(reason not in MINOR_DROPS for reason in summary.dropped):
        errors.print("something was dropped, and --strict was given")
        raise typer.Exit(1)
