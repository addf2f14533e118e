"""The REST API over the real app: what each route answers, and what it says about itself."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
from starlette.testclient import TestClient

from indexer.workspace import Workspace
from search_api.app import create_app
from search_api.batch import Coded
from search_api.findings import findings
from search_api.gap import gap
from search_api.gap_reply import GapReply
from search_api.replies import CodedRow
from search_api.settings import ServeSettings
from search_api.sides import side_from_text

Json = dict[str, Any]


def post(client: TestClient, path: str, **body: Any) -> Json:
    response = client.post(path, json=body)
    assert response.status_code == 200, response.text
    reply: Json = response.json()
    return reply


@pytest.fixture(scope="module")
def nurse_posting(client: TestClient) -> str:
    """The id of the stored nurse's posting."""
    found = post(client, "/v1/search", collection="postings", queries=["bedside handoff nurse"], top_k=1)
    id: str = found["results"][0]["hits"][0]["payload"]["document_id"]
    return id


@pytest.fixture(scope="module")
def nurse_brag(client: TestClient) -> str:
    """The id of the stored nurse's brag document."""
    found = post(client, "/v1/search", collection="brags", queries=["charge nurse"], top_k=1)
    id: str = found["results"][0]["hits"][0]["payload"]["document_id"]
    return id


# ---- classify


def test_titles_are_coded_in_the_order_they_came(client: TestClient) -> None:
    reply = post(
        client, "/v1/classify", queries=["line cook", {"title": "RN, ICU"}, "journeyman electrician"]
    )
    assert [result["candidates"][0]["code"] for result in reply["results"]] == [
        "35-2014",
        "29-1141",
        "47-2111",
    ]
    assert [result["query"]["title"] for result in reply["results"]] == [
        "line cook",
        "RN, ICU",
        "journeyman electrician",
    ]
    assert reply["level"] == 6


def test_a_candidate_shows_who_voted(client: TestClient) -> None:
    first = post(client, "/v1/classify", queries=["staff nurse"], evidence=2)["results"][0]["candidates"][0]
    assert first["title"] == "Registered Nurses"
    assert first["occupation"] == "29-1141.00"
    assert [evidence["code"] for evidence in first["evidence"]] == ["29-1141.00", "29-1141.00"]
    assert set(first["votes"]) == {"neighbours", "vector", "description", "letters"}
    assert first["votes"]["neighbours"] > 0.5


def test_the_sentences_of_a_body_count(client: TestClient) -> None:
    body = "Check that finished work meets the electrical code. Pull wire through conduit."
    queries = ["Technician", {"title": "Technician", "body": body}]
    alone, with_body = post(client, "/v1/classify", queries=queries, top_k=50)["results"]
    electricians: list[Json] = [
        next(
            (candidate for candidate in result["candidates"] if candidate["code"] == "47-2111"), {"score": 0}
        )
        for result in (alone, with_body)
    ]
    assert electricians[1]["score"] > 2 * electricians[0]["score"]
    assert (alone["query"]["has_body"], with_body["query"]["has_body"]) == (False, True)


@pytest.mark.parametrize(
    ("level", "code"), [(2, "29"), (3, "29-1"), (5, "29-114"), (6, "29-1141"), (8, "29-1141.00")]
)
def test_codes_roll_up_to_the_level(client: TestClient, level: int, code: str) -> None:
    reply = post(client, "/v1/classify", queries=["registered nurse"], level=level, top_k=1)
    assert [candidate["code"] for candidate in reply["results"][0]["candidates"]] == [code]


def test_scores_have_four_decimals_and_votes_four_figures(client: TestClient) -> None:
    text = client.post("/v1/classify", json={"queries": ["senior python developer"]}).text
    assert not re.search(r"\d\.\d{5,}", re.sub(r'"vote":[^,}]*', "", text))
    votes = re.findall(r'"vote":([^,}]*)', text)
    assert all(float(vote) > 0 and float(vote) == float(f"{float(vote):.4g}") for vote in votes)


