"""Related occupations within reach, and the additions that would open the most."""

from __future__ import annotations

from dataclasses import replace

import pytest

from indexer.workspace import Workspace
from search_api.gap import GapReport, gap
from search_api.lens import Lens, lens, occupations_shown
from search_api.next_steps import OPENS, RELATED, ZONES_UP, NextSteps, next_steps
from search_api.occupations import occupation
from search_api.sides import DocumentInfo, Side, side_from_sentences

ASKED = ["Deploy with Terraform", "Terraform modules", "Write unit tests"]


def compared(
    workspace: Workspace, mine: list[str], title: str, postings: int = 1, asked: list[str] = ASKED
) -> GapReport:
    """The same sentences asked by each of the postings."""
    flat = side_from_sentences(workspace, asked * postings, "posting")
    sentences = tuple(
        replace(sentence, document=row // len(asked), role="requirement")
        for row, sentence in enumerate(flat.sentences)
    )
    infos = tuple(DocumentInfo(str(number), title) for number in range(postings))
    return gap(side_from_sentences(workspace, mine, "brag"), Side(infos, sentences, flat.dense))


def steps_of(workspace: Workspace, report: GapReport) -> tuple[Lens, NextSteps]:
    seen = lens(workspace, report, report.postings.documents[0])
    assert seen is not None
    return seen, next_steps(workspace, report, seen)


@pytest.fixture(scope="module")
def found(workspace: Workspace) -> tuple[Lens, NextSteps]:
    return steps_of(workspace, compared(workspace, ["Built REST APIs in Python."], "Software Developer", 3))


def test_only_related_occupations_are_told(found: tuple[Lens, NextSteps]) -> None:
    seen, steps = found
    assert 0 < len(steps.related) <= RELATED
    assert {step.occupation.code for step in steps.related} <= set(seen.occupation.related)


def test_the_fewest_missing_core_tasks_come_first(found: tuple[Lens, NextSteps]) -> None:
    missing = [step.missing for step in found[1].related]
    assert missing == sorted(missing)


def test_no_occupation_is_more_than_one_job_zone_up(workspace: Workspace) -> None:
    report = compared(workspace, ["Cooked."], "Licensed Practical Nurse")
    seen, steps = steps_of(workspace, report)
    zones = {
        shown.code: shown.job_zone for shown in occupations_shown(workspace, report, seen.occupation.related)
    }
    own = seen.occupation.job_zone
    assert own is not None
    for step in steps.related:
        zone = zones[step.occupation.code]
        assert zone is None or zone <= own + ZONES_UP
        assert step.zones_up == (None if zone is None else zone - own)


def test_what_the_document_shows_already_is_not_missing(workspace: Workspace) -> None:
    report = compared(workspace, ["Built REST APIs in Python."], "Software Developer")
    seen, before = steps_of(workspace, report)
    code = before.related[-1].occupation.code
    done = [task.text for task in occupation(workspace, code).tasks if task.core]
    _, after = steps_of(workspace, compared(workspace, done, "Software Developer"))
    first = after.related[0]
    assert (first.occupation.code, first.missing) == (code, 0)
    assert code in seen.occupation.related


def test_a_technology_that_postings_name_opens_them(found: tuple[Lens, NextSteps]) -> None:
    openers = {opener.text: opener for opener in found[1].openers}
    assert (openers["Terraform"].kind, openers["Terraform"].postings) == ("technology", 3)
    assert found[1].postings == 3


def test_a_technology_that_the_document_names_opens_nothing(workspace: Workspace) -> None:
    _, steps = steps_of(workspace, compared(workspace, ["Ran Terraform."], "Software Developer", 3))
    assert "Terraform" not in {opener.text for opener in steps.openers}


def test_what_opens_one_door_only_is_left_out(found: tuple[Lens, NextSteps]) -> None:
    counts = [opener.occupations + opener.postings for opener in found[1].openers]
    assert counts == sorted(counts, reverse=True)
    assert min(counts) >= OPENS


def test_a_missing_task_that_a_posting_asks_for_would_raise_its_fit(workspace: Workspace) -> None:
    seen, _ = steps_of(workspace, compared(workspace, ["Cooked."], "Software Developer"))
    task = seen.occupation.of("missing")[0].text
    report = compared(workspace, ["Cooked."], "Software Developer", 2, [task])
    _, steps = steps_of(workspace, report)
    assert {opener.text: opener.postings for opener in steps.openers}.get(task) == 2
