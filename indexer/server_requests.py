"""Our collections, queries and filters in the words of a Qdrant server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import qdrant_edge as qe
from qdrant_client import models

from indexer.edge_requests import (
    DENSE,
    EXACT_BELOW,
    HNSW_EF,
    HNSW_EF_CONSTRUCT,
    HNSW_M,
    LEXICAL,
    RRF_K,
    fused_depth,
)
from indexer.lexical import lexical_text
from indexer.store import (
    INDEXED_KEYS,
    INDEXED_NUMBERS,
    CollectionName,
    Condition,
    Filter,
    Fingerprint,
    Query,
    Vector,
)

Quantisation = Literal["none", "int8", "binary"]

OVERSAMPLING: dict[Quantisation, float] = {"none": 1.0, "int8": 2.0, "binary": 4.0}
"""How many times top_k points are taken by their quantised vectors, to be scored again by the whole ones.
Qdrant's guide to quantisation advises 2 to 4 for binary; 384 dimensions are few for it."""

DECIMALS = 9
"""Of a number in a request. Half of a float32's last bit is more than that for all but the smallest numbers
of a unit vector, and it makes a request of 5,000 points 25 MB instead of 39; a server takes 32 MB."""

METADATA_KEY = "joblens"


@dataclass(frozen=True, slots=True)
class Layout:
    """How a server stores new collections; None leaves it to the server.

    :param shard_number: parts that a collection is split into, over the nodes of a cluster.
    :param replication_factor: nodes that hold a copy of each part.
    :param write_consistency_factor: copies that have to be written before a write counts as done.
    :param on_disk: vectors are read from the disk when they are needed, not kept in memory.
    :param quantisation: small copies of the dense vectors, kept in memory, find the candidates.
    """

    shard_number: int | None = None
    replication_factor: int | None = None
    write_consistency_factor: int | None = None
    on_disk: bool = False
    quantisation: Quantisation = "none"


def collection_settings(fingerprint: Fingerprint, layout: Layout) -> dict[str, Any]:
    """What to create a collection with: the vectors and the search graph of the embedded store."""
    exact_kilobytes = EXACT_BELOW * fingerprint.dimension * 4 // 1024
    return {
        "vectors_config": {
            DENSE: models.VectorParams(
                size=fingerprint.dimension,
                distance=models.Distance.COSINE,
                memory=models.Memory.COLD if layout.on_disk else models.Memory.CACHED,
            )
        },
        "sparse_vectors_config": {LEXICAL: models.SparseVectorParams(modifier=models.Modifier.IDF)},
        "hnsw_config": models.HnswConfigDiff(
            m=HNSW_M, ef_construct=HNSW_EF_CONSTRUCT, full_scan_threshold=exact_kilobytes
        ),
        "quantization_config": _quantisation(layout.quantisation),
        **replicas(layout),
        "metadata": {METADATA_KEY: fingerprint.to_json()},
    }


def replicas(layout: Layout) -> dict[str, Any]:
    """How a collection is spread over a cluster."""
    return {
        "shard_number": layout.shard_number,
        "replication_factor": layout.replication_factor,
        "write_consistency_factor": layout.write_consistency_factor,
    }


def _quantisation(kind: Quantisation) -> models.QuantizationConfig | None:
    if kind == "int8":
        return models.ScalarQuantization(
            scalar=models.ScalarQuantizationConfig(
                type=models.ScalarType.INT8, quantile=0.99, memory=models.Memory.PINNED
            )
        )
    if kind == "binary":
        return models.BinaryQuantization(binary=models.BinaryQuantizationConfig(memory=models.Memory.PINNED))
    return None


def payload_indexes(name: CollectionName) -> dict[str, models.PayloadSchemaParams]:
    """The index of each payload key that is filtered on.

    Only the tenant gets links of its own in the search graph: they make building it slow, and all other keys
    are either rare in a query or let few points through, which are then compared one by one.
    """
    numbers = {
        key: models.IntegerIndexParams(
            type=models.IntegerIndexType.INTEGER, lookup=True, range=True, enable_hnsw=False
        )
        for key in INDEXED_NUMBERS[name]
    }
    keywords = {
        key: models.KeywordIndexParams(
            type=models.KeywordIndexType.KEYWORD,
            is_tenant=True if key == "tenant" else None,
            enable_hnsw=key == "tenant",
        )
        for key in INDEXED_KEYS[name]
    }
    return {**keywords, **numbers}


