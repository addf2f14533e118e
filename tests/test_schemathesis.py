"""Requests generated from the whole description: no server error, and no answer that is not declared."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from indexer.workspace import Workspace
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
    ("/v1/occupations", "GET"),
    ("/v1/occupations/{code}", "GET"),
    ("/v1/collections", "GET"),
    ("/health", "GET"),
    ("/ready", "GET"),
    ("/version", "GET"),
]


@pytest.fixture(scope="module")
def description(workspace: Workspace) -> BaseSchema:
    """The API's description, loaded from the app itself."""
    return schemathesis.openapi.from_asgi("/openapi.json", create_app(workspace, ServeSettings()))


def test_no_operation_is_left_out(description: BaseSchema) -> None:
    found = [result.ok() for result in description.get_all_operations() if isinstance(result, Ok)]
    assert sorted((each.path, each.method.upper()) for each in found) == sorted(OPERATIONS)


# The routes of the service take no input that could be wrong.
CASES = [(*operation, GenerationMode.POSITIVE) for operation in OPERATIONS]
CASES += [(*operation, GenerationMode.NEGATIVE) for operation in OPERATIONS[:6]]


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
