"""Rules of :mod:`preprocess.titles` for single words: ornaments, joined and misspelt words, short forms."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from functools import lru_cache

from preprocess.title_tables import (
    ABBREVIATIONS,
    ACRONYMS,
    ALONE,
    CONTEXTUAL,
    FIRST_WORDS,
    HEADS,
    MISSPELLINGS,
)

Rule = Callable[[str, list[str]], str]
"""Gives the text with what the rule is for taken away or spelt out, and adds what stood there to the list."""

ABBREVIATION_SIGNS = frozenset(part for key in ABBREVIATIONS for part in key.split("'"))
ACRONYM_SIGNS = frozenset(
    form for key in (*ACRONYMS, *CONTEXTUAL) for form in (key.split("&")[0], f"{key}s", ".")
)
"""Words (or a full stop) without one of which the rule has nothing to do."""

_WORD = re.compile(r"[^\W\d_][^\W\d_'’]*")


def words_of(text: str) -> frozenset[str]:
    """The words of a text in small letters."""
    return frozenset(word.casefold() for word in _WORD.findall(text))


_ORNAMENT = re.compile(
    r"&#?[A-Za-z0-9]{2,8};|</?[A-Za-z]{1,10} ?/?>|"
    r"[^\w\s.,;:/&+#'’()\[\]{}%@$€£|•·–—‐-]+|(?<![A-Za-z])_+|_+(?![A-Za-z])"
)

_DOTTED = re.compile(r"\b(?:[A-Z]\.){2,5}(?:[A-Z]\b|(?![A-Za-z]))")


def markup(text: str, taken: list[str]) -> str:
    """Entities, tags, ornaments and dotted letters: "R&amp;D", "<b>Nurse</b>", "Nurse!!", "C.N.A."."""
    plain = _ORNAMENT.sub(lambda match: _plain(match, taken), text)
    return _DOTTED.sub(lambda match: _undotted(match, taken), plain)


def _undotted(match: re.Match[str], taken: list[str]) -> str:
    taken.append(match[0])
    return match[0].replace(".", "")


def _plain(match: re.Match[str], taken: list[str]) -> str:
    found = match[0]
    plain = html.unescape(found.lower()) if found[0] == "&" else " "
    if plain == found.lower():
        return found
    taken.append(found)
    return plain


_CAMEL_JOINT = re.compile(r"(?<=[a-z])(?=[A-Z])")


@lru_cache(maxsize=1)
def joined_words() -> dict[str, int]:
    """Two words run together in small letters, and where the second begins."""
    return {first + head: len(first) for first in FIRST_WORDS for head in HEADS}


def joined(text: str, taken: list[str]) -> str:
    """Words run together: "DataScientist", "SOFTWAREENGINEER"."""
    if joined_words().keys().isdisjoint(words_of(text)) and not _CAMEL_JOINT.search(text):
        return text
    return _WORD.sub(lambda match: _split(match[0], taken), text)


def _split(word: str, taken: list[str]) -> str:
    parts = _CAMEL_JOINT.split(word)
    cut = joined_words().get(word.casefold(), 0)
    if len(parts) == 1 and cut:
        parts = [word[:cut], word[cut:]]
    if len(parts) == 1 or parts[-1].casefold() not in HEADS:
        return word
    taken.append(word)
    return " ".join(parts)


def spelling(text: str, taken: list[str]) -> str:
    """Frequent misspellings: "Sofware Enginer"."""
    return _WORD.sub(lambda match: replaced(match[0], MISSPELLINGS.get(match[0].casefold()), taken), text)


def replaced(found: str, right: str | None, taken: list[str]) -> str:
    if right is None:
        return found
    taken.append(found)
    return right


_TOKEN = re.compile(
    r"(?<![\w&'’.])(?:(?:[A-Za-z]\.){1,6}[A-Za-z]?\.?|[A-Za-z]+(?:[&'’][A-Za-z]+)?\.?)(?![\w'’&])"
)
_ENDS_PHRASE = re.compile(
    r"$| ?[,;:/)(|&\]\[]| ?[-–—]| (?:I{1,3}|IV|V|\d|and|or|of|for|in|at|senior|sr|junior|jr)(?!\w)",
    re.IGNORECASE,
)


def _key(token: str) -> str:
    return token.replace(".", "").replace("’", "'").casefold()


def abbreviation(text: str, taken: list[str]) -> str:
    """Abbreviated words: "Asst Mgr", "Lab Tech", "Tech Support"."""

    def spell_out(match: re.Match[str]) -> str:
        forms = ABBREVIATIONS.get(_key(match[0]))
        if forms is None:
            return match[0]
        return replaced(match[0], forms[0 if _ENDS_PHRASE.match(text, match.end()) else 1], taken)

    return _TOKEN.sub(spell_out, text)


def acronym(text: str, taken: list[str]) -> str:
    """Acronyms, as capitals or in a title of small letters: "RN", "R.N.", "hr manager"."""
    words = words_of(text)
    folded, small = text.casefold(), text.islower()

    def spell_out(match: re.Match[str]) -> str:
        token, key = match[0], _key(match[0])
        plural = key[-1:] == "s" and key not in ACRONYMS
        key = key[:-1] if plural else key
        long = ACRONYMS.get(key)
        if long is None and key in CONTEXTUAL and _in_context(key, token, text, words):
            long = CONTEXTUAL[key][0]
        if long is None or (token.islower() and not small) or long.casefold() in folded:
            return token
        if key in _PREFIXES and text[match.end() : match.end() + 1] == "-":
            return token
        return replaced(token, long + "s" if plural else _unrepeated(long, text[match.end() :]), taken)

    return _TOKEN.sub(spell_out, text)


def _unrepeated(long: str, rest: str) -> str:
    """``long`` without the words that follow it: "CDL Truck Driver" is no "Truck Driver Truck Driver"."""
    words, following = long.split(), f"{rest.casefold()} "
    for start in range(1, len(words)):
        if following.startswith(f" {' '.join(words[start:]).casefold()} "):
            return " ".join(words[:start])
    return long


_PREFIXES = frozenset(("bi", "it", "or"))  # "bi-lingual"


def _in_context(key: str, token: str, text: str, words: frozenset[str]) -> bool:
    if key == "or" and not (token.isupper() and (not text.isupper() or text.startswith(token))):
        return False  # the word "or"
    return not CONTEXTUAL[key][1].isdisjoint(words) or (key in ALONE and len(words) == 1)
