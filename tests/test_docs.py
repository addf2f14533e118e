"""README and docs say what the code does: commands, options, routes, settings, links, outputs, figures."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import typer
from starlette.testclient import TestClient

from docs import generate
from docs.figures import figures
from indexer.workspace import Workspace
from joblens.cli import app as commands
from tests.conftest import FIXTURES, REPOSITORY
from workbench.evaluate import LabelledTitle, judge

WIDTH = "88"
CUT = "…"
EXACT, NEAR = (0.02, 2), (0.1, 10)
"""How far a score, and a whole number, may be off. README was made in int8, which the encoder picks on a
processor with VNNI; even there a vector depends a little on the texts that were encoded beside it. In
float32 cosines differ by .01, and so do shares of votes by some points: a vote is exp(20 x cosine)."""

PAGES = sorted(
    [*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/**/*.md"), *FIXTURES.glob("**/*.md")],
    key=lambda path: path.relative_to(REPOSITORY).as_posix(),
)
PAGES = [page for page in PAGES if not {"postings", "brags"} & set(page.parts)]
WRITTEN = [page for page in PAGES if page not in generate.GENERATED]


def name_of(path: Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()


def code_lines(text: str) -> Iterator[str]:
    """Lines of fenced and indented blocks, and inline code; a shell's prompt removed."""
    fences = re.findall(r"^```[a-z]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    rest = re.sub(r"^```[a-z]*\n.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    for block in fences:
        yield from (line.removeprefix("$ ") for line in block.splitlines())
    yield from (line.strip() for line in rest.splitlines() if line.startswith("    "))
    yield from (" ".join(code.split()) for code in re.findall(r"`([^`]+)`", rest))


def command_lines() -> list[tuple[str, str]]:
    """(page, line) of every line of code that runs joblens."""
    start = re.compile(r"^([A-Z_]+=\S+ )*(docker compose run --rm )?(\S*/)?joblens [a-z]")
    return [
        (name_of(page), line)
        for page in WRITTEN
        for line in code_lines(page.read_text(encoding="utf-8"))
        if start.match(line)
    ]


def blocks(language: str) -> list[str]:
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def examples(program: str) -> list[Any]:
    """(command, output) of what the console blocks of README.md run of ``program``."""
    parts = [part for block in blocks("console") for part in re.split(r"^\$ ", block, flags=re.MULTILINE)]
    pairs = [(command, output) for command, _, output in (part.partition("\n") for part in parts if part)]
    return [pytest.param(*pair, id=pair[0][:70]) for pair in pairs if f"{program} " in pair[0]]


def tokens(text: str) -> list[str]:
    """Words, numbers and signs; bars and lines are left out, and so is all space."""
    return re.findall(r"\d*\.?\d+|[^\W\d_]+|[^\w\s█-▏─]", text)


def same(shown: str, found: str, tolerance: tuple[float, float]) -> bool:
    if shown == found:
        return True
    try:
        a, b = float(shown), float(found)
    except ValueError:
        return False
    score, whole = tolerance
    return abs(a - b) <= (score if "." in shown else whole)


def first_not_found(shown: str, output: str, tolerance: tuple[float, float] = EXACT) -> str:
    """The first piece of ``shown``, between its cuts, that does not follow in ``output``; or nothing."""
    found, at = tokens(output), 0
    near = partial(same, tolerance=tolerance)
    for piece in shown.split(CUT):
        wanted = tokens(piece)
        places = range(at, len(found) - len(wanted) + 1)
        fits = (p for p in places if all(map(near, wanted, found[p : p + len(wanted)])))
        start = next(fits, None)
        if start is None:
            return piece
        at = start + len(wanted)
    return ""


# ---- generated parts


@pytest.mark.parametrize("path", generate.GENERATED, ids=name_of)
def test_generated_pages_are_what_the_code_gives(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == generate.GENERATED[path](), "run: python -m docs.generate"


def test_the_figures_of_readme_come_from_the_results() -> None:
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    block = text.partition(generate.FIGURES_BEGIN)[2].partition(generate.FIGURES_END)[0]
    assert block.strip() == figures(), "run: python -m docs.generate"


def test_figures_leave_out_what_was_not_measured(tmp_path: Path) -> None:
    machine = {
        "cpu": "A  CPU",
        "cores": 2,
        "flags": ["avx2", "avx512_vnni"],
        "python": "3.11.9",
        "date": "2026-01-02",
    }
    gap = {"source": "fixtures", "postings": 12, "posting_sentences": 1232, "gap_s": 0.4, "machine": machine}
    labels = [LabelledTitle("cook", ("35-2014",)), LabelledTitle("nurse", ("29-1141",))]
    judged = judge([["35-2014"], ["35-2014", "29-1141"]], labels).to_json()
    classify = {"fixtures": judged, "classify_p50_ms": 2.5, "classify_p99_ms": 4.1, "machine": machine}
    assert figures(tmp_path).startswith("Not measured yet")
    (tmp_path / "gap.json").write_text(json.dumps(gap))
    (tmp_path / "classify.json").write_text(json.dumps(classify))
    assert figures(tmp_path).splitlines() == [
        "| What | Measured |",
        "| --- | --- |",
        "| title to occupation, `fixtures/titles.csv` | 2: right code first 0.500 (95% 0.000 to 1.000), "
        "in ten 1.000 |",
        "| classifying one title, Python | p50 2.5 ms, p99 4.1 ms |",
        "| a gap report of one brag document | 12 postings, 1,232 sentences: 0.4 s |",
        "",
        "Data: fixtures. Machine: A CPU, 2 cores with avx512_vnni, Python 3.11.9, 2026-01-02.",
    ]


# ---- names


def test_readme_shows_each_of_the_three_jobs() -> None:
    shown = [line for page, line in command_lines() if page == "README.md"]
    assert all(any(f"joblens {job} " in line for line in shown) for job in ("gap", "classify", "search"))


@pytest.mark.parametrize(("page", "line"), command_lines())
def test_every_command_line_is_understood(page: str, line: str) -> None:
    words = shlex.split(line, comments=True)
    start = next(at for at, word in enumerate(words) if word.rsplit("/", 1)[-1] == "joblens")
    command: Any = typer.main.get_command(commands)
    rest = words[start + 1 :]
    while rest and hasattr(command, "commands"):
        assert rest[0] in command.commands, f"{page} names a command that is not there: {line}"
        command = command.commands[rest.pop(0)]
    if rest:  # with nothing after it, it is the command's name and no line to run
        command.make_context("joblens", rest)


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(
        re.findall(r"^([a-z]+):", (REPOSITORY / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    )
    named = {
        target
        for page in WRITTEN
        for line in code_lines(page.read_text(encoding="utf-8"))
        for target in re.findall(r"^(?:[A-Z_]+=\S+ )?make ([a-z]+)", line)
    }
    assert {"demo", "test"} <= named <= targets


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
    local = [link for link in links if not link.startswith(("http://", "https://", "mailto:"))]
    assert [link for link in local if not (page.parent / link).exists()] == []


def test_every_route_that_is_named_exists(client: TestClient) -> None:
    routes = {*client.get("/openapi.json").json()["paths"], "/docs"}
    text = "\n".join(page.read_text(encoding="utf-8") for page in WRITTEN)
    named = set(re.findall(r"(?<=[`0])(/(?:v1/[\w/{}]+|health|ready|version|docs))(?=[`\s?])", text))
    assert {"/v1/classify", "/v1/search", "/v1/gap", "/ready"} <= named <= routes


def test_every_variable_that_is_named_is_a_setting() -> None:
    settings = {generate.variable(kind, name) for kind in generate.SETTINGS for name in kind.model_fields}
    named = {
        name for page in WRITTEN for name in re.findall(r"JOBLENS_\w+\b", page.read_text(encoding="utf-8"))
    }
    assert {name for name in named if "TEST" not in name} <= settings


# ---- what README.md shows


@pytest.fixture(scope="module")
def tolerance(workspace: Workspace) -> tuple[float, float]:
    return EXACT if getattr(workspace.encoder, "precision", "") == "int8" else NEAR


@pytest.fixture(scope="module")
def demo_home(tmp_path_factory: pytest.TempPathFactory, workspace: Workspace) -> Path:
    """What ``make demo`` leaves in .demo."""
    workspace.close()  # opens again by itself when it is next used
    home = tmp_path_factory.mktemp("demo")
    shutil.copytree(workspace.store_settings.folder, home / "store")
    return home


@pytest.mark.parametrize(("line", "shown"), examples("joblens"))
def test_a_command_prints_what_readme_shows(
    line: str, shown: str, demo_home: Path, tolerance: tuple[float, float]
) -> None:
    words = shlex.split(line)
    assert words[:2] == ["JOBLENS_HOME=.demo", ".venv/bin/joblens"]
    environment = {**os.environ, "JOBLENS_HOME": str(demo_home), "COLUMNS": WIDTH}
    run = subprocess.run(
        [sys.executable, "-m", "joblens", *words[2:]],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        check=True,
        encoding="utf-8",
    )
    assert first_not_found(shown, run.stdout, tolerance) == ""


@pytest.mark.parametrize(("line", "shown"), examples("curl"))
def test_a_request_answers_what_readme_shows(
    line: str, shown: str, client: TestClient, tolerance: tuple[float, float]
) -> None:
    words = shlex.split(line)
    assert words[:2] == ["curl", "-s"]
    path, header, body = words[2], words[words.index("-H") + 1], words[words.index("-d") + 1]
    name, _, value = header.partition(":")
    reply = client.post(path.removeprefix("localhost:8000"), headers={name: value}, content=body)
    assert reply.status_code == 200
    assert first_not_found(shown, reply.text, tolerance) == ""


def test_the_python_example_prints_what_readme_shows(
    demo_home: Path, tolerance: tuple[float, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    [code], [shown] = blocks("python"), blocks("text")
    monkeypatch.setenv("JOBLENS_HOME", str(demo_home))
    monkeypatch.chdir(REPOSITORY)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(code, "README.md", "exec"), {})
    assert first_not_found(shown, printed.getvalue(), tolerance) == ""


def test_a_wrong_example_would_be_seen() -> None:
    output = "1 .54 Fix billing errors.\n2 .45 Experience in a call center."
    assert first_not_found("1 .535 Fix billing errors.\n…\ncall center.", output) == ""
    assert first_not_found("1 .44 Fix billing errors.", output) == "1 .44 Fix billing errors."
    assert first_not_found("4 .54 Fix billing errors.", output) == "4 .54 Fix billing errors."
    assert first_not_found("call center.…Fix billing", output) == "Fix billing"
