"""The findings of a gap report as sections: one form that the terminal, Markdown and HTML each lay out.

Text from people and from O*NET stands in fields of its own, so that each output can make it safe.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from search_api.findings import Findings
from search_api.fluff import FluffReport
from search_api.forgotten_words import ForgottenWord
from search_api.gap import Status
from search_api.lens import Lens, TaskShown
from search_api.next_steps import NextSteps, Opener, RelatedOccupation
from search_api.wording import clipped, counted, percent


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence under a line: who says it (``they``, ``you``, ``O*NET``), where, and its score."""

    who: str
    text: str
    project: str = ""
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A thing found: its text, a note in our words, its status where it has one, what shows it."""

    text: str
    note: str = ""
    status: Status | None = None
    said: tuple[Said, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Lines under a heading, which may be empty; ``more`` are those not shown."""

    title: str
    lines: tuple[Line, ...]
    more: int = 0


@dataclass(frozen=True, slots=True)
class Section:
    """A section: ``key`` names it in links, ``lead`` says what it is and how to read it."""

    key: str
    title: str
    lead: str
    groups: tuple[Group, ...] = ()

    @property
    def lines(self) -> int:
        """How many lines are shown."""
        return sum(len(group.lines) for group in self.groups)


@dataclass(frozen=True, slots=True)
class Lengths:
    """How many lines of each kind are shown."""

    words: int = 5
    fluff: int = 3
    reasons: int = 3
    shown: int = 4
    missing: int = 3
    technologies: int = 8
    related: int = 3
    openers: int = 3


HINT = (
    "The task is the nearest that O*NET has: if it is what you did, say what, how much and what came of it."
)
SHORT = Lengths()
FULL = Lengths(words=15, fluff=10, reasons=9, shown=50, missing=50, technologies=30, related=5, openers=6)


def sections(found: Findings, lengths: Lengths = FULL) -> tuple[Section, ...]:
    """Forgotten words, fluff, the O*NET lens, next steps; a section without anything to say is left out."""
    made = [_words(found.words, lengths), _fluff(found.fluff, lengths)]
    if found.lens is not None:
        made.append(_lens(found.lens, lengths))
    elif found.no_lens:
        made.append(Section("lens", "What O*NET says of this work", found.no_lens))
    if found.steps is not None and found.lens is not None:
        made.append(_steps(found.steps, found.lens, lengths))
    return tuple(section for section in made if section is not None)


# ---- inside


def _words(words: Sequence[ForgottenWord], lengths: Lengths) -> Section | None:
    if not words:
        return None
    by_pair: dict[tuple[str, str], list[ForgottenWord]] = defaultdict(list)
    for word in words:
        by_pair[word.theirs.text, word.yours.text].append(word)
    lines = [
        Line(
            ", ".join(_with_count(word) for word in same),
            "",
            None,
            (
                Said("they", same[0].theirs.text),
                Said("you", same[0].yours.text, same[0].yours.section, same[0].score),
            ),
        )
        for same in by_pair.values()
    ]
    return Section(
        "words",
        "Words you forgot",
        "Postings that fit you use these where you say it in other words, and your document never has them. "
        "Use those that are true of what you did.",
        (_group("", lines, lengths.words),),
    )


def _with_count(word: ForgottenWord) -> str:
    return f"{word.term} (in {word.postings} postings)" if word.postings > 1 else word.term


def _fluff(found: FluffReport, lengths: Lengths) -> Section | None:
    empty = found.empty
    if not empty:
        return None
    lines = []
    for judged in empty:
        hint = judged.hint
        said = (Said("task", hint.text, hint.occupation, hint.score),) if hint else ()
        lines.append(Line(judged.sentence.text, "; ".join(judged.reasons[: lengths.reasons]), None, said))
    verb = "says" if found.count == 1 else "say"
    lead = f"{counted(found.count, 'sentence')} of your {found.total:,} {verb} little."
    if found.no_hints:
        lead += f" {found.no_hints[:1].upper()}{found.no_hints[1:]}."
    else:
        lead += f" {HINT}"
    return Section(
        "fluff", "Sentences that say little", lead, (_group("", lines, lengths.fluff, found.count),)
    )


