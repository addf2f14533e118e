"""Which O*NET-SOC occupations does a title, or a whole posting, belong to, and how sure is that?

The title is cleaned (``preprocess.titles``) and judged by four sources: the nearest O*NET titles, a linear
head on its vector, the occupations' descriptions and its letters; a posting's sentences are the fifth
(``search_api.opinions``). Figures on labelled titles: docs/quality.md.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice

import numpy as np

from indexer.store import Query, Vector, where
from indexer.title_table import Positions
from indexer.workspace import Workspace
from preprocess.errors import InvalidParameter
from preprocess.soc import LEVELS
from preprocess.titles import CleanTitle, clean_title
from search_api.confidence import ABSTAIN_BELOW, TEMPERATURE, ReviewRule, prediction_set
from search_api.limits import check_queries, check_top_k
from search_api.one_ahead import one_ahead
from search_api.opinions import WEIGHTS, vote
from search_api.title_lookup import Body, Desk, LookUp, live_desk

TASK_NEIGHBOURS = 3
CHUNK_QUERIES = 2_048
"""Queries that are encoded together. A title cost 2.0, 1.9 and 1.7 ms of processor time in chunks of 512,
1,024 and 2,048, on a busy machine; a chunk's arrays are 40 MB."""

LEAD_FLOOR = 1e-3
"""Added to shares before they are compared, so that two that are next to nothing are taken for equal."""


@dataclass(frozen=True, slots=True)
class JobQuery:
    """What is to be coded: a title, and the posting's text where there is one."""

    title: str
    body: str = ""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An O*NET text that voted: its cosine to the query and the vote it gave."""

    text: str
    source: str
    code: str
    score: float
    vote: float
    query: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A code and why.

    ``score`` is its probability (0 to 1), ``votes`` the share (0 to 1) that each source by itself gives it
    (neighbours, vector, description, letters), ``occupation`` the likeliest eight-digit code inside it,
    ``evidence`` the nearest O*NET texts of it.
    """

    rank: int
    code: str
    title: str
    score: float
    occupation: str
    votes: dict[str, float]
    evidence: tuple[Neighbour, ...]


@dataclass(frozen=True, slots=True)
class Classification:
    """The ranked candidates for one query and the fingerprint of the index that gave them.

    ``confidence`` is the first candidate's probability, ``margin`` its lead over the second. ``abstained``:
    the confidence is too low to claim the first code. ``prediction_set`` holds the code in nine cases of
    ten. ``lead`` says, for each source, how far it put the first code before the second (in nats; a
    negative one spoke for the second). ``review``: a person should look at it.
    """

    query: JobQuery
    clean: CleanTitle
    level: int
    candidates: tuple[Candidate, ...]
    confidence: float
    margin: float
    abstained: bool
    review: bool
    prediction_set: tuple[str, ...]
    lead: dict[str, float]
    fingerprint: str


def classify(
    workspace: Workspace,
    queries: Iterable[JobQuery | str],
    *,
    top_k: int = 10,
    level: int = 6,
    evidence: int = 3,
    review: ReviewRule | None = None,
    sources: Collection[str] = tuple(WEIGHTS),
) -> Iterator[Classification]:
    """Rank occupation codes for each query, in order; a generator, so a file of any length streams.

    :param level: 2, 3, 5, 6 or 8 digits of the SOC code.
    :param evidence: neighbours to show with each candidate.
    :param review: when to ask for a person's eye; the default rule when left out.
    :param sources: the opinions that are pooled, for ablation; the probabilities hold for all of them.
    :raises EmptyQuery, InvalidParameter: if an argument is off.
    :raises IndexMissing, FingerprintMismatch, StoreCorrupt: as the index does.
    """
    answers = classify_chunks(
        workspace,
        _chunks(queries),
        top_k=top_k,
        level=level,
        evidence=evidence,
        review=review,
        sources=sources,
    )
    for chunk in answers:
        yield from chunk


