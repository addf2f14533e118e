"""What only the embedded store can suffer: two processes, ``kill -9``, damaged files. Else: test_store.py."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.edge import EdgeStore
from indexer.store import Fingerprint
from preprocess.errors import StoreCorrupt, StoreLocked
from tests.store_engines import PRINT, fill


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EdgeStore]:
    store = EdgeStore(tmp_path / "store")
    yield store
    store.close()


@pytest.fixture
def filled(store: EdgeStore) -> EdgeStore:
    """Three occupations' texts, live."""
    fill(store)
    return store


def test_files_of_what_was_replaced_are_erased(filled: EdgeStore) -> None:
    before = filled.info("occupations").physical
    new = Fingerprint("model", "sha", 8, lexical_view="raw", source="release 2")
    filled.publish("occupations", filled.stage("occupations", new))
    assert not (filled.root / before).exists()


def test_dropping_erases_the_files(filled: EdgeStore) -> None:
    filled.drop("occupations")
    assert list(filled.root.iterdir()) == []


def in_another_process(root: Path, call: str) -> subprocess.CompletedProcess[str]:
    code = (
        "from pathlib import Path\nfrom indexer.edge import EdgeStore\n"
        f"store = EdgeStore(Path({str(root)!r}))\n{call}\n"
    )
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_a_second_process_is_refused_and_told_who_holds_the_store(filled: EdgeStore) -> None:
    filled.count("occupations")
    other = in_another_process(filled.root, "store.count('occupations')")
    assert other.returncode != 0
    assert "StoreLocked" in other.stderr
    assert f"process {os.getpid()}" in other.stderr


def test_this_process_is_refused_while_another_holds_the_store(filled: EdgeStore) -> None:
    filled.close()
    call = "store.count('occupations')\nprint('open', flush=True)\ninput()"
    code = (
        "from pathlib import Path\nfrom indexer.edge import EdgeStore\n"
        f"store = EdgeStore(Path({str(filled.root)!r}))\n{call}"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        with pytest.raises(StoreLocked, match=f"process {other.pid}"):
            EdgeStore(filled.root).count("occupations")
        with pytest.raises(StoreLocked):
            EdgeStore(filled.root).drop("occupations")
        other.communicate("\n")
    assert EdgeStore(filled.root).count("occupations") == 3


def test_what_an_update_returned_for_survives_kill_9(store: EdgeStore) -> None:
    physical = store.stage("postings", PRINT)
    store.publish("postings", physical)
    store.close()
    call = (
        "import os, signal, numpy as np\n"
        "from indexer.store import Point\nfrom preprocess.records import stable_id\n"
        "v = np.eye(8, dtype=np.float32)[0]\n"
        "for n in range(50): store.upsert('postings', [Point(stable_id(n), v, 'x', {'text': str(n)})])\n"
        "print('written', flush=True)\nos.kill(os.getpid(), signal.SIGKILL)"
    )
    other = in_another_process(store.root, call)
    assert (other.stdout, other.returncode) == ("written\n", -9)
    assert EdgeStore(store.root).count("postings") == 50


def test_a_damaged_pointer_is_named_and_other_collections_live_on(filled: EdgeStore) -> None:
    (filled.root / "postings.json").write_text("{not json")
    with pytest.raises(StoreCorrupt, match=r"postings.json"):
        filled.count("postings")
    assert filled.count("occupations") == 3


def test_a_damaged_shard_is_a_clear_error_and_can_be_dropped(filled: EdgeStore) -> None:
    folder = filled.root / filled.info("occupations").physical
    filled.close()
    (folder / "edge_config.json").write_text("{")
    for file in (folder / "segments").rglob("segment.json"):
        file.write_text("{")
    again = EdgeStore(filled.root)
    with pytest.raises(StoreCorrupt, match="joblens delete occupations --all"):
        again.count("occupations")
    again.drop("occupations")
    assert again.collections() == []


def test_a_pointer_to_nothing_is_a_clear_error(filled: EdgeStore) -> None:
    (filled.root / "brags.json").write_text(json.dumps({"physical": "brags-000000000000"}))
    with pytest.raises(StoreCorrupt, match="index brags again"):
        filled.count("brags")
