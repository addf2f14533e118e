"""The file of the role classifier: a handful of weights in safetensors, under 1 MB, no code in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from indexer.role_cues import COLUMNS, cues_digest
from indexer.store import Vector
from preprocess.errors import MissingModel, ModelError

ROLES = ("duty", "requirement", "preferred", "company", "benefits", "legal", "apply", "other")
"""Every role, in the order of the columns of all arrays here."""

PACKAGED = Path(__file__).with_name("role_model.safetensors")
FORMAT = "joblens-roles-1"
MAX_SIZE_BYTES = 16_000_000
"""A larger file is none of ours: the packaged one has 30 kB, one for vectors of 4,096 dimensions 270 kB."""

CHAIN_INPUTS = 77
"""Rows of ``chain_weights``: the columns that :func:`indexer.roles.chain_inputs` makes."""

_FIXED_SHAPES = {"sentence_bias": (8,), "heading_bias": (8,), "chain_bias": (8,), "transitions": (2, 8, 8)}


@dataclass(frozen=True, slots=True)
class RoleModel:
    """Weights, all float32; the columns of the last axis are :data:`ROLES`.

    ``sentence_weights`` (dim + cues, 8) and ``heading_weights`` (dim, 8) are logistic regressions on the
    vectors; ``chain_weights`` (inputs, 8) and ``transitions`` (2, 8, 8: inside a section, across its start)
    are a linear-chain CRF over what those say (Lafferty et al., ICML 2001).
    """

    sentence_weights: Vector
    sentence_bias: Vector
    heading_weights: Vector
    heading_bias: Vector
    chain_weights: Vector
    chain_bias: Vector
    transitions: Vector
    encoder: str = ""
    weights_sha256: str = ""
    trained_on: str = ""

    @property
    def dimension(self) -> int:
        """Of the vectors that it reads."""
        return int(self.heading_weights.shape[0])

    @property
    def digest(self) -> str:
        """16 hex digits over the weights: what was predicted with another digest may differ."""
        state = hashlib.blake2b(digest_size=8)
        for name in _arrays():
            state.update(np.ascontiguousarray(getattr(self, name)).tobytes())
        return state.hexdigest()

    def save(self, path: Path) -> int:
        """Write the file; the same model gives the same bytes.

        :return: its size in bytes.
        :raises ModelError: if it cannot be written.
        """
        from safetensors.numpy import save

        metadata = {
            "format": FORMAT,
            "roles": json.dumps(ROLES),
            "cues": cues_digest(),
            "encoder": self.encoder,
            "weights_sha256": self.weights_sha256,
            "trained_on": self.trained_on,
        }
        arrays = {name: np.ascontiguousarray(getattr(self, name)) for name in _arrays()}
        data = _ordered(save(arrays, metadata))
        try:
            path.write_bytes(data)
        except OSError as error:
            raise ModelError(f"the role model cannot be written to {path}: {error}") from error
        return len(data)


def load_role_model(path: Path = PACKAGED) -> RoleModel:
    """Read a file that ``joblens train roles`` wrote.

    :raises MissingModel: if there is no such file.
    :raises ModelError: if it is damaged, none of ours, or was trained with other cues.
    """
    from safetensors import SafetensorError, safe_open

    advice = "make one with: joblens train roles"
    try:
        if path.stat().st_size > MAX_SIZE_BYTES:
            raise ModelError(f"expected a role model under {MAX_SIZE_BYTES:,} bytes, found {path}; {advice}")
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    except FileNotFoundError as error:
        raise MissingModel(f"there is no role model {path}; {advice}") from error
    except (OSError, SafetensorError) as error:
        raise ModelError(f"{path} cannot be read as a role model ({error}); {advice}") from error
    _check(path, metadata, arrays, advice)
    return RoleModel(
        **{name: arrays[name].astype(np.float32) for name in _arrays()},
        **{name: metadata.get(name, "") for name in ("encoder", "weights_sha256", "trained_on")},
    )


def _check(path: Path, metadata: Mapping[str, str], arrays: Mapping[str, Vector], advice: str) -> None:
    if metadata.get("format") != FORMAT or metadata.get("roles") != json.dumps(ROLES):
        found = metadata.get("format", "none")
        raise ModelError(f"expected a role model of the format {FORMAT}, found {found} in {path}; {advice}")
    if metadata.get("cues") != cues_digest():
        raise ModelError(f"{path} was trained with another version's table of cues; {advice}")
    dimension = arrays["heading_weights"].shape[0] if "heading_weights" in arrays else 0
    shapes = {
        **_FIXED_SHAPES,
        "sentence_weights": (dimension + COLUMNS, 8),
        "heading_weights": (dimension, 8),
        "chain_weights": (CHAIN_INPUTS, 8),
    }
    for name, shape in shapes.items():
        array = arrays.get(name)
        if array is None or array.shape != shape or not np.isfinite(array).all():
            found = "none" if array is None else str(array.shape)
            raise ModelError(
                f"{path} is damaged: expected finite {name} of shape {shape}, found {found}; {advice}"
            )


def _ordered(data: bytes) -> bytes:
    """The same safetensors file with the keys of its header in order, which the library leaves to chance."""
    end = 8 + int.from_bytes(data[:8], "little")
    header = json.dumps(json.loads(data[8:end]), sort_keys=True, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    return len(header).to_bytes(8, "little") + header + data[end:]


def _arrays() -> list[str]:
    return [field.name for field in fields(RoleModel) if field.type == "Vector"]
