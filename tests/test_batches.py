"""What becomes of batches when processes die, clocks run out, stores are gone or others are waiting."""

from __future__ import annotations

import json
import math
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
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
from search_api.batch_store import Batch, BatchStore, QueueLength
from search_api.batch_tasks import ClassifyTask, MatchTask, RowLimits, run_rows
from search_api.batch_worker import ChunkSize, Pace, Traffic, Worker
from search_api.batches import Batches
from search_api.gate import request_log
from search_api.settings import ServeSettings
from tests.batch_service import (
    BOUND_S,
    beside,
    copied,
    ended,
    hand_in,
    idle,
    lines_of,
    results,
    serving,
)
from tests.conftest import REPOSITORY
from tests.tenant_service import ADDRESS

TITLES = [f"{name} {number}" for number in range(30) for name in ("Nurse", "Cook")]
SMALL = ChunkSize(8, 1_000_000)


@pytest.fixture(scope="module")
def index(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """The index that the batches of this module share."""
    with copied(workspace, tmp_path_factory.mktemp("index")) as opened:
        yield opened


def batches_of(workspace: Workspace, home: Path, traffic: Traffic | None = None) -> Batches:
    return Batches(beside(workspace, home), ServeSettings(), log=request_log(), traffic=traffic)


def created(batches: Batches, rows: bytes) -> Batch:
    with batches.upload() as upload:
        upload.write(rows)
        return batches.create(upload, "local", "classify", ClassifyTask(evidence=0, top_k=1), "jsonl")


def worker_of(
    workspace: Workspace,
    home: Path,
    *,
    stopping: Callable[[], bool] = lambda: False,
    others_wait: Callable[[], bool] = lambda: False,
) -> Worker:
    """A worker in this thread."""
    return Worker(
        beside(workspace, home), BatchStore(home / "batches"), RowLimits(), keep_s=60, log=request_log(),
        traffic=Traffic(), others_wait=others_wait, stopping=stopping,
    )  # fmt: skip


def until(true: Callable[[], bool]) -> None:
    limit = time.monotonic() + BOUND_S
    while not true():
        assert time.monotonic() < limit
        time.sleep(0.01)


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


# ---- one turn of the worker


def test_others_get_a_turn_and_a_batch_goes_on_where_it_was(
    index: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_worker, "TURN_S", -1.0)
    monkeypatch.setattr(batch_worker, "QUIET", SMALL)
    client = idle(index, tmp_path)
    id = hand_in(client, lines_of(*TITLES[:20]))["id"]
    waiting = iter([False, True, False, False, True, *[False] * 9])
    worker = worker_of(index, tmp_path, others_wait=lambda: next(waiting))
    done = []
    while (again := worker.work(id)) is not None:
        assert again == 0
        done.append(client.get(f"/v1/batches/{id}").json()["done"])
    assert done == [8, 20]
    assert [line["row"]["title"] for line in results(client, id)] == TITLES[:20]


def test_what_runs_shows_the_rows_done_and_can_be_stopped(
    index: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_worker, "QUIET", SMALL)
    client = idle(index, tmp_path)
    id = hand_in(client, lines_of(*TITLES), task="classify")["id"]
    stop = iter([False, True, False, False])
    worker = worker_of(index, tmp_path, stopping=lambda: next(stop))
    assert worker.work(id) == 0
    response = client.get(f"/v1/batches/{id}/results")
    assert (response.headers["x-batch-state"], response.headers["x-batch-rows"]) == ("running", "8")
    assert [line["row"]["title"] for line in results(client, id)] == TITLES[:8]
    assert client.post(f"/v1/batches/{id}/cancel").json()["state"] == "cancelled"
    assert worker.work(id) is None
    assert results(client, id) == []
    assert not list((tmp_path / "batches").glob(f"{id}*"))


def test_a_batch_cancelled_during_a_chunk_counts_nothing_of_it(
    index: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = idle(index, tmp_path)
    id = hand_in(client, lines_of("Nurse"))["id"]
    write = batch_files.Results.write

    def cancelled_meanwhile(self: batch_files.Results, lines: list[str]) -> int:
        client.post(f"/v1/batches/{id}/cancel")
        return write(self, lines)

    monkeypatch.setattr(batch_files.Results, "write", cancelled_meanwhile)
    assert worker_of(index, tmp_path).work(id) is None
    batch = client.get(f"/v1/batches/{id}").json()
    assert (batch["state"], batch["done"]) == ("cancelled", 0)
    assert not list((tmp_path / "batches").glob(f"{id}*"))


def test_a_store_that_does_not_answer_is_waited_for_and_then_given_up(
    index: Workspace, empty_workspace: Workspace, tmp_path: Path
) -> None:
    client = idle(index, tmp_path)
    id = hand_in(client, lines_of("Nurse"))["id"]
    parts = {"encoder": empty_workspace.encoder, "store": empty_workspace.whole_store}
    without = Workspace(empty_workspace.model_settings, empty_workspace.store_settings, parts)
    worker = worker_of(without, tmp_path)
    assert [worker.work(id) for _ in range(3)] == [5, 10, 20]
    batch = client.get(f"/v1/batches/{id}").json()
    assert (batch["state"], batch["detail"][:22]) == ("running", "The index is not there")
    assert [worker.work(id) for _ in range(5)] == [40, 80, 160, 300, None]
    assert client.get(f"/v1/batches/{id}").json()["state"] == "failed"
    assert not (tmp_path / "batches" / f"{id}.input").exists()


def test_a_store_that_comes_back_is_forgiven(index: Workspace, tmp_path: Path) -> None:
    id = hand_in(idle(index, tmp_path), lines_of("Nurse"))["id"]
    store = BatchStore(tmp_path / "batches")
    assert [store.failed(id, "gone") for _ in range(2)] == [1, 2]
    assert worker_of(index, tmp_path).work(id) is None
    batch = store.find(id)
    store.close()
    assert batch is not None
    assert (batch.state, batch.failures, batch.detail) == ("done", 0, "")


def test_what_nobody_expected_fails_the_batch_and_logs_no_text(
    index: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> Iterator[None]:
        raise RuntimeError("the secret sentence of a user")

    client = idle(index, tmp_path)
    id = hand_in(client, lines_of("Nurse"))["id"]
    monkeypatch.setattr(batch_worker, "run_rows", broken)
    assert worker_of(index, tmp_path).work(id) is None
    batch = client.get(f"/v1/batches/{id}").json()
    assert batch["state"] == "failed"
    assert batch["detail"] == f"an unexpected error; the service's log has it under batch {id}"
    logged = capsys.readouterr().err
    assert "secret" not in logged
    assert "RuntimeError" in logged


# ---- room for requests


def test_chunks_are_small_while_requests_are_answered_and_a_while_after(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    in_flight = iter([0, 2, 1, 0, 0])
    pace = Pace(Traffic(lambda: next(in_flight)))
    assert pace.size() == batch_worker.QUIET
    monkeypatch.setattr(batch_worker, "QUIET_S", math.inf)
    assert pace.size() == batch_worker.BUSY  # after it let two go
    assert pace.size() == batch_worker.BUSY


def test_requests_that_came_and_went_between_two_chunks_count(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = iter([7, 7, 8, 8])
    pace = Pace(Traffic(begun=lambda: next(begun)))
    assert pace.size() == batch_worker.QUIET
    monkeypatch.setattr(batch_worker, "QUIET_S", 3_600)
    assert pace.size() == batch_worker.BUSY
    monkeypatch.setattr(batch_worker, "QUIET_S", -1)
    assert pace.size() == batch_worker.QUIET


def test_a_batch_goes_on_though_requests_never_end() -> None:
    calls = []

    def always() -> int:
        calls.append(1)
        return 1

    assert Pace(Traffic(always)).size() == batch_worker.BUSY
    assert len(calls) == batch_worker.MOST_YIELDS


def test_a_chunk_ends_with_the_row_that_makes_it_long(
    index: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_worker, "QUIET", ChunkSize(100, 3_000))
    monkeypatch.setattr(batch_worker, "TURN_S", -1.0)
    client = idle(index, tmp_path)
    rows = lines_of(*({"title": "Nurse", "note": "x" * 1_000} for _ in range(7)))
    id = hand_in(client, rows)["id"]
    waiting = iter([False, True] * 4)
    worker = worker_of(index, tmp_path, others_wait=lambda: next(waiting))
    done = []
    while worker.work(id) is not None:
        done.append(client.get(f"/v1/batches/{id}").json()["done"])
    assert done == [3, 6, 7]


def test_requests_for_batches_are_no_reason_to_slow_down(index: Workspace, tmp_path: Path) -> None:
    traffic = batches_of(index, tmp_path, Traffic(lambda: 3, lambda: 9)).traffic
    assert (traffic.in_flight(), traffic.begun()) == (3, 9)
    batches = batches_of(index, tmp_path, Traffic(lambda: 3, lambda: 9))
    with batches.request(), batches.request():
        assert (batches.traffic.in_flight(), batches.traffic.begun()) == (1, 7)
    assert (batches.traffic.in_flight(), batches.traffic.begun()) == (3, 7)


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
