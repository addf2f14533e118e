"""docs/operations.md says what the code does and what was measured."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from docs import generate, sizing
from indexer.server_errors import ATTEMPTS, PASSING, RETRY_S
from indexer.settings import QdrantSettings
from tests.conftest import REPOSITORY

TEXT = (REPOSITORY / "docs" / "operations.md").read_text(encoding="utf-8")
FIGURES = {
    "source": "made up",
    "points": 100,
    "disk_bytes_a_point": {
        "vectors": 1_500.0,
        "graph": 100.0,
        "sparse_vectors": 200.0,
        "payloads": 500.0,
        "payload_indexes": 50.0,
        "ids": 50.0,
        "int8": 400.0,
        "binary": 50.0,
    },
    "log_bytes": 64_000_000.0,
    "searched_points": 10,
    "graph_build_s": 7,
    "copy_points_per_s": {"embedded": 1_000, "in_memory_engine": 2_000},
    "searched": {name: {"query_p50_ms": 1.26, "recall_at_10": 0.957} for name in sizing.SEARCHED},
}


def test_the_tables_are_those_of_the_benchmark() -> None:
    assert generate.with_sizing(TEXT) == TEXT, "run: python -m docs.generate"


def test_sizes_are_worked_out_from_the_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "size.json"
    path.write_text(json.dumps(FIGURES))
    monkeypatch.setattr(sizing, "RESULTS", path)
    rows = sizing.sizing().splitlines()
    assert "| in memory (default) | 2,400 | 1,900 |" in rows
    assert "| on disk, int8 | 2,800 | 800 |" in rows
    assert "| by the whole vectors | 1.3 ms | 0.96 |" in rows
    assert "| 10 million | 1 | in memory (default) | 24 GB | 19 GB | 1 |" in rows
    # 1,520 GB of memory over nodes that may fill 44.8 GB of theirs
    assert "| 400 million | 2 | in memory (default) | 1,920 GB | 1,520 GB | 34 |" in rows


def test_the_settings_that_it_names_are_there() -> None:
    named = set(re.findall(r"JOBLENS_QDRANT_([A-Z_]*[A-Z])", TEXT)) | {
        name.removeprefix("`_").removesuffix("`") for name in re.findall(r"`_[A-Z_]+`", TEXT)
    }
    assert named
    assert named <= {name.upper() for name in QdrantSettings.model_fields}


def test_the_tries_are_those_of_the_code() -> None:
    assert (ATTEMPTS, RETRY_S) == (4, 5.0)
    assert "up to four times within five seconds" in " ".join(TEXT.split())
    assert f"| {', '.join(map(str, sorted(PASSING)))} | four tries" in TEXT
