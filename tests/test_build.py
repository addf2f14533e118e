"""Indexing: what is stored, skipping, replacing, pruning, swapping, and going on after a kill."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import indexer.build
from indexer.build import Summary, index_documents, index_onet
from indexer.role_model import ROLES, load_role_model
from indexer.settings import StoreSettings
from indexer.store import where
from indexer.workspace import Workspace
from preprocess.errors import FingerprintMismatch
from preprocess.onet import open_release
from preprocess.readers import read
from preprocess.records import Document, Dropped, Passage
from tests.conftest import FIXTURES, REPOSITORY


def posting(key: str, *sentences: str) -> Document:
    return Document(
        "posting", "memory", key, (Passage("Requirements", "\n".join(sentences)),), title=f"Job {key}"
    )


def texts(workspace: Workspace, name: str, **equal: str) -> list[str]:
    pages = workspace.store.scroll(name, filter=where(**equal))
    rows = [payload for page in pages for payload in page.payloads]
    return [row["text"] for row in sorted(rows, key=lambda row: (row["document_id"], row["index"]))]


def roles_stored(workspace: Workspace) -> list[str]:
    return [payload["role"] for page in workspace.store.scroll("postings") for payload in page.payloads]


def index(workspace: Workspace, *documents: Document | Dropped, **options: object) -> Summary:
    return index_documents(workspace, "posting", documents, **options)  # type: ignore[arg-type]


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A copy of the fixture release that a test may change."""
    return Path(shutil.copytree(FIXTURES / "onet", tmp_path / "release"))


def test_every_text_of_the_release_is_a_point(workspace: Workspace) -> None:
    rows = {
        name: len((FIXTURES / "onet" / f"{name}.txt").read_text().splitlines()) - 1
        for name in ("Occupation Data", "Alternate Titles", "Sample of Reported Titles", "Task Statements",
                     "Technology Skills")
    }  # fmt: skip
    assert workspace.store.facet("occupations", "source") == {
        "title": rows["Occupation Data"],
        "description": rows["Occupation Data"],
        "alternate": rows["Alternate Titles"],
        "reported": rows["Sample of Reported Titles"],
        "task": rows["Task Statements"],
        "technology": rows["Technology Skills"],
    }


def test_occupation_points_carry_code_levels_and_their_own_fields(workspace: Workspace) -> None:
    [page] = workspace.store.scroll("occupations", filter=where(code="15-1252.00", source="title"))
    payload = page.payloads[0]
    assert payload["text"] == "Software Developers"
    assert (payload["soc2"], payload["soc3"], payload["soc5"], payload["soc6"]) == (
        "15", "15-1", "15-125", "15-1252",
    )  # fmt: skip
    assert payload["job_zone"] == 4


def test_posting_points_carry_section_role_and_technologies(workspace: Workspace) -> None:
    pages = workspace.store.scroll("postings", filter=where(section="Minimum qualifications"))
    payloads = [payload for page in pages for payload in page.payloads]
    assert {payload["role"] for payload in payloads} == {"requirement"}
    named = next(payload for payload in payloads if "Docker and Terraform" in payload["text"])
    assert {"Docker", "Terraform", "Amazon Web Services"} <= set(named["technologies"])


def test_running_again_writes_nothing(empty_workspace: Workspace) -> None:
    release = open_release(FIXTURES / "onet")
    first = index_onet(empty_workspace, release)
    again = index_onet(empty_workspace, release)
    assert (again.points_written, again.documents_skipped, again.texts_encoded) == (0, release.occupations, 0)
    assert again.points_skipped == first.points_written
    assert empty_workspace.store.info("occupations").building == ()


def test_a_text_that_occurs_often_is_encoded_once(
    empty_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexer.build, "CHUNK_TEXTS", 50)
    summary = index_onet(empty_workspace, open_release(FIXTURES / "onet"))
    assert summary.texts_encoded == len(set(texts(empty_workspace, "occupations")))
    assert summary.texts_encoded < summary.points_written


