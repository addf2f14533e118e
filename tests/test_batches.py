"""What becomes of batches when processes die, clocks run out, stores are gone or others are waiting."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from indexer.workspace import Workspace
from preprocess.errors import StoreCorrupt, UnknownBatch
from search_api import batch_files, batch_queue, batch_worker
from search_api.app import create_app
from search_api.batch import Row
from search_api.batch_schemas import JSONL
from search_api.batch_store import BatchStore, QueueLength
from search_api.batch_tasks import ClassifyTask, MatchTask, run_rows
from search_api.batch_worker import Traffic
from search_api.settings import ServeSettings
from tests.batch_service import (
    BOUND_S,
    batches_of,
    copied,
    created,
    ended,
    hand_in,
    idle,
    lines_of,
    results,
    serving,
    until,
)
from tests.conftest import REPOSITORY
from tests.tenant_service import ADDRESS

TITLES = [f"{name} {number}" for number in range(30) for name in ("Nurse", "Cook")]


@pytest.fixture(scope="module")
def index(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """The index that the batches of this module share."""
    with copied(workspace, tmp_path_factory.mktemp("index")) as opened:
        yield opened


# ---- a process that dies

DIES = """
import os, signal, sys, time
from starlette.testclient import TestClient
from search_api import batch_files, batch_store, batch_worker
from search_api.app import create_app

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

def half_a_line(self, lines):
    self._file.write(lines[0][:20].encode())
    self._file.flush()
    die()

def on_third_call(owner, name, instead=None, after=False):
    original, calls = getattr(owner, name), []
    def counted(*given, **named):
        calls.append(1)
        if len(calls) == 3 and not after:
            (instead or die)(*given)
        answer = original(*given, **named)
        if len(calls) == 3:
            die()
        return answer
    setattr(owner, name, counted)

batch_worker.QUIET = batch_worker.ChunkSize(8, 1_000_000)
{
    "half a line is written": lambda: on_third_call(batch_files.Results, "write", half_a_line),
    "written and not counted": lambda: on_third_call(batch_store.BatchStore, "advance"),
    "counted": lambda: on_third_call(batch_store.BatchStore, "advance", after=True),
}[sys.argv[1]]()
with TestClient(create_app()):
    time.sleep(600)
