"""Page tokens: where a list goes on, in a form that no client is tempted to read or to make.

A token belongs to one question. Sent with another one (other filters, another index) it is refused, because
the place that it names would mean something else there.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Sequence

from preprocess.errors import InvalidParameter

MAX_TOKEN_CHARS = 200

_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,200}")
_HASH_CHARS = 16


def page_token(place: int, question: Sequence[str]) -> str:
    """The token of the page that begins after ``place``.

    :param question: all that the list depends on, except how long a page is.
    """
    text = f"{place}.{_hash(question)}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def place_of(token: str | None, question: Sequence[str]) -> int:
    """The place that :func:`page_token` was given; 0 for no token.

    :raises InvalidParameter: if the token is none, or one of another question.
    """
    if not token:
        return 0
    place, _, hash = _text(token).partition(".")
    if not (place.isascii() and place.isdecimal() and len(place) <= 39 and hash == _hash(question)):
        raise InvalidParameter(
            "expected a page token as the page before gave it, for the same question and index, found "
            f"{token[:40]!r}; leave it out to begin with the first page"
        )
    return int(place)


def _text(token: str) -> str:
    if not _TOKEN.fullmatch(token):
        return ""
    try:
        return base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode("ascii")
    except ValueError:
        return ""


def _hash(question: Sequence[str]) -> str:
    text = json.dumps(question)
    return hashlib.sha256(text.encode()).hexdigest()[:_HASH_CHARS]
