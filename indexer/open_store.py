"""Which store the settings name: the embedded engine, or a Qdrant server."""

from __future__ import annotations

from indexer.settings import StoreSettings
from indexer.store import Store


def open_store(settings: StoreSettings) -> Store:
    """The store, open.

    :raises StoreError: if it cannot be reached, or its folder is none.
    """
    from indexer.edge import EdgeStore

    return EdgeStore(settings.folder)
