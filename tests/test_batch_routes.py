"""Batches over REST: what goes in comes out in order, and only its tenant sees it."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from indexer.workspace import Workspace
from search_api.batch_schemas import JSONL
from search_api.keys import KeyRing
from tests.batch_service import Json, answered, copied, ended, hand_in, idle, lines_of, results, serving
from tests.command_line import joblens
from tests.conftest import FIXTURES
from tests.problem_shape import assert_problem

NOBODY = "00000000-0000-4000-8000-000000000000"
TITLES = lines_of({"title": "Nurse"}, {"title": "Cook"})


@pytest.fixture(scope="module")
def index(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """The index that the services of this module share."""
    with copied(workspace, tmp_path_factory.mktemp("index")) as opened:
        yield opened


@pytest.fixture(scope="module")
def service(index: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A service that works on batches."""
    with serving(index, tmp_path_factory.mktemp("batches")) as client:
        yield client


def stored(client: TestClient, collection: str, query: str) -> str:
    asked = {"collection": collection, "queries": [query], "top_k": 1}
    id: str = client.post("/v1/search", json=asked).json()["results"][0]["hits"][0]["payload"]["document_id"]
    return id


@pytest.fixture(scope="module")
def nurse_posting(service: TestClient) -> str:
    """The id of the stored nurse's posting."""
    return stored(service, "postings", "bedside handoff nurse")


@pytest.fixture(scope="module")
def nurse_brag(service: TestClient) -> str:
    """The id of the stored nurse's brag document."""
    return stored(service, "brags", "charge nurse")


@pytest.fixture
def queued(index: Workspace, tmp_path: Path) -> TestClient:
    """A service that only takes batches."""
    return idle(index, tmp_path)


def codes(lines: list[Json]) -> list[str | None]:
    return [line["result"] and line["result"]["candidates"][0]["code"] for line in lines]


def posted(client: TestClient, rows: bytes = TITLES, media_type: str = JSONL, **parameters: Any) -> Any:
    headers = {"content-type": media_type}
    return client.post("/v1/batches", params=parameters, content=rows, headers=headers)


# ---- the three tasks


def test_a_batch_is_accepted_and_says_where_it_is(service: TestClient) -> None:
    response = posted(service, task="classify", top_k=1)
    batch = response.json()
    assert response.status_code == 202
    assert response.headers["location"] == f"/v1/batches/{batch['id']}"
    assert (batch["state"], batch["done"], batch["total"], batch["rate"]) == ("queued", 0, 2, None)
    assert batch["parameters"] == {
        "title_column": "title", "body_column": None, "top_k": 1, "level": 6, "evidence": 3,
    }  # fmt: skip
    done = ended(service, batch["id"])
    assert (done["state"], done["done"], done["total"], done["errors"]) == ("done", 2, 2, 0)
    assert done["rate"] > 0
    assert done["created"] <= done["started"] <= done["finished"] < done["expires"]


def test_rows_come_out_in_order_with_bad_ones_in_their_place(service: TestClient) -> None:
    rows = b'{"title": "Nurse", "id": 7}\n{broken\n"Cook"\n{"title": "??"}\n[1]\n{"title": "Nurse"}\n'
    id = hand_in(service, rows)["id"]
    assert ended(service, id)["errors"] == 3
    lines = results(service, id)
    assert codes(lines) == ["29-1141", None, "35-2014", None, None, "29-1141"]
    assert lines[0]["row"] == {"title": "Nurse", "id": 7}
    assert lines[1]["error"].startswith("line 2 is not valid JSON")
    assert lines[3]["error"] == "expected a title, found '??'"
    assert lines[4]["error"] == "line 5: expected a JSON object or string, found list"


def test_a_csv_may_name_its_columns(service: TestClient) -> None:
    rows = b"job;about\nTechnician;Pull wire through conduit.\nNurse\n"
    lines = answered(service, rows, media_type="text/csv", title_column="job", body_column="about", level=2)
    assert codes(lines) == ["47", None]
    assert lines[0]["result"]["query"]["has_body"] is True
    assert lines[1]["error"] == "row 2 has not as many cells as the header"


