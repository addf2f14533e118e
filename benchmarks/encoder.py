"""How fast and how true the default encoder is, against sentence-transformers with its defaults.

Both encode the same distinct O*NET titles and task sentences in one run, in turns, so that what else the
machine does hits both. A ratio is the median of the ratios of the turns. On a machine that is busy with
other work the ratio comes out too high, since torch's threads wait for each other: ``cores_used_by_others``
says how busy it was, and over 0.2 the run should be repeated.
"""

from __future__ import annotations

import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.data import FIXTURES, ONET, REAL, environment, model_cache
from benchmarks.machine import busy_s
from indexer.encoder import open_encoder, packaged_folder
from indexer.settings import ModelSettings

TITLES = 3000
TASKS = 1200
REPEATS = 5
WARM = 200
QUERIES = 300

_OPEN = """
import time
start = time.perf_counter()
from indexer.encoder import open_encoder
from indexer.settings import ModelSettings
settings = ModelSettings()
middle = time.perf_counter()
open_encoder(settings).encode(["nurse"])
print(time.perf_counter() - start, time.perf_counter() - middle)
"""


def run() -> dict[str, object]:
    """Measure; one to two minutes on 2 cores.

    :return: ``ratio_titles`` and ``ratio_tasks`` (texts per second, ours over the reference's),
        ``cosine_titles`` and ``cosine_tasks`` (mean, ours to the reference's vectors; ``..._min`` the
        least), both speeds, one text's latency and the time to open. ``..._cold`` is the first pass, in
        which OpenVINO makes the kernels of every batch shape.
    """
    from sentence_transformers import SentenceTransformer

    settings = ModelSettings(cache=model_cache())
    encoder = open_encoder(settings)
    reference = SentenceTransformer(str(packaged_folder()), device="cpu")
    result: dict[str, object] = {
        "source": "O*NET 27.0" if REAL else "fixtures/onet (O*NET is not beside the checkout)",
        "model": encoder.name,
        "precision": getattr(encoder, "precision", "f32"),
        "repeats": REPEATS,
    }
    start, (all_before, own_before) = time.perf_counter(), busy_s()
    for kind, texts in (("titles", _titles()), ("tasks", _tasks())):
        ours_cold_s, ours = _timed(encoder.encode, texts)
        reference.encode(texts[:WARM], show_progress_bar=False)
        ours_s, theirs_s, theirs = [], [], ours
        for _ in range(REPEATS):
            ours_s.append(_timed(encoder.encode, texts)[0])
            seconds, theirs = _timed(lambda x: reference.encode(x, show_progress_bar=False), texts)
            theirs_s.append(seconds)
        cosines = np.sum(ours * theirs, axis=1) / np.linalg.norm(theirs, axis=1)
        ratios = [there / here for here, there in zip(ours_s, theirs_s, strict=True)]
        result |= {
            f"n_{kind}": len(texts),
            f"ratio_{kind}": round(statistics.median(ratios), 2),
            f"ratio_{kind}_range": [round(min(ratios), 2), round(max(ratios), 2)],
            f"{kind}_per_s": round(len(texts) / statistics.median(ours_s)),
            f"{kind}_per_s_cold": round(len(texts) / ours_cold_s),
            f"{kind}_per_s_reference": round(len(texts) / statistics.median(theirs_s)),
            f"cosine_{kind}": round(float(cosines.mean()), 5),
            f"cosine_{kind}_min": round(float(cosines.min()), 5),
        }
    one_ms = [1000 * _timed(encoder.encode, [text])[0] for text in _titles()[:QUERIES]]
    their_ms = [
        1000 * _timed(lambda x: reference.encode(x, show_progress_bar=False), [text])[0]
        for text in _titles()[: QUERIES // 5]
    ]
    all_after, own_after = busy_s()
    others_s = (all_after - all_before) - (own_after - own_before)
    elapsed_s = time.perf_counter() - start
    import_and_open_s, open_s = _open_s()
    return result | {
        "cores_used_by_others": round(max(0.0, others_s) / elapsed_s, 2),
        "one_text_ms_p50": round(statistics.median(one_ms), 2),
        "one_text_ms_p95": round(float(np.quantile(one_ms, 0.95)), 2),
        "one_text_ms_p50_reference": round(statistics.median(their_ms), 2),
        "open_s": round(open_s, 2),
        "import_and_open_s": round(import_and_open_s, 2),
    }


def _timed(
    encode: Callable[[list[str]], npt.NDArray[np.float32]], texts: Sequence[str]
) -> tuple[float, npt.NDArray[np.float32]]:
    start = time.perf_counter()
    vectors = encode(list(texts))
    return time.perf_counter() - start, vectors


def _titles() -> list[str]:
    return _column("Alternate Titles.txt", "Alternate Title", TITLES)


def _tasks() -> list[str]:
    return _column("Task Statements.txt", "Task", TASKS)


def _column(file: str, column: str, size: int) -> list[str]:
    """A fixed random sample of the distinct values of a column of the O*NET release."""
    lines = (ONET / file).read_text(encoding="utf-8").splitlines()
    position = lines[0].split("\t").index(column)
    distinct = list(dict.fromkeys(line.split("\t")[position] for line in lines[1:]))
    return random.Random(1).sample(distinct, min(size, len(distinct)))


def _open_s() -> tuple[float, float]:
    """Seconds of a new process to import, open and encode one text; the same without the imports.

    The median of five, with the converted model already on disk.
    """
    found = [
        subprocess.run(
            [sys.executable, "-c", _OPEN],
            env=environment(Path("unused")),
            cwd=FIXTURES.parent,
            check=True,
            capture_output=True,
            text=True,
        ).stdout.split()
        for _ in range(5)
    ]
    return (
        statistics.median(float(line[0]) for line in found),
        statistics.median(float(line[1]) for line in found),
    )
