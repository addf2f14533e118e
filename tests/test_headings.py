from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preprocess.headings import inline_role, is_heading, role_of_heading

HEADINGS = [
    "Responsibilities",
    "Responsibilities:",
    "responsibilities:",
    "## Requirements",
    "# Senior Backend Engineer (Python)",
    "**Nice to have**",
    "Minimum Qualifications",
    "KNOWLEDGE, SKILLS AND ABILITIES",
    "What you’ll do",
    "What you'll do day-to-day",
    "Who we are",
    "Why join us?",
    "About Bright Anvil",
    "About the job",
    "You will:",
    "THE WORK",
    "WHAT WE ASK",
    "GOOD TO KNOW",
    "Our benefits include:",
    "How to apply",
    "Education/Experience",
    "Duties & Responsibilities",
    "Job Description :",
    "Compensation",
    "Equal Opportunity Employer",
    "Databases:",
    "Nice-to-haves",
]

NO_HEADINGS = [
    "",
    "   ",
    "Python",
    "SQL",
    "Docker",
    "Rust",
    "REST API",
    "AWS",
    "CI/CD",
    "HTML, CSS, JAVASCRIPT",
    "N/A",
    "EXCELLENT COMMUNICATION SKILLS",
    "Communication skills",
    "Requirements gathering",
    "Dental insurance",
    "Bright Anvil Electric, LLC",
    "Spokane, Washington",
    "experience",
    "Must be punctual",
    "• Responsibilities",
    "- Skills",
    "1. Benefits",
    "We pay for your benefits.",
    "At least one of the following:",
    "Location: Boise, ID",
    "What we value most is a person who asks before they build",
    "Do you like trains?",
    "The preferred",
    "5 years of experience",
]

ROLES = [
    ("Responsibilities", "duty"),
    ("What you'll do", "duty"),
    ("What you’ll do:", "duty"),
    ("Duties", "duty"),
    ("Day to day", "duty"),
    ("jobDuties", "duty"),
    ("Essential functions", "duty"),
    ("You will:", "duty"),
    ("Minimum Qualifications", "requirement"),
    ("minimum_qualifications", "requirement"),
    ("Requirements", "requirement"),
    ("What you bring", "requirement"),
    ("What you must have", "requirement"),
    ("Must have", "requirement"),
    ("Skills", "requirement"),
    ("WHAT WE ASK", "requirement"),
    ("Who we're looking for", "requirement"),
    ("Physical demands", "requirement"),
    ("Preferred Qualifications", "preferred"),
    ("Desired skills", "preferred"),
    ("Nice to have", "preferred"),
    ("Bonus points", "preferred"),
    ("Skills that are a plus", "preferred"),
    ("Pluses", "preferred"),
    ("About us", "company"),
    ("Who we are", "company"),
    ("Our company", "company"),
    ("company_profile", "company"),
    ("About the team", "company"),
    ("About Bright Anvil", "company"),
    ("About you", "requirement"),
    ("Ability to:", "requirement"),
    ("Benefits", "benefits"),
    ("Compensation", "benefits"),
    ("Pay range", "benefits"),
    ("Perks", "benefits"),
    ("What we offer", "benefits"),
    ("What you get", "benefits"),
    ("Why join us?", "benefits"),
    ("Bonus", "benefits"),
    ("Equal opportunity", "legal"),
    ("EEO Statement", "legal"),
    ("Disclaimer", "legal"),
    ("How to apply", "apply"),
    ("Application process", "apply"),
    ("Description", ""),
    ("About the job", ""),
    ("title", ""),
    ("Payments platform", ""),
    ("Skillsoft", ""),
    ("", ""),
]


@pytest.mark.parametrize("line", HEADINGS)
def test_a_section_heading_is_recognised(line: str) -> None:
    assert is_heading(line)


@pytest.mark.parametrize("line", NO_HEADINGS)
def test_a_list_item_or_sentence_is_no_heading(line: str) -> None:
    assert not is_heading(line)


@pytest.mark.parametrize(("heading", "role"), ROLES)
def test_role_of_heading(heading: str, role: str) -> None:
    assert role_of_heading(heading) == role


def test_a_role_written_into_the_sentence_is_read_off() -> None:
    assert inline_role("Preferred: Java and Kotlin") == ("preferred", "Java and Kotlin")
    assert inline_role("Benefits: We offer: tea") == ("benefits", "We offer: tea")
    assert inline_role("Our rule: tests come first") == ("", "Our rule: tests come first")
    assert inline_role("Requirements:") == ("", "Requirements:")


@settings(derandomize=True)
@given(st.text(max_size=300))
def test_any_text_can_be_asked(text: str) -> None:
    assert role_of_heading(text) in {
        "duty",
        "requirement",
        "preferred",
        "company",
        "benefits",
        "legal",
        "apply",
        "",
    }
    assert not (is_heading(text) and len(text.strip()) > 100)
    assert not is_heading("• " + text)


@settings(derandomize=True)
@given(st.sampled_from([heading for heading, _ in ROLES]))
def test_capitals_and_a_colon_do_not_change_the_role(heading: str) -> None:
    assert role_of_heading(heading.replace("jobDuties", "job duties").upper() + ":") == role_of_heading(
        heading
    )
