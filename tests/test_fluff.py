"""Sentences that say little: the ranking judged on labelled ones, its reasons, its hints, its outputs."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
from starlette.testclient import TestClient

from indexer.workspace import Workspace
from joblens.fluff_command import print_fluff
from search_api.filler import filler_in
from search_api.fluff import FLUFF, WEIGHTS, FluffReport, fluff, rank
from search_api.sides import DocumentInfo, Side, SideSentence, side_from_sentences
from tests.command_line import joblens
from tests.conftest import FIXTURES
from tests.gap_samples import HOSTILE
from tests.terminal import WIDTHS, console, printed

THIN = FIXTURES / "brags" / "sam_lindqvist.docx"


def labelled(part: str) -> list[tuple[str, bool]]:
    with (FIXTURES / "fluff.csv").open(encoding="utf-8", newline="") as file:
        return [(row["text"], row["fluff"] == "yes") for row in csv.DictReader(file) if row["part"] == part]


def judged(workspace: Workspace, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Scores of labelled sentences, and whether each is fluff."""
    rows = labelled(part)
    report = fluff(workspace, side_from_sentences(workspace, [text for text, _ in rows], "brag"))
    scores = np.zeros(len(rows))
    for found in report.sentences:
        scores[found.row] = found.score
    return scores, np.array([is_fluff for _, is_fluff in rows])


def report_of(workspace: Workspace, *sentences: str, top: int | None = None) -> FluffReport:
    return fluff(workspace, side_from_sentences(workspace, sentences, "brag"), top=top)


# ---- how well it tells


def test_unseen_fluff_is_told_from_honest_sentences(workspace: Workspace) -> None:
    scores, is_fluff = judged(workspace, "judge")
    pairs = scores[is_fluff][:, None] - scores[~is_fluff]
    assert float(np.mean((pairs > 0) + 0.5 * (pairs == 0))) >= 0.93


def test_the_threshold_tells_most_unseen_sentences_right(workspace: Workspace) -> None:
    scores, is_fluff = judged(workspace, "judge")
    assert float(np.mean((scores >= FLUFF) == is_fluff)) >= 0.85


def test_an_honest_unseen_sentence_without_a_number_is_not_fluff(workspace: Workspace) -> None:
    scores, is_fluff = judged(workspace, "judge")
    assert not (scores[~is_fluff] >= FLUFF).any()


def test_no_labelled_sentence_is_in_both_halves() -> None:
    assert not set(labelled("dev")) & set(labelled("judge"))


# ---- what it says


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "Responsible for various tasks.",
            [("weak", "Responsible for"), ("vague", "various"), ("vague", "tasks")],
        ),
        ("A PROVEN track  record.", [("praise", "PROVEN track  record")]),
        ("Rewired the strongroom.", []),
        ("Non-professional actors.", []),
    ],
)  # fmt: skip
def test_filler_is_found_whole_and_longest_first(text: str, found: list[tuple[str, str]]) -> None:
    assert list(filler_in(text)) == found


def side(*sentences: SideSentence) -> Side:
    return Side((DocumentInfo("b", "brag"),), sentences, np.eye(len(sentences), 8, dtype=np.float32))


def test_a_score_is_the_sum_of_its_parts() -> None:
    sentences = [
        SideSentence("Various tasks.", 0),
        SideSentence("Rewired 3 barns.", 0, technologies=("AutoCAD",)),
        SideSentence("The barns stood.", 0),
    ]
    ranked = rank(side(*sentences), np.array([1.0, 0.0, 0.0], np.float32))
    assert [found.row for found in ranked] == [0, 2, 1]
    assert [found.score for found in ranked] == pytest.approx(
        [1.0, WEIGHTS["outcome"] + WEIGHTS["number"] + WEIGHTS["technology"], 0.0]
    )


def test_the_reasons_name_the_filler_and_what_is_not_there() -> None:
    [found] = rank(
        side(SideSentence("Responsible for various tasks at a fast-paced site.", 0)), np.zeros(1, np.float32)
    )
    assert found.reasons == (
        "62% of its words are filler",
        "says that you were there, not what you did: responsible for",
        "vague: various, tasks",
        "stock phrase: fast-paced",
        "does not say what came of it",
        "no number, no technology",
    )
    assert found.filler == ("Responsible for", "various", "tasks", "fast-paced")


def test_a_sentence_that_says_much_has_nothing_against_it() -> None:
    text = SideSentence("Cut the bill by 40% with Terraform.", 0, technologies=("Terraform",))
    [found] = rank(side(text), np.zeros(1, np.float32))
    assert found.reasons == ()


# ---- hints


