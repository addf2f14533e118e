"""``joblens mcp`` as a client sees it: the real process and the official client, over stdio."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import anyio
import pytest
from mcp import Client, StdioServerParameters
from mcp.types import CallToolResult, Implementation, TextContent, Tool

from indexer.settings import StoreSettings
from indexer.workspace import Workspace
from preprocess.errors import InvalidParameter, MissingExtra, StoreLocked
from search_api.mcp_schemas import ClassifyArguments, MatchArguments
from search_api.mcp_server import make_server, serve_tools
from search_api.mcp_tools import TOOLS
from search_api.mcp_tools import Tool as OurTool
from search_api.wording import clipped
from tests.conftest import MODEL_CACHE, REPOSITORY

Answer = TypeVar("Answer")
Json = dict[str, Any]

FITS_CHARS = 12_000
"""About 3,000 tokens, the size that no answer with default arguments may pass."""

BRAG = "Built a claims pipeline in Python. Cut its nightly run from 5 hours to 40 minutes."
POSTING = "Requirements\n- Python and SQL\n- Experience with Airflow\nBenefits\n- Dental"


def with_client(home: Path, ask: Callable[[Client], Awaitable[Answer]], mode: str = "auto") -> Answer:
    """What ``ask`` gets from a process that serves ``home``; its standard error goes to a file there."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("JOBLENS_")},
        "JOBLENS_HOME": str(home),
        "JOBLENS_MODEL_CACHE": str(MODEL_CACHE),
    }
    process = StdioServerParameters(
        command=sys.executable, args=["-m", "joblens", "mcp", "--read-only"], env=environment, cwd=REPOSITORY
    )

    async def run() -> Answer:
        async with Client(process, mode=mode) as client:
            return await ask(client)

    return anyio.run(run)


def text_of(result: CallToolResult) -> str:
    [content] = result.content
    assert isinstance(content, TextContent)
    return content.text


def answer_of(result: CallToolResult) -> Json:
    """The structured answer, which the text holds, too."""
    assert not result.is_error, text_of(result)
    assert json.loads(text_of(result)) == result.structured_content
    answer: Json = result.structured_content
    return answer


ASKED: dict[str, tuple[str, Json]] = {
    "classify": ("classify", {"titles": ["RN, nights", "line cook"]}),
    "one title": ("classify", {"titles": "RN, nights", "top_k": 1, "level": 8}),
    "search": ("search", {"query": "night shift"}),
    "occupations": ("search", {"query": "repairs wiring", "collection": "occupations", "mode": "hybrid"}),
    "filtered": ("search", {"query": "on-call", "filter": {"role": ["requirement", "duty"]}, "top_k": 3}),
    "match": (
        "match",
        {"posting_text": "You write Go.\nYou run Kubernetes.", "brag_text": "Ran Kubernetes."},
    ),
    "turned": (
        "match",
        {"posting_text": "You write Go.", "brag_text": "Ran Kubernetes.", "go_through": "brag"},
    ),
    "gap": ("gap", {"brag_text": BRAG, "posting_text": POSTING, "posting_title": "Data engineer"}),
    "stored gap": ("gap", {}),
    "by code": ("occupation", {"query": "29-1141"}),
    "by title": ("occupation", {"query": "staff nurse", "tasks": 2}),
    "a bad argument": ("classify", {"titles": ["cook"], "top_k": 99}),
    "an unknown argument": ("classify", {"titles": ["cook"], "topk": 3}),
    "an empty query": ("search", {"query": "?!"}),
    "an unknown code": ("occupation", {"query": "15-9999"}),
    "an unknown document": ("match", {"posting_id": "nobody", "brag_text": BRAG}),
    "both": ("gap", {"posting_text": POSTING, "posting_ids": ["x"], "brag_text": BRAG}),
    "no posting": ("match", {"brag_text": BRAG}),
    "an unknown tool": ("erase", {}),
}


