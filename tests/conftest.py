"""What the tests share: the fixtures of the repository, indexed once, with the real encoder and engine.

The data directory is a new temporary one. Only the converted model is kept between runs, in
``build/model-cache``, because making it takes far longer than all else here.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

import indexer.workspace
from indexer.build import index_documents, index_onet
from indexer.encoder import Encoder, open_encoder
from indexer.settings import ModelSettings, StoreSettings
from indexer.workspace import Workspace
from preprocess.onet import open_release
from preprocess.readers import read
from search_api.app import create_app
from search_api.settings import ServeSettings

REPOSITORY = Path(__file__).resolve().parent.parent
FIXTURES = REPOSITORY / "fixtures"
MODEL_CACHE = REPOSITORY / "build" / "model-cache"


@pytest.fixture(scope="session", autouse=True)
def _clean_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No setting of the developer's shell reaches a test, and no test reaches their data."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("JOBLENS_") and "TEST" not in name]:
            patch.delenv(name)
        patch.setenv("JOBLENS_HOME", str(tmp_path_factory.mktemp("home")))
        patch.setenv("JOBLENS_MODEL_CACHE", str(MODEL_CACHE))
        # Starlette's and schemathesis's clients address an app as this host, which is no name of loopback.
        patch.setenv("JOBLENS_SERVE_ALLOWED_HOSTS", "testserver")
        yield


@pytest.fixture(scope="session")
def model_settings() -> ModelSettings:
    """The default model."""
    return ModelSettings()


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory, model_settings: ModelSettings) -> Iterator[Workspace]:
    """Occupations, postings and brag documents of ``fixtures/``, indexed; tests only read it."""
    home = tmp_path_factory.mktemp("workspace")
    with Workspace(model_settings, StoreSettings(home=home)) as opened:
        index_onet(opened, open_release(FIXTURES / "onet"))
        index_documents(opened, "posting", read([FIXTURES / "postings"], "posting"))
        index_documents(opened, "brag", read([FIXTURES / "brags"], "brag"))
        yield opened


@pytest.fixture(scope="session")
def client(workspace: Workspace) -> Iterator[TestClient]:
    """The real app over :func:`workspace`, without a socket."""
    with TestClient(create_app(workspace, ServeSettings()), base_url="http://localhost") as opened:
        yield opened


@pytest.fixture
def empty_workspace(tmp_path: Path, workspace: Workspace) -> Iterator[Workspace]:
    """Nothing is indexed; it shares the loaded encoder."""
    home = StoreSettings(home=tmp_path / "empty")
    with Workspace(workspace.model_settings, home, {"encoder": workspace.encoder}) as opened:
        yield opened


@pytest.fixture
def copied_home(tmp_path: Path, workspace: Workspace) -> Path:
    """A data directory with the same index, for a process of its own: an open store is locked."""
    workspace.close()  # opens again by itself when it is next used
    home = tmp_path / "home"
    shutil.copytree(workspace.store_settings.folder, home / "store")
    return home


@pytest.fixture
def _shared_encoder(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands that run in this process do not load the model again."""

    def shared(settings: ModelSettings) -> Encoder:
        return workspace.encoder if settings == workspace.model_settings else open_encoder(settings)

    monkeypatch.setattr(indexer.workspace, "open_encoder", shared)


@pytest.fixture
def empty_home(tmp_path: Path, _shared_encoder: None, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data directory of the commands that a test runs, with nothing in it."""
    home = tmp_path / "home"
    monkeypatch.setenv("JOBLENS_HOME", str(home))
    return home


@pytest.fixture(scope="session")
def _copied_once(tmp_path_factory: pytest.TempPathFactory, workspace: Workspace) -> Path:
    workspace.close()  # opens again by itself when it is next used
    home = tmp_path_factory.mktemp("command-line")
    shutil.copytree(workspace.store_settings.folder, home / "store")
    return home


@pytest.fixture
def indexed_home(_copied_once: Path, _shared_encoder: None, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same with the fixtures indexed; tests only read it."""
    monkeypatch.setenv("JOBLENS_HOME", str(_copied_once))
    return _copied_once


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 92 MiB: room for a collection, some points, and what is kept spare."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=92m", "tmpfs", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no command 'mount' to make a small disk with")
    if done.returncode:
        pytest.skip(f"mounting a small disk is not allowed here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)
