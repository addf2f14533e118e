"""Where the service listens, and what it says when it cannot."""

from __future__ import annotations

import socket

import pytest

from preprocess.errors import InvalidParameter
from search_api.server import listening_socket, serve
from search_api.settings import ServeSettings


@pytest.mark.parametrize(
    "host",
    ["0.0.0.0", "::", "192.168.1.5", "10.0.0.1", "example.com", "", "::ffff:10.0.0.1", "localhost.evil.com"],
)
def test_a_host_that_is_not_loopback_is_refused(host: str) -> None:
    with pytest.raises(InvalidParameter, match="without API keys joblens listens on loopback only"):
        serve(ServeSettings(host=host))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.8.7", "localhost"])
def test_loopback_is_bound(host: str) -> None:
    with listening_socket(host, 0) as listener:
        assert listener.getsockname()[0].startswith("127.")


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
