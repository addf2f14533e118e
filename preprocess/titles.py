"""A raw job title, cleaned before it is looked up: "Sr. RN - Nights ($38/hr)" is "Registered Nurse".

What hides the occupation goes (pay, hours, place, ids), what abbreviates it is spelt out, and seniority is
split off. Which rules are on was chosen by ``benchmarks/titles.py``. Brackets, and what follows a dash or a
comma, stay where they are not noise: cutting them off took the LCA titles from .402 to .388, .390 and .370
at the first hit. So do supervisors and managers, which are occupations of their own.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from preprocess import title_words
from preprocess.title_levels import (
    LEVEL_SIGNS,
    NUMERAL_SIGNS,
    level_of,
    numeral_of,
    without_level,
    without_numeral,
)
from preprocess.title_noise import NOISE, noise
from preprocess.title_tables import MISSPELLINGS
from preprocess.title_words import ABBREVIATION_SIGNS, ACRONYM_SIGNS, Rule

MAX_CHARACTERS = 500
"""A longer text is no title and is only folded in spacing; the longest of 310,578 real ones has 70."""

_ALWAYS: frozenset[str] = frozenset()
_CLEANING: Mapping[str, tuple[Rule, frozenset[str]]] = {
    "markup": (title_words.markup, _ALWAYS),
    **{name: (noise(name), NOISE[name].signs) for name in NOISE},
    "joined": (title_words.joined, _ALWAYS),
    "spelling": (title_words.spelling, frozenset(MISSPELLINGS)),
    "abbreviation": (title_words.abbreviation, ABBREVIATION_SIGNS),
    "acronym": (title_words.acronym, ACRONYM_SIGNS),
}
_SENIORITY: Mapping[str, tuple[Rule, frozenset[str]]] = {
    "level": (without_level, LEVEL_SIGNS),
    "numeral": (without_numeral, NUMERAL_SIGNS),
}
RULES: tuple[str, ...] = (*_CLEANING, *_SENIORITY)
"""The names of all rules, in the order in which they are applied."""

DEFAULT_RULES: frozenset[str] = frozenset(RULES)
"""All of them, by ``benchmarks/titles.py``. Without and with cleaning, first hit / first ten: LCA titles
.402 / .693 and .405 / .698, postings .384 / .727 and .414 / .707 (two of 99 lost), BLS titles .767 / .957
both, BLS titles with three kinds of noise around them .719 / .936 and .767 / .957. What ids, numerals and
levels bring on the sets as they are cannot be told from chance (at most 4 of 4,019 titles either way), but
put around the 559 BLS titles nearly every form of them costs first hits, up to 14; their rules undo that."""


@dataclass(frozen=True, slots=True)
class Removed:
    """What a rule took out of the title or wrote in another way: ``text`` as it stood there."""

    rule: str
    text: str


@dataclass(frozen=True, slots=True)
class CleanTitle:
    """A cleaned title.

    ``text`` is what to look up, never empty unless ``raw`` is blank; ``level`` is a word of seniority
    (intern, entry, junior, associate, mid, senior, staff, lead, principal, chief) or empty; ``numeral`` is
    "1" to "10" or empty; ``changes`` in the order in which they were made.
    """

    raw: str
    text: str
    level: str
    numeral: str
    changes: tuple[Removed, ...]


def clean_title(raw: str, rules: Collection[str] = DEFAULT_RULES) -> CleanTitle:
    """Clean a title; cleaning the ``text`` again changes nothing.

    :param rules: names out of ``RULES``; they are applied in that order until nothing changes any more.
    :return: the title; its ``text`` is ``raw`` with its spacing folded where nothing else would be left.
    """
    folded = " ".join(raw.split())
    if len(folded) > MAX_CHARACTERS:
        return CleanTitle(raw, folded, "", "", ())
    text, found_level, found_numeral = folded, "", ""
    changes: list[Removed] = []
    before = None
    while text != before:
        before = text
        text = _apply(_CLEANING, rules, text, changes)
        signs = _signs(text)
        if not found_level and not LEVEL_SIGNS.isdisjoint(signs):
            found_level = level_of(text)
        if not found_numeral and not NUMERAL_SIGNS.isdisjoint(signs):
            found_numeral = numeral_of(text)
        text = _apply(_SENIORITY, rules, text, changes)
    if not any(map(str.isalpha, text)):
        return CleanTitle(raw, folded, found_level, found_numeral, ())
    return CleanTitle(raw, text, found_level, found_numeral, tuple(changes))


def _apply(
    table: Mapping[str, tuple[Rule, frozenset[str]]],
    rules: Collection[str],
    text: str,
    changes: list[Removed],
) -> str:
    signs = _signs(text)
    for name, (rule, needed) in table.items():
        if name not in rules or (needed and needed.isdisjoint(signs)):
            continue
        taken: list[str] = []
        changed = rule(text, taken)
        if taken:
            changes.extend(Removed(name, part) for part in taken)
            text = _tidy(changed)
            signs = _signs(text)
    return text


_SIGN = re.compile(r"[^\W\d_]+|[\d$€£@#.!]")


def _signs(text: str) -> set[str]:
    """The words and marks of a text, and ``0`` for any digit: what tells which rules have nothing to do."""
    signs = set(_SIGN.findall(text.casefold()))
    if not signs.isdisjoint("123456789"):
        signs.add("0")
    return signs


_EMPTY_BRACKETS = re.compile(r"[(\[{][ ,;:/|•·–—-]*[)\]}]")
_MARK_IN_BRACKET = re.compile(r"(?<=[(\[{])[ ,;:/|•·–—-]+|[ ,;:/|•·–—-]+(?=[)\]}])")
_MARKS = re.compile(r"( ?[,;|/•·]| [-–—])(?: ?[,;|/•·]| ?[-–—](?= |$))+")
_DANGLING = re.compile(r"(?:(?<!,) (?:at|in|for|with|and|or|to))+$", re.IGNORECASE)
_EDGES = " ,;:|/–—-•·&@*!"


def _tidy(text: str) -> str:
    """The text without the brackets, marks and spaces that a removal left behind."""
    text = _EMPTY_BRACKETS.sub(" ", text)
    text = _MARK_IN_BRACKET.sub("", text)
    text = " ".join(text.split())
    text = _MARKS.sub(r"\1", text).strip(_EDGES)
    return _DANGLING.sub("", text).replace(" ,", ",").strip(_EDGES)
