"""Word and pdf files, whole, hostile and damaged."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader, PdfWriter

from preprocess.formats import DEFAULTS, MIB
from preprocess.office_formats import parse_docx, parse_pdf
from preprocess.readers import ReadOptions
from preprocess.records import Document, Dropped
from tests.reading import FIXTURES, drop_one, read_all, read_one, sections, write


def pdf_bytes(*pages: list[str]) -> bytes:
    """A pdf of one font with these lines on its pages, written by hand because pypdf cannot draw text."""
    count = len(pages)
    kids = " ".join(f"{4 + 2 * index} 0 R" for index in range(count))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {count} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for index, lines in enumerate(pages):
        drawn = " ".join(f"({line}) Tj T*" for line in lines)
        content = f"BT /F1 12 Tf 14 TL 72 720 Td {drawn} ET".encode("latin-1")
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {5 + 2 * index} 0 R"
            " /Resources << /Font << /F1 3 0 R >> >> >>".encode()
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
    out, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, len(out))
    return out + b"xref\n0 %d\n0000000000 65535 f \n" % size + table + trailer


def test_the_sections_of_a_docx_posting() -> None:
    document = read_one(FIXTURES / "postings" / "data_scientist.docx")
    assert document.title == "Data Scientist, Demand Forecasting"
    found = sections(document)
    assert list(found) == [
        "",
        "About the role",
        "Responsibilities",
        "Minimum qualifications",
        "Preferred",
        "Pay and benefits",
    ]
    assert found["Preferred"] == (
        "- Experience with R or Stan for Bayesian models.\n"
        "- Ability to read the C++ of our optimization engine.\n"
        "- Retail or supply chain experience."
    )
    assert found["Pay and benefits"].split("\n")[:2] == ["Salary | $118,000 to $142,000", "Bonus | 8% target"]


def test_the_projects_of_a_docx_brag() -> None:
    document = read_one(FIXTURES / "brags" / "sam_lindqvist.docx", "brag")
    assert document.title == "Sam Lindqvist"
    assert list(sections(document)) == [
        "Professional summary",
        "Brightfold Partners",
        "Other experience",
        "Goals",
    ]


def test_headers_are_left_out_and_layout_tables_are_read_in_order(tmp_path: Path) -> None:
    word = docx.Document()
    word.sections[0].header.paragraphs[0].text = "Confidential"
    word.add_paragraph("Jo Lee", style="Title")
    table = word.add_table(rows=1, cols=3)
    left, middle, right = table.rows[0].cells
    left.merge(middle)
    left.add_paragraph("Skills", style="Heading 2")
    left.add_paragraph("Welding")
    right.text = "Troy, NY"
    word.save(str(tmp_path / "a.docx"))
    document = read_one(tmp_path / "a.docx", "brag")
    assert sections(document) == {"Skills": "Welding\nTroy, NY"}


def test_text_in_content_controls_and_text_boxes_is_read_and_deleted_text_is_not(tmp_path: Path) -> None:
    word = docx.Document()
    word.add_paragraph("Jo Lee", style="Title")
    word.add_paragraph("PLACE")
    word.save(str(tmp_path / "a.docx"))
    word_names = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    paragraph = "<w:p><w:r><w:t>{}</w:t></w:r></w:p>".format
    control = f"<w:sdt><w:sdtContent>{paragraph('Built a bridge.')}</w:sdtContent></w:sdt>"
    box = (
        f'<w:p {word_names}><mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility'
        f'/2006"><mc:Choice Requires="x"><w:txbxContent>{paragraph("Boxed.")}</w:txbxContent></mc:Choice>'
        f"<mc:Fallback><w:txbxContent>{paragraph('Boxed.')}</w:txbxContent></mc:Fallback></mc:AlternateContent>"
        "<w:del><w:r><w:delText>Gone</w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t>Added.</w:t></w:r></w:ins></w:p>"
    )
    source = (tmp_path / "a.docx").read_bytes()
    with zipfile.ZipFile(io.BytesIO(source)) as old, zipfile.ZipFile(tmp_path / "b.docx", "w") as new:
        for entry in old.infolist():
            part = old.read(entry)
            if entry.filename == "word/document.xml":
                text = part.decode()
                start = text.rindex("<w:p>", 0, text.index("PLACE"))
                end = text.index("</w:p>", start) + len("</w:p>")
                part = (text[:start] + control + box + text[end:]).encode()
            new.writestr(entry, part)
    assert sections(read_one(tmp_path / "b.docx", "brag")) == {"": "Built a bridge.\nAdded.\nBoxed."}


def test_a_zip_bomb_is_dropped_before_it_is_opened(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.docx", "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(21):
            archive.writestr(f"word/{number}.xml", bytes(10 * MIB))
    dropped = drop_one(tmp_path / "a.docx")
    assert dropped.reason == "docx too large"
    assert "209,715,200 bytes unzipped, found 220,200,960" in dropped.detail


def test_a_zip_of_very_many_parts_is_dropped(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.docx", "w") as archive:
        for number in range(11):
            archive.writestr(f"{number}", b"")
    dropped = drop_one(tmp_path / "a.docx", options=ReadOptions(max_docx_entries=10))
    assert dropped.reason == "docx too large"


def test_a_zip_that_is_no_docx_and_an_old_doc_are_broken(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.docx", "w") as archive:
        archive.writestr("hello.txt", "hello")
    write(tmp_path, "b.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    items = read_all(tmp_path)
    assert [item.reason for item in items if isinstance(item, Dropped)] == ["broken docx", "broken docx"]


def test_a_pdf_posting_is_one_passage_under_its_title() -> None:
    document = read_one(FIXTURES / "postings" / "site_reliability_engineer.pdf")
    assert document.title == "Site Reliability Engineer, Platform"
    (passage,) = document.passages
    assert passage.section == ""
    assert (
        "\n• Operate and upgrade our Kubernetes clusters with Terraform, Helm and Argo CD.\n" in passage.text
    )


def test_pages_are_joined_without_their_numbers(tmp_path: Path) -> None:
    data = pdf_bytes(["Welder", "Weld pipes and read", "Page 1 of 2"], ["2", "the plans."])
    document = read_one(write(tmp_path, "a.pdf", data))
    assert (document.title, sections(document)) == ("Welder", {"": "Weld pipes and read\nthe plans."})


def test_a_pdf_without_text_is_dropped_with_advice(tmp_path: Path) -> None:
    dropped = drop_one(write(tmp_path, "a.pdf", pdf_bytes([])))
    assert dropped.reason == "pdf without text"
    assert "OCR" in dropped.detail


def test_a_pdf_with_an_empty_password_is_read(tmp_path: Path) -> None:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf_bytes(["Welder", "Weld pipes."]))))
    writer.encrypt(user_password="", owner_password="secret", algorithm="RC4-128")
    writer.write(tmp_path / "a.pdf")
    assert sections(read_one(tmp_path / "a.pdf")) == {"": "Weld pipes."}


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (ReadOptions(max_pdf_pages=2), "pdf too long"),
        (ReadOptions(max_text_chars=20), "pdf too long"),
        (ReadOptions(max_pdf_seconds=-1), "pdf too slow"),
    ],
)
def test_a_pdf_over_a_limit_is_dropped(tmp_path: Path, options: ReadOptions, reason: str) -> None:
    path = write(tmp_path, "a.pdf", pdf_bytes(*[["Weld pipes all day."]] * 3))
    assert drop_one(path, options=options).reason == reason


def test_a_damaged_pdf_says_nothing_on_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    drop_one(FIXTURES / "broken" / "broken.pdf")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", ["postings/data_scientist.docx", "postings/site_reliability_engineer.pdf"])
@given(
    damage=st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=20
    )
)
@settings(max_examples=15, deadline=None)
def test_a_damaged_file_is_a_document_or_dropped(name: str, damage: list[tuple[float, int]]) -> None:
    data = bytearray((FIXTURES / name).read_bytes())
    for place, byte in damage:
        data[int(place * len(data))] = byte
    parse = parse_docx if name.endswith("docx") else parse_pdf
    assert isinstance(parse(bytes(data), name, "posting", DEFAULTS), Document | Dropped)
