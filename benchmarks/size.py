"""What a stored sentence takes on the disk, part by part; searching it by setting, and copying it.

A million points are made of the sentences of real postings, with their real payloads and sparse vectors,
each repeated under other document ids with a little noise on its dense vector (cosine about .9 to the
original), so that no two are the same. Building the search graph of a million takes two cores too long, so
that the graph, the int8 and binary copies of the vectors and searching are measured with a tenth of the
points. The parts of the store are told apart by the names of the engine's files.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import qdrant_edge as qe
from qdrant_client import QdrantClient

from benchmarks.data import REAL, open_workspace
from indexer.copying import CopyableStore, StoredPoint, copy_collection
from indexer.edge_copying import CopyableEdgeStore
from indexer.edge_requests import DENSE, HNSW_EF, HNSW_EF_CONSTRUCT, HNSW_M, LEXICAL
from indexer.server import ServerStore
from indexer.server_errors import Calls
from indexer.server_requests import OVERSAMPLING, Layout
from indexer.store import INDEXED_KEYS, INDEXED_NUMBERS, Fingerprint
from preprocess.records import stable_id

POINTS, SEARCHED = 1_000_000, 100_000
BATCH, NOISE, QUERIES, EXACT_QUERIES, TOP_K = 5_000, 0.48, 500, 100, 10
COPIED = 10_000
POSTINGS_USED = "1,250 real postings" if REAL else "the fixtures' postings"

Quantised = qe.ScalarQuantizationConfig | qe.BinaryQuantizationConfig | None

PARTS = {
    "matrix.dat": "vectors",
    "quantized.data": "quantised_vectors",
    "quantized.meta.json": "quantised_vectors",
    "links": "graph",
    "payload_storage": "payloads",
    "payload_index": "payload_indexes",
    "vector_storage-lexical": "sparse_vectors",
    "vector_index-lexical": "sparse_vectors",
    "id_tracker": "ids",
    "wal": "log",
}
"""A piece of a file's path, and the part of the store that it belongs to."""


def run() -> dict[str, object]:
    """Bytes a point on the disk by part, speed and recall by setting, points copied a second."""
    with open_workspace() as workspace:
        store = workspace.whole_store
        assert isinstance(store, CopyableEdgeStore)
        sample = list(_all_points(store))
        fingerprint = store.live("postings").fingerprint
    stored, searched = stored_parts(sample), searched_parts(sample)
    parts = {
        name: stored[name] for name in ("vectors", "payloads", "payload_indexes", "sparse_vectors", "ids")
    }
    return {
        "source": f"{len(sample):,} sentences of {POSTINGS_USED}, repeated with noise",
        "points": POINTS,
        "disk_bytes_a_point": {**parts, **searched.pop("disk")},
        "log_bytes": stored["log"] * POINTS,
        "searched_points": SEARCHED,
        **searched,
        "copy_points_per_s": _copy_rates(sample[:COPIED], fingerprint),
    }


def stored_parts(sample: list[StoredPoint]) -> dict[str, float]:
    """Bytes a point of a million, by part, without a graph and without copies of the vectors."""
    with tempfile.TemporaryDirectory() as folder:
        shard = _filled(Path(folder), sample, POINTS, _config(None, 0), indexes=True)
        parts = file_parts(Path(folder), POINTS)
        shard.close()
    return parts


def searched_parts(sample: list[StoredPoint]) -> dict[str, Any]:
    """Bytes a point of the graph and of the copies of the vectors, and what searching takes by setting."""
    with tempfile.TemporaryDirectory() as folder:
        shard = _filled(
            Path(folder), sample, SEARCHED, _config(qe.BinaryQuantizationConfig(), 0), indexes=False
        )
        binary = file_parts(Path(folder), SEARCHED)["quantised_vectors"]
        shard.close()
        shard = qe.EdgeShard.load(folder, _config(_int8(), HNSW_M))
        started = time.perf_counter()
        shard.optimize()
        shard.flush()
        build_s = time.perf_counter() - started
        parts = file_parts(Path(folder), SEARCHED)
        searched = _searched(shard)
        shard.close()
    return {
        "disk": {"graph": parts["graph"], "int8": parts["quantised_vectors"], "binary": binary},
        "graph_build_s": round(build_s),
        "searched": searched,
    }


def _all_points(store: CopyableStore) -> Iterator[StoredPoint]:
    physical, start = store.live("postings").physical, None
    while True:
        points, start = store.whole_points(physical, start, BATCH)
        yield from points
        if start is None:
            return


def _int8() -> qe.ScalarQuantizationConfig:
    return qe.ScalarQuantizationConfig(qe.ScalarType.Int8, 0.99)


def _config(quantisation: Quantised, links: int) -> qe.EdgeConfig:
    return qe.EdgeConfig(
        vectors={DENSE: qe.EdgeVectorParams(384, qe.Distance.Cosine)},
        sparse_vectors={LEXICAL: qe.EdgeSparseVectorParams(modifier=qe.Modifier.Idf)},
        hnsw_config=qe.HnswIndexConfig(links, HNSW_EF_CONSTRUCT, full_scan_threshold=10_000),
        quantization_config=quantisation,
    )


