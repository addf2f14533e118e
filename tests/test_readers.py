"""Folders, paths, the fixtures that are broken on purpose, and bytes of any kind."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preprocess.formats import DEFAULTS
from preprocess.office_formats import parse_docx, parse_pdf
from preprocess.readers import SUFFIXES, ReadOptions, count_documents, read
from preprocess.records import Document, Dropped
from preprocess.text_formats import parse_markdown, parse_plain
from preprocess.yaml_format import parse_yaml
from tests.reading import FIXTURES, PRINTED, documents, drop_one, read_all, read_one, sections, write


def test_the_twelve_fixture_postings_are_read() -> None:
    items = read_all(FIXTURES / "postings")
    assert len(documents(items)) == len(items) == 12


def test_the_three_fixture_brags_are_read_in_order() -> None:
    found = documents(read_all(FIXTURES / "brags", "brag"))
    assert [Path(document.source).name for document in found] == [
        "dana_reyes.yaml",
        "mo_okafor.md",
        "sam_lindqvist.docx",
    ]


def test_a_folder_is_read_depth_first_in_sorted_order_without_hidden_files(tmp_path: Path) -> None:
    (tmp_path / "b" / "deep").mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    for name in ("c.txt", "b/deep/y.txt", "b/x.txt", "a.txt", ".hidden.txt", ".git/z.txt", "~$lock.docx"):
        write(tmp_path, name, "Weld pipes.")
    names = [Path(document.source).name for document in documents(read_all(tmp_path))]
    assert names == ["a.txt", "y.txt", "x.txt", "c.txt"]


def test_a_link_to_a_parent_folder_does_not_loop(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", "Weld pipes.")
    (tmp_path / "loop").symlink_to(tmp_path)
    assert len(read_all(tmp_path)) == 1


def test_a_link_to_itself_is_dropped(tmp_path: Path) -> None:
    (tmp_path / "me.txt").symlink_to(tmp_path / "me.txt")
    assert drop_one(tmp_path / "me.txt").reason == "too many levels of symbolic links"
    assert drop_one(tmp_path).reason == "too many levels of symbolic links"


def test_an_unknown_suffix_is_dropped_and_the_rest_is_read(tmp_path: Path) -> None:
    write(tmp_path, "a.rtf", "x")
    write(tmp_path, "b.TXT", "Weld pipes.")
    dropped, document = read_all(tmp_path)
    assert isinstance(dropped, Dropped)
    assert (dropped.reason, dropped.source) == ("unsupported format", str(tmp_path.resolve() / "a.rtf"))
    assert ".rtf" in dropped.detail
    assert isinstance(document, Document)


@pytest.mark.parametrize("name", ["nowhere.txt", "a.txt/b.txt", "nul\0.txt"])
def test_a_path_that_does_not_exist_is_dropped(tmp_path: Path, name: str) -> None:
    write(tmp_path, "a.txt", "Weld pipes.")
    dropped = drop_one(tmp_path / name)
    assert dropped.reason == "no such file or folder"
    assert dropped.source == str(tmp_path / name)


def test_the_reason_of_the_operating_system_is_given(tmp_path: Path) -> None:
    assert drop_one(tmp_path / ("x" * 300 + ".txt")).reason == "file name too long"


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read every file; run as another user")
def test_a_file_without_permission_is_dropped(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", "Weld pipes.").chmod(0)
    assert drop_one(tmp_path / "a.txt").reason == "permission denied"


def test_a_socket_is_dropped_and_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path may have only 107 bytes
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("a.txt")
        assert drop_one(tmp_path / "a.txt").reason == "not a file"


def test_a_folder_without_files_is_dropped_as_empty(tmp_path: Path) -> None:
    assert drop_one(tmp_path).reason == "empty"


def test_the_source_is_the_resolved_absolute_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "a.txt", "Weld pipes.")
    monkeypatch.chdir(tmp_path)
    (document,) = read("a.txt", "posting")
    assert document.source == str(tmp_path.resolve() / "a.txt")


def test_a_name_that_is_not_utf8_gives_a_source_that_can_be_hashed(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.txt"))
    path.write_text("Weld pipes.")
    document = read_one(path)
    assert document.source.endswith("caf\\xe9.txt")
    assert len(document.id) == 36


def test_the_second_path_is_not_asked_for_before_the_first_is_read(tmp_path: Path) -> None:
    asked = []

    def paths() -> Iterator[Path]:
        for name in ("a.txt", "b.txt"):
            asked.append(name)
            yield write(tmp_path, name, "Weld pipes.")

    stream = read(paths(), "posting")
    assert isinstance(next(stream), Document)
    assert asked == ["a.txt"]


def test_a_file_over_the_limit_is_dropped(tmp_path: Path) -> None:
    path = write(tmp_path, "a.txt", "Weld pipes. " * 100)
    dropped = drop_one(path, options=ReadOptions(max_file_bytes=1000))
    assert dropped.reason == "file too large"
    assert "1,000 bytes, found 1,200" in dropped.detail


BROKEN: dict[str, str | tuple[str, ...]] = {
    "empty.txt": "empty",
    "whitespace.txt": "empty",
    "binary.txt": "not text",
    "encrypted.pdf": "encrypted pdf",
    "broken.pdf": "broken pdf",
    "truncated.docx": "broken docx",
    "ragged.csv": ("1", "row 2: ragged row", "row 3: ragged row", "4", "row 5: ragged row", "6"),
    "invalid.jsonl": ("1", "2", "line 3: invalid json", "line 4: not a json object", "5"),
    "python_tag.yaml": "yaml tag refused",
    "wrong_shape.yaml": "unexpected yaml shape",
    "utf16.txt": ("tips included”.",),
    "latin1.txt": ("Train the apprentice, Zoë, in laminated dough.",),
    "bom.txt": ("Museum Guide",),
    "control.txt": ("Prune trees and shrubs in late winter.",),
    "emoji_rtl.txt": ("👩🏽‍⚖️👨‍👩‍👧",),
    "letterless.txt": "no words",
}


def test_every_broken_fixture_has_an_expectation() -> None:
    table = re.findall(
        r"^\| `([^`]+)` \|", (FIXTURES / "broken" / "README.md").read_text("utf-8"), re.MULTILINE
    )
    files = {path.name for path in (FIXTURES / "broken").iterdir()} - {"README.md"}
    assert set(table) == set(BROKEN) == files


@pytest.mark.parametrize(("name", "expected"), BROKEN.items(), ids=BROKEN)
def test_broken_fixture(name: str, expected: str | tuple[str, ...]) -> None:
    items = read_all(FIXTURES / "broken" / name, "brag" if name.endswith("yaml") else "posting")
    assert all(item.source.endswith(name) for item in items)
    if isinstance(expected, str):
        assert [item.reason for item in items if isinstance(item, Dropped)] == [expected]
        assert documents(items) == []
    elif name.endswith((".csv", ".jsonl")):
        found = [item.key if isinstance(item, Document) else f"{item.where}: {item.reason}" for item in items]
        assert tuple(found) == expected
    else:
        (document,) = documents(items)
        text = "\n".join([document.title, *sections(document).values()])
        assert expected[0] in text
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\ufeff]", text)


def test_a_line_break_within_quotes_stays_in_its_cell() -> None:
    last = documents(read_all(FIXTURES / "broken" / "ragged.csv"))[-1]
    assert sections(last)["Responsibilities"] == (
        "Run a four-color press and match proofs by eye.\nClean the rollers after each job."
    )


def test_a_ragged_row_tells_its_cells_and_lines() -> None:
    dropped = read_all(FIXTURES / "broken" / "ragged.csv")[2]
    assert str(dropped).endswith("row 3: ragged row (expected 6 cells, found 9 (line 4))")


def test_the_byte_order_mark_is_not_in_the_title() -> None:
    assert read_one(FIXTURES / "broken" / "bom.txt").title == "Museum Guide"


PARSERS = [parse_plain, parse_markdown, parse_yaml, parse_docx, parse_pdf]


@settings(deadline=None)
@given(st.binary(max_size=300) | PRINTED.map(str.encode))
def test_no_parser_raises_on_any_bytes(data: bytes) -> None:
    for parse in PARSERS:
        for kind in ("posting", "brag"):
            assert isinstance(parse(data, "any", kind, DEFAULTS), Document | Dropped)


def test_documents_are_counted_as_they_are_read() -> None:
    for folder in ("postings", "brags", "broken"):
        assert count_documents([FIXTURES / folder]) == len(read_all(FIXTURES / folder))


def test_what_cannot_be_counted_has_no_count(tmp_path: Path) -> None:
    assert count_documents(tmp_path / "nowhere") is None


def test_every_suffix_in_the_table_has_a_reader() -> None:
    assert set(SUFFIXES) == {".txt", ".md", ".markdown", ".pdf", ".docx", ".csv", ".jsonl", ".yaml", ".yml"}
