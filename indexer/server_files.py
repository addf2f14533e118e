"""Files that are kept with a collection on a Qdrant server.

A server stores points, not files, so a file is a few points without vectors in a collection of its own
beside the other: pieces of its bytes, and a *head* that names them. The head is written last, and the pieces
of an older version are erased after it, so that a reader finds the old file or the new one, whole.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from qdrant_client import QdrantClient, models

from indexer.server_errors import Calls, made_once
from indexer.server_requests import Layout, replicas
from preprocess.errors import IndexMissing, StoreCorrupt
from preprocess.records import stable_id

PIECE_BYTES = 4 * 1024 * 1024
"""Of a file in a point: 5.6 MB of base64, well under the 32 MB that a server takes in one request."""

READ_AGAIN = 3
"""Times that a file is read while it is replaced."""

SUFFIX = "-files"


class CollectionFiles:
    """The files of the collections of one server.

    :param client: the server.
    :param calls: how it is called.
    :param layout: how the collections that hold files are stored.
    """

    def __init__(self, client: QdrantClient, calls: Calls, layout: Layout) -> None:
        self._client, self._calls, self._layout = client, calls, layout

    def write(self, physical: str, name: str, data: bytes) -> None:
        """Keep ``data`` as ``name``, in place of an older one."""
        place, doing = physical + SUFFIX, f"writing {name} of {physical}"
        digest = hashlib.sha256(data).hexdigest()
        self._make(place, doing)
        pieces = range(0, len(data), PIECE_BYTES)
        for number, start in enumerate(pieces):
            piece = base64.b64encode(data[start : start + PIECE_BYTES]).decode()
            self._put(place, doing, _piece_id(name, digest, number), file=name, sha256=digest, data=piece)
        head = {"sha256": digest, "size_bytes": len(data), "pieces": len(pieces)}
        self._put(place, doing, stable_id("head", name), head=name, **head)
        older = models.Filter(
            must=[models.FieldCondition(key="file", match=models.MatchValue(value=name))],
            must_not=[models.FieldCondition(key="sha256", match=models.MatchValue(value=digest))],
        )
        selected = models.FilterSelector(filter=older)
        self._calls(doing, place, self._client.delete, place, selected, wait=True)

    def read(self, physical: str, name: str) -> bytes | None:
        """The file, or None where there is none.

        :raises StoreCorrupt: if pieces of it are missing.
        """
        place, doing = physical + SUFFIX, f"reading {name} of {physical}"
        for _ in range(READ_AGAIN):
            head = self._payloads(place, doing, [stable_id("head", name)])
            if not head:
                return None
            digest, pieces = head[0]["sha256"], head[0]["pieces"]
            data = b"".join(
                base64.b64decode(payload["data"])
                for number in range(pieces)
                for payload in self._payloads(place, doing, [_piece_id(name, digest, number)])
            )
            if hashlib.sha256(data).hexdigest() == digest:
                return data
        raise StoreCorrupt(f"{doing}: pieces of the file are missing; index {physical.split('-')[0]} again")

    def _make(self, place: str, doing: str) -> None:
        if not self._calls(doing, "", self._client.collection_exists, place):
            make = made_once(self._client.create_collection)
            self._calls(doing, "", make, place, vectors_config={}, **replicas(self._layout))

    def _put(self, place: str, doing: str, id: str, **payload: Any) -> None:
        points = [models.PointStruct(id=id, vector={}, payload=payload)]
        self._calls(doing, place, self._client.upsert, place, points, wait=True)

    def _payloads(self, place: str, doing: str, ids: list[str]) -> list[dict[str, Any]]:
        try:
            records = self._calls(doing, place, self._client.retrieve, place, list(ids))
        except IndexMissing:  # no file was ever kept with this collection
            return []
        return [record.payload or {} for record in records]


def _piece_id(name: str, digest: str, number: int) -> str:
    return stable_id("piece", name, digest, number)
