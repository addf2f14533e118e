"""One occupation as a page, and the list of occupations whose titles start or sound like a query."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, get_args

from indexer.store import Hit, Payload, where
from indexer.workspace import Workspace
from preprocess.errors import UnknownCode
from preprocess.soc import normalise_code
from search_api.classify import occupation_titles
from search_api.limits import check_queries, check_top_k
from search_api.page_tokens import page_token, place_of

ExampleSource = Literal["title", "alternate", "reported", "task"]
EXAMPLE_SOURCES: tuple[ExampleSource, ...] = get_args(ExampleSource)


@dataclass(frozen=True, slots=True)
class Task:
    """A task; ``importance`` is O*NET's mean rating (1 to 5) where the release has ratings."""

    text: str
    task_id: str
    core: bool | None
    importance: float | None


@dataclass(frozen=True, slots=True)
class TechnologyUse:
    """A technology of an occupation; ``hot``: often asked in postings, by O*NET's own mark."""

    name: str
    hot: bool


@dataclass(frozen=True, slots=True)
class OccupationPage:
    """All that the index holds about an occupation; core and important tasks come first."""

    code: str
    title: str
    description: str
    job_zone: int | None
    alternate_titles: tuple[str, ...]
    reported_titles: tuple[str, ...]
    tasks: tuple[Task, ...]
    technologies: tuple[TechnologyUse, ...]
    related: tuple[tuple[str, str], ...]
    fingerprint: str


@dataclass(frozen=True, slots=True)
class OccupationName:
    """A line in a list of occupations; ``matched`` is the title that the query found."""

    code: str
    title: str
    matched: str
    score: float


@dataclass(frozen=True, slots=True)
class ExamplePage:
    """Some of the texts that O*NET gives for an occupation, each with its source, in O*NET's order.

    ``total`` counts those of all pages; ``next`` is the token of the next page, None on the last one.
    """

    code: str
    title: str
    total: int
    examples: tuple[tuple[str, ExampleSource], ...]
    next: str | None
    fingerprint: str


def occupation(workspace: Workspace, code: str) -> OccupationPage:
    """Everything about one occupation.

    :param code: eight digits; six stand for their ``.00`` occupation, or for the only one they have.
    :raises UnknownCode: if the index holds no such occupation; the message names what is near.
    :raises IndexMissing: if O*NET was never indexed.
    """
    live = workspace.store.live("occupations")
    titles = occupation_titles(workspace, live.physical)
    full = _full_code(code, titles)
    payloads = [
        payload
        for page in workspace.store.scroll(live.physical, filter=where(code=full))
        for payload in page.payloads
    ]
    payloads.sort(key=lambda payload: int(payload["index"]))

    def texts(source: str) -> tuple[str, ...]:
        return tuple(payload["text"] for payload in payloads if payload["source"] == source)

    head = payloads[0]
    return OccupationPage(
        code=full,
        title=head["text"],
        description=next(iter(texts("description")), ""),
        job_zone=head["job_zone"],
        alternate_titles=texts("alternate"),
        reported_titles=texts("reported"),
        tasks=_tasks(payloads),
        technologies=_technologies(payloads),
        related=tuple((other, titles[other]) for other in head["related"] if other in titles),
        fingerprint=live.fingerprint.digest,
    )


def occupation_examples(
    workspace: Workspace,
    code: str,
    *,
    prefix: str = "",
    sources: Collection[ExampleSource] = EXAMPLE_SOURCES,
    limit: int = 100,
    page: str | None = None,
) -> ExamplePage:
    """The titles and tasks of one occupation.

    :param code: as :func:`occupation` takes it.
    :param prefix: what a text begins with, in capitals or not.
    :param sources: where a text comes from.
    :param limit: texts a page.
    :param page: what :attr:`ExamplePage.next` of the page before says.
    :raises UnknownCode: if the index holds no such occupation.
    :raises InvalidParameter: if the page token is not one of this question.
    :raises IndexMissing: if O*NET was never indexed.
    """
    live = workspace.store.live("occupations")
    titles = occupation_titles(workspace, live.physical)
    full = _full_code(code, titles)
    wanted, chosen = prefix.casefold(), sorted(set(sources))
    question = [live.fingerprint.digest, full, wanted, *chosen]
    begin = place_of(page, question)
    payloads = [
        payload
        for found in workspace.store.scroll(
            live.physical, filter=where(code=full, source=chosen), fields=["index", "text", "source"]
        )
        for payload in found.payloads
        if payload["text"].casefold().startswith(wanted)
    ]
    payloads.sort(key=lambda payload: int(payload["index"]))
    end = begin + limit
    return ExamplePage(
        code=full,
        title=titles[full],
        total=len(payloads),
        examples=tuple((payload["text"], payload["source"]) for payload in payloads[begin:end]),
        next=page_token(end, question) if end < len(payloads) else None,
        fingerprint=live.fingerprint.digest,
    )


def find_occupations(workspace: Workspace, query: str, *, top_k: int = 10) -> list[OccupationName]:
    """Occupations by code prefix ("15-12") or by the meaning of their titles, each once, best first.

    :raises EmptyQuery, InvalidParameter: if an argument is off.
    """
    check_queries([query])
    check_top_k(top_k)
    live = workspace.check("occupations")
    titles = occupation_titles(workspace, live.physical)
    try:
        prefix = normalise_code(query)
    except UnknownCode:
        pass
    else:
        codes = [code for code in sorted(titles) if code.startswith(prefix)]
        return [OccupationName(code, titles[code], titles[code], 1.0) for code in codes[:top_k]]
    hits = workspace.store.search(
        live.physical,
        workspace.queries("occupations", [query], "dense"),
        top_k=min(1_000, 20 * top_k),
        filter=where(source=["title", "alternate", "reported"]),
        fields=["code", "text"],
    )[0]
    best: dict[str, Hit] = {}
    for hit in hits:
        best.setdefault(hit.payload["code"], hit)
    return [
        OccupationName(code, titles[code], hit.payload["text"], hit.score)
        for code, hit in list(best.items())[:top_k]
    ]


def _full_code(code: str, titles: dict[str, str]) -> str:
    prefix = normalise_code(code)
    if prefix in titles:
        return prefix
    inside = [full for full in sorted(titles) if full.startswith(prefix)]
    if f"{prefix}.00" in titles:
        return f"{prefix}.00"
    if len(inside) == 1:
        return inside[0]
    if inside:
        some = ", ".join(f"{full} {titles[full]}" for full in inside[:5])
        raise UnknownCode(f"{code} stands for {len(inside)} occupations; name one of them: {some}")
    near = sorted(titles, key=lambda full: (-_shared(full, prefix), full))[:3]
    names = ", ".join(f"{full} {titles[full]}" for full in near)
    raise UnknownCode(f"the index holds no occupation {code}; near it: {names}")


def _shared(a: str, b: str) -> int:
    """How many characters two codes begin with in common."""
    return next((at for at, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def _tasks(payloads: list[Payload]) -> tuple[Task, ...]:
    tasks = [
        Task(payload["text"], payload["task_id"], payload["core"], payload["importance"])
        for payload in payloads
        if payload["source"] == "task"
    ]
    return tuple(sorted(tasks, key=lambda task: (task.core is not True, -(task.importance or 0))))


def _technologies(payloads: list[Payload]) -> tuple[TechnologyUse, ...]:
    found = [
        TechnologyUse(payload["text"], bool(payload["hot"]))
        for payload in payloads
        if payload["source"] == "technology"
    ]
    return tuple(sorted(found, key=lambda technology: (not technology.hot, technology.name.lower())))
