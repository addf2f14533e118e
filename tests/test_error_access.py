"""Every route refuses in the one shape: no key, a key that may not do this, and one that asks too often."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from httpx2 import Response

from indexer.workspace import Workspace
from search_api.keys import Role
from tests.problem_shape import assert_problem
from tests.tenant_service import Service, serve_tenants

WRITERS = {
    ("PUT", "/v1/documents/{kind}/{id}"),
    ("DELETE", "/v1/documents/{kind}/{id}"),
    ("POST", "/v1/batches"),
    ("DELETE", "/v1/batches/{id}"),
    ("POST", "/v1/batches/{id}/cancel"),
    ("POST", "/v1/feedback"),
    ("DELETE", "/v1/feedback/{id}"),
}
ADMINS = {("GET", "/v1/feedback/export"), ("GET", "/v1/feedback")}
OPEN = {"/health", "/ready", "/version"}


@pytest.fixture(scope="module")
def keyed(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    roles: dict[str, Role] = {"reading": "reader", "writing": "writer"}
    with serve_tenants(workspace, tmp_path_factory.mktemp("keyed"), roles) as service:
        yield service


def ask(service: Service, method: str, path: str, headers: Mapping[str, str]) -> Response:
    """Ask an operation something that is good but for who asks."""
    filled = path.format(kind="brag", id="8f0c9c3e-6f0c-4d55-9c8e-0d9f4f0b7a11", code="29-1141.00")
    return service.client.request(method, filled, headers=headers)


def operations(service: Service) -> list[tuple[str, str]]:
    paths = service.client.get("/openapi.json").json()["paths"]
    return [(method.upper(), path) for path, methods in paths.items() for method in methods]


def test_without_a_valid_key_every_route_but_the_open_ones_is_401(keyed: Service) -> None:
    for method, path in operations(keyed):
        for headers in ({}, {"X-API-Key": "jl_000000000000_" + "x" * 43}):
            response = ask(keyed, method, path, headers)
            if path in OPEN:
                assert response.status_code in (200, 503), path
            else:
                problem = assert_problem(response, 401, "unauthorised")
                assert "X-API-Key" in problem["detail"]


def test_a_key_whose_role_does_not_reach_so_far_is_403_on_every_route(keyed: Service) -> None:
    for tenant, refused in (("reading", WRITERS | ADMINS), ("writing", ADMINS)):
        for method, path in operations(keyed):
            response = ask(keyed, method, path, keyed.headers[tenant])
            if (method, path) in refused:
                problem = assert_problem(response, 403, "forbidden")
                assert f"found a {'reader' if tenant == 'reading' else 'writer'}" in problem["detail"]
            else:
                assert response.status_code not in (401, 403), (method, path)


def test_a_key_that_asks_too_often_is_429_on_every_route_and_told_when_to_come_again(
    workspace: Workspace, tmp_path: Path
) -> None:
    with serve_tenants(workspace, tmp_path, {"often": "admin"}, requests_per_minute=1) as service:
        assert service.client.get("/v1/collections", headers=service.headers["often"]).status_code == 200
        for method, path in operations(service):
            response = ask(service, method, path, service.headers["often"])
            if path not in OPEN:
                assert_problem(response, 429, "too-many-requests")
                assert 0 < int(response.headers["retry-after"]) <= 60
