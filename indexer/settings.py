"""What can be set from outside, read from the environment: ``JOBLENS_HOME``, ``JOBLENS_MODEL`` ...

Only the command line and the app factory make these objects; everything below takes plain
arguments.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

import platformdirs
from pydantic import AliasChoices, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from preprocess.errors import InvalidParameter


def default_home() -> Path:
    """The folder for everything that joblens keeps: ``JOBLENS_HOME``, else the user's data folder."""
    home = os.environ.get("JOBLENS_HOME", "")
    return Path(home).expanduser() if home else Path(platformdirs.user_data_dir("joblens", appauthor=False))


class Settings(BaseSettings):
    """Settings that name the environment variable to mend where a value is not valid.

    :raises InvalidParameter: if a value is none that its setting takes.
    """

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            prefix = self.model_config.get("env_prefix", "")
            raise InvalidParameter("; ".join(_wrong(prefix, **found) for found in error.errors())) from error


def _wrong(prefix: str, *, loc: tuple[int | str, ...], msg: str, input: Any, **_: Any) -> str:
    name = str(loc[0]) if loc else ""
    variable = name if name.startswith("JOBLENS") else f"{prefix}{name.upper()}"
    return f"{variable}: {msg[:1].lower()}{msg[1:]}, found {str(input)[:80]!r}"


def _default_model_cache() -> Path:
    return default_home() / "models"


class ModelSettings(Settings):
    """Which model makes the vectors, and how. Environment: ``JOBLENS_MODEL`` and ``JOBLENS_MODEL_...``."""

    model_config = SettingsConfigDict(
        env_prefix="JOBLENS_MODEL_", extra="ignore", env_ignore_empty=True, validate_by_name=True
    )

    name: str = Field(
        default="",
        validation_alias=AliasChoices("JOBLENS_MODEL", "name"),
        description="A SentenceTransformer folder or hub name; empty: the packaged all-MiniLM-L6-v2.",
    )
    sha256: str = Field(
        default="",
        pattern="^([0-9a-f]{64})?$",
        description="Refuse the model unless its model.safetensors has this SHA-256; empty: no check "
        "(the packaged model is always checked).",
    )
    backend: Literal["openvino", "sentence-transformers"] = Field(
        default="openvino", description="openvino is several times faster; the other is the reference."
    )
    precision: Literal["auto", "f32", "bf16", "int8"] = Field(
        default="auto", description="Arithmetic of the openvino backend; auto picks by the processor."
    )
    threads: int = Field(default=0, ge=0, description="Threads of the openvino backend; 0: one per core.")
    batch_tokens: int = Field(
        default=1024, ge=1, description="Tokens per batch of the openvino backend (padding counted)."
    )
    judge: str = Field(
        default="",
        validation_alias=AliasChoices("JOBLENS_JUDGE", "judge"),
        description="A CrossEncoder (folder or hub name) to re-score the best pairs of a gap; empty: none.",
    )
    cache: Path = Field(
        default_factory=_default_model_cache, description="Folder for converted models, made once per model."
    )


class StoreSettings(Settings):
    """Where the collections are, and what their vectors are made of. Environment: ``JOBLENS_HOME`` ..."""

    model_config = SettingsConfigDict(
        env_prefix="JOBLENS_", extra="ignore", env_ignore_empty=True, validate_by_name=True
    )

    home: Path = Field(
        default_factory=default_home, description="The data directory; collections are in its folder store."
    )
    view: Literal["raw", "filtered", "jargon"] = Field(
        default="raw", description="The text view that the dense vectors are made of."
    )
    stop_words: Literal["spacy", "nltk", "nltk+spacy"] = Field(
        default="spacy", description="The list whose words the filtered view leaves out."
    )
    pipeline: str = Field(
        default="", description="A statistical spaCy pipeline (package or folder) for names; empty: none."
    )
    roles: str = Field(
        default="",
        description="A file that `joblens train roles` wrote, which tells the roles of posting sentences; "
        "empty: the packaged one.",
    )
    tenant: str = Field(
        default="local",
        min_length=1,
        description="Whose documents are written and read; all may read the postings of the tenant public.",
    )

    @property
    def folder(self) -> Path:
        """The folder of the embedded store."""
        return self.home.expanduser() / "store"


class QdrantSettings(Settings):
    """The Qdrant server or cluster that holds the collections. Environment: ``JOBLENS_QDRANT_...``."""

    model_config = SettingsConfigDict(env_prefix="JOBLENS_QDRANT_", extra="ignore", env_ignore_empty=True)

    url: str = Field(
        default="",
        description="Where the server is, such as http://localhost:6333 (the port where none is named); "
        "empty: the store is in the data directory.",
    )
    api_key: SecretStr | None = Field(
        default=None, description="The server's API key; never shown or logged."
    )
    prefer_grpc: bool = Field(default=False, description="Speak gRPC where it can be, else REST.")
    grpc_port: int = Field(default=6334, ge=1, le=65_535, description="The server's port for gRPC.")
    timeout_s: int = Field(default=30, ge=1, description="Seconds that the server gets to answer a request.")
    shard_number: int | None = Field(
        default=None, ge=1, description="Parts that a new collection is split into; else as the server does."
    )
    replication_factor: int | None = Field(
        default=None, ge=1, description="Nodes with a copy of each part of a new collection; else one."
    )
    write_consistency_factor: int | None = Field(
        default=None,
        ge=1,
        description="Copies that must be written before a write to a new collection counts; else one.",
    )
    on_disk: bool = Field(
        default=False, description="New collections leave dense vectors on the disk until they are needed."
    )
    quantisation: Literal["none", "int8", "binary"] = Field(
        default="none",
        description="New collections find candidates by smaller copies of the vectors, kept in memory, and "
        "score them again by the whole ones.",
    )