def test_a_row_of_a_batch_keeps_its_columns_and_says_why_it_has_no_answer() -> None:
    coded = CodedRow.of(Coded({"title": "??", "id": "7", "note": "half \ud800"}, None, "expected a title"))
    assert json.loads(coded.model_dump_json()) == {
        "row": {"title": "??", "id": "7", "note": "half ?"},
        "error": "expected a title",
        "fingerprint": "",
        "result": None,
    }


# ---- search


@pytest.mark.parametrize("mode", ["dense", "lexical", "hybrid"])
def test_each_mode_finds_the_sentence(client: TestClient, mode: str) -> None:
    reply = post(client, "/v1/search", collection="postings", queries=["signs of sepsis"], mode=mode, top_k=3)
    assert "sepsis" in reply["results"][0]["hits"][0]["text"]


def test_a_hit_names_its_document_but_not_its_place_on_the_disk(client: TestClient) -> None:
    hit = post(client, "/v1/search", collection="postings", queries=["signs of sepsis"], top_k=1)["results"][
        0
    ]["hits"][0]
    assert hit["payload"]["source"] == "registered_nurse_medsurg.md"
    assert not {"hash", "tenant", "text"} & set(hit["payload"])


def test_nothing_found_is_an_empty_list(client: TestClient) -> None:
    reply = post(client, "/v1/search", collection="postings", queries=["cook"], filter={"company": "Nobody"})
    assert reply["results"] == [{"query": "cook", "hits": []}]
    reply = post(client, "/v1/search", collection="postings", queries=["xylophone"], mode="lexical")
    assert reply["results"][0]["hits"] == []


def test_a_score_threshold_leaves_lower_hits_out(client: TestClient) -> None:
    asked: Json = {"collection": "occupations", "queries": ["registered nurse"], "top_k": 50}
    every = post(client, "/v1/search", **asked)["results"][0]["hits"]
    some = post(client, "/v1/search", **asked, score_threshold=0.7)["results"][0]["hits"]
    assert some == [hit for hit in every if hit["score"] >= 0.7]
    assert 0 < len(some) < len(every)


@pytest.mark.parametrize(
    ("filter", "kept"),
    [
        ({"soc2": "29"}, lambda payload: payload["soc2"] == "29"),
        ({"soc2!": "29"}, lambda payload: payload["soc2"] != "29"),
        ({"source": ["task", "title"]}, lambda payload: payload["source"] in ("task", "title")),
        ({"index": {"lte": 2}}, lambda payload: payload["index"] <= 2),
        ({"index": {"gte": 1, "lte": 2}, "soc2": "29"}, lambda payload: payload["index"] in (1, 2)),
        ({"index": 0}, lambda payload: payload["index"] == 0),
        ({"index": [0, 1]}, lambda payload: payload["index"] in (0, 1)),
    ],
)
def test_a_filter_keeps_what_it_says(client: TestClient, filter: Json, kept: Any) -> None:
    asked: Json = {"collection": "occupations", "queries": ["nurse"], "top_k": 20}
    hits = post(client, "/v1/search", **asked, filter=filter)["results"][0]["hits"]
    assert hits
    assert all(kept(hit["payload"]) for hit in hits)


def test_brag_documents_of_another_tenant_are_never_found(workspace: Workspace) -> None:
    store = workspace.store_settings.model_copy(update={"tenant": "somebody-else"})
    other = Workspace(
        workspace.model_settings, store, {"encoder": workspace.encoder, "store": workspace.store}
    )
    with TestClient(create_app(other, ServeSettings())) as client:
        asked: Json = {"collection": "brags", "queries": ["nurse"]}
        assert post(client, "/v1/search", **asked)["results"][0]["hits"] == []
        assert post(client, "/v1/search", **asked, filter={"tenant": "local"})["results"][0]["hits"] == []


# ---- match and gap


