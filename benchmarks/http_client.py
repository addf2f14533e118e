"""A cheap HTTP/1.1 client over asyncio streams: one connection that is kept, one request at a time.

It shares the processors with the service that it measures; httpx takes several times as long for a request.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Reply:
    """A status and a body."""

    status: int
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Connection:
    """A kept connection to ``url``, opened by the first request."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def request(
        self, method: str, path: str, body: object = None, media_type: str = "application/json"
    ) -> Reply:
        """Send ``body`` (as JSON, unless it is bytes), where there is one, and wait for the whole reply.

        :raises OSError, asyncio.IncompleteReadError: if the connection breaks; the next request opens one.
        """
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        typed = f"Content-Type: {media_type}\r\n" if content else ""
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\n{typed}"
            f"Content-Length: {len(content)}\r\n\r\n"
        )
        try:
            if self._streams is None:
                self._streams = await asyncio.open_connection(self._host, self._port)
            reader, writer = self._streams
            writer.write(head.encode() + content)
            return await _reply(reader)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close it without a word."""
        if self._streams:
            self._streams[1].close()
            self._streams = None


async def _reply(reader: asyncio.StreamReader) -> Reply:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    status = int(head.split(b" ", 2)[1])
    if b"transfer-encoding: chunked" in head:
        parts = []
        while size := int(await reader.readline(), 16):
            parts.append(await reader.readexactly(size))
            await reader.readline()
        await reader.readline()
        return Reply(status, b"".join(parts))
    length = head.partition(b"content-length: ")[2].partition(b"\r\n")[0]
    return Reply(status, await reader.readexactly(int(length or 0)))
