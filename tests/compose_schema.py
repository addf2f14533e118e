"""The part of the compose specification that docker-compose.yml uses, as a JSON Schema.

Written from the specification's text for this one file: a key that is not listed here is refused, so that a
misspelt one is found without a Docker engine.
"""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

TEXT: Json = {"type": "string", "minLength": 1}
TEXTS: Json = {"type": "array", "items": TEXT, "minItems": 1, "uniqueItems": True}
DURATION: Json = {"type": "string", "pattern": r"^(\d+(ms|s|m|h))+$"}
WORDS: Json = {"type": "object", "additionalProperties": {"type": "string"}}
"""Numbers and booleans are quoted: YAML would make other texts of them."""


def _object(properties: Json, required: tuple[str, ...] = ()) -> Json:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def _named(schema: Json) -> Json:
    return {
        "type": "object",
        "patternProperties": {r"^[a-z0-9][a-z0-9_.-]*$": schema},
        "additionalProperties": False,
    }


HEALTHCHECK = _object(
    {
        "test": {
            "type": "array",
            "prefixItems": [{"enum": ["CMD", "CMD-SHELL"]}],
            "items": TEXT,
            "minItems": 2,
        },
        "interval": DURATION,
        "timeout": DURATION,
        "retries": {"type": "integer", "minimum": 1},
        "start_period": DURATION,
    },
    ("test",),
)
SERVICE = _object(
    {
        "build": TEXT,
        "image": {"type": "string", "pattern": r"^[a-z0-9./_-]+:[A-Za-z0-9._-]+$"},
        "command": {"type": "array", "items": TEXT},
        "environment": WORDS,
        "volumes": {"type": "array", "items": {"type": "string", "pattern": r"^[^:]+:/[^:]+(:ro)?$"}},
        "networks": {"oneOf": [TEXTS, _named(_object({"aliases": TEXTS}))]},
        "ports": {"type": "array", "items": {"type": "string", "pattern": r"^[0-9.]+:\d+:\d+$"}},
        "profiles": TEXTS,
        "depends_on": _named(_object({"condition": {"const": "service_healthy"}}, ("condition",))),
        "healthcheck": HEALTHCHECK,
        "read_only": {"type": "boolean"},
        "tmpfs": TEXTS,
        "cap_drop": TEXTS,
        "security_opt": TEXTS,
        "ulimits": _named({"type": "integer", "minimum": 1}),
        "restart": {"enum": ["no", "always", "on-failure", "unless-stopped"]},
        "stop_grace_period": DURATION,
    },
    ("image", "restart"),
)
COMPOSE: Json = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {
        "name": TEXT,
        "services": _named(SERVICE),
        "networks": _named({"oneOf": [{"type": "null"}, _object({"internal": {"type": "boolean"}})]}),
        "volumes": _named({"type": "null"}),
    },
    "patternProperties": {"^x-": {}},
    "required": ["services"],
    "additionalProperties": False,
}
