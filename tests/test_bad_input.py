"""What people feed a program by mistake: a clear error each; nothing is lost, one never stops the others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.command_line import assert_error, joblens
from tests.conftest import FIXTURES
from tests.reading import write

BROKEN = FIXTURES / "broken"
BRAG = FIXTURES / "brags" / "dana_reyes.yaml"
GOOD_SENTENCE = "Groom large dogs and nervous cats."

UNREADABLE = [
    ("empty.txt", "empty"),
    ("whitespace.txt", "empty"),
    ("binary.txt", "not text (expected text, found binary data)"),
    ("encrypted.pdf", "encrypted pdf (it needs a password: save a copy without one)"),
    ("broken.pdf", "broken pdf"),
    ("truncated.docx", "broken docx"),
    ("python_tag.yaml", "yaml tag refused"),
    ("wrong_shape.yaml", "unexpected yaml shape (expected"),
    ("letterless.txt", "no words"),
]


# ---- files


@pytest.mark.parametrize(("name", "reason"), UNREADABLE)
def test_a_file_that_cannot_be_read_is_an_error_that_says_why(
    empty_home: Path, name: str, reason: str
) -> None:
    for command in (["index", "postings"], ["inspect"]):
        ran = joblens(*command, BROKEN / name)
        assert_error(ran, "The input cannot be read", f"{name}", reason)
        assert ran.out == ""
    assert not empty_home.exists()


@pytest.mark.usefixtures("empty_home")
def test_beside_good_files_all_bad_ones_are_counted_and_named(tmp_path: Path) -> None:
    good = write(tmp_path, "good.txt", f"Dog groomer\n\n{GOOD_SENTENCE}")
    names = [name for name, _ in UNREADABLE]
    ran = joblens("index", "postings", tmp_path / "typo", *(BROKEN / name for name in names), good)
    assert ran.code == 0
    assert "postings: wrote 1 sentence of 1 posting" in ran.told
    assert "2 empty" in ran.told
    unwrapped = "".join(ran.out.split())  # a path may be broken anywhere, so spaces do not count
    assert "".join(f"{tmp_path / 'typo'}: no such file or folder".split()) in unwrapped
    reasons = [reason.split(" (")[0] for _, reason in UNREADABLE]
    for reason in reasons:
        assert f"1 {reason}" in ran.told or f"2 {reason}" in ran.told
    assert "and 1 more; joblens inspect PATH names them all" in ran.told
    assert GOOD_SENTENCE in joblens("search", "dogs").told


def test_nothing_in_a_yaml_file_is_run(
    empty_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    told = joblens("index", "brags", BROKEN / "python_tag.yaml").told
    assert "line 4: yaml tag refused" in told
    assert "python/object/apply:os.system" in told
    assert list(tmp_path.iterdir()) == []
    assert not empty_home.exists()


def test_paths_that_are_not_there_are_named(empty_home: Path, tmp_path: Path) -> None:
    missing = [tmp_path / "one.txt", BRAG / "below", Path("x" * 300)]
    for command in (["index", "postings"], ["index", "brags"], ["inspect"], ["index", "onet"]):
        assert_error(joblens(*command, missing[0]), "No such file or folder", str(missing[0]))
    assert_error(joblens("index", "postings", *missing), "No such file or folder", *map(str, missing[:2]))
    assert_error(joblens("gap", missing[0]), "No such file or folder", str(missing[0]))
    assert_error(joblens("classify", "x.csv"), "No such file or folder", "x.csv")
    assert_error(joblens("evaluate", "titles", missing[0]), "No such file or folder", str(missing[0]))
    assert not empty_home.exists()


@pytest.mark.parametrize(
    "command",
    [
        ["index", "postings", ""], ["index", "brags", "", "--prune"], ["inspect", ""], ["gap", ""],
        ["match", "", "stored"], ["classify", "x", "--body", ""], ["--home", "", "status"],
    ],
)  # fmt: skip
def test_an_empty_path_is_not_taken_for_the_current_folder(empty_home: Path, command: list[str]) -> None:
    assert_error(joblens(*command), "A parameter is not valid", "empty")
    assert not empty_home.exists()


@pytest.mark.usefixtures("empty_home")
def test_rows_of_a_table_are_dropped_by_number() -> None:
    ran = joblens("index", "postings", BROKEN / "ragged.csv", BROKEN / "invalid.jsonl")
    assert "wrote 21 sentences of 6 postings" in ran.told
    assert "3 ragged row" in ran.told
    lines = "".join(row.strip() + " " for row in ran.rows)
    assert "ragged.csv row 2: ragged row (expected 6 cells, found 4 (line 3))" in lines
    assert "invalid.jsonl line 3: invalid json (Unterminated string starting at character 96)" in lines
    assert "invalid.jsonl line 4: not a json object (expected an object, found list)" in lines


@pytest.mark.parametrize("option", ["--text-column", "--title-column", "--id-column"])
@pytest.mark.parametrize("name", ["postings.csv", "postings.jsonl"])
def test_a_column_that_is_not_there_is_named_with_those_that_are(
    empty_home: Path, option: str, name: str
) -> None:
    ran = joblens("index", "postings", FIXTURES / "postings" / name, option, "nope")
    found = "Company, Title, Location" if name.endswith("csv") else "company, title, location, url"
    assert_error(ran, "The input cannot be read", "no such column", f"expected 'nope', found: {found}")
    assert not empty_home.exists()


@pytest.mark.usefixtures("empty_home")
def test_hostile_text_is_indexed_and_found_and_printed_without_control_characters(tmp_path: Path) -> None:
    write(tmp_path, "long.txt", "Title\n\n" + "manage teams and budgets " * 4_200)
    write(
        tmp_path,
        "colour.txt",
        "Nurse\n\nCare for \x1b[31mpatients\x1b[0m\x07 [red]daily[/red]. \u202eevil\u202c\n",
    )
    for name in ("control.txt", "emoji_rtl.txt", "bom.txt", "latin1.txt", "utf16.txt"):
        write(tmp_path, name, (BROKEN / name).read_bytes())
    ran = joblens("index", "postings", tmp_path, "--strict")
    assert ran.code == 0, ran.told
    for query, found in [
        ("patients", "Care for patients [red]daily[/red]."),
        ("نبحث عن مترجم", "نبحث عن مترجم يتقن العربية والإنجليزية."),
        ("😀 résumé", "Send a résumé to Mme. Lefèvre before the end of the month."),
        ("budgets", "manage teams and budgets"),
    ]:
        told = joblens("search", query, "-k", 3)
        assert found in told.told
        assert not any(ord(sign) < 32 and sign != "\n" for sign in told.out)
        assert "\u202e" not in told.out


@pytest.mark.usefixtures("empty_home")
def test_two_megabytes_of_text_are_indexed(tmp_path: Path) -> None:
    lines = (f"Line {number % 500} of the log says that all is well today." for number in range(42_000))
    text = "\n".join(["Log keeper", "", *lines])
    assert len(text) > 2_000_000
    ran = joblens("index", "postings", write(tmp_path, "log.txt", text))
    assert "wrote 500 sentences of 1 posting" in ran.told
    assert "repeated 41,500" in ran.told


@pytest.mark.usefixtures("empty_home")
def test_a_text_over_the_limit_is_refused_with_the_limit(tmp_path: Path) -> None:
    ran = joblens("index", "postings", write(tmp_path, "huge.txt", "Weld a frame. " * 720_000))
    limit = "expected at most 10,000,000 characters, found 10,080,000: split it"
    assert_error(ran, "The input cannot be read", "huge.txt: text too large", limit)


@pytest.mark.usefixtures("empty_home")
@pytest.mark.parametrize("name", ["titles.csv", "broken", "broken/binary.txt"])
def test_what_is_no_onet_release_is_refused(name: str) -> None:
    assert_error(joblens("index", "onet", FIXTURES / name), "Not a complete O*NET release", name)


@pytest.mark.usefixtures("indexed_home")
def test_the_sides_of_a_gap_say_what_is_wrong_with_them(tmp_path: Path) -> None:
    cook = FIXTURES / "postings" / "restaurant_cook.txt"
    ran = joblens("gap", BRAG, cook, BROKEN / "empty.txt", tmp_path / "typo", "--json")
    assert (ran.code, len(json.loads(ran.out)["ranking"])) == (0, 1)
    assert "1 empty 1 no such file or folder such as" in " ".join(ran.err.split())
    ran = joblens("match", BROKEN / "binary.txt", BRAG)
    assert_error(ran, "The input cannot be read", "binary.txt: not text")
    invalid = "A parameter is not valid"
    assert_error(
        joblens("gap", BRAG, "stored", cook), invalid, "'stored' cannot be named together with files"
    )
    assert_error(
        joblens("gap", BRAG, cook, "text:x"), invalid, "'text:x' cannot be named together with files"
    )
    assert_error(joblens("gap", BRAG, cook, "--filter", "company=x"), invalid, "a filter picks among stored")
    assert_error(joblens("gap", "text: "), "The query is empty", "at least one sentence")
    assert_error(joblens("gap", "id:nope"), "No such document", "joblens status --documents")
    assert_error(joblens("delete", "brags", "id:nope"), "No such document", "joblens status --documents")


# ---- queries and parameters


@pytest.mark.usefixtures("indexed_home")
@pytest.mark.parametrize("query", ["", "   ", "...", "😀"])
@pytest.mark.parametrize("command", ["search", "classify", "occupation"])
def test_a_query_without_a_letter_is_refused(command: str, query: str) -> None:
    assert_error(joblens(command, query), "The query is empty", "holds no letter or digit")


@pytest.mark.usefixtures("indexed_home")
@pytest.mark.parametrize("query", ["nurse\0 \x1b[31m", "😀 אחות 护士", "nurse " * 10_000])
def test_a_query_of_any_letters_is_answered(query: str) -> None:
    for command in ("search", "classify"):
        ran = joblens(command, query, "-k", 1)
        assert (ran.code, ran.err) == (0, "")
        assert "\x1b" not in ran.out


@pytest.mark.usefixtures("indexed_home")
def test_a_query_that_is_too_long_or_no_unicode_is_refused() -> None:
    invalid = "A parameter is not valid"
    assert_error(joblens("search", "nurse " * 20_000), invalid, "120,000 characters; the limit is 100,000")
    assert_error(joblens("search", "nurse \udce9"), invalid, "send valid Unicode")


@pytest.mark.usefixtures("indexed_home")
@pytest.mark.parametrize(
    ("arguments", "details"),
    [
        (["search", "x", "-k", "0"], ["top_k must be from 1 to 1000, found 0"]),
        (["classify", "x", "-k", "1000000"], ["top_k must be from 1 to 1000, found 1000000"]),
        (["match", "text:Weld it.", "text:Weld it.", "-k", "0"], ["top_k must be from 1 to 1000, found 0"]),
        (["gap", "stored", "--top", "0"], ["--top must be from 1 to 1000, found 0"]),
        (["gap", "stored", "--themes", "-1"], ["--themes must be from 1 to 1000, found -1"]),
        (["gap", "stored", "--covered", "0.3"], ["expected -1 <= partial <= covered <= 1"]),
        (["gap", "stored", "--covered", "nan"], ["expected -1 <= partial <= covered <= 1"]),
        (["gap", "stored", "--json", "--markdown", "-"], ["both take standard output"]),
        (["classify", "x", "--level", "4"], ["level must be one of 2, 3, 5, 6, 8, found 4"]),
        (["search", "x", "--mode", "fuzzy"], ["one of dense, lexical, hybrid, found 'fuzzy'"]),
        (["search", "x", "--in", "jobs"], ["one of occupations, postings, brags, found 'jobs'"]),
        (["search", "x", "--score-threshold", "nan"], ["must be a number, found nan"]),
        (["search", "x", "--filter", "company"], ["KEY=VALUE or KEY!=VALUE, found 'company'"]),
        (["search", "x", "--filter", "=Acme"], ["KEY=VALUE or KEY!=VALUE, found '=Acme'"]),
        (["search", "x", "--filter", "a b=1"], ["a filter's key is letters, digits and _", "'a b'"]),
        (["delete", "jobs", "--all"], ["one of occupations, postings, brags, found 'jobs'"]),
        (["delete", "brags"], ["the ids of documents, or --all"]),
        (["inspect", str(BRAG), "--kind", "resume"], ["one of postings, brags, found 'resume'"]),
    ],
)
def test_a_parameter_that_is_off_is_named_with_what_it_takes(
    arguments: list[str], details: list[str]
) -> None:
    assert_error(joblens(*arguments), "A parameter is not valid", *details)


@pytest.mark.usefixtures("indexed_home")
@pytest.mark.parametrize(
    ("code", "detail"),
    [
        ("99-9999", "begins with no SOC major group"),
        ("15-1259", "near it: 15-1252.00 Software Developers"),
        ("15-", "such as 15-1252, 15-1252.00, 15-12 or 15, found '15-'"),
        ("15-12", "name one of them: 15-1211.00 Computer Systems Analysts"),
    ],
)
def test_a_code_that_is_not_there_leads_to_one_that_is(code: str, detail: str) -> None:
    assert_error(joblens("occupation", code), "No such occupation code", detail)


@pytest.mark.usefixtures("indexed_home")
@pytest.mark.parametrize(
    ("file", "detail"),
    [
        ("broken/binary.txt", "cannot be read as csv in UTF-8"),
        ("broken/empty.txt", "expected the columns title and accept, found none"),
        ("broken/ragged.csv", "expected the columns title and accept, found Company, Title"),
        ("", "Is a directory"),
    ],
)
def test_labels_that_cannot_be_read_say_why(file: str, detail: str) -> None:
    assert_error(joblens("evaluate", "titles", FIXTURES / file), "The input cannot be read", detail)


@pytest.mark.usefixtures("indexed_home")
def test_labels_without_rows_are_an_error(tmp_path: Path) -> None:
    ran = joblens("evaluate", "titles", write(tmp_path, "a.csv", "title,accept\n"))
    assert_error(ran, "The input cannot be read", "expected rows under the header, found none")


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        (["search", "x"], "joblens index postings PATH"),
        (["search", "x", "--in", "brags"], "joblens index brags PATH"),
        (["classify", "x"], "joblens index onet PATH"),
        (["occupation", "15-1252"], "joblens index onet PATH"),
        (["gap", str(BRAG)], "joblens index postings PATH"),
        (["match", "text:Weld it.", "stored"], "joblens index brags PATH"),
        (["delete", "brags", "id:x"], "joblens index brags PATH"),
        (["evaluate", "titles", str(FIXTURES / "titles.csv")], "joblens index onet PATH"),
    ],
)
def test_without_an_index_the_command_that_makes_it_is_named(
    empty_home: Path, arguments: list[str], command: str
) -> None:
    assert_error(joblens(*arguments), "The index is not there", command)
    assert not empty_home.exists()
