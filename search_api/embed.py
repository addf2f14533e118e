"""Texts to vectors, with all that a client must know to compare them with something."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from indexer.store import COLLECTIONS, CollectionName, Vector
from indexer.workspace import Workspace
from preprocess.errors import IndexMissing
from preprocess.filters import View
from search_api.limits import check_queries


@dataclass(frozen=True, slots=True)
class Comparable:
    """A live collection whose dense vectors were made in the same way, and its fingerprint's digest."""

    collection: CollectionName
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Embedded:
    """``vectors`` is (n, dim) float32, L2-normalised, in the order of the texts.

    Vectors may be compared with others of the same ``model``, ``weights_sha256``, ``view`` and
    ``view_settings``, such as those of the collections in ``comparable``.
    """

    vectors: Vector
    model: str
    weights_sha256: str
    view: View
    view_settings: tuple[tuple[str, str], ...]
    comparable: tuple[Comparable, ...]


def embed(workspace: Workspace, texts: Sequence[str], *, view: View = "raw", limit: int) -> Embedded:
    """Vectors of the ``view`` of each text; where a view leaves nothing, of the text itself.

    :param limit: texts at most.
    :raises EmptyQuery, InvalidParameter: if there are none, too many, or one holds no letter or digit.
    :raises ModelError: if the model cannot be loaded.
    """
    check_queries(texts, limit=limit)
    vectors = workspace.encode(texts, view)
    # Sentences always have a lexical view, so that this fingerprint names the settings of the views.
    settings = () if view == "raw" else workspace.fingerprint("postings").view_settings
    encoder = workspace.encoder
    comparable: list[Comparable] = []
    for name in COLLECTIONS:
        with suppress(IndexMissing):
            made = workspace.store.live(name).fingerprint
            same_model = (made.model, made.weights_sha256, made.dimension) == (
                encoder.name,
                encoder.weights_sha256,
                encoder.dimension,
            )
            if same_model and made.view == view and (view == "raw" or made.view_settings == settings):
                comparable.append(Comparable(name, made.digest))
    return Embedded(vectors, encoder.name, encoder.weights_sha256, view, settings, tuple(comparable))
