"""Cues in the wording of a sentence that vectors do not see: what is denied, wished for, only watched,
done by others.

The cues are regular expressions in ``cues.txt``, section by section, so that a person can check them:

- *denied*: says that it was not done or is not held; *denied but good*: says that nothing went wrong ("never
  missed a deadline"), which is no denial;
- *exposed*: was near it, heard or read of it, or is still being taught it;
- *seeking*: wants it, and does not say that it was done;
- *others*: somebody else did it;
- *light*: an asked sentence that exposure or interest may satisfy;
- *deeds*: what people do around a trade and not in it (they sell, book, print, deliver ...), by how a brag
sentence
  opens, and what an asked sentence says where it asks for that very thing.

How much each cue is worth is weighed in ``search_api/pairing.py``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

STANCES = ("denied", "exposed", "seeking", "others")
"""The cues that hold for a clause."""

_OPENING = (
    r"^\W*(?:(?:i|we|i['’]ve|have|has|had|also|then|regularly|often|once|"
    r"volunteered and|mostly|primarily|was|"
    r"who|successfully|personally|currently|daily|helped|spent \w+ \w+|worked with|the person who|"
    r"on (?:the|a) \w+|was the \w+ who) )*"
)
"""Words before the verb that a brag sentence opens with."""

_ASKED_OPENING = re.compile(
    r"^\W*(?:(?:ability|able|must|will|can|you|to|be|skilled|responsible|for|experience|experienced|proven|"
    r"hands-on|strong|in|with|the|assist) )*(\w+)",
    re.IGNORECASE,
)

_CLAUSE = re.compile(
    r"[;.]\s|\s[-–—]\s|\s\(|\)\s?|,? (?:but|although|though|while|whereas|however)\b|, yet\b|"
    r", (?:and|which|so|then|still|where) ?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class BragCues:
    """What the wording of a brag sentence gives away.

    ``clauses`` maps each cue (one of :data:`STANCES`) to the clauses that it is in; ``rest`` are those
    without any.
    ``deeds`` are the kinds of work around a trade that it opens with.
    """

    clauses: Mapping[str, tuple[str, ...]]
    rest: tuple[str, ...]
    deeds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Tables:
    stances: Mapping[str, re.Pattern[str]]
    opens: Mapping[str, re.Pattern[str]]
    asks: Mapping[str, re.Pattern[str]]


@lru_cache(maxsize=4_096)
def brag_cues(text: str) -> BragCues:
    """Read one brag sentence."""
    tables = _tables()
    patterns = tables.stances
    found: dict[str, list[str]] = {}
    rest = []
    for part in _CLAUSE.split(text):
        if not part or not part.strip():
            continue
        names = [name for name in STANCES if patterns[name].search(part)]
        if "denied" in names and patterns["denied but good"].search(part):
            names.remove("denied")
        for name in names:
            found.setdefault(name, []).append(part)
        if not names:
            rest.append(part)
    if patterns["others"].search(text):
        found.setdefault("others", [text])
    deeds = tuple(name for name, pattern in tables.opens.items() if pattern.search(text))
    return BragCues({name: tuple(clauses) for name, clauses in found.items()}, tuple(rest), deeds)


@lru_cache(maxsize=262_144)
def asks_deed(text: str, deed: str) -> bool:
    """Whether an asked sentence asks for a kind of work around a trade, one of :attr:`BragCues.deeds`."""
    return bool(_tables().asks[deed].search(text))


@lru_cache(maxsize=65_536)
def asks_lightly(text: str) -> bool:
    """Whether being acquainted with the thing would do."""
    return bool(_tables().stances["light"].search(text))


def head_word(text: str) -> str:
    """The first telling word of an asked sentence, in small letters: mostly its verb."""
    match = _ASKED_OPENING.match(text)
    return match[1].lower() if match else ""


@lru_cache(maxsize=1)
def _tables() -> _Tables:
    text = resources.files("search_api").joinpath("cues.txt").read_text(encoding="utf-8")
    sections: dict[str, list[str]] = {}
    section = ""
    for line in text.splitlines():
        if heading := re.fullmatch(r"\[([a-z ]+)\]", line):
            section = heading[1]
        elif line.strip() and not line.startswith("#"):
            sections.setdefault(section, []).append(line)
    deeds = [line.split(" = ") for line in sections.pop("deeds")]
    return _Tables(
        {name: re.compile("|".join(lines), re.IGNORECASE) for name, lines in sections.items()},
        {name: re.compile(rf"{_OPENING}(?:{opens})\b", re.IGNORECASE) for name, opens, _ in deeds},
        {name: re.compile(rf"\b(?:{asks})", re.IGNORECASE) for name, _, asks in deeds},
    )