def numbers(vector: Vector) -> list[float]:
    """A dense vector for a request."""
    rounded: list[float] = np.round(vector.astype(np.float64), DECIMALS).tolist()
    return rounded


def vectors_of(dense: Vector, words: Sequence[int], weights: Sequence[float]) -> dict[str, Any]:
    """The vectors of a point. A text without a word has no sparse one, so that it does not count among the
    texts in which a word is rare."""
    found: dict[str, Any] = {DENSE: numbers(dense)}
    if words:
        found[LEXICAL] = models.SparseVector(indices=list(words), values=list(weights))
    return found


def query_request(
    query: Query,
    bm25: qe.Bm25,
    top_k: int,
    filter: Filter | None,
    score_threshold: float | None,
    fields: Sequence[str] | None,
    exact: bool,
    quantisation: Quantisation,
) -> models.QueryRequest | None:
    """A dense, a lexical or, where the query has both sides, a fused request.

    :return: None where nothing can be found: a lexical query without a word, or a filter that lets nothing
        through.
    """
    if lets_nothing_through(filter):
        return None
    within = server_filter(filter)
    sides: list[tuple[str, Any]] = []
    if query.dense is not None:
        sides.append((DENSE, numbers(query.dense)))
    if query.lexical is not None:
        words = bm25.embed_query(lexical_text(query.lexical))
        if words.indices:
            sides.append((LEXICAL, models.SparseVector(indices=words.indices, values=words.values)))
    if not sides:
        return None
    params = {name: _search_params(name, top_k, exact, quantisation) for name, _ in sides}
    asked: dict[str, Any] = {
        "limit": top_k,
        "with_payload": True if fields is None else list(fields),
        "score_threshold": score_threshold,
    }
    if query.dense is None or query.lexical is None:
        [(name, vector)] = sides
        return models.QueryRequest(query=vector, using=name, filter=within, params=params[name], **asked)
    return models.QueryRequest(
        query=models.RrfQuery(rrf=models.Rrf(k=RRF_K)),
        prefetch=[
            models.Prefetch(
                query=vector, using=name, filter=within, params=params[name], limit=fused_depth(top_k)
            )
            for name, vector in sides
        ],
        **asked,
    )


def _search_params(
    name: str, top_k: int, exact: bool, quantisation: Quantisation
) -> models.SearchParams | None:
    if name == LEXICAL:  # an inverted index is exact
        return None
    if exact:
        return models.SearchParams(exact=True)
    rescored = models.QuantizationSearchParams(rescore=True, oversampling=OVERSAMPLING[quantisation])
    return models.SearchParams(
        hnsw_ef=max(HNSW_EF, top_k), quantization=None if quantisation == "none" else rescored
    )


def lets_nothing_through(filter: Filter | None) -> bool:
    """Whether a condition has no value to be equal to. The server is not asked then: what it makes of an
    empty list must not decide what a tenant sees, or what is deleted."""
    return filter is not None and any(condition.any_of == () for condition in filter.must)


def server_filter(filter: Filter | None) -> models.Filter | None:
    """The server's filter; None for none."""
    if filter is None:
        return None
    return models.Filter(
        must=[_condition(condition) for condition in filter.must],
        must_not=[_condition(condition) for condition in filter.must_not if condition.any_of != ()],
    )


def _condition(condition: Condition) -> models.Condition:
    if condition.any_of is None:
        within = models.Range(gte=condition.gte, lte=condition.lte)
        return models.FieldCondition(key=condition.key, range=within)
    if len(condition.any_of) == 1:
        return _equal(condition.key, condition.any_of[0])
    kinds = {type(value) for value in condition.any_of}
    if len(kinds) == 1 and bool not in kinds:
        values: Any = list(condition.any_of)
        return models.FieldCondition(key=condition.key, match=models.MatchAny(any=values))
    return models.Filter(should=[_equal(condition.key, value) for value in condition.any_of])


def _equal(key: str, value: str | int | bool) -> models.FieldCondition:
    return models.FieldCondition(key=key, match=models.MatchValue(value=value))
