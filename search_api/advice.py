"""What to change in a brag document, read off a gap report; the one source for every output.

Nothing is invented: a piece of advice is a fact of the report (a count, two sentences and their score)
with an "if": whether somebody has done a thing is theirs to say. Where there are several postings, advice
looks at those that fit best (:func:`best_fitting`), because nobody writes for all of them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from search_api.gap import GapReport, PostingGap, strength
from search_api.sides import Side, SideSentence
from search_api.wording import counted

ADVISED = 20
"""Postings that advice looks at, at most: the first screen of a ranking; a convention, not a measurement."""

NEAR_BEST = 0.5
"""They fit at least this share of the best one's fit: a nurse is not told to learn what electricians need.
A convention as well."""

Kind = Literal["reword", "connect", "technology", "theme", "number", "unused"]

NUMBER = re.compile(
    r"\d|\b(two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|fifty|dozens?|hundreds?|"
    r"thousands?|millions?|half|halved|halving|doubled?|doubling|tripled?|twice)\b",
    re.IGNORECASE,
)


_ROLE_ORDER = {"requirement": 0, "duty": 1, "": 2, "preferred": 3}


@dataclass(frozen=True, slots=True)
class AdviceItem:
    """One case of a piece of advice.

    ``theirs`` is what postings ask (a sentence or a technology), ``yours`` a sentence of the brag document
    with its ``project``; either may be empty. ``score`` is theirs (``search_api/pairing.py``) where there
    are both. ``note`` is the fact in words ("5 of 12 postings").
    """

    theirs: str = ""
    yours: str = ""
    project: str = ""
    score: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Advice:
    """A thing to do (``title``), why (``text``), and the cases it is read off, most useful first."""

    kind: Kind
    title: str
    text: str
    items: tuple[AdviceItem, ...]


def advice(report: GapReport, *, limit: int = 3) -> list[Advice]:
    """What to change, in the order of effort: reword, connect, name, write, count, put in order.

    :param limit: cases for each piece of advice, 2 or more; the last two kinds get one less.
    :return: empty where the report gives no reason to change anything.
    """
    near = best_fitting(report)
    postings = report.top(len(near.postings.documents))
    narrowed = len(postings) < len(report.postings.documents)
    scope = _Scope(len(postings), narrowed)
    found = [
        _reword(postings, limit),
        _connect(near, limit),
        _technologies(postings, scope, limit),
        _themes(near, postings, scope, limit),
        _numbers(postings, limit - 1),
        _unused(near, scope, limit - 1),
    ]
    return [piece for piece in found if piece.items]


def best_fitting(report: GapReport, count: int = ADVISED, share: float = NEAR_BEST) -> GapReport:
    """The same report over only the postings that fit best, in that order.

    Its own fit scores may differ, as they are relative to the postings that are there.

    :param count: that many at most.
    :param share: of the best one's fit, which the others must reach (0 to 1).
    """
    side = report.postings
    best = report.ranking[0][1] if report.ranking else 0.0
    chosen = [position for position, fit in report.ranking[:count] if fit >= share * best]
    kept = {position: new for new, position in enumerate(chosen)}
    rows = [row for row, sentence in enumerate(side.sentences) if sentence.document in kept]
    narrowed = Side(
        tuple(side.documents[position] for position in kept),
        tuple(replace(side.sentences[row], document=kept[side.sentences[row].document]) for row in rows),
        side.dense[rows],
    )
    cosine = None if report.cosine is None else report.cosine[rows]
    return replace(report, postings=narrowed, similarity=report.similarity[rows], cosine=cosine)


@dataclass(frozen=True, slots=True)
class _Scope:
    """Which postings are meant, in words."""

    postings: int
    narrowed: bool

    @property
    def all(self) -> str:
        if self.postings == 1:
            return "the posting that fits you best" if self.narrowed else "this posting"
        best = " that fit you best" if self.narrowed else ""
        return f"the {counted(self.postings, 'posting')}{best}"

    def some(self, verb: str) -> str:
        """``This posting asks``, ``Some of the 20 postings that fit you best ask``."""
        if self.postings == 1:
            return f"{self.all[:1].upper()}{self.all[1:]} {verb}s"
        return f"Some of {self.all} {verb}"

    def share(self, count: int) -> str:
        return "" if self.postings == 1 else f"{count} of {self.postings} postings"


def _reword(postings: Sequence[PostingGap], limit: int) -> Advice:
    partial = [sentence for posting in postings for sentence in posting.of("partial")]
    items: list[AdviceItem] = []
    used: set[int | str] = set()
    for gap in sorted(partial, key=lambda gap: -gap.score):
        nearest = gap.evidence[0]
        if len(items) < limit and not used & {nearest.row, gap.sentence.text}:
            used |= {nearest.row, gap.sentence.text}
            items.append(
                AdviceItem(gap.sentence.text, nearest.sentence.text, nearest.sentence.section, gap.score)
            )
    return Advice(
        "reword",
        "Say it in their words",
        "Each pair comes near without meeting. If both mean the same, use the posting's words in yours.",
        tuple(items),
    )


def _connect(report: GapReport, limit: int) -> Advice:
    """What is missing although the technology that it asks for stands in the brag document.

    :param report: with the postings best first.
    """
    rows_of = report.postings.rows_by_document()
    items: list[AdviceItem] = []
    used: set[int | str] = set()
    for row in (row for rows in rows_of for row in rows):
        asked = report.postings.sentences[row]
        shared = [name for name in asked.technologies if name in report.brag_technologies]
        missing = float(report.similarity[row].max()) < report.thresholds.partial
        if len(items) == limit or not (asked.asked and shared and missing):
            continue
        naming = [i for i, mine in enumerate(report.brag.sentences) if set(shared) & set(mine.technologies)]
        nearest = max(naming, key=lambda i: float(report.similarity[row, i]))
        if not used & {nearest, asked.text}:
            used |= {nearest, asked.text}
            mine = report.brag.sentences[nearest]
            both = [name for name in shared if name in mine.technologies]
            score = float(report.similarity[row, nearest])
            note = f"both name {', '.join(both)}"
            items.append(AdviceItem(asked.text, mine.text, mine.section, score, note))
    return Advice(
        "connect",
        "Tie it to what you name already",
        "You name the technology, but no sentence of yours comes near what they want it for.",
        tuple(items),
    )


def _technologies(postings: Sequence[PostingGap], scope: _Scope, limit: int) -> Advice:
    # Counted in the order of the ranking, so that of two as frequent the better fitting posting's is first.
    counts: Counter[str] = Counter()
    for posting in postings:
        counts.update(
            list(dict.fromkeys(name for gap in posting.sentences for name in gap.missing_technologies))
        )
    return Advice(
        "technology",
        "Name the technologies you have worked with",
        f"{scope.some('name')} these, and your document never does.",
        tuple(AdviceItem(theirs=name, note=scope.share(count)) for name, count in counts.most_common(limit)),
    )


def _themes(report: GapReport, postings: Sequence[PostingGap], scope: _Scope, limit: int) -> Advice:
    who = scope.some("ask")
    items = [
        AdviceItem(theirs=theme.text, note=scope.share(theme.documents))
        for theme in report.missing_themes
        if theme.documents > 1
    ]
    if (
        not items
    ):  # Nothing is asked twice: what the best posting wants, requirements before duties and wishes.
        first = replace(scope, postings=1, narrowed=scope.narrowed or scope.postings > 1)
        who = first.some("ask")
        missing = [gap.sentence for posting in postings[:1] for gap in posting.of("missing")]
        wanted = [
            sentence for sentence in missing if not set(sentence.technologies) & report.brag_technologies
        ]
        wanted.sort(key=lambda sentence: _ROLE_ORDER.get(sentence.role, len(_ROLE_ORDER)))
        items = [AdviceItem(theirs=sentence.text) for sentence in wanted]
    return Advice(
        "theme",
        "Write about what is not there",
        f"{who} for these, and nothing of yours comes near. If you have done it, add a sentence on it.",
        tuple(items[:limit]),
    )


def _numbers(postings: Sequence[PostingGap], limit: int) -> Advice:
    """Sentences that prove much and hold no number."""
    proofs: Counter[int] = Counter()
    sentences: dict[int, SideSentence] = {}
    for posting in postings:
        for gap in posting.of("covered"):
            nearest = gap.evidence[0]
            if not NUMBER.search(nearest.sentence.text):
                proofs[nearest.row] += 1
                sentences[nearest.row] = nearest.sentence
    return Advice(
        "number",
        "Put a number to it",
        "These sentences are your proof and hold no number. How many, how much, how fast, how often?",
        tuple(
            AdviceItem(
                yours=sentences[row].text,
                project=sentences[row].section,
                note=f"proof for {counted(count, 'asked sentence')}",
            )
            for row, count in proofs.most_common(limit)
        ),
    )


def _unused(report: GapReport, scope: _Scope, limit: int) -> Advice:
    """Strong accomplishments that no posting comes near; with one posting its own section says so."""
    asked = [row for row, sentence in enumerate(report.postings.sentences) if sentence.asked]
    rows: list[int] = []
    if asked and scope.postings > 1:
        nearest = report.similarity[asked].max(axis=0)
        strong = [strength(sentence) for sentence in report.brag.sentences]
        far = np.flatnonzero(nearest < report.thresholds.partial)
        rows = sorted((int(row) for row in far if strong[row] > 1), key=lambda row: -strong[row])
    chosen = [report.brag.sentences[row] for row in rows[:limit]]
    return Advice(
        "unused",
        "Put these after what is asked",
        f"They are strong, but none of {scope.all} asks for anything near them.",
        tuple(AdviceItem(yours=sentence.text, project=sentence.section) for sentence in chosen),
    )
