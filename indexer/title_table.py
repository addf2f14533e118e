"""The titles of the index of occupations as arrays: kept with the collection, read in one piece.

An O*NET title often stands under several codes, and an uncased model makes one vector of "Nurse" and "NURSE":
61,309 titles have 43,892 vectors. So each vector is kept once, with the titles that have it. Reading the file
takes 0.1 s; reading the same points from the store takes 4 s.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from indexer.store import Store, Vector, where
from preprocess.errors import StoreCorrupt
from preprocess.onet import TITLE_SOURCES

FILE = "titles.safetensors"
VERSION = "1"
"""Raised when the file changes; one of another version is not read, but made again from the points."""

SCALE = 32_767
"""Of the whole numbers that vectors are kept as: cosines are off by 4e-5 at most, half precision by 6e-5, and
numpy turns these six times as fast into single precision."""

Positions = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class StoredTexts:
    """Points of the index of occupations, in the order of their ids; ``vectors`` (n, dim) float32."""

    texts: tuple[str, ...]
    codes: tuple[str, ...]
    sources: tuple[str, ...]
    vectors: Vector


@dataclass(frozen=True, slots=True)
class TitleTable:
    """Titles, those of one vector side by side, and there by text, source and code.

    ``vectors`` is (m, dim) int16, L2-normalised and multiplied by :data:`SCALE`; the titles of vector ``i``
    are the rows from ``starts[i]`` to ``starts[i + 1]``. ``row_codes`` counts into ``codes``, which are
    sorted. ``digest`` names the texts of the release, as that of the heads does.
    """

    texts: tuple[str, ...]
    sources: tuple[str, ...]
    codes: tuple[str, ...]
    row_codes: Positions
    starts: Positions
    vectors: npt.NDArray[np.int16]
    digest: str

    @classmethod
    def of(cls, titles: StoredTexts, digest: str) -> TitleTable:
        """:param titles: of the sources that name an occupation, in any order."""
        vectors = np.rint(titles.vectors * SCALE).astype(np.int16)
        unit_of: dict[bytes, int] = {}
        units = [unit_of.setdefault(vector.tobytes(), len(unit_of)) for vector in vectors]
        order = sorted(
            range(len(units)),
            key=lambda row: (units[row], titles.texts[row], titles.sources[row], titles.codes[row]),
        )
        codes = tuple(sorted(set(titles.codes)))
        place = {code: position for position, code in enumerate(codes)}
        starts = np.searchsorted(np.sort(units), np.arange(len(unit_of) + 1))
        first_rows = np.array([order[start] for start in starts[:-1]], np.int64)
        return cls(
            tuple(titles.texts[row] for row in order),
            tuple(titles.sources[row] for row in order),
            codes,
            np.array([place[titles.codes[row]] for row in order], np.int64),
            starts.astype(np.int64),
            vectors[first_rows],
            digest,
        )

    def to_bytes(self) -> bytes:
        """One safetensors file."""
        from safetensors.numpy import save

        texts = json.dumps({"texts": self.texts, "sources": self.sources, "codes": self.codes})
        tensors = {
            "vectors": self.vectors,
            "starts": self.starts.astype(np.int32),
            "row_codes": self.row_codes.astype(np.int16),
            "texts": np.frombuffer(texts.encode(), np.uint8),
        }
        metadata = {"digest": self.digest, "version": VERSION}
        return save({name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}, metadata)

    @classmethod
    def from_bytes(cls, data: bytes) -> TitleTable:
        """The inverse of :meth:`to_bytes`.

        :raises StoreCorrupt: if it is none, or of another version.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load

        try:
            length = int.from_bytes(data[:8], "little")
            metadata = json.loads(data[8 : 8 + length])["__metadata__"]
            if metadata["version"] != VERSION:
                raise ValueError(f"version {VERSION} expected, found {metadata['version']}")
            tensors = load(data)
            words = json.loads(tensors["texts"].tobytes())
            # One object for each of the few sources, not one for each row.
            source = {name: name for name in words["sources"]}
            return cls(
                tuple(words["texts"]),
                tuple(source[name] for name in words["sources"]),
                tuple(words["codes"]),
                tensors["row_codes"].astype(np.int64),
                tensors["starts"].astype(np.int64),
                tensors["vectors"],
                metadata["digest"],
            )
        except (SafetensorError, ValueError, KeyError, TypeError, OverflowError) as error:
            raise StoreCorrupt(
                f"the table of titles cannot be read ({error}); index it again with: "
                "joblens index onet PATH --rebuild"
            ) from error


def kept_titles(store: Store, physical: str) -> TitleTable | None:
    """The table that is kept with a collection, if it has one that can be read."""
    data = store.attachment(physical, FILE)
    try:
        return TitleTable.from_bytes(data) if data else None
    except StoreCorrupt:
        return None


def load_titles(store: Store, physical: str) -> TitleTable:
    """The table that is kept with a collection, made from its points where an older release left none."""
    return kept_titles(store, physical) or TitleTable.of(read_texts(store, physical, TITLE_SOURCES), "")


def read_texts(store: Store, physical: str, sources: Sequence[str]) -> StoredTexts:
    """The points of ``sources`` in the order of their ids, which is the same on every machine."""
    texts: list[str] = []
    codes: list[str] = []
    names: list[str] = []
    blocks: list[Vector] = []
    fields = ["code", "source", "text"]
    for page in store.scroll(physical, filter=where(source=sources), fields=fields, vectors=True):
        texts += [payload["text"] for payload in page.payloads]
        codes += [payload["code"] for payload in page.payloads]
        names += [payload["source"] for payload in page.payloads]
        if page.dense is not None:
            blocks.append(page.dense)
    dimension = store.live(physical).fingerprint.dimension
    vectors = np.concatenate(blocks) if blocks else np.zeros((0, dimension), np.float32)
    return StoredTexts(tuple(texts), tuple(codes), tuple(names), vectors)
