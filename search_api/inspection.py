"""What joblens makes of a file: sentences, roles, views, entities and drops. Nothing is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from indexer.roles import PostingText
from indexer.workspace import Workspace
from preprocess.filters import Entity
from preprocess.readers import ReadOptions, read
from preprocess.records import Dropped, Kind, Sentence
from preprocess.sentences import sentences_of


@dataclass(frozen=True, slots=True)
class InspectedSentence:
    """A sentence with the views that vectors are made of and the entities found in it."""

    document: str
    index: int
    section: str
    role: str
    text: str
    filtered: str
    jargon: str
    entities: tuple[Entity, ...]


@dataclass(frozen=True, slots=True)
class Inspection:
    """All sentences of the files in order, and what was left out with its reason."""

    sentences: tuple[InspectedSentence, ...]
    dropped: tuple[Dropped, ...]


def inspect_files(
    workspace: Workspace, paths: Sequence[Path], kind: Kind, options: ReadOptions | None = None
) -> Inspection:
    """Read, split and filter files as indexing would."""
    sentences: list[InspectedSentence] = []
    dropped: list[Dropped] = []
    for document in read(paths, kind, options or ReadOptions()):
        if isinstance(document, Dropped):
            dropped.append(document)
            continue
        found, left_out = sentences_of(document)
        dropped += left_out
        texts = [sentence.text for sentence in found]
        views = zip(
            workspace.views.apply_many(texts, "filtered"),
            workspace.views.apply_many(texts, "jargon"),
            strict=True,
        )
        roles = _roles(workspace, found) if kind == "posting" else [""] * len(found)
        for sentence, role, (filtered, jargon) in zip(found, roles, views, strict=True):
            sentences.append(
                InspectedSentence(
                    document.title or Path(document.source).name,
                    sentence.index,
                    sentence.section,
                    role,
                    sentence.text,
                    filtered,
                    jargon,
                    tuple(workspace.views.entities(sentence.text)),
                )
            )
    return Inspection(tuple(sentences), tuple(dropped))


def _roles(workspace: Workspace, sentences: Sequence[Sentence]) -> list[str]:
    texts = [sentence.text for sentence in sentences]
    if not texts:
        return []
    dense = workspace.encode(texts, workspace.store_settings.view)
    posting = PostingText(texts, [sentence.section for sentence in sentences], dense)
    return [guess.role for guess in workspace.roles.roles([posting])[0]]