def test_match_pairs_sentences_both_ways(client: TestClient) -> None:
    reply = post(
        client,
        "/v1/match",
        a={"text": "You will bake bread at night. You write Python services."},
        b={"sentences": ["Wrote backend services in Python.", "Baked 400 loaves a night."]},
        top_k=1,
    )
    assert [(pair["text"], pair["partners"][0]["text"]) for pair in reply["forward"]] == [
        ("You will bake bread at night.", "Baked 400 loaves a night."),
        ("You write Python services.", "Wrote backend services in Python."),
    ]
    assert [pair["partners"][0]["text"] for pair in reply["backward"]] == [
        "You write Python services.",
        "You will bake bread at night.",
    ]
    assert reply["fingerprint"] == ""


def test_given_sentences_are_not_split(client: TestClient) -> None:
    sentences = ["One thing. And another.", "- a bullet"]
    reply = post(client, "/v1/match", a={"sentences": sentences}, b={"text": "Anything at all."})
    assert [pair["text"] for pair in reply["forward"]] == sentences


def test_match_reads_stored_documents(client: TestClient, nurse_posting: str, nurse_brag: str) -> None:
    reply = post(
        client,
        "/v1/match",
        a={"document": {"kind": "posting", "id": nurse_posting}},
        b={"document": {"kind": "brag", "id": nurse_brag}},
    )
    assert len(reply["fingerprint"]) == 12
    assert all(len(pair["partners"]) == 3 for pair in reply["forward"])


def test_the_nurse_fits_the_nurses_posting_best(
    client: TestClient, nurse_posting: str, nurse_brag: str
) -> None:
    brag = {"document": {"kind": "brag", "id": nurse_brag}}
    reply = post(client, "/v1/gap", brag=brag, postings={"all": True}, top=2)
    assert reply["postings_compared"] == 12
    assert reply["ranking"][0]["id"] == nurse_posting
    assert [posting["rank"] for posting in reply["postings"]] == [1, 2]
    assert len(reply["ranking"]) == 12


@pytest.mark.parametrize("form", ["ids", "filter", "text"])
def test_a_gap_takes_postings_in_every_form(
    client: TestClient, nurse_posting: str, nurse_brag: str, form: str
) -> None:
    text = "Requirements\n- Registered nurse license\n- Python\nBenefits\n- Dental insurance"
    forms: Mapping[str, Json] = {
        "ids": {"ids": [nurse_posting]},
        "filter": {"filter": {"document_id": nurse_posting}},
        "text": {"text": text, "title": "Nurse who codes"},
    }
    brag = {"document": {"kind": "brag", "id": nurse_brag}}
    reply = post(client, "/v1/gap", brag=brag, postings=forms[form])
    assert reply["postings_compared"] == 1
    assert (reply["fingerprint"] == "") == (form == "text")
    if form == "text":
        assert reply["ranking"][0]["name"] == "Nurse who codes"
        assert reply["missing_technologies"] == [{"name": "Python", "postings": 1}]
        assert reply["postings"][0]["not_asked"] == 1
    else:
        assert reply["ranking"][0]["id"] == nurse_posting


def test_thresholds_decide_what_is_covered(client: TestClient) -> None:
    sides: Json = {
        "brag": {"text": "Wrote backend services in Python."},
        "postings": {"text": "You write Python services."},
    }
    counts = {
        covered: post(client, "/v1/gap", **sides, thresholds={"covered": covered, "partial": 0.1})[
            "postings"
        ][0]["counts"]
        for covered in (0.1, 1.0)
    }
    assert counts[0.1] == {"covered": 1, "partial": 0, "missing": 0}
    assert counts[1.0] == {"covered": 0, "partial": 1, "missing": 0}


def test_themes_and_top_bound_the_reply(client: TestClient, nurse_brag: str) -> None:
    brag = {"document": {"kind": "brag", "id": nurse_brag}}
    reply = post(client, "/v1/gap", brag=brag, postings={"all": True}, top=1, themes=2)
    assert len(reply["postings"]) == 1
    assert len(reply["missing_themes"]) == 2
    assert len(reply["missing_technologies"]) == 2


