"""The technology matcher: what it finds, what it leaves alone, and how well it does on labelled sentences."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.technologies import measure
from preprocess.technologies import TechnologyMatcher
from preprocess.technology_names import all_aliases

FIXTURES = Path(__file__).parent.parent / "fixtures"
RELEASE = Path(__file__).parent.parent.parent / "shared/data/onet/db_27_0_text"


def names_of(folder: Path) -> list[str]:
    with (folder / "Technology Skills.txt").open(encoding="utf-8", newline="") as file:
        return [row["Example"] for row in csv.DictReader(file, delimiter="\t")]


@pytest.fixture(scope="module")
def packaged() -> TechnologyMatcher:
    return TechnologyMatcher()


@pytest.fixture(scope="module")
def published() -> TechnologyMatcher:
    return TechnologyMatcher(names_of(FIXTURES / "onet"))


def surfaces(matcher: TechnologyMatcher, text: str) -> list[str]:
    return [mention.text for mention in matcher.find(text)]


# How well


@pytest.mark.parametrize("which", ["packaged", "published"])
def test_labelled_sentences_reach_the_floor(which: str, request: pytest.FixtureRequest) -> None:
    report = measure(FIXTURES / "technologies.jsonl", request.getfixturevalue(which))
    assert report["n"] == 100
    assert report["precision"] >= 0.90
    assert report["recall"] >= 0.85


def test_development_sentences_stay_where_they_were(packaged: TechnologyMatcher) -> None:
    report = measure(FIXTURES / "technologies_dev.jsonl", packaged)
    assert report["n"] == 172
    assert report["precision"] >= 0.99
    assert report["recall"] >= 0.98


def test_measure_counts_each_label_once_and_lists_what_went_wrong(
    tmp_path: Path, packaged: TechnologyMatcher
) -> None:
    rows = [
        {"text": "Use PostgreSQL, and only PostgreSQL.", "technologies": ["PostgreSQL"]},
        {"text": "Use Docker or Frobnix.", "technologies": ["Frobnix"]},
    ]
    path = tmp_path / "labels.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    assert measure(path, packaged) == {
        "n": 2,
        "labels": 2,
        "found": 2,
        "right": 1,
        "precision": 0.5,
        "recall": 0.5,
        "f1": 0.5,
        "errors": [{"text": "Use Docker or Frobnix.", "missed": ["Frobnix"], "wrong": ["Docker"]}],
    }


# Names that are also ordinary words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Update our Access database.", ["Access"]),
        ("Experience with R is a plus.", ["R"]),
        ("Statistical modelling in R.", ["R"]),
        ("Word and Excel", ["Word", "Excel"]),
        ("Tools: Go and Rust.", ["Go", "Rust"]),
        ("Embedded firmware in C", ["C"]),
        ("Build Spark-based pipelines.", ["Spark"]),
        ("Grades go into Excel before noon.", ["Excel"]),
        ("Skills: MS Word, excel, PowerPoint", ["MS Word", "excel", "PowerPoint"]),
        ("Migrate jobs from Perl to Julia.", ["Perl", "Julia"]),
        ("Excel", ["Excel"]),
    ],
)
def test_ordinary_word_counts_in_company(packaged: TechnologyMatcher, text: str, expected: list[str]) -> None:
    assert surfaces(packaged, text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Work in R&D with the C-suite.",
        "Grade C or better, and vitamin C daily.",
        "Go above and beyond.",
        "Excel at what you do.",
        "Access to care comes first.",
        "Experience with Access Control systems.",
        "Experience in Project Management.",
        "Our go-to-market plan",
        "Send mail to P.O. Box 20500.",
        "Ability to adapt and excel in a team.",
        "Knowledge of Word processing and e-mail.",
        "See https://github.com/somebody or www.linkedin.com/in/somebody",
    ],
)
def test_ordinary_word_alone_is_no_technology(packaged: TechnologyMatcher, text: str) -> None:
    assert surfaces(packaged, text) == []


# Tokens


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("C, C++, C#, F# and Objective-C.", ["C", "C++", "C#", "F#", "Objective-C"]),
        ("(.NET), ASP.NET/C#", [".NET", "ASP.NET", "C#"]),
        ("Node.js/React, HTML5/CSS3", ["Node.js", "React", "HTML5", "CSS3"]),
        ("SQL/Python/R on AWS,GCP", ["SQL", "Python", "R", "AWS", "GCP"]),
        ("PL/SQL, T-SQL; S/4HANA.", ["PL/SQL", "T-SQL", "S/4HANA"]),
        ("Microsoft\u00a0Excel’s macros, Raiser’s Edge", ["Microsoft\u00a0Excel", "Raiser’s Edge"]),
    ],
)
def test_punctuation_neither_splits_nor_hides_a_name(
    packaged: TechnologyMatcher, text: str, expected: list[str]
) -> None:
    assert surfaces(packaged, text) == expected


def test_longest_name_wins(packaged: TechnologyMatcher) -> None:
    assert surfaces(packaged, "Microsoft SQL Server Reporting Services") == [
        "Microsoft SQL Server Reporting Services"
    ]
    assert surfaces(packaged, "Azure Active Directory") == ["Azure Active Directory"]


# Canonical names


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Structured query language SQL", "SQL"),
        ("MS Excel", "Microsoft Excel"),
        ("AWS", "Amazon Web Services"),
        ("Amazon Web Services AWS software", "Amazon Web Services"),
        ("Postgres", "PostgreSQL"),
        ("K8s", "Kubernetes"),
        ("Adobe Systems Adobe Photoshop", "Adobe Photoshop"),
        ("Microsoft .NET Framework", ".NET"),
    ],
)
def test_one_technology_has_one_name(packaged: TechnologyMatcher, text: str, name: str) -> None:
    assert packaged.names(text) == (name,)


def test_names_are_distinct_and_in_order_of_first_mention(packaged: TechnologyMatcher) -> None:
    assert packaged.names("AWS, Docker, Amazon Web Services, Docker") == ("Amazon Web Services", "Docker")


def test_no_spelling_belongs_to_two_technologies() -> None:
    owners: dict[str, set[str]] = {}
    for alias in all_aliases():
        owners.setdefault(alias.text.lower(), set()).add(alias.name)
    assert {text: names for text, names in owners.items() if len(names) > 1} == {}


# Published names


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("Bentley SewerCAD", "Size pipes in SewerCAD.", ("Bentley SewerCAD",)),
        ("Adobe Systems Adobe PageMaker", "Lay out leaflets in PageMaker.", ("Adobe PageMaker",)),
        ("ESRI ArcGIS Widgets software", "ESRI ArcGIS Widgets", ("ESRI ArcGIS Widgets",)),
        (
            "Fire Dynamics Simulator FDS",
            "Docker, Fire Dynamics Simulator",
            ("Docker", "Fire Dynamics Simulator"),
        ),
        ("Leica Geosystems ERDAS IMAGINE", "Leica Geosystems ERDAS IMAGINE", ("ERDAS IMAGINE",)),
        ("Excavator", "Git, Excavator", ("Git", "Excavator")),
    ],
)
def test_published_name_is_found_as_people_write_it(name: str, text: str, expected: tuple[str, ...]) -> None:
    assert TechnologyMatcher([name]).names(text) == expected


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Spreadsheet software", "Spreadsheet software, spreadsheet, Spreadsheet"),
        ("Computer aided design CAD software", "Computer aided design CAD software, CAD"),
        ("Learning management system LMS", "Learning management system LMS, LMS"),
        ("NoSQL", "NoSQL"),
        ("Epic Systems software", "Linux Systems"),
        ("Infor Supply Chain Management", "A degree in Supply Chain Management"),
        ("Excavator", "Excavator operators with experience in Excavator work"),
        ("Oracle", "Oracle"),
    ],
)
def test_category_or_plain_word_is_not_taken_from_a_release(name: str, text: str) -> None:
    found = TechnologyMatcher([name]).names(text)
    assert [each for each in found if each != "Linux"] == []


def test_real_release_changes_nothing_on_the_development_sentences() -> None:
    if not RELEASE.exists():
        pytest.skip("no O*NET release at ../shared/data/onet/db_27_0_text")
    report = measure(FIXTURES / "technologies_dev.jsonl", TechnologyMatcher(names_of(RELEASE)))
    assert report["precision"] >= 0.99
    assert report["recall"] >= 0.98


# Contract

TOKENS = ["Excel", "Word", "R", "Python", "go", "Go", "C", "C++", "PostgreSQL", "and", ",", "/", "in", "with"]
TOKENS += [
    "experience",
    "database",
    "-",
    ".",
    "(",
    ")",
    "12",
    "Microsoft",
    "Access",
    "\n",
    "’s",
    "émigré",
    "🙂",
]


@settings(deadline=None)  # a loaded machine is no failure
@given(
    st.lists(st.sampled_from(TOKENS), max_size=25).flatmap(
        lambda t: st.sampled_from(["".join(t), " ".join(t)])
    )
)
def test_mentions_are_ordered_slices_that_do_not_overlap(packaged: TechnologyMatcher, text: str) -> None:
    mentions = packaged.find(text)
    assert [mention.text for mention in mentions] == [text[m.start : m.end] for m in mentions]
    ends = [0, *(mention.end for mention in mentions)]
    assert all(end <= mention.start for end, mention in zip(ends, mentions, strict=False))


@settings(deadline=None)  # a loaded machine is no failure
@given(st.text(st.characters(codec=None)))
def test_any_text_is_read(packaged: TechnologyMatcher, text: str) -> None:
    assert packaged.find_many([text, text]) == [packaged.find(text)] * 2
    assert packaged.names_many([text, text]) == [packaged.names(text)] * 2


def test_odd_published_names_are_taken_or_left_without_error() -> None:
    matcher = TechnologyMatcher(["", " ", "(x)", "\ud800", "\x00", "software", "Microsoft", "a" * 10_000])
    assert matcher.names("Microsoft software and PostgreSQL") == ("PostgreSQL",)


def test_same_names_in_any_order_have_the_same_digest(packaged: TechnologyMatcher) -> None:
    forth, back = TechnologyMatcher(["Zemax", "Ventsim"]), TechnologyMatcher(["Ventsim", "Zemax"])
    assert forth.digest == back.digest
    assert forth.digest != packaged.digest


def test_import_loads_no_spacy() -> None:
    code = "import sys, preprocess.filters, preprocess.technologies; print('spacy' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


def test_the_words_of_other_peoples_texts_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("preprocess.technologies.MAX_NEW_WORDS", 100)
    matcher = TechnologyMatcher(["Zorbware"])
    first = matcher._phrases
    for number in range(500):
        assert matcher.names(f"Ran word{number} with Zorbware and PostgreSQL.") == ("Zorbware", "PostgreSQL")
    assert matcher._phrases is not first
    assert "word0" not in matcher._phrases._strings
