"""Occupation look-up over the fixture release: votes, levels, evidence, batches."""

from __future__ import annotations

import io
import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.workspace import Workspace
from preprocess.errors import EmptyQuery, IndexMissing, InvalidParameter, UnknownCode
from preprocess.soc import code_at_level
from search_api.batch import Coded, by_need, classify_rows, rows_of, write_rows
from search_api.classify import Classification, JobQuery, classify
from search_api.confidence import SET_THRESHOLD, ReviewRule
from search_api.occupations import find_occupations, occupation
from search_api.opinions import SHARPNESS, WEIGHTS
from tests.conftest import FIXTURES
from workbench.evaluate import judge, read_labelled_titles


def one(workspace: Workspace, query: JobQuery | str, **options: Any) -> Classification:
    return next(classify(workspace, [query], **options))


def test_a_title_that_the_release_has_is_found_first(workspace: Workspace) -> None:
    first = one(workspace, "Registered Nurses").candidates[0]
    assert (first.code, first.title, first.occupation, first.rank) == (
        "29-1141", "Registered Nurses", "29-1141.00", 1,
    )  # fmt: skip
    assert first.evidence[0].text == "Registered Nurses"
    assert first.evidence[0].score == pytest.approx(1.0, abs=5e-3)


@pytest.mark.parametrize(
    ("level", "code"), [(2, "15"), (3, "15-1"), (5, "15-125"), (6, "15-1252"), (8, "15-1252.00")]
)
def test_votes_roll_up_to_the_level_asked_for(workspace: Workspace, level: int, code: str) -> None:
    assert one(workspace, "Senior Software Developer", level=level).candidates[0].code == code


def test_a_major_group_is_called_by_its_own_name(workspace: Workspace) -> None:
    assert one(workspace, "Software Developer", level=2).candidates[0].title == "Computer and Mathematical"


@pytest.mark.parametrize("level", [2, 3, 5, 6, 8])
def test_scores_are_probabilities_at_every_level(workspace: Workspace, level: int) -> None:
    answer = one(workspace, JobQuery("Nurse", "Give medication to patients."), top_k=1_000, level=level)
    assert sum(candidate.score for candidate in answer.candidates) == pytest.approx(1.0, abs=1e-4)
    scores = [candidate.score for candidate in answer.candidates]
    assert scores == sorted(scores, reverse=True)


def test_a_vote_is_the_soft_vote_of_the_cosine(workspace: Workspace) -> None:
    neighbour = one(workspace, "Night Nurse").candidates[0].evidence[0]
    assert neighbour.vote == pytest.approx(math.exp(SHARPNESS * (neighbour.score - 1)))


def test_each_source_shares_itself_out_over_all_codes(workspace: Workspace) -> None:
    answer = one(workspace, "Night Nurse", top_k=1_000)
    for source in WEIGHTS:
        shares = [candidate.votes[source] for candidate in answer.candidates]
        assert sum(shares) == pytest.approx(1.0, abs=1e-4)


def test_a_code_shorter_by_a_level_has_the_probability_of_what_is_inside_it(workspace: Workspace) -> None:
    whole = one(workspace, "Systems Administrator", top_k=1_000)
    group = one(workspace, "Systems Administrator", level=2).candidates[0]
    inside = sum(candidate.score for candidate in whole.candidates if candidate.code.startswith(group.code))
    assert group.score == pytest.approx(inside, abs=1e-4)


BODY = "Responsibilities\n- Wire new outlets and panels.\n- Test circuits and replace breakers."


def test_the_sentences_of_the_body_count(workspace: Workspace) -> None:
    def score(query: JobQuery) -> float:
        candidates = one(workspace, query, top_k=1_000).candidates
        return next(candidate.score for candidate in candidates if candidate.code == "47-2111")

    assert score(JobQuery("Specialist", BODY)) > 3 * score(JobQuery("Specialist"))


def test_each_body_of_a_batch_stays_with_its_title(workspace: Workspace) -> None:
    care = "Responsibilities\n- Give medication to patients.\n- Chart vital signs each shift."
    nothing = "Benefits\n- Dental insurance for everyone."
    queries = [JobQuery("Specialist", body) for body in (care, "", BODY, nothing)]
    codes = [answer.candidates[0].code for answer in classify(workspace, queries, top_k=1)]
    alone = [one(workspace, query, top_k=1).candidates[0].code for query in queries]
    assert codes == alone
    assert codes[2] == "47-2111"
    assert codes[1] == codes[3]
    assert len(set(codes)) == 3


def test_the_tasks_that_the_body_is_near_to_are_evidence(workspace: Workspace) -> None:
    answer = one(workspace, JobQuery("Specialist", BODY), evidence=5)
    electrician = next(candidate for candidate in answer.candidates if candidate.code == "47-2111")
    assert any(neighbour.source == "task" for neighbour in electrician.evidence)


