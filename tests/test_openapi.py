"""What the API says about itself: every route, refusal and example in the OpenAPI description."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel
from starlette.testclient import TestClient

from preprocess.soc import LEVELS
from search_api import gap_reply, occupation_reply, readiness, replies, schemas

Json = dict[str, Any]


@pytest.fixture(scope="module")
def description(client: TestClient) -> Json:
    found: Json = client.get("/openapi.json").json()
    return found


def operations(description: Json) -> Iterator[tuple[str, Json]]:
    for path, methods in description["paths"].items():
        for operation in methods.values():
            yield path, operation


def test_every_route_is_described(description: Json) -> None:
    assert sorted(path for path, _ in operations(description)) == [
        "/health",
        "/ready",
        "/v1/classify",
        "/v1/collections",
        "/v1/fluff",
        "/v1/gap",
        "/v1/match",
        "/v1/occupations",
        "/v1/occupations/{code}",
        "/v1/search",
        "/version",
    ]
    for path, operation in operations(description):
        assert operation["summary"], path
        assert operation["description"], path
        assert operation["tags"], path


def test_every_declared_refusal_is_a_problem_with_an_example(description: Json) -> None:
    shape = set(description["components"]["schemas"]["Problem"]["properties"])
    for path, operation in operations(description):
        for status, response in operation["responses"].items():
            if status != "200":
                declared = response["content"]["application/problem+json"]
                assert declared["schema"] == {"$ref": "#/components/schemas/Problem"}, path
                assert set(declared["example"]) == shape
                assert declared["example"]["status"] == int(status)


def test_posts_declare_what_they_refuse(description: Json) -> None:
    for path, methods in description["paths"].items():
        if "post" in methods:
            declared = set(methods["post"]["responses"])
            assert {"200", "409", "413", "415", "422", "500", "503", "507"} <= declared, path


MODELS: list[type[BaseModel]] = [
    model
    for module in (schemas, replies, gap_reply, occupation_reply, readiness)
    for model in vars(module).values()
    if isinstance(model, type) and issubclass(model, BaseModel) and model.__module__ == module.__name__
]


@pytest.mark.parametrize("model", [model for model in MODELS if "json_schema_extra" in model.model_config])
def test_the_examples_of_the_models_are_valid_and_complete(model: type[BaseModel]) -> None:
    extra = model.model_config["json_schema_extra"]
    assert isinstance(extra, dict)
    examples = extra.get("examples", [])
    assert isinstance(examples, list)
    for example in examples:
        made = model.model_validate(example)
        if not model.__name__.endswith(("Request", "Query", "Input")):
            assert made.model_dump(mode="json") == example


def test_every_request_and_reply_has_an_example(description: Json) -> None:
    shapes = description["components"]["schemas"]
    for path, operation in operations(description):
        bodies = [operation["responses"]["200"]]
        bodies += [operation["requestBody"]] if "requestBody" in operation else []
        for body in bodies:
            name = body["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[-1]
            assert shapes[name]["examples"], (path, name)
        for parameter in operation.get("parameters", []):
            assert parameter["schema"].get("examples") or parameter.get("examples"), (path, parameter["name"])


def test_the_examples_of_the_requests_are_answered(client: TestClient, description: Json) -> None:
    shapes = description["components"]["schemas"]
    for path, methods in description["paths"].items():
        if "post" not in methods:
            continue
        name = methods["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[
            -1
        ]
        for example in shapes[name]["examples"]:
            known = "document" not in json.dumps(example)
            assert client.post(path, json=example).status_code == (200 if known else 404), example


def test_the_page_of_the_docs_is_there(client: TestClient) -> None:
    assert "/openapi.json" in client.get("/docs").text


def test_the_levels_of_the_schema_are_those_of_the_codes() -> None:
    properties = schemas.ClassifyRequest.model_json_schema()["properties"]
    assert tuple(properties["level"]["enum"]) == LEVELS


def test_the_documentation_page_needs_no_other_host(client: TestClient) -> None:
    page = client.get("/docs")
    assert page.status_code == 200
    assert "https://" not in page.text
    assert client.get("/static-offline-docs/swagger-ui-bundle.js").status_code == 200
