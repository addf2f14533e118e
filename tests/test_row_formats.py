"""csv and jsonl."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preprocess.decoding import clean
from preprocess.readers import ReadOptions
from preprocess.records import Document, Dropped
from tests.reading import ROOT, documents, drop_one, read_all, read_one, sections, write

GOOGLE = ROOT.parent / "shared" / "data" / "postings" / "google_job_skills.csv"

CELL = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n\r\t,;|\"'"), max_size=30)


@given(st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=5), st.sampled_from(",;\t|"))
@settings(max_examples=50, deadline=None)
def test_any_cell_text_survives_csv(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, str]], delimiter: str
) -> None:
    rows = [tuple(re.sub("[<&]", "", cell) for cell in row) for row in rows]  # type: ignore[misc]
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows([("Title", "Description", "Skills"), *rows])
    items = read_all(path)
    assert len(items) == len(rows)
    for number, (item, row) in enumerate(zip(items, rows, strict=True), 1):
        title, *texts = row
        expected = {
            n: t
            for n, text in zip(("Description", "Skills"), texts, strict=True)
            if (t := clean(text).strip())
        }
        if isinstance(item, Document):
            assert (item.key, item.title, sections(item)) == (
                str(number),
                " ".join(clean(title).split()),
                expected,
            )
        else:
            assert item.where == f"row {number}"
            assert not any(character.isalpha() for cell in row for character in cell)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_though_others_are_in_the_cells(tmp_path: Path, delimiter: str) -> None:
    others = " ".join(set(",;|") - {delimiter})
    lines = [
        delimiter.join(["Title", "Pay", "Description"]),
        delimiter.join(["Welder", "$1", f"Weld {others} cut"]),
    ]
    document = read_one(write(tmp_path, "a.csv", "\n".join(lines)))
    assert (document.title, sections(document)) == ("Welder", {"Description": f"Weld {others} cut"})


def test_columns_are_guessed_by_their_names_whatever_the_case(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "a.csv",
        "JOB_TITLE,Employer,city,Link,Category,Job Description,skills_count\n"
        "Welder,Arc,Troy,https://x.example,Trade,Weld.,7\n",
    )
    document = read_one(path)
    assert (document.title, document.company, document.location, document.url) == (
        "Welder",
        "Arc",
        "Troy",
        "https://x.example",
    )
    assert sections(document) == {"Job Description": "Weld."}


def test_without_a_usual_name_all_columns_left_are_text(tmp_path: Path) -> None:
    assert sections(read_one(write(tmp_path, "a.csv", "name,did,where\nJo,Welded,Troy\n"))) == {
        "did": "Welded",
        "where": "Troy",
    }


def test_named_columns_are_taken_in_the_order_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", "ref,a,b,c\nX7,one,two,three\n,four,five,six\n")
    options = ReadOptions(title_column="b", text_columns=("C", "a"), id_column="ref")
    first, second = documents(read_all(path, options=options))
    assert (first.key, first.title) == ("X7", "two")
    assert [(passage.section, passage.text) for passage in first.passages] == [("c", "three"), ("a", "one")]
    assert second.key == "row 2 without an id"


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_a_named_column_that_is_not_there_drops_the_file(tmp_path: Path, name: str) -> None:
    lines = {"a.csv": "a,b,c\n1,x,y\n2,x,y\n", "a.jsonl": '{"a": "1", "b": "x", "c": "y"}\n' * 2}
    dropped = drop_one(write(tmp_path, name, lines[name]), options=ReadOptions(text_columns=("b", "duties")))
    assert (dropped.reason, dropped.detail) == ("no such column", "expected 'duties', found: a, b, c")


def test_html_in_a_cell_becomes_lines(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "a.csv",
        'title,description\nWelder,"<p>R&amp;D</p><ul><li>Weld</li><li>Cut</li></ul> a<b"\n',
    )
    assert sections(read_one(path))["description"].split("\n") == ["R&D", "", "", "- Weld", "- Cut", " a<b"]


def test_empty_cells_behind_the_last_column_are_forgiven(tmp_path: Path) -> None:
    document = read_one(write(tmp_path, "a.csv", "title,text\nWelder,Weld.,,\n"))
    assert sections(document) == {"text": "Weld."}


def test_a_row_that_is_too_long_is_dropped_and_the_next_is_read(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", "title,text\nA," + "x" * 5000 + "\nWelder,Weld.\n")
    dropped, document = read_all(path, options=ReadOptions(max_cell_chars=1000))
    assert isinstance(dropped, Dropped)
    assert (dropped.reason, dropped.where) == ("unreadable row", "row 1")
    assert isinstance(document, Document)
    assert (document.key, document.title) == ("2", "Welder")


@pytest.mark.parametrize("text", ["\n\n  \n", "title,text\n", "title,text\n\n"])
def test_a_csv_without_rows_is_empty(tmp_path: Path, text: str) -> None:
    assert drop_one(write(tmp_path, "a.csv", text)).reason == "empty"


def test_a_csv_in_another_encoding_is_read(tmp_path: Path) -> None:
    text = "Title,Description\nPâtissier,Crème brûlée\n"
    for encoding in ("utf-8-sig", "utf-16", "latin-1"):
        document = read_one(write(tmp_path, "a.csv", text.encode(encoding)))
        assert (document.title, sections(document)) == ("Pâtissier", {"Description": "Crème brûlée"})


def test_an_accent_after_the_prefix_of_an_ascii_file_is_kept(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", b"title,text\n" + b"Welder,Weld.\n" * 9000 + b"P\xe2tissier,Bake.\n")
    assert documents(read_all(path))[-1].title == "Pâtissier"


def test_the_google_postings_are_read() -> None:
    if not GOOGLE.exists():
        pytest.skip("missing: shared/data/postings/google_job_skills.csv")
    found = documents(read_all(GOOGLE))
    assert len(found) == 1250
    first = found[0]
    assert (first.key, first.title, first.company, first.location) == (
        "1",
        "Google Cloud Program Manager",
        "Google",
        "Singapore",
    )
    assert list(sections(first)) == ["Responsibilities", "Minimum Qualifications", "Preferred Qualifications"]
    assert [sum(len(document.passages) == count for document in found) for count in (3, 2, 0)] == [
        1235,
        1,
        14,
    ]


def test_values_of_json_become_text(tmp_path: Path) -> None:
    record = {
        "id": 12345678901234567890,
        "title": "Welder",
        "skills": ["TIG", 7, {"x": 1}],
        "text": 1.10,
        "more": {},
    }
    document = read_one(write(tmp_path, "a.jsonl", json.dumps(record)), options=ReadOptions(id_column="id"))
    assert document.key == "12345678901234567890"
    assert sections(document) == {"skills": "TIG\n7", "text": "1.1"}


def test_a_key_that_some_objects_leave_out_is_no_missing_column(tmp_path: Path) -> None:
    path = write(tmp_path, "a.jsonl", '{"title": "Welder"}\n\n{"title": "Cook", "duties": "Grill."}\n')
    first, second = documents(read_all(path, options=ReadOptions(text_columns=("duties",))))
    assert (first.key, sections(first)) == ("1", {})
    assert (second.key, sections(second)) == ("3", {"duties": "Grill."})


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("[" * 100_000, "invalid json"),
        ("x" * 3000, "line too long"),
        ('"text"', "not a json object"),
        ("{}", "empty"),
        ('{"text": "1 2 3"}', "no words"),
    ],
)
def test_a_bad_line_is_dropped_and_the_next_is_read(tmp_path: Path, line: str, reason: str) -> None:
    path = write(tmp_path, "a.jsonl", line + '\n{"text": "Weld."}')
    limit = 2000 if reason == "line too long" else 200_000
    dropped, document = read_all(path, options=ReadOptions(max_cell_chars=limit))
    assert isinstance(dropped, Dropped)
    assert (dropped.reason, dropped.where) == (reason, "line 1")
    assert sections(document) == {"text": "Weld."}


def test_a_lone_surrogate_in_json_can_be_stored(tmp_path: Path) -> None:
    path = write(tmp_path, "a.jsonl", '{"id": "\\ud800", "text": "Weld \\ud800."}')
    document = read_one(path, options=ReadOptions(id_column="id"))
    assert (document.key, sections(document)) == ("\ufffd", {"text": "Weld \ufffd."})
