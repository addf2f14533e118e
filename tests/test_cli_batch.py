"""``joblens classify FILE``: every row of the input comes out, in order, and nothing of it is lost."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from search_api.classify import CHUNK_QUERIES
from tests.command_line import assert_error, joblens
from tests.conftest import FIXTURES
from tests.reading import write

pytestmark = pytest.mark.usefixtures("indexed_home")
BROKEN = FIXTURES / "broken"
OURS = [
    "code", "occupation", "score", "margin", "abstained", "review", "prediction_set", "clean_title",
    "seniority", "numeral", "alternatives", "error",
]  # fmt: skip


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def objects(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_csv_keeps_its_columns_and_gets_the_code() -> None:
    found = rows(joblens("classify", FIXTURES / "titles.csv").out)
    assert len(found) == 60
    assert list(found[0]) == ["title", "accept", *OURS]
    assert (found[0]["title"], found[0]["code"], found[0]["error"]) == ("Sr Python Developer", "15-1252", "")


def test_lines_and_jsonl_come_out_as_jsonl(tmp_path: Path) -> None:
    lines = objects(joblens("classify", write(tmp_path, "a.txt", "Nurse\n\nCook\n")).out)
    assert [line["row"] for line in lines] == [{"title": "Nurse"}, {"title": "Cook"}]
    assert [line["result"]["candidates"][0]["code"] for line in lines] == ["29-1141", "35-2014"]
    same = write(tmp_path, "a.jsonl", '{"title": "Nurse"}\n"Cook"\n')
    assert objects(joblens("classify", same).out) == lines


@pytest.mark.parametrize(
    ("stdin", "options"),
    [
        (b"Nurse\nCook\n", []),
        (b'\xef\xbb\xbf{"title": "Nurse"}\n{"title": "Cook"}', []),
        (b'\n  {"title": "Nurse"}\n\n{"title": "Cook"}\n', []),
        (b"job;id\nNurse;1\nCook;2\n", ["--title-column", "job"]),
        ("Nurse\nCook\n".encode("utf-16"), []),
    ],
)
def test_standard_input_may_be_lines_jsonl_or_csv(stdin: bytes, options: list[str]) -> None:
    ran = joblens("classify", "-", *options, stdin=stdin)
    assert [line["result"]["candidates"][0]["code"] for line in objects(ran.out)] == ["29-1141", "35-2014"]


def test_out_takes_the_answers_and_its_suffix_the_format(tmp_path: Path) -> None:
    titles = write(tmp_path, "a.csv", "title\nNurse\n")
    for name in ("b.csv", "b.jsonl"):
        ran = joblens("classify", titles, "--out", tmp_path / name)
        assert (ran.out, ran.err) == ("", f"wrote 1 row to {tmp_path / name}\n")
    assert rows((tmp_path / "b.csv").read_text())[0]["code"] == "29-1141"
    assert objects((tmp_path / "b.jsonl").read_text())[0]["row"] == {"title": "Nurse"}
    assert objects(joblens("classify", titles, "--json").out)[0]["row"] == {"title": "Nurse"}


def test_the_input_is_never_overwritten(tmp_path: Path) -> None:
    titles = write(tmp_path, "a.csv", "title\nNurse\n")
    link = tmp_path / "b.csv"
    link.hardlink_to(titles)
    for out in (titles, link):
        assert_error(
            joblens("classify", titles, "--out", out), "A parameter is not valid", "is the input itself"
        )
    assert titles.read_text() == "title\nNurse\n"


def test_a_run_that_fails_leaves_an_older_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = write(tmp_path, "out.csv", "precious")
    titles = write(tmp_path, "a.csv", "title\nNurse\n")
    assert joblens("classify", titles, "--out", out, "--title-column", "nope").code == 1
    assert joblens("classify", BROKEN / "empty.txt", "--out", out).code == 1
    monkeypatch.setenv("JOBLENS_HOME", str(tmp_path / "nothing"))
    assert_error(
        joblens("classify", titles, "--out", out), "The index is not there", "joblens index onet PATH"
    )
    assert out.read_text() == "precious"


def test_columns_called_as_ours_are_kept(tmp_path: Path) -> None:
    titles = write(tmp_path, "a.csv", "title,code,score,code\nNurse,gold,9,other\n")
    [row] = rows(joblens("classify", titles).out)
    assert [row["code"], row["score"], row["code (2)"]] == ["gold", "9", "other"]
    assert [row[f"joblens_{name}"] for name in OURS[:2]] == ["29-1141", "Registered Nurses"]


def test_keys_that_only_some_objects_have_are_kept(tmp_path: Path) -> None:
    lines = [{"title": "Nurse", "n": 5}, {"title": "Cook", "tags": ["é"]}]
    lines += [{"title": "Cook"}] * CHUNK_QUERIES  # the columns are those of the first chunk
    late = len(lines)
    lines.append({"title": "Cook", "late": 1})
    source = write(tmp_path, "a.jsonl", "\n".join(map(json.dumps, lines)) + "\n{broken\n")
    joblens("classify", source, "--out", tmp_path / "b.csv", "--evidence", 0, "-k", 1)
    found = rows((tmp_path / "b.csv").read_text("utf-8"))
    assert list(found[0]) == ["title", "n", "tags", *OURS, "other"]
    assert (found[0]["n"], found[1]["tags"], found[late]["other"]) == ("5", '["é"]', '{"late": 1}')
    assert json.loads(found[late + 1]["other"]) == {"line": "{broken"}
    assert f"line {late + 2} is not valid JSON" in found[late + 1]["error"]


def test_bad_rows_come_out_with_their_reason(tmp_path: Path) -> None:
    ran = joblens("classify", BROKEN / "ragged.csv")
    found = rows(ran.out)
    assert [bool(row["error"]) for row in found] == [False, True, True, False, True, False]
    assert found[1]["error"] == "row 2 has not as many cells as the header"
    assert found[2]["error"].startswith("row 3 has more cells than the header: ")
    assert ran.err == "3 of 6 rows could not be coded; the column error says why\n"
    assert (ran.code, joblens("classify", BROKEN / "ragged.csv", "--strict").code) == (0, 1)
    ran = joblens("classify", write(tmp_path, "a.jsonl", '{"title": ""}\n[1]\n' + "[" * 100_000))
    assert (ran.code, len(objects(ran.out))) == (1, 3)
    assert objects(ran.out)[2]["error"] == "line 3 is not valid JSON: too many levels of lists or objects"


def test_nul_bytes_huge_cells_and_stray_bytes_stop_no_row(tmp_path: Path) -> None:
    content = (
        b"title,note\nNu\0rse,\nCook," + b"x" * 200_000 + b"\nCaf\xe9 Cook,z\n" + b"y" * 200_000 + b",\n"
    )
    found = rows(joblens("classify", write(tmp_path, "a.csv", content)).out)
    assert [row["title"][:9] for row in found] == ["Nurse", "Cook", "Café Cook", "yyyyyyyyy"]
    assert [row["code"] for row in found][:3] == ["29-1141", "35-2014", "35-2014"]
    assert found[3]["error"] == "the title has 200,000 characters; the limit is 100,000"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("binary.txt", "expected text, found binary data"),
        ("empty.txt", "expected titles, found no row"),
        ("whitespace.txt", "expected titles, found no row"),
    ],
)
def test_a_file_without_rows_is_an_error(name: str, reason: str) -> None:
    assert_error(joblens("classify", BROKEN / name), "The input cannot be read", f"{name}: {reason}")
    ran = joblens("classify", "-", stdin=(BROKEN / name).read_bytes())
    assert_error(ran, "The input cannot be read", f"standard input: {reason}")


@pytest.mark.parametrize(
    ("arguments", "details"),
    [
        (["titles.csv", "--title-column", "nope"], ["no column 'nope'", "found: title, accept"]),
        (["titles.csv", "--body-column", "nope"], ["no column 'nope'", "found: title, accept"]),
        (["titles.csv", "--body", "x.txt"], ["--body-column"]),
        (["titles.csv", "--out", "x.xlsx"], ["--out takes a .csv or .jsonl file", "'x.xlsx'"]),
        (["titles.csv", "--out", "/"], ["--out takes a .csv or .jsonl file"]),
        (["titles.csv", "--out", "no/such/folder/x.csv"], ["cannot be written: No such file or directory"]),
        (["titles.csv", "--level", "4"], ["level must be one of 2, 3, 5, 6, 8"]),
        (["titles.csv", "Nurse"], ["expected titles, or one file alone"]),
        (["Nurse", "--out", "x.csv"], ["--out goes with a file"]),
        (["Nurse", "--title-column", "x"], ["--title-column goes with a file"]),
        (["Nurse", "Cook", "--body", "x.txt"], ["--body is the text of one posting, found 2 titles"]),
        ([], ["expected a title in quotes, a file or -"]),
    ],
)
def test_arguments_that_do_not_go_together_are_refused(
    arguments: list[str], details: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(FIXTURES)
    assert_error(joblens("classify", *arguments), "A parameter is not valid", *details)


def test_a_file_of_another_format_is_told_what_to_do() -> None:
    ran = joblens("classify", FIXTURES / "postings" / "data_scientist.docx")
    assert_error(ran, "The format is not supported", ".csv, .jsonl, .ndjson, .txt", "--body FILE")


def test_a_closed_standard_input_is_an_error() -> None:
    assert_error(
        joblens("classify", "-", stdin=None), "A parameter is not valid", "standard input, but it is closed"
    )