@pytest.fixture(scope="module")
def asked(_copied_once: Path) -> tuple[list[Tool], dict[str, CallToolResult], Implementation | None]:
    """The tools of one process, and what it answers to each of :data:`ASKED`."""

    async def ask(client: Client) -> tuple[list[Tool], dict[str, CallToolResult], Implementation | None]:
        tools = (await client.list_tools()).tools
        results = {}
        for name, (tool, arguments) in ASKED.items():
            results[name] = await client.call_tool(tool, arguments)
        return tools, results, client.server_info

    return with_client(_copied_once, ask)


@pytest.fixture(scope="module")
def results(asked: tuple[list[Tool], dict[str, CallToolResult], Any]) -> dict[str, CallToolResult]:
    return asked[1]


def test_the_tools_are_listed_with_typed_arguments_and_answers(
    asked: tuple[list[Tool], Any, Implementation | None],
) -> None:
    tools, _, server = asked
    assert [tool.name for tool in tools] == ["classify", "search", "match", "gap", "occupation"]
    assert server is not None
    assert server.name == "joblens"
    for tool in tools:
        assert tool.description
        assert tool.input_schema["additionalProperties"] is False
        assert tool.output_schema is not None
        assert tool.output_schema["type"] == "object"
        assert tool.annotations is not None
        assert tool.annotations.read_only_hint is True
        assert tool.annotations.destructive_hint is False


def test_titles_are_coded(results: dict[str, CallToolResult]) -> None:
    jobs = answer_of(results["classify"])["jobs"]
    assert [(job["title"], job["codes"][0]["code"]) for job in jobs] == [
        ("RN, nights", "29-1141"),
        ("line cook", "35-2014"),
    ]
    assert len(jobs[0]["codes"]) == 3
    assert "Line Cook" in jobs[1]["codes"][0]["because"]


def test_one_title_need_not_stand_in_a_list(results: dict[str, CallToolResult]) -> None:
    [job] = answer_of(results["one title"])["jobs"]
    assert [code["code"] for code in job["codes"]] == ["29-1141.00"]


def test_search_finds_sentences_and_the_documents_they_stand_in(results: dict[str, CallToolResult]) -> None:
    first = answer_of(results["search"])["hits"][0]
    assert first["title"] == "Registered Nurse, Medical-Surgical Unit (Nights)"
    assert "7:00 p.m." in first["text"]
    assert len(first["document_id"]) == 36


def test_search_finds_occupations_with_code_and_title(results: dict[str, CallToolResult]) -> None:
    first = answer_of(results["occupations"])["hits"][0]
    assert (first["code"], first["title"]) == ("47-2111.00", "Electricians")
    assert "document_id" not in first


def test_a_filter_holds(results: dict[str, CallToolResult]) -> None:
    assert len(answer_of(results["filtered"])["hits"]) == 3


def test_match_lists_the_sentences_of_the_posting_or_of_the_person(
    results: dict[str, CallToolResult],
) -> None:
    by_posting, by_brag = (answer_of(results[name])["sentences"] for name in ("match", "turned"))
    assert [each["text"] for each in by_posting] == ["You write Go.", "You run Kubernetes."]
    assert by_posting[1]["nearest"][0]["text"] == "Ran Kubernetes."
    assert by_posting[1]["nearest"][0]["score"] > by_posting[0]["nearest"][0]["score"]
    assert [each["text"] for each in by_brag] == ["Ran Kubernetes."]


def test_a_gap_has_proof_for_what_is_shown_and_none_for_what_is_missing(
    results: dict[str, CallToolResult],
) -> None:
    answer = answer_of(results["gap"])
    [posting] = answer["postings"]
    [partial], [missing] = posting["partial"], posting["missing"]
    assert partial["proof"] == "Built a claims pipeline in Python."
    assert partial["lacks"] == ["SQL"]
    assert "Airflow" in missing["text"]
    assert "proof" not in missing
    assert "Apache Airflow" in posting["technologies_missing"]
    assert answer["postings_compared"] == 1


