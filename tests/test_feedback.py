"""Feedback: kept once, for one tenant, through crashes and two writers; exported as rows to learn from."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from indexer.settings import StoreSettings
from indexer.workspace import Workspace
from preprocess.errors import StoreCorrupt
from search_api.app import create_app
from search_api.feedback import FILE, Feedback, FeedbackBook
from search_api.keys import KeyRing, Role
from search_api.settings import ServeSettings
from tests.command_line import assert_error, joblens
from tests.conftest import REPOSITORY
from tests.problem_shape import assert_problem

ACCEPTED = {
    "title": "RN, nights",
    "predicted": {"code": "29-1141", "score": 0.91, "fingerprint": "5b8a2f0c91d4"},
    "verdict": "accepted",
}
CORRECTED = {
    "title": "Grill person",
    "predicted": {"code": "35-2014.00"},
    "verdict": "corrected",
    "code": "291141",
    "note": "a ward's kitchen",
}
COOK = Feedback("line cook", "35-2014", "accepted", "35-2014")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def api(workspace: Workspace, home: Path) -> Iterator[TestClient]:
    """The app over the shared index, with a data directory of its own."""
    parts = {"encoder": workspace.encoder, "store": workspace.whole_store}
    opened = Workspace(workspace.model_settings, StoreSettings(home=home), parts)
    with TestClient(create_app(opened, ServeSettings()), base_url="http://localhost") as client:
        yield client


def give(api: TestClient, **feedback: Any) -> dict[str, Any]:
    response = api.post("/v1/feedback", json=feedback)
    assert response.status_code == 200, response.text
    reply: dict[str, Any] = response.json()
    return reply


def kept(api: TestClient, **headers: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = api.get("/v1/feedback", headers=headers).json()["feedback"]
    return rows


def exported(api: TestClient) -> list[dict[str, Any]]:
    return [json.loads(line) for line in api.get("/v1/feedback/export").text.splitlines()]


# ---- over REST


def test_an_accepted_code_is_kept_with_all_that_was_sent(api: TestClient) -> None:
    reply = give(api, **ACCEPTED)
    assert (reply["code"], reply["created"], reply["changed"]) == ("29-1141", True, True)
    [row] = kept(api)
    assert row.pop("time").endswith("+00:00")
    assert row == {
        "id": reply["id"],
        "title": "RN, nights",
        "body": None,
        "predicted": "29-1141",
        "score": 0.91,
        "fingerprint": "5b8a2f0c91d4",
        "verdict": "accepted",
        "code": "29-1141",
        "note": "",
    }


def test_a_corrected_code_is_kept_in_its_usual_form(api: TestClient) -> None:
    assert give(api, **CORRECTED)["code"] == "29-1141"
    [row] = kept(api)
    assert (row["predicted"], row["code"], row["note"]) == ("35-2014.00", "29-1141", "a ward's kitchen")


def test_the_same_feedback_twice_changes_nothing_and_the_reply_says_so(api: TestClient) -> None:
    first, before = give(api, **ACCEPTED), kept(api)
    second = give(api, **ACCEPTED)
    assert second == {**first, "created": False, "changed": False}
    assert kept(api) == before


def test_another_judgement_of_the_same_text_takes_the_place_of_the_first(api: TestClient) -> None:
    first = give(api, **ACCEPTED)
    second = give(api, **{**ACCEPTED, "verdict": "corrected", "code": "29-1141.00"})
    assert second == {"id": first["id"], "code": "29-1141.00", "created": False, "changed": True}
    assert [row["code"] for row in kept(api)] == ["29-1141.00"]


def test_a_client_may_give_ids_of_its_own_and_keep_two_judgements_of_a_text(api: TestClient) -> None:
    for id in ("a:1", "a:2"):
        assert give(api, **ACCEPTED, id=id)["id"] == id
    assert [row["id"] for row in kept(api)] == ["a:1", "a:2"]


def test_a_body_is_kept_only_where_it_is_sent(api: TestClient) -> None:
    without, with_body = give(api, **ACCEPTED), give(api, **ACCEPTED, body="Give medicines at night.")
    assert without["id"] != with_body["id"]
    assert [row["body"] for row in kept(api)] == [None, "Give medicines at night."]


@pytest.mark.parametrize(
    ("changes", "status", "type", "told"),
    [
        ({"verdict": "corrected"}, 422, "invalid-parameter", "a corrected code another one"),
        ({"code": "35-2014"}, 422, "invalid-parameter", "an accepted code is the predicted one"),
        ({"verdict": "corrected", "code": "15-99"}, 422, "invalid-parameter", "six digits or eight"),
        ({"verdict": "corrected", "code": "15-9999"}, 404, "unknown-code", "15-9999"),
        ({"verdict": "corrected", "code": "29-1141.77"}, 404, "unknown-code", "29-1141.77"),
        ({"verdict": "corrected", "code": "cook"}, 404, "unknown-code", "cook"),
        ({"predicted": {"code": "99"}}, 404, "unknown-code", "99"),
        ({"title": "?!"}, 422, "empty-query", "no letter or digit"),
        ({"title": ""}, 422, "invalid-parameter", "body.title"),
        ({"verdict": "maybe"}, 422, "invalid-parameter", "body.verdict"),
        ({"id": "a b"}, 422, "invalid-parameter", "body.id"),
        ({"note": "x" * 2_001}, 422, "invalid-parameter", "body.note"),
        ({"predicted": {"code": "29-1141", "score": 1.5}}, 422, "invalid-parameter", "predicted.score"),
        ({"tenant": "other"}, 422, "invalid-parameter", "body.tenant"),
    ],
)
def test_what_cannot_be_learnt_from_is_refused_and_not_kept(
    api: TestClient, changes: dict[str, Any], status: int, type: str, told: str
) -> None:
    response = api.post("/v1/feedback", json={**ACCEPTED, **changes})
    problem = assert_problem(response, status, type)
    assert told in json.dumps(problem)
    assert kept(api) == []


def test_without_an_index_no_code_can_be_checked(empty_workspace: Workspace) -> None:
    with TestClient(create_app(empty_workspace, ServeSettings()), base_url="http://localhost") as client:
        assert_problem(client.post("/v1/feedback", json=ACCEPTED), 503, "index-missing")


@pytest.mark.parametrize("limit", [1, 2, 3, 5])
def test_pages_hold_every_judgement_once_in_the_order_of_arrival(api: TestClient, limit: int) -> None:
    for number in range(5):
        give(api, **{**ACCEPTED, "title": f"nurse {number}"})
    give(api, **{**ACCEPTED, "title": "nurse 1", "note": "looked at again"})
    titles: list[str] = []
    token: str | None = ""
    while token is not None:
        page = api.get("/v1/feedback", params={"limit": limit, "page": token}).json()
        assert 1 <= len(page["feedback"]) <= limit
        titles += [row["title"] for row in page["feedback"]]
        token = page["next"]
    assert titles == [f"nurse {number}" for number in range(5)]


def test_a_made_up_page_token_is_422(api: TestClient) -> None:
    assert_problem(api.get("/v1/feedback", params={"page": "abc"}), 422, "invalid-parameter")


def test_the_export_is_rows_to_train_on_that_do_not_tell_whose_they_were(api: TestClient) -> None:
    give(api, **ACCEPTED)
    give(api, **CORRECTED, body="Cook eggs.\nServe them.", id="acme-7")
    response = api.get("/v1/feedback/export")
    assert response.headers["content-type"].startswith("application/x-ndjson")
    assert exported(api) == [
        {"title": "RN, nights", "code": "29-1141", "source": "feedback"},
        {
            "title": "Grill person",
            "code": "29-1141",
            "source": "feedback",
            "description": "Cook eggs.\nServe them.",
        },
    ]


def test_an_export_of_nothing_is_empty(api: TestClient) -> None:
    response = api.get("/v1/feedback/export")
    assert (response.status_code, response.text) == (200, "")


def test_an_erased_judgement_is_gone_and_erasing_again_is_no_error(api: TestClient) -> None:
    id = give(api, **ACCEPTED)["id"]
    give(api, **CORRECTED)
    assert api.delete(f"/v1/feedback/{id}").json() == {"id": id, "erased": True}
    assert api.delete(f"/v1/feedback/{id}").json() == {"id": id, "erased": False}
    assert [row["title"] for row in kept(api)] == ["Grill person"]


# ---- who may


def key(home: Path, tenant: str, role: Role) -> dict[str, str]:
    return {"X-API-Key": KeyRing(home).create(tenant, role)[0]}


def test_a_reader_gives_none_a_writer_lists_none_an_admin_does_both(api: TestClient, home: Path) -> None:
    reader, writer, admin = (key(home, "acme", role) for role in ("reader", "writer", "admin"))
    assert_problem(api.post("/v1/feedback", json=ACCEPTED, headers=reader), 403, "forbidden")
    assert_problem(api.delete("/v1/feedback/x", headers=reader), 403, "forbidden")
    assert api.post("/v1/feedback", json=ACCEPTED, headers=writer).status_code == 200
    for path in ("/v1/feedback", "/v1/feedback/export"):
        assert_problem(api.get(path, headers=writer), 403, "forbidden")
        assert api.get(path, headers=admin).status_code == 200


def test_no_tenant_sees_exports_or_erases_anothers(api: TestClient, home: Path) -> None:
    acme, other = key(home, "acme", "admin"), key(home, "other", "admin")
    id = api.post("/v1/feedback", json=ACCEPTED, headers=acme).json()["id"]
    assert kept(api, **other) == []
    assert api.get("/v1/feedback/export", headers=other).text == ""
    assert api.delete(f"/v1/feedback/{id}", headers=other).json()["erased"] is False
    token = api.get("/v1/feedback", params={"limit": 1}, headers=acme).json()["next"]
    assert token is None
    assert [row["id"] for row in kept(api, **acme)] == [id]


def test_a_page_token_of_another_tenant_is_refused(api: TestClient, home: Path) -> None:
    acme, other = key(home, "acme", "admin"), key(home, "other", "admin")
    for title in ("a nurse", "another nurse"):
        api.post("/v1/feedback", json={**ACCEPTED, "title": title}, headers=acme)
    token = api.get("/v1/feedback", params={"limit": 1}, headers=acme).json()["next"]
    assert_problem(api.get("/v1/feedback", params={"page": token}, headers=other), 422)


# ---- the file


def test_only_its_owner_may_read_the_file(home: Path) -> None:
    FeedbackBook(home, "acme").give(COOK)
    with sqlite3.connect(home / FILE) as reader:  # keeps SQLite's own files there
        reader.execute("SELECT count(*) FROM feedback").fetchone()
        FeedbackBook(home, "acme").give(Feedback("chef", "35-1011", "accepted", "35-1011"))
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in home.iterdir()}
    reader.close()
    assert modes == dict.fromkeys([FILE, f"{FILE}-shm", f"{FILE}-wal"], 0o600)


def test_what_was_erased_is_not_in_the_files_any_more(home: Path) -> None:
    book = FeedbackBook(home, "acme")
    book.give(Feedback("sommelier of the north wing", "35-3031", "accepted", "35-3031"))
    book.give(COOK)
    assert b"north wing" in b"".join(path.read_bytes() for path in home.iterdir())
    assert book.erase() == 2
    assert b"north wing" not in b"".join(path.read_bytes() for path in home.iterdir())


def test_erasing_a_tenant_leaves_the_others(home: Path) -> None:
    acme, other = FeedbackBook(home, "acme"), FeedbackBook(home, "other")
    acme.give(COOK)
    other.give(COOK)
    assert acme.erase() == 1
    assert acme.read() == []
    assert [row.feedback.title for row in other.read()] == ["line cook"]


def test_a_file_that_is_no_database_is_told_by_name(home: Path) -> None:
    home.mkdir()
    (home / FILE).write_bytes(b"no database at all, " * 100)
    with pytest.raises(StoreCorrupt, match=r"feedback\.sqlite3 in the data directory should hold"):
        FeedbackBook(home, "acme").read()


def test_a_damaged_file_is_a_problem_and_the_rest_of_the_service_lives(api: TestClient, home: Path) -> None:
    home.mkdir(exist_ok=True)
    (home / FILE).write_bytes(b"no database at all, " * 100)
    assert_problem(api.get("/v1/feedback/export"), 500, "store-corrupt")
    assert_problem(api.post("/v1/feedback", json=ACCEPTED), 500, "store-corrupt")
    assert api.get("/v1/occupations/29-1141").status_code == 200


def test_many_threads_write_one_judgement_once(home: Path) -> None:
    def write(_: int) -> bool:
        return FeedbackBook(home, "acme").give(COOK).created

    with ThreadPoolExecutor(8) as pool:
        created = list(pool.map(write, range(24)))
    assert sum(created) == 1
    assert len(FeedbackBook(home, "acme").read()) == 1


WRITER = """
import sys
from pathlib import Path
from search_api.feedback import Feedback, FeedbackBook
home, who, many = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
for number in range(many):
    FeedbackBook(home, "acme").give(Feedback(f"{who} {number}", "35-2014", "accepted", "35-2014"))
    print(number, flush=True)
