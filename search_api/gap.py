"""Where a brag document stands against one, many or all postings.

Every asked sentence of a posting is compared with every sentence of the brag document by the score of
``search_api/pairing.py``. It is *covered* where the best score reaches ``Thresholds.covered``, *partial* from
``Thresholds.partial``, else *missing*; and at most partial where a part of it that can be checked by name
(``preprocess/requirements.py``) is not there. Nothing here searches again: a report with other thresholds is
another view of one matrix.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from indexer.store import Vector
from preprocess.errors import InvalidParameter
from preprocess.requirements import RequirementPart, checked, parts_of, satisfied
from search_api.cues import brag_cues
from search_api.judge import JUDGED_POSTINGS, Judge, judged
from search_api.pairing import pair_scores, reasons
from search_api.sides import DocumentInfo, Side, SideSentence, best_of
from search_api.themes import Theme, themes

Status = Literal["covered", "partial", "missing"]

PART_WEIGHTS: Mapping[str, float] = {
    "requirements": 0.25,
    "duties": 0.2,
    "preferred": 0.05,
    "technologies": 0.2,
    "field": 0.3,
}
"""How the parts make the fit score; the weights of parts that a posting lacks go to the others in proportion.
A convention, not a measurement: what one must have counts most, what is only preferred least. Without
``field``, the first ten of 1,236 real postings for a data engineer were in management and staffing."""

FIELD_POSTINGS = 8
"""With fewer postings their common mean says little, and the part ``field`` is left out. Among the twelve
postings of ``fixtures/`` the nurse's brag document has .63 to her posting and less than 0 to the others."""

FIELD_FULL = 0.4
"""Centred cosine that counts as the very same field; the 99.9th percentile of one document against 1,236."""

NAMED_PRIOR = 2
"""Added to the technologies a posting names, so that the one it happens to name does not decide."""

