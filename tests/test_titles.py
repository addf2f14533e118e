from __future__ import annotations

import csv

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preprocess.title_noise import NOISE
from preprocess.title_tables import ABBREVIATIONS, ACRONYMS, CONTEXTUAL, MISSPELLINGS
from preprocess.titles import DEFAULT_RULES, MAX_CHARACTERS, RULES, Removed, clean_title
from tests.conftest import FIXTURES

# Rule -> noise, put around "Welder" where {} stands.
NOISE_OF_A_WELDER = {
    "pay": (
        "{} $22/hr", "{} $18.50 - $21.00 per hour", "{} up to 80k", "{} EUR 50.000", "{} | £30k + bonus",
        "Earn $1,200 weekly - {}", "{} - DOE", "{} 60k-75k", "{} 25€ per hour", "{} (Weekly Pay)",
    ),
    "hours": (
        "{} - Full-Time", "Part Time {}", "{} (PT)", "{} PT", "{} FT/PT", "{} 40 hrs",
        "{} (20-25 hours/week)",
        "{} weekends", "{} M-F 8am-5pm", "{} (Mon-Fri)", "Seasonal {}", "{} - Per Diem",
        "{} PRN", "Temporary {}",
        "{}, 6 month contract", "{} - Contract", "{} 0.8 FTE", "{} 2023-2024",
    ),
    "shift": (
        "{} 2nd shift", "{} - Nights", "Overnight {}", "{} (Day Shift)", "{} 1st/2nd Shift", "{} - Days",
        "{} 12 hour shifts", "{} - Rotating Shift", "{} - Evenings", "{} Days/Nights",
    ),
    "place": (
        "{} - Dallas, TX", "{} in Fort Wayne, IN", "Remote {}", "{} (Hybrid)", "{} (Onsite)", "{} - Chicago",
        "{}, Boston, MA", "{} - California", "{} Houston TX", "{} - Fully Remote", "{} (Remote/Hybrid)",
        "{} Work From Home", "{} - TX",
    ),
    "id": (
        "{} Req #12345", "JR-00123 {}", "{} (R2345)", "{} - 90137432", "{} [00059870]",
        "{} | Job ID: 2023-4471",
        "{} (SOC CODE: 51-4121.06)", "{} 017040.002086", "{} - KBGFJG180942-8",
    ),
    "company": (
        "{} at Acme Inc", "{} @ Acme", "{} - Acme Metal LLC", "{} at Acme", "Acme Corp. | {}",
        "{} (Acme GmbH)",
    ),
    "gender": ("{} w/m/d", "{} (m/f/x)", "{} (H/F)", "{} (all genders)", "{} m/f", "{} (m|w|d)"),
    "urgency": (
        "URGENT {}", "{} - Hiring now!", "{} $5,000 sign-on bonus", "{} - Immediate start", "Now hiring: {}",
        "{} needed ASAP", "{} - No experience needed", "{} - Great Pay & Benefits", "{} (Confidential)",
        "Experienced {}", "{} - multiple openings",
    ),
    "markup": ("{}!!!", "** {} **", "<b>{}</b>", "{}&nbsp;", "“{}”"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "raw"),
    [(rule, form.format("Welder")) for rule, forms in NOISE_OF_A_WELDER.items() for form in forms],
)
def test_noise_is_taken_off(rule: str, raw: str) -> None:
    cleaned = clean_title(raw)

    assert cleaned.text == "Welder"
    assert rule in {change.rule for change in cleaned.changes}