def _filled(
    folder: Path, sample: list[StoredPoint], count: int, config: qe.EdgeConfig, *, indexes: bool
) -> qe.EdgeShard:
    """A shard with ``count`` points and, where asked for, the payload indexes of postings."""
    shard = qe.EdgeShard.create(str(folder), config)
    for key in INDEXED_KEYS["postings"] if indexes else ():
        shard.update(qe.UpdateOperation.create_field_index(key, qe.KeywordIndexParams(enable_hnsw=False)))
    for key in INDEXED_NUMBERS["postings"] if indexes else ():
        number = qe.IntegerIndexParams(lookup=True, range=True, enable_hnsw=False)
        shard.update(qe.UpdateOperation.create_field_index(key, number))
    random = np.random.default_rng(0)
    for start in range(0, count, BATCH):
        rows = range(start, min(start + BATCH, count))
        shard.update(qe.UpdateOperation.upsert_points([_made(sample, row, random) for row in rows]))
    shard.flush()
    shard.optimize()
    shard.flush()
    return shard


def _made(sample: list[StoredPoint], row: int, random: np.random.Generator) -> qe.Point:
    times, which = divmod(row, len(sample))
    point = sample[which]
    noise = random.normal(size=len(point.dense)).astype(np.float32)
    dense = point.dense + NOISE * noise / np.linalg.norm(noise)
    document = stable_id("document", times, point.payload["document_id"])
    digest = stable_id(times, point.payload["hash"]).replace("-", "")
    payload = {
        **point.payload,
        "document_id": document,
        "hash": digest,
        "key": f"{point.payload['key']} {times}",
    }
    words = qe.SparseVector(list(point.words), list(point.weights))
    return qe.Point(stable_id("size", row), {DENSE: dense.tolist(), LEXICAL: words}, payload)


def file_parts(folder: Path, count: int) -> dict[str, float]:
    """Bytes on the disk a point, by part."""
    sizes: Counter[str] = Counter()
    for file in folder.rglob("*"):
        if file.is_file():
            path = str(file.relative_to(folder))
            part = next((part for piece, part in PARTS.items() if piece in path), "other")
            sizes[part] += 512 * file.stat().st_blocks
    return {part: round(size / count, 1) for part, size in sizes.items()}


# ---- searching


def _searched(shard: qe.EdgeShard) -> dict[str, dict[str, float]]:
    """How fast and how well the shard is searched by its vectors, and by their int8 copies."""
    ids: list[Any] = [
        stable_id("size", int(row)) for row in np.random.default_rng(1).integers(0, SEARCHED, QUERIES)
    ]
    random = np.random.default_rng(2)
    asked = []
    for record in shard.retrieve(ids, False, [DENSE]):
        vector = np.asarray(record.vector[DENSE], np.float32)  # type: ignore[index,call-overload]
        noise = random.normal(size=len(vector)).astype(np.float32)
        asked.append((vector + NOISE * noise / np.linalg.norm(noise)).tolist())
    exact = [_found(shard, vector, qe.SearchParams(exact=True)) for vector in asked[:EXACT_QUERIES]]
    searched = {}
    for name in ("float32", "int8"):
        copies = qe.QuantizationSearchParams(
            ignore=name == "float32", rescore=True, oversampling=OVERSAMPLING["int8"]
        )
        params = qe.SearchParams(hnsw_ef=HNSW_EF, quantization=copies)
        took, found = [], []
        for vector in asked:
            started = time.perf_counter()
            found.append(_found(shard, vector, params))
            took.append(time.perf_counter() - started)
        recall = [len(near & best) / TOP_K for near, best in zip(found, exact, strict=False)]
        searched[name] = {
            "query_p50_ms": round(1000 * statistics.median(took), 2),
            "recall_at_10": round(statistics.mean(recall), 3),
        }
    return searched


def _found(shard: qe.EdgeShard, vector: list[float], params: qe.SearchParams) -> set[object]:
    hits = shard.query(qe.QueryRequest(TOP_K, query=qe.Query.Nearest(vector, DENSE), params=params))
    return {hit.id for hit in hits}


# ---- copying


def _copy_rates(points: list[StoredPoint], fingerprint: Fingerprint) -> dict[str, int]:
    """Points a second from the embedded store into another one, and into the client's in-memory engine."""
    with tempfile.TemporaryDirectory() as folder:
        source = CopyableEdgeStore(Path(folder) / "source")
        physical = source.stage("postings", fingerprint)
        source.put_whole(physical, points)
        source.publish("postings", physical)
        client = QdrantClient(":memory:")
        targets: dict[str, CopyableStore] = {
            "embedded": CopyableEdgeStore(Path(folder) / "target"),
            "in_memory_engine": ServerStore(client, Calls("memory", 60), Layout()),
        }
        rates = {}
        for name, target in targets.items():
            started = time.perf_counter()
            copied = copy_collection(source, target, "postings")
            rates[name] = round(copied.total / (time.perf_counter() - started))
            target.close()
        source.close()
    return rates
