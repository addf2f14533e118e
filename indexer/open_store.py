"""Which store the settings name: the embedded engine, or a Qdrant server."""

from __future__ import annotations

from indexer.copying import CopyableStore
from indexer.settings import QdrantSettings, StoreSettings
from indexer.store import Store
from preprocess.errors import InvalidParameter


def open_store(settings: StoreSettings, qdrant: QdrantSettings) -> Store:
    """The store, open. A server is not asked before it is used.

    :param qdrant: which server, if any.
    :raises StoreError: if the folder of the embedded store is none.
    :raises InvalidParameter: if the server's URL or key cannot be ones.
    """
    return open_server(qdrant) if qdrant.url else open_embedded(settings)


def open_embedded(settings: StoreSettings) -> CopyableStore:
    """The store in the data directory."""
    from indexer.edge_copying import CopyableEdgeStore

    return CopyableEdgeStore(settings.folder)


def open_server(qdrant: QdrantSettings) -> CopyableStore:
    """The store on a Qdrant server.

    :raises InvalidParameter: if the URL or the key cannot be ones.
    """
    if not qdrant.url:
        raise InvalidParameter("expected the URL of a Qdrant server in JOBLENS_QDRANT_URL, found none")
    from indexer.server_connect import connect
    from indexer.server_requests import Layout

    return connect(
        qdrant.url,
        qdrant.api_key.get_secret_value() if qdrant.api_key else "",
        prefer_grpc=qdrant.prefer_grpc,
        grpc_port=qdrant.grpc_port,
        timeout_s=qdrant.timeout_s,
        layout=Layout(
            qdrant.shard_number,
            qdrant.replication_factor,
            qdrant.write_consistency_factor,
            qdrant.on_disk,
            qdrant.quantisation,
        ),
    )


def open_place(place: str, settings: StoreSettings) -> CopyableStore:
    """The store that a copy goes from or to.

    :param place: ``embedded``, or the URL of a Qdrant server; its key and the like are the settings'.
    :raises InvalidParameter: if it is neither.
    """
    return open_embedded(settings) if place == "embedded" else open_server(QdrantSettings(url=place))
