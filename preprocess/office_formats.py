"""Word and pdf files, with bounds on what a small file can unfold to."""

from __future__ import annotations

import io
import logging
import re
import time
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from preprocess.decoding import clean
from preprocess.errors import TimedOut
from preprocess.formats import MIB, Item, ReadOptions, checked, too_large
from preprocess.layout import BULLET, TITLE, Block, compose
from preprocess.records import Dropped, Kind

if TYPE_CHECKING:
    from docx.document import Document as WordDocument

_OLD_WORD = b"\xd0\xcf\x11\xe0"
_PAGE_NUMBER = re.compile(r"(?:page )?\d{1,4}(?: ?(?:of|/) ?\d{1,4})?", re.IGNORECASE)

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_TEXT_BOX = f"{_W}txbxContent"
# A text box comes after its paragraph, once; deleted and moved text is not part of the document.
_NOT_INLINE = frozenset({f"{_W}pPr", f"{_W}del", f"{_W}moveFrom", _TEXT_BOX, _FALLBACK})
_BREAKS = {f"{_W}tab": " ", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "-"}
_CONTAINERS = frozenset(f"{_W}{name}" for name in ("sdt", "sdtContent", "ins", "moveTo", "customXml"))
_HEADING_STYLE = re.compile(r"heading ([1-9])")
_MAX_STYLE_CHAIN = 20
_CHUNK_BYTES = 1 * MIB
_XML_PARTS = (".xml", ".rels")


def parse_pdf(data: bytes, source: str, kind: Kind, options: ReadOptions) -> Item:
    """A .pdf file: one passage of the text of all pages; its first line is the title if it is short."""
    from pypdf import apply_configuration

    # What one stream or page may unfold to: less than pypdf's own limits, which one page may use in full.
    with apply_configuration(
        array_based_stream_maximum_output_length=8 * MIB,
        lzw_maximum_output_length=8 * MIB,
        run_length_maximum_output_length=8 * MIB,
        zlib_maximum_output_length=8 * MIB,
        stream_decoding_work_maximum_length=32 * MIB,
        stream_parsing_work_maximum_count=500_000,
        page_tree_maximum_entries=20_000,
        xform_maximum_invocations_per_extraction=1_000,
    ):
        return _read_pdf(data, source, kind, options)


def _read_pdf(data: bytes, source: str, kind: Kind, options: ReadOptions) -> Item:
    from pypdf import PdfReader
    from pypdf.errors import DependencyError, LimitReachedError, PdfReadError

    # pypdf logs each repair of a damaged file; the report of dropped files is enough. Its level is set
    # and stays, because setting it back would race between threads.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL + 1)
    deadline = time.monotonic() + options.max_pdf_seconds
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            return Dropped("encrypted pdf", source, detail="it needs a password: save a copy without one")
        found = len(reader.pages)
    except DependencyError:
        return Dropped("encrypted pdf", source, detail="encrypted with AES: pip install cryptography")
    except LimitReachedError as error:
        return Dropped("pdf too large", source, detail=_message(error))
    except PdfReadError as error:
        return Dropped("broken pdf", source, detail=_message(error))
    except Exception as error:  # a damaged file can raise anything from pypdf
        return Dropped("unreadable pdf", source, detail=_message(error))
    if found > (limit := options.max_pdf_pages):
        return too_large(
            "pdf too long", source, limit=limit, found=found, unit="pages", option="max_pdf_pages"
        )

    def check_time(*_: object) -> None:
        if time.monotonic() > deadline:
            raise TimedOut("this pdf takes too long")

    pages: list[str] = []
    chars = 0
    for number in range(found):
        try:
            page = clean(reader.pages[number].extract_text(visitor_operand_before=check_time))
            check_time()  # pypdf passes over what fails inside a form
        except TimedOut:
            limit_s = f"{options.max_pdf_seconds:g} s"
            detail = f"expected at most {limit_s}: split it (from Python: raise max_pdf_seconds)"
            return Dropped("pdf too slow", source, f"page {number + 1}", detail)
        except LimitReachedError as error:
            return Dropped("pdf too large", source, f"page {number + 1}", _message(error))
        except Exception as error:  # as above
            return Dropped("unreadable pdf", source, f"page {number + 1}", _message(error))
        chars += len(page)
        if chars > (limit := options.max_text_chars):
            return too_large(
                "pdf too long", source, limit=limit, found=chars, unit="characters", option="max_text_chars"
            )
        pages.append(page)
    if not any(map(str.strip, pages)):
        return Dropped("pdf without text", source, detail="it may be a scan: run OCR on it first")
    lines = [line for page in pages for line in _without_page_number(page.strip().split("\n"))]
    return checked(compose(map(Block, lines), kind, source))


