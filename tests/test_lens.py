"""A brag document seen through O*NET: the posting's occupation, its core tasks, its hot technologies."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from indexer.workspace import Workspace
from preprocess.errors import IndexMissing
from search_api.gap import Evidence, GapReport, Status, gap
from search_api.lens import OccupationShown, TaskShown, hot_technologies, lens, occupations_shown
from search_api.occupations import occupation
from search_api.sides import DocumentInfo, SideSentence, side_from_sentences, side_from_text

NURSE = "29-1141.00"


def core_tasks(workspace: Workspace, code: str = NURSE) -> list[str]:
    return [task.text for task in occupation(workspace, code).tasks if task.core]


def compared(workspace: Workspace, *mine: str, title: str = "Registered Nurse") -> GapReport:
    return gap(
        side_from_sentences(workspace, mine, "brag"),
        side_from_text(workspace, "Requirements\n- Epic charting\n- Nursing licence", "posting", title),
    )


def posting(report: GapReport) -> DocumentInfo:
    return report.postings.documents[0]


def test_the_posting_s_title_gives_the_occupation(workspace: Workspace) -> None:
    report = compared(workspace, "Fed calves.")
    seen = lens(workspace, report, posting(report))
    assert seen is not None
    assert (seen.occupation.code, seen.occupation.title) == (NURSE, "Registered Nurses")
    assert seen.posting == posting(report)
    assert seen.fingerprint == workspace.store.live("occupations").fingerprint.digest


def test_every_core_task_is_there_once_and_no_other(workspace: Workspace) -> None:
    [shown] = occupations_shown(workspace, compared(workspace, "Fed calves."), [NURSE])
    assert sorted(task.text for task in shown.tasks) == sorted(core_tasks(workspace))
    assert shown.marked


def test_a_task_that_stands_in_the_document_is_shown_with_its_proof(workspace: Workspace) -> None:
    done = core_tasks(workspace)[1]
    [shown] = occupations_shown(workspace, compared(workspace, "Fed calves.", done), [NURSE])
    first = shown.tasks[0]
    assert (first.text, first.status, first.evidence.sentence.text) == (done, "covered", done)
    assert shown.of("covered")[0] is first


def test_what_is_not_shown_stands_last_and_the_most_important_first(workspace: Workspace) -> None:
    [shown] = occupations_shown(workspace, compared(workspace, core_tasks(workspace)[0]), [NURSE])
    order = {"covered": 0, "partial": 1, "missing": 2}
    assert [order[task.status] for task in shown.tasks] == sorted(order[task.status] for task in shown.tasks)
    ratings = [task.importance or 0 for task in shown.of("missing")]
    assert ratings == sorted(ratings, reverse=True)


def test_a_release_s_ratings_are_read(workspace: Workspace) -> None:
    [shown] = occupations_shown(workspace, compared(workspace, "Fed calves."), [NURSE])
    rated = {task.text: task.importance for task in occupation(workspace, NURSE).tasks}
    assert all(task.importance == rated[task.text] for task in shown.tasks)


def test_several_occupations_come_in_the_order_given(workspace: Workspace) -> None:
    report = compared(workspace, "Fed calves.")
    shown = occupations_shown(workspace, report, ["35-2014.00", NURSE, "99-9999.00"])
    assert [one.code for one in shown] == ["35-2014.00", NURSE]


def test_hot_technologies_go_by_the_matcher_s_names(workspace: Workspace) -> None:
    [page] = [occupation(workspace, NURSE)]
    hot = {technology.name for technology in page.technologies if technology.hot}
    names = hot_technologies(workspace, [NURSE])[NURSE]
    assert 0 < len(names) <= len(hot)
    assert all(workspace.matcher.names(f"Experience with {name}.") or " " not in name for name in names)


def test_a_hot_technology_is_shown_by_the_first_sentence_that_names_it(workspace: Workspace) -> None:
    [name, *_] = hot_technologies(workspace, [NURSE])[NURSE]
    report = compared(workspace, "Fed calves.", "Charted it.", "Charted more.")
    named = tuple(
        replace(sentence, technologies=(name,) if "Charted" in sentence.text else ())
        for sentence in report.brag.sentences
    )
    report = replace(report, brag=replace(report.brag, sentences=named))
    seen = lens(workspace, report, posting(report))
    assert seen is not None
    assert [(found.name, found.sentence and found.sentence.text) for found in seen.named] == [
        (name, "Charted it.")
    ]
    assert name not in [found.name for found in seen.unnamed]


def test_a_posting_without_a_title_has_no_lens(workspace: Workspace) -> None:
    report = compared(workspace, "Fed calves.")
    assert lens(workspace, report, replace(posting(report), name="--")) is None


def test_without_onet_there_is_no_lens(empty_workspace: Workspace) -> None:
    report = compared(empty_workspace, "Fed calves.")
    with pytest.raises(IndexMissing):
        lens(empty_workspace, report, posting(report))


# ---- the arithmetic


def shown(*tasks: tuple[Status, float | None]) -> OccupationShown:
    proof = Evidence(0, SideSentence("Fed calves.", 0), 0.5, 0.5)
    made = tuple(
        TaskShown("Task.", rating, status, proof, np.zeros(2, np.float32)) for status, rating in tasks
    )
    return OccupationShown(NURSE, "Nurses", 4, (), made, marked=True)


@pytest.mark.parametrize(
    ("tasks", "share"),
    [
        ([("covered", None), ("missing", None)], 0.5),
        ([("covered", 3.0), ("missing", 1.0)], 0.75),
        ([("partial", 3.0), ("missing", 1.0)], 0.375),
        ([("covered", 3.0), ("missing", None)], 0.5),  # weighted only where every task has a rating
        ([], 0.0),
    ],
)
def test_the_share_weighs_tasks_by_importance(tasks: list[tuple[Status, float | None]], share: float) -> None:
    assert shown(*tasks).share == pytest.approx(share)
