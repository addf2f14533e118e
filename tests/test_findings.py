"""What a gap report tells besides the comparison, and how each output lays it out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from rich.cells import cell_len

from indexer.workspace import Workspace
from joblens.render import print_gap
from search_api.findings import Findings, findings
from search_api.findings_reply import FindingsReply
from search_api.fluff import FluffReport, FluffSentence, TaskHint
from search_api.forgotten_words import ForgottenWord
from search_api.gap import Evidence, Status, gap
from search_api.lens import Lens, OccupationShown, TaskShown, TechnologyShown
from search_api.next_steps import NextSteps, Opener, RelatedOccupation
from search_api.reports import escaped, gap_html, gap_markdown
from search_api.sections import FULL, SHORT, sections
from search_api.sides import DocumentInfo, SideSentence, side_from_sentences, side_from_text
from tests.gap_samples import HOSTILE, sample
from tests.terminal import WIDTHS, console, printed
from tests.test_reports import Page

MINE = SideSentence("Calmed down angry guests.", 0, "Front desk")


def word(term: str, theirs: str, postings: int = 1) -> ForgottenWord:
    return ForgottenWord(term, "word", postings, SideSentence(theirs, 0), MINE, 0.6, 0.4)


def task(text: str, status: Status, importance: float | None = None) -> TaskShown:
    return TaskShown(text, importance, status, Evidence(0, MINE, 0.5, 0.5), np.zeros(2, np.float32))


def occupation(title: str, *tasks: TaskShown, zone: int | None = 3) -> OccupationShown:
    return OccupationShown("43-4081.00", title, zone, (), tasks, marked=True)


def found(text: str = "Team player.", extra: int = 0) -> Findings:
    """One of everything, and ``extra`` more of what is listed."""
    empty = FluffSentence(
        0, SideSentence(text, 0, "Skills"), 0.9, ("vague: things", "b", "c", "no number"), ("things",),
        TaskHint("Greet guests.", "43-4081.00", "Desk Clerks", 0.3),
    )  # fmt: skip
    clerks = occupation(
        "Desk Clerks", task("Settle complaints.", "covered"), task("Greet guests.", "partial"),
        *(task(f"Task {number}.", "missing") for number in range(1 + extra)),
    )  # fmt: skip
    concierge = occupation("Concierges", task("Book tables.", "missing"), task("Greet.", "covered"), zone=4)
    return Findings(
        (word("irate", "Soothe irate patrons.", 3), word("soothe", "Soothe irate patrons.")),
        FluffReport("dana", (empty,) * (1 + extra), 5 + extra, 1 + extra, "abc", ""),
        Lens(
            DocumentInfo("1", "Clerk"),
            clerks,
            (
                TechnologyShown("Oracle", MINE, 0),
                TechnologyShown("Opera PMS", None, 2),
                TechnologyShown("Excel", None, 0),
            ),
            "abc",
        ),
        NextSteps(
            (RelatedOccupation(concierge, 1),),
            (Opener("task", "Keep the keys.", 2, 0), Opener("technology", "Opera PMS", 1, 2)),
            3,
            4,
        ),
    )  # fmt: skip


def markdown(findings: Findings) -> str:
    return gap_markdown(sample(), findings)


def terminal(findings: Findings, width: int = 80, *, verbose: bool = False, encoding: str = "utf-8") -> str:
    into = console(width, encoding=encoding)
    print_gap(into, sample(), findings, verbose=verbose)
    return printed(into)


# ---- what is found


def test_findings_of_a_real_report(workspace: Workspace) -> None:
    brag = side_from_sentences(workspace, ["Hard-working team player.", "Gave insulin to adults."], "brag")
    posting = side_from_text(
        workspace, "Requirements\n- Give insulin to adults", "posting", "Registered Nurse"
    )
    seen = findings(workspace, gap(brag, posting))
    assert [judged.sentence.text for judged in seen.fluff.empty] == ["Hard-working team player."]
    assert seen.lens is not None
    assert seen.lens.occupation.code == "29-1141.00"
    assert seen.steps is not None
    assert seen.steps.postings == 1
    assert seen.no_lens == ""


def test_without_onet_one_line_says_what_would_add_it(empty_workspace: Workspace) -> None:
    brag = side_from_sentences(empty_workspace, ["Gave insulin."], "brag")
    posting = side_from_text(empty_workspace, "Give insulin", "posting", "Registered Nurse")
    seen = findings(empty_workspace, gap(brag, posting))
    assert (seen.lens, seen.steps) == (None, None)
    assert "joblens index onet" in seen.no_lens
    assert seen.no_lens in " ".join(terminal(seen).split())
    assert escaped(seen.no_lens) in markdown(seen)
    assert seen.no_lens in Page(gap_html(sample(), seen)).text


def test_a_posting_whose_title_says_nothing_has_no_lens(workspace: Workspace) -> None:
    brag = side_from_sentences(workspace, ["Gave insulin."], "brag")
    report = gap(brag, side_from_text(workspace, "Give insulin", "posting", "--"))
    nameless = replace(report, postings=replace(report.postings, documents=(DocumentInfo("1", "--"),)))
    assert findings(workspace, nameless).no_lens == "The posting's title leads to no occupation with tasks."


# ---- sections


def test_sections_come_in_the_order_of_use() -> None:
    assert [section.key for section in sections(found())] == ["words", "fluff", "lens", "steps"]


def test_a_section_with_nothing_to_say_is_left_out() -> None:
    silent = Findings((), FluffReport("dana", (), 3, 0, "abc", ""), None, None)
    assert sections(silent) == ()


def test_short_sections_fit_a_screen_each() -> None:
    made = sections(found(extra=30), SHORT)
    assert max(section.lines for section in made) <= 12
    assert sum(section.lines for section in sections(found(extra=30), FULL)) > 40


def test_what_is_not_shown_is_counted() -> None:
    made = {section.key: section for section in sections(found(extra=30), SHORT)}
    assert made["fluff"].groups[0].more == 31 - SHORT.fluff
    assert made["lens"].groups[1].more == 31 - SHORT.missing


def test_words_of_one_pair_stand_together() -> None:
    [group] = sections(found())[0].groups
    assert [line.text for line in group.lines] == ["irate (in 3 postings), soothe"]


def test_fluff_without_hints_says_why() -> None:
    seen = found()
    section = sections(replace(seen, fluff=replace(seen.fluff, no_hints="no tasks here")))[1]
    assert section.lead == "1 sentence of your 5 says little. No tasks here."


# ---- outputs


def test_markdown_tells_all_of_it() -> None:
    text = markdown(found())
    assert (
        "- irate (in 3 postings), soothe\n  - they: “Soothe irate patrons.”\n"
        "  - you: “Calmed down angry guests.” (Front desk) .60\n" in text
    )
    assert (
        "- Team player. _(vague: things; b; c; no number)_\n"
        "  - task: “Greet guests.” (Desk Clerks) .30\n" in text
    )
    assert (
        "O\\*NET knows Clerk as Desk Clerks (43-4081.00). Your document shows 1 of its 3 core tasks, "
        "1 more in part, and names 1 of its 3 hot technologies." in text
    )
    assert "- ✓ Settle complaints.\n  - you: “Calmed down angry guests.” (Front desk) .50\n" in text
    assert "- ✗ Task 0.\n" in text
    assert "### Hot technologies that the postings name and you never do\n\n- Opera PMS\n" in text
    assert "- Concierges (43-4081.00) _(1 of 2 core tasks missing; one job zone up)_\n" in text
    assert "- Keep the keys. _(a core task of 2 of the 3 occupations)_\n" in text
    assert (
        "- Opera PMS _(hot in 1 of the 3 occupations; "
        "would raise the fit of 2 of the 4 postings that fit best)_" in text
    )


def test_importance_is_told_where_every_task_has_one() -> None:
    seen = found()
    assert seen.lens is not None
    rated = occupation("Desk Clerks", task("Settle.", "covered", 3.0), task("Greet.", "missing", 1.0))
    lead = sections(replace(seen, lens=replace(seen.lens, occupation=rated)))[2].lead
    assert "shows 1 of its 2 core tasks, 0 more in part (75% by importance)" in lead


def test_the_terminal_tells_it_after_what_to_change() -> None:
    text = terminal(found())
    heads = [
        "What to change",
        "Words you forgot",
        "Sentences that say little",
        "What O*NET says",
        "Next steps",
    ]
    places = [text.index(f"\n{head}") for head in heads]
    assert places == sorted(places)
    assert "· irate (in 3 postings), soothe\n" in text
    assert "✓ Settle complaints.\n   you Calmed down angry guests.  (Front desk)  .50\n" in text


def test_verbose_tells_more() -> None:
    assert "and 28 more" in terminal(found(extra=30))
    assert "and 28 more" not in terminal(found(extra=30), verbose=True)
    assert "things; b; c)" in terminal(found())
    assert "things; b; c; no number)" in " ".join(terminal(found(), verbose=True).split())


def test_html_links_to_each_section_and_folds_long_lists() -> None:
    page = Page(gap_html(sample(), found(extra=5)))
    targets = {link["href"] for link in page.named("a")}
    assert {"#words", "#fluff", "#lens", "#steps"} <= targets
    assert {section["id"] for section in page.named("section")} >= {"words", "fluff", "lens", "steps"}
    assert "Words you forgot" in page.text
    assert "Team player. vague: things; b; c; no number" in page.text
    assert "Task 5." in page.text
    assert "2 more" not in page.text.split("Not shown")[0]


@pytest.mark.parametrize("width", [40, *WIDTHS])
def test_the_terminal_keeps_to_the_width(width: int) -> None:
    seen = found(HOSTILE + " long words" * 40, extra=30)
    assert max(cell_len(line) for line in terminal(seen, width, verbose=True).split("\n")) <= width


def test_text_of_people_is_no_markup() -> None:
    seen = found(HOSTILE)
    assert "<script" not in gap_html(sample(), seen)
    assert "\x1b" not in markdown(seen) + terminal(seen)
    assert "\\<script\\>alert(1)\\</script\\> \\[red\\]bold" in markdown(seen)
    assert "[red]bold[/red]" in " ".join(terminal(seen).split())


def test_a_terminal_without_unicode_gets_plain_marks() -> None:
    text = terminal(found(), encoding="ascii")
    assert "- irate (in 3 postings), soothe" in text
    assert "?" not in text.split("Words you forgot")[1]


def test_json_has_every_part() -> None:
    reply = FindingsReply.of(found()).model_dump()
    assert [word["term"] for word in reply["forgotten_words"]] == ["irate", "soothe"]
    assert reply["fluff"]["sentences"][0]["hint"]["occupation"] == "Desk Clerks"
    assert reply["lens"]["occupation"]["counts"] == {"covered": 1, "partial": 1, "missing": 1}
    assert reply["lens"]["technologies"][0]["sentence"] == {"text": MINE.text, "section": "Front desk"}
    assert reply["next_steps"]["related"][0]["zones_up"] == 1
    assert reply["next_steps"]["openers"][1] == {
        "kind": "technology", "text": "Opera PMS", "occupations": 1, "postings": 2,
    }  # fmt: skip
