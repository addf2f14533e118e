"""Judges the scores of pairs (asked sentence, brag sentence) against labels. Takes both as data.

The natural half holds every pair of a posting's asked sentences and a brag document; the hard half holds
pairs of their own. *auc* is the chance that a covering pair scores above one that does not cover (pairs
labelled
``partly`` are left out); *hit@3* the share of asked sentences with a covering brag sentence that have one
among the three best of the whole brag document. Intervals are 95%, percentile bootstrap with 1,000
resamples and
a fixed seed, by posting in the natural half and by pair in the hard one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.intervals import RESAMPLES, SEED
from workbench.labelled_pairs import LABELS, LabelledPair, PairGroup

HALVES = ("natural", "hard")
LISTED = 15

Scores = npt.NDArray[np.floating[Any]]
_Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class PairJudgement:
    """Scores of labelled pairs, judged. ``matrices`` has the scores of each of ``groups`` (asked, brag).

    ``threshold`` and ``partial`` are the scores from which a pair counts as covered and as partly covered.
    """

    pairs: Sequence[LabelledPair]
    groups: Sequence[PairGroup]
    matrices: Sequence[Scores]
    threshold: float
    partial: float
    score: Scores = field(init=False)

    def __post_init__(self) -> None:
        score = np.zeros(len(self.pairs))
        for group, matrix in zip(self.groups, self.matrices, strict=True):
            score[list(group.pairs)] = matrix[list(group.rows), list(group.columns)]
        object.__setattr__(self, "score", score)

    def auc(self, half: str = "") -> float | None:
        """Of one half, or of all; None where one of the two labels is missing."""
        return auc(self.score, self._covers, self._judged(half).astype(float))

    def hit_at(self, cutoff: int) -> float | None:
        """See the module; None where no document has an asked sentence with a covering one."""
        ranks = self._ranks()
        return float(np.mean([rank <= cutoff for rank, _ in ranks])) if ranks else None

    def difference(self, other: PairJudgement, half: str) -> list[float] | None:
        """How much higher this auc is than that of other scores of the same pairs, and the interval of it."""
        mine, theirs = self.auc(half), other.auc(half)
        if mine is None or theirs is None:
            return None
        resampled = [
            a - b
            for weights in self._resamples(half)
            if (a := auc(self.score, self._covers, weights)) is not None
            and (b := auc(other.score, self._covers, weights)) is not None
        ]
        return [round(value, 4) for value in (mine - theirs, *_bounds(resampled))]

    def figures(self) -> dict[str, float | None]:
        """``auc``, ``auc_natural``, ``auc_hard``, ``f1``, ``precision``, ``recall``, ``hit@1``, ``hit@3``."""
        judged = self._judged("")
        found = judged & (self.score >= self.threshold)
        right = int((found & self._covers).sum())
        precision = right / int(found.sum()) if found.any() else None
        recall = right / int(self._covers.sum()) if self._covers.any() else None
        f1 = 2 * precision * recall / (precision + recall) if precision and recall else None
        values = {
            "auc": self.auc(),
            "auc_natural": self.auc("natural"),
            "auc_hard": self.auc("hard"),
            "f1": f1,
            "precision": precision,
            "recall": recall,
            "hit@1": self.hit_at(1),
            "hit@3": self.hit_at(3),
        }
        return {name: None if value is None else round(value, 4) for name, value in values.items()}

    def intervals(self) -> dict[str, list[float]]:
        """95% intervals of the two aucs and of the hits."""
        found = {}
        for half in HALVES:
            resampled = [auc(self.score, self._covers, weights) for weights in self._resamples(half)]
            found[f"auc_{half}"] = _bounds([value for value in resampled if value is not None])
        ranks = self._ranks()
        for cutoff in (1, 3):
            found[f"hit@{cutoff}"] = _bounds(_resampled_hits(ranks, cutoff))
        return {name: [round(bound, 4) for bound in bounds] for name, bounds in found.items() if bounds}

    def to_json(self, cosine: PairJudgement | None = None) -> dict[str, Any]:
        """Everything, and the same of the ``cosine`` beside it where it is given."""
        told: dict[str, Any] = {"n": len(self.pairs)} | self.figures()
        told["intervals"] = self.intervals()
        told["threshold"] = self.threshold
        if cosine is not None:
            told["cosine"] = cosine.figures() | {"intervals": cosine.intervals()}
            told["above_cosine"] = {
                f"auc_{half}": found for half in HALVES if (found := self.difference(cosine, half))
            }
        told["fields"] = self._by("field", HALVES)
        told["kinds"] = self._kinds()
        told["partly"] = self._partly()
        told["errors"] = self._errors()
        return told

    # ---- inside

    @property
    def _covers(self) -> _Flags:
        return np.array([pair.label == "covers" for pair in self.pairs], dtype=bool)

    def _judged(self, half: str) -> _Flags:
        return np.array(
            [pair.label != "partly" and half in ("", pair.half) for pair in self.pairs], dtype=bool
        )

    def _ranks(self) -> list[tuple[int, int]]:
        """For each asked sentence with a covering one: the rank of the first from 1, and its group."""
        ranks = []
        for number, (group, matrix) in enumerate(zip(self.groups, self.matrices, strict=True)):
            if not self.pairs[group.pairs[0]].document:
                continue
            covering: dict[int, list[int]] = {}
            for pair, row, column in zip(group.pairs, group.rows, group.columns, strict=True):
                if self.pairs[pair].label == "covers":
                    covering.setdefault(row, []).append(column)
            for row, columns in covering.items():
                best = matrix[row][columns].max()
                ranks.append((1 + int((matrix[row] > best).sum()), number))
        return ranks

    def _resamples(self, half: str) -> Iterable[Scores]:
        """Weights of the pairs, resample by resample."""
        judged = self._judged(half)
        unit = np.zeros(len(self.pairs), np.intp)
        for number, group in enumerate(self.groups):
            unit[list(group.pairs)] = number
        units, unit = np.unique(unit[judged], return_inverse=True)
        generator = np.random.default_rng(SEED)
        for _ in range(RESAMPLES if len(units) else 0):
            drawn = np.bincount(generator.integers(0, len(units), len(units)), minlength=len(units))
            weights = np.zeros(len(self.pairs))
            weights[judged] = drawn[unit]
            yield weights

    def _by(self, name: str, halves: Sequence[str]) -> dict[str, dict[str, float | None]]:
        found = {}
        values = np.array([getattr(pair, name) for pair in self.pairs])
        for value in sorted(set(values) - {""}):
            columns = {}
            for half in halves:
                area = auc(self.score, self._covers, (self._judged(half) & (values == value)).astype(float))
                columns[f"auc_{half}"] = None if area is None else round(area, 4)
            found[str(value)] = columns
        return found

    def _kinds(self) -> dict[str, dict[str, float | int | None]]:
        """Most kinds have one label only, so each is judged by the threshold: how many are put right."""
        found: dict[str, dict[str, float | int | None]] = {}
        for kind in sorted({pair.kind for pair in self.pairs} - {""}):
            columns: dict[str, float | int | None] = {}
            for label in LABELS:
                scores = [
                    score
                    for pair, score in zip(self.pairs, self.score, strict=True)
                    if (pair.kind, pair.label) == (kind, label)
                ]
                if scores:
                    columns[f"{label}: pairs"] = len(scores)
                    columns[f"{label}: counted as covered"] = int(sum(s >= self.threshold for s in scores))
            found[kind] = columns
        return found

    def _partly(self) -> dict[str, float]:
        scores = [s for pair, s in zip(self.pairs, self.score, strict=True) if pair.label == "partly"]
        status = Counter(
            "covered" if s >= self.threshold else "partial" if s >= self.partial else "missing"
            for s in scores
        )
        return {
            name: round(status[name] / len(scores), 4) if scores else 0.0
            for name in ("covered", "partial", "missing")
        }

    def _errors(self) -> list[dict[str, object]]:
        order = np.argsort(self.score, kind="stable")
        high = [i for i in order[::-1] if self.pairs[i].label == "no" and self.score[i] >= self.threshold]
        low = [i for i in order if self.pairs[i].label == "covers" and self.score[i] < self.threshold]
        return [
            {
                "label": self.pairs[i].label,
                "score": round(float(self.score[i]), 4),
                "asked": self.pairs[i].asked,
                "brag": self.pairs[i].brag,
                "half": self.pairs[i].half,
                "kind": self.pairs[i].kind,
            }
            for i in (*high[:LISTED], *low[:LISTED])
        ]


def auc(score: Scores, covers: _Flags, weights: Scores) -> float | None:
    """Weighted area under the ROC curve, ties counted half (Mann and Whitney, 1947)."""
    kept = weights > 0
    _, level = np.unique(score[kept], return_inverse=True)
    positive, weight = covers[kept], weights[kept]
    above = np.bincount(level, weight * positive)
    below = np.bincount(level, weight * ~positive)
    area = above.sum() * below.sum() if len(level) else 0.0
    if not area:
        return None
    return float((above * (np.cumsum(below) - 0.5 * below)).sum() / area)


def to_markdown(told: Mapping[str, Any]) -> str:
    """The figures of :meth:`PairJudgement.to_json` as tables, ending in a newline."""
    cosine = told.get("cosine", {})
    lines = ["| figure | score | 95% interval | raw cosine |", "| --- | ---: | --- | ---: |"]
    for name in ("auc_natural", "auc_hard", "f1", "precision", "recall", "hit@1", "hit@3"):
        low_high = told["intervals"].get(name)
        interval = f"{low_high[0]:.3f} to {low_high[1]:.3f}" if low_high else ""
        lines.append(f"| {name} | {_figure(told[name])} | {interval} | {_figure(cosine.get(name))} |")
    lines += ["", "| field of work | auc_natural | auc_hard |", "| --- | ---: | ---: |"]
    for name, columns in told["fields"].items():
        figures = [_figure(columns[f"auc_{half}"]) for half in HALVES]
        lines.append(f"| {name.replace('_', ' ')} | {' | '.join(figures)} |")
    lines += ["", "| kind of hard pair | label | pairs | counted as covered |", "| --- | --- | ---: | ---: |"]
    for kind, columns in told["kinds"].items():
        for label in LABELS:
            if f"{label}: pairs" in columns:
                counts = f"{columns[f'{label}: pairs']} | {columns[f'{label}: counted as covered']}"
                lines.append(f"| {kind.replace('_', ' ')} | {label} | {counts} |")
    return "\n".join(lines) + "\n"


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _bounds(values: Sequence[float]) -> list[float]:
    return [float(bound) for bound in np.percentile(values, [2.5, 97.5])] if values else []


def _resampled_hits(ranks: Sequence[tuple[int, int]], cutoff: int) -> list[float]:
    if not ranks:
        return []
    groups = sorted({group for _, group in ranks})
    hits = np.array([[sum(r <= cutoff for r, g in ranks if g == group) for group in groups],
                     [sum(g == group for _, g in ranks) for group in groups]], float)  # fmt: skip
    generator = np.random.default_rng(SEED)
    drawn = hits[:, generator.integers(0, len(groups), (RESAMPLES, len(groups)))].sum(axis=2)
    return list(drawn[0] / drawn[1])
