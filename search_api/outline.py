"""What a gap report tells, in order: one outline that the terminal, Markdown and HTML each lay out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from preprocess.sentences import normalise
from search_api.advice import Advice, advice
from search_api.findings import Findings
from search_api.gap import PART_WEIGHTS, Evidence, GapReport, PostingGap, SentenceGap, Status
from search_api.sections import FULL, Lengths, Section, sections
from search_api.sides import DocumentInfo
from search_api.themes import Theme
from search_api.wording import clipped, cosine, counted, percent, side_name

STATUSES: tuple[Status, ...] = ("covered", "partial", "missing")
STATUS_NAMES: Mapping[Status, str] = {"covered": "Covered", "partial": "Partly", "missing": "Missing"}
STATUS_TEXTS: Mapping[Status, str] = {
    "covered": "asked, with your proof",
    "partial": "asked, with the nearest thing you said",
    "missing": "asked, and nothing of yours comes near",
}
STATUS_NONE: Mapping[Status, str] = {
    "covered": "None of its sentences is covered.",
    "partial": "Nothing is half covered.",
    "missing": "Nothing is missing.",
}
MARKS: Mapping[Status, str] = {"covered": "✓", "partial": "~", "missing": "✗"}
NOTHING_ASKED = "No sentence in it asks anything that can be compared."
NOTHING_COMES_BACK = "No gap comes back: nothing that is missing is asked by two postings."
NOTHING_TO_CHANGE = "The comparison gives no reason to change anything."
PART_NAMES: Mapping[str, str] = {"field": "line of work"}
PART_STATUSES = ("shown", "missing", "may be missing", "not checked")
TECHNOLOGIES = 15
OFTEN = 2
"""Postings from which a gap counts as one that comes back; what is missing once stands under its posting."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the fit score: ``share`` from 0 to 1, ``value`` in words."""

    name: str
    share: float
    value: str


@dataclass(frozen=True)
class Outline:
    """The pieces of a report.

    ``ranked`` are the best postings for the ranking, ``details`` the first of them, to be shown in full;
    ``themes`` and ``technologies`` what is missing in several postings, most often first; ``sections`` what
    was found besides, in the order in which one would use it.
    """

    report: GapReport
    ranked: tuple[PostingGap, ...]
    details: tuple[PostingGap, ...]
    themes: tuple[Theme, ...]
    technologies: tuple[tuple[str, int], ...]
    advice: tuple[Advice, ...]
    sections: tuple[Section, ...] = ()

    @property
    def postings(self) -> int:
        """How many postings were compared."""
        return len(self.report.postings.documents)

    @property
    def many(self) -> bool:
        """Whether there is anything to rank."""
        return self.postings > 1

    @property
    def brag_name(self) -> str:
        """The brag document, or the first of several."""
        return side_name(self.report.brag)

    @property
    def heading(self) -> str:
        """``dana_reyes.yaml against 12 postings``."""
        theirs = counted(self.postings, "posting") if self.many else side_name(self.report.postings)
        return f"{self.brag_name} against {theirs}"

    @cached_property
    def totals(self) -> dict[Status, int]:
        """Asked sentences of all postings by status."""
        counts: Counter[Status] = Counter(
            status
            for sentence, status in zip(self.report.postings.sentences, self.report.statuses, strict=True)
            if sentence.asked
        )
        return {"covered": counts["covered"], "partial": counts["partial"], "missing": counts["missing"]}

    @property
    def totals_text(self) -> str:
        """The first line of every output."""
        totals = self.totals
        asked = sum(totals.values())
        return (
            f"{counted(asked, 'sentence')} {'asks' if asked == 1 else 'ask'} something of you: "
            f"{totals['covered']:,} covered, {totals['partial']:,} partly, {totals['missing']:,} missing."
        )

    @property
    def left_out(self) -> int:
        """Sentences that ask nothing, over all postings."""
        return len(self.report.postings.sentences) - sum(self.totals.values())

    @property
    def method(self) -> str:
        """How to read the figures, in one paragraph."""
        thresholds = self.report.thresholds
        how = (
            "Each asked sentence is compared with each of yours by meaning and wording, with a score "
            f"from 0 to 1. From {cosine(thresholds.covered)} it counts as covered, from "
            f"{cosine(thresholds.partial)} as partly covered, which counts half in the fit score."
        )
        if any("field" in posting.parts for posting in self.ranked):
            how += (
                " The line of work is the posting as a whole against your document, seen from all postings."
            )
        return f"{how} Left out: {left_out(self.left_out)}." if self.left_out else how


def outline(
    report: GapReport,
    *,
    top: int,
    themes: int,
    rows: int,
    findings: Findings | None = None,
    lengths: Lengths = FULL,
) -> Outline:
    """Gather what is shown.

    :param top: postings in full.
    :param themes: gaps over all postings.
    :param rows: lines of the ranking; ``top`` of them at least.
    :param findings: what else was found, where that was asked for; ``lengths`` how much of it is told.
    """
    ranked = tuple(report.top(max(rows, top)))
    many = len(report.postings.documents) > 1
    return Outline(
        report,
        ranked,
        ranked[:top],
        tuple(theme for theme in report.missing_themes[:themes] if theme.documents >= OFTEN) if many else (),
        tuple(pair for pair in report.missing_technologies[:TECHNOLOGIES] if pair[1] >= OFTEN),
        tuple(advice(report)),
        sections(findings, lengths) if findings else (),
    )


def place(document: DocumentInfo) -> str:
    """Company and location, as far as they are known."""
    return " · ".join(normalise(part) for part in (document.company, document.location) if part.strip())


def parts_of(posting: PostingGap) -> list[Part]:
    """The parts that make a posting's fit, weightiest rule first: those that it has."""
    parts = []
    for name in PART_WEIGHTS:
        if name == "technologies" and name in posting.parts:
            shared = len(posting.technologies_shared)
            named = shared + len(posting.technologies_missing)
            parts.append(Part(name, shared / named, f"{shared} of {named}"))
        elif name in posting.parts:
            parts.append(Part(PART_NAMES.get(name, name), posting.parts[name], percent(posting.parts[name])))
    return parts


def tags_of(gap: SentenceGap) -> list[str]:
    """What to know about an asked sentence besides its text: whether it is only a wish, and how its parts
    stand (``shown: Python``, ``missing: Spark``, ``may be missing: Hive``, ``not checked: 5 years``).

    An alternative to what is shown, or an example, may be missing.
    """
    tags = ["preferred"] if gap.sentence.role == "preferred" else []
    met = {part.group for part in gap.parts if part.status == "shown"}
    found: dict[str, list[str]] = {status: [] for status in PART_STATUSES}
    for part in gap.parts:
        needless = part.status == "missing" and (part.group in met or not part.required)
        found["may be missing" if needless else part.status].append(normalise(part.text))
    return tags + [f"{status}: {', '.join(texts)}" for status, texts in found.items() if texts]


def cues_of(evidence: Evidence) -> str:
    """Why a score is what it is, in words; empty where the wording of the two sentences gave no reason."""
    return "; ".join(map(normalise, evidence.cues))


def left_out(count: int) -> str:
    """What is known of the sentences that ask nothing."""
    return f"{counted(count, 'sentence')} on the company, benefits, notices, how to apply, or bare fields"


def theme_note(theme: Theme) -> str:
    """How a theme is worded elsewhere: ``also “MBA or Master's degree.”``; empty where it has one wording."""
    return f"also “{clipped(theme.examples[0], 120)}”" if theme.examples else ""
