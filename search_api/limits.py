"""The limits that every way in shares, checked in one place."""

from __future__ import annotations

from collections.abc import Sequence

from preprocess.errors import EmptyQuery, InvalidParameter

MAX_TOP_K = 1_000
MAX_QUERIES = 1_000
MAX_QUERY_CHARS = 100_000


def check_top_k(top_k: int, name: str = "top_k") -> None:
    """:raises InvalidParameter: if ``top_k`` is not between 1 and :data:`MAX_TOP_K`."""
    if not 1 <= top_k <= MAX_TOP_K:
        raise InvalidParameter(f"{name} must be from 1 to {MAX_TOP_K}, found {top_k}")


def check_queries(queries: Sequence[str], *, limit: int | None = None) -> None:
    """Refuse what cannot be looked up.

    :raises EmptyQuery: if there is no query, or one holds no letter or digit.
    :raises InvalidParameter: if one is too long or not Unicode, or there are more than ``limit``.
    """
    if not queries:
        raise EmptyQuery("expected at least one query, found none")
    if limit is not None and len(queries) > limit:
        raise InvalidParameter(f"at most {limit} queries at once, found {len(queries)}")
    for position, query in enumerate(queries):
        if not any(character.isalnum() for character in query):
            raise EmptyQuery(f"query {position + 1} holds no letter or digit: {query[:40]!r}")
        if any("\ud800" <= character <= "\udfff" for character in query):
            raise InvalidParameter(f"query {position + 1} holds half of a surrogate pair; send valid Unicode")
        if len(query) > MAX_QUERY_CHARS:
            raise InvalidParameter(
                f"query {position + 1} has {len(query):,} characters; the limit is {MAX_QUERY_CHARS:,}"
            )
