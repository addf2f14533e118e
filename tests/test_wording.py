"""Values in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_api.wording import clipped, cosine, counted, percent, web_url


@pytest.mark.parametrize(
    ("score", "words"),
    [(0.714, ".71"), (1.0, "1.0"), (0.999, "1.0"), (-0.05, "-.05"), (-0.001, ".00"), (8.4, "8.40"),
     (12.34, "12.3"), (10.5, "10.5"), (-1.0, "-1.0")],
)  # fmt: skip
def test_a_score_is_short(score: float, words: str) -> None:
    assert cosine(score) == words


@pytest.mark.parametrize(
    ("share", "words"), [(0, "0%"), (0.001, "1%"), (0.624, "62%"), (0.999, "99%"), (1, "100%")]
)
def test_percent_is_all_or_nothing_only_where_the_share_is(share: float, words: str) -> None:
    assert percent(share) == words


def test_one_is_singular() -> None:
    assert [counted(count, "posting") for count in (0, 1, 1250)] == [
        "0 postings",
        "1 posting",
        "1,250 postings",
    ]


def test_clipping_cuts_at_a_word() -> None:
    assert clipped("one two three four", 12) == "one two…"
    assert clipped("one two", 12) == "one two"


@given(st.text(max_size=60), st.integers(2, 40))
def test_clipped_text_is_short_and_on_one_line(text: str, limit: int) -> None:
    found = clipped(text, limit)
    assert len(found) <= limit
    assert not any(character in found for character in "\n\r\t\x1b\x9b\u202e")


@pytest.mark.parametrize(
    "url", ["https://jobs.example/1?a=b&c=d#e", "http://x.example", "HTTPS://x.example/(1)"]
)
def test_web_addresses_may_be_links(url: str) -> None:
    assert web_url(url) == url


@pytest.mark.parametrize(
    "url",
    ["", "javascript:alert(1)", "data:text/html,x", "ftp://x.example", "//x.example", "https://", "x.example",
     "https://x.example/a b", 'https://x.example/"onclick="', "https://x.example/<b>", "https://[bad",
     "java\nscript:alert(1)", "https://x.example/\u202e", " https://x.example"],
)  # fmt: skip
def test_other_addresses_may_not(url: str) -> None:
    assert web_url(url) == ""
