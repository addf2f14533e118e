"""A gap report as Markdown and as HTML."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search_api.reports import RANKED, escaped, gap_html, gap_markdown
from tests.gap_samples import HOSTILE, one_posting, sample

VOID = {"meta", "rect", "br", "hr", "link", "img", "input"}


class Page(HTMLParser):
    """Checks that tags nest, and keeps tags, attributes and visible text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style" and data.strip():
            self.texts.append(" ".join(data.split()))

    @property
    def text(self) -> str:
        return " ".join(self.texts)

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


# ---- HTML


def test_html_tells_every_status_with_its_proof() -> None:
    text = Page(gap_html(sample())).text
    assert "dana.yaml against 2 postings" in text
    assert "5 sentences ask something of you: 1 covered, 1 partly, 3 missing." in text
    assert (
        "Covered (1) asked, with your proof Build fast APIs. shown: Python "
        "Rebuilt the tracking API in Python, and cut its response time. .71 Tracking" in text
    )
    assert (
        "Partly (1) asked, with the nearest thing you said Mentor other engineers. "
        "Mentored 2 junior engineers. .50 Tracking" in text
    )
    assert (
        "Missing (2) asked, and nothing of yours comes near Message queues such as Kafka. "
        "shown: Apache Kafka; may be missing: Go Some experience of Go. preferred; missing: Go" in text
    )


def test_html_shows_the_parts_technologies_and_what_else_you_bring() -> None:
    text = Page(gap_html(sample(), top=1)).text
    assert "requirements 25% duties 100% preferred 0% technologies 1 of 3" in text
    assert "In your document too Apache Kafka Never in yours Go Python" in text
    assert (
        "You also bring strong, and not asked here Designed a Kafka pipeline for 9 million events. Events"
        in text
    )
    assert "Left out: 1 sentence on the company, benefits, notices, how to apply, or bare fields." in text
    assert "Index fingerprint 0123456789ab." in text


def test_html_names_gaps_that_come_back_with_their_number() -> None:
    page = Page(gap_html(sample()))
    text = page.text
    assert "Missing most often" in text
    assert "Postings They ask 2 Some experience of Go. also “Experience of Go.”" in text
    assert "Technologies they name and you never do Go 2" in text


def test_html_advice_shows_both_sides() -> None:
    text = Page(gap_html(sample())).text
    assert "What to change Say it in their words" in text
    assert "They ask Mentor other engineers. You wrote Mentored 2 junior engineers. .50 Tracking" in text
    assert (
        "You wrote; both name Apache Kafka Designed a Kafka pipeline for 9 million events. .35 Events" in text
    )


def test_html_needs_nothing_from_elsewhere() -> None:
    page = Page(gap_html(sample()))
    assert not {tag for tag, _ in page.tags} & {
        "script",
        "link",
        "img",
        "iframe",
        "object",
        "embed",
        "base",
        "form",
    }
    links = [link["href"] or "" for link in page.named("a")]
    assert [link for link in links if not link.startswith("#")] == ["https://jobs.example/1?a=b&c=d"]
    others = [value for _, attributes in page.tags for name, value in attributes.items() if name != "href"]
    assert not any("://" in (value or "") for value in others)
    assert not re.search(r"url\(|@import|@font-face", gap_html(sample()))


def test_the_link_to_a_posting_gives_nothing_away() -> None:
    links = [link for link in Page(gap_html(sample())).named("a") if not (link["href"] or "").startswith("#")]
    assert [link["rel"] for link in links] == ["noopener noreferrer"]


def test_an_address_that_is_not_http_is_text() -> None:
    page = Page(gap_html(one_posting(["a"], [0.9], title="javascript:alert(1)")))
    assert all((link["href"] or "").startswith("#") for link in page.named("a"))
    assert "javascript:alert(1)" in page.text


def test_html_escapes_what_people_wrote() -> None:
    html = gap_html(one_posting([HOSTILE, HOSTILE, HOSTILE], [0.9, 0.5, 0.1], brag=HOSTILE, title=HOSTILE))
    page = Page(html)
    assert page.named("script") == []
    assert "next &amp; &lt;b&gt;" in html
    assert "next & <b>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; [red]bold[/red] | a*b_c `d`" in html
    assert "\x1b" not in html
    assert "\u202e" not in html


