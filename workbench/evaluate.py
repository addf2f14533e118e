"""Judges ranked answers against labels. Takes both as data and imports no search code.

Every figure that is a mean over the examples carries a 95% interval (``workbench.intervals``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.calibration_report import calibration_error, prediction_sets, reliability, selective
from workbench.intervals import DIGITS, Column, intervals, paired_difference
from workbench.labels import LabelledTitle, group_name, read_labelled_postings, read_labelled_titles

__all__ = [
    "Answer", "LabelledTitle", "Ranking", "Voter", "confusion", "errors", "judge", "judge_answers",
    "per_group", "read_labelled_postings", "read_labelled_titles", "report",
]  # fmt: skip

CUTOFFS = (1, 5, 10)
ERRORS = 20
"""Wrong answers that a report lists unless asked otherwise."""

MISLEADING = 3


@dataclass(frozen=True, slots=True)
class Ranking:
    """``rank`` holds, for each example, the rank of the first right answer from 1, or 0 for none."""

    rank: npt.NDArray[np.int64]

    def accuracy_at(self, cutoff: int) -> float:
        """Share of examples with a right answer among the first ``cutoff``."""
        return float(np.mean(self.hits(cutoff)))

    @property
    def mrr(self) -> float:
        """Mean reciprocal rank; an example without a right answer counts 0 (Voorhees, TREC-8, 1999)."""
        return float(np.mean(self._reciprocal()))

    def hits(self, cutoff: int) -> Column:
        """(n,) 1.0 where a right answer is among the first ``cutoff``, else 0.0."""
        return ((self.rank > 0) & (self.rank <= cutoff)).astype(float)

    def to_json(self) -> dict[str, Any]:
        """``n``, ``acc@1``, ``acc@5``, ``acc@10``, ``mrr`` and for each its 95% interval."""
        columns = {f"acc@{cutoff}": self.hits(cutoff) for cutoff in CUTOFFS} | {"mrr": self._reciprocal()}
        values: dict[str, Any] = {"n": len(self.rank)}
        values |= {name: round(float(np.mean(column)), DIGITS) for name, column in columns.items()}
        values["intervals"] = intervals(columns)
        return values

    def _reciprocal(self) -> Column:
        return np.where(self.rank > 0, 1.0 / np.maximum(self.rank, 1), 0.0)


@dataclass(frozen=True, slots=True)
class Voter:
    """A neighbour that spoke for the first answer."""

    text: str
    source: str
    code: str
    score: float

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {"text": self.text, "source": self.source, "code": self.code, "score": round(self.score, 3)}


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered for one example: the codes, best first, each at one level and once.

    ``confidence`` is the stated chance (0 to 1) that the first is right, None where none was stated;
    ``prediction_set`` the codes that are to hold a right one, None where there is no such set.
    """

    codes: tuple[str, ...]
    voters: tuple[Voter, ...] = ()
    confidence: float | None = None
    abstained: bool = False
    review: bool = False
    prediction_set: tuple[str, ...] | None = None


def judge(answers: Sequence[Sequence[str]], labels: Sequence[LabelledTitle]) -> Ranking:
    """Rank of the first right code in each answer; codes compare at the coarser of their two levels.

    :param answers: for each label, the codes found, best first, each at one level and once.
    """
    ranks = [
        next((rank for rank, code in enumerate(codes, start=1) if label.is_right(code)), 0)
        for codes, label in zip(answers, labels, strict=True)
    ]
    return Ranking(np.array(ranks, dtype=np.int64))


def judge_answers(answers: Sequence[Answer], labels: Sequence[LabelledTitle]) -> Ranking:
    """The same for :class:`Answer`."""
    return judge([answer.codes for answer in answers], labels)


def report(
    answers: Sequence[Answer],
    labels: Sequence[LabelledTitle],
    *,
    baselines: Mapping[str, Sequence[Sequence[str]]] | None = None,
    names: Mapping[str, str] | None = None,
    most_errors: int = ERRORS,
) -> dict[str, Any]:
    """Everything that is known about these answers, as plain JSON values.

    :param baselines: by name, the ranked codes that a simpler method gave for the same labels.
    :param names: occupation titles by eight-digit code, for the list of errors.
    :param most_errors: how many wrong answers to list, in the order of the labels.
    :return: the keys of :meth:`Ranking.to_json`, then ``unreachable`` (labels none of whose codes is among
        ``names``: nobody could find them), ``per_group``, ``confusion``, ``baselines``,
        ``prediction_sets``, ``ece``, ``reliability``, ``abstained``, ``review`` and ``errors``; the
        calibration keys are null where the answers state no confidence or set.
    """
    ranking = judge_answers(answers, labels)
    values = ranking.to_json()
    values["unreachable"] = _unreachable(labels, names) if names else None
    values["per_group"] = per_group(ranking, labels)
    values["baselines"] = {
        name: _against(ranking, judge(codes, labels)) for name, codes in (baselines or {}).items()
    }
    values |= _calibration(answers, labels, ranking)
    values["confusion"] = confusion(answers, labels)
    values["errors"] = errors(answers, labels, ranking, names or {}, most_errors)
    return values


