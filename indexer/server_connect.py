"""How to reach a Qdrant server: URL, key, and REST or gRPC."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import stamina
from qdrant_client import QdrantClient

from indexer.server import ServerStore
from indexer.server_errors import Calls, tell_retry
from indexer.server_requests import Layout
from preprocess.errors import InvalidParameter

REST_PORT = 6333


def connect(
    url: str,
    api_key: str = "",
    *,
    prefer_grpc: bool = False,
    grpc_port: int = 6334,
    timeout_s: int = 30,
    layout: Layout | None = None,
) -> ServerStore:
    """The store on the server at ``url``; nothing is sent yet.

    :param url: ``http://host:6333``; without a port, 6333.
    :raises InvalidParameter: if the URL or the key cannot be ones. The key is never part of a message.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise InvalidParameter(
            "the URL of Qdrant must be like http://localhost:6333, without a user or password, found "
            f"{parts._replace(netloc=parts.netloc.rpartition('@')[2]).geturl()!r}"
        )
    key = api_key.strip()
    if not re.fullmatch("[!-~]*", key):
        raise InvalidParameter(
            "JOBLENS_QDRANT_API_KEY must be printable ASCII characters without a space (what was found "
            "is not shown)"
        )
    # Without this, stamina prints to standard output, among the results of a command.
    stamina.instrumentation.set_on_retry_hooks([tell_retry])
    try:
        place = f"{parts.hostname}:{grpc_port if prefer_grpc else parts.port or REST_PORT}"
        client = QdrantClient(
            url=url,
            grpc_port=grpc_port,
            prefer_grpc=prefer_grpc,
            timeout=timeout_s,
            # As a header, since the client warns of an api_key over http, which is what the nodes and the
            # service speak inside their own network.
            headers={"api-key": key} if key else None,
            check_compatibility=False,
        )
    except ValueError as error:
        raise InvalidParameter(f"the URL of Qdrant must be like http://localhost:6333: {error}") from error
    return ServerStore(client, Calls(place, timeout_s, key), layout or Layout())
