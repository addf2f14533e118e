"""What a sentence says of degrees, licences and years of experience, read with tables a person can check.

A *ladder* is a family of credentials of which a higher one covers a lower one: a master's degree covers a
bachelor's, a practical nurse's licence does not cover a registered nurse's. The ladders are in
``credentials.txt``, each step a regular expression; abbreviations heed capitals, the others do not. The
steps are the usual ones
of the United States, written from general knowledge, and no measurement.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

_Ladder = tuple[tuple[str, ...], tuple[tuple[str, re.Pattern[str]], ...]]


@lru_cache(maxsize=1)
def ladders() -> Mapping[str, _Ladder]:
    """Family -> the beginnings of words, one of which is in every text it matches, and its steps from the
    lowest."""
    text = resources.files("preprocess").joinpath("credentials.txt").read_text(encoding="utf-8")
    found: dict[str, _Ladder] = {}
    for section in re.split(r"^(?=\[)", text, flags=re.MULTILINE)[1:]:
        head, *lines = [line for line in section.splitlines() if line.strip()]
        family, _, keys = head[1:].partition("] ")
        steps = [line.split(" = ", 1) for line in lines]
        found[family] = (
            tuple(keys.split(",")),
            tuple((name, re.compile(pattern)) for name, pattern in steps),
        )
    return found


_ABBREVIATIONS = re.compile(
    r"\b(?:BLS|ACLS|PALS|CPR|NRP|TNCC|CCRN|CEN|OCN|CNOR|CDL|TWIC|OSHA|EPA|ASE|NICET|CPIM|CSCP|CSSP|PMP|CSM|CISSP|CEH|CISA"
    r"|CIA|CFE|CFP|CFA|CPA|EA|CMA|CTP|FRM|SHRM|PHR|SPHR|CCNA|CCNP|RN|LPN|CNA|NP|EMT|TEFL|TESOL|IATA|HAZMAT|HACCP)\b"
)
"""Credentials by their usual abbreviations."""

_CREDENTIAL = re.compile(
    r"(?i:\blicen[cs]|\bcertif|\bcredential|\bdegree\b|\bdiploma\b|\bendorsement\b|\bpermit\b|\baccredit|\bregistration\b"
    r"|\bclearance\b|\bseries \d|\bbelt\b|\bboard[- ](?:certified|eligible))"
)

NUMBER_WORDS: Mapping[str, float] = {
    "half a": 0.5, "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6,
    "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14,
    "fifteen": 15, "sixteen": 16,
    "eighteen": 18, "twenty": 20, "thirty": 30, "several": 3, "a couple of": 2, "a few": 3,
}  # fmt: skip
_WORDS = "|".join(sorted(NUMBER_WORDS, key=len, reverse=True))
_YEARS = re.compile(
    rf"(?<![\w.])(?P<low>\d{{1,2}}(?:\.\d)?|(?:{_WORDS})\b(?: and a half)?)\+?(?: ?\(\d+\))?(?: plus)?"
    rf"(?:[\s-]*(?:to|-|–|or)[\s-]*(?:\d{{1,2}}|(?:{_WORDS})\b)\+?)?(?: ?\(\d+\))?"
    r"(?: or more| full| solid| straight| consecutive| good| and a half)*"
    r"[\s-]*(?P<unit>years?['’]?s?|yrs?|months?|decades?|seasons?|summers?)\b"
    r"(?![ -](?:old|ago|guarantee|contract|plan|warrant|of age))",
    re.IGNORECASE,
)
_SPAN = re.compile(
    r"\b(?:from |between )?((?:19|20)\d\d) ?"
    r"(?:to|until|till|through|and|-|–|—) ?((?:19|20)\d\d|now|present|today)\b",
    re.IGNORECASE,
)
_SINCE = re.compile(r"\bsince (?:\w+ )?((?:19|20)\d\d)\b", re.IGNORECASE)
_NO_YEARS = re.compile(r"year|yr|month|decade|season|summer|\b(?:19|20)\d\d\b", re.IGNORECASE)
_UNITS = {"y": 1.0, "m": 1 / 12, "d": 10.0, "s": 0.25}


@dataclass(frozen=True, slots=True)
class Step:
    """A credential that a text names: its ladder, its name and its step."""

    family: str
    name: str
    step: int


@lru_cache(maxsize=65_536)
def steps_in(text: str) -> tuple[Step, ...]:
    """The credentials on a ladder that ``text`` names, each once."""
    pattern, families = _beginnings()
    named = {family for match in pattern.finditer(text) for family in families[match[0].lower()]}
    return tuple(
        Step(family, name, number)
        for family, (_, steps) in (ladders().items() if named else ())
        if family in named
        for number, (name, step) in enumerate(steps, start=1)
        if step.search(text)
    )


@lru_cache(maxsize=1)
def _beginnings() -> tuple[re.Pattern[str], Mapping[str, frozenset[str]]]:
    """All beginnings of words in one expression, the longest first, and the ladders that each may mean."""
    keys = sorted({key for keys, _ in ladders().values() for key in keys}, key=len, reverse=True)
    families = {
        key: frozenset(
            family for family, (own, _) in ladders().items() if any(key.startswith(other) for other in own)
        )
        for key in keys
    }
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, keys))})", re.IGNORECASE), families


def names_credential(text: str) -> bool:
    """Whether ``text`` speaks of a licence, certificate, degree or the like."""
    return bool(_CREDENTIAL.search(text) or _ABBREVIATIONS.search(text) or steps_in(text))


def abbreviations_in(text: str) -> list[tuple[int, int, str]]:
    """Start, end and text of each abbreviation of a credential ("BLS"), each text once."""
    first: dict[str, tuple[int, int, str]] = {}
    for match in _ABBREVIATIONS.finditer(text):
        first.setdefault(match[0], (match.start(), match.end(), match[0]))
    return list(first.values())


@lru_cache(maxsize=1)
def _by_name() -> Mapping[str, Step]:
    return {
        name: Step(family, name, number)
        for family, (_, steps) in ladders().items()
        for number, (name, _) in enumerate(steps, start=1)
    }


def step_called(name: str) -> Step | None:
    """The step called ``name``; None where no ladder has it."""
    return _by_name().get(name)


def years_in(text: str, *, today: int | None = None) -> float | None:
    """The longest time that ``text`` states, in years; of a range ("3-5 years") the lower end.

    :param today: the year that "since 2016" counts up to; the current one when left out.
    :return: None where it states none.
    """
    if not _NO_YEARS.search(text):
        return None
    year = today or datetime.date.today().year
    found = [_years_of(match) for match in _YEARS.finditer(text)]
    for match in _SPAN.finditer(text):
        end = int(match[2]) if match[2].isdigit() else year
        found.append(float(max(end - int(match[1]), 0)))
    found += [float(max(year - int(match[1]), 0)) for match in _SINCE.finditer(text)]
    return max(found) if found else None


def _years_of(match: re.Match[str]) -> float:
    low = match["low"].lower()
    half = low.endswith(" and a half") or "and a half" in match[0].lower()
    low = low.removesuffix(" and a half")
    number = float(low) if low[0].isdigit() else NUMBER_WORDS[low]
    unit = match["unit"].lower()
    return (number + 0.5 * half) * (0.25 if unit.startswith("s") else _UNITS[unit[0]])
