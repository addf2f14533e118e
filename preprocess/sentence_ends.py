"""Where one sentence ends and the next starts, within one line or paragraph of a posting or resume.

spaCy's sentencizer proposes the places, a few patterns add those that it cannot see ("teams.You",
"etc. You", "... You"), and :func:`is_end` rejects what is no end ("e.g.", "Sr.", "J. Smith", "8 hrs. a
day"), by tables of abbreviations and of the words that open a sentence.
"""

from __future__ import annotations

import re
import threading
from functools import lru_cache
from typing import TYPE_CHECKING

from preprocess.spacy_blank import load_spacy

if TYPE_CHECKING:
    from spacy.language import Language

MAX_VOCABULARY = 200_000
"""Strings after which the tokenizer is made anew (0.1 s): spaCy keeps each one that it has met, at 0.5 KB."""

_LONGEST_WORD = 100  # spaCy's tokenizer is quadratic in a word of brackets: 1.4 s for 4,000 of them
_CONTEXT_CHARS = 300


def word_set(text: str) -> frozenset[str]:
    """A table of words, written as a paragraph."""
    return frozenset(text.split())


NEVER_LAST = word_set(
    """
    e.g eg i.e ie viz vs cf approx incl excl esp sr jr dr mr mrs Ms mx mme mlle prof hon capt sgt lt mt ft
    asst mgmt int'l addl add'l equiv yr avg req
    """
)
"""Abbreviations with which no sentence ends, without their full stop; "Ms" is not "MS", the degree."""
_SELDOM_LAST = word_set(
    """
    etc inc ltd co corp llc llp plc bros dept depts univ inst admin mgr dir rep gen gov sen rev col st ave
    blvd rd bldg lb oz sq lbs yrs mos wks hrs min max est temp ext misc resp intl natl assoc eng acct cert
    certs pref tech qty amt ctr jan feb mar apr jun jul aug sep sept oct nov dec mon tue tues wed thu thur
    thurs fri sat sun ph.d ed.d psy.d pharm.d b.sc m.sc b.eng m.eng b.tech m.tech b.com m.ed d.phil
    """
)
"""Abbreviations with which a sentence ends only if a word of :data:`STARTERS` follows."""
_BEFORE_NUMBER = word_set("no nos art sec fig figs vol p pp par ch item ste suite apt rm reg")
STARTERS = word_set(
    """
    i we you your our us it its he she they their this that these those there here the a an all any each
    every both some many most not if in on at as by for from to with within without when while where who
    what why how since after before during until upon under over through because although but and or so
    then also additionally however moreover please must may can will should would is are was were do does
    did has have had be being experience ability knowledge familiarity understanding proficiency
    proficient excellent strong solid good great demonstrated proven preferred required minimum candidates
    candidate applicants employees responsibilities requirements responsible work works working worked
    join apply able bachelor's bachelor’s master's master’s built led designed developed managed created
    wrote shipped launched reduced improved migrated mentored delivered maintained ran cut made helped
    took taught trained moved owned set drove grew saved
    """
)
"""Words that open a sentence after an abbreviation that may also stand within one ("Acme Inc. We ...")."""
_DOMAINS = word_set("net js ts com org io ai edu gov co us uk ca eu py md app dev tv me info")
OPENERS = "\"“‘'([{«¿¡*•·–—- "
CLOSERS = "\"”’')]}»"
_MAY_END = re.compile(r"[.!?…][\"'”’»)\]]*\s|[a-z0-9)\]\"”+#%][.!?][A-Z]|[^\x00-\u02af\u2000-\u2bff]")
_EXTRA_END = re.compile(
    r"(?<=[.…])[\"”’»)\]]*\s+(?=[\"“‘(\[]*[A-Z0-9])"  # after an abbreviation or an ellipsis
    r"|(?<=[a-z0-9)\]\"”+#%][.!?])(?=[A-Z][a-z]|[AI]\s)"  # without a space
    r"|(?<=[。！？｡])[」』”）)]*"
)
_OPENING_TAIL = re.compile(r"(?<=\s)[\"“‘'(\[{«¿¡*•·–—-]+\s*\Z")
_INITIALS = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]")
_NUMBERED_ITEM = re.compile(r"[:;,(]\s?\d{1,2}\.\Z")
_WEB = re.compile(r"@|://|www\.|\.(?:com|org|gov|edu|net|io)\b")
_LONG_WORD = re.compile(rf"\S{{{_LONGEST_WORD + 1},}}")


