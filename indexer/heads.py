"""What is learned from an O*NET release while it is indexed: three linear heads and one of letters.

All of them tell the eight-digit code of a text. They are kept in one safetensors file with the collection
(:meth:`indexer.store.Store.attach`), so that they are published and replaced together with its points.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from indexer import title_table
from indexer.character_head import CharacterHead, train_character_head
from indexer.linear_head import LinearHead, fit_linear_head
from indexer.store import Store, Vector
from indexer.title_table import StoredTexts, TitleTable, kept_titles, read_texts
from preprocess.errors import StoreCorrupt
from preprocess.onet import TITLE_SOURCES

FILE = "heads.safetensors"
VERSION = "1"
"""Raised when the file or the training changes; an index with another one is trained again."""


@dataclass(frozen=True, slots=True)
class OccupationHeads:
    """Classifiers over the eight-digit ``codes``, which are sorted.

    ``titles`` and ``tasks`` are linear heads on the vectors of titles and of tasks, ``descriptions``
    (classes, dim) the vectors of the descriptions, ``letters`` reads the text itself. ``digest`` names the
    texts that they were learned from.
    """

    codes: tuple[str, ...]
    titles: LinearHead
    tasks: LinearHead
    descriptions: Vector
    letters: CharacterHead
    digest: str

    def to_bytes(self) -> bytes:
        """One safetensors file; the n-gram table in half precision, the rest in single."""
        from safetensors.numpy import save

        tensors = {
            "titles.weights": self.titles.weights,
            "titles.bias": self.titles.bias,
            "tasks.weights": self.tasks.weights,
            "tasks.bias": self.tasks.bias,
            "descriptions": self.descriptions,
            "letters.table": self.letters.table.astype(np.float16),
            "letters.weights": self.letters.weights,
            "letters.bias": self.letters.bias,
        }
        metadata = {"codes": json.dumps(self.codes), "digest": self.digest, "version": VERSION}
        return save({name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}, metadata)

    @classmethod
    def from_bytes(cls, data: bytes) -> OccupationHeads:
        """The inverse of :meth:`to_bytes`.

        :raises StoreCorrupt: if it is none.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load

        try:
            length = int.from_bytes(data[:8], "little")
            metadata = json.loads(data[8 : 8 + length])["__metadata__"]
            if metadata["version"] != VERSION:
                raise ValueError(f"version {VERSION} expected, found {metadata['version']}")
            tensors = load(data)
            return cls(
                tuple(json.loads(metadata["codes"])),
                LinearHead(tensors["titles.weights"], tensors["titles.bias"]),
                LinearHead(tensors["tasks.weights"], tensors["tasks.bias"]),
                tensors["descriptions"],
                CharacterHead(
                    tensors["letters.table"].astype(np.float32),
                    tensors["letters.weights"],
                    tensors["letters.bias"],
                ),
                metadata["digest"],
            )
        except (SafetensorError, ValueError, KeyError, TypeError, OverflowError) as error:
            raise StoreCorrupt(
                f"what was learned from O*NET cannot be read ({error}); index it again with: "
                "joblens index onet PATH --rebuild"
            ) from error


def load_heads(store: Store, physical: str) -> OccupationHeads:
    """The heads that are kept with a collection.

    :raises StoreCorrupt: if they are missing or cannot be read.
    """
    data = store.attachment(physical, FILE)
    if data is None:
        raise StoreCorrupt(
            "the index of occupations lacks what is learned from it; complete it with: "
            "joblens index onet PATH"
        )
    return OccupationHeads.from_bytes(data)


def ensure_heads(store: Store, physical: str, digest: str, starting: Callable[[], None]) -> None:
    """Learn from the stored texts, and keep the table of titles, unless it was done from the same ones.

    :param digest: names the texts.
    :param starting: called before work that takes some seconds.
    """
    learned, kept = _digest(store, physical), kept_titles(store, physical)
    if learned == digest and kept and kept.digest == digest:
        return
    starting()
    titles = read_texts(store, physical, TITLE_SOURCES)
    store.attach(physical, title_table.FILE, TitleTable.of(titles, digest).to_bytes())
    if learned != digest:
        store.attach(physical, FILE, _learn(store, physical, titles, digest).to_bytes())


def _digest(store: Store, physical: str) -> str | None:
    try:
        return load_heads(store, physical).digest
    except StoreCorrupt:
        return None


def _learn(store: Store, physical: str, titles: StoredTexts, digest: str) -> OccupationHeads:
    codes = tuple(sorted(set(titles.codes)))
    place = {code: position for position, code in enumerate(codes)}

    def places(found: Sequence[str]) -> npt.NDArray[np.int64]:
        return np.array([place[code] for code in found], np.int64)

    tasks, described = read_texts(store, physical, ("task",)), read_texts(store, physical, ("description",))
    descriptions = np.zeros((len(codes), titles.vectors.shape[1]), np.float32)
    descriptions[places(described.codes)] = described.vectors
    labels = places(titles.codes)
    return OccupationHeads(
        codes,
        fit_linear_head(titles.vectors, labels, len(codes)),
        fit_linear_head(tasks.vectors, places(tasks.codes), len(codes)),
        descriptions,
        train_character_head(titles.texts, labels, len(codes)),
        digest,
    )