@pytest.mark.parametrize(
    "raw",
    [
        "Hybrid Vehicle Engineer", "Remote Sensing Scientist", "Shift Supervisor", "Night Auditor",
        "Attorney at Law", "$100M Fund Manager", "Urgent Care Physician", "First/Second Grade Teacher",
        "Hiring Manager", "Temporary Help Agency Clerk", "Contract Specialist", "Co-Director",
        "Program Co-ordinator",
        "Compensation, Benefits Manager", "Physician - MD", "Senior Living Advisor",
        "Lead Abatement Worker", "Lead Miner",
        "Junior High School Teacher", "School Principal", "Sales Associate", "Chief of Staff", "Staff Nurse",
        "Associate Professor", "Team Lead", "Teacher - 5th Grade", "C++ Programmer", ".NET Developer",
        "PGY 2 Resident", "In-Home Caregiver", "Nurse Practitioner (NP)", "Nurse or Aide",
        "Bi-lingual Teacher", "NOC Engineer (NOC)",
        "Shift Manager", "Regional Director, Latin America", "24/7 Operator",
    ],
)  # fmt: skip
def test_what_belongs_to_the_occupation_stays(raw: str) -> None:
    assert clean_title(raw).text == raw


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("RN", "Registered Nurse"),
        ("R.N.", "Registered Nurse"),
        ("rn case manager", "Registered Nurse case manager"),
        ("RNs", "Registered Nurses"),
        ("HR Generalist", "Human Resources Generalist"),
        ("CDL Truck Driver", "Commercial Truck Driver"),
        ("SWE", "Software Engineer"),
        ("FP&A Analyst", "Financial Planning and Analysis Analyst"),
        ("PT", "Physical Therapist"),
        ("Outpatient PT", "Outpatient Physical Therapist"),
        ("OR Nurse", "Operating Room Nurse"),
        ("Sales Mgr", "Sales Manager"),
        ("Lab Tech", "Laboratory Technician"),
        ("Tech Support", "Technical Support"),
        ("Software Dev Eng", "Software Development Engineer"),
        ("Admin. Asst.", "Administrative Assistant"),
        ("DataScientist", "Data Scientist"),
        ("SOFTWAREENGINEER", "SOFTWARE ENGINEER"),
        ("Sofware Enginer", "Software Engineer"),
    ],
)
def test_short_joined_and_misspelt_words_are_spelt_out(raw: str, text: str) -> None:
    assert clean_title(raw).text == text


@pytest.mark.parametrize(
    ("raw", "level", "numeral", "text"),
    [
        ("Sr. Welder", "senior", "", "Welder"),
        ("Welder, Senior", "senior", "", "Welder"),
        ("Jr Welder", "junior", "", "Welder"),
        ("Mid-Level Welder", "mid", "", "Welder"),
        ("Welder (Entry-Level)", "entry", "", "Welder"),
        ("Associate Software Engineer", "associate", "", "Software Engineer"),
        ("Staff Software Engineer", "staff", "", "Software Engineer"),
        ("Lead Welder", "lead", "", "Welder"),
        ("Welding Lead", "lead", "", "Welding Lead"),
        ("Principal Engineer", "principal", "", "Principal Engineer"),
        ("Software Engineering Intern", "intern", "", "Software Engineering Intern"),
        ("Apprentice Electrician", "entry", "", "Apprentice Electrician"),
        ("Chief Engineer", "chief", "", "Chief Engineer"),
        ("Welder II", "", "2", "Welder"),
        ("Welder 3 - Nights", "", "3", "Welder"),
        ("Welder - Level 3", "", "3", "Welder"),
        ("Welder L4", "", "4", "Welder"),
        ("Engineer IV, Test", "", "4", "Engineer, Test"),
        ("Senior Welder (Level II)", "senior", "2", "Welder"),
        ("Welder 10", "", "10", "Welder"),
        ("Windows 10 Engineer", "", "", "Windows 10 Engineer"),
    ],
)
def test_level_and_numeral_are_split_off(raw: str, level: str, numeral: str, text: str) -> None:
    cleaned = clean_title(raw)

    assert (cleaned.level, cleaned.numeral, cleaned.text) == (level, numeral, text)


def test_level_and_numeral_are_told_where_their_rules_are_off() -> None:
    cleaned = clean_title("Senior Welder II", rules=())

    assert (cleaned.level, cleaned.numeral, cleaned.text) == ("senior", "2", "Senior Welder II")


