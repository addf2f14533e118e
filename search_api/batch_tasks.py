"""What a batch does with its rows: code them, or compare the texts in them; one generator for every way in.

``joblens classify FILE`` and ``POST /v1/batches`` both call :func:`run_rows`. It gives one outcome for each
row, in order; a row that cannot be answered comes out with its ``error``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Literal, TypeVar, overload

from indexer.documents import stored_ids
from indexer.store import where
from indexer.workspace import Workspace
from preprocess.errors import IndexMissing, InputError, InvalidParameter, ReadError, UnknownDocument
from preprocess.records import Kind
from search_api.batch import (
    Coded,
    Row,
    Take,
    check_columns,
    classify_rows,
    guess_title_column,
    take_chunk,
)
from search_api.documents import digest_of
from search_api.gap import GapReport, Thresholds, gap
from search_api.judge import judge_of
from search_api.match import MatchReport, match
from search_api.sides import Side, side_from_store, side_from_text

Report = TypeVar("Report", GapReport, MatchReport)
TaskName = Literal["classify", "gap", "match"]
Rows = Iterable[tuple[Row, str]]
"""Rows as :func:`search_api.batch.rows_of` reads them, each with the reason why it cannot be used, or ""."""

POSTING, POSTING_ID, BRAG, BRAG_ID, SIDE_A, SIDE_B = "posting", "posting_id", "brag", "brag_id", "a", "b"
TITLE = "title"
KEPT_SIDES = 8
"""Sides that are kept for the next row that names the same: a brag document is often that of every row."""

ROW_PROBLEMS = (InputError, ReadError, IndexMissing)
"""What is wrong with one row only; other errors (the store, the model) stop the batch."""


@dataclass(frozen=True, slots=True)
class ClassifyTask:
    """An occupation for each row's title, and body where a column of it is named.

    :param known: the columns were looked for already; a row without them is that row's error.
    """

    title_column: str | None = None
    body_column: str | None = None
    top_k: int = 5
    level: int = 6
    evidence: int = 3
    known: bool = False

    def fitted(self, names: Iterable[str]) -> ClassifyTask:
        """The task with the columns it will read.

        :param names: the columns of the first rows.
        :raises InvalidParameter: if a column is not there; the message lists those found.
        """
        names = tuple(names)
        title_column = self.title_column or guess_title_column(names)
        check_columns(names, title_column, self.body_column)
        return replace(self, title_column=title_column, known=True)

    def check(self, workspace: Workspace) -> None:
        """:raises IndexMissing, FingerprintMismatch: if the occupations cannot be asked."""
        workspace.check("occupations")


@dataclass(frozen=True, slots=True)
class GapTask:
    """Each row's posting by itself against a brag document: that of the row, or else that of the batch.

    The posting is the text in the column ``posting`` (or ``body_column``), with its title in ``title`` (or
    ``title_column``), or the stored one that ``posting_id`` names; the brag document the text in ``brag`` or
    the stored one that ``brag_id`` names. Names are those of ``/v1/documents``, or ids.

    :param brag_id: the stored brag document of rows that have none of their own.
    """

    brag_id: str | None = None
    title_column: str | None = None
    body_column: str | None = None
    covered: float = Thresholds().covered
    partial: float = Thresholds().partial

    def fitted(self, names: Iterable[str]) -> GapTask:
        """See :meth:`ClassifyTask.fitted`."""
        names = tuple(names)
        check_columns(names, self.title_column, self.body_column)
        if self.body_column is None:
            _check_any(names, POSTING, POSTING_ID)
        if self.brag_id is None:
            _check_any(names, BRAG, BRAG_ID)
        return self

    def check(self, workspace: Workspace) -> None:
        """
        :raises InvalidParameter: if the thresholds are off.
        :raises UnknownDocument, IndexMissing: if the brag document of the batch is not stored.
        """
        Thresholds(self.covered, self.partial)
        if self.brag_id is not None:
            _stored(workspace, "brag", self.brag_id)


@dataclass(frozen=True, slots=True)
class MatchTask:
    """The sentences of each row's text ``a`` (read as a posting) against those of ``b`` (as a brag document).

    :param top_k: partners shown with each sentence.
    """

    top_k: int = 1

    def fitted(self, names: Iterable[str]) -> MatchTask:
        """See :meth:`ClassifyTask.fitted`."""
        check_columns(tuple(names), SIDE_A, SIDE_B)
        return self

    def check(self, workspace: Workspace) -> None:
        """Needs nothing that is stored."""


RowTask = ClassifyTask | GapTask | MatchTask
TASKS: Mapping[TaskName, type[RowTask]] = {"classify": ClassifyTask, "gap": GapTask, "match": MatchTask}


@dataclass(frozen=True, slots=True)
class RowLimits:
    """Most sentences on a side of one row, and most pairs of sentences of one row; None for no limit."""

    sentences: int | None = None
    pairs: int | None = None


@dataclass(frozen=True, slots=True)
class GapOutcome:
    """A row without the texts that were compared, and its report, or the reason why there is none."""

    row: Row
    report: GapReport | None
    error: str = ""


@dataclass(frozen=True, slots=True)
class MatchOutcome:
    """A row without the texts that were compared, and its report, or the reason why there is none."""

    row: Row
    report: MatchReport | None
    error: str = ""


Outcome = Coded | GapOutcome | MatchOutcome


@overload
def run_rows(
    workspace: Workspace, rows: Rows, task: ClassifyTask, limits: RowLimits = ..., take: Take = ...
) -> Iterator[Coded]: ...
@overload
def run_rows(
    workspace: Workspace, rows: Rows, task: RowTask, limits: RowLimits = ..., take: Take = ...
) -> Iterator[Outcome]: ...
def run_rows(
    workspace: Workspace, rows: Rows, task: RowTask, limits: RowLimits = RowLimits(), take: Take = take_chunk
) -> Iterator[Coded] | Iterator[Outcome]:
    """One outcome for each row, in order; a generator, so a file of any length streams.

    :param take: the next rows of a stream, which are worked on together; it ends with the first empty chunk.
    :raises InvalidParameter: if the columns of a :class:`ClassifyTask` are not known yet and not there.
    :raises StoreError, ModelError: as the store and the models do.
    """
    match task:
        case ClassifyTask():
            return classify_rows(workspace, rows, **asdict(task), take=take)
        case GapTask():
            return _gap_rows(workspace, _taken(rows, take), task, limits)
        case MatchTask():
            return _match_rows(workspace, _taken(rows, take), task, limits)


def _taken(rows: Rows, take: Take) -> Iterator[tuple[Row, str]]:
    stream = iter(rows)
    while chunk := take(stream):
        yield from chunk


# ---- gap and match


def _gap_rows(workspace: Workspace, rows: Rows, task: GapTask, limits: RowLimits) -> Iterator[Outcome]:
    thresholds = Thresholds(task.covered, task.partial)
    text_column, title_column = task.body_column or POSTING, task.title_column or TITLE
    side_of = _side_of(workspace, limits)
    judge = judge_of(workspace)

    def report(row: Row) -> GapReport:
        text, title = _text(row, text_column), _text(row, title_column)
        posting = _Named("posting", text, _text(row, POSTING_ID), title, f"{text_column} or {POSTING_ID}")
        # A stored brag document in the row goes before the one of the batch.
        name = _text(row, BRAG_ID) or task.brag_id or ""
        brag = side_of(_Named("brag", _text(row, BRAG), name, "", f"{BRAG} or {BRAG_ID}"))
        asked = side_of(posting)
        _check_pairs(brag, asked, limits)
        fingerprint = "" if text else digest_of(workspace, "posting")
        return gap(brag, asked, thresholds=thresholds, fingerprint=fingerprint, judge=judge)

    for row, error in rows:
        yield GapOutcome(_without(row, text_column, BRAG), *_answer(report, row, error))


def _match_rows(workspace: Workspace, rows: Rows, task: MatchTask, limits: RowLimits) -> Iterator[Outcome]:
    side_of = _side_of(workspace, limits)

    def report(row: Row) -> MatchReport:
        a = side_of(_Named("posting", _text(row, SIDE_A), "", "", SIDE_A))
        b = side_of(_Named("brag", _text(row, SIDE_B), "", "", SIDE_B))
        _check_pairs(a, b, limits)
        return match(a, b, top_k=task.top_k)

    for row, error in rows:
        yield MatchOutcome(_without(row, SIDE_A, SIDE_B), *_answer(report, row, error))


@dataclass(frozen=True, slots=True)
class _Named:
    """A side as a row names it: by its text, or by the name of a stored document."""

    kind: Kind
    text: str
    name: str
    title: str
    columns: str


def _side_of(workspace: Workspace, limits: RowLimits) -> Callable[[_Named], Side]:
    @lru_cache(maxsize=KEPT_SIDES)
    def side_of(named: _Named) -> Side:
        if named.text:
            return side_from_text(workspace, named.text, named.kind, named.title, limit=limits.sentences)
        if named.name:
            return _stored(workspace, named.kind, named.name)
        raise InvalidParameter(f"expected a {named.kind} in the column {named.columns}, found none")

    return side_of


def _stored(workspace: Workspace, kind: Kind, name: str) -> Side:
    for id in stored_ids(workspace, kind, name):
        with suppress(UnknownDocument):
            return side_from_store(workspace, kind, where(document_id=id))
    raise UnknownDocument(f"no stored {kind} is called {name[:80]!r}")


def _answer(ask: Callable[[Row], Report], row: Row, error: str) -> tuple[Report | None, str]:
    if error:
        return None, error
    try:
        return ask(row), ""
    except ROW_PROBLEMS as problem:
        return None, str(problem)


def _text(row: Row, column: str) -> str:
    """The text of a cell; a list of lines, as jsonl may have it, as one text."""
    value = row.get(column)
    text = "\n".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
    # jsonl may hold half of a surrogate pair, which neither an id nor a tokenizer can be made of.
    return text.encode("utf-8", "replace").decode()


def _without(row: Row, *columns: str) -> Row:
    """The row without what was compared, which the caller has and which may be long."""
    return {name: value for name, value in row.items() if name not in columns}


def _check_any(names: tuple[str, ...], *columns: str) -> None:
    if not set(names) & set(columns):
        raise InvalidParameter(f"expected a column {' or '.join(columns)}, found: {', '.join(names)}")


def _check_pairs(a: Side, b: Side, limits: RowLimits) -> None:
    pairs = len(a.sentences) * len(b.sentences)
    if limits.pairs is not None and pairs > limits.pairs:
        raise InvalidParameter(f"at most {limits.pairs:,} pairs of sentences in a row, found {pairs:,}")
