"""Rules of :mod:`preprocess.titles` for seniority: "Senior", "Jr.", "Mid-Level", "II", "Level 3", "L3"."""

from __future__ import annotations

import re

from preprocess.title_tables import COUNTED, LEVELS, NOT_A_LEVEL, NUMERALS, REMOVABLE, word_set
from preprocess.title_words import words_of

_WORD = re.compile(r"[^\W\d_][^\W\d_'’]*")
_LEVEL_WORDS = re.compile(
    r"(?<!\w)(?:(?P<two>entry|mid)[- ]level|(?P<one>"
    + "|".join(sorted(LEVELS, key=len, reverse=True))
    + r"))(?![\w'’])\.?",
    re.IGNORECASE,
)
_ENGINEERING = word_set(
    "architect data designer developer engineer engineering product programmer scientist software"
)
_ONLY_FIRST = ("associate", "principal", "chief", "staff")
_BEFORE_WORD = re.compile(r" \.?[^\W_]")
LEVEL_SIGNS = frozenset((*LEVELS, "entry", "mid"))
NUMERAL_SIGNS = frozenset((*(numeral.casefold() for numeral in NUMERALS), "0"))
"""Without one of these words a title has no level, or no numeral."""


def _levels(text: str) -> list[tuple[str, re.Match[str]]]:
    """The words of seniority in the text, in order, each with the level that it stands for."""
    found = []
    for match in _LEVEL_WORDS.finditer(text):
        if match["two"]:
            found.append((match["two"].casefold(), match))
            continue
        word = match["one"].casefold()
        level = LEVELS[word]
        before, after = _words_around(text, match)
        if after in NOT_A_LEVEL.get(word, ()) or before == "of":
            continue
        if level in _ONLY_FIRST and not _comes_first(text, match):
            continue  # "Sales Associate", "School Principal"
        if level == "staff" and _ENGINEERING.isdisjoint(words_of(text)):
            continue  # "Staff Nurse"
        found.append((level, match))
    return found


def _comes_first(text: str, match: re.Match[str]) -> bool:
    """Whether nothing but another level stands before it, and a word after it."""
    before, _ = _words_around(text, match)
    return (not before or before in LEVELS) and _BEFORE_WORD.match(text, match.end()) is not None


def _words_around(text: str, match: re.Match[str]) -> tuple[str, str]:
    before, after = _WORD.findall(text[: match.start()]), _WORD.search(text, match.end())
    return (before[-1].casefold() if before else "", after[0].casefold() if after else "")


_OCCUPATIONS = ("trainee", "apprentice")  # O*NET counts them among the helpers


def level_of(text: str) -> str:
    """The first level in the text, or an empty string."""
    return next((level for level, _ in _levels(text)), "")


def without_level(text: str, taken: list[str]) -> str:
    """Seniority: "Senior", "Sr.", "Jr", "Mid-Level", "Entry Level", where they mean that."""
    for level, match in reversed(_levels(text)):
        if level == "lead" and not _comes_first(text, match):
            continue  # "Team Lead"
        if level in REMOVABLE and match[0].casefold() not in _OCCUPATIONS:
            taken.append(match[0])
            text = f"{text[: match.start()]} {text[match.end() :]}"
    return text


_VALUE = r"(?:10|[1-9]|IX|IV|V?I{1,3}|VI{0,3}|X)"
_NUMERAL = re.compile(
    rf"(?<![\w.&/+-])(?:(?i:level|lvl|tier)[ -]?(?P<level>(?i:{_VALUE}))|L(?P<l>10|[1-9])|(?P<bare>{_VALUE}))"
    r"(?=$| ?[],;)/|(]| [-–—]|-(?= )| (?P<word>[A-Za-z]))"
)


def _numerals(text: str) -> list[re.Match[str]]:
    """The numerals of the text that grade the job."""
    found = []
    for match in _NUMERAL.finditer(text):
        if match["bare"] is not None:
            before, _ = _words_around(text, match)
            if not before or before in COUNTED or (match["word"] and match["bare"].isdigit()):
                continue
        found.append(match)
    return found


def numeral_of(text: str) -> str:
    """The first numeral in the text as "1" to "10", or an empty string."""
    found = next(iter(_numerals(text)), None)
    return NUMERALS[(found["level"] or found["l"] or found["bare"]).upper()] if found else ""


def without_numeral(text: str, taken: list[str]) -> str:
    """The grade of a job: "Engineer II", "Analyst 3", "Level 2"."""
    for match in reversed(_numerals(text)):
        taken.append(match[0])
        text = f"{text[: match.start()]} {text[match.end() :]}"
    return text