def classify_chunks(
    workspace: Workspace,
    chunks: Iterable[Sequence[JobQuery]],
    *,
    top_k: int = 10,
    level: int = 6,
    evidence: int = 3,
    review: ReviewRule | None = None,
    sources: Collection[str] = tuple(WEIGHTS),
) -> Iterator[Iterator[Classification]]:
    """Like :func:`classify`, chunk by chunk; the next chunk is looked up while one's answers are used.

    :param chunks: of any length; about :data:`CHUNK_QUERIES` is best.
    """
    check_top_k(top_k)
    if level not in LEVELS:
        raise InvalidParameter(f"level must be one of {', '.join(map(str, LEVELS))}, found {level}")
    rule = review or ReviewRule()

    def answers(asked: _Asked) -> Iterator[Classification]:
        coming = chain.from_iterable(
            _ranked(workspace, asked.desk, found, top_k, level, evidence, sources)
            for found in _emptying(asked.found)
        )
        # Only what is asked for again is kept: a chunk's answers are 50,000 objects.
        left, kept = Counter(asked.cases), dict[int, _Ranked]()
        for query, clean, case in zip(asked.queries, asked.clean, asked.cases, strict=True):
            answer = kept.pop(case, None) or next(coming)
            left[case] -= 1
            if left[case]:
                kept[case] = answer
            yield Classification(
                query=query,
                clean=clean,
                level=level,
                candidates=answer.candidates,
                confidence=answer.confidence,
                margin=answer.margin,
                abstained=answer.confidence < ABSTAIN_BELOW,
                review=rule.asks(answer.confidence, answer.margin),
                prediction_set=answer.prediction_set,
                lead=answer.lead,
                fingerprint=asked.desk.fingerprint,
            )

    for asked in one_ahead(lambda chunk: _ask(workspace, chunk), chunks):
        yield answers(asked) if asked else iter(())


def occupation_titles(workspace: Workspace, physical: str) -> dict[str, str]:
    """Eight-digit code to title, read once for each physical collection."""

    def read() -> dict[str, str]:
        pages = workspace.store.scroll(physical, filter=where(source="title"), fields=["code", "text"])
        return {payload["code"]: payload["text"] for page in pages for payload in page.payloads}

    return workspace.once(f"titles of {physical}", read)


def _chunks(queries: Iterable[JobQuery | str]) -> Iterator[list[JobQuery]]:
    stream = iter(queries)
    while chunk := list(islice(stream, CHUNK_QUERIES)):
        yield [JobQuery(query) if isinstance(query, str) else query for query in chunk]


# ---- asking


@dataclass(frozen=True, slots=True)
class _Asked:
    """A chunk of queries and what the sources say. Titles that are the same when clean are one case:
    ``cases`` says for each query which, numbered as they first come and as they stand in ``found``."""

    desk: Desk
    queries: Sequence[JobQuery]
    clean: Sequence[CleanTitle]
    cases: Sequence[int]
    found: deque[LookUp]


def _ask(workspace: Workspace, chunk: Sequence[JobQuery]) -> _Asked | None:
    if not chunk:
        return None
    desk = live_desk(workspace)
    check_queries([query.title for query in chunk])
    clean = [clean_title(query.title) for query in chunk]
    numbers: dict[tuple[str, str], int] = {}
    cases = [
        numbers.setdefault((title.text, query.body if query.body.strip() else ""), len(numbers))
        for title, query in zip(clean, chunk, strict=True)
    ]
    texts, bodies = [text for text, _ in numbers], [body for _, body in numbers]
    return _Asked(desk, chunk, clean, cases, deque(desk.look_up(texts, bodies)))


def _emptying(found: deque[LookUp]) -> Iterator[LookUp]:
    while found:
        yield found.popleft()


# ---- ranking


@dataclass(frozen=True, slots=True)
class _Ranked:
    """The part of a :class:`Classification` that is the same for every query of a case."""

    candidates: tuple[Candidate, ...]
    confidence: float
    margin: float
    prediction_set: tuple[str, ...]
    lead: dict[str, float]


def _ranked(
    workspace: Workspace,
    desk: Desk,
    found: LookUp,
    top_k: int,
    level: int,
    evidence: int,
    sources: Collection[str],
) -> Iterator[_Ranked]:
    """The answers to the titles of a look-up, in order; a place counts into the level's codes."""
    codes, shares = desk.codes, found.probabilities
    if set(sources) != set(WEIGHTS):
        shares = found.opinions.only(sources).probabilities(TEMPERATURE)
    scores = codes.rolled_up(shares, level)
    all_places = _highest(scores, max(top_k, 2))
    all_scores = np.take_along_axis(scores, all_places, axis=1).tolist()
    all_votes = {
        name: np.take_along_axis(codes.rolled_up(of, level), all_places, axis=1).tolist()
        for name, of in found.opinions.shares.items()
    }
    six = scores if level == 6 else codes.rolled_up(shares, 6)
    own_titles = desk.titles.get(level, {})
    for row, places in enumerate(all_places.tolist()):
        row_scores = all_scores[row]
        votes = [
            dict(zip(all_votes, of, strict=True))
            for of in zip(*(of[row] for of in all_votes.values()), strict=True)
        ]
        shown = _evidence(workspace, desk, found, row, level, places[:top_k], evidence)
        candidates = []
        for rank, place in enumerate(places[:top_k]):
            code = codes.names[level][place]
            members = codes.members(level, place)
            best = codes.codes[members.start + int(shares[row, members].argmax())]
            candidates.append(
                Candidate(
                    rank=rank + 1,
                    code=code,
                    title=own_titles.get(place) or desk.names.get(best, best),
                    score=row_scores[rank],
                    occupation=best,
                    votes=votes[rank],
                    evidence=shown[place],
                )
            )
        yield _Ranked(
            tuple(candidates),
            confidence=row_scores[0],
            margin=row_scores[0] - (row_scores[1] if len(row_scores) > 1 else 0.0),
            prediction_set=_prediction_set(desk, six[row], level),
            lead=_lead(*votes[:2]) if len(votes) > 1 else {},
        )


