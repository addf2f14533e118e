"""Filling the store from the command line, and looking at what is there: index, status, inspect, delete."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command_line import joblens, stored_id
from tests.conftest import FIXTURES
from tests.reading import write

BRAG = FIXTURES / "brags" / "dana_reyes.yaml"


# ---- index


@pytest.mark.usefixtures("empty_home")
def test_indexing_counts_then_skips_then_replaces(tmp_path: Path) -> None:
    jobs = write(tmp_path, "jobs.csv", "title,text\nDriver,Drive a truck.\nWelder,Weld a frame.\n")
    assert "postings: wrote 2 sentences of 2 postings in" in joblens("index", "postings", jobs).told
    again = joblens("index", "postings", jobs).told
    assert "wrote 0 sentences of 0 postings" in again
    assert "2 postings had not changed" in again
    write(tmp_path, "jobs.csv", "title,text\nDriver,Drive a van.\nWelder,Weld a frame.\n")
    changed = joblens("index", "postings", jobs).told
    assert "wrote 1 sentence of 1 posting in" in changed
    assert "1 posting had not changed" in changed
    found = joblens("search", "drive", "--mode", "lexical").told
    assert "Drive a van." in found
    assert "truck" not in found


@pytest.mark.usefixtures("indexed_home")
def test_an_onet_release_that_is_there_is_skipped() -> None:
    told = joblens("index", "onet", FIXTURES / "onet").told
    assert "occupations: wrote 0 texts of 0 occupations" in told
    assert "73 occupations had not changed" in told


@pytest.mark.usefixtures("empty_home")
def test_columns_can_be_named(tmp_path: Path) -> None:
    rows = write(tmp_path, "a.csv", "ref,label,did,not this\nK7,Baker,Bake bread.,Secret.\n")
    ran = joblens(
        "index", "brags", rows, "--title-column", "label", "--text-column", "did", "--id-column", "ref"
    )
    assert "brags: wrote 1 sentence of 1 brag document" in ran.told
    assert joblens("status", "--documents").rows[-1].endswith("  Baker")


@pytest.mark.usefixtures("empty_home")
def test_prune_erases_what_is_gone(tmp_path: Path) -> None:
    folder = tmp_path / "jobs"
    folder.mkdir()
    write(folder, "a.txt", "Driver\n\nDrive a truck.")
    gone = write(folder, "b.txt", "Welder\n\nWeld a frame.")
    joblens("index", "postings", folder)
    gone.unlink()
    assert "removed" not in joblens("index", "postings", folder).told
    assert "1 posting removed" in joblens("index", "postings", folder, "--prune").told
    (folder / "a.txt").unlink()
    emptied = joblens("index", "postings", folder, "--prune")
    assert (emptied.code, "1 posting removed" in emptied.told) == (0, True)


@pytest.mark.usefixtures("empty_home")
def test_prune_spares_a_file_that_cannot_be_read_now(tmp_path: Path) -> None:
    jobs = write(tmp_path, "a.csv", "title,text\nDriver,Drive a truck.\n")
    note = write(tmp_path, "b.txt", "Welder\n\nWeld a frame.")
    joblens("index", "postings", jobs, note)
    note.write_bytes((FIXTURES / "broken" / "binary.txt").read_bytes())
    told = joblens("index", "postings", jobs, note, "--prune", "--text-column", "nope").told
    assert "removed" not in told
    assert len([row for row in joblens("status", "--documents").rows if row.startswith("posting id:")]) == 2


@pytest.mark.usefixtures("empty_home")
def test_a_rebuild_holds_what_it_was_given_and_nothing_else(tmp_path: Path) -> None:
    first = write(tmp_path, "a.txt", "Driver\n\nDrive a truck.")
    second = write(tmp_path, "b.txt", "Welder\n\nWeld a frame.")
    joblens("index", "postings", first, second)
    joblens("index", "postings", second, "--rebuild")
    assert [row.split("  ")[1] for row in joblens("status", "--documents").rows if " id:" in row] == [
        "Welder"
    ]


@pytest.mark.usefixtures("empty_home")
def test_a_rebuild_that_reads_nothing_leaves_the_collection(tmp_path: Path) -> None:
    joblens("index", "postings", write(tmp_path, "a.txt", "Driver\n\nDrive a truck."))
    for nothing in (tmp_path / "typo", write(tmp_path, "b.txt", "")):
        assert joblens("index", "postings", nothing, "--rebuild").code == 1
    assert "Drive a truck." in joblens("search", "truck").told


@pytest.mark.usefixtures("empty_home")
def test_strict_fails_for_drops_but_not_for_those_by_design(tmp_path: Path) -> None:
    good = write(tmp_path, "a.md", "# Driver\n\nDrive a truck.\n\n***\n\n1 2 3\n\nDrive a truck.\n")
    ran = joblens("index", "postings", good, "--strict")
    assert (ran.code, "left out by design" in ran.told) == (0, True)
    ran = joblens("index", "postings", good, FIXTURES / "broken" / "empty.txt", "--strict")
    assert (ran.code, ran.err.strip()) == (1, "something was dropped, and --strict was given")
    assert "1 posting had not changed" in ran.told


# ---- status, inspect, delete


def test_status_says_what_is_there_or_how_to_begin(empty_home: Path) -> None:
    assert joblens("status").out == "Nothing is indexed yet. Start with: joblens index onet PATH\n"
    assert not empty_home.exists()


@pytest.mark.usefixtures("indexed_home")
def test_status_lists_collections_and_documents() -> None:
    ran = joblens("status", "--documents")
    assert "occupations points 2,424" in ran.told
    assert "O*NET 27.0 Database (joblens fixture)" in ran.told
    assert len([row for row in ran.rows if row.startswith("posting id:")]) == 12
    assert [row.split("  ")[1] for row in ran.rows if row.startswith("brag id:")] == [
        "Mo Okafor, RN, BSN", "Sam Lindqvist", "dana_reyes.yaml",
    ]  # fmt: skip


def test_inspect_shows_sentences_views_entities_and_every_drop(empty_home: Path) -> None:
    ran = joblens("inspect", FIXTURES / "broken")
    assert "Two years on an offset press. filtered years offset press" in ran.told
    assert "entities Oregon (GPE)" in ran.told
    assert "12 documents" in ran.told
    for row in (2, 3, 5):
        assert f"ragged.csv row {row}: ragged row" in ran.told
    assert not empty_home.exists()


@pytest.mark.usefixtures("empty_home")
def test_inspect_reads_as_a_brag_document_where_told() -> None:
    ran = joblens("inspect", BRAG, "--kind", "brags")
    assert "Wrote 620 pytest tests" in ran.told
    assert joblens("inspect", BRAG).code == 1


@pytest.mark.usefixtures("empty_home")
def test_delete_erases_documents_or_all(tmp_path: Path) -> None:
    for name in ("Driver", "Welder"):
        joblens(
            "index", "postings", write(tmp_path, f"{name}.txt", f"{name}\n\nThe work of a {name} is hard.")
        )
    welder = stored_id(joblens("status", "--documents"), "Welder")
    ran = joblens("delete", "postings", welder)
    assert (ran.code, ran.out) == (0, "erased 1 document, 1 sentence\n")
    assert "Welder" not in joblens("status", "--documents").told
    assert joblens("delete", "postings", "--all").out == "erased the collection postings\n"
    assert joblens("delete", "postings", "--all").out == "there was no index of postings\n"