def test_only_a_changed_occupation_is_written_again(empty_workspace: Workspace, release: Path) -> None:
    index_onet(empty_workspace, open_release(release))
    tasks = release / "Task Statements.txt"
    tasks.write_text(tasks.read_text().replace("\t900001\t", "\t999999\t"))
    again = index_onet(empty_workspace, open_release(release))
    assert again.documents_written == 1


def test_an_occupation_that_has_gone_from_the_release_is_removed(
    empty_workspace: Workspace, release: Path
) -> None:
    index_onet(empty_workspace, open_release(release))
    for file in release.glob("*.txt"):
        kept = [line for line in file.read_text().splitlines(True) if "29-1141.00" not in line]
        file.write_text("".join(kept))
    assert index_onet(empty_workspace, open_release(release)).documents_removed == 1
    assert texts(empty_workspace, "occupations", code="29-1141.00") == []


def test_a_new_release_replaces_the_old_one_at_the_end(empty_workspace: Workspace, release: Path) -> None:
    index_onet(empty_workspace, open_release(release))
    before = empty_workspace.store.info("occupations")
    (release / "Read Me.txt").write_text("O*NET 99.0 Database\n")
    index_onet(empty_workspace, open_release(release))
    after = empty_workspace.store.info("occupations")
    assert (after.fingerprint.source, after.points) == ("O*NET 99.0 Database", before.points)
    assert after.physical != before.physical


def test_a_changed_posting_is_replaced_without_leftovers(empty_workspace: Workspace) -> None:
    index(empty_workspace, posting("1", "Drive a truck.", "Load the truck.", "Wash the truck."))
    again = index(empty_workspace, posting("1", "Drive a van."))
    assert (again.documents_written, again.points_written) == (1, 1)
    assert texts(empty_workspace, "postings") == ["Drive a van."]


def test_prune_removes_what_has_gone_from_the_source_only(empty_workspace: Workspace, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "job.txt").write_text("Drive a truck across the country.\nLoad boxes carefully.")
    folders = [tmp_path / "a", tmp_path / "b"]
    index(empty_workspace, *read(folders, "posting"))
    (tmp_path / "a" / "job.txt").unlink()
    (tmp_path / "b" / "job.txt").unlink()
    assert index(empty_workspace, *read([tmp_path / "a"], "posting")).documents_removed == 0
    pruned = index(empty_workspace, *read([tmp_path / "a"], "posting"), prune=[tmp_path / "a"])
    assert pruned.documents_removed == 1
    assert texts(empty_workspace, "postings", source=str(tmp_path / "b" / "job.txt")) != []


def test_drops_are_counted_by_reason_and_do_not_stop_the_run(empty_workspace: Workspace) -> None:
    summary = index(
        empty_workspace,
        Dropped("encrypted pdf", "x.pdf"),
        posting("1", "Drive a truck.", "DRIVE A  TRUCK."),
        posting("2", "*** 123 ***"),
    )
    assert summary.documents_written == 1
    assert summary.dropped == {"encrypted pdf": 1, "repeated": 1, "no letters": 1, "no sentences": 1}