@pytest.mark.usefixtures("indexed_home")
def test_the_lines_are_those_of_the_command_line(service: TestClient) -> None:
    titles = FIXTURES / "titles.csv"
    lines = answered(service, titles.read_bytes(), media_type="text/csv", top_k=5, evidence=0)
    printed = joblens("classify", titles, "--json", "-k", 5, "--evidence", 0).out.splitlines()
    theirs = [json.loads(line) for line in printed]
    assert [line["row"] for line in lines] == [line["row"] for line in theirs]
    assert codes(lines) == codes(theirs)
    assert [list(line["result"]) for line in lines] == [list(line["result"]) for line in theirs]


def test_a_posting_against_a_brag_document_is_as_a_gap_of_its_own(
    service: TestClient, nurse_brag: str
) -> None:
    text = "Requirements\n- Registered nurse license\n- Python and SQL\nBenefits\n- Dental insurance"
    rows = lines_of(
        {"id": 1, "title": "Nurse who codes", "posting": text},
        {"id": 2, "posting": "--"},
        {"id": 3, "posting": text, "brag": "Wrote Python and SQL for ten years."},
    )
    first, second, third = answered(service, rows, task="gap", brag_id=nurse_brag)
    brag = {"document": {"kind": "brag", "id": nurse_brag}}
    asked = {"brag": brag, "postings": {"text": text, "title": "Nurse who codes"}, "findings": False}
    [alone] = service.post("/v1/gap", json=asked).json()["postings"]
    assert first["row"] == {"id": 1, "title": "Nurse who codes"}
    assert first["result"]["posting"] == "Nurse who codes"
    assert first["result"]["counts"] == alone["counts"]
    assert first["result"]["fit"] == pytest.approx(alone["fit"], abs=2)
    assert first["result"]["technologies_missing"] == alone["technologies_missing"] == ["Python", "SQL"]
    assert "Python and SQL" in first["result"]["missing"] + first["result"]["partial"]
    assert (second["result"], second["error"][:29]) == (None, "expected at least one sentenc")
    assert third["result"]["technologies_shared"] == ["Python", "SQL"]


def test_rows_may_name_stored_documents(service: TestClient, nurse_posting: str, nurse_brag: str) -> None:
    rows = lines_of(
        {"posting_id": nurse_posting, "brag_id": nurse_brag},
        {"posting_id": NOBODY, "brag_id": nurse_brag},
        {"posting_id": nurse_posting},
        {"posting_id": nurse_posting, "brag_id": "half \ud800"},
    )
    found = answered(service, rows, task="gap")
    assert len(found[0]["fingerprint"]) == 12
    assert found[0]["result"]["fit"] > 40
    assert [line["error"] for line in found] == [
        "",
        f"no stored posting is called '{NOBODY}'",
        "expected a brag in the column brag or brag_id, found none",
        "no stored brag is called 'half ?'",
    ]


def test_texts_are_matched_row_by_row(service: TestClient) -> None:
    rows = lines_of(
        {
            "n": 1,
            "a": ["You write Python services.", "You will bake bread."],
            "b": "Baked 400 loaves a night.",
        },
        {"n": 2, "a": "You write Go.", "b": ""},
    )
    first, second = answered(service, rows, task="match")
    assert first["row"] == {"n": 1}
    assert [pair["text"] for pair in first["result"]["forward"]] == [
        "You write Python services.",
        "You will bake bread.",
    ]
    assert first["result"]["backward"][0]["partners"][0]["text"] == "You will bake bread."
    assert second == {
        "row": {"n": 2}, "error": "expected a brag in the column b, found none", "fingerprint": "",
        "result": None,
    }  # fmt: skip


