"""Families of tools: a product of the class that is asked for covers it, another product of the family in
part.

"A relational database" is covered by PostgreSQL; "Tableau" is not covered by Looker, but comes near. Each
row of
``tool_families.txt`` has the words for the class and the products in it. Written from general knowledge; a
product that is also
an ordinary word ("Epic", "Toast") heeds capitals.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from typing import Literal

_Family = tuple[re.Pattern[str], re.Pattern[str]]


@lru_cache(maxsize=1)
def families() -> Mapping[str, _Family]:
    """Family -> patterns of the words for the class and of the products."""
    text = resources.files("search_api").joinpath("tool_families.txt").read_text(encoding="utf-8")
    rows = [line.split(" = ") for line in text.splitlines() if line and not line.startswith("#")]
    return {
        name: (
            re.compile(rf"\b(?:{words})\b", re.IGNORECASE),
            re.compile(rf"(?<![\w&])(?:{products})(?![\w&+#])"),
        )
        for name, words, products in rows
    }


@lru_cache(maxsize=4_096)
def products_in(brag: str) -> frozenset[tuple[str, str]]:
    """The families of the products that a brag sentence names, with the products."""
    return frozenset(
        (name, product) for name, (_, pattern) in families().items() for product in pattern.findall(brag)
    )


@lru_cache(maxsize=262_144)
def speaks_of(asked: str, products: frozenset[tuple[str, str]]) -> Literal["same", "class", "other", ""]:
    """What an asked sentence wants of ``products``: one of them, a product of that class, or another one.

    "Tableau or another dashboard tool" wants the class where none of the products is named.
    """
    kinds = [families()[family] for family in {family for family, _ in products}]
    wanted = {product for _, pattern in kinds for product in pattern.findall(asked)}
    if wanted & {product for _, product in products}:
        return "same"
    if any(words.search(asked) for words, _ in kinds):
        return "class"
    return "other" if wanted else ""
