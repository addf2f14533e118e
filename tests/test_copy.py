"""Copies between stores: everything that is stored, resumable, idempotent, published last."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from indexer import copying
from indexer.copying import Copied, CopyableStore, copy_collection
from indexer.heads import FILE
from indexer.store import Fingerprint, Point, where
from preprocess.errors import FingerprintMismatch, IndexMissing, StoreError
from tests.command_line import joblens
from tests.qdrant_stub import LOCAL_WARNINGS, QdrantStub
from tests.store_engines import PRINT, axis, engine, point

pytestmark = [pytest.mark.filterwarnings(warning) for warning in LOCAL_WARNINGS]

HEADS = np.random.default_rng(3).bytes(500_000)
NEWER = Fingerprint("model", "sha", 8, lexical_view="raw", source="release 2")


@dataclass(frozen=True)
class Pair:
    source: CopyableStore
    target: CopyableStore


def sentences(documents: int, version: str = "1") -> list[Point]:
    """Three points a document; a document's hash is that of its version."""
    return [
        point(
            f"d{document} {index}",
            axis(document, index, 1),
            "C++ for nurses" if index else "!",
            document_id=f"d{document}",
            hash=f"{document} {version}",
            tenant="me",
            index=index,
        )
        for document in range(documents)
        for index in range(3)
    ]


@pytest.fixture(params=["edge to http", "http to edge"])
def pair(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pair]:
    """A source with ten documents and a file, and an empty target; a page of a copy is four points."""
    monkeypatch.setattr(copying, "PAGE_POINTS", 4)
    names = request.param.split(" to ")
    with engine(names[0], tmp_path / "source") as here, engine(names[1], tmp_path / "target") as there:
        source, target = here.open(), there.open()
        physical = source.stage("occupations", PRINT)
        source.upsert(physical, sentences(10))
        source.attach(physical, FILE, HEADS)
        source.publish("occupations", physical)
        yield Pair(source, target)
        source.close()
        target.close()


def test_a_copy_has_everything(pair: Pair) -> None:
    copied = copy_collection(pair.source, pair.target, "occupations")
    assert copied == Copied("occupations", total=30, written=30, files=1)
    assert pair.target.live("occupations").fingerprint == PRINT
    assert pair.target.attachment("occupations", FILE) == HEADS
    here, there = (
        store.whole_points(store.live("occupations").physical, None, 100)[0]
        for store in (pair.source, pair.target)
    )
    for a, b in zip(here, there, strict=True):
        assert (a.id, a.payload) == (b.id, b.payload)
        np.testing.assert_allclose(a.dense, b.dense, atol=1e-6)
        assert dict(zip(a.words, a.weights, strict=True)) == pytest.approx(
            dict(zip(b.words, b.weights, strict=True)), abs=1e-5
        )


def test_a_second_copy_writes_nothing(pair: Pair) -> None:
    copy_collection(pair.source, pair.target, "occupations")
    before = pair.target.live("occupations")
    copied = copy_collection(pair.source, pair.target, "occupations")
    assert (copied.written, copied.skipped, copied.kept, copied.erased) == (0, 30, 0, 0)
    assert pair.target.live("occupations") == before


def test_a_copy_that_was_stopped_goes_on_and_is_published_last(pair: Pair) -> None:
    def stop(copied: Copied) -> None:
        if copied.written == 12:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copy_collection(pair.source, pair.target, "occupations", progress=stop)
    with pytest.raises(IndexMissing):
        pair.target.live("occupations")
    copied = copy_collection(pair.source, pair.target, "occupations")
    assert (copied.written, copied.skipped) == (18, 12)
    assert pair.target.count("occupations") == 30


def test_a_stopped_copy_does_not_keep_what_has_changed_since(pair: Pair) -> None:
    def stop(copied: Copied) -> None:
        if copied.written == 28:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copy_collection(pair.source, pair.target, "occupations", progress=stop)
    changed = [replace(p, payload={**p.payload, "hash": "new"}) for p in sentences(10)[:2]]
    pair.source.delete("occupations", where(document_id=["d0", "d5"]))
    pair.source.upsert("occupations", changed)
    copied = copy_collection(pair.source, pair.target, "occupations")
    assert (copied.total, copied.erased > 0) == (26, True)
    assert pair.target.count("occupations") == 26
    assert pair.target.facet("occupations", "hash") == pair.source.facet("occupations", "hash")


def test_a_document_that_has_changed_is_copied_again(pair: Pair) -> None:
    copy_collection(pair.source, pair.target, "occupations")
    pair.source.upsert("occupations", sentences(1, "2"))
    copied = copy_collection(pair.source, pair.target, "occupations")
    assert (copied.written, copied.skipped) == (3, 27)


