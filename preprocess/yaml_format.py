"""yaml: a brag document ``{Descriptions: {project: {one-liners: [...], stories: [...]}}}``, or a posting.

No constructor of PyYAML ever runs: the file is checked event by event (tags, depth, size), composed into
nodes and read from them, so that a tag cannot do anything and "1.10" or "no" stay as they are written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from preprocess.columns import choose_columns, is_text_name, row_document
from preprocess.decoding import clean, decode, one_line
from preprocess.errors import TooLarge
from preprocess.formats import Item, ReadOptions, checked, too_large
from preprocess.records import Document, Dropped, Kind, Passage

# libyaml's composer recurses in C and ends the process with a segmentation fault on some 100,000 levels.
_MAX_DEPTH = 50
_STANDARD_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}"
    for name in ("bool", "float", "int", "map", "merge", "null", "seq", "str", "timestamp")
)
_BRAG_SHAPE = "Descriptions: {project: {one-liners: [...], stories: [...]}}"
_POSTING_SHAPE = "title, company, location, url and texts such as description: or requirements: [...]"


@dataclass(frozen=True, slots=True)
class _Pairs:
    """A mapping, in order, with names that come again."""

    items: tuple[tuple[str, _Value], ...]


_Value = str | list["_Value"] | _Pairs


def parse_yaml(data: bytes, source: str, kind: Kind, options: ReadOptions) -> Item:
    """A .yaml file: a brag document with a passage for each project, or a posting with one for each text."""
    import yaml

    if len(data) > (limit := options.max_yaml_bytes):
        return too_large(
            "yaml too large", source, limit=limit, found=len(data), unit="bytes", option="max_yaml_bytes"
        )
    text = decode(data)
    if text is None:
        return Dropped("not text", source, detail="expected text, found binary data")
    text = clean(text)
    if not text.strip():
        return Dropped("empty", source)
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        if refused := _refused(text, source, loader, options):
            return refused
        root = yaml.compose(text, Loader=loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark else ""
        return Dropped("invalid yaml", source, where, str(getattr(error, "problem", None) or error)[:200])
    if root is None:
        return Dropped("empty", source)
    try:
        value = _Reading(options.max_yaml_nodes, options.max_text_chars).value(root)
    except TooLarge as error:
        return Dropped("yaml too large", source, detail=str(error))
    return _brag(value, source, kind) if kind == "brag" else _posting(value, source, kind)


def _refused(text: str, source: str, loader: Any, options: ReadOptions) -> Dropped | None:
    """Why the file must not even be composed: a tag that is not plain data, its depth or its size."""
    import yaml

    depth = nodes = 0
    for event in yaml.parse(text, Loader=loader):
        where = f"line {event.start_mark.line + 1}" if event.start_mark else ""
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        nodes += isinstance(event, yaml.NodeEvent)
        tag = getattr(event, "tag", None)
        if tag not in (None, "!") and tag not in _STANDARD_TAGS:
            return Dropped(
                "yaml tag refused", source, where, f"expected plain data, found the tag {tag[:100]}"
            )
        if depth > _MAX_DEPTH:
            return Dropped("yaml too large", source, where, f"expected at most {_MAX_DEPTH} levels")
        if nodes > (limit := options.max_yaml_nodes):
            return too_large(
                "yaml too large", source, limit=limit, found=nodes, unit="values", option="max_yaml_nodes"
            )
    return None


class _Reading:
    """Nodes to values, counted, because an alias is read anew wherever it is used."""

    def __init__(self, max_nodes: int, max_chars: int) -> None:
        self._max_nodes = max_nodes
        self._max_chars = max_chars
        self._left = max_nodes
        self._chars_left = max_chars

    def value(self, node: Any, depth: int = 0) -> _Value:
        """
        :raises TooLarge: if aliases make more of the file than it may hold, or hold themselves.
        """
        self._left -= 1
        if self._left < 0 or depth > _MAX_DEPTH:
            raise TooLarge(f"expected at most {self._max_nodes:,} values, found more through its aliases")
        if node.id == "scalar":
            text = "" if node.tag.endswith(":null") else str(node.value)
            self._chars_left -= len(text)
            if self._chars_left < 0:
                raise TooLarge(f"expected at most {self._max_chars:,} characters, found more")
            return text
        if node.id == "sequence":
            return [self.value(child, depth + 1) for child in node.value]
        return _Pairs(tuple(self._pairs(node, depth)))

    def _pairs(self, node: Any, depth: int) -> Iterator[tuple[str, _Value]]:
        for key_node, value_node in node.value:
            value = self.value(value_node, depth + 1)
            if key_node.tag.endswith(":merge"):
                for merged in value if isinstance(value, list) else [value]:
                    if isinstance(merged, _Pairs):
                        yield from merged.items
            else:
                yield " ".join(_texts(self.value(key_node, depth + 1))), value


def _brag(value: _Value, source: str, kind: Kind) -> Item:
    top = value.items if isinstance(value, _Pairs) else ()
    projects = next((child for name, child in top if name.casefold() == "descriptions"), None)
    if not isinstance(projects, _Pairs):
        return _unexpected(value, source, _BRAG_SHAPE)
    names = {name.casefold(): child for name, child in reversed(top)}
    title = next((child for key in ("title", "name") if isinstance(child := names.get(key), str)), "")
    passages = (Passage(one_line(name), _project_text(project)) for name, project in projects.items)
    return checked(Document(kind, source, "", tuple(passages), title=one_line(title)))


def _project_text(project: _Value) -> str:
    """One-liners as "- " lines, then each story as a paragraph; other keys count as stories."""
    if not isinstance(project, _Pairs):
        return _list_lines(project)
    one_liners, stories = [], []
    for name, child in project.items:
        if "".join(filter(str.isalpha, name.casefold())) in {"oneliners", "oneliner"}:
            one_liners.append(_list_lines(child))
        else:
            stories += [text for text in _texts(child) if text]
    return "\n\n".join(filter(None, ["\n".join(filter(None, one_liners)), *stories]))


def _posting(value: _Value, source: str, kind: Kind) -> Item:
    if not isinstance(value, _Pairs):
        return _unexpected(value, source, _POSTING_SHAPE)
    values = {
        name: _list_lines(child)
        for name, child in value.items
        if isinstance(child, str | list) and name.strip()
    }
    columns = choose_columns(tuple(values), ReadOptions())
    if columns.title is None and not any(map(is_text_name, values)):
        return _unexpected(value, source, _POSTING_SHAPE)
    return row_document(values, columns, kind, source, None, "")


def _list_lines(value: _Value) -> str:
    """A string as it is, the items of a list as "- " lines."""
    if isinstance(value, str):
        return value.strip()
    return "\n".join(f"- {text}" for text in map(one_line, _texts(value)) if text)


def _texts(value: _Value) -> Iterator[str]:
    """The strings under a value.

    An item such as "- Cut costs: by half" is a mapping to yaml and a sentence to its author.
    """
    if isinstance(value, str):
        yield value.strip()
    elif isinstance(value, list):
        for child in value:
            if isinstance(child, _Pairs):
                yield from (f"{name}: {' '.join(_texts(part))}" for name, part in child.items)
            else:
                yield from _texts(child)
    else:
        for _, child in value.items:
            yield from _texts(child)


def _unexpected(value: _Value, source: str, shape: str) -> Dropped:
    if isinstance(value, _Pairs):
        found = "a mapping with " + ", ".join(name for name, _ in value.items[:10])
    else:
        found = "a list" if isinstance(value, list) else "one text"
    return Dropped("unexpected yaml shape", source, detail=f"expected {shape}, found {found}"[:400])