PART_OF_ROLE = {
    "requirement": "requirements",
    "duty": "duties",
    "preferred": "preferred",
    "": "requirements",
    "other": "requirements",
}
EVIDENCE = 3
UNASKED = 3


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Scores from which a sentence counts as covered and as partial.

    F1 on the development pairs is highest at .5, but a posting is compared with a whole document: of the
    asked sentences of postings in other fields of work 25% reach .5, 17% reach .6 and 9% reach .7, of those
    with a covering sentence 80%, 68% and 51%.

    :raises InvalidParameter: unless -1 <= partial <= covered <= 1.
    """

    covered: float = 0.6
    partial: float = 0.35

    def __post_init__(self) -> None:
        if not -1 <= self.partial <= self.covered <= 1:
            raise InvalidParameter(
                "expected -1 <= partial <= covered <= 1, "
                f"found partial={self.partial}, covered={self.covered}"
            )


@dataclass(frozen=True, slots=True)
class Evidence:
    """A brag sentence that speaks for a posting sentence: ``row`` in the brag side, ``score`` from 0 to 1.

    ``cosine`` is that of the two vectors; ``cues`` are what raised or lowered the score besides, in plain
    words.
    """

    row: int
    sentence: SideSentence
    score: float
    cosine: float
    cues: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SentenceGap:
    """An asked sentence of a posting, how it stands, and the brag sentences nearest to it, best first.

    ``parts`` are the technologies, credentials, degrees and years in it, each checked by name.
    """

    sentence: SideSentence
    status: Status
    evidence: tuple[Evidence, ...]
    missing_technologies: tuple[str, ...]
    parts: tuple[RequirementPart, ...] = ()

    @property
    def score(self) -> float:
        """The best score."""
        return self.evidence[0].score


@dataclass(frozen=True, slots=True)
class PostingGap:
    """One posting: ``fit`` from 0 to 100, made of ``parts`` (each 0 to 1), and everything behind it."""

    rank: int
    document: DocumentInfo
    fit: float
    parts: dict[str, float]
    counts: dict[Status, int]
    sentences: tuple[SentenceGap, ...]
    not_asked: int
    technologies_shared: tuple[str, ...]
    technologies_missing: tuple[str, ...]
    unasked: tuple[SideSentence, ...] = ()

    def of(self, status: Status) -> list[SentenceGap]:
        """The sentences with ``status``, in the order of the posting."""
        return [sentence for sentence in self.sentences if sentence.status == status]


@dataclass(frozen=True)
class GapReport:
    """A brag document against postings.

    ``similarity`` is (posting sentences, brag sentences) float32: the scores from 0 to 1 that the status
    rests on; ``cosine`` the cosines behind them, the same as the scores where it is left out.
    ``fingerprint`` names the index of the postings, and is empty where they were not stored.
    """

    brag: Side
    postings: Side
    similarity: Vector = field(repr=False)
    thresholds: Thresholds = field(default_factory=Thresholds)
    fingerprint: str = ""
    cosine: Vector | None = field(default=None, repr=False)

    def with_thresholds(self, thresholds: Thresholds) -> GapReport:
        """The same comparison, read with other thresholds."""
        return replace(self, thresholds=thresholds)

    @cached_property
    def brag_technologies(self) -> frozenset[str]:
        """Every technology that the brag document names."""
        return frozenset(name for sentence in self.brag.sentences for name in sentence.technologies)

    @cached_property
    def ranking(self) -> list[tuple[int, float]]:
        """Positions of the postings with their fit, best first; equal ones in the order they came."""
        order = sorted(range(len(self._parts)), key=lambda position: -_fit(self._parts[position]))
        return [(position, _fit(self._parts[position])) for position in order]

    def top(self, count: int) -> list[PostingGap]:
        """The ``count`` postings that fit best, in full."""
        return [
            self._posting(rank, position, fit)
            for rank, (position, fit) in enumerate(self.ranking[:count], start=1)
        ]

    @cached_property
    def statuses(self) -> list[Status]:
        """How each posting sentence stands, asked or not, in order."""
        partial, covered = self.thresholds.partial, self.thresholds.covered
        found: list[Status] = []
        for row, best in enumerate(self._best):
            status: Status = "covered" if best >= covered else "partial" if best >= partial else "missing"
            if status == "covered" and self._asked[row] and not satisfied(self._requirement(row)):
                status = "partial"
            found.append(status)
        return found

    @cached_property
    def missing_themes(self) -> list[Theme]:
        """What is missing over all postings, most often first, paraphrases counted once."""
        rows = np.flatnonzero(self._asked & (self._best < self.thresholds.partial))
        return themes(
            [self.postings.sentences[row].text for row in rows],
            [self.postings.sentences[row].document for row in rows],
            self.postings.dense[rows],
        )

    @cached_property
    def missing_technologies(self) -> list[tuple[str, int]]:
        """Technologies that postings name and the brag document never does, with the number of postings."""
        seen = {
            (sentence.document, name)
            for sentence in self.postings.sentences
            if sentence.asked
            for name in sentence.technologies
            if name not in self.brag_technologies
        }
        return sorted(Counter(name for _, name in seen).items(), key=lambda item: (-item[1], item[0]))

    # ---- inside

    @cached_property
    def _best(self) -> Vector:
        best: Vector = self.similarity.max(axis=1)
        return best

    @cached_property
    def _asked(self) -> npt.NDArray[np.bool_]:
        return np.array([sentence.asked for sentence in self.postings.sentences], dtype=bool)

    @cached_property
    def _rows(self) -> list[list[int]]:
        return self.postings.rows_by_document()

    @cached_property
    def _parts(self) -> list[dict[str, float]]:
        """For each posting its parts from 0 to 1; a partial sentence counts half a covered one."""
        credit = [{"covered": 1.0, "partial": 0.5, "missing": 0.0}[status] for status in self.statuses]
        parts = []
        for rows in self._rows:
            credits: dict[str, list[float]] = {}
            named: set[str] = set()
            for row in rows:
                sentence = self.postings.sentences[row]
                if sentence.asked:
                    credits.setdefault(PART_OF_ROLE[sentence.role], []).append(credit[row])
                    named.update(sentence.technologies)
            part = {name: sum(credits[name]) / len(credits[name]) for name in PART_WEIGHTS if name in credits}
            if named:
                part["technologies"] = len(named & self.brag_technologies) / (len(named) + NAMED_PRIOR)
            parts.append(part)
        for part, nearness in zip(parts, self._fields, strict=bool(self._fields)):
            if part:
                part["field"] = nearness
        return parts

    @cached_property
    def _fields(self) -> list[float]:
        """How near each posting's line of work is: the cosine of its mean vector and the brag document's,
        both seen from the mean of all postings, so that what every posting says does not count."""
        if len(self.postings.documents) < FIELD_POSTINGS:
            return []
        middle = self.postings.dense.mean(axis=0)
        mine = self.brag.dense.mean(axis=0) - middle
        fields = []
        for rows in self._rows:
            asked = [row for row in rows if self._asked[row]] or rows
            theirs = self.postings.dense[asked].mean(axis=0) - middle
            lengths = float(np.linalg.norm(mine) * np.linalg.norm(theirs))
            cosine = float(mine @ theirs) / lengths if lengths else 0.0
            fields.append(min(max(cosine / FIELD_FULL, 0.0), 1.0))
        return fields

    def _posting(self, rank: int, position: int, fit: float) -> PostingGap:
        asked = [row for row in self._rows[position] if self._asked[row]]
        sentences = tuple(self._sentence(row) for row in asked)
        named = {name for row in asked for name in self.postings.sentences[row].technologies}
        counts: Counter[Status] = Counter(sentence.status for sentence in sentences)
        return PostingGap(
            rank=rank,
            document=self.postings.documents[position],
            fit=fit,
            parts=self._parts[position],
            counts={"covered": counts["covered"], "partial": counts["partial"], "missing": counts["missing"]},
            sentences=sentences,
            not_asked=len(self._rows[position]) - len(asked),
            technologies_shared=tuple(sorted(named & self.brag_technologies)),
            technologies_missing=tuple(sorted(named - self.brag_technologies)),
            unasked=self._unasked(asked),
        )

    def _sentence(self, row: int) -> SentenceGap:
        scores = self.similarity[row]
        cosines = scores if self.cosine is None else self.cosine[row]
        sentence = self.postings.sentences[row]
        evidence = []
        for i in best_of(scores, EVIDENCE):
            mine = self.brag.sentences[i]
            cues = () if self.cosine is None else reasons(sentence.text, mine.text)
            evidence.append(Evidence(i, mine, float(scores[i]), float(cosines[i]), cues))
        return SentenceGap(
            sentence,
            self.statuses[row],
            tuple(evidence),
            tuple(name for name in sentence.technologies if name not in self.brag_technologies),
            self._requirement(row),
        )

    def _requirement(self, row: int) -> tuple[RequirementPart, ...]:
        """The parts of a posting sentence, checked against the brag document."""
        sentence = self.postings.sentences[row]
        parts = parts_of(sentence.text, sentence.technologies)
        if not parts:
            return ()
        scores = self.similarity[row]
        near = [
            self.brag.sentences[i].text
            for i in best_of(scores, EVIDENCE)
            if scores[i] >= self.thresholds.partial
        ]
        return checked(parts, self._proofs, near)

    @cached_property
    def _proofs(self) -> list[tuple[str, tuple[str, ...]]]:
        """The brag sentences that can prove something: not those that wish, deny or only watched."""
        return [
            (sentence.text, sentence.technologies)
            for sentence in self.brag.sentences
            if not brag_cues(sentence.text).clauses
        ]

    def _unasked(self, asked: Sequence[int]) -> tuple[SideSentence, ...]:
        """The strongest brag sentences that no asked sentence comes near."""
        if not asked:
            return ()
        nearest = self.similarity[asked].max(axis=0)
        far = [row for row in range(len(self.brag.sentences)) if nearest[row] < self.thresholds.partial]
        far.sort(key=lambda row: -strength(self.brag.sentences[row]))
        return tuple(
            self.brag.sentences[row] for row in far[:UNASKED] if strength(self.brag.sentences[row]) > 1
        )


_FIGURE = re.compile(r"\d")
_OUTCOME = re.compile(
    r"\b(cut|rais|reduc|increas|grew|sav|halv|doubl|tripl|won|led|built|launch|deliver|improv|lower|clos|"
    r"rebuilt|designed|trained|founded|wrote)\w*",
    re.IGNORECASE,
)


def strength(sentence: SideSentence) -> int:
    """0 to 3: a point each for a figure, a technology and a verb of outcome."""
    return (
        bool(_FIGURE.search(sentence.text))
        + bool(sentence.technologies)
        + bool(_OUTCOME.search(sentence.text))
    )


def gap(
    brag: Side,
    postings: Side,
    *,
    thresholds: Thresholds | None = None,
    fingerprint: str = "",
    judge: Judge | None = None,
) -> GapReport:
    """Compare a brag document with postings; see :class:`GapReport`.

    :param judge: judges the best pairs of the best fitting postings again.
    :raises ModelError: if the judge cannot be loaded.
    """
    pairs = pair_scores(brag, postings)
    report = GapReport(
        brag, postings, pairs.score, thresholds or Thresholds(), fingerprint=fingerprint, cosine=pairs.cosine
    )
    if judge is None:
        return report
    rows_of = postings.rows_by_document()
    best = [rows_of[position] for position, _ in report.ranking[:JUDGED_POSTINGS]]
    rows = [row for rows in best for row in rows if postings.sentences[row].asked]
    return replace(report, similarity=judged(judge, pairs.score, postings, brag, rows))


def _fit(parts: Mapping[str, float]) -> float:
    weight = sum(PART_WEIGHTS[name] for name in parts)
    return 100 * sum(PART_WEIGHTS[name] * share for name, share in parts.items()) / weight if weight else 0.0
