"""What a run of joblens has open: the encoder, the store, the technology matcher and the text views.

The command line and the app factory make one from the settings and hand it down. Each part is opened
when it is first used, once, so that ``joblens status`` loads no model.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

from indexer.encoder import Encoder, open_encoder
from indexer.open_store import open_store
from indexer.settings import ModelSettings, QdrantSettings, StoreSettings
from indexer.store import (
    COLLECTIONS,
    CollectionInfo,
    CollectionName,
    Fingerprint,
    Live,
    Query,
    Store,
    Vector,
    where,
)
from indexer.tenants import TenantStore
from indexer.watched import Watch, WatchedEncoder, WatchedStore
from preprocess.errors import FingerprintMismatch, IndexMissing, StoreCorrupt

if TYPE_CHECKING:
    from indexer.roles import RoleClassifier
    from preprocess.filters import TextViews, View
    from preprocess.technologies import TechnologyMatcher

Part = TypeVar("Part")
Mode = Literal["dense", "lexical", "hybrid"]


class Workspace:
    """The open parts of joblens; a context manager that closes the store.

    :param model: which encoder; read from the environment when left out.
    :param store: where the collections are and how they are made; likewise.
    :param parts: what is open already, by name (``encoder``, ``store``), to share with another workspace.
    :param qdrant: which server holds the collections, if any; likewise.
    """

    def __init__(
        self,
        model: ModelSettings | None = None,
        store: StoreSettings | None = None,
        parts: Mapping[str, Any] | None = None,
        qdrant: QdrantSettings | None = None,
    ) -> None:
        self.model_settings = model or ModelSettings()
        self.store_settings = store or StoreSettings()
        self.qdrant_settings = qdrant or QdrantSettings()
        self._parts: dict[str, Any] = dict(parts or {})
        self._lock = threading.RLock()
        self._watch: Watch | None = None

    def __enter__(self) -> Workspace:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Flush and release the store, where it was opened."""
        store = self._parts.pop("store", None)
        if store is not None:
            store.close()

    @property
    def encoder(self) -> Encoder:
        """The text encoder.

        :raises ModelError: if it cannot be loaded.
        """
        encoder = self.once("encoder", lambda: open_encoder(self.model_settings))
        return WatchedEncoder(encoder, self._watch) if self._watch else encoder

    @property
    def store(self) -> TenantStore:
        """The vector store, as the workspace's tenant sees it."""
        return TenantStore(self.whole_store, self.store_settings.tenant)

    @property
    def whole_store(self) -> Store:
        """The vector store with the documents of every tenant: for its state, and for copies of it."""
        store = self.once("store", lambda: open_store(self.store_settings, self.qdrant_settings))
        return WatchedStore(store, self._watch) if self._watch else store

    def of_tenant(self, tenant: str) -> Workspace:
        """The same open parts, seen by another tenant; closing either closes them for both."""
        other = copy.copy(self)
        other.store_settings = self.store_settings.model_copy(update={"tenant": tenant})
        return other

    def watched(self, watch: Watch) -> Workspace:
        """The same open parts, with what the encoder and the store do told to ``watch``."""
        other = copy.copy(self)
        other._watch = watch
        return other

    @property
    def matcher(self) -> TechnologyMatcher:
        """Finds technology names: the packaged list, and the release's where ``occupations`` is indexed."""
        from preprocess.technologies import TechnologyMatcher

        return self.once("matcher", lambda: TechnologyMatcher(self._technology_names()))

    @property
    def views(self) -> TextViews:
        """The text views (raw, filtered, jargon)."""
        from preprocess.filters import TextViews

        settings = self.store_settings
        return self.once(
            "views", lambda: TextViews(self.matcher, settings.stop_words, settings.pipeline or None)
        )

    @property
    def roles(self) -> RoleClassifier:
        """Tells the roles of posting sentences; by headings alone where the model was not trained for the
        vectors that this workspace makes.

        :raises MissingModel, ModelError: if the model's file is not there or broken.
        """
        from indexer.role_model import PACKAGED, load_role_model
        from indexer.roles import RoleClassifier

        def make() -> RoleClassifier:
            named = self.store_settings.roles
            model = load_role_model(Path(named).expanduser() if named else PACKAGED)
            fits = (
                self.store_settings.view == "raw"
                and model.weights_sha256 == self.encoder.weights_sha256
                and model.dimension == self.encoder.dimension
            )
            return RoleClassifier(model if fits else None, self.encode)

        return self.once("roles", make)

    def once(self, name: str, make: Callable[[], Part]) -> Part:
        """The part called ``name``, made by the first thread that asks and kept until :meth:`close`."""
        if name not in self._parts:
            with self._lock:
                if name not in self._parts:
                    self._parts[name] = make()
        return cast("Part", self._parts[name])

    def _technology_names(self) -> list[str]:
        try:
            pages = self.store.scroll("occupations", filter=where(source="technology"), fields=["text"])
            return list(dict.fromkeys(payload["text"] for page in pages for payload in page.payloads))
        except IndexMissing:
            return []

    def fingerprint(self, name: CollectionName, source: str = "") -> Fingerprint:
        """The fingerprint that a collection built now would carry.

        Titles and tasks go to BM25 as they are (``raw``); sentences without stop words and names.
        """
        view, lexical_view = self.store_settings.view, "raw" if name == "occupations" else "filtered"
        made_by_views = {view, lexical_view} != {"raw"}
        return Fingerprint(
            model=self.encoder.name,
            weights_sha256=self.encoder.weights_sha256,
            dimension=self.encoder.dimension,
            view=view,
            lexical_view=lexical_view,
            view_settings=tuple(sorted(self._view_settings().items())) if made_by_views else (),
            source=source,
        )

    def _view_settings(self) -> dict[str, str]:
        from preprocess.filters import view_settings

        return view_settings(self.store_settings.stop_words, self.store_settings.pipeline or None)

    def collections(self) -> tuple[list[CollectionInfo], dict[CollectionName, StoreCorrupt]]:
        """The live collections, and of those that cannot be read the reason: one does not hide the others."""
        found: list[CollectionInfo] = []
        damaged: dict[CollectionName, StoreCorrupt] = {}
        for name in COLLECTIONS:
            try:
                found.append(self.store.info(name))
            except IndexMissing:
                continue
            except StoreCorrupt as error:
                damaged[name] = error
        return found, damaged

    def check(self, name: CollectionName) -> Live:
        """The live collection, if what this workspace encodes may be compared with it.

        :raises IndexMissing: if it was never built.
        :raises FingerprintMismatch: if it was built with another model, view or schema.
        """
        live = self.store.live(name)
        differences = self.fingerprint(name).differences(live.fingerprint, ignore=["source"])
        if differences:
            raise FingerprintMismatch(
                f"the index of {name} was built with other settings ({'; '.join(differences)}); "
                "use those settings, or index again with --rebuild"
            )
        return live

    def encode(self, texts: Sequence[str], view: View = "raw") -> Vector:
        """Vectors of the ``view`` of each text; where a view leaves nothing, of the text itself.

        :return: (n, dim) float32, L2-normalised.
        """
        return self.encoder.encode(self.viewed(texts, view))

    def viewed(self, texts: Sequence[str], view: View) -> list[str]:
        """The ``view`` of each text; where it leaves nothing, the text itself."""
        if view == "raw":
            return list(texts)
        return [seen or text for seen, text in zip(self.views.apply_many(texts, view), texts, strict=True)]

    def queries(self, name: CollectionName, texts: Sequence[str], mode: Mode) -> list[Query]:
        """What to ask the store so that ``texts`` are looked up in the collection ``name``."""
        lexical_view: View = "raw" if name == "occupations" else "filtered"
        dense = self.encode(texts, self.store_settings.view) if mode != "lexical" else None
        lexical = self.viewed(texts, lexical_view) if mode != "dense" else None
        return [
            Query(
                dense=None if dense is None else dense[row], lexical=None if lexical is None else lexical[row]
            )
            for row in range(len(texts))
        ]