def test_the_clean_title_is_looked_up_and_the_level_kept(workspace: Workspace) -> None:
    answer = one(workspace, "Sr. RN II - Nights ($38/hr)")
    assert (answer.clean.text, answer.clean.level, answer.clean.numeral) == (
        "Registered Nurse",
        "senior",
        "2",
    )
    assert answer.candidates == one(workspace, "Registered Nurse").candidates


def test_confidence_is_the_probability_of_the_first(workspace: Workspace) -> None:
    answer = one(workspace, "Electrician")
    assert answer.confidence == answer.candidates[0].score > 0.8
    assert not answer.abstained


def test_words_that_name_no_job_are_not_claimed(workspace: Workspace) -> None:
    answer = one(workspace, "Purple sky under the seventh moon")
    assert answer.abstained
    assert answer.review


def test_a_rule_of_review_may_be_given(workspace: Workspace) -> None:
    [answer] = classify(workspace, ["Electrician"], review=ReviewRule(score=1.0))
    assert answer.review
    [answer] = classify(workspace, ["Purple sky"], review=ReviewRule(score=0.0, margin=0.0))
    assert not answer.review


def test_the_prediction_set_holds_the_first_code_and_all_likely_ones(workspace: Workspace) -> None:
    answer = one(workspace, "Technician", top_k=1_000)
    likely = {candidate.code for candidate in answer.candidates if candidate.score >= SET_THRESHOLD}
    assert set(answer.prediction_set) == likely | {answer.candidates[0].code}
    assert len(likely) > 1


@pytest.mark.parametrize("level", [2, 8])
def test_the_prediction_set_is_of_the_level_asked_for(workspace: Workspace, level: int) -> None:
    six = one(workspace, "Technician").prediction_set
    other = one(workspace, "Technician", level=level).prediction_set
    assert {code_at_level(code, min(level, 6)) for code in other} == {
        code_at_level(code, min(level, 6)) for code in six
    }


def test_the_lead_says_which_source_spoke_for_the_first(workspace: Workspace) -> None:
    answer = one(workspace, "Electrician")
    assert set(answer.lead) == set(WEIGHTS)
    assert sum(answer.lead.values()) > 0


def test_a_body_without_asked_sentences_changes_nothing(workspace: Workspace) -> None:
    body = "Benefits\n- Dental insurance for everyone."
    assert (
        one(workspace, JobQuery("Electrician", body)).candidates == one(workspace, "Electrician").candidates
    )


def test_margin_is_the_lead_of_the_first(workspace: Workspace) -> None:
    answer = one(workspace, "Welder")
    assert answer.margin == pytest.approx(answer.candidates[0].score - answer.candidates[1].score)
    assert one(workspace, "Welder", top_k=1).margin == pytest.approx(answer.margin)


def test_answers_come_in_the_order_of_the_queries(workspace: Workspace) -> None:
    titles = ["Welder", "Lawyer", "Welder", "Baker"]
    answers = list(classify(workspace, titles, top_k=1))
    assert [answer.query.title for answer in answers] == titles
    assert [answer.candidates[0].code for answer in answers] == ["51-4121", "23-1011", "51-4121", "51-3011"]


def test_most_of_our_own_labelled_titles_are_right(workspace: Workspace) -> None:
    labels = read_labelled_titles(FIXTURES / "titles.csv")
    answers = [
        [candidate.code for candidate in answer.candidates]
        for answer in classify(workspace, [label.title for label in labels])
    ]
    ranking = judge(answers, labels)
    assert ranking.accuracy_at(1) >= 0.75
    assert ranking.accuracy_at(5) >= 0.85


@pytest.mark.parametrize("top_k", [0, 1_000_000])
def test_top_k_out_of_range_is_refused(workspace: Workspace, top_k: int) -> None:
    with pytest.raises(InvalidParameter, match="top_k must be from 1 to 1000"):
        one(workspace, "Nurse", top_k=top_k)


def test_an_unknown_level_is_refused_with_the_known_ones(workspace: Workspace) -> None:
    with pytest.raises(InvalidParameter, match="2, 3, 5, 6, 8, found 4"):
        one(workspace, "Nurse", level=4)


@pytest.mark.parametrize("title", ["", "   ", "--- !!!", "\N{PILE OF POO}"])
def test_a_title_without_words_is_refused(workspace: Workspace, title: str) -> None:
    with pytest.raises(EmptyQuery):
        one(workspace, title)


def test_without_an_index_the_command_that_makes_it_is_named(empty_workspace: Workspace) -> None:
    with pytest.raises(IndexMissing, match="joblens index onet PATH"):
        one(empty_workspace, "Nurse")


