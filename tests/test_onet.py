"""O*NET releases: the written fixture, the layouts of other years, bad rows, and the real release 27.0."""

import zipfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preprocess.errors import InvalidRelease, MissingPath
from preprocess.onet import Occupation, OccupationText, open_release, read_occupations
from preprocess.records import Dropped

ROOT = Path(__file__).parent.parent
FIXTURE = ROOT / "fixtures/onet"
REAL = ROOT.parent / "shared/data/onet/db_27_0_text"

Tables = dict[str, list[str]]

# The least that is a release; the tests add to it, a row as cells with " | " between.
LEAST: Tables = {
    "Occupation Data": [
        "O*NET-SOC Code | Title | Description",
        "15-1252.00 | Software Developers | Write programs.",
        "11-1021.00 | General Managers | Run things.",
    ],
    "Task Statements": ["O*NET-SOC Code | Task ID | Task | Task Type"],
    "Alternate Titles": ["O*NET-SOC Code | Alternate Title | Short Title | Source(s)"],
}


def write(folder: Path, tables: Tables, *, encoding: str = "utf-8", newline: str = "\n") -> Path:
    folder.mkdir(exist_ok=True)
    for name, rows in tables.items():
        text = "".join(row.replace(" | ", "\t") + newline for row in rows)
        (folder / f"{name}.txt").write_bytes(text.encode(encoding))
    return folder


def read(folder: Path, dropped: list[Dropped] | None = None) -> dict[str, Occupation]:
    return {occupation.code: occupation for occupation in read_occupations(open_release(folder), dropped)}


def texts(occupation: Occupation, source: str) -> list[str]:
    return [text.text for text in occupation.texts if text.source == source]