"""


def writer(home: Path, who: str, many: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(home), who, str(many)],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
    )


def test_two_processes_write_at_once_and_no_row_is_lost(home: Path) -> None:
    processes = [writer(home, who, 30) for who in ("one", "two")]
    for process in processes:
        process.communicate(timeout=120)
        assert process.returncode == 0
    titles = {row.feedback.title for row in FeedbackBook(home, "acme").read()}
    assert titles == {f"{who} {number}" for who in ("one", "two") for number in range(30)}


def test_what_was_acknowledged_survives_a_kill(home: Path) -> None:
    with writer(home, "one", 100_000) as process:
        assert process.stdout is not None
        acknowledged = [int(process.stdout.readline()) for _ in range(20)]
        process.send_signal(signal.SIGKILL)
        acknowledged += [int(line) for line in process.stdout.read().splitlines()]
    titles = [row.feedback.title for page in FeedbackBook(home, "acme").pages() for row in page]
    assert titles[: len(acknowledged)] == [f"one {number}" for number in acknowledged]
    assert len(titles) <= len(acknowledged) + 1
    assert FeedbackBook(home, "acme").give(COOK).created


# ---- the command line


def test_the_exported_csv_is_judged_by_evaluate_titles(indexed_home: Path, tmp_path: Path) -> None:
    book = FeedbackBook(indexed_home, "export-test")
    book.give(Feedback("Line cook, nights", "35-2014", "accepted", "35-2014"))
    book.give(Feedback("RN", "35-2014", "corrected", "29-1141.00", body='Give "medicines",\nchart.'))
    table = tmp_path / "labels.csv"
    ran = joblens("feedback", "export", "--tenant", "export-test", "--out", table)
    assert ran.code == 0, ran.told
    assert "wrote 2 judgements of tenant export-test" in ran.told
    judged = joblens("evaluate", "titles", table, "--no-baselines", "--json")
    assert judged.code == 0, judged.told
    report = json.loads(judged.out)
    assert (report["n"], report["acc@1"]) == (2, 1.0)
    assert book.erase() == 2


def test_the_exported_jsonl_is_that_of_the_rest_api(empty_home: Path, tmp_path: Path) -> None:
    FeedbackBook(empty_home, "acme").give(Feedback("Köchin", "35-2014", "accepted", "35-2014"))
    lines = tmp_path / "rows.jsonl"
    assert joblens("feedback", "export", "--tenant", "acme", "--out", lines).code == 0
    assert lines.read_text(encoding="utf-8") == (
        '{"title": "Köchin", "code": "35-2014", "source": "feedback"}\n'
    )


def test_without_a_tenant_the_one_of_the_settings_is_exported(empty_home: Path, tmp_path: Path) -> None:
    FeedbackBook(empty_home, "local").give(COOK)
    ran = joblens("feedback", "export", "--out", tmp_path / "rows.jsonl")
    assert "wrote 1 judgement of tenant local" in ran.told


def test_another_format_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    ran = joblens("feedback", "export", "--out", tmp_path / "rows.txt")
    assert_error(ran, "The format is not supported", ".csv or .jsonl")
    assert not (tmp_path / "rows.txt").exists()


def test_erase_takes_all_of_a_tenant(empty_home: Path) -> None:
    FeedbackBook(empty_home, "acme").give(COOK)
    assert joblens("feedback", "erase", "--tenant", "acme").out == "erased 1 judgement of tenant acme\n"
    assert joblens("feedback", "erase", "--tenant", "acme").out == "erased 0 judgements of tenant acme\n"