def test_a_gap_over_everything_stored_ranks_and_gives_next_steps(results: dict[str, CallToolResult]) -> None:
    answer = answer_of(results["stored gap"])
    assert answer["postings_compared"] == 12
    assert answer["ranking"][0]["id"] == answer["postings"][0]["id"]
    assert answer["postings"][0]["covered"][0]["proof"]
    assert answer["next_steps"]["related_occupations"]


def test_an_occupation_is_found_by_code_and_by_title(results: dict[str, CallToolResult]) -> None:
    by_code, by_title = answer_of(results["by code"]), answer_of(results["by title"])
    assert by_code["title"] == by_title["title"] == "Registered Nurses"
    assert len(by_title["tasks"]) == 2
    assert by_title["tasks"] == by_code["tasks"][:2]
    assert by_title["other_matches"]


def test_answers_fit_into_the_context_of_a_model(results: dict[str, CallToolResult]) -> None:
    sizes = {name: len(text_of(result)) for name, result in results.items()}
    assert {name: size for name, size in sizes.items() if size > FITS_CHARS} == {}


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("a bad argument", "A parameter is not valid: top_k: Input should be less than or equal to 10"),
        ("an unknown argument", "topk: Extra inputs are not permitted (the arguments of classify: titles, "),
        ("an empty query", "The query is empty: query 1 holds no letter or digit"),
        ("an unknown code", "No such occupation code: the index holds no occupation 15-9999; near it: "),
        ("an unknown document", "No such document: no stored posting"),
        ("both", "A parameter is not valid: expected the text of a posting or stored ones"),
        ("no posting", "A parameter is not valid: expected posting_text or posting_id"),
        ("an unknown tool", "expected one of the tools classify, search, match, gap, occupation"),
    ],
)
def test_errors_are_answers_of_the_tool_in_words(
    results: dict[str, CallToolResult], name: str, told: str
) -> None:
    assert results[name].is_error
    assert told in text_of(results[name])
    assert "Traceback" not in text_of(results[name])


def test_without_an_index_every_tool_says_how_to_make_it(tmp_path: Path) -> None:
    asked: dict[str, Json] = {
        "classify": {"titles": ["cook"]},
        "search": {"query": "night shift"},
        "gap": {},
        "occupation": {"query": "29-1141"},
    }

    async def ask(client: Client) -> dict[str, CallToolResult]:
        return {tool: await client.call_tool(tool, arguments) for tool, arguments in asked.items()}

    for tool, result in with_client(tmp_path / "nothing", ask).items():
        assert result.is_error, tool
        assert "joblens index" in text_of(result), tool


def test_a_client_of_before_2026_is_answered_too(copied_home: Path) -> None:
    async def ask(client: Client) -> tuple[str, CallToolResult]:
        return client.protocol_version, await client.call_tool("occupation", {"query": "29-1141"})

    version, result = with_client(copied_home, ask, mode="legacy")
    assert version < "2026"
    assert answer_of(result)["title"] == "Registered Nurses"


# ---- without the official client


NOISY = """
import warnings
import search_api.mcp_tools as tools
from joblens.mcp_command import mcp

search = tools.search

def loud(*arguments, **named):
    print("stray")
    warnings.warn("a warning")
    return search(*arguments, **named)

tools.search = loud
mcp()
"""


def message(method: str, id: int | None = None, **params: Any) -> str:
    asked = {"jsonrpc": "2.0", "method": method, "params": params}
    return json.dumps(asked if id is None else {**asked, "id": id})


HELLO = message(
    "initialize",
    1,
    protocolVersion="2025-06-18",
    capabilities={},
    clientInfo={"name": "a test", "version": "1"},
)
STARTED = message("notifications/initialized")