def parse_docx(data: bytes, source: str, kind: Kind, options: ReadOptions) -> Item:
    """A .docx file: a passage for each heading, list items as "- " lines, a line for each row of a table.

    Headers, footers, notes and deleted text are left out.
    """
    import docx

    if data.startswith(_OLD_WORD):
        detail = "an old .doc or a document with a password: save it as .docx without one"
        return Dropped("broken docx", source, detail=detail)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            refused = _refused(archive, archive.infolist(), source, options)
    except Exception as error:  # beside BadZipFile, damaged bytes give struct.error and others
        return Dropped("broken docx", source, detail=_message(error))
    if refused is not None:
        return refused
    try:
        word = docx.Document(io.BytesIO(data))
    except Exception as error:  # python-docx raises KeyError, ValueError and lxml's errors on damaged parts
        return Dropped("broken docx", source, detail=_message(error))
    try:
        blocks = list(_word_blocks(word.element.body, _style_roles(word)))
    except Exception as error:  # as above
        return Dropped("unreadable docx", source, detail=_message(error))
    chars = sum(len(block.text) for block in blocks)
    if chars > (limit := options.max_text_chars):
        return too_large(
            "docx too large", source, limit=limit, found=chars, unit="characters", option="max_text_chars"
        )
    return checked(compose(_with_title(blocks), kind, source))


def _refused(
    archive: zipfile.ZipFile, entries: Sequence[zipfile.ZipInfo], source: str, options: ReadOptions
) -> Dropped | None:
    """Why a docx must not even be opened: what it unfolds to, or what no word processor writes."""
    if len(entries) > (limit := options.max_docx_entries):
        return too_large(
            "docx too large", source, limit=limit, found=len(entries), unit="parts", option="max_docx_entries"
        )
    # zipfile never reads more of an entry than its directory says, so that sum bounds what unfolds.
    size = sum(entry.file_size for entry in entries)
    if size > (limit := options.max_docx_bytes):
        return too_large(
            "docx too large", source, limit=limit, found=size, unit="bytes unzipped", option="max_docx_bytes"
        )
    if any(entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for entry in entries):
        # LZMA and bzip2 take as much memory as the file asks for; the format allows neither.
        return Dropped("broken docx", source, detail="expected parts that are stored or deflated")
    nodes = 0
    for entry in entries:
        end = b""
        with archive.open(entry) as part:
            while chunk := part.read(_CHUNK_BYTES):
                nodes += chunk.count(b"<") + chunk.count(b"=")
                # The format forbids a document type, and with it entities that unfold or name files.
                seen = end + chunk
                if entry.filename.endswith(_XML_PARTS) and b"<!DOCTYPE" in seen.replace(b"\0", b""):
                    return Dropped("broken docx", source, detail="expected XML without a document type")
                end = seen[-len("<!DOCTYPE") * 2 :]
                if nodes > (limit := options.max_docx_nodes):
                    return too_large(
                        "docx too large", source, limit=limit, found=nodes, unit="elements and attributes",
                        option="max_docx_nodes",
                    )  # fmt: skip
    return None


def _without_page_number(lines: list[str]) -> list[str]:
    """A page's lines without "3" or "Page 3 of 4" at its top or bottom."""
    for end in (0, -1):
        if lines and _PAGE_NUMBER.fullmatch(lines[end].strip()):
            del lines[end]
    return lines