@settings(max_examples=40, deadline=None)
@given(st.text(min_size=1, max_size=200).filter(lambda text: any(map(str.isalnum, text))))
def test_any_title_gets_valid_codes(workspace: Workspace, title: str) -> None:
    answer = one(workspace, title.encode("utf-8", "replace").decode(), top_k=3)
    assert len(answer.candidates) == 3
    for candidate in answer.candidates:
        assert candidate.code == code_at_level(candidate.occupation, 6)
        assert 0 < candidate.score <= 1


# ---- batches


def coded(workspace: Workspace, text: str, form: str, **options: str) -> list[Coded]:
    return list(classify_rows(workspace, rows_of(io.StringIO(text), form), **options))  # type: ignore[arg-type]


def test_a_csv_comes_out_in_order_with_its_own_columns(workspace: Workspace) -> None:
    rows = coded(workspace, "id,Job Title\n7,Welder\n8,\n9,Lawyer\n", "csv")
    out = io.StringIO()
    assert write_rows(rows, out, "csv", lambda _: "") == 1
    lines = out.getvalue().splitlines()
    assert lines[0] == (
        "id,Job Title,code,occupation,score,margin,abstained,review,prediction_set,clean_title,seniority,"
        "numeral,alternatives,error"
    )
    assert [line.split(",")[:3] for line in lines[1:]] == [["7", "Welder", "51-4121"], ["8", "", ""],
                                                           ["9", "Lawyer", "23-1011"]]  # fmt: skip
    assert "expected a title" in lines[2]


def test_bad_jsonl_lines_become_errors_in_their_place(workspace: Workspace) -> None:
    rows = coded(workspace, '{"title": "Welder"}\n{broken\n[1]\n"Lawyer"\n', "jsonl")
    assert [row.error[:28] for row in rows] == [
        "",
        "line 2 is not valid JSON: Ex",
        "line 3: expected a JSON obje",
        "",
    ]
    assert rows[3].answer is not None
    assert json.dumps(rows[1].row) == '{"line": "{broken"}'


def test_a_ragged_row_is_an_error_and_keeps_its_cells(workspace: Workspace) -> None:
    [good, ragged] = coded(workspace, "title,place\nWelder,Rome\nBaker\n", "csv")
    assert good.error == ""
    assert (ragged.row["title"], ragged.error) == ("Baker", "row 2 has not as many cells as the header")


def test_a_column_that_is_not_there_is_named_with_those_that_are(workspace: Workspace) -> None:
    with pytest.raises(InvalidParameter, match="no column 'jobs'; found: title, place"):
        coded(workspace, "title,place\nWelder,Rome\n", "csv", title_column="jobs")
    with pytest.raises(InvalidParameter, match=r"--title-column .*\(found: name, place\)"):
        coded(workspace, "name,place\nWelder,Rome\n", "csv")


def test_a_body_column_brings_task_votes(workspace: Workspace) -> None:
    line = json.dumps({"title": "Specialist", "text": "Duties\nWire new outlets and test circuits."})
    [row] = coded(workspace, line, "jsonl", body_column="text")
    assert row.answer is not None
    found = [neighbour for candidate in row.answer.candidates for neighbour in candidate.evidence]
    assert any(neighbour.source == "task" for neighbour in found)


def test_by_need_the_least_sure_comes_first_and_errors_before_all(workspace: Workspace) -> None:
    rows = coded(workspace, "title\nElectrician\nPurple sky\n---\n", "csv")
    assert [row.row["title"] for row in by_need(rows)] == ["---", "Purple sky", "Electrician"]


# ---- occupations


def test_an_occupation_page_holds_everything(workspace: Workspace) -> None:
    page = occupation(workspace, "15-1252")
    assert (page.code, page.title, page.job_zone) == ("15-1252.00", "Software Developers", 4)
    assert len(page.alternate_titles) >= 8
    assert len(page.tasks) >= 6
    assert len(page.technologies) >= 5
    importance = [task.importance or 0 for task in page.tasks if task.core]
    assert importance == sorted(importance, reverse=True)
    assert [technology.hot for technology in page.technologies] == sorted(
        (technology.hot for technology in page.technologies), reverse=True
    )
    assert all(code != page.code for code, _ in page.related)


def test_an_unknown_code_names_what_is_near(workspace: Workspace) -> None:
    with pytest.raises(UnknownCode, match=r"15-1259.00; near it: 15-1252.00 Software Developers, 15-1253"):
        occupation(workspace, "15-1259.00")


def test_a_code_of_several_occupations_asks_which(workspace: Workspace) -> None:
    with pytest.raises(UnknownCode, match="stands for 12 occupations"):
        occupation(workspace, "15")


def test_occupations_are_found_by_words_and_by_code(workspace: Workspace) -> None:
    assert find_occupations(workspace, "nurse", top_k=1)[0].code == "29-1141.00"
    assert [found.code for found in find_occupations(workspace, "29-11")] == ["29-1123.00", "29-1141.00"]