def per_group(ranking: Ranking, labels: Sequence[LabelledTitle]) -> list[dict[str, Any]]:
    """``acc@1`` and ``acc@10`` by major group of the label, in the order of the codes."""
    rows: defaultdict[str, list[int]] = defaultdict(list)
    for row, label in enumerate(labels):
        rows[label.group].append(row)
    found = {group: Ranking(ranking.rank[rows[group]]) for group in sorted(rows)}
    return [
        {
            "code": group,
            "name": group_name(group),
            "n": len(inside.rank),
            "acc@1": round(inside.accuracy_at(1), DIGITS),
            "acc@10": round(inside.accuracy_at(10), DIGITS),
        }
        for group, inside in found.items()
    ]


def confusion(answers: Sequence[Answer], labels: Sequence[LabelledTitle]) -> dict[str, Any]:
    """Major group of the label against that of the first answer.

    A label of several groups counts as the answered one where that is among them.

    :return: ``codes`` and ``names`` of the groups that occur, and ``counts``: a row for each right group, a
        column for each answered one.
    """
    pairs = []
    for answer, label in zip(answers, labels, strict=True):
        if answer.codes:
            first = answer.codes[0][:2]
            accepted = {code[:2] for code in label.accept}
            pairs.append((first if first in accepted else label.group, first))
    codes = sorted({group for pair in pairs for group in pair})
    at = {group: place for place, group in enumerate(codes)}
    counts = np.zeros((len(codes), len(codes)), dtype=np.int64)
    for right, answered in pairs:
        counts[at[right], at[answered]] += 1
    return {"codes": codes, "names": [group_name(code) for code in codes], "counts": counts.tolist()}


def errors(
    answers: Sequence[Answer],
    labels: Sequence[LabelledTitle],
    ranking: Ranking,
    names: Mapping[str, str],
    most: int = ERRORS,
) -> list[dict[str, Any]]:
    """The first ``most`` examples whose first answer is wrong, with the neighbours that spoke for it.

    ``rank`` is where the right code came, 0 for nowhere.
    """
    wrong = [row for row in range(len(labels)) if ranking.rank[row] != 1][:most]
    return [
        {
            "title": labels[row].title,
            "accept": [_named(code, names) for code in labels[row].accept],
            "first": _named(answers[row].codes[0], names) if answers[row].codes else None,
            "rank": int(ranking.rank[row]),
            "confidence": answers[row].confidence,
            "misled_by": _distinct(answers[row].voters),
        }
        for row in wrong
    ]


def _distinct(voters: Sequence[Voter]) -> list[dict[str, Any]]:
    """The first few; O*NET has many titles twice, as an alternate and as a reported one."""
    first = {voter.text.casefold(): voter for voter in reversed(voters)}
    return [voter.to_json() for voter in voters if first[voter.text.casefold()] is voter][:MISLEADING]


def _named(code: str, names: Mapping[str, str]) -> dict[str, str]:
    """A code with its title; one of fewer digits has that of its first occupation, of two the group's."""
    if len(code) == 2:
        return {"code": code, "title": group_name(code)}
    inside = (known for known in sorted(names) if known.startswith(code))
    title = names.get(f"{code}.00") or next((names[known] for known in inside), "not in the index")
    return {"code": code, "title": title}


def _unreachable(labels: Sequence[LabelledTitle], names: Mapping[str, str]) -> int:
    return sum(not any(map(label.is_right, names)) for label in labels)


def _against(ours: Ranking, theirs: Ranking) -> dict[str, Any]:
    return {**theirs.to_json(), "difference@1": paired_difference(ours.hits(1), theirs.hits(1))}


def _calibration(
    answers: Sequence[Answer], labels: Sequence[LabelledTitle], ranking: Ranking
) -> dict[str, Any]:
    right = ranking.hits(1)
    stated = [answer.confidence for answer in answers if answer.confidence is not None]
    sets = [answer.prediction_set for answer in answers if answer.prediction_set is not None]
    values: dict[str, Any] = dict.fromkeys(("prediction_sets", "ece", "reliability", "abstained", "review"))
    if len(sets) == len(labels):
        covered = [any(map(label.is_right, codes)) for codes, label in zip(sets, labels, strict=True)]
        values["prediction_sets"] = prediction_sets([len(codes) for codes in sets], covered)
    if len(stated) == len(labels):
        values["reliability"] = reliability(stated, right)
        values["ece"] = calibration_error(values["reliability"])
        values["abstained"] = selective([answer.abstained for answer in answers], right)
        values["review"] = selective([answer.review for answer in answers], right)
    return values
