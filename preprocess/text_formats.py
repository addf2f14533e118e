"""Plain text and markdown files, and text that a user typed or pasted."""

from __future__ import annotations

import re
from collections.abc import Iterator

from preprocess.decoding import clean, decode
from preprocess.formats import Item, ReadOptions, checked, too_large
from preprocess.layout import BULLET, TITLE, Block, compose, field_named, strip_html
from preprocess.records import Document, Dropped, Kind

_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(?=\S)|[ \t]*$)")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_QUOTE = re.compile(r"(?: {0,3}> ?)+")
_TASK = re.compile(r"([ \t]*[-*+][ \t]+)\[[ xX]\][ \t]+")
_REFERENCE = re.compile(r" {0,3}\[[^\[\]]{1,200}\]:[ \t]+(\S+)[ \t]*(?:[\"'(].*)?")
_COMMENT = re.compile(r"<!--(?:(?!<!--).)*?-->", re.DOTALL)
_FRONT_MATTER = re.compile(r"([A-Za-z][\w -]{0,40}):[ \t]*(.*)")
_FRONT_MATTER_LINES = 60

# The bounds keep a hostile line of brackets or stars from taking quadratic time.
_CODE = re.compile(r"(?<![`\\])(`{1,2})(?!`)(.{1,300}?)(?<!`)\1(?!`)")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_INLINE = (
    (re.compile(r"!\[([^\[\]]{0,300})\]\([^()]{0,1000}\)"), r"\1"),
    (re.compile(r"\[([^\[\]]{1,300})\]\((?:[^()]|\([^()]{0,300}\)){0,1000}\)"), r"\1"),
    (re.compile(r"\[([^\[\]]{1,300})\]\[[^\[\]]{0,300}\]"), r"\1"),
    (re.compile(r"<((?:https?://|mailto:)[^<>\s]{1,1000})>"), r"\1"),
    (re.compile(r"(\*{2,3})(?=[^\s*])(.{1,300}?)(?<=[^\s*])\1"), r"\2"),
    (re.compile(r"(?<![\w*])\*(?=[^\s*])(.{1,300}?)(?<=[^\s*])\*(?![\w*])"), r"\1"),
    (re.compile(r"(?<!\w)(_{1,3})(?=[^\s_])(.{1,300}?)(?<=[^\s_])\1(?!\w)"), r"\2"),
    (re.compile(r"~~(?=\S)(.{1,300}?)(?<=\S)~~"), r"\1"),
)
# Signs in code and after a backslash wait in Unicode's private area until the marks are gone.
_HIDDEN = {code: chr(0xE000 + code) for code in range(0x21, 0x7F) if not chr(code).isalnum()}
_SHOWN = {0xE000 + code: chr(code) for code in _HIDDEN}


def parse_plain(data: bytes, source: str, kind: Kind, options: ReadOptions) -> Item:
    """A .txt file: one passage; its first line is the title if it is short."""
    text = _text(data, source, options)
    return text if isinstance(text, Dropped) else checked(plain_document(text, source, kind))


def parse_markdown(data: bytes, source: str, kind: Kind, options: ReadOptions) -> Item:
    """A .md file: a passage for each heading; a heading of level 1 at the top is the title."""
    text = _text(data, source, options)
    return text if isinstance(text, Dropped) else checked(markdown_document(text, source, kind))


def typed_document(text: str, source: str, kind: Kind, title: str) -> Document:
    """What a user typed or pasted: markdown if it has a heading such as "## Skills", else plain text."""
    is_markdown = any(_HEADING.match(line) for line in clean(text).split("\n"))
    return (markdown_document if is_markdown else plain_document)(text, source, kind, title)


def plain_document(text: str, source: str, kind: Kind, title: str = "") -> Document:
    return compose(map(Block, clean(text).split("\n")), kind, source, title)


def markdown_document(text: str, source: str, kind: Kind, title: str = "") -> Document:
    """Headings become sections and markup becomes plain text; list lines keep their bullets."""
    fields, lines = _front_matter(clean(text).split("\n"))
    blocks = list(_blocks(strip_html(_COMMENT.sub("", "\n".join(lines))).split("\n")))
    first = next((index for index, block in enumerate(blocks) if block.text.strip()), None)
    named = fields.get("title", "")
    if first is not None and blocks[first].level == 1 and named in ("", blocks[first].text.strip()):
        blocks[first] = Block(blocks[first].text, TITLE)
    return compose(blocks, kind, source, title, fields)


