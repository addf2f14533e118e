"""The embedded store, with what a copy needs besides: points whole, sparse vectors included."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import qdrant_edge as qe

from indexer.copying import StoredPoint
from indexer.edge import EdgeStore
from indexer.edge_errors import check_room
from indexer.edge_files import room_for
from indexer.edge_requests import DENSE, LEXICAL
from indexer.store import Point, logical_name


class CopyableEdgeStore(EdgeStore):
    """A :class:`~indexer.copying.CopyableStore` over ``qdrant_edge``."""

    def whole_points(
        self, physical: str, start: str | None, page_points: int
    ) -> tuple[list[StoredPoint], str | None]:
        request = qe.ScrollRequest(
            offset=start, limit=page_points, with_payload=True, with_vector=[DENSE, LEXICAL]
        )
        records, offset = self._run(physical, lambda shard: shard.scroll(request))
        points = []
        for record in records:
            words: Any = record.vector.get(LEXICAL)
            points.append(
                StoredPoint(
                    str(record.id),
                    np.asarray(record.vector[DENSE], np.float32),
                    tuple(words.indices) if words else (),
                    tuple(words.values) if words else (),
                    record.payload or {},
                )
            )
        return points, None if offset is None else str(offset)

    def put_whole(self, physical: str, points: Sequence[StoredPoint]) -> None:
        made = [
            qe.Point(
                point.id,
                {
                    DENSE: point.dense.tolist(),
                    LEXICAL: qe.SparseVector(list(point.words), list(point.weights)),
                },
                point.payload,
            )
            for point in points
        ]
        written = [Point(point.id, point.dense, "", point.payload) for point in points]
        needed = room_for(written, len(points[0].dense)) if points else 0
        check_room(self.root, needed, f"writing {logical_name(physical)}")
        self._run(physical, lambda shard: shard.update(qe.UpdateOperation.upsert_points(made)))