def _lens(seen: Lens, lengths: Lengths) -> Section:
    shown = seen.occupation
    total = len(shown.tasks)
    covered, partial, missing = (shown.of(status) for status in ("covered", "partial", "missing"))
    kind = "core tasks" if shown.marked else "tasks"
    rated = any(task.importance is not None for task in shown.tasks)
    lead = (
        f"O*NET knows {clipped(seen.posting.name, 80)} as {shown.title} ({shown.code}). Your document shows "
        f"{len(covered)} of its {total} {kind}, {len(partial)} more in part"
        f"{f' ({percent(shown.share)} by importance)' if rated else ''}"
    )
    if seen.technologies:
        hot = len(seen.technologies)
        noun = "technology" if hot == 1 else "technologies"
        lead += f", and names {len(seen.named)} of its {hot} hot {noun}"
    groups = [
        _group("Shown, with your proof", [_task(task) for task in (*covered, *partial)], lengths.shown),
        _group("Not shown", [_task(task) for task in missing], lengths.missing),
        _technologies("Hot technologies that you name", [found.name for found in seen.named], lengths),
        _technologies(
            "Hot technologies that the postings name and you never do",
            [found.name for found in seen.unnamed if found.postings],
            lengths,
        ),
    ]
    return Section(
        "lens", "What O*NET says of this work", f"{lead}.", tuple(group for group in groups if group.lines)
    )


def _task(task: TaskShown) -> Line:
    proof = task.evidence.sentence
    said = (Said("you", proof.text, proof.section, task.evidence.score),) if task.status != "missing" else ()
    return Line(task.text, "", task.status, said)


def _technologies(title: str, names: Sequence[str], lengths: Lengths) -> Group:
    shown = names[: lengths.technologies]
    return Group(title, (Line(", ".join(shown)),) if shown else (), len(names) - len(shown))


def _steps(steps: NextSteps, seen: Lens, lengths: Lengths) -> Section | None:
    related = [_related(step) for step in steps.related]
    openers = [Line(opener.text, _opened(opener, steps)) for opener in steps.openers]
    groups = [
        _group("Related occupations, the fewest missing core tasks first", related, lengths.related),
        _group("What would open the most", openers, lengths.openers),
    ]
    groups = [group for group in groups if group.lines]
    if not groups:
        return None
    lead = (
        f"From {seen.occupation.title}, by what your document shows so far; "
        "at most one job zone (about a level of schooling) up."
    )
    return Section("steps", "Next steps", lead, tuple(groups))


def _related(step: RelatedOccupation) -> Line:
    tasks = len(step.occupation.tasks)
    notes = [f"{step.missing} of {tasks} core tasks missing"]
    if step.zones_up:
        notes.append("one job zone up" if step.zones_up > 0 else "a lower job zone")
    return Line(f"{step.occupation.title} ({step.occupation.code})", "; ".join(notes))


def _opened(opener: Opener, steps: NextSteps) -> str:
    return "; ".join(_openings(opener, steps))


def _openings(opener: Opener, steps: NextSteps) -> Iterator[str]:
    if opener.occupations:
        verb = "a core task of" if opener.kind == "task" else "hot in"
        yield f"{verb} {opener.occupations} of the {steps.occupations} occupations"
    if opener.postings:
        best = " that fit best" if steps.postings > 1 else ""
        where = f"of the {steps.postings} postings{best}" if steps.postings > 1 else "posting"
        yield f"would raise the fit of {opener.postings} {where}"


def _group(title: str, lines: Sequence[Line], limit: int, total: int | None = None) -> Group:
    return Group(title, tuple(lines[:limit]), (len(lines) if total is None else total) - len(lines[:limit]))
