"""From a page to a document: the title, company and location at its top, and its sections.

Markdown, plain text, docx and pdf all come here as a stream of :class:`Block`. Lines stay as they are:
bullets, wrapped lines and headings in plain text are the business of ``preprocess.sentences``.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from preprocess.decoding import one_line
from preprocess.records import Document, Kind, Passage

TITLE: Final = 0
"""The level of a block that is the document's title; 1 to 9 are headings."""


@dataclass(frozen=True, slots=True)
class Block:
    """A line of text, or a heading if it has a level."""

    text: str
    level: int | None = None


BULLET = re.compile(r"[ \t]*(?:[-*+•·‣⁃◦▪▫■□●○◆➢➤►✓✔–—]|\(?(?:\d{1,3}|[a-zA-Z])[.)])[ \t]+(?=\S)")

_MAX_TITLE_CHARS = 100
# Where a posting has such lines they stand above its first section or, without sections, in its first lines.
_FIELD_LINES = 12
_FIELD = re.compile(r"([^\W\d_][\w ]{2,20}?)[ \t]*:[ \t]*(\S.{0,199})")
_FIELDS = {
    **dict.fromkeys(("job title", "position", "role", "title"), "title"),
    **dict.fromkeys(("company", "company name", "employer", "organisation", "organization"), "company"),
    **dict.fromkeys(("city", "job location", "location", "place"), "location"),
    **dict.fromkeys(("apply at", "job url", "link", "url"), "url"),
}

_TAG_END = r"\b[^<>]{0,1000}>"
_ITEM_TAG = re.compile(rf"<li{_TAG_END}", re.IGNORECASE)
_BLOCK_TAG = re.compile(rf"</?(?:br|div|h[1-6]|ol|p|section|table|tr|ul){_TAG_END}", re.IGNORECASE)
_INLINE_TAG = re.compile(
    rf"</?(?:a|b|code|em|font|i|img|li|small|span|strong|sub|sup|tbody|td|th|thead|u){_TAG_END}",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,8}\d?);")


def strip_html(text: str) -> str:
    """``text`` without the tags and entities that job boards leave in it; list items become "- " lines."""
    if "<" in text:
        text = _INLINE_TAG.sub("", _BLOCK_TAG.sub("\n", _ITEM_TAG.sub("\n- ", text)))
    if "&" in text:
        text = _ENTITY.sub(lambda match: html.unescape(match[0]), text)
    return text


def field_named(name: str) -> str | None:
    """Which of title, company, location and url a label such as "Employer" means; None for other labels."""
    return _FIELDS.get(" ".join(name.casefold().split()))


def compose(
    blocks: Iterable[Block], kind: Kind, source: str, title: str = "", fields: Mapping[str, str] | None = None
) -> Document:
    """One document of the blocks of a page.

    The title is ``title``, else the first block of level ``TITLE``, else the first line if it is short.
    A first line that repeats the title is left out. Of a posting, lines such as "Company: X" at the top
    become its company, location, url and title.

    :param fields: title, company, location and url where the format has a place for them.
    """
    found = ""
    sections: list[tuple[str, list[str]]] = [("", [])]
    for block in blocks:
        if block.level is None:
            sections[-1][1].append(block.text.rstrip())
        elif block.level == TITLE and not found:
            found = one_line(block.text)
        else:
            sections.append((one_line(block.text), []))

    top = sections[0][1]
    fields = {**(_take_fields(top) if kind == "posting" else {}), **(fields or {})}
    title = one_line(title) or found or fields.get("title", "")
    if title:
        _drop_repeated(top, title)
    else:
        title = _take_title(top, kind, more_follows=len(sections) > 1)
    passages = [Passage(name, "\n".join(lines).strip()) for name, lines in sections]
    return Document(
        kind,
        source,
        key="",
        passages=tuple(passage for passage in passages if passage.text),
        title=title,
        company=fields.get("company", ""),
        location=fields.get("location", ""),
        url=fields.get("url", ""),
    )


def _take_fields(lines: list[str]) -> dict[str, str]:
    """Take the lines such as "Location: X" out of the first ``lines``, which are changed."""
    fields: dict[str, str] = {}
    kept = []
    for line in lines[:_FIELD_LINES]:
        bullet = BULLET.match(line)
        match = _FIELD.fullmatch(line[bullet.end() if bullet else 0 :].strip())
        name = field_named(match[1]) if match else None
        value = one_line(match[2]) if match else ""
        is_link = value.startswith(("http://", "https://"))
        if name is None or name in fields or (name == "url" and not is_link):
            kept.append(line)
        else:
            fields[name] = value
    lines[:_FIELD_LINES] = kept
    return fields


def _drop_repeated(lines: list[str], title: str) -> None:
    first = _first(lines)
    if first is not None and one_line(lines[first]).casefold() == title.casefold():
        del lines[first]


def _take_title(lines: list[str], kind: Kind, *, more_follows: bool) -> str:
    """Take the first of ``lines`` out of them if it reads as a title and is not all there is.

    In a brag document each line may be an accomplishment, so there a blank line must follow.
    """
    first = _first(lines)
    if first is None:
        return ""
    line, rest = one_line(lines[first]), lines[first + 1 :]
    is_short = len(line) < _MAX_TITLE_CHARS and line[-1] not in ".!?:;" and any(map(str.isalpha, line))
    if not is_short or BULLET.match(lines[first]) or not (more_follows or any(map(str.strip, rest))):
        return ""
    if kind == "brag" and rest and rest[0].strip():
        return ""
    del lines[first]
    return line


def _first(lines: list[str]) -> int | None:
    return next((index for index, line in enumerate(lines) if line.strip()), None)
