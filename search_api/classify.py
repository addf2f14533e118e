"""Which O*NET-SOC occupations does a title, or a whole posting, belong to, and how sure is that?

The title is cleaned (``preprocess.titles``) and judged by four sources: the nearest O*NET titles, a linear
head on its vector, the occupations' descriptions and its letters; a posting's sentences are the fifth
(``search_api.opinions``). Figures on labelled titles: docs/quality.md.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from indexer.heads import OccupationHeads, load_heads
from indexer.store import Hit, Query, Vector, where
from indexer.workspace import Workspace
from preprocess.errors import EmptyQuery, InvalidParameter
from preprocess.onet import TITLE_SOURCES
from preprocess.readers import read_text
from preprocess.soc import GROUP_NAMES, LEVELS, code_at_level
from preprocess.titles import CleanTitle, clean_title
from search_api.confidence import ABSTAIN_BELOW, TEMPERATURE, ReviewRule, prediction_set
from search_api.limits import check_queries, check_top_k
from search_api.opinions import WEIGHTS, Codes, Opinions, body_opinion, title_opinions, vote
from search_api.sides import side_from_documents

NEIGHBOURS = 100
TASK_NEIGHBOURS = 3
BODY_SENTENCES = 60
CHUNK_QUERIES = 256

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
    check_top_k(top_k)
    if level not in LEVELS:
        raise InvalidParameter(f"level must be one of {', '.join(map(str, LEVELS))}, found {level}")
    live = workspace.check("occupations")
    desk = _desk(workspace, live.physical)
    rule = review or ReviewRule()
    for chunk in _chunks(queries):
        check_queries([query.title for query in chunk])
        clean = [clean_title(query.title) for query in chunk]
        texts = [title.text for title in clean]
        vectors = workspace.encode(texts, workspace.store_settings.view)
        hits = workspace.store.search(
            live.physical,
            [Query(dense=vector) for vector in vectors],
            top_k=NEIGHBOURS,
            filter=where(source=TITLE_SOURCES),
            fields=["code", "source", "text"],
        )
        bodies = _bodies(workspace, desk, chunk)
        opinions = Opinions(
            desk.codes,
            title_opinions(desk.heads, desk.codes, texts, vectors, hits),
            {row: body.opinion for row, body in enumerate(bodies) if body},
        )
        shares = opinions.only(sources).probabilities(TEMPERATURE)
        for row, (query, body) in enumerate(zip(chunk, bodies, strict=True)):
            voters = [_neighbour(texts[row], hit) for hit in hits[row]] if evidence else []
            if body and evidence:
                voters += _task_neighbours(workspace, live.physical, body)
            votes = {name: source[row] for name, source in opinions.shares.items()}
            counted = _Counted(desk, shares[row], votes, level)
            first = counted.ranked[:2]
            confidence = counted.score(first[0])
            margin = confidence - (counted.score(first[1]) if len(first) > 1 else 0.0)
            yield Classification(
                query=query,
                clean=clean[row],
                level=level,
                candidates=tuple(
                    counted.candidate(rank, place, voters, evidence)
                    for rank, place in enumerate(counted.ranked[:top_k], start=1)
                ),
                confidence=confidence,
                margin=margin,
                abstained=confidence < ABSTAIN_BELOW,
                review=rule.asks(confidence, margin),
                prediction_set=counted.prediction_set(),
                lead=counted.lead(first),
                fingerprint=live.fingerprint.digest,
            )


def occupation_titles(workspace: Workspace, physical: str) -> dict[str, str]:
    """Eight-digit code to title, read once for each physical collection."""

    def read() -> dict[str, str]:
        pages = workspace.store.scroll(physical, filter=where(source="title"), fields=["code", "text"])
        return {payload["code"]: payload["text"] for page in pages for payload in page.payloads}

    return workspace.once(f"titles of {physical}", read)


# ---- what a chunk of queries needs


@dataclass(frozen=True, slots=True)
class _Desk:
    heads: OccupationHeads
    codes: Codes
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Body:
    """A posting's sentences that say what the job is, and what they say of it."""

    sentences: tuple[str, ...]
    vectors: Vector
    opinion: tuple[Vector, Vector]


def _desk(workspace: Workspace, physical: str) -> _Desk:
    def make() -> _Desk:
        heads = load_heads(workspace.store, physical)
        return _Desk(heads, Codes.of(heads.codes), occupation_titles(workspace, physical))

    return workspace.once(f"heads of {physical}", make)


