"""The data that benchmarks run on: the real sets where they lie beside the checkout, else the fixtures."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from indexer.settings import ModelSettings, StoreSettings
from indexer.workspace import Workspace

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared" / "data"
FIXTURES = ROOT / "fixtures"
HOME = ROOT / "build" / "bench-home"
REAL = (SHARED / "onet" / "db_27_0_text").is_dir()
ONET = SHARED / "onet" / "db_27_0_text" if REAL else FIXTURES / "onet"
BRAG = FIXTURES / "brags" / "dana_reyes.yaml"
POSTINGS = SHARED / "postings" / "google_job_skills.csv" if REAL else FIXTURES / "postings"
POSTINGS_OPTIONS = (
    ["--title-column", "Title", "--text-column", "Responsibilities",
     "--text-column", "Minimum Qualifications", "--text-column", "Preferred Qualifications"]
    if REAL
    else []
)  # fmt: skip
SOURCE = "O*NET 27.0, 1,250 real postings" if REAL else "fixtures (the real data is not beside the checkout)"


def joblens(home: Path, *arguments: str) -> str:
    """Run the command line in a process of its own over the data directory ``home``."""
    return subprocess.run(
        [sys.executable, "-m", "joblens", *arguments],
        env=environment(home),
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def environment(home: Path) -> dict[str, str]:
    """The environment of a process over ``home``; converted models are shared by all homes."""
    return {**os.environ, "JOBLENS_HOME": str(home), "JOBLENS_MODEL_CACHE": str(model_cache())}


def model_cache() -> Path:
    """Where converted models are kept between benchmarks."""
    return ROOT / "build" / "model-cache"


def open_workspace() -> Workspace:
    """The workspace over the benchmark's data directory, indexed first where it is not yet."""
    indexed_home()
    return Workspace(ModelSettings(cache=model_cache()), StoreSettings(home=HOME))


def indexed_home() -> Path:
    """The benchmark's data directory with O*NET, the postings and a brag document in it."""
    joblens(HOME, "index", "onet", str(ONET))
    joblens(HOME, "index", "postings", str(POSTINGS), *POSTINGS_OPTIONS)
    joblens(HOME, "index", "brags", str(BRAG))
    return HOME
