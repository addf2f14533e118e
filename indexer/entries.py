"""What is stored of a document: its sentences as points, each with its payload.

An occupation's texts and the sentences of a posting or brag document go the same way from here on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from indexer.roles import PostingText
from indexer.store import CollectionName, Payload, Point, Vector
from indexer.workspace import Workspace
from preprocess.errors import TooLarge
from preprocess.onet import Occupation, soc_levels
from preprocess.records import Document, Dropped, Kind, stable_id
from preprocess.sentences import sentences_of

COLLECTION_OF: dict[Kind, CollectionName] = {
    "occupation": "occupations",
    "posting": "postings",
    "brag": "brags",
}
"""The collection that a kind of document is stored in."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A document ready to be indexed: one text and one payload a point, in order."""

    id: str
    hash: str
    texts: tuple[str, ...]
    payloads: tuple[Payload, ...]


def occupation_entry(occupation: Occupation) -> Entry:
    """An occupation as it will be stored; its title is the point of index 0."""
    payloads: list[Payload] = []
    for position, text in enumerate(occupation.texts):
        payload: Payload = {"code": occupation.code, **soc_levels(occupation.code), "source": text.source}
        if position == 0:
            payload |= {"job_zone": occupation.job_zone, "related": list(occupation.related)}
        if text.source == "task":
            payload |= {"task_id": text.task_id, "core": text.core, "importance": text.importance}
        if text.source == "technology":
            payload |= {"hot": text.hot, "in_demand": text.in_demand}
        payloads.append(payload)
    return Entry(
        occupation.id, occupation.content_hash, tuple(text.text for text in occupation.texts), tuple(payloads)
    )


def settings_digest(workspace: Workspace, kind: Kind) -> str:
    """What changes the stored payload or lexical text besides the document itself."""
    parts = [*sorted(workspace.views.settings.items()), workspace.matcher.digest]
    if kind == "posting":
        parts.append(workspace.roles.digest)
    return hashlib.blake2b(repr(parts).encode(), digest_size=8).hexdigest()


def document_id(tenant: str, kind: Kind, source: str, key: str = "") -> str:
    """The id of a stored document: two tenants may store the same one."""
    return stable_id(kind, tenant, source, key)


def document_entry(
    workspace: Workspace, document: Document, settings: str, *, max_sentences: int | None = None
) -> tuple[Entry | None, list[Dropped]]:
    """A document as it will be stored for the workspace's tenant, and the pieces that are left out.

    :param settings: what :func:`settings_digest` gives.
    :param max_sentences: looked at before technologies are looked for, which takes far longer.
    :return: None for a document without a sentence.
    :raises TooLarge: if it has more than ``max_sentences``.
    """
    sentences, dropped = sentences_of(document)
    if max_sentences is not None and len(sentences) > max_sentences:
        raise TooLarge(
            f"expected a document of at most {max_sentences:,} sentences, found {len(sentences):,}"
        )
    if not sentences:
        return None, [*dropped, Dropped("no sentences", document.source, document.key)]
    tenant = workspace.store_settings.tenant
    shared: Payload = {
        "tenant": tenant,
        "source": document.source,
        "key": document.key,
    }
    if document.kind == "posting":
        shared |= {
            "title": document.title,
            "company": document.company,
            "location": document.location,
            "url": document.url,
        }
    else:
        shared |= {"title": document.title}
    texts = tuple(sentence.text for sentence in sentences)
    technologies = workspace.matcher.names_many(texts)
    payloads: list[Payload] = []
    for sentence, names in zip(sentences, technologies, strict=True):
        payload: Payload = {**shared, "technologies": list(names)}
        if document.kind == "posting":
            payload["section"] = sentence.section
        else:
            payload |= {"project": sentence.section}
        payloads.append(payload)
    digest = hashlib.blake2b(f"{document.content_hash} {settings}".encode(), digest_size=16).hexdigest()
    id = document_id(tenant, document.kind, document.source, document.key)
    return Entry(id, digest, texts, tuple(payloads)), dropped


def points_of(
    workspace: Workspace, name: CollectionName, entries: Sequence[Entry], vectors: Mapping[str, Vector]
) -> list[Point]:
    """The points of whole documents, in order.

    :param vectors: the vector of each text.
    """
    lexical_view = workspace.fingerprint(name).lexical_view
    texts = [text for entry in entries for text in entry.texts]
    lexical = workspace.viewed(texts, "raw" if lexical_view == "raw" else "filtered")
    if name == "postings":
        _add_roles(workspace, entries, vectors)
    return [
        Point(
            stable_id(entry.id, index),
            vectors[text],
            lexical_of,
            {**payload, "document_id": entry.id, "hash": entry.hash, "index": index, "text": text},
        )
        for (entry, index, text, payload), lexical_of in zip(_rows(entries), lexical, strict=True)
    ]


def _rows(entries: Iterable[Entry]) -> Iterator[tuple[Entry, int, str, Payload]]:
    for entry in entries:
        for index, (text, payload) in enumerate(zip(entry.texts, entry.payloads, strict=True)):
            yield entry, index, text, payload


def _add_roles(workspace: Workspace, entries: Sequence[Entry], vectors: Mapping[str, Vector]) -> None:
    postings = [
        PostingText(
            entry.texts,
            [payload["section"] for payload in entry.payloads],
            np.array([vectors[text] for text in entry.texts]),
        )
        for entry in entries
    ]
    for entry, guesses in zip(entries, workspace.roles.roles(postings), strict=True):
        for payload, guess in zip(entry.payloads, guesses, strict=True):
            payload["role"] = guess.role
