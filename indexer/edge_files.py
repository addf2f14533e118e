"""The files of the embedded store that are ours: written in one step, measured, and given room."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from indexer.store import Point


def size_bytes(folder: Path) -> int:
    """What the folder takes on the disk; the engine sets files up far larger than what is in them."""
    return sum(512 * file.stat().st_blocks for file in folder.rglob("*") if file.is_file())


def room_for(points: Sequence[Point], dimension: int) -> int:
    """Bytes that writing points takes at most, log included: 4.5 kB a point of 384 numbers and 4.4 times
    its text were measured, and half as much again is allowed for."""
    text = sum(len(str(point.payload)) + len(point.lexical) for point in points)
    return len(points) * (12 * dimension + 2_000) + 4 * text


def write_json(path: Path, value: Any, *, mode: int = 0o666) -> None:
    """Write ``value`` in one step; a reader finds the old file or the new one.

    :param mode: who may read and write the file, from the moment it is there (less the process's umask).
    """
    write_bytes(path, json.dumps(value, indent=1).encode(), mode=mode)


def write_bytes(path: Path, data: bytes, *, mode: int = 0o666) -> None:
    """Write ``data`` in one step, on the disk when this returns; ``mode`` as in :func:`write_json`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(f".{os.getpid()}.new")
    created = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(created, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
