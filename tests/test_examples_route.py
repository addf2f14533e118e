"""``GET /v1/occupations/{code}/examples``: what O*NET gives for a code, filtered and in pages."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from indexer.workspace import Workspace
from preprocess.errors import InvalidParameter
from search_api.app import create_app
from search_api.occupations import occupation
from search_api.page_tokens import MAX_TOKEN_CHARS, page_token, place_of
from search_api.settings import ServeSettings
from tests.problem_shape import assert_problem

NURSES = "/v1/occupations/29-1141.00/examples"


def examples(client: TestClient, path: str = NURSES, **parameters: Any) -> dict[str, Any]:
    response = client.get(path, params=parameters)
    assert response.status_code == 200, response.text
    reply: dict[str, Any] = response.json()
    return reply


def of_source(reply: dict[str, Any], source: str) -> list[str]:
    return [each["text"] for each in reply["examples"] if each["source"] == source]


def test_all_titles_and_tasks_are_there_each_with_its_source(
    client: TestClient, workspace: Workspace
) -> None:
    page, reply = occupation(workspace, "29-1141.00"), examples(client)
    assert (reply["code"], reply["title"]) == ("29-1141.00", "Registered Nurses")
    assert of_source(reply, "title") == ["Registered Nurses"]
    assert of_source(reply, "alternate") == list(page.alternate_titles)
    assert of_source(reply, "reported") == list(page.reported_titles)
    assert sorted(of_source(reply, "task")) == sorted(task.text for task in page.tasks)
    assert reply["total"] == len(reply["examples"])
    assert reply["next"] is None


def test_the_reply_names_the_index(client: TestClient, workspace: Workspace) -> None:
    assert examples(client)["fingerprint"] == workspace.store.live("occupations").fingerprint.digest


def test_six_digits_stand_for_their_occupation(client: TestClient) -> None:
    assert examples(client, "/v1/occupations/29-1141/examples") == examples(client)


@pytest.mark.parametrize("prefix", ["nurs", "NURS", "Nurs"])
def test_a_prefix_is_looked_for_in_any_case(client: TestClient, prefix: str) -> None:
    everything = [(each["text"], each["source"]) for each in examples(client)["examples"]]
    expected = [each for each in everything if each[0].lower().startswith("nurs")]
    found = examples(client, prefix=prefix)
    assert expected
    assert [(each["text"], each["source"]) for each in found["examples"]] == expected
    assert found["total"] == len(expected)


def test_a_prefix_that_nothing_has_leaves_an_empty_list(client: TestClient) -> None:
    found = examples(client, prefix="zzz")
    assert (found["examples"], found["total"], found["next"]) == ([], 0, None)


def test_sources_are_chosen(client: TestClient) -> None:
    both = examples(client, source=["reported", "title"])
    assert {each["source"] for each in both["examples"]} == {"reported", "title"}
    assert {each["source"] for each in examples(client, source="task")["examples"]} == {"task"}


@pytest.mark.parametrize("limit", [1, 4, 7])
def test_pages_hold_everything_once_and_in_order(client: TestClient, limit: int) -> None:
    whole = examples(client)
    found: list[Any] = []
    token: str | None = ""
    while token is not None:
        reply = examples(client, limit=limit, page=token)
        assert 1 <= len(reply["examples"]) <= limit
        assert reply["total"] == whole["total"]
        found += reply["examples"]
        token = reply["next"]
    assert found == whole["examples"]


def test_a_token_of_another_question_is_refused(client: TestClient) -> None:
    token = examples(client, limit=2)["next"]
    assert examples(client, limit=3, page=token)["examples"] == examples(client)["examples"][2:5]
    for path, more in ((NURSES, {"prefix": "n"}), ("/v1/occupations/15-1252.00/examples", {})):
        response = client.get(path, params={"page": token, **more})
        assert "leave it out" in assert_problem(response, 422, "invalid-parameter")["detail"]


@pytest.mark.parametrize("token", ["x", "MTA", "é", "=", "MTAuMA", "A" * MAX_TOKEN_CHARS])
def test_a_made_up_token_is_422(client: TestClient, token: str) -> None:
    assert_problem(client.get(NURSES, params={"page": token}), 422, "invalid-parameter")


@pytest.mark.parametrize(
    "parameters",
    [{"source": "technology"}, {"limit": 0}, {"limit": 1_001}, {"prefix": "x" * 1_001}, {"page": "x" * 201}],
)
def test_bad_parameters_are_422(client: TestClient, parameters: dict[str, Any]) -> None:
    assert_problem(client.get(NURSES, params=parameters), 422, "invalid-parameter")


@pytest.mark.parametrize("code", ["15-9999.00", "99-1141", "cook", "15-205"])
def test_an_unknown_code_is_404_as_for_the_occupation_itself(client: TestClient, code: str) -> None:
    own = assert_problem(client.get(f"/v1/occupations/{code}"), 404, "unknown-code")
    assert assert_problem(client.get(f"/v1/occupations/{code}/examples"), 404) == own


def test_without_an_index_it_is_503(empty_workspace: Workspace) -> None:
    with TestClient(create_app(empty_workspace, ServeSettings())) as client:
        assert "joblens index onet" in assert_problem(client.get(NURSES), 503, "index-missing")["detail"]


# ---- page tokens

QUESTIONS = st.lists(st.text(max_size=20), max_size=4)


@given(place=st.integers(0, 10**18 - 1), question=QUESTIONS)
@settings(derandomize=True, database=None)
def test_a_token_names_its_place(place: int, question: list[str]) -> None:
    token = page_token(place, question)
    assert place_of(token, question) == place
    assert len(token) <= MAX_TOKEN_CHARS


@given(token=st.text(min_size=1, max_size=60), question=QUESTIONS)
@settings(derandomize=True, database=None)
def test_no_text_is_a_token_by_chance(token: str, question: list[str]) -> None:
    with pytest.raises(InvalidParameter):
        place_of(token, question)
