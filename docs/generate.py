"""``python -m docs.generate``: write what the code already says into docs/ and README.md.

docs/cli.md comes from the commands, docs/settings.md from the settings classes, docs/rest.md from the OpenAPI
description, docs/quality.md with its pictures and the table between the ``figures`` marks of README.md from
benchmarks/results. A test compares all of them with the code, so run this after changing any of it.
"""

from __future__ import annotations

import inspect
import json
import typing
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import typer
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from docs.figures import figures
from docs.quality import draw, quality_page
from indexer.settings import ModelSettings, StoreSettings
from joblens.cli import app as commands
from search_api.app import create_app
from search_api.settings import ServeSettings

ROOT = Path(__file__).resolve().parents[1]
MARK = "Written by `python -m docs.generate`; change the code, not this file."
SETTINGS: tuple[type[BaseSettings], ...] = (StoreSettings, ModelSettings, ServeSettings)
COMPUTED = {
    "default_home": "the user's data folder",
    "_default_model_cache": "`models` in the data directory",
}
"""Defaults that depend on the machine, in words."""

WORDS = {str: "TEXT", int: "INTEGER", float: "NUMBER", Path: "PATH"}
FIGURES_BEGIN, FIGURES_END = "<!-- figures -->", "<!-- /figures -->"


def main() -> None:
    """Write every generated part, and the pictures whose figures have changed."""
    for path, text in generated().items():
        path.write_text(text, encoding="utf-8")
    draw()


def generated() -> dict[Path, str]:
    """Each file that is generated, or holds a generated part, with the text that it should have."""
    readme = with_figures(README.read_text(encoding="utf-8"))
    return {**{path: page() for path, page in GENERATED.items()}, README: readme}


def with_figures(text: str) -> str:
    """``text`` with the table between its figures marks made anew."""
    before, _, rest = text.partition(FIGURES_BEGIN)
    _, _, after = rest.partition(FIGURES_END)
    return f"{before}{FIGURES_BEGIN}\n{figures()}\n{FIGURES_END}{after}"


# ---- the command line


def cli_page() -> str:
    """Every command with its arguments and options."""
    lines = [
        "# The command line",
        "",
        MARK,
        "",
        "Results go to standard output, progress and errors to standard error. Exit status: 0 done, 1 failed",
        "(or something was dropped and `--strict` was given), 2 the command was not understood. The option",
        "`--home PATH` stands before the command: the data directory, instead of `JOBLENS_HOME`.",
    ]
    for words, command in each_command():
        arguments = [p for p in command.params if p.param_type_name == "argument"]
        options = [p for p in command.params if p.param_type_name == "option"]
        usage = " ".join([*words, *(_usage(a) for a in arguments), *(["[OPTIONS]"] if options else [])])
        lines += ["", f"## {' '.join(words)}", "", _one_line(command.help), "", f"    {usage}"]
        rows = [(f"`{_name(p)}`", _one_line(p.help), "") for p in arguments]
        rows += [(f"`{_option(p)}`", _one_line(p.help), _default(p)) for p in options]
        if rows:
            lines += ["", *_table(("Name", "What it is", "Default"), rows)]
    return "\n".join(lines) + "\n"


def each_command() -> Iterator[tuple[list[str], Any]]:
    """``(["joblens", "index", "onet"], command)`` for every command that does something."""

    def walk(words: list[str], command: Any) -> Iterator[tuple[list[str], Any]]:
        if hasattr(command, "commands"):
            for name, child in command.commands.items():
                yield from walk([*words, name], child)
        else:
            yield words, command

    yield from walk(["joblens"], typer.main.get_command(commands))


def _name(argument: Any) -> str:
    return str(argument.name).upper()


def _usage(argument: Any) -> str:
    name = _name(argument) + ("..." if argument.nargs == -1 else "")
    return name if argument.required else f"[{name}]"


def _option(option: Any) -> str:
    names = ", ".join(option.opts)
    if option.is_flag:
        return names
    annotation = option.type_descriptor.annotation
    return f"{names} {WORDS[(typing.get_args(annotation) or (annotation,))[0]]}"


def _default(option: Any) -> str:
    return "" if option.is_flag or option.default is None else f"`{option.default}`"


# ---- settings


