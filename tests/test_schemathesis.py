"""Requests generated from the whole description: no server error, and no answer that is not declared."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import FlakyStrategyDefinition
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.core.transport import Response
from schemathesis.generation import GenerationMode
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ensure_resource_availability,
    response_schema_conformance,
    status_code_conformance,
    use_after_free,
)

from indexer.documents import SOURCE, erase_document, list_documents
from indexer.settings import StoreSettings
from indexer.workspace import Workspace
from preprocess.records import Kind
from search_api.app import create_app
from search_api.settings import ServeSettings

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
OPERATIONS = [
    ("/v1/classify", "POST"),
    ("/v1/search", "POST"),
    ("/v1/match", "POST"),
    ("/v1/gap", "POST"),
    ("/v1/fluff", "POST"),
    ("/v1/embed", "POST"),
    ("/v1/feedback", "POST"),
    ("/v1/feedback", "GET"),
    ("/v1/batches", "POST"),
    ("/v1/batches", "GET"),
    ("/v1/batches/{id}", "GET"),
    ("/v1/batches/{id}", "DELETE"),
    ("/v1/batches/{id}/results", "GET"),
    ("/v1/batches/{id}/cancel", "POST"),
    ("/v1/feedback/{id}", "DELETE"),
    ("/v1/documents", "GET"),
    ("/v1/documents/{kind}/{id}", "PUT"),
    ("/v1/documents/{kind}/{id}", "GET"),
    ("/v1/documents/{kind}/{id}", "DELETE"),
    ("/v1/occupations/{code}/examples", "GET"),
    ("/v1/occupations", "GET"),
    ("/v1/occupations/{code}", "GET"),
    ("/v1/collections", "GET"),
    ("/v1/feedback/export", "GET"),
    ("/health", "GET"),
    ("/ready", "GET"),
    ("/version", "GET"),
]

TRIES = 3


@pytest.fixture(scope="module")
def writable(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A store that may be written to."""
    workspace.close()  # opens again by itself when it is next used
    home = tmp_path_factory.mktemp("schemathesis")
    shutil.copytree(workspace.store_settings.folder, home / "store")
    encoder = {"encoder": workspace.encoder}
    with Workspace(workspace.model_settings, StoreSettings(home=home), encoder) as copied:
        yield copied


@pytest.fixture(scope="module")
def description(writable: Workspace) -> BaseSchema:
    """The API's description, loaded from the app itself."""
    app = create_app(writable, ServeSettings(requests_per_minute=0))
    found = schemathesis.openapi.from_asgi("/openapi.json", app)
    # Literals of the app's modules would be drawn, too: more of them as modules are imported, so that a run
    # that is repeated draws otherwise than before.
    found.config.analysis.constants.enabled = False
    return found


def test_no_operation_is_left_out(description: BaseSchema) -> None:
    found = [result.ok() for result in description.get_all_operations() if isinstance(result, Ok)]
    assert sorted((each.path, each.method.upper()) for each in found) == sorted(OPERATIONS)


WITHOUT_INPUT = {"/v1/collections", "/v1/feedback/export", "/health", "/ready", "/version"}
CASES = [(*operation, GenerationMode.POSITIVE) for operation in OPERATIONS]
CASES += [
    (*operation, GenerationMode.NEGATIVE) for operation in OPERATIONS if operation[0] not in WITHOUT_INPUT
]


@pytest.mark.parametrize(("path", "method", "mode"), CASES)
def test_generated_requests_get_declared_answers(
    description: BaseSchema, path: str, method: str, mode: GenerationMode
) -> None:
    cases = description[path][method].as_strategy(generation_mode=mode)

    @given(case=cases)
    @settings(
        max_examples=20,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def check(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(checks=CHECKS)

    check()


def test_documents_are_stored_read_and_erased_along_the_links(
    description: BaseSchema, writable: Workspace
) -> None:
    answered: Counter[tuple[str, int]] = Counter()

    class Machine(description.include(path_regex="^/v1/documents").as_state_machine()):  # type: ignore[misc]
        def setup(self) -> None:
            # What a run draws follows from what it was answered, so that each has to find the same store.
            _erase_uploads(writable)

        def validate_response(self, response: Response, case: schemathesis.Case[Any], **_: Any) -> None:
            answered[case.method.upper(), response.status_code] += 1
            case.validate_response(response, checks=[*CHECKS, use_after_free, ensure_resource_availability])

    wanted = (("PUT", 201), ("GET", 200), ("DELETE", 200))
    for _ in range(TRIES):
        # What is drawn next follows from what was answered (ids, page tokens), and hypothesis ends a run that
        # it cannot draw again. No check has failed then: those raise errors of their own.
        with suppress(FlakyStrategyDefinition):
            Machine.run(
                settings=settings(
                    max_examples=15,
                    stateful_step_count=8,
                    deadline=None,
                    derandomize=True,
                    database=None,
                    phases=[Phase.generate],
                    suppress_health_check=list(HealthCheck),
                )
            )
        if all(answered[each] for each in wanted):
            return
    raise AssertionError(f"not every one of {wanted} came up: {answered}")


def _erase_uploads(workspace: Workspace) -> None:
    kinds: tuple[Kind, ...] = ("posting", "brag")
    for kind in kinds:
        for head in list_documents(workspace, kind, limit=1_000).heads:
            if head["source"].startswith(SOURCE):
                erase_document(workspace, kind, head["document_id"])
