"""What the embedded engine and the file system raise, turned into joblens's errors.

The engine raises bare ``Exception`` for everything, so that its text has to tell the cases apart; a
contract test provokes each of them. What it cannot raise is a full disk: its files are sparse and mapped
into memory, and a page that finds no room ends the process (SIGBUS). :func:`check_room` looks first.
"""

from __future__ import annotations

import contextlib
import errno
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

from indexer.store import CollectionName
from preprocess.errors import (
    DimensionMismatch,
    IndexMissing,
    JoblensError,
    StorageFull,
    StoreCorrupt,
    StoreError,
    StoreLocked,
)

SPARE_BYTES = 64 * 1024 * 1024
"""Room that writing leaves on the disk. A new collection takes 20 MB where sparse files are stored whole
(tmpfs), closing and opening one up to 30 MB more (measured by filling a tmpfs and an ext4 disk)."""

_NO_FOLDER = {errno.EACCES, errno.EEXIST, errno.ENOENT, errno.ENOTDIR, errno.EPERM, errno.EROFS}


def missing_index(name: CollectionName) -> IndexMissing:
    """What either store raises where a collection was never built; names the command that builds it."""
    command = "onet PATH" if name == "occupations" else f"{name} PATH"
    return IndexMissing(f"there is no index of {name} yet; make it with: joblens index {command}")


def check_room(folder: Path, needed_bytes: int, doing: str) -> None:
    """Refuse a write that would leave less than :data:`SPARE_BYTES` on the disk of ``folder``.

    :raises StorageFull: if there is too little room.
    """
    free = shutil.disk_usage(folder).free
    if free < needed_bytes + SPARE_BYTES:
        needed, left = (f"{size / 1_000_000:,.0f} MB" for size in (needed_bytes + SPARE_BYTES, free))
        raise _full(doing, f"needed: {needed}, available: {left}")


def check_folder(folder: Path) -> None:
    """:raises StoreError: if ``folder`` is a file, or lies under one."""
    with mapped("opening the data directory"):
        nearest = next(path for path in (folder, *folder.parents) if path.exists())
        if not nearest.is_dir():
            raise StoreError(
                f"{nearest} is a file; the data directory must be a folder: name one with --home or "
                "JOBLENS_HOME"
            )


def _full(doing: str, figures: str) -> StorageFull:
    told = f" ({figures})" if figures else ""
    return StorageFull(f"{doing}: the disk is full{told}; free some space and run the same command again")


@contextlib.contextmanager
def mapped(doing: str, *, opening: Path | None = None) -> Iterator[None]:
    """Raise the foreign errors of the block as ours, most specific first.

    :param doing: what was tried, for the message.
    :param opening: the shard's folder, where the block opens one: any other failure means damage.
    """
    try:
        yield
    except JoblensError:
        raise
    except Exception as error:
        text = str(error)
        low = text.lower()
        if (
            getattr(error, "errno", None) == errno.ENOSPC
            or "no space left" in low
            or "not enough disk" in low
            or "not enough space" in low
        ):
            raise _full(
                doing, text.rpartition("optimization, ")[2] if "optimization, " in text else ""
            ) from error
        if "wouldblock" in low:
            raise StoreLocked(
                f"{doing}: the store is open in another process{_owner(opening)}; stop it or ask it over HTTP"
            ) from error
        if opening is None and isinstance(error, OSError) and error.errno in _NO_FOLDER:
            raise StoreError(
                f"{doing}: {error.filename}: {error.strerror}; the data directory must be a folder that can "
                "be written to: name one with --home or JOBLENS_HOME"
            ) from error
        if "vector dimension error" in low:
            raise DimensionMismatch(f"{doing}: {text}") from error
        if opening is not None:
            raise StoreCorrupt(
                f"{doing}: its files cannot be read ({text}); erase them with "
                f"'joblens delete {opening.name.split('-')[0]} --all' and index again"
            ) from error
        raise StoreError(f"{doing}: {text}") from error


def _owner(folder: Path | None) -> str:
    if folder is None:
        return ""
    try:
        owner = json.loads((folder / "owner.json").read_text())
        return f" (process {owner['pid']}: {owner['command']})"
    except (OSError, ValueError, KeyError, TypeError):
        return ""