def zipped(folder: Path, path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in folder.iterdir():
            archive.write(file, f"db_27_0_text/{file.name}")
    return path


def test_fixture_says_its_name_and_its_optional_tables() -> None:
    release = open_release(str(FIXTURE))
    assert release.name == "O*NET 27.0 Database (joblens fixture)"
    assert release.tables == (
        "Sample of Reported Titles",
        "Task Ratings",
        "Job Zones",
        "Related Occupations",
        "Technology Skills",
    )


def test_fixture_is_read_whole() -> None:
    dropped: list[Dropped] = []
    found = read(FIXTURE, dropped)
    assert dropped == []
    assert len(found) == 73
    assert Counter(text.source for occupation in found.values() for text in occupation.texts) == {
        "title": 73,
        "description": 73,
        "alternate": 819,
        "reported": 395,
        "task": 514,
        "technology": 550,
    }


def test_zip_gives_the_same_occupations_as_its_folder(tmp_path: Path) -> None:
    release = open_release(zipped(FIXTURE, tmp_path / "any name.zip"))
    assert release.name == "O*NET 27.0 Database (joblens fixture)"
    assert list(read_occupations(release)) == list(read_occupations(open_release(FIXTURE)))


def test_occupation_carries_every_field_of_the_tables(tmp_path: Path) -> None:
    rated = "O*NET-SOC Code | Task ID | Scale ID | Category | Data Value | Recommend Suppress"
    tables = LEAST | {
        "Alternate Titles": [*LEAST["Alternate Titles"], "15-1252.00 | Coder | n/a | 02"],
        "Sample of Reported Titles": [
            "O*NET-SOC Code | Reported Job Title | Shown in My Next Move",
            "15-1252.00 | Dev | Y",
        ],
        "Task Statements": [
            *LEAST["Task Statements"],
            "15-1252.00 | 7 | Write code. | Core",
            "15-1252.00 | 8 | Make coffee. | Supplemental",
            "15-1252.00 | 9 | Fix  bugs. | n/a",
        ],
        "Task Ratings": [rated, "15-1252.00 | 7 | IM | n/a | 4.25 | Y", "15-1252.00 | 8 | RT | n/a | 90 | N"],
        "Job Zones": ["O*NET-SOC Code | Job Zone | Date", "15-1252.00 | 4 | 07/2015"],
        "Technology Skills": [
            "O*NET-SOC Code | Example | Commodity Code | Commodity Title | Hot Technology | In Demand",
            "15-1252.00 | Python | 43232405 | Languages | Y | N",
            "15-1252.00 | Fortran | 43232405 | Languages | N | Y",
        ],
        "Related Occupations": [
            "O*NET-SOC Code | Related O*NET-SOC Code | Relatedness Tier | Index",
            "15-1252.00 | 11-1021.00 | Primary-Short | 1",
        ],
    }
    assert read(write(tmp_path, tables))["15-1252.00"] == Occupation(
        code="15-1252.00",
        title="Software Developers",
        description="Write programs.",
        job_zone=4,
        texts=(
            OccupationText("Software Developers", "title"),
            OccupationText("Write programs.", "description"),
            OccupationText("Coder", "alternate"),
            OccupationText("Dev", "reported"),
            OccupationText("Write code.", "task", task_id="7", core=True, importance=4.25),
            OccupationText("Make coffee.", "task", task_id="8", core=False),
            OccupationText("Fix bugs.", "task", task_id="9"),
            OccupationText("Python", "technology", hot=True),
            OccupationText("Fortran", "technology", in_demand=True),
        ),
        related=("11-1021.00",),
    )


def test_occupation_without_other_rows_is_read_and_codes_are_in_order(tmp_path: Path) -> None:
    found = list(read_occupations(open_release(write(tmp_path, LEAST))))
    assert [occupation.code for occupation in found] == ["11-1021.00", "15-1252.00"]
    assert [text.source for text in found[0].texts] == ["title", "description"]
    assert (found[0].job_zone, found[0].related) == (None, ())


def test_repeated_titles_are_dropped_within_their_source_only(tmp_path: Path) -> None:
    rows = ["Coder", "CODER", "Software Developers", "coder "]
    tables = LEAST | {
        "Alternate Titles": [*LEAST["Alternate Titles"], *(f"15-1252.00 | {row} | n/a | 02" for row in rows)],
        "Sample of Reported Titles": ["O*NET-SOC Code | Reported Job Title", "15-1252.00 | Coder"],
    }
    found = read(write(tmp_path, tables))["15-1252.00"]
    assert texts(found, "alternate") == ["Coder", "Software Developers"]
    assert texts(found, "reported") == ["Coder"]


def test_related_occupations_follow_their_index(tmp_path: Path) -> None:
    extra = [f"11-10{n}.00 | Manager {n} | ." for n in (31, 32, 33)]
    tables = LEAST | {
        "Occupation Data": [*LEAST["Occupation Data"], *extra],
        "Related Occupations": [
            "O*NET-SOC Code | Related O*NET-SOC Code | Relatedness Tier | Index",
            "15-1252.00 | 11-1031.00 | Supplemental | 11",
            "15-1252.00 | 11-1033.00 | Primary-Long | 2",
            "15-1252.00 | 11-1032.00 | Primary-Short | 2",
            "15-1252.00 | 11-1021.00 | Primary-Short | 1",
        ],
    }
    related = read(write(tmp_path, tables))["15-1252.00"].related
    assert related == ("11-1021.00", "11-1032.00", "11-1033.00", "11-1031.00")


def test_release_before_23_2_has_tools_and_technology_in_one_table(tmp_path: Path) -> None:
    tables = LEAST | {
        "Tools and Technology": [
            "O*NET-SOC Code | T2 Type | T2 Example | Commodity Code | Commodity Title",
            "15-1252.00 | Tools | Notebook computers | 43211503 | Notebook computers",
            "15-1252.00 | Technology | Notebook computers | 43232405 | Odd, but not the tool",
            "15-1252.00 | Technology | Python | 43232405 | Languages",
        ],
        "Career Starters Matrix": [
            "O*NET-SOC Code | Related O*NET-SOC Code | Index",
            "15-1252.00 | 15-1252.00 | 1",
        ],
        "Career Changers Matrix": [
            "O*NET-SOC Code | Related O*NET-SOC Code | Index",
            "15-1252.00 | 11-1021.00 | 1",
        ],
    }
    folder = write(tmp_path / "db_20_1_text", tables)
    assert open_release(folder).name == "O*NET 20.1 Database"
    found = read(folder)["15-1252.00"]
    assert texts(found, "technology") == ["Notebook computers", "Python"]
    assert found.related == ("11-1021.00", "15-1252.00")


def test_release_since_30_3_has_job_titles_and_software_skills(tmp_path: Path) -> None:
    tables = {name: rows for name, rows in LEAST.items() if name != "Alternate Titles"} | {
        "Job Titles": ["O*NET-SOC Code | Job Title | Short Title", "15-1252.00 | Coder | n/a"],
        "Software Skills": [
            "O*NET-SOC Code | Workplace Example | Element ID | Element Name | Hot Technology | In Demand",
            "15-1252.00 | Python | 1.X | Languages | Y | Y",
        ],
        "Essential Skills": ["O*NET-SOC Code | Element ID"],
    }
    folder = write(tmp_path / "db_31_0_text", tables)
    assert open_release(folder).tables == ("Software Skills", "Essential Skills")
    found = read(folder)["15-1252.00"]
    assert texts(found, "alternate") == ["Coder"]
    assert found.texts[-1] == OccupationText("Python", "technology", hot=True, in_demand=True)


@pytest.mark.parametrize(
    ("encoding", "newline"), [("utf-8-sig", "\r\n"), ("latin-1", "\r\n"), ("cp1252", "\n"), ("utf-8", "\r")]
)
def test_encoding_and_line_ends_do_not_matter(tmp_path: Path, encoding: str, newline: str) -> None:
    rows = [LEAST["Occupation Data"][0].upper(), "35-2014.00 | Café Cooks | Sauté."]
    folder = write(tmp_path, LEAST | {"Occupation Data": rows}, encoding=encoding, newline=newline)
    (found,) = read(folder).values()
    assert (found.title, found.description) == ("Café Cooks", "Sauté.")


def test_columns_are_found_by_name_in_any_order(tmp_path: Path) -> None:
    rows = ["new | TITLE | description | o*net-soc code", "x | Cooks | They cook. | 35-2014.00"]
    (found,) = read(write(tmp_path, LEAST | {"Occupation Data": rows})).values()
    assert (found.code, found.title, found.description) == ("35-2014.00", "Cooks", "They cook.")


@pytest.mark.parametrize(
    ("missing", "named"),
    [
        ("Occupation Data", r"'Occupation Data\.txt'"),
        ("Task Statements", r"'Task Statements\.txt'"),
        ("Alternate Titles", r"'Alternate Titles\.txt' or 'Job Titles\.txt'"),
    ],
)
def test_missing_required_table_is_named(tmp_path: Path, missing: str, named: str) -> None:
    folder = write(tmp_path, {name: rows for name, rows in LEAST.items() if name != missing})
    with pytest.raises(InvalidRelease, match=f"holds no {named}"):
        open_release(folder)


@pytest.mark.parametrize(
    ("table", "header", "named"),
    [
        (
            "Occupation Data",
            "O*NET-SOC Code | Name",
            "'Occupation Data.txt' needs the column 'Title' and 'Description'",
        ),
        ("Task Statements", "", "'Task Statements.txt' needs the column 'O\\*NET-SOC Code'"),
        ("Job Zones", "O*NET-SOC Code | Zone", "needs the column 'Job Zone', but its first line is"),
    ],
)
def test_missing_column_is_named_at_once(tmp_path: Path, table: str, header: str, named: str) -> None:
    folder = write(tmp_path, LEAST | {table: [header]})
    with pytest.raises(InvalidRelease, match=named):
        open_release(folder)


def test_missing_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingPath, match="db_27_0_text"):
        open_release(tmp_path / "db_27_0_text")


