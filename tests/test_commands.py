"""The commands end to end, in this process: what they print, where, and with which exit status."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from joblens import cli
from tests.conftest import FIXTURES, REPOSITORY

Run = Callable[..., tuple[int, str, str]]
BRAG = str(FIXTURES / "brags" / "dana_reyes.yaml")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command line; gives the exit status, standard output and standard error."""

    def call(*arguments: str, home: Path | None = None) -> tuple[int, str, str]:
        if home is not None:
            monkeypatch.setenv("JOBLENS_HOME", str(home))
        monkeypatch.setenv("COLUMNS", "100")
        monkeypatch.setattr(sys, "argv", ["joblens", *arguments])
        try:
            cli.main()
            status = 0
        except SystemExit as end:
            status = int(end.code or 0)
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return call


def test_classify_prints_the_code_and_the_evidence(run: Run, indexed_home: Path) -> None:
    status, out, _ = run("classify", "Registered Nurse", home=indexed_home)
    assert status == 0
    assert "29-1141" in out
    assert "because" in out


def test_classify_json_is_the_rest_reply(run: Run, indexed_home: Path) -> None:
    _, out, _ = run(
        "classify", "Welder", "Lawyer", "--top-k", "1", "--level", "2", "--json", home=indexed_home
    )
    reply = json.loads(out)
    assert [result["candidates"][0]["code"] for result in reply["results"]] == ["51", "23"]
    assert reply["level"] == 2


def test_a_batch_keeps_every_row_in_order(run: Run, indexed_home: Path, tmp_path: Path) -> None:
    source, target = tmp_path / "jobs.csv", tmp_path / "coded.csv"
    source.write_text("id,title\n1,Welder\n2,\n3,Baker\n", encoding="utf-8")
    status, _, _ = run("classify", str(source), "--out", str(target), home=indexed_home)
    rows = list(csv.DictReader(io.StringIO(target.read_text(encoding="utf-8"))))
    assert [(row["id"], row["code"]) for row in rows] == [("1", "51-4121"), ("2", ""), ("3", "51-3011")]
    assert rows[1]["error"]
    assert status == 0


def test_search_filters_and_thresholds(run: Run, indexed_home: Path) -> None:
    asked = ["search", "on-call rotation", "--json", "--filter", "company=Tidemark Freight"]
    _, out, _ = run(*asked, home=indexed_home)
    hits = json.loads(out)["results"][0]["hits"]
    assert {hit["payload"]["company"] for hit in hits} == {"Tidemark Freight"}
    _, out, _ = run(*asked, "--score-threshold", "0.99")
    assert json.loads(out)["results"][0]["hits"] == []


def test_gap_against_all_stored_postings(run: Run, indexed_home: Path) -> None:
    _, out, _ = run("gap", BRAG, "--json", "--top", "12", home=indexed_home)
    reply = json.loads(out)
    assert reply["postings_compared"] == 12
    assert [posting["rank"] for posting in reply["postings"]] == list(range(1, 13))
    assert reply["ranking"][0]["name"] == "Senior Backend Engineer (Python)"


def test_gap_writes_markdown_and_one_html_file(run: Run, indexed_home: Path, tmp_path: Path) -> None:
    html, markdown = tmp_path / "gap.html", tmp_path / "gap.md"
    posting = str(FIXTURES / "postings" / "backend_python_engineer.md")
    status, _, _ = run(
        "gap", BRAG, posting, "--html", str(html), "--markdown", str(markdown), home=indexed_home
    )
    assert status == 0
    assert "Senior Backend Engineer" in markdown.read_text(encoding="utf-8")
    assert html.read_text(encoding="utf-8").lower().startswith("<!doctype html>")


def test_match_compares_files_and_text(run: Run, indexed_home: Path) -> None:
    _, out, _ = run("match", "text:You will build REST APIs.", BRAG, "--json", home=indexed_home)
    reply = json.loads(out)
    assert "REST" in json.dumps(reply["forward"][0])
    assert len(reply["backward"]) > 20


