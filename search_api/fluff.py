"""Which sentences of a brag document say little, why, and what they could have been about.

The score of a sentence, 0 to 1, is a sum of :data:`WEIGHTS`: the share of its words that are filler
(``search_api.filler``), how much it sounds like a stock sentence, and whether it lacks a verb of outcome, a
number and a technology. On the half of ``fixtures/fluff.csv`` that judges
(40 sentences) its AUC is 1.00, on the other, which it was made with, .97.

How near a sentence is to O*NET's tasks is no part of it. Over the full release the sentences that say
nothing were the nearer ones (AUC of the distance .27 on the 40 development sentences), because some
occupation does everything in general. The nearest task is the hint for a rewrite, and being far from all
of them one more reason.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from indexer.store import Query, Vector, where
from indexer.workspace import Workspace
from preprocess.errors import FingerprintMismatch, IndexMissing
from preprocess.stemming import stem
from search_api.advice import NUMBER
from search_api.classify import occupation_titles
from search_api.filler import OUTCOMES, REASONS, STOCK_SENTENCES, filler_in
from search_api.sides import Side, SideSentence
from search_api.wording import percent, side_name

WEIGHTS: Mapping[str, float] = {
    "filler": 0.4,
    "stock": 0.4,
    "outcome": 0.1,
    "number": 0.05,
    "technology": 0.05,
}
"""What the parts of a score count at most. On the 40 development sentences the AUC of filler alone is .90, of
stock alone .98, of a lacking outcome .75; a lacking number or technology alone tells nothing there (.50)."""

FILLER_FULL = 0.5
"""Share of filler from which a sentence says nothing else."""

STOCK_FROM, STOCK_FULL = 0.25, 0.55
"""Cosines to the nearest stock sentence: nothing up to the first, everything from the second."""

FLUFF = 0.4
"""Score from which a sentence counts as saying little; it tells 38 of the 40 development sentences right."""

FAR = 0.35
"""Cosine to the nearest task under which a sentence is far from all of them: 3 of the 40
development sentences over the full release."""

_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class TaskHint:
    """The O*NET task nearest to a sentence: its cosine, and the eight-digit occupation it belongs to."""

    text: str
    code: str
    occupation: str
    score: float


@dataclass(frozen=True, slots=True)
class FluffSentence:
    """A sentence of the brag side (``row``), how little it says (``score``, 0 to 1), and why, in words.

    ``hint`` is there for the sentences that were asked for, where O*NET is indexed.
    """

    row: int
    sentence: SideSentence
    score: float
    reasons: tuple[str, ...]
    filler: tuple[str, ...]
    hint: TaskHint | None = None


@dataclass(frozen=True, slots=True)
class FluffReport:
    """The sentences of a brag document, emptiest first; all of them where ``top`` did not cut it.

    ``count`` is how many of all sentences reach :data:`FLUFF`. ``fingerprint`` names the index of
    occupations that gave the hints; where it is empty, ``no_hints`` says why.
    """

    name: str
    sentences: tuple[FluffSentence, ...]
    total: int
    count: int
    fingerprint: str
    no_hints: str

    @property
    def empty(self) -> tuple[FluffSentence, ...]:
        """Those that say little."""
        return tuple(sentence for sentence in self.sentences if sentence.score >= FLUFF)


def fluff(workspace: Workspace, brag: Side, *, top: int | None = None) -> FluffReport:
    """Rank the sentences of a brag document by how little they say.

    :param top: sentences at most; None for all.
    """
    stock = brag.dense @ _stock(workspace).T
    ranked = rank(brag, stock.max(axis=1))
    fingerprint, hinted, no_hints = "", ranked[:top], ""
    try:
        fingerprint, hinted = _with_hints(workspace, brag, hinted)
    except IndexMissing:
        no_hints = "O*NET is not indexed here, so no task is named; joblens index onet adds it"
    except FingerprintMismatch as error:
        no_hints = f"no task is named: {error}"
    return FluffReport(
        side_name(brag),
        tuple(hinted),
        len(ranked),
        sum(sentence.score >= FLUFF for sentence in ranked),
        fingerprint,
        no_hints,
    )


def rank(brag: Side, stock: Vector) -> list[FluffSentence]:
    """Score each sentence; emptiest first, equal ones in the order of the document.

    :param stock: (n,) float32, the cosine of each sentence to the nearest of ``STOCK_SENTENCES``.
    """
    scored = [
        _judged(row, sentence, float(near))
        for row, (sentence, near) in enumerate(zip(brag.sentences, stock, strict=True))
    ]
    return sorted(scored, key=lambda judged: -judged.score)


# ---- inside


def _judged(row: int, sentence: SideSentence, stock: float) -> FluffSentence:
    found = list(filler_in(sentence.text))
    words = _WORD.findall(sentence.text)
    share = min(sum(len(_WORD.findall(phrase)) for _, phrase in found) / max(len(words), 1), 1.0)
    lacks = {
        "outcome": not any(stem(word) in _outcomes() for word in words),
        "number": not NUMBER.search(sentence.text),
        "technology": not sentence.technologies,
    }
    sounds = min(max((stock - STOCK_FROM) / (STOCK_FULL - STOCK_FROM), 0.0), 1.0)
    score = WEIGHTS["filler"] * min(share / FILLER_FULL, 1.0) + WEIGHTS["stock"] * sounds
    score += sum(WEIGHTS[name] for name, is_so in lacks.items() if is_so)
    return FluffSentence(
        row,
        sentence,
        score,
        tuple(_reasons(found, share, sounds, lacks)),
        tuple(dict.fromkeys(phrase for _, phrase in found)),
    )


def _reasons(
    found: Sequence[tuple[str, str]], share: float, sounds: float, lacks: Mapping[str, bool]
) -> list[str]:
    """The reasons in words, weightiest first."""
    reasons = []
    for kind, text in REASONS.items():
        phrases = list(dict.fromkeys(phrase.lower() for of, phrase in found if of == kind))
        if phrases:
            reasons.append(f"{text}: {', '.join(phrases)}")
    if share >= FILLER_FULL:
        reasons.insert(0, f"{percent(share)} of its words are filler")
    if sounds >= 0.5:
        reasons.append("sounds like what everybody writes")
    if lacks["outcome"]:
        reasons.append("does not say what came of it")
    if lacks["number"]:  # a lacking technology says something only beside it: most work needs none
        reasons.append("no number, no technology" if lacks["technology"] else "no number")
    return reasons


def _with_hints(
    workspace: Workspace, brag: Side, chosen: Sequence[FluffSentence]
) -> tuple[str, list[FluffSentence]]:
    live = workspace.check("occupations")
    titles = occupation_titles(workspace, live.physical)
    hits = workspace.store.search(
        live.physical,
        [Query(dense=brag.dense[judged.row]) for judged in chosen],
        top_k=1,
        filter=where(source="task"),
        fields=["code", "text"],
    )
    hinted = []
    for judged, near in zip(chosen, hits, strict=True):
        if near:
            code: str = near[0].payload["code"]
            hint = TaskHint(near[0].payload["text"], code, titles.get(code, code), near[0].score)
            far = ("far from every task that O*NET lists",) if hint.score < FAR else ()
            judged = replace(judged, hint=hint, reasons=judged.reasons + far)
        hinted.append(judged)
    return live.fingerprint.digest, hinted


def _stock(workspace: Workspace) -> Vector:
    """(sentences, dim) float32, L2-normalised; encoded once."""
    view = workspace.store_settings.view
    stock: Vector = workspace.once(
        "stock sentences", lambda: np.asarray(workspace.encode(STOCK_SENTENCES, view))
    )
    return stock


@lru_cache(maxsize=1)
def _outcomes() -> frozenset[str]:
    return frozenset(stem(verb) for verb in OUTCOMES.split())
