"""A gap report as a file to keep: Markdown, or one self-contained HTML page.

Both tell what the terminal tells (``search_api.outline``), with more lines of the ranking and every sentence.
What people wrote is escaped: no markup of theirs is markup of the report.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

from preprocess.sentences import normalise
from search_api.advice import Advice, AdviceItem
from search_api.findings import Findings
from search_api.gap import GapReport, PostingGap, SentenceGap, Status
from search_api.outline import (
    MARKS,
    NOTHING_ASKED,
    NOTHING_COMES_BACK,
    NOTHING_TO_CHANGE,
    STATUS_NAMES,
    STATUS_NONE,
    STATUS_TEXTS,
    STATUSES,
    Outline,
    cues_of,
    left_out,
    outline,
    parts_of,
    place,
    tags_of,
    theme_note,
)
from search_api.sections import Line, Section
from search_api.wording import cosine, web_url

if TYPE_CHECKING:
    from jinja2 import Template

RANKED = 100
"""Lines of the ranking; a file can be scrolled, a terminal less so."""


def gap_html(report: GapReport, findings: Findings | None = None, *, top: int = 3, themes: int = 10) -> str:
    """One HTML page that needs nothing else: no script, no font, no request.

    :param findings: forgotten words, fluff, O*NET lens and next steps, where they were looked for.
    :param top: postings in full.
    :param themes: gaps over all postings.
    """
    told = outline(report, top=top, themes=themes, rows=RANKED, findings=findings)
    return _html_template().render(told=told)


def gap_markdown(
    report: GapReport, findings: Findings | None = None, *, top: int = 3, themes: int = 10
) -> str:
    """GitHub-flavoured Markdown, ending in a newline; parameters as for :func:`gap_html`."""
    told = outline(report, top=top, themes=themes, rows=RANKED, findings=findings)
    lines = [f"# {escaped(told.heading)}", "", escaped(told.totals_text), ""]
    lines += ["## What to change", "", *_advice(told.advice)]
    if told.many:
        lines += ["## Ranking", "", *_ranking(told)]
    lines += [f"## {'The best fits in detail' if told.many else 'Sentence by sentence'}", ""]
    for posting in told.details:
        lines += _posting(posting)
    if told.many:
        lines += ["## Missing most often", "", *_missing(told)]
    for section in told.sections:
        lines += _section(section)
    lines += ["---", "", escaped(told.method)]
    if told.report.fingerprint:
        lines += ["", f"Index fingerprint {escaped(told.report.fingerprint)}."]
    return "\n".join(lines) + "\n"


_SPECIAL = re.compile(r"([\\`*\[\]<>|~]|(?<!\w)_|_(?!\w)|&(?=#?\w+;))")
_BLOCK = re.compile(r"^([#+\-=:]|\d{1,9}(?=[.)](?:\s|$)))")


def escaped(text: str) -> str:
    """``text`` on one line as Markdown that shows just these characters, in a table cell as well."""
    line = _SPECIAL.sub(r"\\\1", normalise(text))
    return _BLOCK.sub(lambda match: f"\\{match[1]}" if not match[1].isdigit() else f"{match[1]}\\", line)


def _advice(pieces: Sequence[Advice]) -> Iterator[str]:
    if not pieces:
        yield from (NOTHING_TO_CHANGE, "")
    for number, piece in enumerate(pieces, start=1):
        yield f"{number}. **{escaped(piece.title)}.** {escaped(piece.text)}"
        for item in piece.items:
            yield from _advice_item(item)
        yield ""


def _advice_item(item: AdviceItem) -> Iterator[str]:
    note = f" ({escaped(item.note)})" if item.note else ""
    if item.theirs and item.yours:
        near = f" {cosine(item.score)}" if item.score is not None else ""
        yield f"   - they: {escaped(item.theirs)}"
        yield f"     - you: {_mine(item.yours, item.project)}{near}{note}"
    elif item.theirs:
        yield f"   - {escaped(item.theirs)}{note}"
    else:
        yield f"   - {_mine(item.yours, item.project)}{note}"


def _ranking(told: Outline) -> Iterator[str]:
    yield "| # | Fit | Posting | Company | " + " | ".join(STATUS_NAMES[status] for status in STATUSES) + " |"
    yield "| ---: | ---: | --- | --- | ---: | ---: | ---: |"
    for posting in told.ranked:
        cells = [
            str(posting.rank),
            f"{posting.fit:.0f}",
            escaped(posting.document.name),
            escaped(posting.document.company),
            *(str(posting.counts[status]) for status in STATUSES),
        ]
        yield f"| {' | '.join(cells)} |"
    if (more := told.postings - len(told.ranked)) > 0:
        yield from ("", f"and {more:,} more that fit less")
    yield ""


def _posting(posting: PostingGap) -> Iterator[str]:
    document = posting.document
    yield from (f"### {posting.rank}. {escaped(document.name)}", "")
    if where := place(document):
        yield from (escaped(where), "")
    if link := web_url(document.url):
        yield from (f"<{link}>", "")
    elif document.url.strip():
        yield from (escaped(document.url), "")
    parts = " · ".join(f"{part.name} {part.value}" for part in parts_of(posting))
    yield from (f"**Fit {posting.fit:.0f}**{': ' if parts else ''}{parts}", "")
    if not posting.sentences:
        yield from (NOTHING_ASKED, "")
    for status in STATUSES:
        if posting.sentences:
            yield from _status(posting.of(status), status)
    if posting.technologies_shared or posting.technologies_missing:
        yield from ("#### Technologies it names", "")
        if posting.technologies_shared:
            yield f"- in your document too: {', '.join(map(escaped, posting.technologies_shared))}"
        if posting.technologies_missing:
            yield f"- never in yours: {', '.join(map(escaped, posting.technologies_missing))}"
        yield ""
    if posting.unasked:
        yield from ("#### You also bring", "", "Strong, and not asked here.", "")
        yield from (f"- {_mine(sentence.text, sentence.section)}" for sentence in posting.unasked)
        yield ""
    if posting.not_asked:
        yield from (f"Left out: {left_out(posting.not_asked)}.", "")


def _status(gaps: Sequence[SentenceGap], status: Status) -> Iterator[str]:
    if not gaps:
        yield from (f"#### {STATUS_NAMES[status]}", "", STATUS_NONE[status], "")
        return
    yield from (f"#### {STATUS_NAMES[status]} ({len(gaps)})", "", f"{STATUS_TEXTS[status].capitalize()}.", "")
    for gap in gaps:
        tags = f" _({escaped('; '.join(tags_of(gap)))})_" if tags_of(gap) else ""
        yield f"- {MARKS[status]} {escaped(gap.sentence.text)}{tags}"
        if status != "missing":
            nearest = gap.evidence[0]
            why = f" _({escaped(cues_of(nearest))})_" if cues_of(nearest) else ""
            yield f"  - {cosine(nearest.score)} {_mine(nearest.sentence.text, nearest.sentence.section)}{why}"
    yield ""


def _missing(told: Outline) -> Iterator[str]:
    if not told.themes and not told.technologies:
        yield from (NOTHING_COMES_BACK, "")
    if told.themes:
        yield from ("| Postings | They ask, and nothing of yours comes near |", "| ---: | --- |")
        for theme in told.themes:
            note = f" _({escaped(theme_note(theme))})_" if theme_note(theme) else ""
            yield f"| {theme.documents:,} | {escaped(theme.text)}{note} |"
        yield ""
    if told.technologies:
        names = ", ".join(f"{escaped(name)} ({count:,})" for name, count in told.technologies)
        yield from (f"Technologies they name and you never do: {names}", "")


def _section(section: Section) -> Iterator[str]:
    yield from (f"## {section.title}", "", escaped(section.lead), "")
    for group in section.groups:
        if group.title:
            yield from (f"### {group.title}", "")
        for shown in group.lines:
            yield from _line(shown)
        if group.more:
            yield f"- and {group.more:,} more"
        yield ""


def _line(shown: Line) -> Iterator[str]:
    mark = f"{MARKS[shown.status]} " if shown.status else ""
    note = f" _({escaped(shown.note)})_" if shown.note else ""
    yield f"- {mark}{escaped(shown.text)}{note}"
    for said in shown.said:
        near = f" {cosine(said.score)}" if said.score is not None else ""
        yield f"  - {said.who}: {_mine(said.text, said.project)}{near}"


def _mine(sentence: str, project: str) -> str:
    return f"“{escaped(sentence)}” ({escaped(project)})" if project.strip() else f"“{escaped(sentence)}”"


@cache
def _html_template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("search_api"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters.update(plain=normalise, cosine=cosine, web_url=web_url)
    environment.globals.update(
        statuses=STATUSES,
        status_names=STATUS_NAMES,
        status_texts=STATUS_TEXTS,
        status_none=STATUS_NONE,
        marks=MARKS,
        nothing_to_change=NOTHING_TO_CHANGE,
        nothing_comes_back=NOTHING_COMES_BACK,
        nothing_asked=NOTHING_ASKED,
        parts_of=parts_of,
        tags_of=tags_of,
        cues_of=cues_of,
        place=place,
        left_out=left_out,
        theme_note=theme_note,
    )
    return environment.get_template("gap.html")