def test_a_row_over_the_limits_of_a_side_is_that_rows_error(index: Workspace, tmp_path: Path) -> None:
    rows = lines_of({"a": "Bake. Cook.", "b": "Bake."}, {"a": "Bake bread.", "b": "Cook eggs."})
    with serving(index, tmp_path, max_sentences=1) as client:
        found = answered(client, rows, task="match")
    assert [line["error"] for line in found] == [
        "at most 1 sentences in one text, found 2; send it in parts",
        "",
    ]


# ---- results, list, cancel and erase


def test_results_can_be_read_on(service: TestClient) -> None:
    id = hand_in(service, lines_of(*(f"Nurse {number}" for number in range(5))))["id"]
    ended(service, id)
    whole = results(service, id)
    assert [line["row"]["title"] for line in whole] == [f"Nurse {number}" for number in range(5)]
    assert results(service, id, skip=3) == whole[3:]
    assert results(service, id, skip=9) == []
    response = service.get(f"/v1/batches/{id}/results")
    assert response.headers["content-type"] == JSONL
    assert (response.headers["x-batch-state"], response.headers["x-batch-rows"]) == ("done", "5")


def test_a_batch_that_waits_has_no_results_yet(queued: TestClient) -> None:
    id = hand_in(queued, TITLES)["id"]
    response = queued.get(f"/v1/batches/{id}/results")
    assert (response.status_code, response.text) == (200, "")
    assert (response.headers["x-batch-state"], response.headers["x-batch-rows"]) == ("queued", "0")


def test_batches_are_listed_in_pages_the_newest_first(queued: TestClient) -> None:
    assert queued.get("/v1/batches").json() == {"batches": [], "next": None}
    ids = [hand_in(queued, TITLES)["id"] for _ in range(3)]
    first = queued.get("/v1/batches", params={"limit": 2}).json()
    assert [batch["id"] for batch in first["batches"]] == [ids[2], ids[1]]
    rest = queued.get("/v1/batches", params={"limit": 2, "page": first["next"]}).json()
    assert ([batch["id"] for batch in rest["batches"]], rest["next"]) == ([ids[0]], None)
    assert_problem(queued.get("/v1/batches", params={"page": "abc"}), 422, "invalid-parameter")


def test_a_cancelled_batch_keeps_its_state_but_no_text(queued: TestClient, tmp_path: Path) -> None:
    id = hand_in(queued, TITLES)["id"]
    for _ in range(2):  # again, it changes nothing
        response = queued.post(f"/v1/batches/{id}/cancel")
        assert (response.status_code, response.json()["state"]) == (200, "cancelled")
    assert queued.get(f"/v1/batches/{id}").json()["state"] == "cancelled"
    assert results(queued, id) == []
    assert not list((tmp_path / "batches").glob(f"{id}*"))


def test_what_is_done_cannot_be_cancelled_but_erased(service: TestClient) -> None:
    id = hand_in(service, TITLES)["id"]
    ended(service, id)
    problem = assert_problem(service.post(f"/v1/batches/{id}/cancel"), 409, "conflict")
    assert problem["detail"] == f"batch {id} is done, there is nothing to cancel; DELETE erases it"
    assert service.delete(f"/v1/batches/{id}").json() == {"id": id, "state": "done", "rows": 2}
    assert_problem(service.get(f"/v1/batches/{id}"), 404, "unknown-batch")
    assert_problem(service.delete(f"/v1/batches/{id}"), 404, "unknown-batch")


def test_an_erased_batch_leaves_no_file(queued: TestClient, tmp_path: Path) -> None:
    id = hand_in(queued, TITLES)["id"]
    assert list((tmp_path / "batches").glob(f"{id}*"))
    queued.delete(f"/v1/batches/{id}")
    assert not list((tmp_path / "batches").glob(f"{id}*"))


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX file modes")
def test_nobody_else_may_read_the_rows(queued: TestClient, tmp_path: Path) -> None:
    hand_in(queued, TITLES)
    folder = tmp_path / "batches"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


# ---- who may


