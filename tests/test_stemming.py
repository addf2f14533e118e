"""Words by their stem."""

from __future__ import annotations

import subprocess
import sys

import pytest

from preprocess.stemming import stem
from tests.conftest import REPOSITORY


@pytest.mark.parametrize(
    ("one", "other"), [("managing", "Manages"), ("calibrated", "calibration"), ("pipeline", "pipelines")]
)
def test_forms_of_a_word_have_one_stem(one: str, other: str) -> None:
    assert stem(one) == stem(other)


def test_other_words_have_others() -> None:
    assert stem("nurse") != stem("nuance")


def test_stemming_loads_no_heavy_library() -> None:
    code = (
        "import sys\nfrom preprocess.stemming import stem\nstem('words')\n"
        "print(*sorted({'scipy', 'sklearn', 'pandas', 'torch'} & set(sys.modules)), 'end')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert done.stdout == "end\n"