def settings_page() -> str:
    """Every environment variable that joblens reads."""
    lines = ["# Settings", "", MARK, "", "Set in the environment. A command's own option goes before it."]
    for settings in SETTINGS:
        rows = [
            (
                f"`{variable(settings, name)}`",
                field.description or "",
                _setting_default(field),
                _limits(field),
            )
            for name, field in settings.model_fields.items()
        ]
        summary = inspect.cleandoc(settings.__doc__ or "").split("\n\n")[0].partition(" Environment:")[0]
        lines += ["", f"## {settings.__name__}", "", _one_line(summary), ""]
        lines += _table(("Variable", "What it does", "Default", "Allowed"), rows)
    return "\n".join(lines) + "\n"


def variable(settings: type[BaseSettings], name: str) -> str:
    """The environment variable of a field."""
    alias = settings.model_fields[name].validation_alias
    if alias is not None:
        return str(getattr(alias, "choices", [alias])[0])
    return f"{settings.model_config.get('env_prefix', '')}{name}".upper()


def _setting_default(field: FieldInfo) -> str:
    if field.default_factory is not None:
        return COMPUTED[field.default_factory.__name__]
    return "empty" if field.default == "" else f"`{field.default}`"


def _limits(field: FieldInfo) -> str:
    if typing.get_origin(field.annotation) is typing.Literal:
        return ", ".join(f"`{value}`" for value in typing.get_args(field.annotation))
    least = [f"from {m.ge:,}" for m in field.metadata if hasattr(m, "ge")]
    most = [f"to {m.le:,}" for m in field.metadata if hasattr(m, "le")]
    return " ".join(least + most)


# ---- the REST API


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
            lines += ["", f"## {method.upper()} {path}", "", _one_line(route.get("description", ""))]
            rows = [
                (f"`{p['name']}`", p["in"], _one_line(p.get("description", "")), _or_empty(p["schema"]))
                for p in route.get("parameters", ())
            ]
            if rows:
                lines += ["", *_table(("Parameter", "In", "What it is", "Default"), rows)]
            body = _schema(route.get("requestBody"), schemas)
            if body:
                rows = [
                    (f"`{name}`", _type(field), _one_line(field.get("description", "")), _or_empty(field))
                    for name, field in body["properties"].items()
                ]
                lines += ["", *_table(("Field", "Type", "What it is", "Default"), rows)]
                lines += ["", "Takes, for example:", "", *_example(body)]
            reply = _schema(route["responses"]["200"], schemas)
            if reply and reply.get("examples"):
                lines += ["", "Answers in this shape:", "", *_example(reply)]
            problems = sorted(status for status in route["responses"] if status != "200")
            lines += ["", f"Problems: {', '.join(problems)}."]
    return "\n".join(lines) + "\n"


def _schema(holder: dict[str, Any] | None, schemas: dict[str, Any]) -> dict[str, Any] | None:
    if not holder:
        return None
    named: dict[str, Any] = holder["content"]["application/json"]["schema"]
    found: dict[str, Any] = schemas[named["$ref"].rsplit("/", 1)[-1]]
    return found


def _type(field: dict[str, Any]) -> str:
    if "$ref" in field:
        return str(field["$ref"]).rsplit("/", 1)[-1]
    options = field.get("oneOf") or field.get("anyOf")
    if options:
        return " or ".join(_type(option) for option in options)
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    inner = f" of {_type(field['items'])}" if field.get("items") else ""
    return f"{field.get('type', 'any')}{inner}"


def _or_empty(schema: dict[str, Any]) -> str:
    return "" if schema.get("default") is None else f"`{schema['default']}`"


def _example(schema: dict[str, Any]) -> list[str]:
    return ["```json", json.dumps(schema["examples"][0], indent=2, ensure_ascii=False), "```"]


# ---- Markdown


def _table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    kept = [i for i in range(len(header)) if any(row[i] for row in rows)]
    lines = [[header[i] for i in kept], ["---"] * len(kept)]
    lines += [[row[i].replace("|", "\\|") for i in kept] for row in rows]
    return [f"| {' | '.join(cells)} |" for cells in lines]


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())


README = ROOT / "README.md"
GENERATED = {
    ROOT / "docs" / "cli.md": cli_page,
    ROOT / "docs" / "settings.md": settings_page,
    ROOT / "docs" / "rest.md": rest_page,
    ROOT / "docs" / "quality.md": quality_page,
}

if __name__ == "__main__":
    main()
