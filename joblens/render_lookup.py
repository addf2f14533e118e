"""What classify, search, match and occupation found, in the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console, Group
from rich.constrain import Constrain
from rich.table import Table
from rich.text import Text

from joblens.layout import READING_WIDTH, bar, grid, heading, joined, line, table, text
from search_api.classify import Candidate, Classification, Neighbour
from search_api.match import MatchReport, Pairing
from search_api.occupations import OccupationPage, Task
from search_api.search import SearchAnswer
from search_api.wording import clipped, cosine, counted, percent, side_name

EXPLAINED = 3
"""Candidates whose evidence is shown; those below have few votes."""

SOURCES = ("neighbours", "letters", "vector", "description")
"""Where votes come from, in the order they are shown."""

LEADS = 0.3
"""A source that makes the first code less than a third more likely than the second is not named."""

SET_SHOWN = 8

NAMES_SHOWN = 12
RELATED_SHOWN = 10

JOB_ZONES = {
    1: "little or no preparation",
    2: "some preparation",
    3: "medium preparation",
    4: "considerable preparation",
    5: "extensive preparation",
}
"""O*NET's names of its five job zones."""


def print_classification(console: Console, classification: Classification, *, why: bool = True) -> None:
    """The candidates for one title or posting.

    :param why: print the neighbours that voted for the first :data:`EXPLAINED`, too.
    """
    console.print(_asked(classification))
    candidates = classification.candidates
    console.print(_votes_table(console, candidates, classification.level))
    for told in _how_sure(classification):
        console.print(Constrain(told, READING_WIDTH))
    if why:
        for candidate in candidates[:EXPLAINED]:
            if candidate.evidence:
                _print_evidence(console, candidate, classification.clean.text)
    console.print()


def _asked(classification: Classification) -> Text:
    """The title, and what was made of it where that differs."""
    clean = classification.clean
    asked = text(clean.raw, "bold")
    if clean.text != " ".join(clean.raw.split()):
        asked.append(f"  looked up as “{clipped(clean.text, 120)}”", style="dim")
        split = joined(part for part in (clean.level, clean.numeral and f"level {clean.numeral}") if part)
        if split:
            asked.append(f" ({split})", style="dim")
    return asked


def _how_sure(classification: Classification) -> Iterator[Text]:
    """How far the first leads and by what, whether to trust it, and which codes cannot be ruled out."""
    if len(classification.candidates) > 1:
        lead = percent(classification.margin).removesuffix("%")
        told = f"The first is {lead} points ahead of the second"
        for_first = [name for name, nats in _by_size(classification.lead) if nats >= LEADS]
        for_second = [name for name, nats in _by_size(classification.lead) if nats <= -LEADS]
        told += f", by its {_and(for_first)}" if for_first else ""
        told += f"; the {_and(for_second)} spoke for the second" if for_second else ""
        yield Text(f"{told}.", style="dim")
    if classification.abstained:
        yield Text("Not sure enough to claim any of them.", style="yellow")
    elif classification.review:
        yield Text("Close enough that a person should look.", style="yellow")
    codes = classification.prediction_set
    if len(codes) > 1:
        more = f" and {len(codes) - SET_SHOWN} more" if len(codes) > SET_SHOWN else ""
        yield Text(f"In nine cases of ten it is one of {', '.join(codes[:SET_SHOWN])}{more}.", style="dim")


def _by_size(lead: dict[str, float]) -> list[tuple[str, float]]:
    return sorted(lead.items(), key=lambda item: -abs(item[1]))


def _and(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]])) if names else ""


def _votes_table(console: Console, candidates: Sequence[Candidate], level: int) -> Table:
    wide = console.width >= 76
    found = table()
    found.add_column("#", justify="right", no_wrap=True)
    found.add_column("code", no_wrap=True)
    found.add_column("occupation", ratio=1, overflow="fold")
    found.add_column("sure", justify="right", no_wrap=True)
    found.add_column("", width=10 if wide else 5, no_wrap=True)
    for candidate in candidates:
        title = text(candidate.title)
        if level < 8 and candidate.occupation not in {candidate.code, f"{candidate.code}.00"}:
            title.append(f"  mostly {candidate.occupation}", style="dim")
        found.add_row(
            str(candidate.rank),
            Text(candidate.code),
            title,
            percent(candidate.score),
            bar(console, candidate.score, 10 if wide else 5),
        )
    return found


def _shares(candidate: Candidate) -> Text:
    """What each source says by itself."""
    shares = [
        f"{source} {percent(candidate.votes[source])}" for source in SOURCES if source in candidate.votes
    ]
    return Text(" · ".join(shares), style="dim")


def _print_evidence(console: Console, candidate: Candidate, title: str) -> None:
    rows = Table.grid(padding=(0, 1))
    rows.add_column(no_wrap=True)
    rows.add_column(overflow="fold")
    rows.add_row(
        Text(candidate.code, style="bold"), line("because ", *_list(_voters(candidate.evidence, title)))
    )
    rows.add_row("", _shares(candidate))
    console.print(Constrain(rows, READING_WIDTH))


def _voters(evidence: Sequence[Neighbour], title: str) -> list[Text]:
    """Each text once, with all the sources that it votes from."""
    sources: dict[tuple[str, str], list[str]] = {}
    scores: dict[tuple[str, str], float] = {}
    for neighbour in evidence:
        sources.setdefault((neighbour.text, neighbour.query), []).append(neighbour.source)
        scores.setdefault((neighbour.text, neighbour.query), neighbour.score)
    told = []
    for (voter, query), named in sources.items():
        near = line("“", text(voter, limit=160), "” ", (cosine(scores[voter, query]), "cyan"))
        near.append(f" ({', '.join(dict.fromkeys(named))})", style="dim")
        if query != title:
            near.append(f" near “{clipped(query, 120)}”", style="dim")
        told.append(near)
    return told


