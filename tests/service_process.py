"""The service as a process of its own, over a data directory and on a free port."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from search_api.server import listening_socket
from tests.conftest import MODEL_CACHE, REPOSITORY

SERVE = ("-c", "from search_api.server import serve; serve()")


@dataclass(frozen=True)
class Server:
    """A running service, and the file that takes what it prints."""

    url: str
    process: psutil.Process
    printed: Path

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])


def environment(home: Path) -> dict[str, str]:
    return {**os.environ, "JOBLENS_HOME": str(home), "JOBLENS_MODEL_CACHE": str(MODEL_CACHE)}


@contextmanager
def running_service(home: Path, command: Sequence[str] = SERVE, **settings: object) -> Iterator[Server]:
    """Start it, wait until it is ready, and end it.

    :param command: arguments of Python; ``PORT`` stands for the port.
    :param settings: of the service, such as ``grace_s``.
    """
    with listening_socket("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    chosen = {"port": port, **settings}
    variables = {f"JOBLENS_SERVE_{name.upper()}": str(value) for name, value in chosen.items()}
    printed = home / "printed.txt"
    with printed.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, *(word.replace("PORT", str(port)) for word in command)],
            cwd=REPOSITORY,
            env=environment(home) | variables,
            stdout=file,
            stderr=file,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_ready(url, process, printed)
        yield Server(url, psutil.Process(process.pid), printed)
    finally:
        process.terminate()
        process.wait(timeout=60)


def _wait_until_ready(url: str, process: subprocess.Popen[bytes], printed: Path) -> None:
    for _ in range(600):
        assert process.poll() is None, f"the service ended before it was ready: {printed.read_text()}"
        try:
            if httpx.get(f"{url}/ready", timeout=10).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"not ready after a minute: {printed.read_text()}")