def _chunks(queries: Iterable[JobQuery | str]) -> Iterator[list[JobQuery]]:
    chunk: list[JobQuery] = []
    for query in queries:
        chunk.append(JobQuery(query) if isinstance(query, str) else query)
        if len(chunk) == CHUNK_QUERIES:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _bodies(workspace: Workspace, desk: _Desk, chunk: Sequence[JobQuery]) -> list[_Body | None]:
    """The body of each query, or None where none says anything; all are encoded together."""
    bodies: list[_Body | None] = [None] * len(chunk)
    documents = [
        # With a title of its own given, the first line is not taken for one.
        read_text(query.body, "posting", source=str(row), title="posting")
        for row, query in enumerate(chunk)
        if query.body.strip()
    ]
    try:
        found = side_from_documents(workspace, documents)
    except EmptyQuery:
        return bodies
    for document, rows in zip(found.documents, found.rows_by_document(), strict=True):
        asked = [row for row in rows if found.sentences[row].asked][:BODY_SENTENCES]
        roles = [found.sentences[row].role for row in asked]
        opinion = body_opinion(desk.heads, desk.codes, found.dense[asked], roles)
        if opinion:
            texts = tuple(found.sentences[row].text for row in asked)
            bodies[int(document.source)] = _Body(texts, found.dense[asked], opinion)
    return bodies


def _task_neighbours(workspace: Workspace, physical: str, body: _Body) -> list[Neighbour]:
    found = workspace.store.search(
        physical,
        [Query(dense=vector) for vector in body.vectors],
        top_k=TASK_NEIGHBOURS,
        filter=where(source="task"),
        fields=["code", "source", "text"],
    )
    return [
        _neighbour(sentence, hit)
        for sentence, hits in zip(body.sentences, found, strict=True)
        for hit in hits
    ]


def _neighbour(query: str, hit: Hit) -> Neighbour:
    payload = hit.payload
    return Neighbour(payload["text"], payload["source"], payload["code"], hit.score, vote(hit.score), query)


# ---- one answer


class _Counted:
    """One query's probabilities and votes, seen at a level; a place counts into the level's codes."""

    def __init__(self, desk: _Desk, shares: Vector, votes: Mapping[str, Vector], level: int) -> None:
        self.desk, self.shares, self.by_source, self.level = desk, shares, votes, level
        self.scores = desk.codes.rolled_up(shares[None], level)[0]
        self.ranked = [int(place) for place in np.argsort(-self.scores, kind="stable")]

    def score(self, place: int) -> float:
        return float(self.scores[place])

    def votes(self, place: int) -> dict[str, float]:
        members = self.desk.codes.members(self.level, place)
        return {name: float(shares[members].sum()) for name, shares in self.by_source.items()}

    def candidate(self, rank: int, place: int, voters: Sequence[Neighbour], evidence: int) -> Candidate:
        codes = self.desk.codes
        code, members = codes.names[self.level][place], codes.members(self.level, place)
        best = codes.codes[members][int(self.shares[members].argmax())]
        mine = sorted(
            (neighbour for neighbour in voters if neighbour.code.startswith(code)),
            key=lambda neighbour: (-neighbour.vote, neighbour.text, neighbour.source),
        )
        return Candidate(
            rank=rank,
            code=code,
            title=_title(code, best, self.level, self.desk.names),
            score=self.score(place),
            occupation=best,
            votes=self.votes(place),
            evidence=tuple(mine[:evidence]),
        )

    def prediction_set(self) -> tuple[str, ...]:
        """What holds the six-digit code holds the shorter one, and every longer one inside it."""
        codes = self.desk.codes
        six = prediction_set(codes.rolled_up(self.shares[None], 6)[0])
        if self.level == 8:
            return tuple(code for place in six for code in codes.codes[codes.members(6, place)])
        return tuple(dict.fromkeys(code_at_level(codes.names[6][place], self.level) for place in six))

    def lead(self, first: Sequence[int]) -> dict[str, float]:
        """For each source the weighted difference of its logarithms for the first and the second code."""
        if len(first) < 2:
            return {}
        best, second = map(self.votes, first)
        return {
            name: weight * math.log((best[name] + LEAD_FLOOR) / (second[name] + LEAD_FLOOR))
            for name, weight in WEIGHTS.items()
        }


def _title(code: str, best: str, level: int, names: Mapping[str, str]) -> str:
    """A code's own title; O*NET has none between the major group and six digits, so the best member's."""
    if level == 2:
        return GROUP_NAMES.get(code, names.get(best, best))
    if level == 6:
        return names.get(f"{code}.00", names.get(best, best))
    return names.get(best, best)
