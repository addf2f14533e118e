"""Brag documents and postings in yaml."""

from __future__ import annotations

from pathlib import Path

import pytest

from preprocess.records import Kind
from tests.reading import FIXTURES, drop_one, read_one, sections, write


def test_the_projects_of_a_yaml_brag() -> None:
    found = sections(read_one(FIXTURES / "brags" / "dana_reyes.yaml", "brag"))
    assert list(found) == [
        "Shipment tracking API at Quayside Parcel",
        "Carrier event pipeline at Quayside Parcel",
        "Claims warehouse at Bellweather Insurance",
        "Churn model at Bellweather Insurance",
        "Open source and community",
    ]
    lines = found["Carrier event pipeline at Quayside Parcel"].split("\n")
    assert (
        lines[0]
        == "- Designed a Kafka pipeline that takes in 9 million carrier events a day from 27 partners."
    )
    assert lines[3:5] == ["", lines[4]]
    assert lines[4].startswith("Customers complained that parcels seemed to travel back in time. I traced")


@pytest.mark.parametrize(
    ("project", "text"),
    [
        ("{one_liners: [Built it., Sold it.]}", "- Built it.\n- Sold it."),
        ("[Built it., Sold it.]", "- Built it.\n- Sold it."),
        ("Built it.", "Built it."),
        ("{one-liners: [A b.], stories: {first: Once., second: Twice.}}", "- A b.\n\nOnce.\n\nTwice."),
        ("{stories: [Once., Twice.]}", "Once.\n\nTwice."),
        ("[Cut costs: by half]", "- Cut costs: by half"),
        ("[1.10 stars, yes]", "- 1.10 stars\n- yes"),
    ],
)
def test_each_accepted_shape_of_a_project(tmp_path: Path, project: str, text: str) -> None:
    path = write(tmp_path, "a.yml", f"name: Jo\nDescriptions:\n  Bridge: {project}\n  Nothing: []\n")
    document = read_one(path, "brag")
    assert (document.title, sections(document)) == ("Jo", {"Bridge": text})


def test_a_project_that_comes_twice_keeps_both_texts(tmp_path: Path) -> None:
    path = write(tmp_path, "a.yaml", "Descriptions:\n  Bridge: Built it.\n  Bridge: Sold it.\n")
    assert [passage.text for passage in read_one(path, "brag").passages] == ["Built it.", "Sold it."]


def test_a_yaml_posting_is_read(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "a.yaml",
        "title: Welder\ncompany: Arc\ndescription: Weld.\nrequirements: [TIG, MIG]\nid: 7\n",
    )
    document = read_one(path)
    assert (document.title, document.company, document.key) == ("Welder", "Arc", "")
    assert sections(document) == {"description": "Weld.", "requirements": "- TIG\n- MIG"}


@pytest.mark.parametrize(
    ("text", "kind", "reason"),
    [
        ("- 1", "posting", "unexpected yaml shape"),
        ("a: b", "posting", "unexpected yaml shape"),
        ("Descriptions: [a]", "brag", "unexpected yaml shape"),
        ("title: Welder\ndescription: Weld.", "brag", "unexpected yaml shape"),
        ("a: [b", "brag", "invalid yaml"),
        ("a: *nowhere", "brag", "invalid yaml"),
        ("# nothing", "brag", "empty"),
        ("Descriptions: {A: []}", "brag", "empty"),
        ("Descriptions: !!python/name:os.system {}", "brag", "yaml tag refused"),
        ("Descriptions: !mine {}", "brag", "yaml tag refused"),
        ("[" * 200_000, "brag", "yaml too large"),
        ("&a [*a]", "brag", "yaml too large"),
        ("- x\n" * 200_000, "brag", "yaml too large"),
        ("# " + "x" * 5_000_000, "brag", "yaml too large"),
    ],
)
def test_other_yaml_is_dropped(tmp_path: Path, text: str, kind: Kind, reason: str) -> None:
    assert drop_one(write(tmp_path, "a.yaml", text), kind).reason == reason


@pytest.mark.parametrize("use", ["[{}]", "{{<<: [{}]}}"])
def test_a_billion_laughs_are_dropped(tmp_path: Path, use: str) -> None:
    lines = ["a0: &a0 {x: ha}"]
    for level in range(1, 12):
        uses = ", ".join([f"*a{level - 1}"] * 9)
        lines.append(f"a{level}: &a{level} " + use.format(uses))
    assert drop_one(write(tmp_path, "a.yaml", "\n".join(lines)), "brag").reason == "yaml too large"
