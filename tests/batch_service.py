"""The REST service with batches of its own, over an index that it shares, and what waits for them."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from indexer.settings import StoreSettings
from indexer.workspace import Workspace
from search_api.app import create_app
from search_api.batch_schemas import JSONL
from search_api.batch_store import Batch, BatchStore
from search_api.batch_tasks import ClassifyTask, RowLimits
from search_api.batch_worker import Traffic, Worker
from search_api.batches import Batches
from search_api.gate import request_log
from search_api.settings import ServeSettings
from tests.tenant_service import ADDRESS

BOUND_S = 120
Json = dict[str, Any]


@contextmanager
def copied(workspace: Workspace, home: Path) -> Iterator[Workspace]:
    """The shared index in a data directory of its own: other tests close the shared store."""
    workspace.close()  # opens again by itself when it is next used
    shutil.copytree(workspace.store_settings.folder, home / "store")
    settings = StoreSettings(home=home)
    with Workspace(workspace.model_settings, settings, {"encoder": workspace.encoder}) as opened:
        yield opened


def beside(workspace: Workspace, home: Path) -> Workspace:
    """The same index and encoder with a data directory of its own for all else."""
    parts = {"encoder": workspace.encoder, "store": workspace.whole_store}
    return Workspace(workspace.model_settings, StoreSettings(home=home), parts)


@contextmanager
def serving(workspace: Workspace, home: Path, **limits: Any) -> Iterator[TestClient]:
    """A service that works on batches in ``home``."""
    with TestClient(create_app(beside(workspace, home), ServeSettings(**limits)), base_url=ADDRESS) as client:
        yield client


def idle(workspace: Workspace, home: Path, **limits: Any) -> TestClient:
    """A service that was not started: it takes batches and works on none."""
    return TestClient(create_app(beside(workspace, home), ServeSettings(**limits)), base_url=ADDRESS)


def lines_of(*rows: object) -> bytes:
    """Rows as jsonl."""
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def hand_in(
    client: TestClient,
    rows: bytes,
    *,
    media_type: str = JSONL,
    headers: Mapping[str, str] | None = None,
    **parameters: Any,
) -> Json:
    """Make a batch, which must go well."""
    given = {"task": "classify", **parameters}
    response = client.post(
        "/v1/batches", params=given, content=rows, headers={"content-type": media_type, **(headers or {})}
    )
    assert response.status_code == 202, response.text
    batch: Json = response.json()
    return batch


def ended(client: TestClient, id: str, headers: Mapping[str, str] | None = None) -> Json:
    """The batch once nothing more happens to it."""
    limit = time.monotonic() + BOUND_S
    while True:
        batch: Json = client.get(f"/v1/batches/{id}", headers=headers).json()
        if batch["state"] not in ("queued", "running"):
            return batch
        assert time.monotonic() < limit, batch
        time.sleep(0.02)


def results(client: TestClient, id: str, **parameters: Any) -> list[Json]:
    """The lines of results that are there."""
    response = client.get(f"/v1/batches/{id}/results", params=parameters)
    assert response.status_code == 200, response.text
    return [json.loads(line) for line in response.text.splitlines()]


def answered(client: TestClient, rows: bytes, **given: Any) -> list[Json]:
    """The lines of results of a whole batch."""
    id = hand_in(client, rows, **given)["id"]
    batch = ended(client, id)
    assert batch["state"] == "done", batch
    return results(client, id)


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
