"""How values are put into words, the same in the terminal, in Markdown and in HTML."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from preprocess.sentences import normalise

if TYPE_CHECKING:
    from search_api.sides import Side

_NOT_IN_URL = re.compile(r"[\s<>\"'`\\^{|}]")


def clipped(text: str, limit: int) -> str:
    """``text`` on one line of at most ``limit`` characters, cut at a word and ended by an ellipsis."""
    line = normalise(text)
    if len(line) <= limit:
        return line
    head = line[: limit - 1]
    at_word = head.rsplit(" ", 1)[0]
    return (at_word if len(at_word) > limit // 2 else head).rstrip(" ,;:") + "…"


def cosine(score: float) -> str:
    """A cosine or another score, short: ``.71``, ``1.0``, ``-.05``, ``8.40``, ``12.3``."""
    if abs(score) >= 10:
        return f"{score:.1f}"
    text = f"{score:.2f}"
    if text.lstrip("-") == "0.00":
        return ".00"
    if text.lstrip("-") == "1.00":
        return text[:-1]
    return text.replace("0.", ".", 1) if text.lstrip("-").startswith("0.") else text


def percent(share: float) -> str:
    """A share from 0 to 1 as whole percent; 100% and 0% only where it is all or nothing."""
    value = round(100 * share)
    if value == 100 and share < 1:
        value = 99
    if value == 0 and share > 0:
        value = 1
    return f"{value}%"


def counted(count: int, noun: str) -> str:
    """``1 posting``, ``1,250 postings``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def web_url(url: str) -> str:
    """``url`` if it is an http or https address that can stand in a link as it is, else an empty string."""
    if _NOT_IN_URL.search(url) or url != normalise(url):
        return ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme.lower() in {"http", "https"} and parts.hostname else ""


def side_name(side: Side) -> str:
    """The name of a side's document, ``and 2 more`` where it has several."""
    if not side.documents:
        return "nothing"
    name = normalise(side.documents[0].name)
    more = len(side.documents) - 1
    return f"{name} and {more:,} more" if more else name