def _list(parts: Sequence[Text]) -> list[str | Text]:
    listed: list[str | Text] = []
    for part in parts:
        listed += [", ", part] if listed else [part]
    return listed


def print_search(console: Console, answer: SearchAnswer, collection: str) -> None:
    """The hits of one query: score and text, and below where it stands."""
    console.print(line(text(answer.query, "bold"), Text(f"  in {collection}", style="dim")))
    if not answer.hits:
        console.print("Nothing found.\n")
        return
    # Reciprocal rank fusion gives scores such as 0.032, which two digits would make all the same.
    fine = answer.hits[0].score < 0.1
    rows = Table.grid(padding=(0, 1))
    rows.add_column(justify="right", no_wrap=True)
    rows.add_column(justify="right", no_wrap=True)
    rows.add_column(overflow="fold")
    for rank, hit in enumerate(answer.hits, start=1):
        where = _where(hit.payload, collection)
        found = text(str(hit.payload.get("text", "")))
        rows.add_row(
            Text(str(rank), style="dim"),
            Text(f"{hit.score:.3f}" if fine else cosine(hit.score), style="cyan"),
            Group(found, Text(where, style="dim")) if where else found,
        )
    console.print(Constrain(rows, READING_WIDTH))
    console.print()


def _where(payload: dict[str, Any], collection: str) -> str:
    """What names the place of a hit to a person."""
    if collection == "occupations":
        parts = [payload.get("code", ""), payload.get("source", "")]
    elif collection == "postings":
        parts = [payload.get(name, "") for name in ("title", "company", "location", "section")]
    else:
        parts = [payload.get("title", ""), payload.get("project", "")]
    return " · ".join(clipped(str(part), 120) for part in parts if part)


def print_match(console: Console, report: MatchReport) -> None:
    """Every sentence of A with its partners in B, then the other way."""
    a, b = side_name(report.a), side_name(report.b)
    for ours, theirs, pairings in ((a, b, report.forward), (b, a, report.backward)):
        told = f"{clipped(ours, 120)}, {counted(len(pairings), 'sentence')}, against {clipped(theirs, 120)}"
        console.print(Text(told, style="bold", overflow="fold"))
        for pairing in pairings:
            console.print()
            console.print(Constrain(_pairing(pairing), READING_WIDTH))
        console.print()


def _pairing(pairing: Pairing) -> Group:
    rows = grid(5, None)
    for sentence, score in pairing.partners:
        rows.add_row(Text(cosine(score), style="cyan"), _placed(sentence.text, sentence.section))
    return Group(_placed(pairing.sentence.text, ""), rows)


def _placed(sentence: str, section: str) -> Text:
    shown = text(sentence)
    return shown.append(f"  ({clipped(section, 120)})", style="dim") if section.strip() else shown


def print_occupation(console: Console, page: OccupationPage) -> None:
    """One occupation as a page."""
    console.print(line((f"{page.code}  ", "cyan"), text(page.title, "bold")))
    if page.job_zone is not None:
        zone = JOB_ZONES.get(page.job_zone)
        console.print(Text(f"job zone {page.job_zone} of 5{f': {zone}' if zone else ''}", style="dim"))
    if page.description:
        console.print()
        console.print(Constrain(text(page.description, limit=2_000), READING_WIDTH))
    if page.tasks:
        heading(console, f"Tasks ({len(page.tasks)})", Text(_task_legend(page.tasks), style="not bold dim"))
        rows = grid(4, 1, None)
        for task in page.tasks:
            importance = "" if task.importance is None else f"{task.importance:.1f}"
            rows.add_row(Text(importance, style="cyan"), "*" if task.core else "", text(task.text))
        console.print(Constrain(rows, READING_WIDTH))
    if page.technologies:
        hot = [technology.name for technology in page.technologies if technology.hot]
        others = [technology.name for technology in page.technologies if not technology.hot]
        heading(console, f"Technologies ({len(page.technologies)})")
        _print_names(console, "hot", hot, len(hot))
        _print_names(console, "other", others, NAMES_SHOWN)
    if page.alternate_titles or page.reported_titles:
        heading(console, "Also called")
        _print_names(console, "reported", page.reported_titles, NAMES_SHOWN)
        _print_names(console, "alternate", page.alternate_titles, NAMES_SHOWN)
    if page.related:
        heading(console, "Related occupations")
        related = Table.grid(padding=(0, 2))
        related.add_column(no_wrap=True, style="cyan")
        related.add_column(overflow="fold")
        for code, title in page.related[:RELATED_SHOWN]:
            related.add_row(Text(code), text(title))
        console.print(Constrain(related, READING_WIDTH))
    console.print()


def _task_legend(tasks: Sequence[Task]) -> str:
    parts = []
    if any(task.importance is not None for task in tasks):
        parts.append("importance 1 to 5")
    if any(task.core for task in tasks):
        parts.append("* core")
    return f"  {', '.join(parts)}" if parts else ""


def _print_names(console: Console, label: str, names: Sequence[str], limit: int) -> None:
    if not names:
        return
    rows = Table.grid(padding=(0, 2))
    rows.add_column(width=9, style="dim", no_wrap=True)
    rows.add_column(overflow="fold")
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    rows.add_row(label, line(joined(names[:limit]), (more, "dim")))
    console.print(Constrain(rows, READING_WIDTH))
