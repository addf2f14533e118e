"""The serving process stays small: no training or clustering library is loaded, whatever it is asked."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.conftest import REPOSITORY
from tests.service_process import SERVE, Server, environment, running_service

HEAVY = ("torch", "daft", "ray", "sklearn", "umap")

IMPORTS = f"""
import sys
import search_api.app, search_api.server
print(*sorted(set(sys.modules) & set({HEAVY!r})), "end")
"""

REQUESTS = f"""
import sys
from starlette.testclient import TestClient
from search_api.app import create_app
asked = {{
    "/v1/classify": {{"queries": [{{"title": "line cook", "body": "Cook eggs to order."}}]}},
    "/v1/search": {{"collection": "postings", "queries": ["night shift"], "mode": "hybrid"}},
    "/v1/match": {{"a": {{"text": "Wrote Python."}}, "b": {{"text": "You write Python."}}}},
    "/v1/gap": {{"brag": {{"text": "Wrote Python."}}, "postings": {{"all": True}}}},
    "/v1/fluff": {{"brag": {{"text": "Wrote Python."}}}},
}}
with TestClient(create_app(), base_url="http://localhost") as client:
    for path, body in asked.items():
        assert client.post(path, json=body).status_code == 200, path
    assert client.get("/v1/occupations/29-1141").status_code == 200
print(*sorted(set(sys.modules) & set({HEAVY!r})), "end")
"""


def run_python(code: str, home: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=REPOSITORY,
        env=environment(home),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_the_app_loads_no_heavy_library(tmp_path: Path) -> None:
    assert run_python(IMPORTS, tmp_path) == "end\n"


def test_answering_loads_no_heavy_library(copied_home: Path) -> None:
    assert run_python(REQUESTS, copied_home) == "end\n"


# ---- a real process on a real socket


@pytest.fixture(params=["uvicorn", "serve"])
def server(request: pytest.FixtureRequest, copied_home: Path) -> Iterator[Server]:
    """The service as a process of its own, started in both ways."""
    uvicorn = ("-m", "uvicorn", "--factory", "search_api.app:create_app", "--port", "PORT")
    with running_service(copied_home, uvicorn if request.param == "uvicorn" else SERVE) as running:
        yield running


def test_a_running_service_answers_and_maps_no_heavy_library(server: Server) -> None:
    reply = httpx.post(f"{server.url}/v1/classify", json={"queries": ["line cook"]}).json()
    assert reply["results"][0]["candidates"][0]["code"] == "35-2014"
    mapped = " ".join(region.path for region in server.process.memory_maps())
    assert "openvino" in mapped
    assert not [name for name in ("libtorch", "sklearn", "libdaft", "_raylet") if name in mapped]
    found = httpx.get(f"{server.url}/v1/occupations", params={"query": "confidential"})
    assert found.status_code == 200
    log = _log_with(server.printed, "/v1/occupations")
    assert "confidential" not in log


def _log_with(printed: Path, route: str) -> str:
    """The log, once it has the line of ``route``: the service writes it after it has sent the reply."""
    for _ in range(600):
        log = printed.read_text()
        if route in log:
            return log
        time.sleep(0.1)
    raise AssertionError(f"no line of {route} in the log after a minute: {log}")
