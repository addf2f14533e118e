"""The questions of the command line answered on the fixtures, and its help."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from joblens.cli import app
from tests.command_line import assert_error, joblens, stored_id
from tests.conftest import FIXTURES

BRAG = FIXTURES / "brags" / "dana_reyes.yaml"
COOK = FIXTURES / "postings" / "restaurant_cook.txt"
ENGINEER = "title=Senior Backend Engineer (Python)"


def reply(*arguments: object) -> Any:
    """What a command prints with --json."""
    ran = joblens(*arguments, "--json")
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


# ---- classify, occupation


@pytest.mark.usefixtures("indexed_home")
def test_classify_answers_each_title_with_its_evidence() -> None:
    ran = joblens("classify", "line cook", "Registered Nurse", "--top-k", 1)
    assert "1 35-2014 Cooks, Restaurant 99%" in ran.told
    assert re.search(
        r"35-2014 because “Line Cook” (1\.0|\.99) \((reported, alternate|alternate, reported)\)", ran.told
    )
    assert "1 29-1141 Registered Nurses" in ran.told


@pytest.mark.parametrize(
    ("level", "code"), [(2, "35"), (3, "35-2"), (5, "35-201"), (6, "35-2014"), (8, "35-2014.00")]
)
@pytest.mark.usefixtures("indexed_home")
def test_classify_rolls_up_to_a_level(level: int, code: str) -> None:
    [result] = reply("classify", "line cook", "--level", level, "--top-k", 1, "--evidence", 0)["results"]
    assert [candidate["code"] for candidate in result["candidates"]] == [code]
    assert result["candidates"][0]["evidence"] == []


@pytest.mark.parametrize("name", ["journeyman_electrician.txt", "data_scientist.docx"])
@pytest.mark.usefixtures("indexed_home")
def test_classify_takes_the_text_of_a_posting_in_any_format(name: str) -> None:
    [result] = reply("classify", "specialist", "--body", FIXTURES / "postings" / name)["results"]
    assert result["query"]["has_body"] is True
    evidence = [neighbour for candidate in result["candidates"] for neighbour in candidate["evidence"]]
    assert any(neighbour["source"] == "task" for neighbour in evidence)


@pytest.mark.parametrize("code", ["15-1252.00", "15-1252", "15125200"])
@pytest.mark.usefixtures("indexed_home")
def test_an_occupation_is_shown_by_its_code(code: str) -> None:
    told = joblens("occupation", code).told
    assert told.startswith("15-1252.00 Software Developers job zone 4 of 5: considerable preparation")
    assert "4.3 * Design service interfaces" in told
    assert "15-1253.00 Software Quality Assurance" in told


@pytest.mark.usefixtures("indexed_home")
def test_an_occupation_found_by_words_says_by_which() -> None:
    ran = joblens("occupation", "nurse", "--json")
    assert json.loads(ran.out)["code"] == "29-1141.00"
    assert ran.err == "the nearest to 'nurse' is 'Nurse'\n"


# ---- search


@pytest.mark.parametrize("mode", ["dense", "lexical", "hybrid"])
@pytest.mark.usefixtures("indexed_home")
def test_search_finds_sentences_in_each_mode(mode: str) -> None:
    ran = joblens("search", "message queues such as Kafka", "--mode", mode, "-k", 1)
    assert "Experience with message queues such as RabbitMQ or Kafka." in ran.told
    assert "Senior Backend Engineer (Python) · Tidemark Freight" in ran.told


@pytest.mark.usefixtures("indexed_home")
def test_search_answers_several_queries_in_order() -> None:
    results = reply("search", "nurse", "cook", "--in", "occupations", "-k", 1)["results"]
    assert [result["query"] for result in results] == ["nurse", "cook"]
    assert [result["hits"][0]["payload"]["code"] for result in results] == ["29-1141.00", "35-2014.00"]


@pytest.mark.usefixtures("indexed_home")
def test_filters_pick_leave_out_and_combine() -> None:
    def titles(*filters: str) -> set[str]:
        arguments = [part for each in filters for part in ("--filter", each)]
        hits = reply("search", "experience", "-k", 200, *arguments)["results"][0]["hits"]
        return {hit["payload"]["title"] for hit in hits}

    every = titles()
    assert titles(ENGINEER) == {"Senior Backend Engineer (Python)"}
    assert titles(ENGINEER.replace("=", "!=")) == every - {"Senior Backend Engineer (Python)"}
    assert titles(ENGINEER, "title=Staff Accountant") == {
        "Senior Backend Engineer (Python)",
        "Staff Accountant",
    }
    assert titles(ENGINEER, "company=Nobody") == set()


@pytest.mark.usefixtures("indexed_home")
def test_a_filter_on_a_number_finds_numbers() -> None:
    hits = reply("search", "work", "--in", "occupations", "--filter", "job_zone=2")["results"][0]["hits"]
    assert {hit["payload"]["job_zone"] for hit in hits} == {2}


@pytest.mark.usefixtures("indexed_home")
def test_a_filter_on_a_key_that_nothing_has_says_so() -> None:
    ran = joblens("search", "nurse", "--filter", "compny=Acme")
    assert "nothing in postings has the key compny; the keys are company, document_id, hash, " in ran.err


@pytest.mark.usefixtures("indexed_home")
def test_a_score_threshold_leaves_out_what_is_below() -> None:
    hits = reply("search", "Python services", "--score-threshold", "0.45", "-k", 50)["results"][0]["hits"]
    assert 0 < len(hits) < 50
    assert min(hit["score"] for hit in hits) >= 0.45


# ---- match, gap


@pytest.mark.usefixtures("indexed_home")
def test_match_compares_a_file_with_text() -> None:
    found = reply("match", COOK, "text:I ran the grill for 200 covers a night.", "--top-k", 1)
    best = max(found["forward"], key=lambda pairing: pairing["partners"][0]["score"])
    assert best["text"].startswith("Run the grill or sauté station")
    assert len(found["backward"]) == 1


@pytest.mark.usefixtures("indexed_home")
def test_match_takes_stored_documents() -> None:
    dana = stored_id(joblens("status", "--documents"), "dana_reyes.yaml")
    ran = joblens("match", "stored", dana, "-k", 1)
    assert ran.code == 0
    assert "against dana_reyes.yaml" in ran.told


@pytest.mark.usefixtures("indexed_home")
def test_a_gap_over_stored_postings_names_fit_proof_and_what_is_missing() -> None:
    told = joblens("gap", BRAG, "--filter", ENGINEER).told
    assert told.startswith(
        "dana_reyes.yaml against Senior Backend Engineer (Python) 14 sentences ask something"
    )
    assert "✓ You have deployed containers to AWS with Docker and Terraform." in told
    assert "Some Node.js or TypeScript, as our customer portal is built on them. [preferred; missing:" in told
    assert "never in yours: .NET, Node.js, RabbitMQ, TypeScript" in told


@pytest.mark.usefixtures("indexed_home")
def test_a_gap_ranks_many_postings_and_takes_one_or_ids() -> None:
    many = reply("gap", BRAG)
    assert len(many["ranking"]) == 12
    assert many["postings"][0]["name"] == "Senior Backend Engineer (Python)"
    assert len(many["postings"]) == 3
    assert len(reply("gap", BRAG, COOK)["ranking"]) == 1
    some = [row.split()[1] for row in joblens("status", "--documents").rows if row.startswith("posting id:")][
        :2
    ]
    assert len(reply("gap", "stored", *some)["ranking"]) == 2


@pytest.mark.usefixtures("indexed_home")
def test_a_gap_is_written_as_html_and_markdown(tmp_path: Path) -> None:
    html, markdown = tmp_path / "gap.html", tmp_path / "gap.md"
    ran = joblens("gap", BRAG, COOK, "--html", html, "--markdown", markdown)
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == f"wrote {html}\nwrote {markdown}\n"
    assert html.read_text("utf-8").lstrip().lower().startswith("<!doctype html>")
    assert "Line Cook / Sous Chef in training" in markdown.read_text("utf-8")
    assert joblens("gap", BRAG, COOK, "--markdown", "-").out.startswith("# ")


# ---- evaluate, version, help


@pytest.mark.usefixtures("indexed_home")
def test_evaluate_gives_figures_with_intervals() -> None:
    figures = reply("evaluate", "titles", FIXTURES / "titles.csv")
    assert list(figures)[:6] == ["n", "acc@1", "acc@5", "acc@10", "mrr", "intervals"]
    assert figures["n"] == 60
    for name, (low, high) in figures["intervals"].items():
        assert 0.5 < low <= figures[name] <= high <= 1
    told = joblens("evaluate", "titles", FIXTURES / "titles.csv").told
    assert "60 titles from titles.csv, at 6 digits" in told
    assert f"joblens {figures['acc@1']:.3f} {figures['acc@5']:.3f}" in told


def test_version_and_home_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBLENS_HOME", os.environ["JOBLENS_HOME"])  # --home sets it; this puts it back
    ran = joblens("--home", tmp_path / "elsewhere", "version")
    assert ran.out.startswith(
        "joblens 0.1.0, schema 2, model sentence-transformers/all-MiniLM-L6-v2, data in"
    )
    assert ran.out.endswith(f"{tmp_path / 'elsewhere'}\n")
    assert joblens("--version").out == joblens("version").out


def commands(command: Any, *names: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield names, command
    for name, below in getattr(command, "commands", {}).items():
        yield from commands(below, *names, name)


COMMANDS = list(commands(typer.main.get_command(app)))


@pytest.mark.parametrize(
    ("names", "command"), COMMANDS, ids=[" ".join(names) or "joblens" for names, _ in COMMANDS]
)
def test_help_describes_the_command_and_every_option(names: tuple[str, ...], command: Any) -> None:
    ran = joblens(*names, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert command.help
    assert " ".join(command.help.split()) in ran.told
    for parameter in command.params:
        assert parameter.help, f"{' '.join(names)} {parameter.name}"
        if parameter.param_type_name == "option":
            assert parameter.opts[0] in ran.told


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["searhc", "x"], "No such command 'searhc'. Did you mean 'search'?"),
        (["index", "posting", "x"], "No such command 'posting'. Did you mean 'postings'?"),
        (["search", "x", "--moed", "dense"], "No such option: --moed (Possible options: --mode)"),
        (["search"], "Missing argument 'query'."),
        (["search", "x", "--top-k", "abc"], "Invalid value for '--top-k' / '-k'"),
        (["search", "x", "--top-k"], "Option '--top-k' requires an argument."),
        (["classify", "x", "--evidence", "-1"], "Invalid value for '--evidence'"),
    ],
)
def test_what_is_not_understood_gets_a_hint_and_status_2(arguments: list[str], hint: str) -> None:
    ran = joblens(*arguments)
    assert ran.code == 2
    assert hint in ran.told


@pytest.mark.usefixtures("empty_home")
def test_the_service_refuses_an_address_that_others_reach() -> None:
    assert_error(joblens("serve", "--host", "0.0.0.0"), "A parameter is not valid", "loopback only")
    assert_error(
        joblens("serve", "--port", 70_000), "A parameter is not valid", "JOBLENS_SERVE_PORT", "70000"
    )


@pytest.mark.usefixtures("empty_home")
def test_a_release_that_cannot_be_is_not_asked_for() -> None:
    assert_error(
        joblens("onet", "download", "--release", "../x"), "A parameter is not valid", "such as '31.0'"
    )
