"""Run the service with uvicorn, on loopback."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import socket
import sys

import uvicorn

from indexer.workspace import Workspace
from preprocess.errors import InvalidParameter
from search_api.app import create_app
from search_api.settings import ServeSettings


def serve(settings: ServeSettings | None = None, workspace: Workspace | None = None) -> None:
    """Listen until interrupted; running requests get ``settings.grace_s`` to end.

    :raises InvalidParameter: if the host is not a loopback address, or the port is in use.
    """
    settings = settings or ServeSettings()
    # Bound first, so that a port in use is told at once and not after the model is loaded.
    with listening_socket(settings.host, settings.port) as listener:
        config = uvicorn.Config(
            create_app(workspace, settings),
            log_level="warning",
            access_log=False,  # it would write query strings, which hold text of users
            server_header=False,
            timeout_graceful_shutdown=settings.grace_s,
        )
        with contextlib.suppress(KeyboardInterrupt):  # raised again once uvicorn has shut down
            _Server(config, _url(listener)).run(sockets=[listener])


def listening_socket(host: str, port: int) -> socket.socket:
    """A socket bound to a loopback address; port 0 takes a free one.

    :raises InvalidParameter: if the host is not a loopback address, or the port is in use.
    """
    family, address = _loopback(host)
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((address, port))
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise InvalidParameter(
                f"port {port} of {host} is in use by another program; choose another one with --port"
            ) from error
        raise InvalidParameter(f"cannot listen on {host} port {port}: {error.strerror}") from error
    return listener


def _loopback(host: str) -> tuple[socket.AddressFamily, str]:
    address = "127.0.0.1" if host.lower() == "localhost" else host
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        parsed = None
    if parsed is None or not parsed.is_loopback:
        raise InvalidParameter(
            "without API keys joblens listens on loopback only (127.0.0.1, ::1 or localhost), "
            f"found host {host!r}: anyone who reaches the port could read your documents"
        )
    return (socket.AF_INET6 if parsed.version == 6 else socket.AF_INET), address


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class _Server(uvicorn.Server):
    """Says where it listens once it does."""

    def __init__(self, config: uvicorn.Config, url: str) -> None:
        super().__init__(config)
        self.url = url

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            print(f"joblens answers on {self.url}  (API: {self.url}/docs)", file=sys.stderr, flush=True)