def test_the_route_answers_what_the_model_of_the_command_line_prints(
    client: TestClient, workspace: Workspace
) -> None:
    brag, posting = "Wrote Python services.", "You write Python. You know Kafka."
    response = client.post("/v1/gap", json={"brag": {"text": brag}, "postings": {"text": posting}})
    report = gap(side_from_text(workspace, brag, "brag"), side_from_text(workspace, posting, "posting"))
    assert response.text == GapReply.of(report, findings(workspace, report)).model_dump_json()


def test_findings_may_be_left_out(client: TestClient) -> None:
    sides = {"brag": {"text": "Wrote Python services."}, "postings": {"text": "You write Python."}}
    assert post(client, "/v1/gap", **sides, findings=False)["findings"] is None
    assert post(client, "/v1/gap", **sides)["findings"]["fluff"]["total"] == 1


# ---- limits from the settings


@pytest.mark.parametrize(
    ("limit", "path", "body", "words"),
    [
        ({"max_queries": 1}, "/v1/classify", {"queries": ["cook", "nurse"]}, "at most 1 queries"),
        ({"max_results": 9}, "/v1/classify", {"queries": ["cook"]}, "at most 9 results"),
        (
            {"max_sentences": 1},
            "/v1/match",
            {"a": {"text": "Wrote Go. Wrote Python."}, "b": {"text": "Go."}},
            "at most 1 sentences in one text, found 2",
        ),
        (
            {"max_pairs": 11},
            "/v1/gap",
            {"brag": {"sentences": ["Wrote Go."]}, "postings": {"all": True}},
            "at most 11 pairs",
        ),
    ],
)
def test_a_limit_of_the_settings_is_told(
    workspace: Workspace, limit: Json, path: str, body: Json, words: str
) -> None:
    with TestClient(create_app(workspace, ServeSettings(**limit))) as client:
        response = client.post(path, json=body)
    assert response.status_code == 422
    assert words in response.json()["detail"]


# ---- occupations and state


def test_occupations_are_found_by_meaning_and_by_code(client: TestClient) -> None:
    found = client.get("/v1/occupations", params={"query": "staff nurse", "top_k": 3}).json()
    assert found["occupations"][0]["code"] == "29-1141.00"
    found = client.get("/v1/occupations", params={"query": "15-205"}).json()
    assert [line["code"] for line in found["occupations"]] == ["15-2051.00", "15-2051.01"]


@pytest.mark.parametrize("code", ["47-2111.00", "47-2111", "47211100"])
def test_an_occupation_is_one_page(client: TestClient, code: str) -> None:
    page = client.get(f"/v1/occupations/{code}").json()
    assert page["title"] == "Electricians"
    assert page["code"] == "47-2111.00"
    assert page["description"].startswith("Installs and repairs wiring, panels")
    assert page["tasks"]
    assert all(set(related) == {"code", "title"} for related in page["related"])


def test_collections_say_what_they_were_made_with(client: TestClient) -> None:
    collections = client.get("/v1/collections").json()["collections"]
    assert [collection["name"] for collection in collections] == ["occupations", "postings", "brags"]
    assert collections[0]["fingerprint"]["source"] == "O*NET 27.0 Database (joblens fixture)"
    assert collections[0]["fingerprint"]["dimension"] == 384
    classified = post(client, "/v1/classify", queries=["cook"])
    assert classified["fingerprint"] == collections[0]["fingerprint"]["digest"]


def test_it_is_ready_with_all_collections_live(client: TestClient) -> None:
    reply = client.get("/ready").json()
    assert reply["ready"] is True
    assert [state["state"] for state in reply["collections"]] == ["live", "live", "live"]


def test_version_names_the_model_and_its_weights(client: TestClient) -> None:
    reply = client.get("/version").json()
    assert reply["weights_sha256"] == "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
    assert reply["schema_version"] == 2