"""


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
def test_no_row_is_lost_or_doubled_by_kills(workspace: Workspace, tmp_path: Path) -> None:
    with copied(workspace, tmp_path) as own:
        id = hand_in(idle(own, tmp_path), lines_of(*TITLES))["id"]
    store = BatchStore(tmp_path / "batches")
    answered = []
    child = {**os.environ, "JOBLENS_HOME": str(tmp_path)}
    for place in ("half a line is written", "written and not counted", "counted"):
        died = subprocess.run(
            [sys.executable, "-c", DIES, place], cwd=REPOSITORY, env=child, capture_output=True,
            text=True, timeout=BOUND_S, check=False,
        )  # fmt: skip
        assert died.returncode == -signal.SIGKILL, died.stderr
        batch = store.find(id)
        assert batch is not None
        answered.append((batch.state, batch.done))
    store.close()
    assert answered == [("running", 16), ("running", 32), ("running", 56)]
    with (
        Workspace(workspace.model_settings, own.store_settings, {"encoder": workspace.encoder}) as again,
        TestClient(create_app(again, ServeSettings()), base_url=ADDRESS) as client,
    ):
        batch_now = ended(client, id)
        found = results(client, id)
    assert (batch_now["state"], batch_now["done"], batch_now["errors"]) == ("done", 60, 0)
    assert [line["row"]["title"] for line in found] == TITLES
    groups = [line["result"]["candidates"][0]["code"][:2] for line in found]
    assert groups == ["29", "35"] * 30


def test_closing_ends_after_a_chunk_and_the_next_start_goes_on(index: Workspace, tmp_path: Path) -> None:
    titles = TITLES * 40
    # With a request always in flight a chunk of 32 takes 0.1 s at least, so that rows are left to do.
    slow = batches_of(index, tmp_path, Traffic(in_flight=lambda: 1))
    slow.start()
    id = created(slow, lines_of(*titles)).id
    until(lambda: slow.find("local", id).done > 0)
    slow.close()
    before = slow.find("local", id)
    assert (before.state, before.done % batch_worker.BUSY.rows) == ("running", 0)
    assert 0 < before.done < len(titles)
    whole = b"".join(slow.results(before)).splitlines()
    assert [json.loads(line)["row"]["title"] for line in whole] == titles[: before.done]
    slow.close()
    again = batches_of(index, tmp_path)
    again.start()
    until(lambda: again.find("local", id).done > before.done)
    again.cancel("local", id)
    again.close()


def test_an_app_that_stops_and_starts_finishes_what_it_took(index: Workspace, tmp_path: Path) -> None:
    id = hand_in(idle(index, tmp_path), lines_of(*TITLES))["id"]
    with serving(index, tmp_path) as client:
        assert ended(client, id)["state"] == "done"
        assert [line["row"]["title"] for line in results(client, id)] == TITLES


def test_of_two_services_over_a_folder_one_works_and_the_other_takes_over(
    index: Workspace, tmp_path: Path
) -> None:
    first, second = batches_of(index, tmp_path), batches_of(index, tmp_path)
    first.start()
    here = created(first, lines_of("Nurse"))
    second.start()
    there = created(second, lines_of("Cook"))
    until(lambda: all(first.find("local", batch.id).state == "done" for batch in (here, there)))
    first.close()
    after = created(second, lines_of("Nurse"))  # the one that is left takes over
    until(lambda: second.find("local", after.id).state == "done")
    second.close()


def test_starting_leaves_the_signals_alone_and_writes_nothing(index: Workspace, tmp_path: Path) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    batches = batches_of(index, tmp_path)
    batches.start()
    assert not (tmp_path / "batches").exists()
    created(batches, lines_of("Nurse"))
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
    batches.close()


def test_the_queue_holds_ids_as_json(index: Workspace, tmp_path: Path) -> None:
    id = hand_in(idle(index, tmp_path), lines_of("Nurse Zanzibar"))["id"]
    connection = sqlite3.connect(tmp_path / "batches" / batch_queue.FILE)
    [(data,)] = connection.execute("SELECT data FROM task").fetchall()
    connection.close()
    assert [id] in json.loads(data)
    assert b"Zanzibar" not in data


# ---- time, metrics, damage


def test_an_expired_batch_is_gone_and_erased_with_its_rows(index: Workspace, tmp_path: Path) -> None:
    hour_days = 1 / 24
    client = idle(index, tmp_path, batch_days=hour_days)
    id = hand_in(client, lines_of("Nurse"))["id"]
    connection = sqlite3.connect(tmp_path / "batches" / "batches.db")
    [(created, expires)] = connection.execute("SELECT created, expires FROM batch").fetchall()
    assert expires - created == pytest.approx(3_600)
    connection.execute("UPDATE batch SET expires = ?", (created - 1,))
    connection.commit()
    connection.close()
    assert client.get(f"/v1/batches/{id}").status_code == 404
    assert client.get("/v1/batches").json()["batches"] == []
    assert (tmp_path / "batches" / f"{id}.input").exists()
    with serving(index, tmp_path):
        pass  # tidies when it starts, and every five minutes
    assert not list((tmp_path / "batches").glob(f"{id}*"))


def test_files_that_a_killed_process_left_are_erased_after_an_hour(index: Workspace, tmp_path: Path) -> None:
    kept = hand_in(idle(index, tmp_path), lines_of("Nurse"))["id"]
    folder = tmp_path / "batches"
    old = [folder / f"a{suffix}" for suffix in (".part", ".input", ".jsonl")]
    fresh = folder / "b.part"  # may be an upload of another process
    for path in [*old, fresh]:
        path.write_text("text of a person")
    an_hour_ago = time.time() - batch_files.ABANDONED_S - 60
    for path in [*old, folder / f"{kept}.input"]:
        os.utime(path, (an_hour_ago, an_hour_ago))
    batch_files.erase_abandoned(folder, {kept})
    assert [path.exists() for path in [*old, fresh, folder / f"{kept}.input"]] == [False] * 3 + [True] * 2


def test_the_length_of_the_queue_is_told(index: Workspace, tmp_path: Path) -> None:
    batches = batches_of(index, tmp_path)
    assert batches.queue_length() == QueueLength(0, 0, 0)
    client = idle(index, tmp_path)
    ids = [hand_in(client, lines_of(*["Nurse"] * count))["id"] for count in (3, 4)]
    assert batches.queue_length() == QueueLength(2, 0, 7)
    store = BatchStore(tmp_path / "batches")
    store.start(ids[0])
    store.advance(ids[0], rows=1, errors=0, results_bytes=0, worked_s=1)
    store.close()
    assert batches.queue_length() == QueueLength(1, 1, 6)
    batches.close()
    page = client.get("/metrics").text
    assert "joblens_batches_queued 1.0" in page
    assert "joblens_batch_rows_left 6.0" in page


def test_a_damaged_record_is_told_and_the_service_lives(index: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "batches"
    folder.mkdir()
    (folder / "batches.db").write_bytes(b"no database at all" * 100)
    with serving(index, tmp_path) as client:
        response = client.get("/v1/batches")
        assert (response.status_code, response.json()["type"]) == (500, "/problems/store-corrupt")
        assert client.post("/v1/classify", json={"queries": ["Nurse"]}).status_code == 200
        assert "joblens_batches_queued NaN" in client.get("/metrics").text
    with pytest.raises(StoreCorrupt, match="should be the record of the batches"):
        BatchStore(folder).unfinished()


def test_a_damaged_queue_makes_no_half_a_batch(index: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "batches"
    folder.mkdir()
    (folder / batch_queue.FILE).write_bytes(b"no database at all" * 100)
    with serving(index, tmp_path) as client:
        headers = {"content-type": JSONL}
        response = client.post("/v1/batches?task=classify", content=lines_of("Nurse"), headers=headers)
        assert (response.status_code, response.json()["type"]) == (500, "/problems/store-corrupt")
        assert client.get("/v1/batches").json()["batches"] == []
    assert not list(folder.glob("*.input"))


def test_a_batch_that_fell_out_of_the_queue_is_put_back(index: Workspace, tmp_path: Path) -> None:
    ids = [hand_in(idle(index, tmp_path), lines_of("Nurse"))["id"] for _ in range(2)]
    queue = batch_queue.BatchQueue(tmp_path / "batches", lambda _: None, lambda: None)
    queue.restore([*ids, "lost"])
    assert queue.waiting == 3
    queue.close()


def test_a_batch_that_is_not_there_is_unknown(index: Workspace, tmp_path: Path) -> None:
    with pytest.raises(UnknownBatch, match="there is no batch x, or it has expired"):
        batches_of(index, tmp_path).find("local", "x")
    assert not (tmp_path / "batches").exists()


# ---- one function for every way in


def test_rows_are_answered_the_same_in_any_chunks(index: Workspace) -> None:
    texts = ("Baked bread.", "", "Wrote Go.")
    rows: list[tuple[Row, str]] = [({"a": "You bake bread.", "b": text}, "") for text in texts]
    whole = list(run_rows(index, rows, MatchTask()))
    ones = list(run_rows(index, rows, MatchTask(), take=lambda stream: list(islice(stream, 1))))
    assert [outcome.error for outcome in whole] == ["", "expected a brag in the column b, found none", ""]
    assert [outcome.error for outcome in ones] == [outcome.error for outcome in whole]
    assert [outcome.row for outcome in ones] == [{}, {}, {}]


def test_known_columns_are_not_looked_for_again(index: Workspace) -> None:
    task = ClassifyTask(evidence=0, top_k=1).fitted(["id", "title"])
    assert asdict(task) == {
        "title_column": "title", "body_column": None, "top_k": 1, "level": 6, "evidence": 0, "known": True,
    }  # fmt: skip
    rows: list[tuple[Row, str]] = [({"id": 1}, ""), ({"title": "Nurse"}, "")]
    assert [outcome.error for outcome in run_rows(index, rows, task)] == ["expected a title, found ''", ""]
