"""``/v1/documents`` with API keys: whose documents are listed, read and changed, and what the log keeps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from indexer.documents import source_of, write_document
from indexer.tenants import PUBLIC
from indexer.workspace import Workspace
from preprocess.readers import read_text
from search_api.keys import Role
from tests.problem_shape import assert_problem
from tests.tenant_service import Service, serve_tenants

TEXT = "Moved payroll to Kubernetes. Cut the bill by 40%."


@pytest.fixture(scope="module")
def keyed(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    roles: dict[str, Role] = {"writing": "writer", "reading": "reader", "other": "writer"}
    with serve_tenants(workspace, tmp_path_factory.mktemp("keyed"), roles) as opened:
        yield opened


# ---- pages


def test_pages_follow_each_other_to_the_end(keyed: Service) -> None:
    headers = keyed.headers["writing"]
    names = {f"cv{number}" for number in range(7)}
    for name in names:
        keyed.put("writing", f"brag/{name}", f"Built hull {name} by hand.")
    seen: list[str] = []
    page: dict[str, str] = {}
    for _ in range(4):
        reply = keyed.client.get(
            "/v1/documents", params={"kind": "brag", "limit": 2, **page}, headers=headers
        )
        seen += [line["id"] for line in reply.json()["documents"]]
        page = {"page": reply.json()["next"]}
    assert page == {"page": None}
    assert sorted(seen) == sorted(names)


def test_a_page_token_of_another_list_or_of_nobody_is_422(keyed: Service) -> None:
    for name in "ab":
        keyed.put("other", f"brag/{name}", f"Sailed hull {name} home.")
    asked: dict[str, Any] = {"kind": "brag", "limit": 1}
    headers = keyed.headers["other"]
    token = keyed.client.get("/v1/documents", params=asked, headers=headers).json()["next"]
    assert (
        keyed.client.get("/v1/documents", params=asked | {"page": token}, headers=headers).status_code == 200
    )
    for params, key in [
        ({"kind": "posting", "page": token}, "other"),
        ({"kind": "brag", "page": token}, "writing"),
        ({"kind": "brag", "page": token + "x"}, "other"),
        ({"kind": "brag", "page": "!"}, "other"),
        ({"kind": "brag", "page": "x" * 201}, "other"),
        ({"kind": "brag", "page": "8f0c9c3e-6f0c-5d55-9c8e-0d9f4f0b7a11"}, "other"),
        ({"kind": "brag", "limit": 0}, "other"),
        ({"kind": "brag", "limit": 1_001}, "other"),
        ({"kind": "resume"}, "other"),
        ({}, "other"),
    ]:
        response = keyed.client.get("/v1/documents", params=params, headers=keyed.headers[key])
        assert_problem(response, 422, "invalid-parameter")


# ---- who may


def test_without_a_key_and_with_a_readers_nothing_is_written(keyed: Service) -> None:
    keyed.put("writing", "brag/mine", TEXT)
    for method in ("PUT", "GET", "DELETE"):
        assert_problem(keyed.client.request(method, "/v1/documents/brag/mine", json={"text": TEXT}), 401)
    for method in ("PUT", "DELETE"):
        response = keyed.client.request(
            method, "/v1/documents/brag/mine", json={"text": TEXT}, headers=keyed.headers["reading"]
        )
        assert_problem(response, 403, "forbidden")
    response = keyed.client.get("/v1/documents/brag/mine", headers=keyed.headers["reading"])
    assert_problem(response, 404, "unknown-document")
    assert keyed.client.get("/v1/documents/brag/mine", headers=keyed.headers["writing"]).status_code == 200


def test_a_role_is_looked_at_before_the_body(keyed: Service) -> None:
    headers = {**keyed.headers["reading"], "content-type": "image/png"}
    response = keyed.client.put("/v1/documents/brag/mine", content=b"x", headers=headers)
    assert_problem(response, 403, "forbidden")


def test_public_postings_are_read_and_listed_by_all_and_changed_by_none(keyed: Service) -> None:
    public = read_text("- Feed the otters of the harbour.", "posting", source_of("otters"))
    id = write_document(keyed.workspace.of_tenant(PUBLIC), public).id
    for tenant in ("writing", "other", "reading"):
        headers = keyed.headers[tenant]
        document = keyed.client.get(f"/v1/documents/posting/{id}", headers=headers).json()
        assert (document["public"], document["text"][0]["text"]) == (True, "Feed the otters of the harbour.")
        listed = keyed.client.get("/v1/documents", params={"kind": "posting"}, headers=headers).json()
        assert id in [line["document_id"] for line in listed["documents"]]
        found = keyed.client.post(
            "/v1/search", json={"collection": "postings", "queries": ["otters"]}, headers=headers
        ).json()
        assert found["results"][0]["hits"][0]["text"] == "Feed the otters of the harbour."
    assert_problem(keyed.client.delete(f"/v1/documents/posting/{id}", headers=keyed.headers["writing"]), 404)
    # Its own id is the owner's to use: with another key it names a document of that key's tenant.
    assert_problem(keyed.client.get("/v1/documents/posting/otters", headers=keyed.headers["other"]), 404)
    keyed.put("other", "posting/otters", "Count the otters.")
    assert keyed.client.get(f"/v1/documents/posting/{id}", headers=keyed.headers["other"]).json()["public"]


# ---- the log


def test_the_log_has_no_text_name_or_id_of_a_document(
    workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serve_tenants(workspace, tmp_path) as service:

        def put(content: bytes, media_type: str) -> None:
            headers = {"content-type": media_type}
            service.client.put("/v1/documents/brag/confidential-id", content=content, headers=headers)

        service.put("local", "posting/confidential-id", "Confidential sentence.", title="Confidential title")
        put(b"%PDF-confidential", "application/pdf")
        put(b'{"text": "confidential", "x": 1}', "application/json")
        put(b"confidential: !!python/object:confidential {}", "text/yaml")
        service.client.get("/v1/documents/posting/confidential-id")
        service.client.get("/v1/documents", params={"kind": "brag", "page": "confidential"})
        service.client.delete("/v1/documents/posting/confidential-id")
    logged = capsys.readouterr().err
    assert "/v1/documents/{kind}/{id}" in logged
    assert "confidential" not in logged.lower()
