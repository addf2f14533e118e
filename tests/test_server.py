"""Where the service listens, what it says when it cannot, and how it ends."""

from __future__ import annotations

import json
import signal
import socket
import time
from pathlib import Path

import httpx
import pytest

from indexer.documents import read_document
from indexer.settings import StoreSettings
from indexer.workspace import Workspace
from preprocess.errors import InvalidParameter
from search_api.keys import KeyRing
from search_api.server import listening_socket, serve
from search_api.settings import ServeSettings, named
from tests.service_process import Server, running_service


@pytest.mark.parametrize(
    "host",
    ["0.0.0.0", "::", "192.168.1.5", "10.0.0.1", "example.com", "", "::ffff:10.0.0.1", "localhost.evil.com"],
)
def test_a_host_that_is_not_loopback_is_refused(host: str) -> None:
    with pytest.raises(
        InvalidParameter, match="without API keys joblens listens on loopback only"
    ) as refusal:
        serve(ServeSettings(host=host))
    assert "joblens keys create" in str(refusal.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.8.7", "localhost"])
def test_loopback_is_bound(host: str) -> None:
    with listening_socket(host, 0) as listener:
        assert listener.getsockname()[0].startswith("127.")


@pytest.mark.parametrize("host", ["0.0.0.0", "localhost"])
def test_with_keys_any_address_is_bound(host: str) -> None:
    with listening_socket(host, 0, anywhere=True) as listener:
        assert listener.getsockname()[0] == {"0.0.0.0": "0.0.0.0", "localhost": "127.0.0.1"}[host]


def test_with_keys_a_name_that_nobody_knows_is_told() -> None:
    with pytest.raises(InvalidParameter, match="cannot listen on 'nowhere.invalid'"):
        listening_socket("nowhere.invalid", 0, anywhere=True)


def test_the_first_key_lets_the_service_listen_anywhere(workspace: Workspace, tmp_path: Path) -> None:
    own = Workspace(workspace.model_settings, StoreSettings(home=tmp_path))
    KeyRing(tmp_path).create("acme", "reader")
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))
        taken.listen()
        port = taken.getsockname()[1]
        # It gets as far as binding, which fails here, as the server would run for ever.
        with pytest.raises(InvalidParameter, match=rf"port {port} of 0\.0\.0\.0 is in use"):
            serve(ServeSettings(host="0.0.0.0", port=port), own)


def test_a_port_in_use_is_named_with_the_option_to_change_it() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(InvalidParameter, match=rf"port {port} of 127\.0\.0\.1 is in use.*--port"):
            serve(ServeSettings(port=port))


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBLENS_SERVE_PORT", "8123")
    monkeypatch.setenv("JOBLENS_SERVE_MAX_BODY_BYTES", "4096")
    settings = ServeSettings()
    assert (settings.host, settings.port, settings.max_body_bytes) == ("127.0.0.1", 8123, 4096)


def test_names_in_a_setting_stand_between_commas() -> None:
    assert named(" a.example, b.example ,,") == ["a.example", "b.example"]
    assert named("") == []


# ---- how it ends


def test_asked_to_end_it_lets_running_requests_finish_and_keeps_what_they_stored(
    copied_home: Path, workspace: Workspace
) -> None:
    body = json.dumps({"text": "Ran the night shift. Wrote the rota in Python."}).encode()
    head = (
        b"PUT /v1/documents/brag/late HTTP/1.1\r\nHost: localhost\r\n"
        b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    )
    with running_service(copied_home, grace_s=60) as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=60) as running:
            running.sendall(head + body[:20])
            wait_until_in_flight(server)
            server.process.send_signal(signal.SIGTERM)
            wait_until_refused(server)
            running.sendall(body[20:])
            reply = running.makefile("rb").read().decode()
        assert reply.startswith("HTTP/1.1 201 ")
        assert server.process.wait(timeout=60) in (0, -signal.SIGTERM)
    parts = {"encoder": workspace.encoder}
    with Workspace(workspace.model_settings, StoreSettings(home=copied_home), parts) as own:
        stored = read_document(own, "brag", "late")
        assert [sentence["text"] for sentence in stored.sentences] == [
            "Ran the night shift.",
            "Wrote the rota in Python.",
        ]


def wait_until_in_flight(server: Server) -> None:
    """The request under way is there, beside the one that asks."""
    for _ in range(600):
        if "joblens_requests_in_flight 2.0" in httpx.get(f"{server.url}/metrics", timeout=60).text:
            return
        time.sleep(0.1)
    raise AssertionError("the request was never seen")


def wait_until_refused(server: Server) -> None:
    for _ in range(600):
        try:
            with socket.create_connection(("127.0.0.1", server.port), timeout=60):
                time.sleep(0.1)
        except ConnectionRefusedError:
            return
    raise AssertionError("new connections are still taken")
