"""Who is let in, how often and with how much: API keys, addresses, host names, rates, sizes and places."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter
from starlette.testclient import TestClient

from indexer.settings import StoreSettings
from indexer.workspace import Workspace
from search_api import access
from search_api.app import create_app
from search_api.keys import KeyRing, Role
from search_api.settings import ServeSettings
from tests.problem_shape import assert_problem

CLASSIFY: dict[str, Any] = {"queries": ["line cook"]}
OPEN = ("/health", "/ready", "/version", "/docs", "/openapi.json", "/static-offline-docs/swagger-ui.css")
CLOSED = ("/metrics", "/v1/collections", "/v1/occupations?query=nurse", "/nowhere", "/v1", "/", "/v1/nowhere")


@pytest.fixture
def home(tmp_path: Path, workspace: Workspace) -> Workspace:
    """The shared index seen from a data directory of its own, where a test may make keys."""
    parts = {"encoder": workspace.encoder, "store": workspace.whole_store}
    return Workspace(workspace.model_settings, StoreSettings(home=tmp_path / "home"), parts)


@dataclass(frozen=True)
class Service:
    """A running app, and the ring of its keys."""

    client: TestClient
    ring: KeyRing

    def key(self, role: Role = "reader") -> dict[str, str]:
        return {"x-api-key": self.ring.create("acme", role)[0]}


def served(home: Workspace, client: tuple[str, int] = ("127.0.0.1", 1), **settings: Any) -> TestClient:
    app = create_app(home, ServeSettings(**{"allowed_hosts": "", **settings}))
    return TestClient(app, base_url="http://localhost", client=client)


@pytest.fixture
def keyed(home: Workspace) -> Iterator[Service]:
    """A service with an admin's key that nobody uses."""
    ring = KeyRing(home.store_settings.home)
    ring.create("operator", "admin")
    with served(home) as client:
        yield Service(client, ring)


# ---- without keys


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1", "testclient"])
def test_without_keys_callers_of_this_machine_are_the_operator(home: Workspace, address: str) -> None:
    client = served(home, (address, 1))
    assert client.get("/v1/collections").status_code == 200
    assert client.get("/metrics").status_code == 200


@pytest.mark.parametrize("address", ["10.0.0.1", "192.168.1.5", "2001:db8::1", "::ffff:10.0.0.1", "0.0.0.0"])
@pytest.mark.parametrize("path", ["/v1/collections", "/health", "/metrics"])
def test_without_keys_callers_from_elsewhere_are_refused(home: Workspace, address: str, path: str) -> None:
    problem = assert_problem(served(home, (address, 1)).get(path), 403, "forbidden")
    assert "joblens keys create" in problem["detail"]


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST:8000", "localhost.", "127.0.0.1:8000", "127.1.2.3", "[::1]:8000", "[::1]"],
)
def test_without_keys_names_of_loopback_are_answered(home: Workspace, host: str) -> None:
    assert served(home).get("/v1/collections", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8000", "localhost.evil.example", "10.0.0.1", "127.0.0.1.evil.example",
     "[2001:db8::1]:8000", "0.0.0.0", "evil.example:80:80", "[::1].evil.example", "localhost@evil.example"],
)  # fmt: skip
def test_without_keys_other_names_are_refused(home: Workspace, host: str) -> None:
    for path in ("/v1/collections", "/openapi.json"):
        response = served(home).get(path, headers={"host": host})
        assert "JOBLENS_SERVE_ALLOWED_HOSTS" in assert_problem(response, 403, "forbidden")["detail"]


def test_a_name_of_the_settings_is_answered(home: Workspace) -> None:
    client = served(home, allowed_hosts="jobs.internal, other.internal")
    assert client.get("/v1/collections", headers={"host": "jobs.internal:8000"}).status_code == 200
    assert client.get("/v1/collections", headers={"host": "third.internal"}).status_code == 403


# ---- with keys


@pytest.mark.parametrize("path", OPEN)
def test_the_state_and_the_description_need_no_key(keyed: Service, path: str) -> None:
    assert keyed.client.get(path).status_code == 200


@pytest.mark.parametrize("path", CLOSED)
def test_everything_else_does(keyed: Service, path: str) -> None:
    response = keyed.client.get(path)
    assert_problem(response, 401, "unauthorised")
    assert response.headers["www-authenticate"] == 'Bearer realm="joblens"'


def test_a_key_is_looked_at_before_the_body(keyed: Service) -> None:
    headers = {"content-type": "application/json", "content-length": str(10**9)}
    assert_problem(keyed.client.post("/v1/classify", headers=headers, content=b"{"), 401)


