"""The names that :class:`preprocess.technologies.TechnologyMatcher` looks for, and how far each is trusted.

Two sources: ``technologies.txt``, written by hand, and the technology names that an O*NET release
publishes. O*NET writes vendor, product, abbreviation and kind into one name ("Adobe Systems Adobe
Photoshop", "Structured query language SQL", "ESRI ArcGIS software") and lists categories among the
products ("Spreadsheet software"); the rules here take such names apart and leave the categories out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Literal

Rule = Literal["any", "case", "sentence", "company", "list"]

MARKS: dict[str, Rule] = {"=": "case", "~": "sentence", "?": "company", "+": "list"}

TAILS = re.compile(
    r"applications?|databases?|packages?|platforms?|programs?|software|suites?|systems?|technology|tool(kit)?s?"
)
SMALL = re.compile(r"an?|and|by|de|for|in|of|on|or|the|to|with")

_ODD = re.compile(r"[a-z][A-Z]|[A-Za-z]\d|\d[A-Za-z]{2}|[A-Za-z][+#]|\w\.\w|[A-Za-z]/[A-Za-z]")
_CAMEL = re.compile(r"[a-z][A-Z]")
_ACRONYM = re.compile(r"[A-Z][A-Z0-9&/-]{2,7}")
_PARENTHESIS = re.compile(r"\s*\(([^)]*)\)")
_CUES = re.compile(r"\s*\(([a-z0-9, ]+)\)$")


@dataclass(frozen=True, slots=True)
class Alias:
    """One spelling of a technology.

    ``name`` is the canonical name; ``rule`` says when ``text`` counts (the marks in ``technologies.txt``);
    ``cues`` are words that vouch for it when they follow.
    """

    name: str
    text: str
    rule: Rule
    cues: frozenset[str] = frozenset()

    @property
    def certain(self) -> bool:
        """Counts wherever its spelling stands."""
        return self.rule in ("any", "case")


def all_aliases(published: Iterable[str] = ()) -> list[Alias]:
    """Every alias, the packaged ones first; no text twice under the same rule of case.

    :param published: technology names as an O*NET release has them.
    """
    packaged, vendors, categories = _packaged()
    known = {alias.text.lower(): alias.name for alias in packaged}
    aliases = {(alias.text, alias.rule == "any"): alias for alias in packaged}
    # The shortest name first: of "SAP Crystal Reports" and "SAP BusinessObjects Crystal Reports" the
    # first owns the alias that both would give.
    for name in sorted(set(published) - categories, key=lambda text: (len(text), text)):
        for alias in _published_aliases(name, known, vendors):
            aliases.setdefault((alias.text, alias.rule == "any"), alias)
    return list(aliases.values())


@lru_cache(maxsize=1)
def _packaged() -> tuple[tuple[Alias, ...], frozenset[str], frozenset[str]]:
    """The aliases, the vendors in small letters and the categories of ``technologies.txt``."""
    text = resources.files("preprocess").joinpath("technologies.txt").read_text(encoding="utf-8")
    aliases: list[Alias] = []
    vendors: set[str] = set()
    categories: set[str] = set()
    section = ""
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("["):
            section = line.strip("[]").partition(":")[0]
            continue
        entries = [entry.strip() for entry in line.split("|")]
        if section == "vendors":
            vendors.update(entry.lower() for entry in entries)
        elif section == "categories":
            categories.update(entries)
        else:
            aliases.extend(_line_aliases(entries))
    return tuple(aliases), frozenset(vendors), frozenset(categories)


def _line_aliases(entries: list[str]) -> Iterator[Alias]:
    name = ""
    for entry in entries:
        rule = MARKS.get(entry[0], "any")
        text = entry if rule == "any" else entry[1:]
        cues: frozenset[str] = frozenset()
        if match := _CUES.search(text):
            cues, text = frozenset(match[1].split(", ")), text[: match.start()]
        name = name or text
        yield Alias(name, text, rule, cues)
        if text.startswith("Microsoft "):
            product = text.removeprefix("Microsoft ")
            yield Alias(name, f"MS {product}", rule, cues)
            yield Alias(name, f"MS-{product}", rule, cues)


def _published_aliases(published: str, known: dict[str, str], vendors: frozenset[str]) -> Iterator[Alias]:
    if published.lower() in known:
        return  # spelled out in technologies.txt, with its own rule
    words = _PARENTHESIS.sub(_spelled_out, published).split()
    length = len(words)
    while len(words) > 1 and TAILS.fullmatch(words[-1]):
        words.pop()
    if not words or TAILS.fullmatch(words[0]):
        return
    of_a_kind = len(words) < length
    words = _from_repeated_vendor(words)
    if any(word.islower() and not SMALL.fullmatch(word) for word in words[1:]):
        return  # a phrase, not a name: "Learning management system LMS"
    if len(words) > 2 and _abbreviates(words[-1], words[:-1]):
        words.pop()
    name, product = " ".join(words), " ".join(_without_vendor(words, vendors))
    if not product:
        return  # a vendor alone names no product
    has_vendor = name != product
    if owner := known.get(name.lower()) or known.get(product.lower()):
        spellings = [published, name]
    elif of_a_kind and not has_vendor and not _CAMEL.search(name):
        return  # "Database software", "ERP software"; what is a name after all is in technologies.txt
    else:
        spellings = [published, name]
        if any(_ODD.search(word) for word in product.split()):
            spellings.append(product)  # never "Supply Chain Management", published as Infor's
    for text in dict.fromkeys(spellings):
        if len(text) > 1 and text.lower() not in known:
            yield Alias(owner or name, text, _trust(text, has_vendor and text != product))


def _trust(text: str, has_vendor: bool) -> Rule:
    words = text.split()
    if len(words) == 1:
        return "case" if len(text) > 3 and _ODD.search(text) else "list"
    odd = any(_ODD.search(word) or _ACRONYM.fullmatch(word) for word in words)
    return "case" if has_vendor or odd else "list"


def _spelled_out(match: re.Match[str]) -> str:
    return f" {match[1]}" if _ACRONYM.fullmatch(match[1]) else ""


def _from_repeated_vendor(words: list[str]) -> list[str]:
    if words[0] in words[1:-1]:
        return words[words.index(words[0], 1) :]
    return words


def _without_vendor(words: list[str], vendors: frozenset[str]) -> list[str]:
    for length in (3, 2, 1):
        if " ".join(words[:length]).lower() in vendors:
            return words[length:]
    return words


def _abbreviates(acronym: str, words: list[str]) -> bool:
    if not _ACRONYM.fullmatch(acronym):
        return False
    initials = iter("".join(part[0] for word in words for part in re.split(r"[-/]", word) if part).upper())
    return all(letter in initials for letter in acronym if letter.isalpha())
