"""One document at a time: replaced whole or not at all, whoever dies or writes beside it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from indexer.documents import (
    erase_document,
    find_documents,
    list_documents,
    read_document,
    source_of,
    stored_ids,
    write_document,
)
from indexer.store import where
from indexer.tenants import PUBLIC
from indexer.workspace import Workspace
from preprocess.errors import Conflict, EmptyQuery, StoreLocked, TooLarge, UnknownDocument
from preprocess.readers import read_text
from preprocess.records import Document, Kind
from search_api.search import search
from tests.conftest import REPOSITORY

OLD = ["Welded the old hull.", "Painted the old hull.", "Sold the old hull."]
LONGER = [f"Riveted plate {word} of the new hull." for word in ("one", "two", "three", "four", "five")]
SHORTER = ["Launched the new hull."]


def document(name: str, sentences: list[str], kind: Kind = "brag") -> Document:
    return read_text("\n".join(f"- {sentence}" for sentence in sentences), kind, source_of(name))


def texts(workspace: Workspace, name: str, kind: Kind = "brag") -> list[str]:
    """The sentences of a stored document; empty where there is none."""
    try:
        return [payload["text"] for payload in read_document(workspace, kind, name).sentences]
    except UnknownDocument:
        return []


def searched(workspace: Workspace) -> set[str]:
    """All that a search can find."""
    if not workspace.store.collections():
        return set()
    [dense] = search(workspace, "brags", ["a hull"], top_k=100)
    [lexical] = search(workspace, "brags", ["hull"], top_k=100, mode="lexical")
    assert {hit.id for hit in dense.hits} == {hit.id for hit in lexical.hits}
    return {hit.payload["text"] for hit in dense.hits}


def points(workspace: Workspace, name: str) -> int:
    """Points of a brag document in the whole store, those of nobody among them."""
    own = where(document_id=stored_ids(workspace, "brag", name)[0])
    return workspace.whole_store.count("brags", own)


class Interrupted:
    """The real store, except that something happens before the call of number ``at``."""

    def __init__(self, store: Any, at: int, act: Callable[[], None]) -> None:
        self._store, self._left, self._act = store, at, act

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any, **options: Any) -> Any:
            if self._left == 0:
                self._act()
            self._left -= 1
            return getattr(self._store, name)(*arguments, **options)

        return call

    def close(self) -> None:
        """The real one is closed by its owner."""


def interrupted(workspace: Workspace, at: int, act: Callable[[], None]) -> Workspace:
    parts = {"encoder": workspace.encoder, "store": Interrupted(workspace.whole_store, at, act)}
    return Workspace(workspace.model_settings, workspace.store_settings, parts)


class Died(Exception):
    """The process ended here."""


def die() -> None:
    raise Died


# ---- writing


def test_a_document_is_written_read_and_erased(empty_workspace: Workspace) -> None:
    written = write_document(empty_workspace, document("cv", OLD))
    assert (written.sentences, written.created, written.changed) == (3, True, True)
    assert texts(empty_workspace, "cv") == texts(empty_workspace, written.id) == OLD
    assert erase_document(empty_workspace, "brag", "cv") == 3
    assert (texts(empty_workspace, "cv"), points(empty_workspace, "cv")) == ([], 0)
    with pytest.raises(UnknownDocument, match="no stored brag of yours has the id cv"):
        erase_document(empty_workspace, "brag", "cv")


def test_the_same_content_again_encodes_and_writes_nothing(
    empty_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_document(empty_workspace, document("cv", OLD))
    monkeypatch.setattr(Workspace, "encode", lambda *_: pytest.fail("it was encoded again"))
    again = write_document(empty_workspace, document("cv", OLD))
    assert (again.created, again.changed, again.sentences) == (False, False, 3)


@pytest.mark.parametrize("new", [LONGER, SHORTER])
def test_a_new_version_leaves_nothing_of_the_old_one(empty_workspace: Workspace, new: list[str]) -> None:
    write_document(empty_workspace, document("cv", OLD))
    written = write_document(empty_workspace, document("cv", new))
    assert (written.created, written.changed) == (False, True)
    assert (texts(empty_workspace, "cv"), searched(empty_workspace)) == (new, set(new))
    assert points(empty_workspace, "cv") == len(new)


def test_the_same_name_is_another_document_for_each_tenant_and_kind(empty_workspace: Workspace) -> None:
    other = empty_workspace.of_tenant("other")
    write_document(empty_workspace, document("cv", OLD))
    write_document(other, document("cv", SHORTER))
    write_document(empty_workspace, document("cv", LONGER, "posting"))
    assert erase_document(other, "brag", "cv") == 1
    assert texts(empty_workspace, "cv") == OLD
    assert texts(empty_workspace, "cv", "posting") == LONGER


def test_public_postings_are_read_but_not_erased(empty_workspace: Workspace) -> None:
    written = write_document(empty_workspace.of_tenant(PUBLIC), document("job", OLD, "posting"))
    assert texts(empty_workspace, written.id, "posting") == OLD
    with pytest.raises(UnknownDocument):
        erase_document(empty_workspace, "posting", written.id)
    assert texts(empty_workspace, written.id, "posting") == OLD


def test_a_document_without_a_sentence_is_refused(empty_workspace: Workspace) -> None:
    with pytest.raises(EmptyQuery):
        write_document(empty_workspace, document("cv", ["123", "--"]))


def test_too_many_sentences_are_refused_before_they_are_encoded(
    empty_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Workspace, "encode", lambda *_: pytest.fail("it was encoded"))
    with pytest.raises(TooLarge, match="expected a document of at most 4 sentences, found 5"):
        write_document(empty_workspace, document("cv", LONGER), max_sentences=4)


def test_documents_are_found_by_name_and_by_id(empty_workspace: Workspace) -> None:
    first = write_document(empty_workspace, document("cv", OLD)).id
    second = write_document(empty_workspace, document(first, SHORTER)).id  # a name that looks like an id
    assert find_documents(empty_workspace, "brag", ["cv", second]) == [first, second]
    assert find_documents(empty_workspace, "brag", [first]) == [second]
    with pytest.raises(UnknownDocument, match="no stored brag has the id a, b"):
        find_documents(empty_workspace, "brag", ["b", "cv", "a"])


# ---- pages


def test_pages_are_stable_while_documents_come_and_go(empty_workspace: Workspace) -> None:
    for number in range(9):
        write_document(empty_workspace, document(f"cv{number}", [f"Built hull number {number} by hand."]))
    ids = [head["document_id"] for head in list_documents(empty_workspace, "brag", limit=9).heads]
    seen: list[str] = []
    start = None
    for step in range(9):
        page = list_documents(empty_workspace, "brag", limit=2, start=start)
        seen += [head["document_id"] for head in page.heads]
        start = page.next
        if step == 0:  # the one that the next page begins with, and one that was seen
            for gone in (ids[2], ids[0]):
                erase_document(empty_workspace, "brag", gone)
        write_document(empty_workspace, document(f"more{step}", [f"Built more of hull {step}."]))
        if start is None:
            break
    assert start is None
    assert [id for id in seen if id in ids] == [id for id in ids if id != ids[2]]
    assert len(set(seen)) == len(seen)


def test_a_list_counts_the_sentences_of_each_document(empty_workspace: Workspace) -> None:
    assert list_documents(empty_workspace, "brag", limit=5).heads == ()
    counts = {
        write_document(empty_workspace, document(name, sentences)).id: len(sentences)
        for name, sentences in (("a", OLD), ("b", LONGER))
    }
    assert list_documents(empty_workspace, "brag", limit=5).sentences == counts


# ---- death at any point


@pytest.mark.parametrize("old", [[], OLD])
@pytest.mark.parametrize("new", [LONGER, SHORTER])
def test_wherever_the_writer_dies_the_document_is_old_or_new_and_never_half(
    empty_workspace: Workspace, old: list[str], new: list[str]
) -> None:
    states = []
    for at in range(100):
        with_old = document(f"cv{at}", old)
        if old:
            write_document(empty_workspace, with_old)
        try:
            write_document(interrupted(empty_workspace, at, die), document(f"cv{at}", new))
        except Died:
            found = texts(empty_workspace, f"cv{at}")
            assert found in (old, new)
            assert searched(empty_workspace) == set(found)
            states.append(found)
            write_document(empty_workspace, document(f"cv{at}", new))
            assert texts(empty_workspace, f"cv{at}") == new
            erase_document(empty_workspace, "brag", f"cv{at}")
            assert points(empty_workspace, f"cv{at}") == 0
        else:
            break
    assert texts(empty_workspace, f"cv{at}") == new
    assert states[0] == old
    assert states[-1] == new
    assert len(states) >= 6


def test_what_a_dead_writer_left_is_erased_with_the_document(empty_workspace: Workspace) -> None:
    for at in range(100):
        write_document(empty_workspace, document("cv", OLD))
        try:
            write_document(interrupted(empty_workspace, at, die), document("cv", SHORTER))
        except Died:
            erase_document(empty_workspace, "brag", "cv")
            assert points(empty_workspace, "cv") == 0
        else:
            return
    pytest.fail("no write came to its end")


# ---- two writers


def test_of_two_writers_at_once_one_wins_and_readers_see_whole_documents(empty_workspace: Workspace) -> None:
    versions = [[f"{word} the {number}th hull." for word in ("Drew", "Built", "Sold")[: number % 3 + 1]]
                for number in range(6)]  # fmt: skip
    write_document(empty_workspace, document("cv", versions[0]))
    failures: list[object] = []
    done = threading.Event()

    def write(mine: list[list[str]]) -> None:
        try:
            for _ in range(3):
                for sentences in mine:
                    write_document(empty_workspace, document("cv", sentences))
        except Exception as error:
            failures.append(error)

    def read() -> None:
        while not done.is_set():
            if (found := texts(empty_workspace, "cv")) not in versions:
                failures.append(found)
                return

    writers = [threading.Thread(target=write, args=(versions[start::2],)) for start in (0, 1)]
    reader = threading.Thread(target=read)
    for thread in (*writers, reader):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    reader.join()
    assert failures == []
    last = texts(empty_workspace, "cv")
    assert last in (versions[4], versions[5])
    assert (points(empty_workspace, "cv"), searched(empty_workspace)) == (len(last), set(last))


def test_a_writer_learns_that_another_process_wrote_at_the_same_moment(empty_workspace: Workspace) -> None:
    def write_beside() -> None:
        write_document(beside, document("cv", LONGER))

    beside = Workspace(  # its locks are its own, as those of another process would be
        empty_workspace.model_settings,
        empty_workspace.store_settings,
        {"encoder": empty_workspace.encoder, "store": empty_workspace.whole_store},
    )
    conflicts = 0
    for at in range(100):
        write_document(empty_workspace, document("cv", OLD))
        writer = interrupted(empty_workspace, at, write_beside)
        try:
            write_document(writer, document("cv", SHORTER))
        except Conflict:
            conflicts += 1
        else:
            found = texts(empty_workspace, "cv")
            assert found == SHORTER or (found == LONGER and points(empty_workspace, "cv") == len(LONGER))
        if writer.whole_store._left >= 0:  # type: ignore[attr-defined]
            break
    assert conflicts > 0


def test_another_process_is_refused_and_changes_nothing(empty_workspace: Workspace) -> None:
    write_document(empty_workspace, document("cv", OLD))
    code = (
        "import sys\nfrom indexer.documents import source_of, write_document\n"
        "from indexer.workspace import Workspace\nfrom preprocess.errors import StoreLocked\n"
        "from preprocess.readers import read_text\n"
        "with Workspace() as workspace:\n"
        "    try:\n"
        "        write_document(workspace, read_text(sys.argv[1], 'brag', source_of('cv')))\n"
        "    except StoreLocked as error:\n"
        "        sys.exit(str(error))\n"
    )

    def write_elsewhere() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", code, SHORTER[0]],
            env=environment(empty_workspace.store_settings.home),
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=False,
        )

    refused = write_elsewhere()
    assert refused.returncode == 1
    assert "the store is open in another process" in refused.stderr
    assert texts(empty_workspace, "cv") == OLD
    empty_workspace.close()  # opens again by itself when it is next used
    assert write_elsewhere().returncode == 0
    assert texts(empty_workspace, "cv") == SHORTER
    assert StoreLocked.status == 503


def environment(home: Path) -> dict[str, str]:
    return {**os.environ, "JOBLENS_HOME": str(home)}