def _message(error: Exception) -> str:
    """Type and message, short and on one line; the parsers see bytes, so that no path is in it."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:200]


def _style_roles(word: WordDocument) -> dict[str, str]:
    """Style id -> "title", "heading 1" to "heading 9", "list" or ""; a style counts as its base."""
    roles = {}
    for style in word.styles:
        current: Any = style
        role = ""
        for _ in range(_MAX_STYLE_CHAIN):
            name = (getattr(current, "name", None) or "").casefold()
            if name == "title" or _HEADING_STYLE.fullmatch(name):
                role = name
            elif name.startswith("list"):
                role = "list"
            current = getattr(current, "base_style", None)
            if role or current is None:
                break
        roles[style.style_id] = role
    return roles


def _word_blocks(parent: Any, roles: dict[str, str]) -> Iterator[Block]:
    """The blocks under an XML element, in reading order.

    python-docx's own lists leave out content controls, text boxes and inserted text, all of which resume
    templates use, and repeat a merged cell as often as the file says it spans columns.
    """
    for child in parent:
        if child.tag == f"{_W}p":
            yield from _paragraph(child, roles)
            for box in child.iter(_TEXT_BOX):
                if not any(above.tag in (_FALLBACK, _TEXT_BOX) for above in box.iterancestors()):
                    yield from _word_blocks(box, roles)
        elif child.tag == f"{_W}tbl":
            for row in child.iter(f"{_W}tr"):
                if next(row.iterancestors(f"{_W}tbl")) is child:
                    yield from _row(row, roles)
        elif child.tag in _CONTAINERS:
            yield from _word_blocks(child, roles)


def _row(row: Any, roles: dict[str, str]) -> Iterator[Block]:
    """One line for a row of short cells; a row that lays out the page gives what its cells hold."""
    cells = [list(_word_blocks(cell, roles)) for cell in row.iter(f"{_W}tc") if _row_of(cell) is row]
    cells = [blocks for blocks in (list(filter(_has_text, cell)) for cell in cells) if blocks]
    if all(len(blocks) == 1 and blocks[0].level is None for blocks in cells):
        text = " | ".join(blocks[0].text for blocks in cells)
        yield Block(text)
    else:
        for blocks in cells:
            yield from blocks


def _row_of(cell: Any) -> Any:
    return next(cell.iterancestors(f"{_W}tr"))


def _has_text(block: Block) -> bool:
    return bool(block.text.strip())


def _paragraph(paragraph: Any, roles: dict[str, str]) -> Iterator[Block]:
    text = clean("".join(_inline(paragraph))).strip()
    properties = paragraph.find(f"{_W}pPr")
    style = None if properties is None else properties.find(f"{_W}pStyle")
    role = "" if style is None else roles.get(style.get(f"{_W}val"), "")
    is_listed = properties is not None and properties.find(f"{_W}numPr") is not None
    heading = _HEADING_STYLE.fullmatch(role)
    if role == "title" and text:
        yield Block(text, TITLE)
    elif heading and text:
        yield Block(text, int(heading[1]))
    elif (role == "list" or is_listed) and text and not BULLET.match(text):
        yield Block("- " + " ".join(text.split()))
    else:
        yield from map(Block, text.split("\n"))


def _inline(element: Any) -> Iterator[str]:
    for child in element:
        if child.tag == f"{_W}t":
            yield child.text or ""
        elif child.tag in _BREAKS:
            yield _BREAKS[child.tag]
        elif child.tag not in _NOT_INLINE:
            yield from _inline(child)


def _with_title(blocks: list[Block]) -> Iterable[Block]:
    """A first heading that is the only one of level 1 above others is the title, if no style says so."""
    first = next((index for index, block in enumerate(blocks) if _has_text(block)), None)
    levels = [block.level for block in blocks if block.level is not None]
    if (
        first is None
        or TITLE in levels
        or blocks[first].level != 1
        or levels.count(1) != 1
        or len(levels) == 1
    ):
        return blocks
    return [*blocks[:first], Block(blocks[first].text, TITLE), *blocks[first + 1 :]]
