"""Where one could go from a posting's occupation, and which one addition would open the most.

Related occupations are O*NET's own. An addition is a core task or a technology that the brag document does
not show: how many of these occupations ask it, and how many of the best fitting postings it would serve.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from indexer.workspace import Workspace
from search_api.advice import best_fitting
from search_api.gap import GapReport, gap
from search_api.lens import Lens, OccupationShown, hot_technologies, occupations_shown
from search_api.sides import DocumentInfo, Side, SideSentence
from search_api.themes import themes

RELATED = 5
"""Related occupations that are told."""

TASKS, TECHNOLOGIES = 3, 3
"""Additions of each kind that are told."""

OPENS = 2
"""Occupations and postings together from which something opens more than one door."""

ZONES_UP = 1
"""Job zones that a related occupation may be above the posting's own; each is about a level of schooling."""


@dataclass(frozen=True, slots=True)
class RelatedOccupation:
    """A related occupation: core tasks by how the brag document stands to them.

    ``zones_up`` is its job zone minus the posting's, None where one of the two is not known.
    """

    occupation: OccupationShown
    zones_up: int | None

    @property
    def missing(self) -> int:
        """Core tasks that nothing in the brag document comes near."""
        return len(self.occupation.of("missing"))


@dataclass(frozen=True, slots=True)
class Opener:
    """Something to add: in how many of the related occupations it is missing, and how many of the best
    fitting postings ask for it or for what it would prove."""

    kind: Literal["task", "technology"]
    text: str
    occupations: int
    postings: int


@dataclass(frozen=True, slots=True)
class NextSteps:
    """``related``: fewest missing core tasks first; ``openers``: those that open most first.

    ``occupations`` and ``postings`` are how many of each the openers were counted over.
    """

    related: tuple[RelatedOccupation, ...]
    openers: tuple[Opener, ...]
    occupations: int
    postings: int


def next_steps(workspace: Workspace, report: GapReport, seen: Lens) -> NextSteps:
    """Related occupations within reach, and the additions that would open the most.

    :param seen: the lens of one of the report's postings.
    :raises IndexMissing, FingerprintMismatch: as the index of occupations does.
    """
    own = seen.occupation
    related = [
        RelatedOccupation(shown, _zones_up(own, shown))
        for shown in occupations_shown(workspace, report, own.related)
    ]
    within = [step for step in related if step.zones_up is None or step.zones_up <= ZONES_UP]
    within.sort(key=lambda step: (step.missing, -step.occupation.share, step.occupation.code))
    chosen = tuple(within[:RELATED])
    near = best_fitting(report)
    openers = [
        *_tasks(near, [own, *(step.occupation for step in chosen)]),
        *_technologies(workspace, near, [own.code, *(step.occupation.code for step in chosen)]),
    ]
    openers = [opener for opener in openers if opener.occupations + opener.postings >= OPENS]
    openers.sort(key=lambda opener: -(opener.occupations + opener.postings))
    return NextSteps(chosen, tuple(openers), 1 + len(chosen), len(near.postings.documents))


# ---- inside


def _zones_up(own: OccupationShown, other: OccupationShown) -> int | None:
    return None if own.job_zone is None or other.job_zone is None else other.job_zone - own.job_zone


def _tasks(near: GapReport, occupations: Sequence[OccupationShown]) -> list[Opener]:
    missing = [(task, at) for at, shown in enumerate(occupations) for task in shown.of("missing")]
    if not missing:
        return []
    dense = np.stack([task.dense for task, _ in missing])
    groups = themes([task.text for task, _ in missing], [at for _, at in missing], dense)
    first = {task.text: task.dense for task, _ in reversed(missing)}
    # As a sentence of the brag document each would prove what no sentence of it proves yet.
    added = Side(
        (DocumentInfo("tasks", "tasks"),),
        tuple(SideSentence(group.text, 0) for group in groups),
        np.stack([first[group.text] for group in groups]),
    )
    proves = gap(added, near.postings, thresholds=near.thresholds).similarity
    served: dict[int, set[int]] = defaultdict(set)
    for row, sentence in enumerate(near.postings.sentences):
        if sentence.asked and near.statuses[row] != "covered":
            for column in np.flatnonzero(proves[row] >= near.thresholds.covered):
                served[int(column)].add(sentence.document)
    openers = [
        Opener("task", group.text, group.documents, len(served[column]))
        for column, group in enumerate(groups)
    ]
    openers.sort(key=lambda opener: -(opener.occupations + opener.postings))
    return openers[:TASKS]


def _technologies(workspace: Workspace, near: GapReport, codes: Sequence[str]) -> list[Opener]:
    hot = hot_technologies(workspace, codes)
    postings = dict(near.missing_technologies)
    occupations = Counter(
        name for names in hot.values() for name in names if name not in near.brag_technologies
    )
    # Only what a posting names: O*NET marks 150 technologies of some occupations as hot.
    openers = [Opener("technology", name, occupations[name], count) for name, count in postings.items()]
    openers.sort(key=lambda opener: -(opener.occupations + opener.postings))
    return openers[:TECHNOLOGIES]