def test_release_that_has_gone_since_it_was_opened_is_refused(tmp_path: Path) -> None:
    release = open_release(write(tmp_path, LEAST))
    (tmp_path / "Alternate Titles.txt").unlink()
    with pytest.raises(InvalidRelease, match=r"'Alternate Titles\.txt'"):
        list(read_occupations(release))


@pytest.mark.parametrize(
    ("table", "row", "reason"),
    [
        ("Alternate Titles", "15-1252.00 | Coder", "wrong cell count"),
        ("Alternate Titles", "15-1252.00 | Coder | n/a | 02 | more", "wrong cell count"),
        ("Alternate Titles", "15-1252 | Coder | n/a | 02", "malformed code"),
        ("Alternate Titles", "14-1252.00 | Coder | n/a | 02", "malformed code"),
        ("Alternate Titles", "15-1251.00 | Coder | n/a | 02", "unknown code"),
        ("Alternate Titles", "15-1252.00 |  | n/a | 02", "empty text"),
        ("Alternate Titles", "15-1252.00 | n/a | n/a | 02", "empty text"),
        ("Task Statements", "15-1252.00 | 1 |   | Core", "empty text"),
        ("Occupation Data", "15-1252 | Coder | Codes.", "malformed code"),
        ("Occupation Data", "15-1251.00 |  | Codes.", "empty text"),
        ("Occupation Data", "15-1252.00 | Coder | Codes.", "duplicate code"),
        ("Job Zones", "15-1252.00 | four", "not a number"),
        ("Task Ratings", "15-1252.00 | 1 | IM | nan", "not a number"),
        ("Related Occupations", "15-1252.00 | 15-1299.00 | 1", "unknown code"),
        ("Related Occupations", "15-1252.00 | 11-1021.00 | first", "not a number"),
    ],
)
def test_bad_row_is_dropped_with_its_place(tmp_path: Path, table: str, row: str, reason: str) -> None:
    tables = LEAST | {
        "Job Zones": ["O*NET-SOC Code | Job Zone", "15-1252.00 | 4"],
        "Task Ratings": ["O*NET-SOC Code | Task ID | Scale ID | Data Value"],
        "Related Occupations": ["O*NET-SOC Code | Related O*NET-SOC Code | Index"],
    }
    sound = read(write(tmp_path, tables))
    write(tmp_path, tables | {table: [*tables[table], "", row]})
    dropped: list[Dropped] = []
    assert read(tmp_path, dropped) == sound
    line = len(tables[table]) + 2
    assert dropped == [Dropped(reason, str(tmp_path / f"{table}.txt"), f"line {line}")]


