"""``/ready`` says 503 when the store or the encoder is gone, and 200 again once it is back."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from starlette.testclient import TestClient

from indexer.encoder import Encoder
from indexer.settings import StoreSettings
from indexer.watched import WatchedEncoder
from indexer.workspace import Workspace
from search_api import readiness
from search_api.app import create_app
from search_api.readiness import Watchman
from search_api.settings import ServeSettings
from tests.problem_shape import assert_problem


class Spoilt(WatchedEncoder):
    """The real encoder, which fails or hangs for as long as a test wants."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__(encoder, lambda _: None)
        self.error: Exception | None = None
        self.calls = 0
        self.open = threading.Event()
        self.open.set()

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        self.calls += 1
        assert self.open.wait(60)
        if self.error:
            raise self.error
        return super().encode(texts)


@pytest.fixture
def spoilt(workspace: Workspace) -> Spoilt:
    return Spoilt(workspace.encoder)


@pytest.fixture
def own(copied_home: Path, workspace: Workspace, spoilt: Spoilt) -> Iterator[Workspace]:
    """A store of its own that a test may break."""
    with Workspace(workspace.model_settings, StoreSettings(home=copied_home), {"encoder": spoilt}) as opened:
        yield opened


@pytest.fixture
def client(own: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setattr(readiness, "FRESH_S", 0.0)
    with TestClient(create_app(own, ServeSettings()), base_url="http://localhost") as opened:
        assert opened.get("/ready").json()["ready"] is True
        yield opened


def assert_not_ready(client: TestClient, location: str, words: str = "") -> None:
    problem = assert_problem(client.get("/ready"), 503, "not-ready")
    assert [error["location"] for error in problem["errors"]] == [location]
    assert words in problem["detail"]
    assert client.get("/health").json() == {"status": "ok"}


def test_a_store_whose_folder_is_moved_away_is_gone_until_it_is_back(
    client: TestClient, own: Workspace
) -> None:
    store = own.store_settings.folder
    store.rename(store.with_name("elsewhere"))
    assert_not_ready(client, "collections.occupations")
    store.with_name("elsewhere").rename(store)
    assert client.get("/ready").json()["ready"] is True
    assert client.post("/v1/classify", json={"queries": ["line cook"]}).status_code == 200


@pytest.mark.parametrize("part", ["occupations.json", "occupations-*"])
def test_an_index_that_is_dropped_is_gone_until_it_is_restored(
    client: TestClient, own: Workspace, tmp_path: Path, part: str
) -> None:
    (path,) = own.store_settings.folder.glob(part)
    shutil.copytree(own.store_settings.folder, tmp_path / "backup")
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    assert_not_ready(client, "collections.occupations", "joblens index" if path.suffix else "index")
    if path.suffix:
        shutil.copyfile(tmp_path / "backup" / path.name, path)
    else:
        shutil.copytree(tmp_path / "backup" / path.name, path)
    assert client.get("/ready").json()["ready"] is True
    found = client.post("/v1/search", json={"collection": "occupations", "queries": ["line cook"]})
    assert found.json()["results"][0]["hits"][0]["text"] == "Line Cook"


def test_an_encoder_that_fails_is_gone_until_it_works(client: TestClient, spoilt: Spoilt) -> None:
    spoilt.error = RuntimeError("the text of somebody")
    assert_not_ready(client, "encoder", "the encoder fails (RuntimeError)")
    assert "somebody" not in client.get("/ready").text
    spoilt.error = None
    assert client.get("/ready").json()["ready"] is True


def test_what_hangs_is_not_ready_and_halts_nobody(
    client: TestClient, spoilt: Spoilt, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "PATIENCE_S", 0.05)
    spoilt.open.clear()
    calls = spoilt.calls
    for _ in range(3):
        assert_not_ready(client, "encoder", "have not answered within")
    assert spoilt.calls == calls + 1
    spoilt.open.set()
    monkeypatch.setattr(readiness, "PATIENCE_S", 60.0)
    assert client.get("/ready").json()["ready"] is True


def test_good_news_is_told_again_without_a_look(own: Workspace, spoilt: Spoilt) -> None:
    async def asked(times: int) -> list[Any]:
        watchman = Watchman(own)
        first = await asyncio.gather(*(watchman.state() for _ in range(times)))
        return [*first, *[await watchman.state() for _ in range(times)]]

    readiness.look(own)
    calls = spoilt.calls
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(readiness, "FRESH_S", 3_600.0)
        states = asyncio.run(asked(10))
    assert [state.report.ready for state in states] == [True] * 20
    assert spoilt.calls == calls + 1


def test_bad_news_is_looked_at_again_at_once(own: Workspace, spoilt: Spoilt) -> None:
    spoilt.error = RuntimeError("broken")

    async def asked() -> list[bool]:
        watchman = Watchman(own)
        before = (await watchman.state()).report.ready
        spoilt.error = None
        return [before, (await watchman.state()).report.ready]

    assert asyncio.run(asked()) == [False, True]
