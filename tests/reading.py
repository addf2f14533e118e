"""Shared by the tests of the readers: write a file, read it, and look at what came out."""

from __future__ import annotations

from pathlib import Path

from hypothesis import strategies as st

from preprocess.formats import DEFAULTS
from preprocess.readers import ReadOptions, read
from preprocess.records import Document, Dropped, Kind

ROOT = Path(__file__).parent.parent
FIXTURES = ROOT / "fixtures"

PRINTED = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff"))
"""Text without control characters and byte order marks, which every encoding gives back as it was."""


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def read_all(path: Path, kind: Kind = "posting", options: ReadOptions = DEFAULTS) -> list[Document | Dropped]:
    return list(read([path], kind, options))


def read_one(path: Path, kind: Kind = "posting", options: ReadOptions = DEFAULTS) -> Document:
    (item,) = read_all(path, kind, options)
    assert isinstance(item, Document), item
    return item


def drop_one(path: Path, kind: Kind = "posting", options: ReadOptions = DEFAULTS) -> Dropped:
    (item,) = read_all(path, kind, options)
    assert isinstance(item, Dropped), item
    assert item.source
    return item


def sections(document: Document | Dropped) -> dict[str, str]:
    assert isinstance(document, Document), document
    return {passage.section: passage.text for passage in document.passages}


def documents(items: list[Document | Dropped]) -> list[Document]:
    return [item for item in items if isinstance(item, Document)]