def test_a_batch_is_its_tenants_alone(index: Workspace, tmp_path: Path) -> None:
    ring = KeyRing(tmp_path)
    mine, theirs = ({"X-API-Key": ring.create(tenant, "writer")[0]} for tenant in ("mine", "theirs"))
    with serving(index, tmp_path) as client:
        id = hand_in(client, TITLES, headers=mine)["id"]
        ended(client, id, mine)
        paths = [("GET", ""), ("GET", "/results"), ("POST", "/cancel"), ("DELETE", "")]
        for method, path in paths:
            response = client.request(method, f"/v1/batches/{id}{path}", headers=theirs)
            assert_problem(response, 404, "unknown-batch")
        assert client.get("/v1/batches", headers=theirs).json()["batches"] == []
        assert [batch["id"] for batch in client.get("/v1/batches", headers=mine).json()["batches"]] == [id]
        page = client.get("/v1/batches", headers=mine).json()["next"]
        assert page is None


def test_a_brag_document_of_another_tenant_is_not_found(
    index: Workspace, tmp_path: Path, nurse_brag: str
) -> None:
    ring = KeyRing(tmp_path)
    theirs = {"X-API-Key": ring.create("theirs", "writer")[0], "content-type": JSONL}
    row = lines_of({"posting": "You care for patients."})
    with serving(index, tmp_path) as client:
        asked = {"task": "gap", "brag_id": nurse_brag}
        response = client.post("/v1/batches", params=asked, content=row, headers=theirs)
        assert_problem(response, 404, "unknown-document")
        named = lines_of({"posting": "You care for patients.", "brag_id": nurse_brag})
        id = hand_in(client, named, task="gap", headers=theirs)["id"]
        assert ended(client, id, theirs)["errors"] == 1


def test_a_reader_may_look_and_nothing_else(index: Workspace, tmp_path: Path) -> None:
    ring = KeyRing(tmp_path)
    writer, reader = ({"X-API-Key": ring.create("acme", role)[0]} for role in ("writer", "reader"))
    client = idle(index, tmp_path)
    id = hand_in(client, TITLES, headers=writer)["id"]
    for path in ("", f"/{id}", f"/{id}/results"):
        assert client.get(f"/v1/batches{path}", headers=reader).status_code == 200
    for method, path in (("POST", "?task=classify"), ("POST", f"/{id}/cancel"), ("DELETE", f"/{id}")):
        response = client.request(
            method, f"/v1/batches{path}", headers={**reader, "content-type": JSONL}, content=TITLES
        )
        assert_problem(response, 403, "forbidden")
    assert_problem(client.get("/v1/batches"), 401, "unauthorised")


def test_no_text_of_a_batch_is_logged(
    index: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(index, tmp_path) as client:
        id = hand_in(client, lines_of("Nurse Zanzibar", "?? Zanzibar ??", "??"), title_column="title")["id"]
        ended(client, id)
        results(client, id)
    logged = capsys.readouterr().err
    assert id in logged
    assert "Zanzibar" not in logged


# ---- the description


def test_the_examples_of_the_upload_are_taken(service: TestClient) -> None:
    operation = service.get("/openapi.json").json()["paths"]["/v1/batches"]["post"]
    for media_type, body in operation["requestBody"]["content"].items():
        lines = answered(service, body["schema"]["examples"][0].encode(), media_type=media_type)
        assert codes(lines) == ["15-1252", "35-2014"], media_type


def test_the_lines_of_results_are_described(service: TestClient) -> None:
    description = service.get("/openapi.json").json()
    reply = description["paths"]["/v1/batches/{id}/results"]["get"]["responses"]["200"]
    shapes = description["components"]["schemas"]
    line = shapes[reply["content"][JSONL]["schema"]["$ref"].rsplit("/", 1)[-1]]
    names = [shape["$ref"].rsplit("/", 1)[-1] for shape in line["anyOf"]]
    assert names == ["CodedRow", "GapRow", "MatchRow"]
    assert all(
        list(shapes[name]["properties"]) == ["row", "error", "fingerprint", "result"] for name in names
    )
