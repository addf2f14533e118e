"""Bytes to text: which encoding, whether it is text at all, and text without what no reader wants.

The encoding is judged on the first 64 KiB: byte order mark, then UTF-16 without one, then UTF-8, and
only then a guess. Stray bytes in UTF-8 are taken for Windows-1252, as browsers and mail readers do.
"""

from __future__ import annotations

import codecs
import io
import re
from pathlib import Path
from typing import BinaryIO, TextIO

from preprocess.errors import TooLarge

PREFIX_BYTES = 65_536

# Share of control characters above which a file is not text. Random bytes have about 10%, the
# damaged but readable fixtures/broken/control.txt has 3%.
_MAX_CONTROL = 0.05

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Formats that are mostly ASCII at their start, or that a guess could take for text.
_NOT_TEXT = (
    b"%PDF-",
    b"PK\x03\x04",
    b"\x89PNG",
    b"GIF8",
    b"\xff\xd8\xff",
    b"\x1f\x8b",
    b"{\\rtf",
    b"\xd0\xcf\x11\xe0",
)

_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")
_ANSI_COLOUR = re.compile(r"\x1b\[[0-9;]{0,20}[A-Za-z]")
_LINE_END = re.compile(r"\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_REMOVED = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\xad\ufeff]")
# Word writes its bullets in the private characters of the Symbol and Wingdings fonts.
_FONT_BULLET = re.compile(r"[\uf06c\uf06e\uf0a7\uf0a8\uf0b7\uf0d8\uf0fc]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")

# Languages that Windows-1252 cannot write though their text in another code page may look like it.
_OWN_CODE_PAGE = frozenset(
    {
        "Croatian",
        "Czech",
        "Estonian",
        "Latvian",
        "Lithuanian",
        "Polish",
        "Romanian",
        "Slovak",
        "Slovene",
        "Turkish",
    }
)
# What the bytes of another code page become in a wrong one: "rŽsumŽ", "caf‚s", "mia³a".
_ODD_IN_WORD = re.compile(r"(?<=[a-z])(?:[À-ÖØ-ÞŠŽŒŸ]|[^\x00-\x7f\w’–—·\xa0](?=[a-z]))")

_STRAY_BYTES = "joblens.cp1252"


def clean(text: str) -> str:
    """``text`` with newlines for every kind of line end, and without control characters.

    Terminal colours, soft hyphens and byte order marks go too; lone surrogates become U+FFFD.
    """
    text = _LINE_END.sub("\n", _ANSI_COLOUR.sub("", text))
    text = _FONT_BULLET.sub("•", _REMOVED.sub("", text))
    return _SURROGATE.sub("\ufffd", text)


def one_line(text: str) -> str:
    """``text`` cleaned, on one line, with single blanks."""
    return " ".join(clean(text).split())


def guess_encoding(prefix: bytes, *, complete: bool) -> str | None:
    """The encoding of a file that starts with ``prefix``; None if it does not look like text.

    :param complete: False if the file goes on, so that the last character may be cut.
    """
    if prefix.startswith(_NOT_TEXT):
        return None
    encoding = _from_bom(prefix) or _utf16_without_bom(prefix) or _utf8(prefix, complete) or _guessed(prefix)
    if encoding is None:
        return None
    text = codecs.getincrementaldecoder(encoding)("replace").decode(prefix, complete)
    if len(_CONTROL.findall(text)) > _MAX_CONTROL * len(text):
        return None
    return encoding


def decode(data: bytes) -> str | None:
    """The text of a whole file, not yet cleaned; None if it is not text."""
    encoding = guess_encoding(data[:PREFIX_BYTES], complete=len(data) <= PREFIX_BYTES)
    return None if encoding is None else codecs.decode(data, encoding, _errors(encoding))


