"""Files that are made to hurt who reads them: small ones that unfold, and ones that lie about themselves."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping

import docx

MIB = 1024 * 1024

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
YAML = "application/yaml"
TEXT = "text/plain"
MARKDOWN = "text/markdown"

_NAMES = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


# ---- docx


def docx_of(
    document_xml: bytes, parts: Mapping[str, bytes] | None = None, method: int = zipfile.ZIP_DEFLATED
) -> bytes:
    """A docx with this as its document, and more parts."""
    made, out = io.BytesIO(), io.BytesIO()
    docx.Document().save(made)
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(out, "w", method) as new:
        for entry in old.infolist():
            is_document = entry.filename == "word/document.xml"
            new.writestr(entry.filename, document_xml if is_document else old.read(entry))
        for name, content in (parts or {}).items():
            new.writestr(name, content)
    return out.getvalue()


def word_xml(body: str, doctype: str = "") -> bytes:
    """``word/document.xml`` with ``body`` in it."""
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    return f"{head}{doctype}<w:document {_NAMES}><w:body>{body}</w:body></w:document>".encode()


def paragraph(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def zip_bomb() -> bytes:
    """60 kB that unfold to 60 MiB."""
    return docx_of(word_xml(paragraph("Weld pipes.")), {"word/media/a": bytes(60 * MIB)})


def element_bomb() -> bytes:
    """100 kB that unfold to 20 MB of small elements, which take gigabytes as a tree."""
    return docx_of(word_xml("<w:p/>" * 3_300_000))


def attribute_bomb() -> bytes:
    attributes = " ".join(f'a{number}=""' for number in range(1_500_000))
    return docx_of(word_xml(f"<w:p {attributes}/>"))


def deep_zip() -> bytes:
    """A zip in a zip in a zip ... of which a docx is the outermost."""
    inner = bytes(MIB)
    for _ in range(50):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("deeper.zip", inner)
        inner = out.getvalue()
    return docx_of(word_xml(paragraph("Weld pipes for ships.")), {"word/embeddings/a": inner})


def overlapping_zip() -> bytes:
    """Ten directory entries that all name the same bytes."""
    data = bytearray(zip_bomb())
    end = data.rindex(b"PK\x05\x06")
    start = int.from_bytes(data[end + 16 : end + 20], "little")
    directory = data[start:end]
    last = directory[directory.rindex(b"PK\x01\x02") :]
    more = directory + last * 10
    count = (int.from_bytes(data[end + 10 : end + 12], "little") + 10).to_bytes(2, "little")
    tail = bytearray(data[end:])
    tail[8:10] = tail[10:12] = count
    tail[12:16] = len(more).to_bytes(4, "little")
    return bytes(data[:start] + more + tail)


def lying_zip() -> bytes:
    """The directory says 10 bytes, the entry unfolds to 60 MiB."""
    data = bytearray(zip_bomb())
    size = (60 * MIB).to_bytes(4, "little")
    return bytes(data.replace(size, (10).to_bytes(4, "little")))


def dictionary_bomb() -> bytes:
    """LZMA, whose reader takes the memory that the file asks for."""
    return docx_of(word_xml(paragraph("Weld pipes.")), method=zipfile.ZIP_LZMA)


def billion_laughs() -> bytes:
    entities = '<!ENTITY a "ha">' + "".join(
        f'<!ENTITY {name} "{f"&{below};" * 10}">'
        for below, name in zip("abcdefghi", "bcdefghij", strict=True)
    )
    return docx_of(word_xml(paragraph("&j;"), f"<!DOCTYPE w:document [{entities}]>"))


def attribute_laughs() -> bytes:
    """The same in an attribute, which parsers unfold even where they leave entities in text alone."""
    entities = '<!ENTITY a "ha">' + "".join(
        f'<!ENTITY {name} "{f"&{below};" * 10}">'
        for below, name in zip("abcdefghi", "bcdefghij", strict=True)
    )
    body = '<w:p w:rsidR="&j;"><w:r><w:t>Weld pipes.</w:t></w:r></w:p>'
    return docx_of(word_xml(body, f"<!DOCTYPE w:document [{entities}]>"))


def external_entity(path: str) -> bytes:
    """Asks the reader to put a file of its machine into the text."""
    doctype = f'<!DOCTYPE w:document [<!ENTITY file SYSTEM "file://{path}">]>'
    return docx_of(word_xml(paragraph("Weld pipes. &file;"), doctype))


def external_entity_in_utf16(path: str) -> bytes:
    text = word_xml(
        paragraph("Weld pipes. &file;"), f'<!DOCTYPE w:document [<!ENTITY file SYSTEM "file://{path}">]>'
    )
    return docx_of(text.decode().replace("UTF-8", "UTF-16").encode("utf-16"))


def climbing_names() -> bytes:
    """A good document beside entries that a careless unpacker would write elsewhere."""
    parts = {"../../../../tmp/joblens-was-here": b"x", "/tmp/joblens-was-here": b"x", "C:\\x": b"x"}
    return docx_of(word_xml(paragraph("Weld pipes for ships.")), parts)


def encrypted_zip() -> bytes:
    data = bytearray(docx_of(word_xml(paragraph("Weld pipes."))))
    place = -1
    while (place := data.find(b"PK\x01\x02", place + 1)) >= 0:
        data[place + 8] |= 1
    return bytes(data)


def nested_tables(depth: int = 60) -> bytes:
    body = paragraph("Weld pipes.")
    for _ in range(depth):
        body = f"<w:tbl><w:tr><w:tc>{body}</w:tc></w:tr></w:tbl>"
    return docx_of(word_xml(body))


def very_deep_xml() -> bytes:
    return docx_of(word_xml("<w:p>" * 100_000 + "</w:p>" * 100_000))


# ---- pdf


def pdf_of(objects: list[bytes]) -> bytes:
    """A pdf of these objects, the first of which is its catalog."""
    out, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(out))
    return out + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + table + trailer


def _stream(content: bytes, extra: bytes = b"") -> bytes:
    packed = zlib.compress(content, 9)
    head = b"<< /Length %d /Filter /FlateDecode %s >>" % (len(packed), extra)
    return head + b"\nstream\n" + packed + b"\nendstream"


_CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"
_FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
_PAGE = (
    b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 5 0 R"
    b" /Resources << /Font << /F1 3 0 R >> /XObject << /X 6 0 R >> >> >>"
)


def one_page_pdf(content: bytes, *more: bytes) -> bytes:
    """A pdf whose only page draws ``content``; ``more`` objects are numbered from 6."""
    pages = b"<< /Type /Pages /Kids [4 0 R] /Count 1 >>"
    return pdf_of([_CATALOG, pages, _FONT, _PAGE, _stream(content), *more])


def many_pages(count: int = 10_000) -> bytes:
    """One page that stands ``count`` times in the tree: 10,000 pages in 80 kB."""
    kids = b" ".join([b"4 0 R"] * count)
    pages = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, count)
    return pdf_of([_CATALOG, pages, _FONT, _PAGE, _stream(b"BT /F1 12 Tf (Weld) Tj ET")])


def claimed_pages() -> bytes:
    """A tree that says it has two thousand million pages, and is its own child."""
    pages = b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 2000000000 >>"
    return pdf_of([_CATALOG, pages, _FONT, _PAGE, _stream(b"")])


def pdf_bomb() -> bytes:
    """70 kB that unfold to 70 MB of drawing."""
    return one_page_pdf(b"0 0 m\n" * 11_600_000)


def pdf_of_operators() -> bytes:
    """As many operators as fit under the limits."""
    return one_page_pdf(b"BT /F1 12 Tf " + b"(a) Tj " * 240_000 + b" ET")


def pdf_of_forms() -> bytes:
    """Forms that draw the next one ten times each, ten levels deep: 10,000,000,000 in all."""
    forms = []
    for level in range(10):
        names = b"/Resources << /XObject << /X %d 0 R >> >>" % (7 + level)
        forms.append(_stream(b"/X Do " * 10, b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] " + names))
    forms.append(_stream(b"BT (Weld) Tj ET", b"/Type /XObject /Subtype /Form /BBox [0 0 9 9]"))
    return one_page_pdf(b"/X Do", *forms)


def long_text_pdf() -> bytes:
    """One string of 15 MB."""
    return one_page_pdf(b"BT /F1 12 Tf (" + b"weld pipes. " * 1_250_000 + b") Tj ET")


def endless_references() -> bytes:
    """Tables of references that name each other as the one before."""
    trailer = b"trailer\n<< /Size 1 /Prev 9 /Root 1 0 R >>\nstartxref\n9\n%%EOF\n"
    return b"%PDF-1.4\nxref\n0 1\n0000000000 65535 f \n" + trailer


def objects_without_end(marks: int = 400_000) -> bytes:
    return b"%PDF-1.4\n" + b"1 0 obj\n<<\n" * marks + b"startxref\n99999999\n%%EOF\n"


# ---- yaml


def alias_bomb() -> bytes:
    levels = ["a0: &a0 [weld, pipes, weld, pipes, weld, pipes, weld, pipes, weld, pipes]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    return "\n".join(levels).encode()


def long_alias_bomb() -> bytes:
    """One text of 1 MB that stands 15,000 times in the document: 15 GB."""
    return b"title: Welder\ntext: &a " + b"weld " * 200_000 + b"\nlist: [" + b"*a, " * 15_000 + b"*a]\n"


def merge_bomb() -> bytes:
    levels = ["a0: &a0 {k0: weld, k1: weld}"]
    levels += [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}" for n in range(1, 10)]
    return "\n".join(levels).encode()


def own_alias() -> bytes:
    return b"Descriptions: &a\n  project: *a\n"


def python_object() -> bytes:
    return b"Descriptions: !!python/object/apply:os.system ['touch joblens-was-here']\n"


def deep_yaml() -> bytes:
    return b"[" * 200_000


def many_keys() -> bytes:
    return b"".join(b"k%d: weld\n" % number for number in range(300_000))