def test_headings_go_down_one_level_at_a_time() -> None:
    levels = [int(tag[1]) for tag, _ in Page(gap_html(sample())).tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_html_has_a_language_a_title_and_scoped_table_headers() -> None:
    page = Page(gap_html(sample()))
    assert page.named("html") == [{"lang": "en"}]
    assert "dana.yaml against 2 postings (joblens gap report)" in page.texts
    assert {header["scope"] for header in page.named("th")} == {"col", "row"}
    anchors = {f"#{attributes['id']}" for _, attributes in page.tags if "id" in attributes}
    assert {link["href"] for link in page.named("a") if (link["href"] or "").startswith("#")} <= anchors


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_every_text_colour_has_contrast(scheme: int) -> None:
    """WCAG 2.2 AA asks 4.5 to 1 for text."""
    block = re.findall(r":root \{(.*?)\}", gap_html(sample()), re.DOTALL)[scheme]
    colours = dict(re.findall(r"--(\w+): (#\w{6})", block))
    for name in ("ink", "soft", "covered", "partial", "missing", "link", "fill"):
        for ground in ("paper", "card"):
            assert _contrast(colours[name], colours[ground]) >= 4.5, (name, ground)


def _contrast(one: str, other: str) -> float:
    """Ratio of relative luminance, WCAG 2.2."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = [
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
        ]
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_one_posting_has_no_ranking() -> None:
    text = Page(gap_html(one_posting(["a"], [0.9]))).text
    assert "Ranking" not in text
    assert "Missing most often" not in text
    assert "Sentence by sentence" in text
    assert "Nothing is missing." in text


def test_a_long_ranking_is_cut_and_says_so() -> None:
    report = sample(copies=149)
    page = Page(gap_html(report, top=1))
    assert "Postings by fit, from 0 to 100; 50 more fit less" in page.text
    assert len([header for header in page.named("th") if header["scope"] == "row"]) == RANKED


# ---- Markdown


def test_markdown_tells_every_status_with_its_proof() -> None:
    text = gap_markdown(sample())
    assert text.startswith("# dana.yaml against 2 postings\n\n5 sentences ask something of you")
    assert (
        "#### Covered (1)\n\nAsked, with your proof.\n\n- ✓ Build fast APIs. _(shown: Python)_\n"
        "  - .71 “Rebuilt the tracking API in Python, and cut its response time.” (Tracking)\n" in text
    )
    assert "- ~ Mentor other engineers.\n  - .50 “Mentored 2 junior engineers.” (Tracking)\n" in text
    assert "- ✗ Some experience of Go. _(preferred; missing: Go)_\n" in text
    fit = sample().ranking[0][1]
    assert f"**Fit {fit:.0f}**: requirements 25% · duties 100% · preferred 0% · technologies 1 of 3\n" in text
    assert "- in your document too: Apache Kafka\n- never in yours: Go, Python\n" in text
    assert "<https://jobs.example/1?a=b&c=d>" in text
    assert "Technologies they name and you never do: Go (2)" in text


def test_markdown_advice_is_a_numbered_list() -> None:
    text = gap_markdown(sample())
    assert "1. **Say it in their words.** " in text
    assert (
        "   - they: Mentor other engineers.\n"
        "     - you: “Mentored 2 junior engineers.” (Tracking) .50\n" in text
    )


def test_markdown_tables_survive_pipes_and_line_breaks() -> None:
    report = sample(copies=3)
    documents = tuple(
        replace(document, name=HOSTILE, company=HOSTILE) for document in report.postings.documents
    )
    sentences = tuple(replace(sentence, text=HOSTILE) for sentence in report.postings.sentences)
    postings = replace(report.postings, documents=documents, sentences=sentences)
    text = gap_markdown(replace(report, postings=postings))
    ranking = [line for line in text.split("\n") if re.match(r"\| \d+ \| \d+ \|", line)]
    themes = [line for line in text.split("\n") if re.match(r"\| \d+ \| \\<script", line)]
    assert [len(re.findall(r"(?<!\\)\|", row)) for row in ranking] == [8, 8, 8, 8]
    assert [len(re.findall(r"(?<!\\)\|", row)) for row in themes] == [3]


def test_markdown_escapes_markup() -> None:
    text = gap_markdown(one_posting([HOSTILE], [0.9], brag=HOSTILE, title=HOSTILE))
    assert "<script" not in re.sub(r"\\<", "", text)
    assert "\\<script\\>alert(1)\\</script\\> \\[red\\]bold\\[/red\\] \\| a\\*b_c \\`d\\`" in text
    assert "\x1b" not in text
    assert "\u202e" not in text


@pytest.mark.parametrize(
    ("text", "shown"),
    [("# x", "\\# x"), ("1. x", "1\\. x"), ("- x", "\\- x"), ("+ x", "\\+ x"), ("C# and C++", "C# and C++"),
     ("snake_case", "snake_case"), ("_x_", "\\_x\\_"), ("AT&T", "AT&T"), ("&lt;", "\\&lt;"), ("=", "\\="),
     ("3.8%", "3.8%"), ("a\nb", "a b")],
)  # fmt: skip
def test_escaped_text_shows_the_same_characters(text: str, shown: str) -> None:
    assert escaped(text) == shown


@given(st.text(max_size=80))
def test_escaped_text_is_one_line_without_bare_markup(text: str) -> None:
    found = escaped(text)
    assert "\n" not in found
    assert not re.search(r"(?<!\\)(?:\\\\)*[|<>*`\[\]]", found)


@given(st.lists(st.text(min_size=1, max_size=40), min_size=1, max_size=5), st.data())
@settings(max_examples=30)
def test_any_text_and_score_gives_a_page_that_parses(texts: list[str], data: st.DataObject) -> None:
    scores = [data.draw(st.floats(-1, 1, width=32)) for _ in texts]
    report = one_posting(texts, scores, brag=texts[0], title=texts[-1])
    Page(gap_html(report))
    assert gap_markdown(report).endswith(".\n")


def test_both_tell_the_same_advice() -> None:
    html, markdown = Page(gap_html(sample())).text, gap_markdown(sample())
    titles = re.findall(r"^\d+\. \*\*(.*?)\.\*\*", markdown, re.MULTILINE)
    assert titles == [
        "Say it in their words",
        "Tie it to what you name already",
        "Name the technologies you have worked with",
        "Write about what is not there",
        "Put a number to it",
    ]
    assert all(title in html for title in titles)
