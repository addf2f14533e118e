"""What a gap report tells besides the comparison: forgotten words, fluff, the O*NET lens and next steps.

A report is made of its two sides alone; these need the encoder and, for the lens and the steps, the index of
occupations. Without that index they are left out, and ``no_lens`` says what would add them.
"""

from __future__ import annotations

from dataclasses import dataclass

from indexer.workspace import Workspace
from preprocess.errors import FingerprintMismatch, IndexMissing, StoreCorrupt
from search_api.fluff import FluffReport, fluff
from search_api.forgotten_words import ForgottenWord, forgotten_words
from search_api.gap import GapReport
from search_api.lens import Lens, lens
from search_api.next_steps import NextSteps, next_steps

WORDS, EMPTY = 15, 10
"""Forgotten words and empty sentences that are found, at most; outputs may show fewer."""


@dataclass(frozen=True, slots=True)
class Findings:
    """The lens and the steps are those of the best fitting posting; None where there is nothing to see
    through it, and ``no_lens`` says why."""

    words: tuple[ForgottenWord, ...]
    fluff: FluffReport
    lens: Lens | None
    steps: NextSteps | None
    no_lens: str = ""


def findings(workspace: Workspace, report: GapReport) -> Findings:
    """Look a report over: its brag document, its best fitting postings, and O*NET for the first of them."""
    words = tuple(forgotten_words(workspace, report, limit=WORDS))
    empty = fluff(workspace, report.brag, top=EMPTY)
    if not report.ranking:
        return Findings(words, empty, None, None, "There is no posting to look through.")
    try:
        best = report.postings.documents[report.ranking[0][0]]
        seen = lens(workspace, report, best)
        if seen is None:
            return Findings(
                words, empty, None, None, "The posting's title leads to no occupation with tasks."
            )
        return Findings(words, empty, seen, next_steps(workspace, report, seen))
    except IndexMissing:
        return Findings(
            words,
            empty,
            None,
            None,
            "O*NET is not indexed; joblens index onet adds its tasks to this report.",
        )
    except (FingerprintMismatch, StoreCorrupt) as error:  # a report needs no O*NET
        return Findings(words, empty, None, None, f"O*NET is left out: {error}.")
