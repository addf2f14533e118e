"""Split the text of postings, resumes and brag documents into sentences, as their authors wrote them.

Such text is half prose, half lists. So lines come first: a bullet starts a piece, and a line that a PDF or
an editor broke is put back together; then :mod:`preprocess.sentence_ends` finds the sentences of each piece.
Time is linear in the text whatever it holds, and no more than one piece is worked on at once.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from preprocess.headings import is_heading
from preprocess.records import Document, Dropped, Passage, Sentence
from preprocess.sentence_ends import CLOSERS, NEVER_LAST, OPENERS, STARTERS, is_end, sentence_starts, word_set

MAX_SENTENCE_CHARS = 2_000
"""A longer sentence is cut. The longest of the 21,792 sentences of the development postings has 639
characters, and the default model reads 256 word pieces, which is about 1,200."""

WINDOW_CHARS = 10 * MAX_SENTENCE_CHARS
"""Most text that is handed to spaCy at once; far below its limit of 1,000,000."""

FULL_LINE_CHARS = 60
"""A line as long as this may have been broken by the width of its page; list items are mostly shorter."""

BODY_SECTIONS = frozenset(
    {"", "body", "content", "description", "details", "job description", "posting", "text"}
)
"""Sections that say nothing about their text, so that headings are looked for within it."""

_OPEN_WORDS = word_set("a an and & at by for from in into of on or our the their to with your")
_ALWAYS_OPEN = word_set("a an and & of or our the their with your")
_WORD_ENDINGS = word_set(
    """
    ment ments tion tions sion sions ing ings ity ities ness ible bility bilities ance ence ally ous tive
    tively cation cations ization izations mental tional ically gies ties cies ture tures eering
    """
)
"""What follows a line's last hyphen and is no word of its own, so that the hyphen was the printer's."""

_ESCAPE_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()*+#][0-9A-Za-z]|\x1b[=>78]"
)
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b\u202a-\u202e\u2060-\u206f"
    "\u3164\ud800-\udfff\ufeff\uffa0\ufff0-\ufffc\ufffe\uffff]"
    # Joiners shape Arabic, Persian and Indic words and join emoji; after an ASCII letter they only hide.
    "|(?<![^\x00-\x7f])[\u200c\u200d]+"
    # Tags spell the flags of England, Scotland and Wales; anywhere else they only hide.
    "|(?<![\U0001f3f4\U000e0020-\U000e007f])[\U000e0000-\U000e007f]+"
)
_LINE = re.compile(r"([^\n\r\v\f\x85\u2028\u2029]*)(?:\r\n|[\n\r\v\f\x85\u2028\u2029]|\Z)")
_WRITTEN_NEWLINE = re.compile(r"(?<![A-Z]:)(?:\\r)?\\n(?=\\|\s|[A-Z0-9•*\-]|\Z)")
_PDF_BULLET = re.compile(r"(?:^|(?<=\s))\x7f+(?=\s|\w|$)")  # how pypdf renders a bullet of Helvetica
_SYMBOL = "·•‣⁃∙◦▪▫●○■□◆◇►▶➢➤❖✓✔✅✦★☆\uf0b7\uf0a7\uf0d8\uf076\ufffd"
_ROMAN = "(?:i{1,3}|iv|vi{0,3}|ix|x)"
_BULLET = re.compile(
    rf"\s*(?:(?:[{_SYMBOL}]\ufe0f?)+|[*–—\-]+(?:\s+|\Z)|[*–—\-](?=[A-Z])|o(?:\s+(?=[A-Z])|\Z)|\[[ xX]?\]\s+"
    rf"|\d{{1,2}}[.)](?:\s+|(?=[A-Z][a-z])|\Z)|\((?:\d{{1,2}}|[a-h]|{_ROMAN})\)\s+(?=[A-Z])"
    rf"|(?:[a-h]|{_ROMAN})(?:\)\s+|\.\s+(?=[A-Z])))\s*"
)
_INLINE_BULLET = re.compile(r"\s[•‣⁃●▪■◦\uf0b7\uf0a7](?=\s|\Z)")
_INLINE_NUMBER = re.compile(r"(?:\A|(?<=\s))(\d{1,2})[.)]\s(?=[A-Z])")
_INLINE_DASH = re.compile(r"(?<=[a-z.,;)])-\s(?=[A-Z])")
_CLAUSE = re.compile(r"[,;:.!?)]\s|\s[–—-](?=\s)")
# Not "+", "#", "%" and "$", which tell C++ from C# and prices from counts, nor a mark between digits.
_REPEAT_NOISE = re.compile(
    r"(?<!\d)[.,/:–-]|[.,/:–-](?!\d)|[\s!\"&'()*;<=>?@\[\\\]^_`{|}~¡«·»¿\u2010-\u2012\u2014-\u205e\u3001-\u3020]"
)


def normalise(text: str) -> str:
    """Unicode form NFC, every run of white space one space, and nothing invisible.

    Control characters, terminal escape sequences, zero-width and bidirectional override characters go;
    joiners stay where a script or an emoji needs them, and so do the left-to-right and right-to-left marks.
    """
    if not (text.isascii() and text.isprintable()):
        text = unicodedata.normalize("NFC", _ESCAPE_SEQUENCE.sub("", text))
        text = unicodedata.normalize("NFC", _INVISIBLE.sub("", text))
    return " ".join(text.split())


def split_sentences(text: str) -> list[str]:
    """The sentences and list items of ``text``, normalised, without bullets, none empty.

    A sentence longer than :data:`MAX_SENTENCE_CHARS` is cut: after a clause, else at a space, else anywhere.
    """
    return [sentence for piece in _pieces(text) for sentence in _sentences(piece)]


def sentences_of(document: Document) -> tuple[list[Sentence], list[Dropped]]:
    """The sentences of a document in order, and what was left out.

    Where a passage's section says nothing (:data:`BODY_SECTIONS`), a line that is a heading becomes the
    section of the lines after it. Sentences that differ only in case, spaces and punctuation are one.

    :return: the sentences, counted from 0, and the drops, each with the reason ``empty``, ``no letters``,
        ``repeated`` or ``heading`` and, as ``where``, the first 60 characters of the text.
    """
    kept: list[Sentence] = []
    dropped: list[Dropped] = []
    seen: set[str] = set()

    def drop(reason: str, text: str) -> None:
        dropped.append(Dropped(reason, document.source, text[:60]))

    if not document.passages:
        drop("empty", "")
    for passage in document.passages:
        found = False
        for section, text, heading in _sections(passage):
            if heading:
                found = True
                drop("heading", normalise(text))
                continue
            for sentence in split_sentences(text):
                found = True
                key = _REPEAT_NOISE.sub("", sentence.casefold())
                if not any(map(str.isalpha, sentence)):
                    drop("no letters", sentence)
                elif key in seen:
                    drop("repeated", sentence)
                else:
                    seen.add(key)
                    kept.append(Sentence(sentence, len(kept), section))
        if not found:
            drop("empty", normalise(passage.section))
    return kept, dropped


def _sections(passage: Passage) -> Iterator[tuple[str, str, bool]]:
    """(section, text, whether the text is a heading), with no text lost between."""
    if normalise(passage.section).casefold().replace("_", " ") not in BODY_SECTIONS:
        yield passage.section, passage.text, False
        return
    section, start = passage.section, 0
    for match in _LINE.finditer(passage.text):
        line = match[1]
        if len(line) <= 200 and is_heading(normalise(line)):
            yield section, passage.text[start : match.start()], False
            yield section, line, True
            section, start = normalise(line).strip("#*_ ").rstrip(":： "), match.end()
    yield section, passage.text[start:], False


class _Line(NamedTuple):
    text: str
    bullet: bool


def _lines(text: str) -> Iterator[_Line]:
    """Lines without their bullets, normalised; a soft hyphen is kept where it ends the line."""
    if "\\n" in text:
        text = _WRITTEN_NEWLINE.sub("\n", text)
    for match in _LINE.finditer(text):
        raw = match[1].rstrip()
        line = normalise(_PDF_BULLET.sub("•", raw) if "\x7f" in raw else raw)
        parts = [item for part in _INLINE_BULLET.split(line) for item in _numbered_items(part)]
        if line.startswith("- "):
            parts = [inner for part in parts for inner in _INLINE_DASH.split(part)]
        for number, part in enumerate(parts):
            bare = _without_bullet(part)
            if number == len(parts) - 1 and raw.endswith("\xad"):
                bare += "\xad"
            yield _Line(bare, number > 0 or len(bare) < len(part))


def _numbered_items(line: str) -> list[str]:
    """``We ask: 1. Python 2. SQL`` as three; numbers count from 1 upwards, the first one not after a word."""
    edges = [0]
    for match in _INLINE_NUMBER.finditer(line):
        start = match.start()
        follows_word = line[max(start - 2, 0) : start].rstrip()[-1:].isalnum()
        if int(match[1]) == len(edges) and not (len(edges) == 1 and follows_word):
            edges.append(start)
    if len(edges) < 3:
        return [line]
    return [line[a:b].strip() for a, b in pairwise([*edges, len(line)]) if a < b]


def _without_bullet(text: str) -> str:
    start = 0
    while match := _BULLET.match(text, start):
        start = match.end()
    return text[start:].strip()


class _Piece:
    """A paragraph or a list item, as its lines come in."""

    def __init__(self, line: str) -> None:
        self._parts = [line]
        self._last = line
        self._starts_lower = line[0].islower()
        self._wrapped = False
        self._width = self._chars = len(line)

    def __str__(self) -> str:
        return "".join(self._parts).rstrip("\xad")

    def continues_with(self, line: str) -> bool:
        """Whether ``line`` goes on where the width of a page broke the last one."""
        last, lower = self._last, line[0].islower()
        word = last.rsplit(None, 1)[-1].lstrip(OPENERS)
        if self._chars > WINDOW_CHARS or is_heading(last) or is_heading(line):
            return False
        abbreviation = word[-1:] == "." and word[:-1].lower() in NEVER_LAST
        if last[-1] == "\xad" or abbreviation or word in _ALWAYS_OPEN:
            return True
        mark = last.rstrip(CLOSERS)[-1:]
        if mark in ("", ":", ";") or (mark in ".!?…。" and not (lower and not is_end(last + " ", line))):
            return False
        if len(last) < FULL_LINE_CHARS:
            return False
        if last[-1] in ",-–—(" or word in _OPEN_WORDS:
            return lower or line.split(None, 1)[0].lower() not in STARTERS
        # In a list whose items all start in lower case, lower case does not tell.
        return not self._starts_lower if lower else self._wrapped and len(last) >= 0.85 * self._width

    def add(self, line: str) -> None:
        following = re.split(r"\W", line, maxsplit=1)[0]
        hyphen = self._last[-1] == "-" and self._last[-2:-1].isalpha()
        if self._last[-1] == "\xad" or (hyphen and following in _WORD_ENDINGS):
            self._parts[-1] = self._parts[-1][:-1]
            self._parts.append(line)
        elif hyphen and following not in ("", "and", "or", "to"):
            self._parts.append(line)
        else:
            self._parts.append(" " + line)
        self._wrapped = self._wrapped or line[0].islower()
        self._width = max(self._width, len(line))
        self._chars += len(line)
        self._last = line


def _pieces(text: str) -> Iterator[str]:
    piece: _Piece | None = None
    for line in _lines(text):
        if piece and line.text and not line.bullet and piece.continues_with(line.text):
            piece.add(line.text)
            continue
        if piece:
            yield str(piece)
        piece = _Piece(line.text) if line.text else None
    if piece:
        yield str(piece)


def _sentences(piece: str) -> Iterator[str]:
    start = 0
    while start < len(piece):
        window = piece[start : start + WINDOW_CHARS]
        edges = [0, *sentence_starts(window), len(window)]
        cuts = [cut for a, b in pairwise(edges) for cut in _cuts(window, a, b)]
        if start + len(window) < len(piece):
            cuts.pop()  # the last sentence goes on in the next window
        begin = 0
        for cut in cuts:
            if sentence := _without_bullet(window[begin:cut].strip()):
                yield sentence
            begin = cut
        start += begin


def _cuts(text: str, start: int, end: int) -> Iterator[int]:
    """Where to cut ``text[start:end]`` so that no part is too long, and ``end`` itself."""
    while end - start > MAX_SENTENCE_CHARS:
        limit = start + MAX_SENTENCE_CHARS
        clauses = [match.end() for match in _CLAUSE.finditer(text, start + MAX_SENTENCE_CHARS // 2, limit)]
        start = clauses[-1] if clauses else text.rfind(" ", start + 1, limit) + 1 or limit
        yield start
    yield end
