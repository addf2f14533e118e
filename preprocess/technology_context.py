"""Says whether a name that is also an ordinary word, a letter or a company stands for a technology.

Its neighbours vouch for it: another technology in the same list, a cue word, or a preposition in a
sentence about software. The word lists were drawn up while reading matches in postings, never on the
labelled sentences that ``benchmarks/technologies.py`` judges by.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from preprocess.technology_names import Alias

if TYPE_CHECKING:
    from spacy.tokens import Doc


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


BEFORE = _words("""
    ability able background certification certified coding command comfortable competence competency
    competent development experience experienced expert expertise familiar familiarity fluency fluent
    hands-on knowledge literacy literate master mastery processing proficiency proficient programming
    scripting skill skilled skills strong trained training understanding versed
    built coded developed implemented programmed rewritten wrote written
""")
"""Words that a preposition ties to a skill: "experience with R", "proficient in Access"."""
DIRECT = _words("know knows learn leverage leveraging use used uses using utilize utilizing via")
"""Words that tie by themselves: "using Access"."""
AFTER = _words("""
    admin administration administrator administrators api apis app applications apps backend certification
    certified cluster clusters code codebase coding connector dashboard dashboards database databases
    dba developer developers development dll engineer engineers environment ehr emr erp formulas framework
    functions integration language libraries library macros microservice microservices module modules monolith
    package packages pipeline pipelines pivot playbooks plugin plugins programmer programmers programming
    proficiency queries query repositories repository script scripting scripts sdk server servers
    skills software spreadsheet spreadsheets sql stack syntax template templates tenant ui
    workbook workbooks workspace
""")
"""Words that follow a technology's name: "Access database", "R packages"."""
TOPIC = _words("""
    analytics api apis app application applications apps architecture automate automated automation backend
    bug bugs build builds chart charting charts cloud cluster code coded codebase coding component components
    compute computing crm cms container containers crash dashboard dashboards data database databases
    deploy deployed deployment desktop developer developers devops digital documentation ehr electronic emr
    encoder engine erp firmware framework frameworks frontend function functions gis hris hosted hosting ide
    implement implemented kernel language languages library libraries lms mobile model modelling modeling
    models module modules orm package packages parser pipeline pipelines pos prototype prototypes program
    programmer programming programs prototyping queries query records refactor render report reporting
    reports rewrite rewritten schema script scripting scripts sdk server serverless servers service services
    ship shipped simulation software spreadsheet spreadsheets sql stack statistical statistics storage
    system systems technical technologies tests tickets tool tooling tools ui ux web website workbook
    workflow workflows
""")
"""Words of a sentence about software, in which "in R" means the language."""
PREPOSITIONS = _words("in with using on via from into of through")
LEAD_INS = PREPOSITIONS | _words("( : like as including e.g")
QUALIFIERS = _words("""
    a an advanced basic both core either embedded existing intermediate its junior latest lead legacy mid
    modern ms my native new our plain principal pure senior some sr staff strong the their vanilla your
""")
"""Words between a cue and the name: "knowledge of advanced Excel"."""
FUNCTION_WORDS = _words("""
    a an and are as at be before but by can daily etc every for from has have if in into is must of on or
    over plus preferred required since so such than that the then to using via was we when where which while
    will with within without would you
""")
"""Words that may follow a name; others make it part of a phrase ("Access control")."""
PHRASES = _words("control management plating processing")
"""Words that make an ordinary phrase of the name before them: "Word processing"."""
LINKS = _words(", / and or & ; + ( ) | • · and/or to")
"""What stands between two members of a list."""
OUTSIDE = _words("""
    average appendix block building class clause exhibit form gate gene grade group hepatitis level line
    part plan schedule section series size string team tier type unit vitamin ward
""")
"""Words before a letter that is no language: "grade C"."""
HYPHENED = _words("based backed certified compatible driven like native powered specific")
"""Second halves that leave the first a name: "Spark-based"."""
WINDOW = 64
"""Tokens to each side that count as one sentence where no full stop ends it."""
_NUMBER = re.compile(r"\d+(?:\.\w+)*\+?")
_VERSION = re.compile(r"\d{1,2}(?:\.\w+)*\+?|20\d\d")


@dataclass(frozen=True, slots=True)
class Candidate:
    """An alias found at the tokens ``start`` to ``end``."""

    start: int
    end: int
    alias: Alias


def vouched(doc: Doc, candidates: list[Candidate]) -> list[Candidate]:
    """Those of ``candidates`` that are technologies, in order.

    :param candidates: in order of ``start``, none overlapping another.
    """
    return _Context(doc, candidates).vouched()


