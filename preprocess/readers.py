"""Files and folders in, documents out: the one place that knows which reader a suffix has.

:func:`read` is a generator from end to end. A file, row or line that cannot be used becomes
:class:`~preprocess.records.Dropped` in its place, and the run goes on.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from preprocess.formats import DEFAULTS, MIB, Item, ReadOptions, too_large
from preprocess.office_formats import parse_docx, parse_pdf
from preprocess.records import Document, Dropped, Kind
from preprocess.row_formats import count_rows, read_csv, read_jsonl
from preprocess.text_formats import parse_markdown, parse_plain, typed_document
from preprocess.yaml_format import parse_yaml

__all__ = ["SUFFIXES", "ReadOptions", "Reader", "count_documents", "read", "read_bytes", "read_text"]

COUNTED_BYTES = 64 * MIB
"""A larger table is not read twice only to count its rows (0.2 s at this size)."""

Reader = Callable[[Path, str, Kind, ReadOptions], Iterator[Item]]
"""Reads one file: its path, its source, the kind of its documents and the options; may raise OSError."""


PARSERS: Final[Mapping[str, Callable[[bytes, str, Kind, ReadOptions], Item]]] = MappingProxyType(
    {
        ".txt": parse_plain,
        ".md": parse_markdown,
        ".markdown": parse_markdown,
        ".pdf": parse_pdf,
        ".docx": parse_docx,
        ".yaml": parse_yaml,
        ".yml": parse_yaml,
    }
)
"""Suffix, in small letters, -> parser, of the files that are one document each."""

SIGNATURES: Final[Mapping[str, tuple[bytes, ...]]] = MappingProxyType(
    {".pdf": (b"%PDF-",), ".docx": (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")}
)
"""What these files begin with; a .docx with a password, or an old one, is no zip."""


def read_bytes(
    data: bytes, suffix: str, kind: Kind, source: str, options: ReadOptions = DEFAULTS
) -> Document | Dropped:
    """The document that the content of one file is, or why it is none.

    :param suffix: one of :data:`PARSERS`; a pdf and a docx are not taken for each other.
    """
    if len(data) > options.max_file_bytes:
        return _file_too_large(source, len(data), options)
    for other, signatures in SIGNATURES.items():
        if other != suffix in SIGNATURES and data.startswith(signatures):
            return Dropped("wrong format", source, detail=f"expected a {suffix} file, found a {other} file")
    return PARSERS[suffix](data, source, kind, options)


def _whole(suffix: str) -> Reader:
    """A reader of files that are one document each and are parsed in memory."""

    def reader(path: Path, source: str, kind: Kind, options: ReadOptions) -> Iterator[Item]:
        with path.open("rb") as file:
            data = file.read(options.max_file_bytes + 1)
        if len(data) > options.max_file_bytes:
            yield _file_too_large(source, path.stat().st_size, options)
        else:
            yield read_bytes(data, suffix, kind, source, options)

    return reader


def _file_too_large(source: str, size_bytes: int, options: ReadOptions) -> Dropped:
    limit = options.max_file_bytes
    return too_large(
        "file too large", source, limit=limit, found=size_bytes, unit="bytes", option="max_file_bytes"
    )


SUFFIXES: Final[Mapping[str, Reader]] = MappingProxyType(
    {
        **{suffix: _whole(suffix) for suffix in (".txt", ".md", ".markdown", ".pdf", ".docx")},
        ".csv": read_csv,
        ".jsonl": read_jsonl,
        **{suffix: _whole(suffix) for suffix in (".yaml", ".yml")},
    }
)
"""Suffix, in small letters, -> reader."""


def read(
    paths: Iterable[Path | str] | Path | str, kind: Kind, options: ReadOptions = DEFAULTS
) -> Iterator[Document | Dropped]:
    """Every document under ``paths``, in their order; a folder's files sorted by name, with its subfolders.

    Hidden files and folders, and Word's lock files, are passed over inside a folder. A link to a folder is
    followed once.

    :param kind: what the documents are; it decides how headings at the top are understood.
    :return: documents, each with the absolute path of its file as ``source``, and what was dropped.
    """
    for path in [paths] if isinstance(paths, Path | str) else paths:
        yield from _read_path(Path(path), kind, options)


def read_text(text: str, kind: Kind, source: str = "text", title: str = "") -> Document:
    """A document of what a user typed or pasted.

    Text with a markdown heading such as "## Skills" is read as a .md file is, other text as a .txt file.

    :param title: the document's title; empty takes the one in the text, if there is one.
    :return: a document without passages where ``text`` is empty.
    """
    return typed_document(text, source, kind, title)


def count_documents(paths: Iterable[Path | str] | Path | str) -> int | None:
    """About how many items :func:`read` will give, for a progress bar.

    :return: None if a csv or jsonl file is larger than ``COUNTED_BYTES``, or a path cannot be looked at.
    """
    total = 0
    try:
        for path in [paths] if isinstance(paths, Path | str) else paths:
            for file in _walk(Path(path).resolve(strict=True)):
                is_table = isinstance(file, Path) and file.suffix.lower() in {".csv", ".jsonl"}
                if not is_table or isinstance(file, Dropped):
                    total += 1
                elif file.stat().st_size > COUNTED_BYTES:
                    return None
                else:
                    total += count_rows(file)
    except (OSError, RuntimeError, ValueError):
        return None
    return total


def _read_path(path: Path, kind: Kind, options: ReadOptions) -> Iterator[Item]:
    try:
        resolved = path.resolve(strict=True)
        is_folder = resolved.is_dir()
    except (OSError, RuntimeError, ValueError) as error:
        yield _unreachable(path, error)
        return
    if not is_folder:
        yield from _read_file(resolved, kind, options)
        return
    is_empty = True
    for item in _walk(resolved):
        is_empty = False
        if isinstance(item, Dropped):
            yield item
        else:
            yield from _read_path(item, kind, options)
    if is_empty:
        yield Dropped("empty", _source(resolved), detail="a folder without files")


def _walk(folder: Path) -> Iterator[Path | Dropped]:
    """The files under a folder, and the subfolders that cannot be listed."""
    waiting = [folder]
    seen: set[tuple[int, int]] = set()
    while waiting:
        path = waiting.pop()
        try:
            status = path.stat()
            if not stat.S_ISDIR(status.st_mode):
                yield path
                continue
            identity = (status.st_dev, status.st_ino)
            if identity in seen:
                continue
            seen.add(identity)
            children = sorted(path.iterdir(), key=lambda child: child.name, reverse=True)
        except OSError as error:
            yield _unreachable(path, error)
            continue
        waiting += [child for child in children if not child.name.startswith((".", "~$"))]


def _read_file(path: Path, kind: Kind, options: ReadOptions) -> Iterator[Item]:
    source = _source(path)
    reader = SUFFIXES.get(path.suffix.lower())
    if reader is None:
        found = path.suffix or "a name without a suffix"
        detail = f"expected one of {' '.join(SUFFIXES)}, found {found}"
        yield Dropped("unsupported format", source, detail=detail)
        return
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            yield Dropped("not a file", source, detail="expected a file, found a device, pipe or socket")
        elif status.st_size == 0:
            yield Dropped("empty", source)
        else:
            yield from reader(path, source, kind, options)
    except OSError as error:
        yield _unreachable(path, error)


def _source(path: Path) -> str:
    """The path as text that can be stored: bytes of a name that are not UTF-8 are written as "\\xe9"."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _unreachable(path: Path, error: OSError | RuntimeError | ValueError) -> Dropped:
    """
    :param error: of the operating system; ``Path.resolve`` has RuntimeError for a link to itself and
        ValueError for a NUL in the name.
    """
    source = _source(Path.cwd() / path)
    if isinstance(error, FileNotFoundError | NotADirectoryError | ValueError):
        return Dropped("no such file or folder", source)
    if isinstance(error, RuntimeError):
        return Dropped("too many levels of symbolic links", source)
    return Dropped((error.strerror or type(error).__name__).lower(), source)