def test_occupation_shows_tasks_and_related(run: Run, indexed_home: Path) -> None:
    _, out, _ = run("occupation", "29-1141", home=indexed_home)
    assert "Registered Nurses" in out
    assert "Related occupations" in out


def test_status_names_what_is_stored(run: Run, indexed_home: Path) -> None:
    _, out, _ = run("status", "--documents", home=indexed_home)
    assert all(name in out for name in ("occupations", "postings", "brags"))
    assert "Senior Backend Engineer (Python)" in out


def test_index_status_delete_round_trip(run: Run, tmp_path: Path) -> None:
    home = tmp_path / "home"
    status, out, _ = run("index", "brags", BRAG, home=home)
    assert (status, "1 brag document" in out) == (0, True)
    _, again, _ = run("index", "brags", BRAG, home=home)
    assert "had not changed" in again
    status, out, _ = run("delete", "brags", "--all", home=home)
    assert status == 0
    status, _, err = run("search", "python", "--in", "brags", home=home)
    assert status == 1
    assert "joblens index brags PATH" in err


def test_one_broken_file_never_stops_the_others(run: Run, tmp_path: Path) -> None:
    home = tmp_path / "home"
    status, out, _ = run("index", "postings", str(FIXTURES / "broken"), home=home)
    assert status == 0
    for reason in ("encrypted pdf", "ragged row", "invalid json", "not text", "yaml tag refused"):
        assert reason in out
    status, _, _ = run("index", "postings", str(FIXTURES / "broken"), "--strict", home=home)
    assert status == 1


def test_inspect_shows_sentences_views_and_drops(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "me.txt"
    path.write_text(
        "Built a Python service for Acme Inc. in 2019.\nBuilt a Python service for Acme Inc. in 2019.\n"
    )
    status, out, _ = run("inspect", str(path), "--kind", "brags", home=tmp_path / "home")
    assert status == 0
    assert "Python (TECHNOLOGY)" in out
    assert "repeated" in out


def test_evaluate_prints_the_stated_keys(run: Run, indexed_home: Path) -> None:
    _, out, _ = run("evaluate", "titles", str(FIXTURES / "titles.csv"), "--json", home=indexed_home)
    values = json.loads(out)
    assert list(values)[:6] == ["n", "acc@1", "acc@5", "acc@10", "mrr", "intervals"]
    assert values["n"] == 60


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["classify", ""], "no letter or digit"),
        (["classify", "Nurse", "--top-k", "0"], "from 1 to 1000"),
        (["classify", "Nurse", "--top-k", "1000000"], "from 1 to 1000"),
        (["classify", "Nurse", "--level", "7"], "2, 3, 5, 6, 8"),
        (["occupation", "99-9999"], "99"),
        (["search", "x", "--in", "secrets"], "occupations, postings, brags"),
        (["search", "x", "--mode", "magic"], "dense, lexical, hybrid"),
        (["search", "x", "--filter", "company"], "KEY=VALUE"),
        (["gap", "no-such-file.md"], "no-such-file.md"),
        (["index", "postings", "no-such-folder"], "no-such-folder"),
        (["index", "onet", "no-such-release"], "no-such-release"),
        (["evaluate", "titles", "none.csv"], "none.csv"),
    ],
)
def test_a_mistake_is_one_clear_error(
    run: Run, indexed_home: Path, arguments: list[str], message: str
) -> None:
    status, out, err = run(*arguments, home=indexed_home)
    assert status == 1
    assert message in " ".join((out + err).split())
    assert "Traceback" not in err


def test_a_mistyped_command_is_status_2(run: Run) -> None:
    status, _, err = run("clasify", "Nurse")
    assert status == 2
    assert "clasify" in err


def test_a_closed_pipe_and_a_narrow_encoding_do_no_harm(indexed_home: Path) -> None:
    code = f"{sys.executable} -m joblens classify 'Registered Nurse' | head -1"
    ended = subprocess.run(
        ["bash", "-c", code],
        env={**os.environ, "JOBLENS_HOME": str(indexed_home), "PYTHONIOENCODING": "ascii"},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout.startswith("Registered Nurse")
    assert "Traceback" not in ended.stderr
