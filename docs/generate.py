"""``python -m docs.generate``: write what the code already says into docs/ and README.md.

docs/cli.md comes from the commands, docs/settings.md from the settings classes, docs/rest.md from the OpenAPI
description, docs/quality.md with its pictures, the table between the ``figures`` marks of README.md and those
between the ``sizing`` marks of docs/operations.md from benchmarks/results. Tests compare all of them with the
code, so run this after changing any of it.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from docs.figures import figures
from docs.markdown import MARK, one_line, table
from docs.quality import draw, quality_page
from docs.rest import rest_page
from docs.sizing import BEGIN as SIZING_BEGIN
from docs.sizing import END as SIZING_END
from docs.sizing import sizing
from indexer.settings import ModelSettings, QdrantSettings, StoreSettings
from joblens.cli import app as commands
from search_api.settings import ServeSettings

ROOT = Path(__file__).resolve().parents[1]
SETTINGS: tuple[type[BaseSettings], ...] = (StoreSettings, QdrantSettings, ModelSettings, ServeSettings)
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
    operations = with_sizing(OPERATIONS.read_text(encoding="utf-8"))
    pages = {path: page() for path, page in GENERATED.items()}
    return {**pages, README: readme, OPERATIONS: operations}


def with_figures(text: str) -> str:
    """``text`` with the table between its figures marks made anew."""
    return _between(text, FIGURES_BEGIN, figures(), FIGURES_END)


def with_sizing(text: str) -> str:
    """``text`` with the tables between its sizing marks made anew."""
    return _between(text, SIZING_BEGIN, sizing(), SIZING_END)


def _between(text: str, begin: str, made: str, end: str) -> str:
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n{made}\n{end}{after}"


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
        lines += ["", f"## {' '.join(words)}", "", one_line(command.help), "", f"    {usage}"]
        rows = [(f"`{_name(p)}`", one_line(p.help), "") for p in arguments]
        rows += [(f"`{_option(p)}`", one_line(p.help), _default(p)) for p in options]
        if rows:
            lines += ["", *table(("Name", "What it is", "Default"), rows)]
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
        lines += ["", f"## {settings.__name__}", "", one_line(summary), ""]
        lines += table(("Variable", "What it does", "Default", "Allowed"), rows)
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
    return "empty" if field.default in ("", None) else f"`{field.default}`"


def _limits(field: FieldInfo) -> str:
    if typing.get_origin(field.annotation) is typing.Literal:
        return ", ".join(f"`{value}`" for value in typing.get_args(field.annotation))
    least = [f"from {m.ge:,}" for m in field.metadata if hasattr(m, "ge")]
    most = [f"to {m.le:,}" for m in field.metadata if hasattr(m, "le")]
    return " ".join(least + most)


README = ROOT / "README.md"
OPERATIONS = ROOT / "docs" / "operations.md"
GENERATED = {
    ROOT / "docs" / "cli.md": cli_page,
    ROOT / "docs" / "settings.md": settings_page,
    ROOT / "docs" / "rest.md": rest_page,
    ROOT / "docs" / "quality.md": quality_page,
}

if __name__ == "__main__":
    main()
