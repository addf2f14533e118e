"""Sentences with their vectors, from wherever they come: the store, a file or text just typed.

``match`` compares two :class:`Side`, ``gap`` one against many. A side is a handful of arrays over the same
rows; a row is one sentence.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from indexer.entries import COLLECTION_OF
from indexer.roles import PostingText
from indexer.store import Filter, Payload, Vector
from indexer.workspace import Workspace
from preprocess.errors import EmptyQuery, InvalidParameter, UnknownDocument
from preprocess.readers import read_text
from preprocess.records import Document, Dropped, Kind, Sentence, stable_id
from preprocess.sentences import sentences_of
from search_api.limits import check_queries

NOT_ASKED = frozenset({"company", "benefits", "legal", "apply", "other"})
"""Roles of sentences that ask nothing of a candidate."""

FIELDS = [
    "document_id", "index", "text", "title", "company", "location", "url", "section", "project", "role",
    "technologies", "source", "key",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    """What names a document to a person: ``id`` is the stored one, ``name`` is never empty."""

    id: str
    name: str
    company: str = ""
    location: str = ""
    url: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class SideSentence:
    """A sentence of a side; ``document`` counts into :attr:`Side.documents`."""

    text: str
    document: int
    section: str = ""
    role: str = ""
    technologies: tuple[str, ...] = ()

    @property
    def asked(self) -> bool:
        """Whether the sentence asks something of a candidate; a bare line that names a technology does."""
        return self.role not in NOT_ASKED or (self.role == "other" and bool(self.technologies))


@dataclass(frozen=True, slots=True)
class Side:
    """Documents, their sentences in order, and ``dense`` (n, dim) float32, L2-normalised."""

    documents: tuple[DocumentInfo, ...]
    sentences: tuple[SideSentence, ...]
    dense: Vector

    def rows_by_document(self) -> list[list[int]]:
        """The rows of each document, in order."""
        rows: list[list[int]] = [[] for _ in self.documents]
        for row, sentence in enumerate(self.sentences):
            rows[sentence.document].append(row)
        return rows


def side_from_documents(
    workspace: Workspace,
    documents: Iterable[Document],
    *,
    dropped: list[Dropped] | None = None,
    limit: int | None = None,
) -> Side:
    """Split and encode documents that are not in the store.

    :param dropped: receives what the splitter left out.
    :param limit: sentences at most; looked at before anything is encoded.
    :raises EmptyQuery: if they hold no sentence.
    :raises InvalidParameter: if they hold more than ``limit``.
    """
    infos: list[DocumentInfo] = []
    found: list[tuple[int, Kind, Sentence]] = []
    for document in documents:
        sentences, left_out = sentences_of(document)
        if dropped is not None:
            dropped += left_out
        if not sentences:
            continue
        name = document.title or document.source.rsplit("/", 1)[-1] or document.kind
        infos.append(
            DocumentInfo(
                document.id, name, document.company, document.location, document.url, document.source
            )
        )
        found += [(len(infos) - 1, document.kind, sentence) for sentence in sentences]
    if not found:
        raise EmptyQuery("expected at least one sentence with words in it, found none")
    if limit is not None and len(found) > limit:
        raise InvalidParameter(
            f"at most {limit:,} sentences in one text, found {len(found):,}; send it in parts"
        )
    texts = [sentence.text for _, _, sentence in found]
    technologies = workspace.matcher.names_many(texts)
    dense = workspace.encode(texts, workspace.store_settings.view)
    roles = _roles(workspace, found, dense)
    return Side(
        tuple(infos),
        tuple(
            SideSentence(
                sentence.text,
                position,
                sentence.section,
                role,
                names,
            )
            for (position, _, sentence), role, names in zip(found, roles, technologies, strict=True)
        ),
        dense,
    )


def _roles(workspace: Workspace, found: Sequence[tuple[int, Kind, Sentence]], dense: Vector) -> list[str]:
    """The role of each sentence, read posting by posting; empty for those of a brag document."""
    roles = [""] * len(found)
    rows_of: dict[int, list[int]] = {}
    for row, (position, kind, _) in enumerate(found):
        if kind == "posting":
            rows_of.setdefault(position, []).append(row)
    if not rows_of:
        return roles
    postings = [
        PostingText(
            [found[row][2].text for row in rows], [found[row][2].section for row in rows], dense[rows]
        )
        for rows in rows_of.values()
    ]
    for rows, guesses in zip(rows_of.values(), workspace.roles.roles(postings), strict=True):
        for row, guess in zip(rows, guesses, strict=True):
            roles[row] = guess.role
    return roles


def side_from_text(
    workspace: Workspace, text: str, kind: Kind, title: str = "", *, limit: int | None = None
) -> Side:
    """Split and encode text just typed or posted.

    :raises EmptyQuery: if it holds no sentence.
    :raises InvalidParameter: if it holds more than ``limit``.
    """
    return side_from_documents(workspace, [read_text(text, kind, title=title)], limit=limit)


def side_from_sentences(
    workspace: Workspace, sentences: Sequence[str], name: str, *, limit: int | None = None
) -> Side:
    """Encode sentences as they are, as one document called ``name``.

    :raises EmptyQuery, InvalidParameter: if there is none, more than ``limit``, or one cannot be looked up.
    """
    check_queries(sentences, limit=limit)
    technologies = workspace.matcher.names_many(sentences)
    return Side(
        (DocumentInfo(stable_id("sentences", *sentences), name),),
        tuple(
            SideSentence(text, 0, technologies=names)
            for text, names in zip(sentences, technologies, strict=True)
        ),
        workspace.encode(sentences, workspace.store_settings.view),
    )


def side_from_store(workspace: Workspace, kind: Kind, filter: Filter | None = None) -> Side:
    """Read stored documents and their vectors, of those that the workspace's tenant sees.

    :raises UnknownDocument: if the filter leaves nothing.
    :raises IndexMissing, FingerprintMismatch: as the index does.
    """
    name = COLLECTION_OF[kind]
    workspace.check(name)
    payloads: list[Payload] = []
    blocks: list[Vector] = []
    for page in workspace.store.scroll(name, filter=filter, fields=FIELDS, vectors=True):
        payloads += page.payloads
        if page.dense is not None:
            blocks.append(page.dense)
    if not payloads:
        raise UnknownDocument(f"no stored {kind} matches; see what is there with: joblens status --documents")
    # Points come in the order of their ids; documents are shown in the order they were read in.
    order = sorted(
        range(len(payloads)),
        key=lambda row: (
            payloads[row]["source"], _natural(payloads[row]["key"]), payloads[row]["document_id"],
            payloads[row]["index"],
        ),
    )  # fmt: skip
    positions: dict[str, int] = {}
    infos: list[DocumentInfo] = []
    sentences: list[SideSentence] = []
    for row in order:
        payload = payloads[row]
        id = payload["document_id"]
        if id not in positions:
            positions[id] = len(infos)
            source = payload["source"]
            infos.append(
                DocumentInfo(
                    id,
                    payload.get("title") or source.rsplit("/", 1)[-1],
                    payload.get("company", ""),
                    payload.get("location", ""),
                    payload.get("url", ""),
                    source,
                )
            )
        sentences.append(
            SideSentence(
                payload["text"],
                positions[id],
                payload.get("section") or payload.get("project", ""),
                payload.get("role", ""),
                tuple(payload["technologies"]),
            )
        )
    return Side(tuple(infos), tuple(sentences), np.concatenate(blocks)[order])


def _natural(key: str) -> tuple[int, int, str]:
    """Row numbers by number, other keys by text."""
    return (0, int(key), "") if key.isdigit() else (1, 0, key)


def best_of(scores: Sequence[float] | np.ndarray, top_k: int) -> list[int]:
    """The positions of the ``top_k`` highest scores, best first, equal ones in order."""
    order = np.argsort(-np.asarray(scores), kind="stable")[:top_k]
    return [int(position) for position in order]
