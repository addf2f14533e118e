"""Compound requirements, part by part."""

import pytest

from preprocess.requirements import RequirementPart, checked, parts_of, satisfied

BRAG = [
    ("Built claims reports in Python.", ("Python",)),
    ("MSc in statistics.", ()),
    ("Three years of Python at a bank.", ("Python",)),
    ("Licensed practical nurse.", ()),
]


def judged(text: str, *technologies: str, near: int = 2) -> dict[str, str]:
    parts = checked(parts_of(text, technologies), BRAG, [BRAG[near][0]])
    return {part.text: part.status for part in parts}


def met(text: str, *technologies: str) -> bool:
    return satisfied(checked(parts_of(text, technologies), BRAG, []))


@pytest.mark.parametrize(
    ("text", "technologies", "groups"),
    [
        ("Python, Spark or Hive", ("Python", "Apache Spark", "Hive"), [0, 0, 0]),
        ("SQL and Tableau", ("SQL", "Tableau"), [0, 1]),
        ("SQL, Python and R", ("SQL", "Python", "R"), [0, 1, 2]),
        ("Python and Spark or Hive", ("Python", "Apache Spark", "Hive"), [0, 1, 1]),
        ("At least one of Java, Go, and C#", ("Java", "Go", "C#"), [0, 0, 0]),
        ("AWS/GCP", ("AWS", "GCP"), [0, 0]),
        ("BLS and PALS", (), [0, 1]),
    ],
)
def test_alternatives_share_a_group(text: str, technologies: tuple[str, ...], groups: list[int]) -> None:
    assert [part.group for part in parts_of(text, technologies)] == groups


def test_an_or_list_is_met_by_one() -> None:
    assert met("Python, Spark or Hive", "Python", "Apache Spark", "Hive")


def test_an_and_list_is_met_only_by_all() -> None:
    assert not met("Python and Tableau", "Python", "Tableau")
    assert judged("Python and Tableau", "Python", "Tableau") == {"Python": "shown", "Tableau": "missing"}


def test_examples_need_not_be_there() -> None:
    assert met("A tool such as Jira or Asana", "Jira", "Asana")
    assert not met("Jira or Asana", "Jira", "Asana")


@pytest.mark.parametrize(
    ("text", "near", "status"),
    [
        ("2+ years of Python", 2, "shown"),
        ("5+ years of Python", 2, "missing"),
        ("5+ years", 0, "not checked"),
    ],
)
def test_years_are_checked_where_the_near_sentences_state_some(text: str, near: int, status: str) -> None:
    [part] = [part for part in checked(parts_of(text), BRAG, [BRAG[near][0]]) if part.kind == "years"]
    assert part.status == status


def test_a_higher_degree_shows_a_lower_one_with_its_sentence() -> None:
    [part] = checked(parts_of("Bachelor's degree required"), BRAG, [])
    assert part == RequirementPart("degree", "bachelor's degree", "shown", proof="MSc in statistics.")


def test_a_degree_is_not_checked_where_none_is_stated() -> None:
    [part] = checked(parts_of("Bachelor's degree required"), BRAG[:1], [])
    assert part.status == "not checked"
    assert satisfied([part])


def test_a_lower_licence_does_not_show_a_higher_one() -> None:
    [part] = checked(parts_of("Registered nurse"), BRAG, [])
    assert (part.status, part.proof) == ("missing", "Licensed practical nurse.")


def test_of_two_steps_of_a_ladder_the_lower_is_asked() -> None:
    assert [part.text for part in parts_of("RN or LPN")] == ["practical nurse"]


def test_a_sentence_without_names_has_no_parts() -> None:
    assert parts_of("Bake bread with care.") == ()