def sentence_starts(text: str) -> list[int]:
    """Offsets in ``text`` (normalised, on one line) at which a sentence starts, without 0."""
    if not _MAY_END.search(text):
        return []
    candidates = {match.end() for match in _EXTRA_END.finditer(text)}
    candidates.update(_proposer().starts(text))
    starts: list[int] = []
    last = 0
    for candidate in sorted(candidates):
        # spaCy leaves an opening bracket or quote, or a dash, with the sentence before it.
        opening = _OPENING_TAIL.search(text, max(last, candidate - 20), candidate)
        start = opening.start() if opening else candidate
        context = text[max(last, start - _CONTEXT_CHARS) : start]
        if start > last and is_end(context, text[start : start + _CONTEXT_CHARS]):
            starts.append(start)
            last = start
    return starts


class _Proposer:
    """spaCy's sentencizer behind a lock: the server splits in several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pipeline: Language | None = None

    def starts(self, text: str) -> list[int]:
        with self._lock:
            if self._pipeline is None or len(self._pipeline.vocab.strings) > MAX_VOCABULARY:
                self._pipeline = load_spacy().blank("en")
                self._pipeline.add_pipe("sentencizer")
            # A long word is shown to spaCy as "x", blanks and its last character.
            masked = _LONG_WORD.sub(lambda match: "x".ljust(len(match[0]) - 1) + match[0][-1], text)
            return [sentence.start_char for sentence in self._pipeline(masked).sents]


@lru_cache(maxsize=1)
def _proposer() -> _Proposer:
    return _Proposer()


def is_end(before: str, after: str) -> bool:
    """Whether a sentence ends between ``before`` and ``after``.

    :param before: the sentence up to here, or the last few hundred characters of it.
    :param after: what follows, or the first few hundred characters of it.
    """
    body = before.rstrip().rstrip(CLOSERS)
    rest = after.lstrip(OPENERS)
    if not body or not rest or not any(map(str.isalpha, before)) or not any(map(str.isalpha, rest)):
        return False
    mark = body[-1]
    if mark not in ".!?…":
        return not mark.isascii() and not mark.isalnum()
    if _within_brackets(before, after):
        return False
    words, next_words = body.split(), rest.split()
    if not before[-1].isspace():
        return _is_end_without_space(words[-1], next_words[0])
    lower = next_words[0].islower()
    word = words[-1].lstrip(OPENERS)
    if mark != "." or word.endswith(".."):
        return not lower
    stem = word[:-1].lower()
    number = next_words[0][0].isdigit()
    if stem in NEVER_LAST or word[:-1] in NEVER_LAST or (number and stem in _BEFORE_NUMBER):
        return False
    if _NUMBERED_ITEM.search(body):
        return False
    if stem == "etc" and len(next_words) >= 3:
        return next_words[0][0].isupper() or number
    if stem in _SELDOM_LAST or _INITIALS.fullmatch(re.split(r"[^\w.]", stem)[-1]):
        return not lower and next_words[0].lower().rstrip(",:") in STARTERS
    if lower:
        measure = stem in ("in", "sec") and len(words) > 1 and words[-2][-1].isdigit()
        return stem.isalpha() and not measure and len(words) >= 3 and len(next_words) >= 3
    return True


def _is_end_without_space(word: str, next_word: str) -> bool:
    """Whether ``word``, which ends in its mark, and ``next_word`` are two: ``teams.You``, not ``Node.Js``."""
    name = re.split(r"\W", next_word, maxsplit=1)[0]
    if name not in ("A", "I") and not (name[:1].isupper() and name[1:2].islower()):
        return False
    stems = re.findall(r"[^\W_]+", word)
    if not stems or name.lower() in _DOMAINS:
        return False
    if len(stems[-1]) == 1 and word[-2].isalpha():  # "B.Com", but not "C++.Must"
        return False
    stem = {stems[-1], stems[-1].lower()}
    if _WEB.search(word + next_word) or stem & _SELDOM_LAST:
        return name.lower() in STARTERS
    return not stem & (NEVER_LAST | _BEFORE_NUMBER)


def _within_brackets(before: str, after: str) -> bool:
    if before.rfind("(") <= before.rfind(")"):
        return False
    closing, opening = after.find(")"), after.find("(")
    return closing >= 0 and (opening < 0 or closing < opening)