def test_the_hint_is_the_nearest_task_and_its_occupation(workspace: Workspace) -> None:
    task, code, title = task_of_the_index(workspace)
    [found] = report_of(workspace, task).sentences
    assert found.hint is not None
    assert (found.hint.text, found.hint.code, found.hint.occupation) == (task, code, title)
    assert found.hint.score == pytest.approx(1.0, abs=0.02)


def task_of_the_index(workspace: Workspace) -> tuple[str, str, str]:
    from indexer.store import where
    from search_api.occupations import occupation

    page = next(iter(workspace.store.scroll("occupations", filter=where(source="task"))))
    first = page.payloads[0]
    return first["text"], first["code"], occupation(workspace, first["code"]).title


def test_a_sentence_about_no_work_at_all_is_far_from_every_task(workspace: Workspace) -> None:
    [found] = report_of(workspace, "Xyzzy plugh quux.").sentences
    assert "far from every task that O*NET lists" in found.reasons


def test_only_what_is_asked_for_is_shown_and_all_is_counted(workspace: Workspace) -> None:
    report = report_of(
        workspace, "Hard-working team player.", "Rewired 3 barns.", "A passionate go-getter.", top=1
    )
    assert (len(report.sentences), report.count, report.total) == (1, 2, 3)


def test_without_onet_there_are_no_hints_and_it_says_so(empty_workspace: Workspace) -> None:
    report = report_of(empty_workspace, "Hard-working team player.")
    assert report.sentences[0].hint is None
    assert report.sentences[0].score > FLUFF
    assert "joblens index onet" in report.no_hints
    assert report.fingerprint == ""


# ---- outputs


def test_the_route_answers_as_the_function_does(client: TestClient, workspace: Workspace) -> None:
    given = ["Hard-working team player.", "Rewired 3 barns."]
    reply = client.post("/v1/fluff", json={"brag": {"sentences": given}}).json()
    report = report_of(workspace, *given)
    assert [sentence["text"] for sentence in reply["sentences"]] == given
    assert [sentence["rank"] for sentence in reply["sentences"]] == [1, 2]
    assert reply["sentences"][0]["reasons"] == list(report.sentences[0].reasons)
    assert (reply["total"], reply["count"], reply["fingerprint"]) == (2, 1, report.fingerprint)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"brag": {"text": " "}}, 422),
        ({"brag": {"text": "Wrote Go.", "kind": "posting"}}, 422),
        ({"brag": {"sentences": []}}, 422),
        ({"brag": {"text": "Wrote Go."}, "top_k": 0}, 422),
        ({"brag": {"text": "Wrote Go."}, "top": 1}, 422),
        ({}, 422),
    ],
)
def test_the_route_refuses_what_it_cannot_read(
    client: TestClient, body: dict[str, object], status: int
) -> None:
    response = client.post("/v1/fluff", json=body)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.usefixtures("indexed_home")
def test_the_command_ranks_a_file() -> None:
    ran = joblens("fluff", THIN, "--top", "2")
    assert ran.code == 0
    assert ran.out.startswith("Sam Lindqvist\n")
    assert "of 12 sentences say little." in ran.told
    assert "vague: wide variety, important, tasks, multiple" in ran.told
    assert "more; --top shows them" in ran.told


@pytest.mark.usefixtures("indexed_home")
def test_the_command_s_json_is_the_rest_reply(client: TestClient) -> None:
    ran = joblens("fluff", "text:Hard-working team player. Rewired 3 barns.", "--json")
    posted = client.post("/v1/fluff", json={"brag": {"text": "Hard-working team player. Rewired 3 barns."}})
    assert json.loads(ran.out) == posted.json()


@pytest.mark.usefixtures("empty_home")
def test_the_command_works_without_an_index() -> None:
    ran = joblens("fluff", "text:Hard-working team player.")
    assert ran.code == 0
    assert "joblens index onet" in ran.told


@pytest.mark.usefixtures("empty_home")
@pytest.mark.parametrize("arguments", [("nowhere.txt",), ("text: ",), ("text:Wrote Go.", "--top", "0")])
def test_the_command_refuses_what_it_cannot_read(arguments: tuple[str, ...]) -> None:
    assert joblens("fluff", *arguments).code == 1


@pytest.mark.parametrize("width", WIDTHS)
def test_the_command_keeps_to_the_width_and_obeys_no_markup(workspace: Workspace, width: int) -> None:
    into = console(width)
    report = report_of(workspace, HOSTILE, "A proven track record of success.")
    print_fluff(into, replace(report, sentences=tuple(replace(one, score=1.0) for one in report.sentences)))
    text = printed(into)
    assert max(map(len, text.split("\n"))) <= width
    assert "[red]bold[/red]" in " ".join(text.split())
    assert not any(ord(character) < 32 and character != "\n" for character in text)