def test_documents_that_only_the_live_target_has_are_kept(pair: Pair) -> None:
    copy_collection(pair.source, pair.target, "occupations")
    pair.target.upsert("occupations", [point("mine", axis(1), document_id="mine", hash="h")])
    copied = copy_collection(pair.source, pair.target, "occupations")
    assert (copied.written, copied.kept) == (0, 1)
    assert pair.target.count("occupations") == 31


def test_a_target_of_another_fingerprint_is_refused_unless_it_is_replaced(pair: Pair) -> None:
    physical = pair.target.stage("occupations", NEWER)
    pair.target.upsert(physical, [point("theirs", axis(1), document_id="theirs", hash="h")])
    pair.target.publish("occupations", physical)
    with pytest.raises(FingerprintMismatch, match="release 2.*--replace"):
        copy_collection(pair.source, pair.target, "occupations")
    assert pair.target.count("occupations") == 1
    copy_collection(pair.source, pair.target, "occupations", replace=True)
    assert pair.target.live("occupations").fingerprint == PRINT
    assert pair.target.count("occupations") == 30
    assert pair.target.info("occupations").building == ()


def test_replacing_goes_beside_a_target_of_the_same_fingerprint(pair: Pair) -> None:
    copy_collection(pair.source, pair.target, "occupations")
    pair.target.upsert("occupations", [point("mine", axis(1), document_id="mine", hash="h")])
    before = pair.target.live("occupations").physical
    copied = copy_collection(pair.source, pair.target, "occupations", replace=True)
    assert (copied.written, pair.target.count("occupations")) == (30, 30)
    assert pair.target.live("occupations").physical != before


def test_a_source_that_grows_meanwhile_is_noticed_and_not_published(pair: Pair) -> None:
    grown = False

    def grow(copied: Copied) -> None:
        nonlocal grown
        if copied.written == 30 and not grown:
            grown = True
            pair.source.upsert("occupations", sentences(11)[-3:])

    with pytest.raises(StoreError, match="run the same command again"):
        copy_collection(pair.source, pair.target, "occupations", progress=grow)
    with pytest.raises(IndexMissing):
        pair.target.live("occupations")
    assert copy_collection(pair.source, pair.target, "occupations").written == 3


def test_an_index_that_is_not_there_cannot_be_copied(pair: Pair) -> None:
    with pytest.raises(IndexMissing, match="joblens index brags PATH"):
        copy_collection(pair.source, pair.target, "brags")


# ---- the command


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[QdrantStub]:
    monkeypatch.setenv("JOBLENS_QDRANT_API_KEY", "a-key")
    with QdrantStub(api_key="a-key") as stub:
        yield stub


def test_the_command_copies_to_a_server_and_back(
    copied_home: Path, stub: QdrantStub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = joblens("--home", copied_home, "copy", "--from", "embedded", "--to", stub.url)
    assert there.code == 0, there.told
    assert [row.split(":")[0] for row in there.rows] == ["occupations", "postings", "brags"]
    assert "2 files" in there.rows[0]
    again = joblens("--home", copied_home, "copy", "--from", "embedded", "--to", stub.url)
    assert all("0 points copied" in row for row in again.rows)
    back = tmp_path / "back"
    joblens("--home", back, "copy", "--from", stub.url, "--to", "embedded", "--collection", "brags")
    status = joblens("--home", back, "status").told
    assert "brags" in status
    assert "postings" not in status
    monkeypatch.setenv("JOBLENS_QDRANT_URL", stub.url)
    assert "postings" in joblens("--home", back, "status").told


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--from", "embedded", "--to", "embedded"), "--from and --to are the same place"),
        (("--from", "embedded", "--to", "somewhere"), "must be like http://localhost:6333"),
        (("--from", "embedded", "--to", "http://localhost:1", "--collection", "x"), "collection must be one"),
        (("--from", "embedded", "--to", "http://localhost:1"), "there is no index in embedded"),
    ],
)
def test_what_cannot_be_copied_is_told(empty_home: Path, arguments: tuple[str, ...], told: str) -> None:
    assert empty_home
    ran = joblens("copy", *arguments)
    assert (ran.code, told in ran.told) == (1, True)


def test_a_server_that_is_gone_is_told(copied_home: Path) -> None:
    ran = joblens("--home", copied_home, "copy", "--from", "embedded", "--to", "http://127.0.0.1:1")
    assert (ran.code, "Qdrant at 127.0.0.1:1 cannot be reached" in ran.told) == (1, True)
    assert ran.out == ""
