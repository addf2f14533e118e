"""What the sources say of titles and bodies, for many at once: all of a look-up but the ranking."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from indexer.heads import OccupationHeads, load_heads
from indexer.store import Live, Vector
from indexer.title_index import Nearest, TitleIndex
from indexer.title_table import Positions, load_titles
from indexer.workspace import Workspace
from preprocess.errors import EmptyQuery
from preprocess.readers import read_text
from preprocess.soc import GROUP_NAMES
from search_api.confidence import TEMPERATURE
from search_api.opinions import Codes, Opinions, body_opinion, title_opinions
from search_api.sides import side_from_documents

NEIGHBOURS = 100
BODY_SENTENCES = 60

POOLED = 256
"""Titles whose opinions are pooled at a time: the arrays of one step are 1 MB each."""


@dataclass(frozen=True, slots=True)
class Body:
    """A posting's sentences that say what the job is, and what they say of it."""

    sentences: tuple[str, ...]
    vectors: Vector
    opinion: tuple[Vector, Vector]


@dataclass(frozen=True, slots=True)
class LookUp:
    """What was found for n titles: the nearest O*NET titles, every source's shares, the probabilities."""

    texts: Sequence[str]
    nearest: Nearest
    opinions: Opinions
    probabilities: Vector
    bodies: Mapping[int, Body]


class Desk:
    """What look-ups in one physical collection need, opened once."""

    def __init__(self, workspace: Workspace, live: Live) -> None:
        """:raises StoreCorrupt: if what is learned from the titles is missing."""
        self.physical = live.physical
        self.fingerprint = live.fingerprint.digest
        self.heads: OccupationHeads = load_heads(workspace.store, live.physical)
        self.codes = Codes.of(self.heads.codes)
        table = load_titles(workspace.store, live.physical)
        self.index = TitleIndex(table)
        self.names = {
            table.codes[code]: text
            for text, source, code in zip(table.texts, table.sources, table.row_codes, strict=True)
            if source == "title"
        }
        self.titles = _own_titles(self.codes, self.names)
        places = np.array([self.codes.place[code] for code in table.codes], np.int64)
        self.row_codes: Positions = places[table.row_codes]
        self._workspace = workspace

    def look_up(self, texts: Sequence[str], bodies: Sequence[str] = ()) -> list[LookUp]:
        """Ask the sources about titles, in parts of :data:`POOLED`.

        :param texts: clean titles.
        :param bodies: of the postings, blank where there is none; none at all where left out.
        """
        vectors = self._workspace.encode(texts, self._workspace.store_settings.view)
        found = self._bodies(bodies)
        parts = []
        for start in range(0, len(texts), POOLED):
            part = slice(start, start + POOLED)
            mine = {row - start: found[row] for row in found if start <= row < start + POOLED}
            parts.append(self._part(texts[part], vectors[part], mine))
        return parts

    def _part(self, texts: Sequence[str], vectors: Vector, bodies: Mapping[int, Body]) -> LookUp:
        nearest = self.index.nearest(vectors, NEIGHBOURS)
        opinions = Opinions(
            self.codes,
            title_opinions(self.heads, self.codes, texts, vectors, nearest, self.row_codes),
            {row: body.opinion for row, body in bodies.items()},
        )
        return LookUp(texts, nearest, opinions, opinions.probabilities(TEMPERATURE), bodies)

    def _bodies(self, bodies: Sequence[str]) -> dict[int, Body]:
        """The bodies that say something, by row; all are encoded together."""
        documents = [
            # With a title of its own given, the first line is not taken for one.
            read_text(body, "posting", source=str(row), title="posting")
            for row, body in enumerate(bodies)
            if body.strip()
        ]
        try:
            side = side_from_documents(self._workspace, documents)
        except EmptyQuery:
            return {}
        found = {}
        for document, rows in zip(side.documents, side.rows_by_document(), strict=True):
            asked = [row for row in rows if side.sentences[row].asked][:BODY_SENTENCES]
            roles = [side.sentences[row].role for row in asked]
            opinion = body_opinion(self.heads, self.codes, side.dense[asked], roles)
            if opinion:
                texts = tuple(side.sentences[row].text for row in asked)
                found[int(document.source)] = Body(texts, side.dense[asked], opinion)
        return found


def _own_titles(codes: Codes, names: Mapping[str, str]) -> dict[int, dict[int, str]]:
    """By level and place the titles of codes that have one: major groups and six digits. For the rest, and
    where a release lacks one, the likeliest occupation inside speaks."""
    groups = {place: GROUP_NAMES.get(code, "") for place, code in enumerate(codes.names[2])}
    detailed = {place: names.get(f"{code}.00", "") for place, code in enumerate(codes.names[6])}
    return {2: groups, 6: detailed}


class _Opened:
    """The desk of the physical collection that was asked for last; one that was replaced is let go."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.Lock()
        self._desk: Desk | None = None

    def live_desk(self) -> Desk:
        physical = self._workspace.store.live("occupations").physical
        with self._lock:
            if self._desk is None or self._desk.physical != physical:
                # Once each: neither the fingerprint of a physical collection nor our settings change.
                self._desk = Desk(self._workspace, self._workspace.check("occupations"))
            return self._desk


def live_desk(workspace: Workspace) -> Desk:
    """The desk for the live collection of occupations, opened by the first thread that asks (0.3 s).

    :raises IndexMissing, FingerprintMismatch: as the index does.
    :raises StoreCorrupt: if what is learned from the titles is missing.
    """
    return workspace.once("occupation desk", lambda: _Opened(workspace)).live_desk()
