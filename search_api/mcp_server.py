"""joblens as a server of the Model Context Protocol, over standard input and output.

A client (a chat program, an editor) starts ``joblens mcp`` and keeps it running for hours. So the store is
opened by a call and let go soon after the last one: the embedded engine lets one process in at a time, and
between two questions ``joblens index`` must be able to work. Only the protocol goes to standard output.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from indexer.workspace import Workspace
from preprocess.errors import InvalidParameter, JoblensError, MissingExtra
from search_api.gate import request_log
from search_api.mcp_tools import TOOLS, Tool

if TYPE_CHECKING:
    from mcp.server import Server, ServerRequestContext
    from mcp.types import CallToolRequestParams, CallToolResult, ListToolsResult, PaginatedRequestParams

INSTALL = "pip install 'joblens[mcp]'"

IDLE_S = 5.0
"""How long the store is kept open for the next call; opening that of all O*NET takes a second or two."""

INSTRUCTIONS = (
    "joblens knows the user's stored job postings, the user's own accomplishments (brag documents) and O*NET "
    "occupations. gap says how a person fits postings, with proof and next steps; classify gives occupation "
    "codes for titles; occupation explains one; search and match show single sentences. All tools only read. "
    "Scores are similarities or probabilities, not certainties."
)


def serve_tools(workspace: Workspace, version: str, tools: Sequence[Tool] = TOOLS) -> None:
    """Answer the client at the other end of standard input and output until it hangs up.

    :raises MissingExtra: if the package ``mcp`` is not installed.
    """
    try:
        import anyio
        from mcp.server.stdio import stdio_server
    except ModuleNotFoundError as error:
        raise MissingExtra(f"the Model Context Protocol needs the package mcp: {INSTALL}") from error
    server = make_server(workspace, version, tools)

    async def run() -> None:
        # While this is open, whatever else is printed goes to standard error.
        async with stdio_server() as (incoming, outgoing):
            await server.run(incoming, outgoing, server.create_initialization_options())

    anyio.run(run)


def make_server(
    workspace: Workspace, version: str, tools: Sequence[Tool] = TOOLS, *, idle_s: float = IDLE_S
) -> Server[Any]:
    """The server without a transport.

    :param idle_s: how long the store is kept open for the next call.
    """
    from anyio import to_thread
    from mcp.server import Server
    from mcp.types import CallToolResult, ListToolsResult, TextContent, ToolAnnotations
    from mcp.types import Tool as Described

    desk = _Desk(workspace, tools, idle_s)
    described = [
        Described(
            name=tool.name,
            title=tool.title,
            description=tool.description,
            input_schema=tool.arguments.model_json_schema(),
            output_schema=tool.answer.model_json_schema(mode="serialization"),
            annotations=ToolAnnotations(
                title=tool.title,
                read_only_hint=True,
                destructive_hint=False,
                idempotent_hint=True,
                open_world_hint=False,
            ),
        )
        for tool in tools
    ]

    @asynccontextmanager
    async def lifespan(_: Server[Any]) -> AsyncIterator[None]:
        yield
        await to_thread.run_sync(desk.close)

    async def list_tools(
        context: ServerRequestContext,  # noqa: ARG001
        params: PaginatedRequestParams | None,  # noqa: ARG001
    ) -> ListToolsResult:
        return ListToolsResult(tools=described)

    async def call_tool(
        context: ServerRequestContext,  # noqa: ARG001
        params: CallToolRequestParams,
    ) -> CallToolResult:
        def call() -> CallToolResult:
            try:
                answer = desk.answer(params.name, params.arguments or {})
            except JoblensError as error:
                text = f"{error.title}: {error}"
                return CallToolResult(content=[TextContent(type="text", text=text)], is_error=True)
            sent = TextContent(type="text", text=answer.model_dump_json(exclude_defaults=True))
            structured = answer.model_dump(mode="json", exclude_defaults=True)
            return CallToolResult(content=[sent], structured_content=structured)

        return await to_thread.run_sync(call)

    return Server(
        "joblens",
        version=version,
        title="joblens",
        instructions=INSTRUCTIONS,
        lifespan=lifespan,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


class _Desk:
    """Answers one call after the other, and lets the store go when none has come for ``idle_s``."""

    def __init__(self, workspace: Workspace, tools: Sequence[Tool], idle_s: float) -> None:
        self._workspace = workspace
        self._tools = {tool.name: tool for tool in tools}
        self._idle_s = idle_s
        self._log = request_log()
        self._lock = threading.Lock()
        self._calls = 0
        self._timer: threading.Timer | None = None

    def answer(self, name: str, arguments: Mapping[str, Any]) -> BaseModel:
        """What a tool answers.

        :raises JoblensError: whatever goes wrong; the message never holds a traceback.
        """
        begin, failed = time.perf_counter(), ""
        try:
            tool = self._tools.get(name)
            if tool is None:
                known = ", ".join(self._tools)
                raise InvalidParameter(f"expected one of the tools {known}, found {name[:80]!r}")
            given = _checked(tool, arguments)
            with self._lock:
                try:
                    return tool.call(self._workspace, given)
                finally:
                    self._let_go_later()
        except JoblensError as error:
            failed = type(error).__name__
            raise
        except Exception as error:
            failed = type(error).__name__
            place = traceback.extract_tb(error.__traceback__)[-1]
            frame = f"{place.filename.rsplit('/', 1)[-1]}:{place.lineno}"
            self._log.error("unexpected", error=failed, frame=frame)  # a message may quote what was asked
            raise JoblensError(f"an unexpected {failed}; the server's standard error says where") from error
        finally:
            self._log.info(
                "tool",
                tool=name if name in self._tools else None,
                tenant=self._workspace.store_settings.tenant,
                error=failed or None,
                ms=round(1_000 * (time.perf_counter() - begin), 1),
            )

    def close(self) -> None:
        """Let the store go now."""
        if self._timer is not None:
            self._timer.cancel()
        with self._lock:
            self._workspace.close()

    def _let_go_later(self) -> None:
        self._calls += 1
        if self._timer is not None:
            self._timer.cancel()
        self._timer = threading.Timer(self._idle_s, self._let_go, [self._calls])
        self._timer.daemon = True
        self._timer.start()

    def _let_go(self, calls: int) -> None:
        with self._lock:
            if calls == self._calls:  # no call has come meanwhile
                self._workspace.close()  # opens again by itself when it is next used


def _checked(tool: Tool, arguments: Mapping[str, Any]) -> BaseModel:
    try:
        return tool.arguments.model_validate(arguments)
    except ValidationError as error:
        wrong = [
            f"{'.'.join(str(part) for part in item['loc']) or 'arguments'}: {item['msg']}"
            for item in error.errors(include_input=False, include_url=False)
        ]
        known = ", ".join(tool.arguments.model_fields)
        raise InvalidParameter(f"{'; '.join(wrong[:10])} (the arguments of {tool.name}: {known})") from error