def test_changes_name_the_rule_and_what_stood_there() -> None:
    cleaned = clean_title("Sr. RN - Nights ($38/hr) - Dallas, TX")

    assert cleaned.text == "Registered Nurse"
    assert cleaned.changes == (
        Removed("pay", "$38/hr"),
        Removed("shift", "Nights"),
        Removed("place", "Dallas, TX"),
        Removed("acronym", "RN"),
        Removed("level", "Sr."),
    )


def test_a_rule_that_is_left_out_does_nothing() -> None:
    assert clean_title("Welder - Nights", rules=DEFAULT_RULES - {"shift"}).text == "Welder - Nights"


@pytest.mark.parametrize(
    "raw", ["Remote", "Nights", "Senior", "$22/hr", "  Remote   Nights ", "12345", "***"]
)
def test_a_title_of_nothing_but_noise_stands_as_it_is(raw: str) -> None:
    cleaned = clean_title(raw)

    assert cleaned.text == " ".join(raw.split())
    assert cleaned.changes == ()


def test_empty_title_stays_empty() -> None:
    assert clean_title(" \t").text == ""


@pytest.mark.parametrize("form", ["{}", "{}: {}"])
def test_no_expansion_holds_a_key(form: str) -> None:
    longs = [
        *ACRONYMS.values(),
        *(long for long, _ in CONTEXTUAL.values()),
        *(long for pair in ABBREVIATIONS.values() for long in pair),
        *MISSPELLINGS.values(),
    ]
    rules = ("joined", "spelling", "abbreviation", "acronym")

    assert [long for long in longs if clean_title(form.format(long, long), rules).changes] == []


def test_noise_rules_leave_the_titles_of_onet_alone() -> None:
    with (FIXTURES / "onet" / "Alternate Titles.txt").open(encoding="utf-8", newline="") as file:
        titles = [row["Alternate Title"] for row in csv.DictReader(file, delimiter="\t")]

    assert [title for title in titles if clean_title(title, [*NOISE, "markup", "joined"]).changes] == []


PARTS = st.sampled_from(
    [form.format("") for forms in NOISE_OF_A_WELDER.values() for form in forms]
    + [
        "Registered Nurse",
        "Software Engineer",
        "Sr.",
        "II",
        "RN",
        "Mgr",
        "Tech",
        "Lead",
        "PT",
        "Dallas, TX",
        "IT",
    ]
    + [
        "(",
        ")",
        "[",
        "-",
        " - ",
        ",",
        "/",
        "|",
        "&",
        "at",
        "in",
        "for",
        "or",
        "Associate",
        "Level 3",
        "Acme Inc",
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.text(max_size=120), st.lists(PARTS, max_size=8).map(" ".join)))
def test_cleaning_twice_changes_nothing(raw: str) -> None:
    cleaned = clean_title(raw)

    assert clean_title(cleaned.text).text == cleaned.text
    assert bool(cleaned.text) == bool(raw.split())


@settings(max_examples=200, deadline=None)
@given(st.lists(PARTS, max_size=6).map(" ".join), st.sets(st.sampled_from(RULES)))
def test_any_choice_of_rules_is_stable(raw: str, rules: set[str]) -> None:
    cleaned = clean_title(raw, rules)

    assert clean_title(cleaned.text, rules).text == cleaned.text
    assert {change.rule for change in cleaned.changes} <= rules


@pytest.mark.parametrize(
    "unit",
    [
        "(",
        "- ",
        "a ",
        "1",
        "$1 ",
        "Senior ",
        "at A",
        "A b. ",
        "remote/",
        "((a))",
        "\t x",
        "RN ",
        "&amp;",
        "x, TX ",
    ],
)
def test_what_is_too_long_for_a_title_is_only_folded(unit: str) -> None:
    raw = unit * (100_000 // len(unit))

    assert clean_title(raw).changes == ()
    assert clean_title(raw[:MAX_CHARACTERS]).text
