"""The REST API's headers and its log: an id for each request, nothing sniffed or framed, nobody's text."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from indexer.settings import StoreSettings
from indexer.workspace import Workspace
from search_api.app import create_app
from search_api.keys import KeyRing
from search_api.settings import ServeSettings
from tests.problem_shape import assert_problem

ORIGIN = "https://jobs.example"
MARK = "confidential"


def test_a_sane_request_id_comes_back_and_others_are_replaced(client: TestClient) -> None:
    assert client.get("/health", headers={"x-request-id": "run-7.a:1"}).headers["x-request-id"] == "run-7.a:1"
    for given in ("", "a b", "x" * 65, "<script>", "ä"):
        answered = client.get("/health", headers={b"x-request-id": given.encode()}).headers["x-request-id"]
        assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", answered)


# ---- what a browser may do with a reply


@pytest.mark.parametrize(
    "path",
    ["/health", "/ready", "/metrics", "/nowhere", "/docs", "/openapi.json", "/v1/occupations/cook",
     "/v1/collections", "/static-offline-docs/swagger-ui.css"],
)  # fmt: skip
def test_no_reply_may_be_sniffed_framed_or_told_about(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert len(headers.get_list("content-security-policy")) == 1


@pytest.mark.parametrize(
    "path", ["/health", "/metrics", "/v1/collections", "/v1/occupations/cook", "/nowhere"]
)
def test_what_is_somebodys_is_not_kept(client: TestClient, path: str) -> None:
    assert client.get(path).headers["cache-control"] == "no-store"


def test_the_page_of_the_docs_runs_its_own_scripts_and_no_other(client: TestClient) -> None:
    page = client.get("/docs")
    (script,) = re.findall(r"<script>(.*?)</script>", page.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = dict(part.strip().split(" ", 1) for part in page.headers["content-security-policy"].split(";"))
    assert policy["script-src"] == f"'self' 'sha256-{digest}'"
    assert policy["connect-src"] == "'self'"
    for kind in ("src", "href"):
        for address in re.findall(rf'{kind}="([^"]*)"', page.text):
            assert client.get(address).status_code == 200


# ---- other origins


def asked_from(client: TestClient, origin: str) -> tuple[Response, Response]:
    """The replies to a browser's question before a request, and to the request."""
    headers = {
        "origin": origin,
        "access-control-request-method": "PUT",
        "access-control-request-headers": "x-api-key",
    }
    return client.options("/v1/documents/brag/a", headers=headers), client.get(
        "/v1/collections", headers={"origin": origin}
    )


def test_another_origin_gets_no_permission(client: TestClient) -> None:
    for reply in asked_from(client, ORIGIN):
        assert not [name for name in reply.headers if name.startswith("access-control")]


def test_an_origin_of_the_settings_may_call_and_no_other(workspace: Workspace) -> None:
    app = create_app(workspace, ServeSettings(cors_origins=f"{ORIGIN}, https://other.example"))
    client = TestClient(app, base_url="http://localhost")
    before, reply = asked_from(client, ORIGIN)
    assert before.status_code == 200
    assert before.headers["access-control-allow-origin"] == ORIGIN
    assert "PUT" in before.headers["access-control-allow-methods"]
    assert reply.headers["access-control-allow-origin"] == ORIGIN
    assert "access-control-allow-credentials" not in reply.headers
    for other in asked_from(client, "https://evil.example"):
        assert "access-control-allow-origin" not in other.headers


def test_a_page_that_may_call_can_read_why_it_was_refused(workspace: Workspace, tmp_path: Path) -> None:
    KeyRing(tmp_path).create("acme", "reader")
    keyed = Workspace(workspace.model_settings, StoreSettings(home=tmp_path), {"encoder": workspace.encoder})
    client = TestClient(create_app(keyed, ServeSettings(cors_origins=ORIGIN)))
    before, reply = asked_from(client, ORIGIN)
    assert before.status_code == 200
    assert_problem(reply, 401)
    assert reply.headers["access-control-allow-origin"] == ORIGIN
    assert before.headers["x-content-type-options"] == "nosniff"


