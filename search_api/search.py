"""Semantic, lexical and hybrid search over the sentences and titles of one collection."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast, get_args

from indexer.store import COLLECTIONS, CollectionName, Condition, Filter, Hit
from indexer.workspace import Mode, Workspace
from preprocess.errors import InvalidParameter
from search_api.limits import MAX_QUERIES, check_queries, check_top_k

_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}!?")


@dataclass(frozen=True, slots=True)
class SearchAnswer:
    """The hits of one query, best first, and the fingerprint of the index that gave them."""

    query: str
    hits: tuple[Hit, ...]
    fingerprint: str


def search(
    workspace: Workspace,
    collection: str,
    queries: Sequence[str],
    *,
    top_k: int = 10,
    mode: str = "dense",
    filter: Filter | None = None,
    score_threshold: float | None = None,
) -> list[SearchAnswer]:
    """Look ``queries`` up in what the workspace's tenant sees of a collection.

    :param mode: ``dense`` (cosine), ``lexical`` (BM25) or ``hybrid`` (both, fused by the engine with RRF).
    :param score_threshold: leaves out hits that score less, in the unit of the mode.
    :raises EmptyQuery, InvalidParameter: if an argument is off.
    :raises IndexMissing, FingerprintMismatch: as the index does.
    """
    name = collection_name(collection)
    check_queries(queries, limit=MAX_QUERIES)
    check_top_k(top_k)
    if mode not in get_args(Mode):
        raise InvalidParameter(f"mode must be one of {', '.join(get_args(Mode))}, found {mode!r}")
    live = workspace.check(name)
    answers = workspace.store.search(
        name,
        workspace.queries(name, queries, cast("Mode", mode)),
        top_k=top_k,
        filter=filter,
        score_threshold=score_threshold,
    )
    return [
        SearchAnswer(query, tuple(hits), live.fingerprint.digest)
        for query, hits in zip(queries, answers, strict=True)
    ]


def collection_name(text: str) -> CollectionName:
    """:raises InvalidParameter: if ``text`` names no collection."""
    for name in COLLECTIONS:
        if text == name:
            return name
    raise InvalidParameter(f"collection must be one of {', '.join(COLLECTIONS)}, found {text!r}")


def parse_filter(values: Mapping[str, Any]) -> Filter:
    """A filter from JSON: ``{"company": "Acme", "section": ["Duties", "Tasks"], "index": {"lte": 3}}``.

    A key that ends in ``!`` must not match: ``{"company!": "Acme"}``.

    :raises InvalidParameter: if a value is of no such form. True and false are of none: the embedded engine
        (qdrant-edge-py 0.9.0) takes them for 1 and 0 and would find nothing.
    """
    must: list[Condition] = []
    must_not: list[Condition] = []
    for key, value in values.items():
        if not _KEY.fullmatch(key):
            raise InvalidParameter(
                f"a filter's key is letters, digits and _ (then ! for not), found {key[:40]!r}"
            )
        target = must_not if key.endswith("!") else must
        target.append(_condition(key.rstrip("!"), value))
    return Filter(tuple(must), tuple(must_not))


def _condition(key: str, value: Any) -> Condition:
    match value:
        case str() | int() if _storable(value):
            return Condition(key, any_of=(value,))
        case list() if value and all(isinstance(item, str | int) and _storable(item) for item in value):
            if len({type(item) for item in value}) == 1:
                return Condition(key, any_of=tuple(value))
        case dict() if value and set(value) <= {"gte", "lte"}:
            if all(isinstance(bound, int | float) and _storable(bound) for bound in value.values()):
                return Condition(key, gte=value.get("gte"), lte=value.get("lte"))
    raise InvalidParameter(
        f"filter on {key!r}: expected text, a number, a list of either or {{'gte': 1, 'lte': 2}}, "
        f"found {str(value)[:80]!r}"
    )


def _storable(value: str | float) -> bool:
    """Whether the engine can compare with the value: 64-bit numbers, finite, and whole Unicode characters."""
    if isinstance(value, bool):
        return False
    if isinstance(value, str):
        return not any("\ud800" <= character <= "\udfff" for character in value)
    return -(2**63) <= value < 2**63
