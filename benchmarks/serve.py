"""The REST service as a process of its own: start, memory, and the time of one classify request over HTTP."""

from __future__ import annotations

import csv
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import httpx
import psutil

from benchmarks.data import FIXTURES, REAL, ROOT, SHARED, SOURCE, environment, indexed_home
from search_api.server import listening_socket

STARTS = 3
REQUESTS = 200
HEAVY_LIBRARIES = ("libtorch", "sklearn", "umap", "libdaft", "_raylet")
"""Parts of the file names under which the libraries that must stay out are mapped into a process."""


def run() -> dict[str, object]:
    """Median start, resident MB, and p50 and p99 milliseconds of classify with one client on loopback.

    ``occupations`` serves O*NET alone, ``all`` the postings and a brag document too. Most of the resident
    memory is pages of the index's files, which the kernel can drop; ``private_mb`` is the rest.
    """
    home = indexed_home()
    with tempfile.TemporaryDirectory(dir=home) as folder:
        alone = Path(folder)
        for part in (home / "store").glob("occupations*"):
            copy = shutil.copytree if part.is_dir() else shutil.copyfile
            copy(part, _made(alone / "store") / part.name)
        os.sync()  # or the starts would wait for the copy to reach the disk
        only_occupations = _starts(alone)
    with running_service(home) as (url, process, _), httpx.Client(base_url=url) as client:
        times_ms = [_classify_ms(client, title) for title in _titles()]
        rss_mb, private_mb = _memory_mb(process)
        health_ms = [_timed_ms(client, "GET", "/health") for _ in range(REQUESTS)]
        mapped = " ".join(region.path for region in process.memory_maps())
    return {
        "source": SOURCE,
        "occupations": only_occupations,
        "all": _starts(home),
        "requests": len(times_ms),
        "classify_p50_ms": round(statistics.median(times_ms), 2),
        "classify_p99_ms": round(statistics.quantiles(times_ms, n=100)[98], 2),
        "health_p50_ms": round(statistics.median(health_ms), 2),
        "rss_mb_after_requests": rss_mb,
        "private_mb_after_requests": private_mb,
        "heavy_libraries_mapped": [name for name in HEAVY_LIBRARIES if name in mapped],
    }


def _starts(home: Path) -> dict[str, float]:
    """Medians over :data:`STARTS` starts."""
    found = []
    for _ in range(STARTS):
        with running_service(home) as (_, process, start_s):
            found.append((start_s, *_memory_mb(process)))
    start_s, rss_mb, private_mb = (statistics.median(values) for values in zip(*found, strict=True))
    return {"start_to_ready_s": round(start_s, 2), "rss_mb": rss_mb, "private_mb": private_mb}


@contextmanager
def running_service(home: Path, answers: str = "/ready") -> Iterator[tuple[str, psutil.Process, float]]:
    """A running service: its base URL, its process, and the seconds from start to ready.

    :param answers: the path that says 200 once it is; an index without occupations is never ready.
    """
    with listening_socket("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", "from search_api.server import serve; serve()"],
        cwd=ROOT,
        env={**environment(home), "JOBLENS_SERVE_PORT": str(port)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        while not _is_ready(url + answers):
            if process.poll() is not None:
                raise RuntimeError(f"the service ended with {process.returncode} before it was ready")
            time.sleep(0.01)
        yield url, psutil.Process(process.pid), time.perf_counter() - began
    finally:
        process.terminate()
        process.wait(timeout=60)


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(url, timeout=30).status_code == 200
    except httpx.TransportError:
        return False


def _titles() -> list[str]:
    """Distinct titles that no index holds word for word."""
    path = SHARED / "eval" / "titles_lca_dev.csv" if REAL else FIXTURES / "titles.csv"
    with path.open(newline="") as file:
        return list(islice(dict.fromkeys(row["title"] for row in csv.DictReader(file)), REQUESTS))


def _classify_ms(client: httpx.Client, title: str) -> float:
    return _timed_ms(client, "POST", "/v1/classify", {"queries": [title]})


def _timed_ms(client: httpx.Client, method: str, path: str, body: object = None) -> float:
    began = time.perf_counter()
    client.request(method, path, json=body).raise_for_status()
    return 1_000 * (time.perf_counter() - began)


def _memory_mb(process: psutil.Process) -> tuple[int, int]:
    """Resident memory, and what of it is no page of a file."""
    found = process.memory_info()
    return round(found.rss / 1e6), round((found.rss - found.shared) / 1e6)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
