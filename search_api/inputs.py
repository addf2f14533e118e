"""What a caller may name as a document: a file or folder, a stored document, or the text itself."""

from __future__ import annotations

import errno
from collections.abc import Iterable, Sequence
from pathlib import Path

from indexer.store import Filter, where
from indexer.workspace import Workspace
from preprocess.decoding import decode
from preprocess.errors import InvalidParameter, MissingPath, ReadError, TooLarge
from preprocess.formats import DEFAULTS
from preprocess.readers import ReadOptions, read
from preprocess.records import Document, Dropped, Kind
from search_api.sides import Side, side_from_documents, side_from_store, side_from_text

REASONS_SHOWN = 5
RENDERED = {".pdf", ".docx", ".yaml", ".yml", ".csv", ".jsonl"}
"""Formats whose text is not the file's own."""


def side_of(
    workspace: Workspace,
    names: Sequence[str],
    kind: Kind,
    *,
    filter: Filter | None = None,
    options: ReadOptions | None = None,
    dropped: list[Dropped] | None = None,
) -> Side:
    """Open what a person named on the command line.

    ``stored`` (or nothing) means every stored document of the kind, ``id:UUID`` one of them, ``text:...``
    the text itself, anything else a file or folder.

    :param filter: on stored documents.
    :raises InvalidParameter: if a name is empty, kinds of names are mixed, or files are to be filtered.
    :raises ReadError: if none of the files could be read; the message gives each one's reason.
    :raises EmptyQuery, UnknownDocument, IndexMissing: as the parts do.
    """
    left_out: list[Dropped] = [] if dropped is None else dropped
    if not names or list(names) == ["stored"]:
        return side_from_store(workspace, kind, filter)
    if all(name.startswith("id:") for name in names):
        chosen = where(document_id=[name.removeprefix("id:") for name in names])
        return side_from_store(workspace, kind, chosen.and_(filter))
    if filter is not None:
        raise InvalidParameter(
            "a filter picks among stored documents; leave it out, or give no files or text"
        )
    if len(names) == 1 and names[0].startswith("text:"):
        return side_from_text(workspace, names[0].removeprefix("text:"), kind)
    for name in names:
        if name == "stored" or name.startswith(("id:", "text:")):
            raise InvalidParameter(
                f"{name[:40]!r} cannot be named together with files; a file is ./{name[:40]}"
            )
    documents = list(_documents(read(check_paths(names), kind, options or ReadOptions()), left_out))
    if not documents:
        raise nothing_read(left_out)
    return side_from_documents(workspace, documents, dropped=left_out)


def check_paths(names: Sequence[str | Path], *, may_be_gone: bool = False) -> list[Path]:
    """The names as paths; some may not be there, but not all.

    :param may_be_gone: all of them may be gone, too.
    :raises InvalidParameter: if a name is empty, which would stand for the current folder.
    :raises MissingPath: if there is none of them.
    """
    if any(not str(name).strip() for name in names):
        raise InvalidParameter("expected the path of a file or folder, found an empty one")
    paths = [Path(name) for name in names]
    if not may_be_gone and not any(map(_is_there, paths)):
        raise MissingPath(f"there is no file or folder {' and no '.join(str(path)[:200] for path in paths)}")
    return paths


def nothing_read(dropped: Sequence[Dropped]) -> ReadError:
    """The error that says why no document could be read."""
    reasons = [str(drop) for drop in dropped[:REASONS_SHOWN]]
    if len(dropped) > REASONS_SHOWN:
        reasons.append(f"and {len(dropped) - REASONS_SHOWN} more")
    return ReadError("; ".join(reasons) or "no document in it")


def text_of(name: str) -> str:
    """The text of one posting, as :func:`~search_api.classify.classify` takes it.

    :raises MissingPath, TooLarge, ReadError: if the file cannot be read, is no text, or holds several
        postings.
    """
    [path] = check_paths([name])
    if path.suffix.lower() in RENDERED:
        dropped: list[Dropped] = []
        documents = list(_documents(read([path], "posting"), dropped))
        if not documents:
            raise nothing_read(dropped)
        if len(documents) > 1:
            raise ReadError(f"{path}: expected one posting, found {len(documents)}")
        passages = documents[0].passages
        return "\n\n".join(
            f"## {part.section}\n{part.text}" if part.section else part.text for part in passages
        )
    try:
        with path.open("rb") as file:
            data = file.read(DEFAULTS.max_file_bytes + 1)
    except OSError as error:
        raise ReadError(f"{path}: {error.strerror}") from error
    if len(data) > DEFAULTS.max_file_bytes:
        raise TooLarge(f"{path}: expected at most {DEFAULTS.max_file_bytes:,} bytes; give one posting")
    text = decode(data)
    if text is None:
        raise ReadError(f"{path}: expected text, found binary data")
    return text


def _is_there(path: Path) -> bool:
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    except OSError as error:
        return error.errno not in {errno.ENAMETOOLONG, errno.ENOTDIR}
    return True


def _documents(items: Iterable[Document | Dropped], dropped: list[Dropped]) -> Iterable[Document]:
    for item in items:
        if isinstance(item, Dropped):
            dropped.append(item)
        else:
            yield item