def test_only_the_protocol_is_on_standard_output_and_no_text_in_the_log(copied_home: Path) -> None:
    call = message("tools/call", 2, name="search", arguments={"query": "confidential night shift"})
    environment = {**os.environ, "JOBLENS_HOME": str(copied_home), "JOBLENS_MODEL_CACHE": str(MODEL_CACHE)}
    with subprocess.Popen(
        [sys.executable, "-c", NOISY],
        cwd=REPOSITORY,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{HELLO}\n{STARTED}\n{call}\n")
        process.stdin.flush()
        answers = [json.loads(process.stdout.readline()) for _ in range(2)]
        rest, log = process.communicate(timeout=120)  # hangs up
    assert [(answer["jsonrpc"], answer["id"]) for answer in answers] == [("2.0", 1), ("2.0", 2)]
    assert answers[1]["result"]["isError"] is False
    assert (process.returncode, rest) == (0, "")
    assert "stray" in log
    assert '"tool": "search"' in log
    assert "confidential" not in log


# ---- without a process


def called(workspace: Workspace, tools: tuple[OurTool, ...], name: str, **arguments: Any) -> CallToolResult:
    async def run() -> CallToolResult:
        async with Client(make_server(workspace, "1", tools)) as client:
            return await client.call_tool(name, arguments)

    return anyio.run(run)


def test_what_nobody_expected_is_an_error_without_its_text(
    empty_workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(workspace: Workspace, asked: ClassifyArguments) -> ClassifyArguments:
        raise RuntimeError(f"the secret of {workspace} and {asked}")

    broken = OurTool("broken", "Broken", "Fails.", ClassifyArguments, ClassifyArguments, fail)
    result = called(empty_workspace, (broken,), "broken", titles=["a secret title"])
    assert result.is_error
    assert text_of(result).startswith("joblens failed: an unexpected RuntimeError")
    logged = capsys.readouterr().err
    assert "test_mcp.py:" in logged
    assert "secret" not in text_of(result) + logged


def test_when_no_call_comes_the_store_is_let_go_and_opened_again_for_the_next(
    copied_home: Path, workspace: Workspace
) -> None:
    parts = {"encoder": workspace.encoder}
    served = Workspace(workspace.model_settings, StoreSettings(home=copied_home), parts)

    async def points_once_free() -> int:
        for _ in range(600):
            with (
                contextlib.suppress(StoreLocked),
                Workspace(store=StoreSettings(home=copied_home)) as other,
            ):
                return other.store.count("postings")
            await anyio.sleep(0.1)
        raise AssertionError("the store is still open after a minute")

    async def run() -> tuple[CallToolResult, int, CallToolResult]:
        async with Client(make_server(served, "1", idle_s=0.2)) as client:
            before = await client.call_tool("occupation", {"query": "29-1141"})
            points = await points_once_free()
            return before, points, await client.call_tool("occupation", {"query": "29-1141"})

    before, points, after = anyio.run(run)
    assert points == workspace.store.count("postings")
    assert answer_of(before) == answer_of(after)


def test_a_posting_goes_with_one_title(empty_workspace: Workspace) -> None:
    classify = next(tool for tool in TOOLS if tool.name == "classify")
    with pytest.raises(InvalidParameter, match="posting goes with one title, found 2"):
        classify.call(empty_workspace, ClassifyArguments(titles=["a", "b"], posting="Cook eggs."))


def test_without_the_package_the_install_line_is_told(
    empty_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "mcp.server.stdio", None)
    with pytest.raises(MissingExtra, match=r"pip install 'joblens\[mcp\]'"):
        serve_tools(empty_workspace, "1")


def test_the_serving_process_does_not_load_it() -> None:
    code = "import sys, search_api.app, search_api.server; print('mcp' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


def test_long_sentences_are_clipped(workspace: Workspace) -> None:
    match = next(tool for tool in TOOLS if tool.name == "match")
    long = "You write Go " + "and very much more of it " * 40
    answer = match.call(workspace, MatchArguments(posting_text=long, brag_text="Wrote Go."))
    assert answer.model_dump()["sentences"][0]["text"] == clipped(long, 300)
