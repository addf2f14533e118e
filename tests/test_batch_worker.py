"""One turn of the worker of batches: what it does while others wait, and when the store is gone."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.workspace import Workspace
from search_api import batch_files, batch_worker
from search_api.batch_store import BatchStore
from search_api.batch_worker import ChunkSize, Pace, Traffic
from tests.batch_service import (
    batches_of,
    copied,
    hand_in,
    idle,
    lines_of,
    results,
    worker_of,
)

TITLES = [f"{name} {number}" for number in range(30) for name in ("Nurse", "Cook")]
SMALL = ChunkSize(8, 1_000_000)


@pytest.fixture(scope="module")
def index(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """The index that the batches of this module share."""
    with copied(workspace, tmp_path_factory.mktemp("index")) as opened:
        yield opened


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
