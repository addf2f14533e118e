"""A gap report in the terminal: the ranking, the best postings in full, what is missing, what to change."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.constrain import Constrain
from rich.text import Text

from joblens.layout import READING_WIDTH, bar, grid, indented, joined, line, print_rule, table, text
from preprocess.sentences import normalise
from search_api.advice import Advice, AdviceItem
from search_api.findings import Findings
from search_api.gap import Evidence, GapReport, PostingGap, SentenceGap, Status
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
from search_api.sections import FULL, SHORT, Line, Section
from search_api.wording import cosine

RANKED = 15
LISTED = 15
"""Sentences of one status that are listed; the HTML and Markdown reports hold all."""

BESIDE = 140
"""Columns from which asked sentence and proof stand beside each other."""

WIDEST = 180
STYLES: dict[Status, str] = {"covered": "green", "partial": "yellow", "missing": "red"}
_ASCII_MARKS: dict[Status, str] = {"covered": "+", "partial": "~", "missing": "-"}


def print_gap(
    console: Console,
    report: GapReport,
    findings: Findings | None = None,
    *,
    top: int = 3,
    themes: int = 10,
    verbose: bool = False,
) -> None:
    """Lay a report out.

    :param findings: forgotten words, fluff, O*NET lens and next steps, where they were looked for.
    :param top: postings in full.
    :param themes: gaps over all postings.
    :param verbose: all findings, not the first of each.
    """
    lengths = FULL if verbose else SHORT
    told = outline(report, top=top, themes=themes, rows=RANKED, findings=findings, lengths=lengths)
    console.print(text(told.heading, "bold"))
    console.print(line(told.totals_text))
    if told.many:
        _print_ranking(console, told)
    for posting in told.details:
        _print_posting(console, posting, numbered=told.many)
    _print_missing(console, told)
    _print_advice(console, told.advice)
    for section in told.sections:
        _print_section(console, section)
    console.print()
    console.print(Constrain(Text(told.method, style="dim"), READING_WIDTH))


def _mark(console: Console, status: Status) -> Text:
    marks = _ASCII_MARKS if console.options.ascii_only else MARKS
    return Text(marks[status], style=STYLES[status])


def _print_ranking(console: Console, told: Outline) -> None:
    wide = console.width >= 100
    companies = any(posting.document.company.strip() for posting in told.ranked)
    beside = companies and console.width >= 76
    ranking = table(expand=True)
    ranking.add_column("#", justify="right", no_wrap=True)
    ranking.add_column("fit", justify="right", no_wrap=True)
    ranking.add_column("", width=10 if wide else 5, no_wrap=True)
    ranking.add_column("posting", ratio=5, overflow="fold")
    if beside:
        ranking.add_column("company", ratio=3, overflow="fold")
    for status in STATUSES:
        name = Text(STATUS_NAMES[status].lower()) if wide else _mark(console, status)
        ranking.add_column(name, justify="right", no_wrap=True)
    for posting in told.ranked:
        title = text(posting.document.name, limit=120)
        company = text(posting.document.company, limit=60)
        if companies and not beside and company.plain:
            title.append(", ").append_text(company)
        ranking.add_row(
            str(posting.rank),
            f"{posting.fit:.0f}",
            bar(console, posting.fit / 100, 10 if wide else 5),
            title,
            *([company] if beside else []),
            *(Text(f"{posting.counts[status]:,}", style=STYLES[status]) for status in STATUSES),
        )
    console.print()
    console.print(Constrain(ranking, READING_WIDTH + 20))
    if not wide:
        legend = [(_mark(console, status), f" {STATUS_NAMES[status].lower()}   ") for status in STATUSES]
        console.print(Text.assemble("  ", *(part for pair in legend for part in pair)))
    if (more := told.postings - len(told.ranked)) > 0:
        console.print(Text(f"  and {more:,} more that fit less", style="dim"))


def _print_posting(console: Console, posting: PostingGap, *, numbered: bool) -> None:
    document = posting.document
    console.print()
    print_rule(console)
    title = text(document.name, "bold")
    console.print(line(Text(f"{posting.rank}  ", style="bold cyan"), title) if numbered else title)
    left = 3
    if where := place(document):
        console.print(indented(text(where), left))
    if document.url.strip():
        console.print(indented(text(document.url, "dim", limit=1_000), left))
    console.print(indented(_fit_line(console, posting), left))
    if not posting.sentences:
        console.print(indented(Text(NOTHING_ASKED), left))
    for status in STATUSES:
        if posting.sentences:
            _print_status(console, posting.of(status), status, left)
    _print_technologies(console, posting, left)
    if posting.unasked:
        console.print()
        console.print(indented(line(("You also bring", "bold"), "  strong, and not asked here"), left))
        rows = grid(1, None)
        for sentence in posting.unasked:
            rows.add_row("+", _sentence_and_project(sentence.text, sentence.section))
        console.print(indented(rows, left))
    if posting.not_asked:
        console.print()
        note = f"left out: {left_out(posting.not_asked)}"
        console.print(indented(Text(note, style="dim"), left))


def _fit_line(console: Console, posting: PostingGap) -> Text:
    fit = line("fit ", (f"{posting.fit:.0f} ", "bold"), bar(console, posting.fit / 100, 10))
    parts = " · ".join(f"{part.name} {part.value}" for part in parts_of(posting))
    return fit.append(f"\n{parts}" if parts else "")


def _print_status(console: Console, gaps: Sequence[SentenceGap], status: Status, left: int) -> None:
    console.print()
    name = (STATUS_NAMES[status], f"bold {STYLES[status]}")
    if not gaps:
        console.print(indented(line(name, f"  {STATUS_NONE[status]}"), left))
        return
    console.print(indented(line(name, f" ({len(gaps)})  {STATUS_TEXTS[status]}"), left))
    beside = console.width >= BESIDE and status != "missing"
    rows = grid(1, None, None, gap=1) if beside else grid(1, None)
    for gap in gaps[:LISTED]:
        proof = [_proof(gap.evidence[0])] if status != "missing" else []
        if beside:
            rows.add_row(_mark(console, status), _asked(gap), *proof)
        else:
            rows.add_row(_mark(console, status), Group(_asked(gap), *proof))
    console.print(indented(rows, left, WIDEST if beside else READING_WIDTH))
    if len(gaps) > LISTED:
        console.print(indented(Text(f"and {len(gaps) - LISTED} more", style="dim"), left + 2))


def _asked(gap: SentenceGap) -> Text:
    asked = text(gap.sentence.text, "bold")
    tags = tags_of(gap)
    return line(asked, Text(f"  [{'; '.join(tags)}]", style="dim")) if tags else line(asked)


def _proof(evidence: Evidence) -> RenderableType:
    rows = grid(4, None)
    proof = _sentence_and_project(evidence.sentence.text, evidence.sentence.section)
    if why := cues_of(evidence):
        proof.append(f"  [{why}]", style="dim")
    rows.add_row(Text(cosine(evidence.score), style="cyan"), proof)
    return rows


def _sentence_and_project(sentence: str, project: str) -> Text:
    shown = line(text(sentence))
    return shown.append_text(Text(f"  ({normalise(project)})", style="dim")) if project.strip() else shown


def _print_technologies(console: Console, posting: PostingGap, left: int) -> None:
    if not posting.technologies_shared and not posting.technologies_missing:
        return
    console.print()
    console.print(indented(Text("Technologies it names", style="bold"), left))
    rows = grid(1, None)
    if posting.technologies_shared:
        rows.add_row(
            _mark(console, "covered"), line("in your document too: ", joined(posting.technologies_shared))
        )
    if posting.technologies_missing:
        rows.add_row(
            _mark(console, "missing"), line("never in yours: ", joined(posting.technologies_missing))
        )
    console.print(indented(rows, left))


def _print_missing(console: Console, told: Outline) -> None:
    if not told.many:
        return
    console.print()
    print_rule(console)
    console.print(line(("Missing most often", "bold"), f"  over all {told.postings:,} postings"))
    if not told.themes and not told.technologies:
        console.print(NOTHING_COMES_BACK)
    if told.themes:
        rows = table(expand=True)
        rows.add_column("postings", justify="right", no_wrap=True)
        rows.add_column("what they ask, and nothing of yours comes near", ratio=1, overflow="fold")
        for theme in told.themes:
            asked = line(text(theme.text))
            if note := theme_note(theme):
                asked.append(f"  {note}", style="dim")
            rows.add_row(f"{theme.documents:,}", asked)
        console.print()
        console.print(Constrain(rows, READING_WIDTH))
    if told.technologies:
        console.print()
        names = ", ".join(f"{normalise(name)} ({count:,})" for name, count in told.technologies)
        console.print(
            Constrain(line(("Technologies they name and you never do", "bold"), f": {names}"), READING_WIDTH)
        )


def _print_advice(console: Console, pieces: Sequence[Advice]) -> None:
    console.print()
    print_rule(console)
    heading_text = Text("What to change", style="bold")
    console.print(heading_text)
    if not pieces:
        console.print(NOTHING_TO_CHANGE)
    for number, piece in enumerate(pieces, start=1):
        console.print()
        rows = grid(2, None)
        lead = line((f"{piece.title}.", "bold"), f" {piece.text}")
        rows.add_row(Text(f"{number}.", style="cyan"), Group(lead, *map(_advice_item, piece.items)))
        console.print(Constrain(rows, READING_WIDTH))


def _advice_item(item: AdviceItem) -> RenderableType:
    note = Text(f"  ({normalise(item.note)})" if item.note else "", style="dim")
    if item.theirs and item.yours:
        rows = grid(4, None)
        near = f"  {cosine(item.score)}" if item.score is not None else ""
        rows.add_row("they", text(item.theirs))
        rows.add_row(
            "you", line(_sentence_and_project(item.yours, item.project), Text(near, style="cyan"), note)
        )
        return rows
    rows = grid(1, None)
    told = text(item.theirs) if item.theirs else _sentence_and_project(item.yours, item.project)
    rows.add_row("·", line(told, note))
    return rows


def _print_section(console: Console, section: Section) -> None:
    console.print()
    print_rule(console)
    console.print(Text(section.title, style="bold"))
    console.print(Constrain(text(section.lead, limit=1_000), READING_WIDTH))
    for group in section.groups:
        console.print()
        if group.title:
            console.print(Text(group.title, style="bold"))
        rows = grid(1, None)
        for shown in group.lines:
            mark = _mark(console, shown.status) if shown.status else Text("-" if _plain(console) else "·")
            rows.add_row(mark, Group(_line_text(shown), *([_said(shown)] if shown.said else [])))
        console.print(Constrain(rows, READING_WIDTH))
        if group.more:
            console.print(Text(f"  and {group.more:,} more", style="dim"))


def _plain(console: Console) -> bool:
    return bool(console.options.ascii_only)


def _line_text(shown: Line) -> Text:
    told = text(shown.text, "bold")
    return line(told, Text(f"  ({normalise(shown.note)})", style="dim")) if shown.note else line(told)


def _said(shown: Line) -> RenderableType:
    rows = grid(4, None)
    for said in shown.said:
        near = f"  {cosine(said.score)}" if said.score is not None else ""
        rows.add_row(said.who, line(_sentence_and_project(said.text, said.project), Text(near, style="cyan")))
    return rows