@pytest.mark.parametrize("form", ["X-API-Key: {}", "Authorization: Bearer {}", "authorization: bearer {}"])
def test_a_key_comes_in_either_header(keyed: Service, form: str) -> None:
    name, _, value = form.format(keyed.key()["x-api-key"]).partition(": ")
    assert keyed.client.get("/v1/collections", headers={name: value}).status_code == 200


@pytest.mark.parametrize("form", ["Basic {}", "{}", "Bearer", "Bearer {} {}", "Bearer  "])
def test_other_schemes_open_nothing(keyed: Service, form: str) -> None:
    key = keyed.key()["x-api-key"]
    headers = {"authorization": form.format(key, key)}
    assert_problem(keyed.client.get("/v1/collections", headers=headers), 401)


def test_with_a_key_any_address_and_any_name_will_do(home: Workspace) -> None:
    key, _ = KeyRing(home.store_settings.home).create("acme", "reader")
    client = served(home, ("203.0.113.7", 1))
    headers = {"x-api-key": key, "host": "jobs.example"}
    assert client.get("/v1/collections", headers=headers).status_code == 200
    assert client.get("/health", headers={"host": "jobs.example"}).status_code == 200


def test_the_first_key_closes_a_running_service(home: Workspace) -> None:
    client = served(home)
    assert client.get("/v1/collections").status_code == 200
    key, _ = KeyRing(home.store_settings.home).create("acme", "reader")
    assert_problem(client.get("/v1/collections"), 401)
    assert client.get("/v1/collections", headers={"x-api-key": key}).status_code == 200


def test_a_lost_file_of_keys_does_not_open_the_service_again(keyed: Service) -> None:
    keyed.ring.path.unlink()
    assert_problem(keyed.client.get("/v1/collections"), 401)


def test_a_damaged_file_of_keys_opens_nothing_and_the_process_is_alive(home: Workspace) -> None:
    client = served(home)
    home.store_settings.home.mkdir(parents=True)
    (home.store_settings.home / "keys.json").write_text("{")
    assert_problem(client.get("/v1/collections"), 500, "store-corrupt")
    assert client.get("/health").status_code == 200


@pytest.mark.parametrize(("role", "status"), [("reader", 403), ("writer", 403), ("admin", 200)])
def test_metrics_take_an_admins_key(keyed: Service, role: Role, status: int) -> None:
    assert keyed.client.get("/metrics", headers=keyed.key(role)).status_code == status


# ---- rates


def test_a_key_that_asks_too_often_is_429_and_told_when_to_come_again(home: Workspace) -> None:
    ring = KeyRing(home.store_settings.home)
    busy, other = (ring.create("acme", "reader")[0] for _ in range(2))
    client = served(home, requests_per_minute=2)
    asked = [client.get("/v1/collections", headers={"x-api-key": busy}) for _ in range(3)]
    assert [each.status_code for each in asked] == [200, 200, 429]
    problem = assert_problem(asked[2], 429, "too-many-requests")
    assert 1 <= int(asked[2].headers["retry-after"]) <= 30
    assert "at most 2 requests with one key a minute" in problem["detail"]
    assert client.get("/v1/collections", headers={"x-api-key": other}).status_code == 200
    assert client.get("/health", headers={"x-api-key": busy}).status_code == 200


def test_without_keys_there_is_no_rate(home: Workspace) -> None:
    client = served(home, requests_per_minute=1)
    assert [client.get("/v1/occupations/29-1141").status_code for _ in range(3)] == [200] * 3


def test_guesses_are_slowed_down_and_the_owners_of_keys_are_not(
    home: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "FAILURES_PER_MINUTE", 3)
    ring = KeyRing(home.store_settings.home)
    key, made = ring.create("acme", "reader")
    client = served(home)
    guesses = [f"jl_{number:012x}_{'A' * 43}" for number in range(5)]
    statuses = [client.get("/v1/x", headers={"x-api-key": guess}).status_code for guess in guesses]
    assert statuses == [401, 401, 401, 429, 429]
    assert int(client.get("/v1/x").headers["retry-after"]) >= 1
    assert client.get("/v1/collections", headers={"x-api-key": key}).status_code == 200
    guess = f"jl_{made.id}_{'A' * 43}"
    statuses = [client.get("/v1/x", headers={"x-api-key": guess}).status_code for _ in range(4)]
    assert statuses == [401, 401, 401, 429]
    # Now the secret of this key is being guessed: not even the right one is let in from there.
    assert_problem(client.get("/v1/collections", headers={"x-api-key": key}), 429)


