"""Every refusal of the REST API is a problem in one shape, whatever went wrong and wherever."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import APIRouter
from starlette.testclient import TestClient

from indexer.workspace import Workspace
from preprocess import errors
from search_api.app import create_app
from search_api.problems import problem_type
from search_api.settings import ServeSettings
from tests.problem_shape import assert_problem

POSTS: dict[str, dict[str, Any]] = {
    "/v1/classify": {"queries": ["line cook"]},
    "/v1/search": {"collection": "postings", "queries": ["night shift"]},
    "/v1/match": {"a": {"text": "Writes Python."}, "b": {"text": "Knows Python."}},
    "/v1/gap": {"brag": {"text": "Wrote Python."}, "postings": {"text": "You write Python."}},
    "/v1/fluff": {"brag": {"text": "Wrote Python."}},
    "/v1/embed": {"texts": ["line cook"]},
    "/v1/feedback": {"title": "line cook", "predicted": {"code": "35-2014"}, "verdict": "accepted"},
}
READ_TOO = {"/v1/feedback"}
"""Paths of :data:`POSTS` that answer GET as well."""

GETS = (
    "/v1/documents?kind=brag",
    "/v1/occupations/29-1141/examples?prefix=nurse",
    "/v1/feedback/export",
    "/v1/batches/8f0c9c3e-6f0c-4d55-9c8e-0d9f4f0b7a11/results",
    "/v1/occupations?query=nurse",
    "/v1/occupations/29-1141.00",
    "/v1/collections",
    "/health",
    "/ready",
    "/version",
    "/openapi.json",
)
JSON = {"content-type": "application/json"}
NOBODY = "00000000-0000-4000-8000-000000000000"

every_post = pytest.mark.parametrize("path", POSTS)


def altered(path: str, **changes: Any) -> dict[str, Any]:
    return {**POSTS[path], **changes}


@pytest.mark.parametrize("path", POSTS)
def test_the_bodies_that_the_cases_below_spoil_are_good(client: TestClient, path: str) -> None:
    assert client.post(path, json=POSTS[path]).status_code == 200


@every_post
@pytest.mark.parametrize(
    "body", [b"{", b'{"queries": [}', b"\xff\xfe{", b"[" * 100_000, b"1" * 5_000, b'{"a": "\xe9"}']
)
def test_malformed_json_is_422(client: TestClient, path: str, body: bytes) -> None:
    assert_problem(client.post(path, content=body, headers=JSON), 422, "invalid-parameter")


@every_post
@pytest.mark.parametrize("body", ["null", "[]", '"text"', "{}", "1e999", "true"])
def test_json_of_another_shape_is_422(client: TestClient, path: str, body: str) -> None:
    problem = assert_problem(client.post(path, content=body, headers=JSON), 422, "invalid-parameter")
    assert all(error["location"].startswith("body") for error in problem["errors"])


@every_post
def test_no_body_is_422(client: TestClient, path: str) -> None:
    assert_problem(client.post(path), 422, "invalid-parameter")


@every_post
def test_an_unknown_field_is_422_and_named(client: TestClient, path: str) -> None:
    problem = assert_problem(client.post(path, json=altered(path, topk=3)), 422)
    assert problem["errors"][0] == {"location": "body.topk", "message": "Extra inputs are not permitted"}


@every_post
def test_half_a_surrogate_pair_as_a_field_name_is_422(client: TestClient, path: str) -> None:
    assert_problem(client.post(path, content=b'{"\\ud800": 1}', headers=JSON), 422)


@every_post
@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml", "json"]
)
def test_a_body_that_is_not_json_is_415(client: TestClient, path: str, content_type: str) -> None:
    response = client.post(path, content=json.dumps(POSTS[path]), headers={"content-type": content_type})
    assert content_type in assert_problem(response, 415, "unsupported-format")["detail"]


@every_post
def test_a_body_without_a_content_type_is_415(client: TestClient, path: str) -> None:
    assert_problem(client.post(path, content=json.dumps(POSTS[path]).encode()), 415, "unsupported-format")


@every_post
def test_a_compressed_body_is_415(client: TestClient, path: str) -> None:
    headers = {**JSON, "content-encoding": "gzip"}
    assert_problem(client.post(path, content=b"\x1f\x8b", headers=headers), 415, "unsupported-format")


@every_post
def test_a_json_suffix_and_a_charset_are_taken(client: TestClient, path: str) -> None:
    for content_type in ("application/json; charset=utf-8", "application/vnd.job+json"):
        response = client.post(path, content=json.dumps(POSTS[path]), headers={"content-type": content_type})
        assert response.status_code == 200


@every_post
def test_a_body_announced_as_too_large_is_413(client: TestClient, path: str) -> None:
    response = client.post(path, content=b" " * (2 * 1024 * 1024 + 1), headers=JSON)
    assert "2,097,152 bytes" in assert_problem(response, 413, "too-large")["detail"]


@every_post
def test_a_stream_that_grows_too_large_is_413(client: TestClient, path: str) -> None:
    def chunks() -> Iterator[bytes]:
        yield from itertools.repeat(b" " * 65_536, 40)

    assert_problem(client.post(path, content=chunks(), headers=JSON), 413, "too-large")


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v1/classify/x", "/v2/classify", "/v1/occupations/a/b", "/%00"]
)
def test_an_unknown_path_is_404(client: TestClient, path: str) -> None:
    assert_problem(client.get(path), 404, "about:blank")
    assert_problem(client.post(path, json={}), 404, "about:blank")


@pytest.mark.parametrize("path", [path for path in POSTS if path not in READ_TOO])
def test_get_on_a_post_route_is_405_and_says_what_is_allowed(client: TestClient, path: str) -> None:
    response = client.get(path)
    assert_problem(response, 405, "about:blank")
    assert response.headers["allow"] == "POST"


@pytest.mark.parametrize("path", GETS)
def test_post_on_a_get_route_is_405(client: TestClient, path: str) -> None:
    assert_problem(client.post(path, json={}), 405, "about:blank")


@pytest.mark.parametrize(
    ("path", "changes", "location"),
    [
        ("/v1/classify", {"top_k": 0}, "body.top_k"),
        ("/v1/classify", {"top_k": 1_001}, "body.top_k"),
        ("/v1/classify", {"top_k": "many"}, "body.top_k"),
        ("/v1/classify", {"top_k": 10**400}, "body.top_k"),
        ("/v1/classify", {"level": 4}, "body.level"),
        ("/v1/classify", {"evidence": -1}, "body.evidence"),
        ("/v1/classify", {"queries": []}, "body.queries"),
        ("/v1/classify", {"queries": ["a"] * 1_001}, "body.queries"),
        ("/v1/classify", {"queries": [{"title": "cook", "bdy": ""}]}, "body.queries.0.bdy"),
        ("/v1/search", {"collection": "resumes"}, "body.collection"),
        ("/v1/search", {"mode": "fuzzy"}, "body.mode"),
        ("/v1/search", {"queries": ["x" * 100_001]}, "body.queries.0"),
        ("/v1/search", {"filter": {"a[": "x"}}, "body.filter.a[.[key]"),
        ("/v1/search", {"filter": []}, "body.filter"),
        ("/v1/search", {"filter": {"hot": True}}, "body.filter.hot"),
        ("/v1/match", {"a": {}}, "body.a"),
        ("/v1/match", {"a": {"txt": "x"}}, "body.a"),
        ("/v1/match", {"a": "text"}, "body.a"),
        ("/v1/match", {"b": {"document": {"kind": "brag", "id": "a/b"}}}, "body.b.document.id"),
        ("/v1/match", {"b": {"document": {"kind": "brag", "id": ".."}}}, "body.b.document.id"),
        ("/v1/gap", {"postings": {"ids": ["x" * 201]}}, "body.postings.ids.0"),
        ("/v1/match", {"b": {"document": {"kind": "resume", "id": NOBODY}}}, "body.b.document.kind"),
        ("/v1/gap", {"postings": {"all": False}}, "body.postings.all"),
        ("/v1/gap", {"postings": {"ids": []}}, "body.postings.ids"),
        ("/v1/gap", {"thresholds": {"covered": 2, "partial": 0}}, "body.thresholds.covered"),
        ("/v1/gap", {"thresholds": {"covered": 0.5}}, "body.thresholds.partial"),
        ("/v1/gap", {"top": 101}, "body.top"),
    ],
)  # fmt: skip
def test_a_bad_value_is_422_and_its_place_is_named(
    client: TestClient, path: str, changes: dict[str, Any], location: str
) -> None:
    response = client.post(path, content=json.dumps(altered(path, **changes)), headers=JSON)
    problem = assert_problem(response, 422, "invalid-parameter")
    assert location in [error["location"] for error in problem["errors"]]


@pytest.mark.parametrize(
    ("path", "changes", "type"),
    [
        ("/v1/classify", {"queries": ["?!"]}, "empty-query"),
        ("/v1/classify", {"queries": [" "]}, "empty-query"),
        ("/v1/classify", {"queries": ["cook", {"title": "--"}]}, "empty-query"),
        ("/v1/classify", {"queries": ["cook"] * 1_000, "top_k": 101}, "invalid-parameter"),
        ("/v1/search", {"queries": ["..."]}, "empty-query"),
        ("/v1/search", {"filter": {"index": {}}}, "invalid-parameter"),
        ("/v1/match", {"a": {"text": "---"}}, "empty-query"),
        ("/v1/match", {"a": {"sentences": ["fine", "!"]}}, "empty-query"),
        ("/v1/gap", {"brag": {"text": " "}}, "empty-query"),
        ("/v1/gap", {"brag": {"text": "Wrote Go.", "kind": "posting"}}, "invalid-parameter"),
        ("/v1/gap", {"brag": {"document": {"kind": "posting", "id": NOBODY}}}, "invalid-parameter"),
        ("/v1/gap", {"thresholds": {"covered": 0.1, "partial": 0.5}}, "invalid-parameter"),
    ],
)  # fmt: skip
def test_what_only_the_search_side_can_see_is_422(
    client: TestClient, path: str, changes: dict[str, Any], type: str
) -> None:
    assert_problem(client.post(path, json=altered(path, **changes)), 422, type)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/classify", '{"queries": ["\\ud800"]}'),
        ("/v1/classify", '{"queries": [{"title": "cook", "body": "\\udfff"}]}'),
        ("/v1/search", '{"collection": "postings", "queries": ["a"], "filter": {"company": "\\ud800"}}'),
        ("/v1/search", '{"collection": "postings", "queries": ["a"], "filter": {"index": 1e30}}'),
        ("/v1/search", '{"collection": "postings", "queries": ["a"], "filter": {"index": {"gte": NaN}}}'),
        ("/v1/search", '{"collection": "postings", "queries": ["a"], "score_threshold": Infinity}'),
        ("/v1/search", '{"collection": "postings", "queries": ["a"], "filter": {"\\ud800": "a"}}'),
        ("/v1/match", '{"a": {"sentences": ["\\ud800"]}, "b": {"text": "a"}}'),
        ("/v1/gap", '{"brag": {"text": "\\ud800"}, "postings": {"all": true}}'),
        ("/v1/gap", '{"brag": {"text": "a"}, "postings": {"text": "a", "title": "\\ud800"}}'),
    ],
)  # fmt: skip
def test_values_that_no_engine_can_hold_are_422(client: TestClient, path: str, body: str) -> None:
    assert_problem(client.post(path, content=body, headers=JSON), 422, "invalid-parameter")


@pytest.mark.parametrize(
    "path",
    [
        "/v1/occupations",
        "/v1/occupations?query=",
        "/v1/occupations?query=nurse&top_k=0",
        "/v1/occupations?query=nurse&top_k=x",
        "/v1/occupations?query=%3F",
        "/v1/occupations/" + "1" * 41,
    ],
)  # fmt: skip
def test_bad_parameters_of_a_get_route_are_422(client: TestClient, path: str) -> None:
    assert_problem(client.get(path), 422)


@pytest.mark.parametrize("code", ["15-9999.00", "99-1141", "cook", "15-205", "%00"])
def test_an_unknown_occupation_is_404(client: TestClient, code: str) -> None:
    assert_problem(client.get(f"/v1/occupations/{code}"), 404, "unknown-code")


@pytest.mark.parametrize(
    ("path", "changes"),
    [
        ("/v1/match", {"a": {"document": {"kind": "posting", "id": NOBODY}}}),
        ("/v1/match", {"a": {"document": {"kind": "brag", "id": NOBODY}}}),
        ("/v1/gap", {"brag": {"document": {"kind": "brag", "id": NOBODY}}}),
        ("/v1/gap", {"postings": {"ids": [NOBODY]}}),
        ("/v1/gap", {"postings": {"ids": ["nobodys-posting"]}}),
        ("/v1/fluff", {"brag": {"document": {"kind": "brag", "id": "7"}}}),
        ("/v1/gap", {"postings": {"filter": {"company": "Nobody at all"}}}),
    ],
)
def test_an_unknown_document_is_404(client: TestClient, path: str, changes: dict[str, Any]) -> None:
    assert_problem(client.post(path, json=altered(path, **changes)), 404, "unknown-document")


def test_one_unknown_posting_among_known_ones_is_404_and_named(client: TestClient) -> None:
    hits = client.post("/v1/search", json=POSTS["/v1/search"]).json()["results"][0]["hits"]
    ids = [hits[0]["payload"]["document_id"], NOBODY]
    response = client.post("/v1/gap", json=altered("/v1/gap", postings={"ids": ids}))
    assert assert_problem(response, 404)["detail"] == f"no stored posting has the id {NOBODY}"


# ---- the state of the index


@pytest.fixture
def empty_client(empty_workspace: Workspace) -> Iterator[TestClient]:
    with TestClient(create_app(empty_workspace, ServeSettings())) as opened:
        yield opened


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/classify", POSTS["/v1/classify"]),
        ("/v1/search", POSTS["/v1/search"]),
        ("/v1/match", {"a": {"document": {"kind": "brag", "id": NOBODY}}, "b": {"text": "Go."}}),
        ("/v1/gap", {"brag": {"text": "Wrote Go."}, "postings": {"all": True}}),
    ],
)
def test_without_an_index_it_is_503_and_the_command_is_named(
    empty_client: TestClient, path: str, body: dict[str, Any]
) -> None:
    problem = assert_problem(empty_client.post(path, json=body), 503, "index-missing")
    assert "joblens index" in problem["detail"]


@pytest.mark.parametrize("path", ["/v1/occupations?query=nurse", "/v1/occupations/29-1141.00"])
def test_without_occupations_their_pages_are_503(empty_client: TestClient, path: str) -> None:
    assert "joblens index onet" in assert_problem(empty_client.get(path), 503, "index-missing")["detail"]


def test_without_an_index_it_is_not_ready_and_says_what_to_do(empty_client: TestClient) -> None:
    problem = assert_problem(empty_client.get("/ready"), 503, "not-ready")
    assert problem["errors"][0]["location"] == "collections.occupations"
    assert "joblens index onet" in problem["errors"][0]["message"]
    assert empty_client.get("/health").json() == {"status": "ok"}


def test_without_a_model_it_starts_and_is_not_ready(empty_workspace: Workspace) -> None:
    model = empty_workspace.model_settings.model_copy(
        update={"name": str(empty_workspace.store_settings.home / "no-model")}
    )
    other = Workspace(model, empty_workspace.store_settings)
    with other, TestClient(create_app(other, ServeSettings())) as client:
        problem = assert_problem(client.get("/ready"), 503, "not-ready")
        assert "encoder" in [error["location"] for error in problem["errors"]]
        assert_problem(client.post("/v1/match", json=POSTS["/v1/match"]), 500)
        assert client.get("/version").json()["model"] is None


def test_an_index_made_otherwise_is_409_and_not_ready(workspace: Workspace) -> None:
    settings = workspace.store_settings.model_copy(update={"view": "filtered"})
    other = Workspace(
        workspace.model_settings, settings, {"encoder": workspace.encoder, "store": workspace.store}
    )
    with TestClient(create_app(other, ServeSettings())) as client:
        problem = assert_problem(client.get("/ready"), 503, "not-ready")
        assert "view: 'filtered' here, 'raw' there" in problem["detail"]
        for path in ("/v1/classify", "/v1/search"):
            assert_problem(client.post(path, json=POSTS[path]), 409, "fingerprint-mismatch")
        assert_problem(client.get("/v1/occupations?query=nurse"), 409, "fingerprint-mismatch")


def test_an_index_open_in_another_process_is_503_until_it_is_closed(workspace: Workspace) -> None:
    workspace.store.info("occupations")
    other = Workspace(workspace.model_settings, workspace.store_settings, {"encoder": workspace.encoder})
    with other, TestClient(create_app(other, ServeSettings())) as client:
        assert_problem(client.get("/ready"), 503, "not-ready")
        asked = {"collection": "occupations", "queries": ["line cook"]}
        assert_problem(client.post("/v1/search", json=asked), 503, "store-locked")
        workspace.close()  # opens again by itself when it is next used
        assert client.get("/ready").json()["ready"] is True
        assert client.post("/v1/search", json=asked).status_code == 200


# ---- what nobody expected


def test_an_unexpected_error_is_500_without_its_text(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    app = create_app(workspace, ServeSettings())
    extra = APIRouter()

    @extra.get("/boom")
    def boom() -> None:
        raise RuntimeError("the secret sentence of a user")

    app.include_router(extra)
    with TestClient(app) as client:
        response = client.get("/boom", headers={"x-request-id": "me-1"})
    problem = assert_problem(response, 500, "about:blank")
    assert "secret" not in response.text
    assert "me-1" in problem["detail"]
    logged = capsys.readouterr().err
    assert "secret" not in logged
    assert "RuntimeError" in logged
    assert "boom" in logged


@pytest.mark.parametrize("error", [error for error in vars(errors).values() if isinstance(error, type)])
def test_every_error_of_joblens_is_answered_with_its_own_status(
    workspace: Workspace, error: type[errors.JoblensError]
) -> None:
    app = create_app(workspace, ServeSettings())
    extra = APIRouter()

    @extra.get("/fails")
    def fails() -> None:
        raise error("what was expected and what was found")

    app.include_router(extra)
    with TestClient(app) as client:
        problem = assert_problem(client.get("/fails"), error.status)
    assert problem["type"] == problem_type(error)
    assert problem["title"] == error.title
    assert problem["detail"] == "what was expected and what was found"