def _highest(scores: Vector, count: int) -> Positions:
    """The positions of the ``count`` highest of each row, highest first, equal ones in their order."""
    if 4 * count >= scores.shape[1]:
        return np.argsort(-scores, axis=1, kind="stable")[:, :count]
    some = np.sort(np.argpartition(-scores, count - 1, axis=1)[:, :count], axis=1)
    order = np.argsort(-np.take_along_axis(scores, some, axis=1), axis=1, kind="stable")
    return np.take_along_axis(some, order, axis=1)


def _evidence(
    workspace: Workspace,
    desk: Desk,
    found: LookUp,
    row: int,
    level: int,
    places: Sequence[int],
    count: int,
) -> dict[int, tuple[Neighbour, ...]]:
    """For each of the places the nearest O*NET texts of its codes, at most ``count``."""
    shown: dict[int, list[Neighbour]] = {place: [] for place in places}
    if not count:
        return dict.fromkeys(places, ())
    near, table, codes = found.nearest.of(row), desk.index.table, desk.codes
    rows, scores = found.nearest.rows[near], found.nearest.scores[near]
    row_codes = desk.row_codes[rows]
    groups = codes.groups[level][row_codes].tolist()
    told = zip(groups, rows.tolist(), row_codes.tolist(), scores.tolist(), vote(scores).tolist(), strict=True)
    query = found.texts[row]
    # Titles come nearest first, and those of one vector by their text: the first ones are the ones to show.
    for place, title, code, score, given in told:
        mine = shown.get(place)
        if mine is not None and len(mine) < count:
            text, source = table.texts[title], table.sources[title]
            mine.append(Neighbour(text, source, codes.codes[code], score, given, query))
    if row in found.bodies:
        for task in _near_tasks(workspace, desk.physical, found.bodies[row]):
            place = int(codes.groups[level][codes.place[task.code]]) if task.code in codes.place else -1
            if place in shown:
                shown[place].append(task)
        for mine in shown.values():
            mine.sort(key=lambda neighbour: (-neighbour.vote, neighbour.text, neighbour.source))
    return {place: tuple(mine[:count]) for place, mine in shown.items()}


def _near_tasks(workspace: Workspace, physical: str, body: Body) -> list[Neighbour]:
    found = workspace.store.search(
        physical,
        [Query(dense=vector) for vector in body.vectors],
        top_k=TASK_NEIGHBOURS,
        filter=where(source="task"),
        fields=["code", "source", "text"],
    )
    pairs = [(sentence, hit) for sentence, hits in zip(body.sentences, found, strict=True) for hit in hits]
    votes = vote(np.array([hit.score for _, hit in pairs])).tolist()
    return [
        Neighbour(hit.payload["text"], hit.payload["source"], hit.payload["code"], hit.score, given, sentence)
        for (sentence, hit), given in zip(pairs, votes, strict=True)
    ]


def _prediction_set(desk: Desk, six: Vector, level: int) -> tuple[str, ...]:
    """What holds the six-digit code holds the shorter one, and every longer one inside it.

    :param six: (groups,) probabilities at six digits.
    """
    codes, places = desk.codes, prediction_set(six)
    if level == 8:
        return tuple(code for place in places for code in codes.codes[codes.members(6, place)])
    if level == 6:
        return tuple(codes.names[6][place] for place in places)
    first = codes.starts[6][places]
    return tuple(dict.fromkeys(codes.names[level][group] for group in codes.groups[level][first].tolist()))


def _lead(best: Mapping[str, float], second: Mapping[str, float]) -> dict[str, float]:
    """For each source the weighted difference of its logarithms for the first and the second code."""
    return {
        name: weight * math.log((best[name] + LEAD_FLOOR) / (second[name] + LEAD_FLOOR))
        for name, weight in WEIGHTS.items()
    }
