"""Run the service with uvicorn: on loopback, or on any address once there are API keys."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import socket
import sys
from typing import Any

import uvicorn

from indexer.settings import StoreSettings
from indexer.workspace import Workspace
from preprocess.errors import InvalidParameter
from search_api.access import is_loopback
from search_api.app import create_app
from search_api.keys import KeyRing
from search_api.settings import ServeSettings

_M_ARENA_MAX = -8  # of malloc.h


def serve(settings: ServeSettings | None = None, workspace: Workspace | None = None) -> None:
    """Listen until interrupted; running requests get ``settings.grace_s`` to end.

    :raises InvalidParameter: if there are no API keys and the host is not a loopback address, or if the
        address cannot be listened on.
    """
    _share_memory_pools()
    settings = settings or ServeSettings()
    home = workspace.store_settings if workspace else StoreSettings()
    keyed = bool(KeyRing(home.home.expanduser()).keys)
    # Bound first, so that a port in use is told at once and not after the model is loaded.
    with listening_socket(settings.host, settings.port, anywhere=keyed) as listener:
        config = uvicorn.Config(
            create_app(workspace, settings),
            log_level="warning",
            access_log=False,  # it would write query strings, which hold text of users
            server_header=False,
            timeout_graceful_shutdown=settings.grace_s,
        )
        with contextlib.suppress(KeyboardInterrupt):  # raised again once uvicorn has shut down
            _Server(config, _url(listener)).run(sockets=[listener])


def listening_socket(host: str, port: int, *, anywhere: bool = False) -> socket.socket:
    """A socket bound to an address; port 0 takes a free one.

    :param anywhere: whether the address need not be a loopback one, because callers are asked for a key.
    :raises InvalidParameter: if the address is none that may be listened on, or the port is in use.
    """
    if not (anywhere or is_loopback(host)):
        raise InvalidParameter(
            "without API keys joblens listens on loopback only (127.0.0.1, ::1 or localhost), found host "
            f"{host!r}: anyone who reaches the port could read your documents; make a key first with: "
            "joblens keys create"
        )
    family, address = _resolved(host, port)
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise InvalidParameter(
                f"port {port} of {host} is in use by another program; choose another one with --port"
            ) from error
        raise InvalidParameter(f"cannot listen on {host} port {port}: {error.strerror}") from error
    return listener


def _share_memory_pools() -> None:
    """Let the threads allocate from two pools of memory in place of one for each (glibc's M_ARENA_MAX).

    The service has some forty threads, most of them the engine's and the encoder's, and each pool keeps what
    it once had: under the mixed load of ``benchmarks/load.py`` memory grew half as fast with two.
    """
    with contextlib.suppress(OSError, AttributeError, TypeError):  # there is no glibc
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)


def _resolved(host: str, port: int) -> tuple[int, tuple[Any, ...]]:
    """The family and the socket address of a host; of a name's several ones the IPv4 one, if there is one."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise InvalidParameter(f"cannot listen on {host!r}: {error.strerror}") from error
    family, _, _, _, address = min(found, key=lambda each: each[0] != socket.AF_INET)
    return family, address


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
