"""A gap report in the terminal: values, widths, and nothing of people's text read as markup."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from joblens.render import print_gap
from search_api.gap import GapReport
from tests.gap_samples import HOSTILE, one_posting, sample
from tests.terminal import WIDTHS, console, printed


def gap_text(report: GapReport, width: int = 80, top: int = 3) -> str:
    into = console(width)
    print_gap(into, report, top=top)
    return printed(into)


def test_gap_tells_every_status_with_its_proof() -> None:
    text = gap_text(sample())
    assert text.startswith(
        "dana.yaml against 2 postings\n5 sentences ask something of you: 1 covered, 1 partly, 3 missing.\n"
    )
    assert (
        "   Covered (1)  asked, with your proof\n"
        "   ✓ Build fast APIs.  [shown: Python]\n"
        "      .71 Rebuilt the tracking API in Python, and cut its response time.\n"
        "          (Tracking)\n"
    ) in text
    assert (
        "   Partly (1)  asked, with the nearest thing you said\n"
        "   ~ Mentor other engineers.\n"
        "      .50 Mentored 2 junior engineers.  (Tracking)\n"
    ) in text
    assert (
        "   Missing (2)  asked, and nothing of yours comes near\n   ✗ Message queues such as Kafka." in text
    )
    assert "   ✗ Some experience of Go.  [preferred; missing: Go]\n" in text


def test_gap_shows_what_the_fit_is_made_of() -> None:
    fit = sample().ranking[0][1]
    assert (
        "1  Backend Engineer\n"
        "   Tidemark · Portland, OR\n"
        "   https://jobs.example/1?a=b&c=d\n"
        f"   fit {fit:.0f} ████"
    ) in gap_text(sample())
    assert ("   requirements 25% · duties 100% · preferred 0% · technologies 1 of 3\n") in gap_text(sample())


def test_gap_ranks_postings() -> None:
    ranking = [line.split() for line in gap_text(sample(), width=120).split("\n")[3:7]]
    assert ranking[0] == ["#", "fit", "posting", "company", "covered", "partly", "missing"]
    assert ranking[2][:2] == ["1", f"{sample().ranking[0][1]:.0f}"]
    assert ranking[2][3:] == ["Backend", "Engineer", "Tidemark", "1", "1", "2"]
    assert ranking[3] == ["2", "0", "Cook", "Ladle", "0", "0", "1"]


def test_gap_tells_what_comes_back_and_what_to_change() -> None:
    text = gap_text(sample())
    assert "2   Some experience of Go.  also “Experience of Go.”" in text
    assert "Technologies they name and you never do: Go (2)" in text
    assert "1. Say it in their words. Each pair comes near without meeting." in text
    assert "   they Mentor other engineers.\n    you Mentored 2 junior engineers.  (Tracking)  .50\n" in text


def test_gap_of_one_posting_has_no_ranking() -> None:
    text = gap_text(one_posting(["Know a thing."], [0.1]))
    assert "posting " not in text.split("What to change")[0]
    assert "Missing most often" not in text
    assert "Covered  None of its sentences is covered." in text


def test_gap_without_gaps_says_so() -> None:
    text = gap_text(one_posting(["Know a thing."], [0.9], title="C"))
    assert "Missing  Nothing is missing." in text
    assert "Partly  Nothing is half covered." in text


def test_gap_of_a_posting_that_asks_nothing_says_so() -> None:
    report = one_posting(["Free soup."], [0.1])
    soup = tuple(
        replace(sentence, role="benefits", technologies=()) for sentence in report.postings.sentences
    )
    text = gap_text(replace(report, postings=replace(report.postings, sentences=soup)))
    assert "0 sentences ask something of you" in text
    assert "No sentence in it asks anything that can be compared." in text
    assert "The comparison gives no reason to change anything." in text


def test_a_long_ranking_is_cut_and_says_so() -> None:
    assert "and 1,235 more that fit less" in gap_text(sample(copies=1_249), top=1)


def test_a_long_list_is_cut_and_says_so() -> None:
    report = one_posting([f"Know thing {number}." for number in range(40)], [0.1] * 40)
    assert "Missing (40)" in gap_text(report)
    assert "and 25 more" in gap_text(report)


def test_a_wide_terminal_has_the_proof_beside_what_is_asked() -> None:
    lines = gap_text(sample(), width=160).split("\n")
    assert any("Mentor other engineers." in line and ".50 Mentored 2 junior" in line for line in lines)


@pytest.mark.parametrize("width", WIDTHS)
def test_gap_keeps_to_the_width(width: int) -> None:
    title = "Senior Principal Staff Engineer " * 8 + "x" * 300
    report = sample(copies=20)
    documents = tuple(
        replace(document, name=title, company=title, location=title, url="https://x.example/" + "y" * 300)
        for document in report.postings.documents
    )
    report = replace(report, postings=replace(report.postings, documents=documents))
    for one in (report, sample(), one_posting([title], [0.5], brag=title, title=title)):
        assert max(cell_len(line) for line in gap_text(one, width).split("\n")) <= width


@given(st.lists(st.text(min_size=1, max_size=80), min_size=1, max_size=4), st.sampled_from(WIDTHS), st.data())
@settings(max_examples=40, deadline=None)
def test_any_text_keeps_to_the_width_and_controls_nothing(
    texts: list[str], width: int, data: st.DataObject
) -> None:
    scores = [data.draw(st.floats(-1, 1, width=32)) for _ in texts]
    text = gap_text(one_posting(texts, scores, brag=texts[-1], title=texts[0]), width)
    assert max(cell_len(line) for line in text.split("\n")) <= width
    assert not any(ord(character) < 32 and character != "\n" for character in text)
    assert not set(text) & {"\x7f", "\x9b", "\u202e", "\u2066"}


def test_hostile_text_is_shown_and_not_obeyed() -> None:
    report = one_posting([HOSTILE, HOSTILE], [0.9, 0.5], brag=HOSTILE, title=HOSTILE)
    text = gap_text(report, 200)
    assert "~ <script>alert(1)</script> [red]bold[/red] | a*b_c `d` evil next & <b>" in text


def test_a_terminal_without_unicode_gets_plain_marks() -> None:
    into = console(encoding="ascii")
    print_gap(into, sample(), top=1)
    text = printed(into)
    assert "-" * 80 in text
    assert "+ Build fast APIs." in text
    assert f"fit {sample().ranking[0][1]:.0f} ####" in text
