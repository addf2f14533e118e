"""The service while something under it is broken: what is whole answers, what is not says why."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from starlette.testclient import TestClient

from indexer.workspace import Workspace
from tests.command_line import assert_error, joblens
from tests.problem_shape import assert_problem
from tests.tenant_service import serve_tenants

SEARCH = {"queries": ["night shift"], "top_k": 1}
LARGE = "\n".join(f"I moved pallet {number} to dock {number}." for number in range(1_000))


@pytest.fixture
def served(workspace: Workspace, copied_home: Path) -> Iterator[TestClient]:
    """The service over a copy of the fixtures' index that a test may break."""
    with serve_tenants(workspace, copied_home) as service:
        yield service.client


def search(client: TestClient, collection: str) -> int:
    return client.post("/v1/search", json={"collection": collection, **SEARCH}).status_code


def assert_only_postings_are_broken(client: TestClient, detail: str) -> None:
    """The problem names ``detail``; occupations, brag documents and the list of collections answer."""
    broken = client.post("/v1/search", json={"collection": "postings", **SEARCH})
    assert detail in assert_problem(broken, 500, "store-corrupt")["detail"]
    assert (search(client, "occupations"), search(client, "brags")) == (200, 200)
    assert client.post("/v1/classify", json={"queries": ["line cook"]}).status_code == 200
    assert client.get("/ready").status_code == 200
    listed = client.get("/v1/collections").json()
    assert [found["name"] for found in listed["collections"]] == ["occupations", "brags"]
    assert [(found["name"], detail in found["detail"]) for found in listed["damaged"]] == [("postings", True)]


def test_a_damaged_pointer_breaks_its_own_collection_only(served: TestClient, copied_home: Path) -> None:
    (copied_home / "store" / "postings.json").write_text("{not json")
    assert_only_postings_are_broken(served, "postings.json")


def test_a_damaged_segment_breaks_its_own_collection_only(served: TestClient, copied_home: Path) -> None:
    physical = json.loads((copied_home / "store" / "postings.json").read_text())["physical"]
    for file in (copied_home / "store" / physical / "segments").rglob("segment.json"):
        file.write_text("{")
    assert_only_postings_are_broken(served, "joblens delete postings --all")


def test_status_shows_what_is_whole_and_fails_with_what_is_not(
    copied_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOBLENS_HOME", str(copied_home))
    (copied_home / "store" / "brags.json").write_text("[]")
    ran = joblens("status")
    assert_error(ran, "The store's files are damaged", "brags.json")
    assert [row.split()[0] for row in ran.rows if row[:1].isalpha()] == ["occupations", "postings"]


class _Usage(NamedTuple):
    total: int
    used: int
    free: int


def test_a_full_disk_refuses_documents_and_answers_all_else(
    served: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = "/v1/documents/brag/packer"
    assert served.put(path, json={"text": "I packed 300 boxes a day."}).status_code == 201
    with monkeypatch.context() as full:
        full.setattr(shutil, "disk_usage", lambda _: _Usage(10**9, 10**9, 0))
        assert_problem(served.put(path, json={"text": LARGE}), 507, "storage-full")
        assert search(served, "brags") == 200
        assert served.get(path).json()["text"][0]["text"] == "I packed 300 boxes a day."
        assert served.delete(path).status_code == 200  # which is how room is made
    assert served.put(path, json={"text": LARGE}).json()["sentences"] == 1_000


def test_a_disk_that_is_really_full_loses_no_document(workspace: Workspace, small_disk: Path) -> None:
    """Documents go in until one is refused; every one that was taken is there, whole, and after a restart."""
    taken: list[str] = []
    with serve_tenants(workspace, small_disk) as service:
        for number in range(200):
            answer = service.client.put(f"/v1/documents/brag/d{number}", json={"text": LARGE})
            if answer.status_code != 201:
                assert_problem(answer, 507, "storage-full")
                break
            taken.append(f"d{number}")
        else:
            raise AssertionError("the disk did not fill up")
    assert taken
    with serve_tenants(workspace, small_disk) as service:
        for name in taken:
            assert len(service.client.get(f"/v1/documents/brag/{name}").json()["text"]) == 1_000
