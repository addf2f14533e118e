from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from preprocess.spacy_blank import blank_english, load_spacy

ROOT = Path(__file__).resolve().parent.parent


def run_fresh(code: str) -> str:
    """What a fresh interpreter prints, with warnings as errors in our own code."""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_spacy_comes_without_torch_and_torch_can_be_imported_afterwards() -> None:
    printed = run_fresh(
        "import sys\n"
        "from preprocess.spacy_blank import blank_english, load_spacy\n"
        "load_spacy(); blank_english()\n"
        "import thinc.compat\n"
        "print('torch' in sys.modules, thinc.compat.has_torch)\n"
        "import torch\n"
        "print(torch.ones(2).sum().item(), any('Hide' in repr(finder) for finder in sys.meta_path))\n"
    )
    assert printed.splitlines() == ["False False", "2.0 False"]


def test_torch_that_is_there_already_is_left_alone() -> None:
    printed = run_fresh(
        "import torch\n"
        "from preprocess.spacy_blank import load_spacy\n"
        "load_spacy()\n"
        "import sys, thinc.compat\n"
        "print(sys.modules['torch'] is torch, thinc.compat.has_torch)\n"
    )
    assert printed == "True True"


def test_another_thread_may_import_torch_at_the_same_time() -> None:
    printed = run_fresh(
        "import sys, threading\n"
        "from preprocess import spacy_blank\n"
        "found = []\n"
        "def other():\n"
        "    import torch\n"
        "    found.append(torch.__name__)\n"
        "with spacy_blank.hidden(spacy_blank.HIDDEN):\n"
        "    thread = threading.Thread(target=other); thread.start(); thread.join()\n"
        "print(found)\n"
    )
    assert printed == "['torch']"


def test_threads_share_one_pipeline() -> None:
    with ThreadPoolExecutor(8) as pool:
        pipelines = list(pool.map(lambda _: blank_english(), range(8)))
    assert all(pipeline is pipelines[0] for pipeline in pipelines)
    assert [token.text for token in pipelines[0]("I write C++.")] == ["I", "write", "C++", "."]


def test_load_spacy_gives_the_module() -> None:
    assert load_spacy().__name__ == "spacy"
