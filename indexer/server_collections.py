"""The collections of a Qdrant server: their names, fingerprints and indexes, and what each name means.

::

    occupations                          an alias: which physical collection is live (swapped in one step)
    occupations-3f2a...                  a collection, with its fingerprint in its metadata
    occupations-3f2a...-files            the files that are kept with it (indexer.server_files)
"""

from __future__ import annotations

import re

from qdrant_client import QdrantClient, models

from indexer.edge_errors import missing_index
from indexer.server_errors import Calls, made_once
from indexer.server_files import SUFFIX
from indexer.server_requests import METADATA_KEY, Layout, collection_settings, payload_indexes
from indexer.store import CollectionName, Fingerprint, logical_name
from preprocess.errors import StoreCorrupt

ORDER = models.WriteOrdering.MEDIUM
"""Writes of a part of the collection go through one of its copies, so that all see them in one order: a
document's head is not seen before its other sentences."""


class ServerCollections:
    """The collections of one server.

    :param client: the server.
    :param calls: how it is called.
    :param layout: how new collections are stored.
    """

    def __init__(self, client: QdrantClient, calls: Calls, layout: Layout) -> None:
        self._client, self._calls, self._layout = client, calls, layout
        self._fingerprints: dict[str, Fingerprint] = {}

    def aliases(self) -> dict[str, str]:
        """What each name means."""
        found = self._calls("reading the names of the collections", "", self._client.get_aliases).aliases
        return {alias.alias_name: alias.collection_name for alias in found}

    def of(self, name: CollectionName) -> list[str]:
        """Every collection of ``name``, and of its files. The server may hold other people's, too."""
        found = self._calls("listing the collections", "", self._client.get_collections).collections
        ours = re.compile(rf"{name}-[0-9a-f]{{12}}(-b)?({SUFFIX})?")
        return sorted(collection.name for collection in found if ours.fullmatch(collection.name))

    def physical(self, collection: str) -> str:
        """The physical collection of a logical or physical name.

        :raises IndexMissing: if it was never built.
        """
        name = logical_name(collection)
        if "-" in collection:
            return collection
        live = self.aliases().get(name)
        if live is None:
            raise missing_index(name)
        return live

    def fingerprint(self, physical: str) -> Fingerprint:
        """What the collection was made with.

        :raises StoreCorrupt: if that is not written in its metadata.
        """
        if physical not in self._fingerprints:
            doing = f"reading the fingerprint of {physical}"
            config = self._calls(doing, physical, self._client.get_collection, physical).config
            try:
                self._fingerprints[physical] = Fingerprint.from_json((config.metadata or {})[METADATA_KEY])
            except (KeyError, TypeError, ValueError) as error:
                raise StoreCorrupt(
                    f"{physical} at {self._calls.place} should hold its fingerprint in its metadata "
                    f"({error!r}); expected: a collection of joblens on Qdrant 1.19 or later. Erase it with "
                    f"'joblens delete {logical_name(physical)} --all' and index again"
                ) from error
        return self._fingerprints[physical]

    def make(self, physical: str, fingerprint: Fingerprint) -> None:
        """Make the collection, or what is missing of it, and its payload indexes."""
        name = logical_name(physical)
        doing = f"making {name}"
        if physical not in self.of(name):
            make = made_once(self._client.create_collection)
            self._calls(doing, "", make, physical, **collection_settings(fingerprint, self._layout))
        there = self._calls(doing, physical, self._client.get_collection, physical).payload_schema
        for key, schema in payload_indexes(name).items():
            if key not in there:  # all of them, or what a build left that died before its first point
                index = self._client.create_payload_index
                self._calls(doing, physical, index, physical, key, schema, wait=True, ordering=ORDER)
        self.fingerprint(physical)

    def publish(self, name: CollectionName, physical: str) -> None:
        """Let ``name`` mean ``physical``, in one step, and erase what it meant before."""
        before = self.aliases().get(name)
        if before == physical:
            return
        new = models.CreateAlias(collection_name=physical, alias_name=name)
        swap: list[models.AliasOperations] = [models.CreateAliasOperation(create_alias=new)]
        if before is not None:
            swap.insert(0, _forget(name))
        self._calls(f"publishing {name}", physical, self._client.update_collection_aliases, swap)
        if before is not None:
            self._erase(name, {before, before + SUFFIX})

    def drop(self, name: CollectionName) -> None:
        """Erase everything of ``name``."""
        if name in self.aliases():
            gone: list[models.AliasOperations] = [_forget(name)]
            self._calls(f"dropping {name}", "", self._client.update_collection_aliases, gone)
        self._erase(name, set(self.of(name)))

    def _erase(self, name: CollectionName, gone: set[str]) -> None:
        for collection in self.of(name):
            if collection in gone:
                self._calls(f"dropping {name}", "", self._client.delete_collection, collection)


def _forget(name: CollectionName) -> models.DeleteAliasOperation:
    return models.DeleteAliasOperation(delete_alias=models.DeleteAlias(alias_name=name))