def test_another_role_model_refreshes_postings_alone(empty_workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "own.safetensors"
    packaged = load_role_model()
    replace(packaged, chain_bias=packaged.chain_bias + 1_000 * (np.array(ROLES) == "legal")).save(path)
    brag = Document("brag", "memory", "b", (Passage("", "Wrote Python."),))
    index(empty_workspace, posting("1", "Two years of experience with Python."))
    index_documents(empty_workspace, "brag", [brag])
    other = Workspace(
        empty_workspace.model_settings,
        StoreSettings(home=empty_workspace.store_settings.home, roles=str(path)),
        {"encoder": empty_workspace.encoder, "store": empty_workspace.store},
    )
    assert roles_stored(empty_workspace) == ["requirement"]
    assert index(other, posting("1", "Two years of experience with Python.")).documents_written == 1
    assert roles_stored(empty_workspace) == ["legal"]
    assert index_documents(other, "brag", [brag]).documents_skipped == 1


def test_another_view_is_refused_until_rebuilt(empty_workspace: Workspace) -> None:
    index(empty_workspace, posting("1", "Use Python and SQL every day."))
    other = Workspace(
        empty_workspace.model_settings,
        StoreSettings(home=empty_workspace.store_settings.home, view="jargon"),
        {"encoder": empty_workspace.encoder, "store": empty_workspace.store},
    )
    with pytest.raises(FingerprintMismatch, match="view: 'jargon' here, 'raw' there"):
        index(other, posting("1", "Use Python and SQL every day."))
    with pytest.raises(FingerprintMismatch, match="--rebuild"):
        other.check("postings")
    index(other, posting("1", "Use Python and SQL every day."), rebuild=True)
    assert other.check("postings").fingerprint.view == "jargon"
    assert texts(other, "postings") == ["Use Python and SQL every day."]


def test_another_model_is_refused(empty_workspace: Workspace) -> None:
    index(empty_workspace, posting("1", "Use Python and SQL every day."))
    live = empty_workspace.store.info("postings")
    foreign = replace(live.fingerprint, model="other", weights_sha256="0")
    physical = empty_workspace.store.stage("postings", foreign)
    empty_workspace.store.publish("postings", physical)
    with pytest.raises(FingerprintMismatch, match="model"):
        empty_workspace.check("postings")


def test_a_rebuild_leaves_out_what_was_not_given_again(empty_workspace: Workspace) -> None:
    index(empty_workspace, posting("1", "Drive a truck."), posting("2", "Fly a plane."))
    index(empty_workspace, posting("2", "Fly a plane."), rebuild=True)
    assert texts(empty_workspace, "postings") == ["Fly a plane."]


@pytest.fixture
def big_csv(tmp_path: Path) -> Path:
    path = tmp_path / "jobs.csv"
    rows = [
        f'Job {n},"Drive truck number {n} to town.\nWash truck number {n} after work."' for n in range(300)
    ]
    path.write_text("title,description\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_kill_9_loses_nothing_reported_and_the_next_run_completes_it(
    empty_workspace: Workspace, big_csv: Path
) -> None:
    home = empty_workspace.store_settings.home
    code = (
        "import sys, indexer.build\nfrom pathlib import Path\nfrom indexer.workspace import Workspace\n"
        "from preprocess.readers import read\nindexer.build.CHUNK_TEXTS = 40\n"
        "def report(summary): print(summary.points_written, flush=True)\n"
        "with Workspace() as workspace:\n"
        "    indexer.build.index_documents(workspace, 'posting', read([Path(sys.argv[1])], 'posting'),"
        " progress=report)\n"
    )
    reported = 0
    for stop_after in (1, 2, 4):
        with subprocess.Popen(
            [sys.executable, "-c", code, str(big_csv)],
            env={**os.environ, "JOBLENS_HOME": str(home)},
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            written = [int(process.stdout.readline()) for _ in range(stop_after)][-1]
            process.send_signal(signal.SIGKILL)
        with Workspace(empty_workspace.model_settings, empty_workspace.store_settings) as after:
            there = after.store.count("postings")
        assert there >= reported + written
        reported += written
    index_documents(empty_workspace, "posting", read([big_csv], "posting"))
    expected = [f"{verb} truck number {n} {end}" for n in range(300) for verb, end in
                (("Drive", "to town."), ("Wash", "after work."))]  # fmt: skip
    assert sorted(texts(empty_workspace, "postings")) == sorted(expected)
    again = index_documents(empty_workspace, "posting", read([big_csv], "posting"))
    assert again.documents_written == 0
