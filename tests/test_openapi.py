"""What the API says about itself: every route, refusal and example in the OpenAPI description."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from starlette.testclient import TestClient

from indexer.workspace import Workspace
from preprocess.soc import LEVELS
from search_api import (
    batch_lines,
    batch_schemas,
    document_schemas,
    embed_schemas,
    feedback_schemas,
    gap_reply,
    occupation_reply,
    readiness,
    replies,
    schemas,
)
from tests.tenant_service import serve_tenants

Json = dict[str, Any]


@pytest.fixture(scope="module")
def description(client: TestClient) -> Json:
    found: Json = client.get("/openapi.json").json()
    return found


def operations(description: Json) -> Iterator[tuple[str, Json]]:
    for path, methods in description["paths"].items():
        for operation in methods.values():
            yield path, operation


def takes_json(operation: Json) -> bool:
    return "application/json" in operation.get("requestBody", {}).get("content", {})


def test_every_route_is_described(description: Json) -> None:
    assert sorted(path for path, _ in operations(description)) == [
        "/health",
        "/ready",
        "/v1/batches",
        "/v1/batches",
        "/v1/batches/{id}",
        "/v1/batches/{id}",
        "/v1/batches/{id}/cancel",
        "/v1/batches/{id}/results",
        "/v1/classify",
        "/v1/collections",
        "/v1/documents",
        "/v1/documents/{kind}/{id}",
        "/v1/documents/{kind}/{id}",
        "/v1/documents/{kind}/{id}",
        "/v1/embed",
        "/v1/feedback",
        "/v1/feedback",
        "/v1/feedback/export",
        "/v1/feedback/{id}",
        "/v1/fluff",
        "/v1/gap",
        "/v1/match",
        "/v1/occupations",
        "/v1/occupations/{code}",
        "/v1/occupations/{code}/examples",
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
            if not status.startswith("2"):
                declared = response["content"]["application/problem+json"]
                assert declared["schema"] == {"$ref": "#/components/schemas/Problem"}, path
                assert set(declared["example"]) == shape
                assert declared["example"]["status"] == int(status)


def test_posts_declare_what_they_refuse(description: Json) -> None:
    for path, methods in description["paths"].items():
        if takes_json(methods.get("post", {})):
            declared = set(methods["post"]["responses"])
            assert {"200", "409", "413", "415", "422", "500", "503", "507"} <= declared, path


MODELS: list[type[BaseModel]] = [
    model
    for module in (
        batch_lines,
        batch_schemas,
        document_schemas,
        embed_schemas,
        feedback_schemas,
        schemas,
        replies,
        gap_reply,
        occupation_reply,
        readiness,
    )
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
        bodies = [reply for status, reply in operation["responses"].items() if status.startswith("2")]
        assert bodies, path
        bodies += [operation["requestBody"]] if "requestBody" in operation else []
        for body in bodies:
            for media_type, content in body["content"].items():
                schema = content["schema"]
                shape = shapes[schema["$ref"].rsplit("/", 1)[-1]] if "$ref" in schema else schema
                assert shape.get("format") == "binary" or shape["examples"], (path, media_type)
        for parameter in operation.get("parameters", []):
            assert parameter["schema"].get("examples") or parameter.get("examples"), (path, parameter["name"])


def test_the_examples_of_the_requests_are_answered(client: TestClient, description: Json) -> None:
    shapes = description["components"]["schemas"]
    for path, methods in description["paths"].items():
        if not takes_json(methods.get("post", {})):
            continue  # rows of a batch: tests/test_batch_routes.py sends their examples
        name = methods["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[
            -1
        ]
        for example in shapes[name]["examples"]:
            known = "document" not in json.dumps(example)
            assert client.post(path, json=example).status_code == (200 if known else 404), example


def test_the_examples_of_documents_are_stored(
    workspace: Workspace, tmp_path: Path, description: Json
) -> None:
    operation = description["paths"]["/v1/documents/{kind}/{id}"]["put"]
    shapes = description["components"]["schemas"]
    with serve_tenants(workspace, tmp_path) as service:
        for media_type, content in operation["requestBody"]["content"].items():
            schema = content["schema"]
            shape = shapes[schema["$ref"].rsplit("/", 1)[-1]] if "$ref" in schema else schema
            for example in shape.get("examples", []):
                body = example if isinstance(example, str) else json.dumps(example)
                kind = "posting" if "company" in body else "brag"
                reply = service.client.put(
                    f"/v1/documents/{kind}/example", content=body, headers={"content-type": media_type}
                )
                assert reply.status_code in (200, 201), reply.text
                read = service.client.get(f"/v1/documents/{kind}/example").json()
                assert read["sentences"] == reply.json()["sentences"] > 0


def test_the_links_of_the_description_lead_somewhere(description: Json) -> None:
    known = {operation["operationId"] for _, operation in operations(description)}
    links = {
        link["operationId"]
        for _, operation in operations(description)
        for response in operation["responses"].values()
        for link in response.get("links", {}).values()
    }
    assert {"read_document", "erase_document"} <= links <= known


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