@settings(max_examples=100, deadline=None)
@given(garbage=st.binary(max_size=200), table=st.sampled_from([*LEAST, "Job Zones", "Related Occupations"]))
def test_no_row_can_make_reading_fail(
    tmp_path_factory: pytest.TempPathFactory, garbage: bytes, table: str
) -> None:
    folder = tmp_path_factory.mktemp("release")
    headers = {
        "Job Zones": ["O*NET-SOC Code | Job Zone"],
        "Related Occupations": ["O*NET-SOC Code | Related O*NET-SOC Code | Index"],
    }
    write(folder, LEAST | headers)
    with (folder / f"{table}.txt").open("ab") as file:
        file.write(garbage + b"\n15-1252.00\t" + garbage + b"\t1\n15-1252.00\t" + garbage + b"\n")
    assert {"11-1021.00", "15-1252.00"} <= set(read(folder))


def test_id_is_the_code_and_nothing_else() -> None:
    first = Occupation("15-1252.00", "Software Developers", "", None, (), ())
    assert first.id == replace(first, title="Coders", job_zone=4).id
    assert first.id == "77ad6ca8-f372-54f1-b67a-cf0429cf3511"


@pytest.mark.parametrize(
    "change",
    [
        {"code": "15-1253.00"},
        {"title": "Coders"},
        {"description": "Other."},
        {"job_zone": 4},
        {"related": ("11-1021.00",)},
        {"texts": ()},
        *(
            {"texts": (text,)}
            for text in (
                OccupationText("Coder", "alternate"),
                OccupationText("Dev", "reported"),
                OccupationText("Dev", "alternate", task_id="1"),
                OccupationText("Dev", "alternate", core=False),
                OccupationText("Dev", "alternate", importance=4.0),
                OccupationText("Dev", "alternate", hot=True),
                OccupationText("Dev", "alternate", in_demand=True),
            )
        ),
    ],
    ids=str,
)
def test_content_hash_covers_every_field(change: dict[str, object]) -> None:
    first = Occupation("15-1252.00", "Devs", "Code.", None, (OccupationText("Dev", "alternate"),), ())
    assert first.content_hash == replace(first).content_hash
    assert replace(first, **change).content_hash != first.content_hash  # type: ignore[arg-type]


@pytest.mark.skipif(not REAL.exists(), reason="the real O*NET 27.0 text release is not in shared/data/onet")
def test_real_release_27_0_has_its_published_totals() -> None:
    dropped: list[Dropped] = []
    found = read(REAL, dropped)
    assert open_release(REAL).name == "O*NET 27.0 Database"
    assert dropped == []
    assert len(found) == 1_016
    # The table of alternate titles has 52,754 rows, two of which differ from an earlier one in case only.
    assert Counter(text.source for occupation in found.values() for text in occupation.texts) == {
        "title": 1_016,
        "description": 1_016,
        "alternate": 52_752,
        "reported": 7_541,
        "task": 19_265,
        "technology": 30_826,
    }
    assert Counter(occupation.job_zone for occupation in found.values()) == {
        1: 32, 2: 289, 3: 220, 4: 224, 5: 158, None: 93,
    }  # fmt: skip
    assert sum(text.hot for occupation in found.values() for text in occupation.texts) == 13_431
    assert sum(len(occupation.related) for occupation in found.values()) == 18_460
    assert found["11-1011.00"].related[:3] == ("11-1021.00", "11-9151.00", "11-3031.01")
