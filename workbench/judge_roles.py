"""Judges predicted roles of posting sentences against labels. Takes both as data, imports no search code.

Macro F1 is the unweighted mean over the roles that occur in the labels. Its 95% interval is the percentile
bootstrap of :mod:`workbench.intervals` over whole postings, because the sentences of one are alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from indexer.role_model import ROLES
from preprocess.headings import role_of_heading
from workbench.intervals import BOUNDS, DIGITS, RESAMPLES, SEED
from workbench.role_labels import LabelledSentences

Predictions = Sequence[Sequence[str]]
"""For each posting, the role of each of its sentences."""

LISTED_ERRORS = 20
NOT_TOLD = len(ROLES)
"""The column of a prediction that is none of the roles, such as an empty one."""

Table = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class RoleFigures:
    """Of one role; ``support`` is how often the labels hold it."""

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, slots=True)
class RoleError:
    """A sentence whose role was read wrongly."""

    posting: str
    section: str
    text: str
    truth: str
    prediction: str


@dataclass(frozen=True, slots=True)
class RoleReport:
    """``counts`` (postings, 8, 9) int64: right role by predicted one, the last column :data:`NOT_TOLD`."""

    counts: Table
    errors: tuple[RoleError, ...] = ()
    baselines: Mapping[str, RoleReport] = field(default_factory=dict)

    @property
    def n(self) -> int:
        """Sentences judged."""
        return int(self.counts.sum())

    @property
    def accuracy(self) -> float:
        """Share of sentences with the right role."""
        total = self.counts.sum(axis=0)
        return float(np.trace(total)) / max(self.n, 1)

    @property
    def macro_f1(self) -> float:
        """Mean F1 over the roles that occur in the labels."""
        return float(_macro_f1(self.counts.sum(axis=0)[None])[0])

    @property
    def interval(self) -> tuple[float, float]:
        """95% of macro F1; postings are resampled, sentences where there is only one posting."""
        counts = self.counts
        generator = np.random.default_rng(SEED)
        if len(counts) > 1:
            drawn = generator.multinomial(len(counts), np.full(len(counts), 1 / len(counts)), size=RESAMPLES)
            tables = np.tensordot(drawn, counts, axes=1)
        else:
            share = counts.sum(axis=0).ravel() / max(self.n, 1)
            tables = generator.multinomial(self.n, share, size=RESAMPLES).reshape(-1, *counts.shape[1:])
        low, high = np.percentile(_macro_f1(tables), BOUNDS)
        return round(float(low), DIGITS), round(float(high), DIGITS)

    @property
    def per_role(self) -> dict[str, RoleFigures]:
        """Figures of each role that the labels hold, in the order of :data:`ROLES`."""
        total = self.counts.sum(axis=0)
        precision, recall, f1 = _figures(total[None])
        return {
            role: RoleFigures(
                float(precision[0, at]), float(recall[0, at]), float(f1[0, at]), int(total[at].sum())
            )
            for at, role in enumerate(ROLES)
            if total[at].sum()
        }

    @property
    def confusion(self) -> dict[str, dict[str, int]]:
        """How often a role was taken for another or for itself; an empty name where none was told."""
        total = self.counts.sum(axis=0)
        return {
            role: {(*ROLES, "")[column]: int(count) for column, count in enumerate(total[at]) if count}
            for at, role in enumerate(ROLES)
            if total[at].sum()
        }

    def to_json(self) -> dict[str, object]:
        """Keys: ``n, postings, macro_f1, accuracy, per_role, intervals, confusion, baselines, errors``."""
        return {
            "n": self.n,
            "postings": len(self.counts),
            "macro_f1": round(self.macro_f1, DIGITS),
            "accuracy": round(self.accuracy, DIGITS),
            "per_role": {
                role: {
                    "precision": round(figures.precision, DIGITS),
                    "recall": round(figures.recall, DIGITS),
                    "f1": round(figures.f1, DIGITS),
                    "support": figures.support,
                }
                for role, figures in self.per_role.items()
            },
            "intervals": {"macro_f1": list(self.interval)},
            "confusion": self.confusion,
            "baselines": {
                name: {
                    "macro_f1": round(other.macro_f1, DIGITS),
                    "accuracy": round(other.accuracy, DIGITS),
                    "intervals": {"macro_f1": list(other.interval)},
                }
                for name, other in self.baselines.items()
            },
            "errors": [
                {
                    "posting": error.posting,
                    "section": error.section,
                    "text": error.text,
                    "truth": error.truth,
                    "prediction": error.prediction,
                }
                for error in self.errors
            ],
        }

    def to_markdown(self) -> str:
        """The same as tables, without the errors."""
        low, high = self.interval
        lines = [
            f"{self.n:,} sentences of {len(self.counts):,} postings; macro F1 {self.macro_f1:.3f} "
            f"(95% interval {low:.3f} to {high:.3f}), accuracy {self.accuracy:.3f}.",
            "",
            "| role | precision | recall | F1 | sentences |",
            "| --- | ---: | ---: | ---: | ---: |",
        ]
        lines += [
            f"| {role} | {of.precision:.3f} | {of.recall:.3f} | {of.f1:.3f} | {of.support:,} |"
            for role, of in self.per_role.items()
        ]
        if self.baselines:
            lines += ["", "| method | macro F1 | 95% interval | accuracy |", "| --- | ---: | ---: | ---: |"]
            for name, report in {"joblens": self, **self.baselines}.items():
                low, high = report.interval
                lines.append(
                    f"| {name} | {report.macro_f1:.3f} | {low:.3f} to {high:.3f} | {report.accuracy:.3f} |"
                )
        return "\n".join(lines) + "\n"


def judge_roles(
    predicted: Predictions,
    labels: Sequence[LabelledSentences],
    baselines: Mapping[str, Predictions] | None = None,
    *,
    most_errors: int = LISTED_ERRORS,
) -> RoleReport:
    """Judge predictions, and simpler methods beside them.

    :param predicted: for each labelled posting the roles of its sentences, in order.
    :param baselines: the predictions of other methods by name; those that need nothing but the labels'
        sections and counts (``headings``, ``majority``) are always there.
    :param most_errors: wrong sentences that are kept to be listed, at most.
    """
    others = {
        "headings": heading_baseline(labels),
        "majority": majority_baseline(labels),
        **(baselines or {}),
    }
    return RoleReport(
        _counts(predicted, labels),
        tuple(_errors(predicted, labels))[:most_errors],
        {name: RoleReport(_counts(other, labels)) for name, other in others.items()},
    )


def heading_baseline(labels: Sequence[LabelledSentences]) -> list[list[str]]:
    """What the plain words of the headings say, and ``duty`` where they do not tell."""
    return [[role_of_heading(section) or "duty" for section in posting.sections] for posting in labels]


def majority_baseline(labels: Sequence[LabelledSentences]) -> list[list[str]]:
    """The most frequent role of these labels for every sentence."""
    most = Counter(role for posting in labels for role in posting.roles).most_common(1)
    return [[most[0][0]] * len(posting.roles) for posting in labels]


def _counts(predicted: Predictions, labels: Sequence[LabelledSentences]) -> Table:
    counts = np.zeros((len(labels), len(ROLES), len(ROLES) + 1), np.int64)
    for row, (guesses, posting) in enumerate(zip(predicted, labels, strict=True)):
        for guess, role in zip(guesses, posting.roles, strict=True):
            counts[row, ROLES.index(role), ROLES.index(guess) if guess in ROLES else NOT_TOLD] += 1
    return counts


def _errors(predicted: Predictions, labels: Sequence[LabelledSentences]) -> list[RoleError]:
    return [
        RoleError(posting.posting, section, text, role, guess)
        for guesses, posting in zip(predicted, labels, strict=True)
        for guess, text, section, role in zip(
            guesses, posting.texts, posting.sections, posting.roles, strict=True
        )
        if guess != role
    ]


def _figures(tables: Table) -> tuple[npt.NDArray[np.float64], ...]:
    """Precision, recall and F1 (m, 8) of tables (m, 8, 9)."""
    square = tables[:, :, :NOT_TOLD]
    right = np.diagonal(square, axis1=1, axis2=2).astype(float)
    told, held = square.sum(axis=1), tables.sum(axis=2)
    precision, recall = right / np.maximum(told, 1), right / np.maximum(held, 1)
    return precision, recall, 2 * right / np.maximum(told + held, 1)


def _macro_f1(tables: Table) -> npt.NDArray[np.float64]:
    _, _, f1 = _figures(tables)
    held = tables.sum(axis=2) > 0
    return np.asarray((f1 * held).sum(axis=1) / np.maximum(held.sum(axis=1), 1))