def test_addresses_of_one_ipv6_network_are_one_guesser(
    home: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "FAILURES_PER_MINUTE", 1)
    KeyRing(home.store_settings.home).create("acme", "reader")
    app = create_app(home, ServeSettings())
    found = [
        TestClient(app, client=(address, 1)).get("/v1/x").status_code
        for address in ("2001:db8::1", "2001:db8::ffff:2", "2001:db8:0:1::1", "203.0.113.7", "203.0.113.8")
    ]
    assert found == [401, 429, 401, 401, 401]


# ---- sizes


def test_json_and_files_have_limits_of_their_own(home: Workspace) -> None:
    client = served(home, max_body_bytes=2_000, max_file_bytes=4_000)
    path = "/v1/documents/brag/a"
    body = b" " * 3_000
    told = assert_problem(
        client.put(path, content=body, headers={"content-type": "application/json"}), 413, "too-large"
    )["detail"]
    assert "at most 2,000 bytes" in told
    response = client.put(path, content=body, headers={"content-type": "text/plain"})
    assert_problem(response, 422)  # it was read, and holds no sentence
    response = client.put(path, content=body * 30, headers={"content-type": "text/plain"})
    assert "JOBLENS_SERVE_MAX_FILE_BYTES" in assert_problem(response, 413, "too-large")["detail"]


# ---- places and times


class Valve:
    """A route that answers once the test opens it, and knows how many are in it."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.entered = threading.Semaphore(0)

    def wait_for(self, entered: int) -> None:
        for _ in range(entered):
            assert self.entered.acquire(timeout=60)

    def __call__(self) -> str:
        self.entered.release()
        assert self.open.wait(60)
        return "done"


@pytest.fixture
def valve() -> Iterator[Valve]:
    made = Valve()
    yield made
    made.open.set()


def with_valve(home: Workspace, valve: Valve, **settings: Any) -> TestClient:
    app = create_app(home, ServeSettings(**settings))
    extra = APIRouter()
    extra.add_api_route("/v1/valve", lambda: valve(), response_model=None)
    app.include_router(extra)
    return TestClient(app, base_url="http://localhost")


def test_beyond_its_places_the_service_says_when_to_come_again(home: Workspace, valve: Valve) -> None:
    with (
        with_valve(home, valve, workers=1, queue=1) as client,
        ThreadPoolExecutor(2) as pool,
    ):
        taken = [pool.submit(client.get, "/v1/valve") for _ in range(2)]
        valve.wait_for(1)
        wait_until_metrics_say(client, "joblens_requests_waiting 1.0")
        response = client.get("/v1/valve")
        problem = assert_problem(response, 503, "overloaded")
        assert response.headers["retry-after"] == "1"
        assert "2 requests are at work or waiting" in problem["detail"]
        for path in ("/health", "/ready", "/version"):
            assert client.get(path).status_code == 200
        valve.open.set()
        assert [each.result(60).json() for each in taken] == ["done", "done"]
        assert client.get("/v1/valve").status_code == 200


def test_a_request_that_takes_too_long_is_504_and_keeps_its_place(home: Workspace, valve: Valve) -> None:
    with with_valve(home, valve, workers=1, queue=0, timeout_s=3) as client:
        problem = assert_problem(client.get("/v1/valve"), 504, "timed-out")
        assert "longer than 3 s" in problem["detail"]
        assert_problem(client.get("/v1/collections"), 503, "overloaded")
        valve.open.set()
        for _ in range(600):
            response = client.get("/v1/collections")
            if response.status_code == 200:
                return
            assert_problem(response, 503, "overloaded")
        raise AssertionError("the place was not given back")


def test_a_request_that_waits_in_vain_leaves_the_queue(home: Workspace, valve: Valve) -> None:
    with with_valve(home, valve, workers=1, queue=1, timeout_s=3) as client, ThreadPoolExecutor(2) as pool:
        hung = [pool.submit(client.get, "/v1/valve") for _ in range(2)]
        assert [each.result(60).status_code for each in hung] == [504, 504]
        valve.wait_for(1)
        wait_until_metrics_say(client, "joblens_requests_waiting 0.0")
        assert not valve.entered.acquire(blocking=False)


def wait_until_metrics_say(client: TestClient, line: str) -> None:
    for _ in range(6_000):
        if line in client.get("/metrics").text:
            return
    raise AssertionError(f"the metrics never said {line!r}")