class _Context:
    """One text's tokens and candidates; says which of the candidates are technologies."""

    def __init__(self, doc: Doc, candidates: list[Candidate]) -> None:
        self.words = [token.text for token in doc]
        self.lower = [word.lower() for word in self.words]
        self.glued = [not token.whitespace_ for token in doc]
        self.candidates = candidates
        self.occupied = {i for candidate in candidates for i in range(candidate.start, candidate.end)}
        self.certain = {candidate.start for candidate in candidates if candidate.alias.certain}

    def vouched(self) -> list[Candidate]:
        accepted = {
            candidate: candidate.alias.certain or self._alone(candidate) or self._accepted(candidate)
            for candidate in self.candidates
        }
        for group in self._lists():
            judged = [member for member in group if member.alias.rule != "list"]
            if any(accepted[member] for member in group):
                members = group
            else:
                members = judged if len(judged) > 1 else []
            accepted.update((member, True) for member in members if not self._part_of_phrase(member))
        return [candidate for candidate, kept in accepted.items() if kept]

    def _lists(self) -> Iterator[list[Candidate]]:
        """Runs of two or more candidates with nothing but commas, slashes, "and" or a version between."""
        group = self.candidates[:1]
        for before, candidate in pairwise(self.candidates):
            gap = self.lower[before.end : candidate.start]
            sure = before.alias.certain or candidate.alias.certain
            linked = all(word in LINKS or _NUMBER.fullmatch(word) for word in gap)
            if linked and len(gap) <= 4 and (gap or sure):
                group.append(candidate)
                continue
            if len(group) > 1:
                yield group
            group = [candidate]
        if len(group) > 1:
            yield group

    def _alone(self, candidate: Candidate) -> bool:
        """A text that is nothing but the name, as in a list of skills."""
        if candidate.alias.rule != "sentence" or len(self.candidates) > 1:
            return False
        return not any(word[0].isalpha() for i, word in enumerate(self.words) if i not in self.occupied)

    def _accepted(self, candidate: Candidate) -> bool:
        alias, start, after = candidate.alias, candidate.start, self._word(candidate.end)
        if self._part_of_phrase(candidate) or after in PHRASES:
            return False
        if alias.rule == "list":
            return after in alias.cues
        if len(alias.text) == 1 and OUTSIDE.intersection(self.lower[max(0, start - 2) : start]):
            return False
        if after in AFTER or after in alias.cues or (len(alias.text) > 1 and _VERSION.fullmatch(after)):
            return True
        if self._hyphen(candidate.end) or (alias.rule == "sentence" and self._inside_sentence(candidate)):
            return True
        return self._phrase_ends(after) and self._led_in(start)

    def _part_of_phrase(self, candidate: Candidate) -> bool:
        """Part of a hyphened word ("C-suite") or the end of a capitalised phrase ("Bonus Scheme")."""
        if candidate.alias.certain:
            return False
        before = candidate.start - 1
        phrase = candidate.alias.rule != "sentence" and before > self._sentence(before)[0]
        return self._compound(candidate) or (phrase and self._capitalised(before))

    def _word(self, index: int) -> str:
        return self.lower[index] if 0 <= index < len(self.lower) else ""

    def _compound(self, candidate: Candidate) -> bool:
        """Part of a hyphened word ("C-suite", "Go-to-market"), unless as in "Spark-based"."""
        start, end = candidate.start, candidate.end
        if self._hyphen(start - 1):
            return start - 2 not in self.occupied
        return self._hyphen(end) and self._word(end + 1) not in HYPHENED

    def _hyphen(self, index: int) -> bool:
        """A hyphen with no space on either side."""
        return index > 0 and self._word(index) == "-" and self.glued[index] and self.glued[index - 1]

    def _sentence(self, index: int) -> tuple[int, int]:
        """First token and end of the sentence around ``index``, at most WINDOW tokens to each side."""
        first = last = index
        while first > max(0, index - WINDOW) and not self._ends_sentence(first - 1):
            first -= 1
        while last < min(len(self.words), index + WINDOW) and not self._ends_sentence(last):
            last += 1
        return first, last

    def _ends_sentence(self, index: int) -> bool:
        word = self.words[index]
        return word in (".", "!", "?", "•") or "\n" in word

    def _inside_sentence(self, candidate: Candidate) -> bool:
        start, end = candidate.start, candidate.end
        first, last = self._sentence(start)
        words = [i for i in range(first, start) if self.words[i][0].isalnum()]
        if not words or not any(word[0].islower() for word in self.words[first:last]):
            return False  # the first word, or a title of capitalised words
        return not (self._capitalised(end) or (start - 1 > words[0] and self._capitalised(start - 1)))

    def _capitalised(self, index: int) -> bool:
        if not 0 <= index < len(self.words) or index in self.occupied or self.lower[index] in QUALIFIERS:
            return False
        return self.words[index][0].isupper()

    def _phrase_ends(self, after: str) -> bool:
        return not after or not after[0].isalnum() or after in FUNCTION_WORDS

    def _led_in(self, start: int) -> bool:
        first, last = self._sentence(start)
        index = start - 1
        while index >= first and (self.lower[index] in QUALIFIERS or index in self.occupied):
            index -= 1
        if index < first:
            return False
        if self.lower[index] in DIRECT:
            return True
        if self.lower[index] not in LEAD_INS:
            return False
        if self.lower[index] in PREPOSITIONS and BEFORE.intersection(
            self.lower[max(first, index - 5) : index]
        ):
            return True
        return any(i in self.certain or self.lower[i] in TOPIC for i in range(first, last))
