"""The REST service with the documents of several tenants and a key for each, without a socket."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from indexer.settings import StoreSettings
from indexer.workspace import Workspace
from search_api.app import create_app
from search_api.keys import KeyRing, Role
from search_api.settings import ServeSettings

ADDRESS = "http://localhost"
"""Without keys the service answers under names of loopback only."""


@dataclass(frozen=True)
class Service:
    """A running service; ``headers`` holds those of each tenant's key."""

    client: TestClient
    workspace: Workspace
    headers: Mapping[str, Mapping[str, str]]

    def put(self, tenant: str, path: str, text: str, **fields: Any) -> dict[str, Any]:
        """Store a document as JSON, which must go well."""
        given = {"text": text, **fields}
        response = self.client.put(f"/v1/documents/{path}", json=given, headers=self.headers.get(tenant))
        assert response.status_code in (200, 201), response.text
        reply: dict[str, Any] = response.json()
        return reply


@contextmanager
def serve_tenants(
    workspace: Workspace, home: Path, tenants: Mapping[str, Role] | None = None, **limits: Any
) -> Iterator[Service]:
    """The service over the data directory ``home``, which need not exist.

    :param workspace: whose encoder is shared.
    :param tenants: a key of this role is made for each; without any the service has no keys.
    """
    ring = KeyRing(home)
    headers = {
        tenant: {"X-API-Key": ring.create(tenant, role)[0]} for tenant, role in (tenants or {}).items()
    }
    settings = ServeSettings(**{"requests_per_minute": 0, **limits})
    own = Workspace(workspace.model_settings, StoreSettings(home=home), {"encoder": workspace.encoder})
    with own, TestClient(create_app(own, settings), base_url=ADDRESS) as client:
        yield Service(client, own, headers)