def _text(data: bytes, source: str, options: ReadOptions) -> str | Dropped:
    text = decode(data)
    if text is None:
        return Dropped("not text", source, detail="expected text, found binary data")
    if len(text) > options.max_text_chars:
        limit = options.max_text_chars
        return too_large(
            "text too large", source, limit=limit, found=len(text), unit="characters", option="max_text_chars"
        )
    return text


def _front_matter(lines: list[str]) -> tuple[dict[str, str], list[str]]:
    """Title, company, location and url of the "name: value" lines between two "---" at the very top.

    :return: these fields, and the lines after the second "---".
    """
    if lines[0].rstrip() != "---":
        return {}, lines
    last = min(len(lines), _FRONT_MATTER_LINES)
    end = next((number for number in range(1, last) if lines[number].rstrip() == "---"), None)
    if end is None:
        return {}, lines
    fields = {}
    for line in lines[1:end]:
        match = _FRONT_MATTER.fullmatch(line)
        if match is None and line.strip() and not line.startswith((" ", "-", "#")):
            return {}, lines  # prose between two rules
        field = field_named(match[1]) if match else None
        value = match[2].strip(" \t\"'") if match else ""
        if field and value:
            fields[field] = value
    return fields, lines[end + 1 :]


def _blocks(lines: list[str]) -> Iterator[Block]:
    fence, follows_blank, skip = "", True, False
    for index, raw in enumerate(lines):
        line = raw
        if skip:
            skip = False
            continue
        if not fence and not line.strip():
            yield Block("")
            follows_blank = True
            continue
        opened = _FENCE.match(line)
        if fence:
            if opened and line.strip() == opened[1] and opened[1].startswith(fence):
                fence = ""
            else:
                yield Block(line)
            continue
        if opened:
            fence = opened[1]
            continue
        quoted = _QUOTE.match(line)
        line = line[quoted.end() :] if quoted else line
        heading = _HEADING.match(line)
        if heading:
            yield Block(_inline(_without_closing_hashes(line[heading.end() :])), len(heading[1]))
        elif follows_blank and _may_be_heading(line) and _underline(lines, index + 1):
            yield Block(_inline(line), _underline(lines, index + 1))
            skip = True
        elif not (_is_rule(line) or _is_reference(line)):
            task = _TASK.match(line)
            yield Block(_inline(_cells(task[1] + line[task.end() :] if task else line)))
        follows_blank = not line.strip() or heading is not None or skip


def _may_be_heading(line: str) -> bool:
    """Not so a list item, nor a sentence above a "---" that was meant to part it from the next."""
    return BULLET.match(line) is None and not line.rstrip().endswith((".", ",", ";"))


def _underline(lines: list[str], index: int) -> int | None:
    """1 or 2 if the line at ``index`` underlines a heading with "===" or "---"."""
    line = lines[index].strip() if index < len(lines) else ""
    return {"=": 1, "-": 2}.get(line[:1]) if len(line) >= 3 and len(set(line)) == 1 else None


def _is_rule(line: str) -> bool:
    """A thematic break, or the line between the head and the rows of a table."""
    marks = line.replace(" ", "").replace("\t", "")
    if len(marks) >= 3 and len(set(marks)) == 1 and marks[0] in "-*_=":
        return True
    return "|" in marks and "-" in marks and set(marks) <= set("|-:")


def _is_reference(line: str) -> bool:
    """A link's definition, such as "[1]: https://example.org", which a page does not show."""
    match = _REFERENCE.fullmatch(line)
    return match is not None and any(sign in match[1] for sign in ":/.#")


def _cells(line: str) -> str:
    """A table's row as its cells between bars; other lines as they are."""
    row = line.strip()
    if len(row) < 3 or row[0] != "|" or row[-1] != "|":
        return line
    return " | ".join(cell for cell in map(str.strip, row.strip("|").split("|")) if cell)


def _without_closing_hashes(text: str) -> str:
    text = text.rstrip()
    body = text.rstrip("#")
    return body if not body or body[-1] in " \t" else text


def _inline(text: str) -> str:
    """``text`` without the marks of links, images, code and emphasis; a bullet stays as it is."""
    bullet = BULLET.match(text)
    start = bullet.end() if bullet else 0
    body = _CODE.sub(lambda match: match[2].strip().translate(_HIDDEN), text[start:])
    body = _ESCAPE.sub(lambda match: match[1].translate(_HIDDEN), body)
    for pattern, replacement in _INLINE:
        body = pattern.sub(replacement, body)
    return text[:start] + body.translate(_SHOWN)
