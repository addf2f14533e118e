"""A brag document seen through O*NET: what it shows of the occupation that a posting belongs to.

The tasks of an occupation are compared with the brag document as if they were the sentences of a posting, by
the very function that compares postings (``search_api.gap.gap``), so that a score means the same everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from indexer.store import Payload, Vector, where
from indexer.workspace import Workspace
from search_api.classify import JobQuery, classify
from search_api.gap import Evidence, GapReport, Status, gap
from search_api.sides import DocumentInfo, Side, SideSentence


@dataclass(frozen=True, slots=True)
class TaskShown:
    """A core task, how the brag document stands to it, and the brag sentence nearest to it.

    ``importance`` is O*NET's mean rating (1 to 5) where the release has ratings; ``dense`` the task's
    vector, (dim,) float32, L2-normalised.
    """

    text: str
    importance: float | None
    status: Status
    evidence: Evidence
    dense: Vector = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class TechnologyShown:
    """A hot technology of the occupation (O*NET's own mark for what postings often ask).

    ``name`` as the matcher knows it, ``sentence`` the first brag sentence that names it, or None,
    ``postings`` how many compared postings name it.
    """

    name: str
    sentence: SideSentence | None
    postings: int


@dataclass(frozen=True, slots=True)
class OccupationShown:
    """Core tasks of one occupation against a brag document; shown ones first, best first.

    :ivar marked: whether the release marks core tasks; without marks every task counts as one.
    """

    code: str
    title: str
    job_zone: int | None
    related: tuple[str, ...]
    tasks: tuple[TaskShown, ...]
    marked: bool

    def of(self, status: Status) -> tuple[TaskShown, ...]:
        """The tasks with ``status``."""
        return tuple(task for task in self.tasks if task.status == status)

    @property
    def share(self) -> float:
        """0 to 1: the covered tasks, weighted by importance where every task has one; a partial one half."""
        weights = [task.importance for task in self.tasks]
        rated = [weight for weight in weights if weight is not None]
        known = rated if len(rated) == len(weights) else [1.0] * len(weights)
        credit = {"covered": 1.0, "partial": 0.5, "missing": 0.0}
        total = sum(known)
        earned = sum(weight * credit[task.status] for weight, task in zip(known, self.tasks, strict=True))
        return earned / total if total else 0.0


@dataclass(frozen=True, slots=True)
class Lens:
    """The occupation of ``posting``, what of it the brag document shows, and its hot technologies:
    named ones first, then by how many of the compared postings name them."""

    posting: DocumentInfo
    occupation: OccupationShown
    technologies: tuple[TechnologyShown, ...]
    fingerprint: str

    @property
    def named(self) -> tuple[TechnologyShown, ...]:
        """Hot technologies that the brag document names."""
        return tuple(technology for technology in self.technologies if technology.sentence)

    @property
    def unnamed(self) -> tuple[TechnologyShown, ...]:
        """Hot technologies that it never names, those that the postings name most first."""
        return tuple(technology for technology in self.technologies if not technology.sentence)


def lens(workspace: Workspace, report: GapReport, posting: DocumentInfo) -> Lens | None:
    """See the brag document of a report through the occupation of one of its postings.

    :return: None where the posting's title leads to no occupation that has tasks.
    :raises IndexMissing, FingerprintMismatch: as the index of occupations does.
    """
    if not any(character.isalnum() for character in posting.name):
        return None
    [found] = classify(workspace, [JobQuery(posting.name)], top_k=1, level=8, evidence=0)
    if not found.candidates:
        return None
    occupations = occupations_shown(workspace, report, [found.candidates[0].occupation])
    if not occupations:
        return None
    [shown] = occupations
    return Lens(
        posting,
        shown,
        tuple(_technologies(workspace, report, shown.code)),
        workspace.store.live("occupations").fingerprint.digest,
    )


def occupations_shown(workspace: Workspace, report: GapReport, codes: Sequence[str]) -> list[OccupationShown]:
    """What the brag document shows of each occupation, in order; those without tasks are left out.

    :param codes: eight-digit codes.
    """
    live = workspace.check("occupations")
    heads = {
        payload["code"]: payload
        for page in workspace.store.scroll(live.physical, filter=where(code=list(codes), source="title"))
        for payload in page.payloads
    }
    payloads: list[Payload] = []
    blocks: list[Vector] = []
    for page in workspace.store.scroll(
        live.physical, filter=where(code=list(codes), source="task"), vectors=True
    ):
        payloads += page.payloads
        if page.dense is not None:
            blocks.append(page.dense)
    if not payloads:
        return []
    dense = np.concatenate(blocks)
    marked = {payload["code"] for payload in payloads if payload["core"]}
    wanted = [code for code in codes if code in heads]
    documents: list[DocumentInfo] = []
    rows: list[int] = []
    sentences: list[SideSentence] = []
    for code in wanted:
        own = [
            row
            for row, payload in enumerate(payloads)
            if payload["code"] == code and (payload["core"] or code not in marked)
        ]
        if own:
            texts = [payloads[row]["text"] for row in own]
            names = workspace.matcher.names_many(texts)
            sentences += [
                SideSentence(text, len(documents), "", "duty", named)
                for text, named in zip(texts, names, strict=True)
            ]
            documents.append(DocumentInfo(code, heads[code]["text"]))
            rows += own
    if not documents:
        return []
    against = gap(
        report.brag, Side(tuple(documents), tuple(sentences), dense[rows]), thresholds=report.thresholds
    )
    # Read off the matrix: the report's own detail (three proofs each, with reasons) takes far longer.
    nearest = against.similarity.argmax(axis=1)
    tasks: list[list[TaskShown]] = [[] for _ in documents]
    for at, (row, sentence) in enumerate(zip(rows, sentences, strict=True)):
        mine = int(nearest[at])
        score = float(against.similarity[at, mine])
        proof = Evidence(
            mine, report.brag.sentences[mine], score, float(dense[row] @ report.brag.dense[mine])
        )
        importance = payloads[row]["importance"]
        tasks[sentence.document].append(
            TaskShown(sentence.text, importance, against.statuses[at], proof, dense[row])
        )
    return [
        OccupationShown(
            code=info.id,
            title=info.name,
            job_zone=heads[info.id]["job_zone"],
            related=tuple(heads[info.id]["related"]),
            tasks=tuple(sorted(own, key=_shown_first)),
            marked=info.id in marked,
        )
        for info, own in zip(documents, tasks, strict=True)
    ]


def hot_technologies(workspace: Workspace, codes: Sequence[str]) -> dict[str, list[str]]:
    """The names of each occupation's hot technologies as the matcher writes them, each once."""
    live = workspace.check("occupations")
    pages = workspace.store.scroll(
        live.physical, filter=where(code=list(codes), source="technology"), fields=["code", "text", "hot"]
    )
    found: dict[str, dict[str, None]] = {code: {} for code in codes}
    for page in pages:
        for payload in page.payloads:
            if payload["hot"]:
                found[payload["code"]] |= dict.fromkeys(_canonical(workspace, payload["text"]))
    return {code: list(names) for code, names in found.items()}


# ---- inside


def _shown_first(task: TaskShown) -> tuple[int, float]:
    """Covered, partial, missing; of the shown the best proved first, of the others the most important."""
    order = {"covered": 0, "partial": 1, "missing": 2}[task.status]
    return order, -(task.importance or 0) if task.status == "missing" else -task.evidence.score


def _technologies(workspace: Workspace, report: GapReport, code: str) -> list[TechnologyShown]:
    first: dict[str, SideSentence] = {}
    for sentence in report.brag.sentences:
        for name in sentence.technologies:
            first.setdefault(name, sentence)
    hot = hot_technologies(workspace, [code])[code]
    asking = dict(report.missing_technologies)
    shown = [TechnologyShown(name, first.get(name), asking.get(name, 0)) for name in hot]
    return sorted(shown, key=lambda found: (found.sentence is None, -found.postings, found.name.lower()))


def _canonical(workspace: Workspace, name: str) -> tuple[str, ...]:
    """What the matcher calls an O*NET technology; one that it knows only in a sentence ("Go") keeps its
    name, and a kind of software ("Relational database management software") is none."""
    return workspace.matcher.names(name) or (() if " " in name.strip() else (name.strip(),))
