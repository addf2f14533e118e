"""The REST API's headers and its log: an id for each request, nothing sniffed, no text of anybody."""

from __future__ import annotations

import json
import re

import pytest
from starlette.testclient import TestClient

from indexer.workspace import Workspace
from search_api.app import create_app
from search_api.settings import ServeSettings


def test_a_sane_request_id_comes_back_and_others_are_replaced(client: TestClient) -> None:
    assert client.get("/health", headers={"x-request-id": "run-7.a:1"}).headers["x-request-id"] == "run-7.a:1"
    for given in ("", "a b", "x" * 65, "<script>", "ä"):
        answered = client.get("/health", headers={b"x-request-id": given.encode()}).headers["x-request-id"]
        assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", answered)


@pytest.mark.parametrize("path", ["/health", "/nowhere", "/v1/occupations/cook"])
def test_no_reply_may_be_sniffed(client: TestClient, path: str) -> None:
    assert client.get(path).headers["x-content-type-options"] == "nosniff"


def test_another_origin_gets_no_permission(client: TestClient) -> None:
    headers = {"origin": "https://elsewhere.example", "access-control-request-method": "POST"}
    assert not [
        name
        for name in client.options("/v1/gap", headers=headers).headers
        if name.startswith("access-control")
    ]


def test_the_log_has_the_route_and_no_text_of_the_request(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    with TestClient(create_app(workspace, ServeSettings())) as client:
        client.get("/v1/occupations", params={"query": "confidential-title"}, headers={"x-request-id": "r-1"})
        client.get("/v1/occupations/confidential-code")
        client.get("/confidential-path")
        client.post("/v1/classify", json={"queries": ["confidential-query"], "confidential-field": 1})
        client.post("/v1/gap", json={"brag": {"text": "confidential brag"}, "postings": {"text": "Go."}})
        client.request("CONFIDENTIAL", "/health")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "confidential" not in captured.err.lower()
    lines = [json.loads(line) for line in captured.err.splitlines()]
    assert [(line["route"], line["status"]) for line in lines if line["event"] == "request"] == [
        ("/v1/occupations", 200),
        ("/v1/occupations/{code}", 404),
        (None, 404),
        ("/v1/classify", 422),
        ("/v1/gap", 200),
        ("/health", 405),
    ]
    assert lines[1]["request_id"] == "r-1"
    assert set(lines[1]) == {"event", "level", "timestamp", "request_id", "method", "route", "status", "ms"}