# ---- the log


def log_lines(printed: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in printed.splitlines()]


def test_a_line_has_the_route_the_tenant_the_timings_and_the_counts(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    with TestClient(create_app(workspace, ServeSettings())) as client:
        client.post("/v1/classify", json={"queries": ["line cook", "nurse"]}, headers={"x-request-id": "r-1"})
        client.get("/v1/occupations/99-9999")
        client.get("/nowhere")
        client.request("INVENTED", "/health")
    lines = [line for line in log_lines(capsys.readouterr().err) if line["event"] == "request"]
    assert [(line["route"], line["method"], line["status"]) for line in lines] == [
        ("/v1/classify", "POST", 200),
        ("/v1/occupations/{code}", "GET", 404),
        (None, "GET", 404),
        ("/health", "other", 405),
    ]
    assert (lines[0]["request_id"], lines[0]["tenant"], lines[0]["texts"]) == ("r-1", "local", 2)
    assert lines[0]["ms"] >= lines[0]["encode_ms"] > 0
    assert set(lines[1]) == {
        "event", "level", "timestamp", "request_id", "method", "route", "status", "tenant", "ms"
    }  # fmt: skip


def marked(example: Any) -> Any:
    """``example`` with the mark in every text of a person."""
    if isinstance(example, dict):
        return {name: marked(value) for name, value in example.items()}
    if isinstance(example, list):
        return [marked(value) for value in example]
    return f"{example} {MARK}" if isinstance(example, str) and " " in example else example


def requests(description: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(method, path, arguments): each operation as its examples show it, and spoilt, always with the mark."""
    headers = {"user-agent": MARK, "x-other": MARK, "cookie": f"a={MARK}", "x-request-id": f"{MARK} 1"}
    shapes = description["components"]["schemas"]
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            filled = re.sub(r"\{\w+\}", f"{MARK}-1", path).replace(f"documents/{MARK}-1", "documents/brag")
            query = {
                "params": {p["name"]: MARK for p in operation.get("parameters", []) if p["in"] == "query"}
            }
            yield method, filled, {"headers": headers, **query}
            for media_type in operation.get("requestBody", {}).get("content", {}):
                typed = headers | {
                    "content-type": media_type,
                    "content-disposition": f'filename="{MARK}.txt"',
                }
                name = operation["requestBody"]["content"][media_type].get("schema", {}).get("$ref", "")
                for example in shapes.get(name.rsplit("/", 1)[-1], {}).get("examples", []):
                    yield method, filled, {"headers": typed, "content": json.dumps(marked(example))}
                for spoilt in (f"{MARK} ran the night shift.", f'{{"{MARK}": "{MARK}"}}', f'{{"{MARK}'):
                    yield method, filled, {"headers": typed, "content": spoilt}


def test_no_text_of_a_request_reaches_the_log(
    workspace: Workspace,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    own = Workspace(workspace.model_settings, StoreSettings(home=tmp_path), {"encoder": workspace.encoder})
    with own, TestClient(create_app(own, ServeSettings()), base_url="http://localhost") as client:
        description = client.get("/openapi.json").json()
        for method, path, arguments in requests(description):
            client.request(method, path, **arguments)
        client.get(f"/{MARK}")
        client.get("/health", headers={"host": MARK})
        client.get("/health", headers={"x-api-key": MARK, "authorization": f"Bearer {MARK}"})
        client.post("/v1/classify", files={MARK: (f"{MARK}.txt", MARK)})
    printed = capsys.readouterr()
    own_records = [r for r in caplog.records if not r.name.startswith(("httpx", "httpcore"))]
    assert MARK not in (printed.out + printed.err).lower()
    assert MARK not in " ".join(record.getMessage() for record in own_records).lower()
    routes = {line.get("route") for line in log_lines(printed.err)}
    assert routes >= set(description["paths"])