def open_text(path: Path) -> TextIO | None:
    """A stream of the text of a file, its line ends as they are; None if it is not text.

    :raises OSError: if the file cannot be opened or read.
    """
    with path.open("rb") as file:
        prefix = file.read(PREFIX_BYTES + 1)
    encoding = guess_encoding(prefix[:PREFIX_BYTES], complete=len(prefix) <= PREFIX_BYTES)
    if encoding is None:
        return None
    return path.open(encoding=encoding, errors=_errors(encoding), newline="")


def text_stream(stream: BinaryIO) -> TextIO | None:
    """The text of a stream that cannot go back, such as standard input; None if it is not text.

    :param stream: with ``peek``, as ``sys.stdin.buffer`` has it; what it shows decides on the encoding.
    """
    peek = getattr(stream, "peek", None)
    prefix: bytes = peek(PREFIX_BYTES) if peek else b""
    encoding = guess_encoding(prefix[:PREFIX_BYTES], complete=False) if prefix else "utf-8"
    if encoding is None:
        return None
    return io.TextIOWrapper(stream, encoding, errors=_errors(encoding), newline="")


class Lines:
    """The lines of a stream with their line ends, without NULs; it goes on after a line that is too long.

    ``number`` counts the lines given so far. ``room`` is how many characters may still follow; set it
    to bound several lines together, as in a csv row.

    :raises TooLarge: from ``next``, if a line does not fit; the rest of that line is skipped.
    """

    def __init__(self, stream: TextIO, room: int) -> None:
        self.number = 0
        self.room = room
        self._stream = stream

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        line = self._stream.readline(max(self.room, 0) + 1)
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) > self.room:
            while line and not line.endswith(("\n", "\r")):
                line = self._stream.readline(io.DEFAULT_BUFFER_SIZE)
            raise TooLarge(f"line {self.number} is too long")
        self.room -= len(line)
        return line.replace("\0", "")


def _from_bom(prefix: bytes) -> str | None:
    return next((encoding for bom, encoding in _BOMS if prefix.startswith(bom)), None)


def _utf16_without_bom(prefix: bytes) -> str | None:
    """UTF-16 by its NULs: text of the Latin alphabet has one in each pair of bytes, on the same side."""
    pairs = len(prefix) // 2
    if pairs < 2:
        return None
    first, second = prefix[0::2].count(0) / pairs, prefix[1::2].count(0) / pairs
    if second > 0.5 and first < 0.05:
        return "utf-16-le"
    if first > 0.5 and second < 0.05:
        return "utf-16-be"
    return None


def _utf8(prefix: bytes, complete: bool) -> str | None:
    """UTF-8 if it is valid, or if two in three of its characters beyond ASCII are."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(prefix, complete)
    except UnicodeDecodeError:
        text = prefix.decode("utf-8", "replace")
        bad = text.count("\ufffd")
        good = sum(character > "\x7f" for character in text) - bad
        return "utf-8" if good >= 2 * bad else None
    return "utf-8"


def _guessed(prefix: bytes) -> str | None:
    """A legacy code page; charset-normalizer often errs on short Western text, so that is tried first."""
    from charset_normalizer import from_bytes

    best = from_bytes(prefix).best()
    if best is None or best.language not in _OWN_CODE_PAGE:
        for encoding in ("cp1252", "mac_roman", "cp850"):
            if _is_western(prefix, encoding):
                return encoding
    return None if best is None else best.encoding


def _is_western(prefix: bytes, encoding: str) -> bool:
    """Whether ``prefix`` reads as a Western European language: no capital or sign inside a word."""
    try:
        text = prefix.decode(encoding)
    except UnicodeDecodeError:
        return False
    beyond = sum(character > "\x7f" for character in text)
    letters = sum(map(str.isalpha, text))
    return beyond <= 0.3 * letters and len(_ODD_IN_WORD.findall(text)) <= 0.05 * beyond


def _errors(encoding: str) -> str:
    """The name of the error handler: Windows-1252 for stray bytes in UTF-8, U+FFFD elsewhere."""
    if encoding not in {"utf-8", "utf-8-sig"}:
        return "replace"
    codecs.register_error(_STRAY_BYTES, _as_cp1252)
    return _STRAY_BYTES


def _as_cp1252(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end
