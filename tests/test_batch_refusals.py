"""Batches that are refused: parameters, rows and bodies that do not fit, and too many at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from indexer.workspace import Workspace
from search_api.batch_schemas import JSONL
from tests.batch_service import Json, copied, hand_in, idle, lines_of
from tests.problem_shape import assert_problem

NOBODY = "00000000-0000-4000-8000-000000000000"
TITLES = lines_of({"title": "Nurse"}, {"title": "Cook"})


@pytest.fixture(scope="module")
def index(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """The index that the services of this module share."""
    with copied(workspace, tmp_path_factory.mktemp("index")) as opened:
        yield opened


@pytest.fixture
def queued(index: Workspace, tmp_path: Path) -> TestClient:
    """A service that only takes batches."""
    return idle(index, tmp_path)


def posted(client: TestClient, rows: bytes = TITLES, media_type: str = JSONL, **parameters: Any) -> Any:
    headers = {"content-type": media_type}
    return client.post("/v1/batches", params=parameters, content=rows, headers=headers)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({}, "query.task: Field required"),
        ({"task": "cluster"}, "query.task"),
        ({"task": "classify", "topk": 3}, "query.topk: Extra inputs are not permitted"),
        ({"task": "classify", "level": 4}, "query.level"),
        ({"task": "classify", "top_k": 101}, "query.top_k"),
        ({"task": "classify", "brag_id": "me"}, "brag_id is no parameter of classify"),
        ({"task": "match", "level": 6}, "level is no parameter of match"),
        ({"task": "classify", "title_column": "nope"}, "there is no column 'nope'; found: title"),
        ({"task": "classify", "body_column": "nope"}, "there is no column 'nope'; found: title"),
        ({"task": "match"}, "there is no column 'a'; found: title"),
        ({"task": "gap"}, "expected a column posting or posting_id, found: title"),
        ({"task": "gap", "body_column": "title"}, "expected a column brag or brag_id, found: title"),
        ({"task": "gap", "covered": 0.1, "partial": 0.5}, "expected -1 <= partial <= covered <= 1"),
    ],
)
def test_parameters_that_do_not_fit_are_422_and_make_no_batch(
    queued: TestClient, parameters: Json, words: str
) -> None:
    problem = assert_problem(posted(queued, **parameters), 422, "invalid-parameter")
    assert words in problem["detail"]
    assert queued.get("/v1/batches").json()["batches"] == []


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (b"", "expected rows of jsonl: found none"),
        (b" \n\n", "expected rows of jsonl: found none"),
        (b"title\nNurse\n", "expected rows of jsonl: line 1 is not valid JSON"),
        (b"%PDF-1.7 \x00\x01", "expected rows as text, found binary data"),
    ],
)
def test_a_body_without_rows_is_422_and_leaves_nothing(
    queued: TestClient, tmp_path: Path, rows: bytes, words: str
) -> None:
    problem = assert_problem(posted(queued, rows, task="classify"), 422, "read-error")
    assert words in problem["detail"]
    assert list((tmp_path / "batches").iterdir()) == []


@pytest.mark.parametrize("media_type", ["", "application/json", "text/plain", "multipart/form-data"])
def test_rows_of_another_content_type_are_415(queued: TestClient, media_type: str) -> None:
    problem = assert_problem(posted(queued, media_type=media_type, task="classify"), 415)
    assert "application/x-ndjson" in problem["detail"]


def test_compressed_rows_are_415(queued: TestClient) -> None:
    headers = {"content-type": JSONL, "content-encoding": "gzip"}
    response = queued.post("/v1/batches?task=classify", content=TITLES, headers=headers)
    assert_problem(response, 415, "unsupported-format")


def test_too_many_bytes_are_413_announced_or_not(index: Workspace, tmp_path: Path) -> None:
    client = idle(index, tmp_path, max_batch_bytes=1_024)
    rows = lines_of(*["Nurse"] * 200)
    assert "1,024 bytes" in assert_problem(posted(client, rows, task="classify"), 413, "too-large")["detail"]

    def pieces() -> Iterator[bytes]:
        yield from (rows[start : start + 100] for start in range(0, len(rows), 100))

    response = client.post("/v1/batches?task=classify", content=pieces(), headers={"content-type": JSONL})
    assert_problem(response, 413, "too-large")
    assert list((tmp_path / "batches").iterdir()) == []


def test_a_batch_may_be_larger_than_another_body(index: Workspace, tmp_path: Path) -> None:
    client = idle(index, tmp_path, max_body_bytes=1_024, max_file_bytes=1_024)
    assert hand_in(client, lines_of(*["Nurse"] * 200_000))["total"] == 200_000


def test_too_many_rows_are_422(index: Workspace, tmp_path: Path) -> None:
    client = idle(index, tmp_path, max_batch_rows=1)
    problem = assert_problem(posted(client, task="classify"), 422, "invalid-parameter")
    assert "expected at most 1 rows" in problem["detail"]


def test_too_many_unfinished_batches_are_409(index: Workspace, tmp_path: Path) -> None:
    client = idle(index, tmp_path, max_batches=1)
    id = hand_in(client, TITLES)["id"]
    assert_problem(posted(client, task="classify"), 409, "conflict")
    client.post(f"/v1/batches/{id}/cancel")
    assert hand_in(client, TITLES)["state"] == "queued"


def test_without_an_index_a_batch_is_503(empty_workspace: Workspace) -> None:
    client = idle(empty_workspace, empty_workspace.store_settings.home)
    headers = {"content-type": JSONL}
    # The store of an empty data directory, not the shared one.
    client.app.state.workspace = empty_workspace  # type: ignore[attr-defined]
    response = client.post("/v1/batches?task=classify", content=TITLES, headers=headers)
    assert "joblens index onet" in assert_problem(response, 503, "index-missing")["detail"]
