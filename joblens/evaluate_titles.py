"""Titles and postings judged: asks the classifier and the baselines, and hands both to the workbench."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from indexer.workspace import Workspace
from preprocess.errors import ReadError
from search_api.classify import Classification, JobQuery, classify
from search_api.confidence import SET_COVERAGE
from workbench.baselines import posting_baselines, title_baselines
from workbench.calibration_report import cross_validated
from workbench.evaluate import ERRORS, Answer, Voter, report
from workbench.labels import LabelledTitle, read_labelled_postings, read_labelled_titles
from workbench.occupation_texts import occupation_names

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
TITLES, POSTINGS = FIXTURES / "titles.csv", FIXTURES / "postings_labelled.csv"
"""What is judged where no file is named."""

RANKED = 50
"""Codes of each answer that are looked at; MRR counts a right code after them as missing."""

CALIBRATED = 200
"""Codes whose probabilities are fitted; those after them have next to none."""

EVIDENCE = 8
"""Neighbours asked for, so that some with different texts remain."""


def titles_report(
    workspace: Workspace,
    path: Path = TITLES,
    *,
    level: int = 6,
    baselines: bool = True,
    most_errors: int = ERRORS,
) -> dict[str, Any]:
    """How well titles are coded; see :func:`workbench.evaluate.report` for the keys.

    :raises ReadError: if ``path`` cannot be read, or holds no labels.
    :raises IndexMissing, FingerprintMismatch: as the index does.
    """
    labels = _not_empty(read_labelled_titles(path), path)
    titles = [label.title for label in labels]
    answers = answers_of(_classified(workspace, titles, level))
    others = title_baselines(workspace, titles, level) if baselines else {}
    return _report(workspace, labels, answers, others, most_errors)


def postings_report(
    workspace: Workspace,
    path: Path = POSTINGS,
    *,
    level: int = 6,
    baselines: bool = True,
    most_errors: int = ERRORS,
) -> dict[str, Any]:
    """How well postings are coded by title and text; one of the baselines is the title alone.

    :raises ReadError, IndexMissing, FingerprintMismatch: as for titles.
    """
    labels = _not_empty(read_labelled_postings(path), path)
    titles, bodies = [label.title for label in labels], [label.description for label in labels]
    queries = [JobQuery(title, body) for title, body in zip(titles, bodies, strict=True)]
    answers = answers_of(_classified(workspace, queries, level))
    others: dict[str, list[list[str]]] = {}
    if baselines:
        alone = answers_of(_classified(workspace, titles, level))
        others = {
            "title_alone": [list(answer.codes) for answer in alone],
            **posting_baselines(workspace, titles, bodies, level),
        }
    return _report(workspace, labels, answers, others, most_errors)


def cross_validated_calibration(workspace: Workspace, path: Path) -> dict[str, Any]:
    """Calibration at six digits with temperature and threshold fitted on other titles than they judge.

    :return: see :func:`workbench.calibration_report.cross_validated`.
    :raises ReadError, IndexMissing, FingerprintMismatch: as for :func:`titles_report`.
    """
    labels = _not_empty(read_labelled_titles(path), path)
    titles = [label.title for label in labels]
    stated: list[list[float]] = []
    right: list[list[bool]] = []
    for label, found in zip(labels, classify(workspace, titles, top_k=CALIBRATED, evidence=0), strict=True):
        stated.append([candidate.score for candidate in found.candidates])
        right.append([label.is_right(candidate.code) for candidate in found.candidates])
    return cross_validated(stated, right, coverage=SET_COVERAGE)


def answers_of(classifications: Iterable[Classification]) -> list[Answer]:
    """What the workbench needs to know of each classification."""
    return [_answer(classification) for classification in classifications]


def _classified(
    workspace: Workspace, queries: Sequence[JobQuery | str], level: int
) -> Iterable[Classification]:
    return classify(workspace, queries, top_k=RANKED, level=level, evidence=EVIDENCE)


def _answer(found: Classification) -> Answer:
    first = found.candidates[0].evidence if found.candidates else ()
    return Answer(
        codes=tuple(candidate.code for candidate in found.candidates),
        voters=tuple(Voter(voter.text, voter.source, voter.code, voter.score) for voter in first),
        confidence=found.confidence,
        abstained=found.abstained,
        review=found.review,
        prediction_set=found.prediction_set,
    )


def _report(
    workspace: Workspace,
    labels: Sequence[LabelledTitle],
    answers: Sequence[Answer],
    baselines: Mapping[str, list[list[str]]],
    most_errors: int,
) -> dict[str, Any]:
    names = occupation_names(workspace)
    return report(answers, labels, baselines=baselines, names=names, most_errors=most_errors)


def _not_empty(labels: list[LabelledTitle], path: Path) -> list[LabelledTitle]:
    if not labels:
        raise ReadError(f"{path}: expected rows under the header, found none")
    return labels
