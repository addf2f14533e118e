"""docs/rest.md: every route, from the OpenAPI description."""

from __future__ import annotations

import json
from typing import Any

from docs.markdown import MARK, one_line, table
from search_api.app import create_app

Json = dict[str, Any]
JSON = "application/json"


def rest_page() -> str:
    """Every route: what it takes, an example of what it answers, and how it fails."""
    description = create_app().openapi()
    schemas = description["components"]["schemas"]
    refused = description["paths"]["/v1/search"]["post"]["responses"]["422"]
    lines = [
        "# The REST API",
        "",
        MARK,
        "",
        "The service itself shows this, with every field's limits, at `/docs`. Errors are",
        "`application/problem+json` (RFC 9457) in one shape:",
        "",
        "```json",
        json.dumps(refused["content"]["application/problem+json"]["example"], indent=2),
        "```",
    ]
    for path, methods in description["paths"].items():
        for method, route in methods.items():
            lines += ["", f"## {method.upper()} {path}", "", one_line(route.get("description", ""))]
            rows = [
                (f"`{p['name']}`", p["in"], one_line(p.get("description", "")), _or_empty(p["schema"]))
                for p in route.get("parameters", ())
            ]
            if rows:
                lines += ["", *table(("Parameter", "In", "What it is", "Default"), rows)]
            body = _schema(route.get("requestBody"), schemas)
            if body:
                rows = [
                    (f"`{name}`", _type(field), one_line(field.get("description", "")), _or_empty(field))
                    for name, field in body["properties"].items()
                ]
                lines += ["", *table(("Field", "Type", "What it is", "Default"), rows)]
                lines += ["", "Takes, for example:", "", *_example(body)]
            lines += _other_bodies(route.get("requestBody"))
            for status, answer in _succeeds(route)[:1]:
                reply = _schema(answer, schemas)
                lines += ["", f"Answers {status}{', in this shape:' if reply else '.'}"]
                lines += ["", *_example(reply)] if reply else _other_bodies(answer)
            problems = sorted(status for status in route["responses"] if not status.startswith("2"))
            lines += ["", f"Problems: {', '.join(problems)}."]
    return "\n".join(lines) + "\n"


def _succeeds(route: Json) -> list[tuple[str, Json]]:
    return [(status, answer) for status, answer in route["responses"].items() if status.startswith("2")]


def _schema(holder: Json | None, schemas: Json) -> Json | None:
    """The named schema of a body in JSON, where it has one."""
    if not holder or "application/json" not in holder.get("content", {}):
        return None
    named: Json = holder["content"]["application/json"]["schema"]
    found: Json = schemas[named["$ref"].rsplit("/", 1)[-1]]
    return found


def _other_bodies(holder: Json | None) -> list[str]:
    """Bodies that are not JSON: their content types, and an example of those that are text."""
    others = {kind: body for kind, body in (holder or {}).get("content", {}).items() if kind != JSON}
    if not others:
        return []
    lines = ["", f"As {', '.join(f'`{kind}`' for kind in others)}."]
    for kind, body in others.items():
        example = body.get("example") or body.get("schema", {}).get("example")
        if isinstance(example, str):
            lines += ["", f"`{kind}`, for example:", "", "```text", example.rstrip(), "```"]
    return lines


def _type(field: Json) -> str:
    if "$ref" in field:
        return str(field["$ref"]).rsplit("/", 1)[-1]
    options = field.get("oneOf") or field.get("anyOf")
    if options:
        return " or ".join(_type(option) for option in options)
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    inner = f" of {_type(field['items'])}" if field.get("items") else ""
    return f"{field.get('type', 'any')}{inner}"


def _or_empty(schema: Json) -> str:
    return "" if schema.get("default") is None else f"`{schema['default']}`"


def _example(schema: Json) -> list[str]:
    return ["```json", json.dumps(schema["examples"][0], indent=2, ensure_ascii=False), "```"]
