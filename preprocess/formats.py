"""What every format shares: the options and limits of reading, and the last check of a document."""

from __future__ import annotations

from dataclasses import dataclass, replace

from preprocess.records import Document, Dropped

Item = Document | Dropped

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How to read, and where to stop.

    The limits bound memory and time on hostile input. They are judgements, not measurements: each
    is at least ten times what the longest resume or posting in the development data needs.

    :param title_column: csv and jsonl: the column of the title; None guesses it by its name.
    :param text_columns: csv and jsonl: the columns of text, each of which becomes a section of that
        name; empty guesses them by their names.
    :param id_column: csv and jsonl: the column whose value becomes ``Document.key``; None takes the
        row or line number. Values that repeat give documents with the same id.
    :param max_file_bytes: txt, md, pdf, docx; csv and jsonl are streamed and have no such limit.
    :param max_pdf_pages: pages of one pdf.
    :param max_pdf_seconds: time for one pdf, checked before each drawing operation.
    :param max_text_chars: characters taken from one txt, md, pdf, docx or yaml.
    :param max_docx_bytes: unzipped size of one docx, by its zip directory.
    :param max_docx_entries: files in the zip of one docx.
    :param max_docx_nodes: elements and attributes in the XML of one docx, by its signs "<" and "=".
    :param max_yaml_bytes: size of one yaml file.
    :param max_yaml_nodes: keys and values of one yaml file, aliases counted each time they are used.
    :param max_cell_chars: characters of one csv cell or one jsonl line.
    """

    title_column: str | None = None
    text_columns: tuple[str, ...] = ()
    id_column: str | None = None
    max_file_bytes: int = 64 * MIB
    max_pdf_pages: int = 500
    max_pdf_seconds: float = 60.0
    max_text_chars: int = 10_000_000
    max_docx_bytes: int = 200 * MIB
    max_docx_entries: int = 10_000
    max_docx_nodes: int = 2_000_000
    max_yaml_bytes: int = 5_000_000
    max_yaml_nodes: int = 100_000
    max_cell_chars: int = 10_000_000


DEFAULTS = ReadOptions()


def too_large(reason: str, source: str, *, limit: int, found: int, unit: str, option: str) -> Dropped:
    """A drop that says how much was allowed, how much was found and which option of
    :class:`ReadOptions` sets the limit."""
    detail = f"expected at most {limit:,} {unit}, found {found:,}: split it (from Python: raise {option})"
    return Dropped(reason, source, detail=detail)


def checked(document: Document, where: str = "") -> Item:
    """The document without its empty passages, or why there is nothing to search in it.

    :return: Dropped "empty" without any text, Dropped "no words" without a single letter.
    """
    passages = tuple(passage for passage in document.passages if passage.text)
    texts = [document.title, *(passage.text for passage in passages)]
    if not any(texts):
        return Dropped("empty", document.source, where)
    if not any(any(map(str.isalpha, text)) for text in texts):
        return Dropped("no words", document.source, where, "expected letters, found only digits and signs")
    return replace(document, passages=passages)
