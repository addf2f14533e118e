"""Surface cues of a posting sentence: what its letters show about its role besides its meaning.

Each cue is one column of the role classifier's input. A model file keeps the digest of these tables, because
its weights mean nothing with others: after a change here, run ``joblens train roles``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np

from indexer.store import Vector

PHRASES: dict[str, tuple[str, ...]] = {
    "money": (" usd ", " hr ", " per hour", " an hour", " hourly", " salary "),
    "must": (" must ", " required ", " ability to ", " able to ", " minimum "),
    "years": (" year ", " years ", " yr ", " yrs "),
    "credential": (
        " degree ", " bachelor", " master s ", " masters ", " diploma", " ged ", " licens",
        " licenc", " certifi",
    ),
    "plus": (
        " a plus ", " big plus ", " huge plus ", " strong plus ", " definite plus ", " preferred ",
        " preferably ", " nice to have", " bonus if ", " desirable", " ideally ", " an advantage ",
        " an asset ", " a bonus ", " helpful ", " not required ", " not needed ",
    ),
    "you": (" you ",),
    "your": (" your ",),
    "we": (" we ",),
    "our": (" our ", " us "),
    "you will": (" you ll ", " you will "),
    "equal": (
        " equal opportunity", " equal employment opportunity", " eeo", " without regard", " regardless of ",
        " protected veteran", " protected class", " protected by ", " protected status", " gender identity",
        " affirmative", " discriminat", " accommodat", " eoe ",
    ),
    "check": (
        " background check", " background screen", " background invest", " drug test", " drug screen",
        " drug free", " e verify", " everify", " fingerprint", " criminal", " reference check", " screening ",
    ),
    "disclaimer": (
        " not intended", " not designed", " exhaustive", " all inclusive", " subject to change",
        " reserves the right", " reserve the right", " at will ", " may be assigned", " other duties",
        " disclaim", " privacy", " applicable law", " in accordance with ", " federal ", " law ", " laws ",
    ),
    "apply": (
        " apply ", " applicant ", " applicants ", " application ", " applications ", " applying ", " resume ",
        " resumes ", " résumé", " cv ", " cover letter", " submit ", " click ", " email ", " interview",
        " contact ",
    ),
    "benefit": (
        " 401 k ", " 401k ", " pto ", " paid time", " paid holiday", " paid vacation", " paid parental",
        " paid train", " insurance", " dental ", " medical ", " bonus", " benefit ", " benefits ",
        " discount ", " discounts ", " tuition", " vacation", " salary ", " pay ", " competitive ",
        " holidays ", " reimburse", " perk ", " perks ",
    ),
    "form": (
        " full time", " part time", " contract ", " temporary ", " job id ", " job type ", " job code ",
        " job number ", " requisition", " location ", " posted ", " job title", " department ",
    ),
    "seeking": (
        " seeking ", " is looking ", " are looking ", " re looking ", " looking for ", " looking to ",
        " hiring ", " we need ", " ideal candidate ", " following ",
    ),
    "bodily": (
        " lift", " pounds ", " lb ", " lbs ", " stand ", " standing ", " walk ", " walking ", " kneel",
        " exposed ", " exposure ", " shift ", " shifts ", " weekend ", " weekends ", " travel ",
    ),
    "skill": (
        " experience", " knowledge ", " skill ", " skills ", " proficien", " familiar", " understanding ",
        " fluen",
    ),
    "employer": (
        " founded ", " mission ", " leading ", " family owned", " customers ", " value ", " values ",
        " community ", " culture ", " world ",
    ),
}  # fmt: skip
"""Name of a cue and the phrases that show it in the lower-case words of the sentence, joined by single
spaces; a phrase without a space at its end also begins longer words."""

MARKS: dict[str, str] = {
    "digit": r"\d",
    "year of the calendar": r"\b(?:19|20)\d\d\b",
    "dollar": r"\$",
    "percent": r"%",
    "at": r"@",
    "colon": r":",
    "ends in colon": r":\s*\Z",
    "field": r"\A[\w/ ().#&-]{2,30}:\s*\S",
    "full stop": r"[.!?]\s*\Z",
    "exclamation": r"!",
    "question": r"\?",
    "address": r"https?:|www\.|\.com\b|#[A-Za-z]",
}
"""Name of a cue and the regular expression that shows it in the sentence as it is."""

SHAPES = ("share of words in capitals", "share of words with a capital", "all in capitals")

COLUMNS = len(PHRASES) + len(MARKS) + len(SHAPES)
"""Columns of :func:`surface`."""

_NOT_WORD = re.compile(r"\W+")


def surface(texts: Sequence[str]) -> Vector:
    """The cues of each text: 1 where one is shown, then the :data:`SHAPES`.

    :return: (n, COLUMNS) float32.
    """
    phrases = tuple(PHRASES.values())
    marks = _marks()
    table = np.zeros((len(texts), COLUMNS), np.float32)
    for row, text in enumerate(texts):
        folded = _folded(text)
        shown = [column for column, alike in enumerate(phrases) if any(map(folded.__contains__, alike))]
        shown += [column for column, search in enumerate(marks, start=len(phrases)) if search(text)]
        table[row, shown] = 1
        words = text.split() or [""]
        table[row, -len(SHAPES) :] = (
            sum(len(word) > 1 and word.isupper() for word in words) / len(words),
            sum(word[0].isupper() for word in words if word) / len(words),
            text.isupper(),
        )
    return table


def says_preferred(text: str) -> bool:
    """Whether the sentence says in its own words that what it asks for is nice to have."""
    return any(map(_folded(text).__contains__, PHRASES["plus"]))


def cues_digest() -> str:
    """16 hex digits that change with the tables."""
    tables = [*PHRASES.items(), *MARKS.items(), *SHAPES]
    return hashlib.blake2b(repr(tables).encode(), digest_size=8).hexdigest()


def _folded(text: str) -> str:
    return f" {_NOT_WORD.sub(' ', text.lower()).strip()} "


@lru_cache(maxsize=1)
def _marks() -> tuple[Callable[[str], re.Match[str] | None], ...]:
    return tuple(re.compile(pattern).search for pattern in MARKS.values())
