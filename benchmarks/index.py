"""Indexing a whole O*NET release with the command line: time, peak memory, and again unchanged."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.data import ONET, ROOT, SOURCE, environment, open_workspace
from indexer.settings import ModelSettings, StoreSettings
from indexer.workspace import Workspace

UNCHANGED_RUNS = 3


def run() -> dict[str, object]:
    """Seconds and MB of ``joblens index onet`` into an empty store, and of running it again."""
    open_workspace().encoder  # noqa: B018  the one conversion of the model is not part of indexing
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        first_s, rss_mb = _timed(home)
        again = [_timed(home)[0] for _ in range(UNCHANGED_RUNS)]
        with Workspace(ModelSettings(), StoreSettings(home=home)) as workspace:
            [info] = workspace.store.collections()
            sources = workspace.store.facet("occupations", "source")
    return {
        "source": SOURCE,
        "points": info.points,
        "points_by_source": sources,
        "index_s": round(first_s, 1),
        "points_per_s": round(info.points / first_s),
        "peak_rss_mb": round(rss_mb),
        "unchanged_s": round(statistics.median(again), 2),
        "size_mb": round((info.size_bytes or 0) / 1e6),
    }


def _timed(home: Path) -> tuple[float, float]:
    """Wall seconds and peak resident MB of one indexing process."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "joblens", "index", "onet", str(ONET)],
        env=environment(home),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"indexing ended with status {status}")
    return time.perf_counter() - started, usage.ru_maxrss / 1024
