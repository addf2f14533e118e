"""Plain text, markdown, and what a user types."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preprocess.readers import read_text
from preprocess.records import Document
from tests.reading import FIXTURES, read_one, sections, write


def test_the_first_short_line_of_a_txt_is_its_title_and_not_repeated() -> None:
    document = read_one(FIXTURES / "postings" / "restaurant_cook.txt")
    assert document.title == "Line Cook / Sous Chef in training"
    (passage,) = document.passages
    assert passage.section == ""
    assert passage.text.startswith("The Copper Ladle - Galveston, Texas\n")


@pytest.mark.parametrize(
    "text",
    [
        "We need a welder.\nPay is good.",
        "- Welded pipes\n- Read plans",
        "x " * 60 + "x\nmore",
        "Only line here",
    ],
)
def test_a_first_line_that_is_no_title_stays_in_the_text(text: str) -> None:
    document = read_text(text, "posting")
    assert document.title == ""
    assert sections(document) == {"": text}


def test_the_first_accomplishment_of_a_brag_is_not_taken_for_its_title() -> None:
    assert sections(read_text("Led a team of five\nBuilt a bridge", "brag")) == {
        "": "Led a team of five\nBuilt a bridge"
    }
    assert read_text("Jo Lee, welder\n\nBuilt a bridge", "brag").title == "Jo Lee, welder"


def test_company_and_location_lines_of_a_plain_posting_become_fields() -> None:
    document = read_text(
        "Welder\nCompany: Arc Ltd\nLocation: Troy, NY\nApply at: https://arc.example/1\n\nWeld.", "posting"
    )
    found = (document.title, document.company, document.location, document.url)
    assert found == ("Welder", "Arc Ltd", "Troy, NY", "https://arc.example/1")
    assert sections(document) == {"": "Weld."}


def test_field_lines_of_a_brag_are_text() -> None:
    assert sections(read_text("Company: Arc Ltd\nBuilt a bridge.", "brag"))[""].startswith("Company: Arc Ltd")


def test_empty_typed_text_is_a_document_without_passages() -> None:
    assert read_text(" \n", "brag") == Document("brag", "text", "", ())


def test_a_given_title_wins_and_its_repetition_is_left_out() -> None:
    document = read_text("WELDER\nWeld pipes.", "posting", source="api", title="Welder")
    assert (document.title, document.source, sections(document)) == ("Welder", "api", {"": "Weld pipes."})


def test_typed_markdown_has_sections() -> None:
    assert sections(read_text("## Duties\n- Weld\n## Skills\n- TIG", "posting")) == {
        "Duties": "- Weld",
        "Skills": "- TIG",
    }


def test_the_sections_and_fields_of_a_markdown_posting() -> None:
    document = read_one(FIXTURES / "postings" / "backend_python_engineer.md")
    assert document.title == "Senior Backend Engineer (Python)"
    assert document.company == "Tidemark Freight"
    assert document.location == "Portland, OR, U.S. (hybrid) or remote within the U.S."
    found = sections(document)
    assert list(found) == [
        "",
        "Responsibilities",
        "Minimum qualifications",
        "Preferred",
        "Benefits",
        "About us",
    ]
    assert found[""].startswith("Team: Carrier Platform\n\nTidemark Freight books ocean")
    assert found["Responsibilities"].split("\n")[0] == (
        "- Design, build and operate REST APIs in Python 3.11 with FastAPI and PostgreSQL."
    )


def test_the_projects_of_a_markdown_brag() -> None:
    document = read_one(FIXTURES / "brags" / "mo_okafor.md", "brag")
    assert document.title == "Mo Okafor, RN, BSN"
    assert [passage.section for passage in document.passages] == [
        "",
        "Lakemont General Hospital: Charge Nurse, Cardiac Step-Down (2021 to present)",
        "Sepsis bundle project",
        "Lakemont General Hospital: Registered Nurse, Medical-Surgical (2017 to 2021)",
        "Sunniva Home Care: Home Health Nurse (2015 to 2017)",
        "Volunteering",
    ]


@pytest.mark.parametrize(
    ("markdown", "plain"),
    [
        ("* **Led** a _small_ team", "* Led a small team"),
        ("Used [Kafka](https://kafka.example/a_(b)) daily", "Used Kafka daily"),
        ("See [the report][1].\n\n[1]: https://x.example", "See the report."),
        ("![logo](x.png) text", "logo text"),
        ("[![ci](badge.svg)](https://ci.example) passes", "ci passes"),
        ("Ran `snake_case` and `__init__.py`", "Ran snake_case and __init__.py"),
        ("**Wrote `a*b` parsers**", "Wrote a*b parsers"),
        ("Kept snake_case_names and 2 * 3 * 4", "Kept snake_case_names and 2 * 3 * 4"),
        (r"Escaped \*stars\* and \_lines\_", "Escaped *stars* and _lines_"),
        ("```python\n# no heading\nprint(1)\n```", "# no heading\nprint(1)"),
        ("> quoted\n> text", "quoted\ntext"),
        ("- [x] shipped\n- [ ] planned", "- shipped\n- planned"),
        ("a\n\n***\n\nb", "a\n\n\nb"),
        ("| Pay | Leave |\n|---|:-:|\n| $1 | 20 d |", "Pay | Leave\n$1 | 20 d"),
        ("R&amp;D <b>now</b><br>later<!-- not\nthis -->", "R&D now\nlater"),
        ("~~Old~~ <https://x.example>", "Old https://x.example"),
        ("[Note]: five years", "[Note]: five years"),
    ],
)
def test_markup_becomes_plain_text(tmp_path: Path, markdown: str, plain: str) -> None:
    path = write(tmp_path, "a.md", f"# Title\n\n## Part\n\n{markdown}\n")
    assert sections(read_one(path)) == {"Part": plain}


def test_setext_and_closed_headings_are_headings(tmp_path: Path) -> None:
    path = write(
        tmp_path, "a.md", "Welder\n======\n\nIntro.\n\nDuties\n------\nWeld.\n\n## Languages: C# ##\nC#\n"
    )
    document = read_one(path)
    assert document.title == "Welder"
    assert sections(document) == {"": "Intro.", "Duties": "Weld.", "Languages: C#": "C#"}


def test_a_later_heading_of_level_one_is_a_section(tmp_path: Path) -> None:
    document = read_one(write(tmp_path, "a.md", "# Welder\n# Duties\nWeld.\n# Pay\nGood.\n"))
    assert document.title == "Welder"
    assert sections(document) == {"Duties": "Weld.", "Pay": "Good."}


def test_front_matter_gives_the_fields_and_is_no_text(tmp_path: Path) -> None:
    front = '---\ntitle: "Welder"\ncompany: Arc\ntags:\n  - metal\n---\n'
    document = read_one(write(tmp_path, "a.md", front + "# Duties\nWeld.\n"))
    assert (document.title, document.company, sections(document)) == ("Welder", "Arc", {"Duties": "Weld."})
    document = read_one(write(tmp_path, "b.md", front + "# Welder\nWeld.\n"))
    assert (document.title, sections(document)) == ("Welder", {"": "Weld."})


def test_prose_between_rules_is_no_front_matter(tmp_path: Path) -> None:
    assert sections(read_one(write(tmp_path, "a.md", "---\nWeld all day.\n---\nCut.\n"))) == {
        "": "Weld all day.\nCut."
    }


@settings(deadline=None)
@given(st.text(st.sampled_from("#*_`[]()<>!|-=~\\ \n&;:a1"), max_size=80))
def test_markdown_of_any_marks_gives_a_document(text: str) -> None:
    assert read_text(text, "posting").source == "text"
