"""The role of each sentence of a posting: what one does, must have, may have, gets, or none of these.

Three small models work together, all in numpy. One reads a sentence by itself (vector and surface cues), one
reads the heading that it stands under; a linear chain over the posting's sentences weighs both with the
heading's plain words, the neighbours and the position. So the section beats the wording, but a legal
notice under "Requirements" stays one where its own words are clear enough.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from indexer.linear_head import log_softmax
from indexer.role_cues import says_preferred, surface
from indexer.role_model import ROLES, RoleModel
from indexer.store import Vector
from preprocess.headings import inline_role, role_of_heading

NO_HEADING, UNKNOWN_HEADING = 0, 1
HEADINGS = ("no heading", "unknown", *ROLES[:-1])
"""What a heading's plain words may say."""

STALE = 15
"""Sentences after which a heading is as far away as it can be."""

REACH = 8
"""Sentences to either side that the window sees, each e^(1/3) fainter than the one before it."""

LEAST_LOG = -9.2
"""Log-probabilities are cut here (p = .0001), so that no single model can rule a role out."""

ASKED = ROLES[:3]
"""What asks something of a candidate."""

FEW_SENTENCES = 3
SURE = 0.95

FRAGMENT_WORDS = 2


Encode = Callable[[Sequence[str]], Vector]
Numbers = npt.NDArray[np.floating[Any]]
Counts = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class PostingText:
    """A posting's sentences in order, the section of each, and ``dense`` (n, dim) float32, L2-normalised."""

    texts: Sequence[str]
    sections: Sequence[str]
    dense: Vector


@dataclass(frozen=True, slots=True)
class RoleGuess:
    """A role and how probable the classifier holds it; 1.0 where the heading alone decided."""

    role: str
    probability: float


class RoleClassifier:
    """Roles by the model where its encoder made the vectors, else by headings alone.

    :param model: None where the vectors are not the model's: another encoder, another view.
    :param encode: makes the vectors of headings, as those of the sentences were made.
    """

    def __init__(self, model: RoleModel | None, encode: Encode) -> None:
        self.model = model
        self._encode = encode
        self._heading_logs: dict[str, Vector] = {"": np.zeros(len(ROLES), np.float32)}

    @property
    def digest(self) -> str:
        """What a stored role depends on besides its sentence and section."""
        return self.model.digest if self.model else "headings"

    def roles(self, postings: Sequence[PostingText]) -> list[list[RoleGuess]]:
        """The role of each sentence of each posting.

        By headings alone it is one of :data:`ROLES` without ``other``, or empty where the heading does
        not tell.
        """
        if self.model is None:
            return [
                [RoleGuess(role_of_heading(section), 1.0) for section in posting.sections]
                for posting in postings
            ]
        return [
            [_guess(row) for row in _with_something_asked(_by_section(table, posting))]
            for table, posting in zip(self.probabilities(postings), postings, strict=True)
        ]

    def probabilities(self, postings: Sequence[PostingText]) -> list[Vector]:
        """(n, 8) float32 for each posting, rows summing to 1, columns as in :data:`ROLES`.

        :raises ValueError: if there is no model.
        """
        model = self.model
        if model is None:
            raise ValueError("headings alone give no probabilities")
        inputs = self.chain_inputs(postings)
        scores = [table @ model.chain_weights + model.chain_bias for table in inputs]
        starts = [section_starts(posting.sections) for posting in postings]
        return marginals(scores, starts, model.transitions)

    def alone(self, postings: Sequence[PostingText]) -> list[Vector]:
        """Log-probabilities (n, 8) of each sentence read by itself; it does not know what is only preferred
        because of its section."""
        assert self.model is not None
        texts = [text for posting in postings for text in posting.texts]
        if not texts:
            return [np.zeros((0, len(ROLES)), np.float32) for _ in postings]
        dense = np.concatenate([posting.dense for posting in postings if len(posting.texts)])
        logs = sentence_logs(self.model, dense, surface(texts))
        return np.split(logs, np.cumsum([len(posting.texts) for posting in postings])[:-1])

    def chain_inputs(self, postings: Sequence[PostingText]) -> list[Vector]:
        """(n, CHAIN_INPUTS) float32 for each posting: what the chain weighs."""
        self._read_headings({section for posting in postings for section in posting.sections})
        return [
            chain_inputs(logs, self._logs_of(posting.sections), posting)
            for logs, posting in zip(self.alone(postings), postings, strict=True)
        ]

    def _read_headings(self, sections: Collection[str]) -> None:
        assert self.model is not None
        new = sorted(section for section in sections if section not in self._heading_logs)
        if not new:
            return
        if len(self._heading_logs) > 20_000:  # a service must not grow with what it is asked
            self._heading_logs = {"": self._heading_logs[""]}
            new = sorted(section for section in sections if section)
        logs = heading_logs(self.model, self._encode(new))
        self._heading_logs.update(zip(new, logs, strict=True))

    def _logs_of(self, sections: Sequence[str]) -> Vector:
        empty = np.zeros((0, len(ROLES)), np.float32)
        return np.array([self._heading_logs[section] for section in sections]) if sections else empty


def _guess(row: Vector) -> RoleGuess:
    best = int(row.argmax())
    return RoleGuess(ROLES[best], float(row[best]))


def _by_section(table: Vector, posting: PostingText) -> Vector:
    """A word that looks like a bare field ("Kafka") has the role of its section, where the heading's plain
    words name one of those that ask."""
    told = table.copy()
    for row, (text, section) in enumerate(zip(posting.texts, posting.sections, strict=True)):
        named = role_of_heading(section)
        if (
            named in ASKED
            and _is_fragment(text)
            and not says_preferred(text)
            and ROLES[int(table[row].argmax())] == "other"
        ):
            told[row] = np.where(np.array(ROLES) == named, 1, 0)
    return told


def _is_fragment(text: str) -> bool:
    """One or two words without a figure or a colon; two that both have a capital may be a heading."""
    words = text.split()
    if not 1 <= len(words) <= FRAGMENT_WORDS or ":" in text or any(map(str.isdigit, text)):
        return False
    return len(words) == 1 or not all(word[0].isupper() for word in words)


def _with_something_asked(table: Vector) -> Vector:
    """A few lines that all look like bare fields, but not surely, are fragments ("Python and SQL") that
    somebody asks about: they ask something."""
    other = ROLES.index("other")
    if not 0 < len(table) <= FEW_SENTENCES or (table.argmax(axis=1) != other).any():
        return table
    fragments = table[:, other] < SURE
    return np.where(fragments[:, None] & ~np.isin(ROLES, ASKED), 0, table)


def sentence_logs(model: RoleModel, dense: Vector, cues: Vector) -> Vector:
    """Log-probabilities (n, 8) of sentences read by themselves."""
    dimension = model.dimension
    scores = dense @ model.sentence_weights[:dimension] + cues @ model.sentence_weights[dimension:]
    return _cut_logs(scores + model.sentence_bias)


def heading_logs(model: RoleModel, dense: Vector) -> Vector:
    """Log-probabilities (n, 8) of the sentences under headings, from the headings' vectors."""
    return _cut_logs(dense @ model.heading_weights + model.heading_bias)


def chain_inputs(logs: Vector, of_heading: Vector, posting: PostingText) -> Vector:
    """What the chain sees of each sentence of one posting.

    :param logs: (n, 8) log-probabilities of the sentences by themselves.
    :param of_heading: (n, 8) log-probabilities by the heading's vector; zeros where there is none.
    :return: (n, CHAIN_INPUTS) float32.
    """
    count = len(logs)
    chances = np.exp(logs)
    padded = np.zeros((count + 2 * REACH, len(ROLES)), np.float32)
    padded[REACH : REACH + count] = chances

    def shifted(by: int) -> Vector:
        return padded[REACH + by : REACH + by + count]

    present = np.zeros(count + 2 * REACH, np.float32)
    present[REACH : REACH + count] = 1
    window, weight = np.zeros_like(chances), np.full(count, 1e-9, np.float32)
    for by in (step for step in range(-REACH, REACH + 1) if step):
        fading = np.float32(np.exp(-abs(by) / 3))
        window += fading * shifted(by)
        weight += fading * present[REACH + by : REACH + by + count]
    columns: list[Numbers] = [
        logs / 3,
        of_heading / 3,
        _heading_words(posting),
        shifted(-1),
        shifted(1),
        (shifted(-2) + shifted(2)) / 2,
        window / weight[:, None],
        _positions(posting.sections),
    ]
    return np.concatenate(columns, axis=1, dtype=np.float32)


def section_starts(sections: Sequence[str]) -> Counts:
    """1 where another section starts than the sentence before stood in, else 0; 0 for the first."""
    changes = [0, *(int(before != section) for before, section in pairwise(sections))]
    return np.array(changes[: len(sections)], dtype=np.intp)


def marginals(scores: Sequence[Numbers], starts: Sequence[Counts], transitions: Numbers) -> list[Vector]:
    """Probabilities of the roles in a linear chain, by the forward-backward algorithm.

    :param scores: (n, 8) for each posting.
    :param starts: as :func:`section_starts` gives them.
    :param transitions: (2, 8, 8) scores of a role after another: inside a section, across its start.
    """
    found: list[Vector] = [np.zeros((0, len(ROLES)), np.float32)] * len(scores)
    order = sorted(range(len(scores)), key=lambda at: -len(scores[at]))
    for begin in range(0, len(order), 64):  # postings of about one length at a time
        rows = order[begin : begin + 64]
        forward, backward, total = forward_backward(
            *padded_batch([scores[row] for row in rows], [starts[row] for row in rows]), transitions
        )
        tables = np.exp(forward + backward - total[:, None, None])
        for row, table in zip(rows, tables, strict=True):
            found[row] = table[: len(scores[row])].astype(np.float32)
    return found


def padded_batch(scores: Sequence[Numbers], starts: Sequence[Counts]) -> tuple[Numbers, Counts, Counts]:
    """Chains of different length as one block: scores (b, longest, k), starts (b, longest), lengths (b,)."""
    longest = max(map(len, scores), default=0)
    width = scores[0].shape[1] if scores else len(ROLES)
    block = np.zeros((len(scores), longest, width))
    changes = np.zeros((len(scores), longest), np.intp)
    for row, (table, change) in enumerate(zip(scores, starts, strict=True)):
        block[row, : len(table)] = table
        changes[row, : len(table)] = change
    return block, changes, np.array([len(table) for table in scores], np.intp)


def forward_backward(
    scores: Numbers, starts: Counts, lengths: Counts, transitions: Numbers
) -> tuple[Numbers, Numbers, Numbers]:
    """Log messages of a linear chain (Rabiner, Proceedings of the IEEE, 1989).

    :param scores: (b, longest, 8); what lies past a chain's length is ignored.
    :return: forward and backward (b, longest, 8) and the log of the sum over all paths (b,).
    """
    count, longest = scores.shape[:2]
    forward, backward = np.zeros_like(scores), np.zeros_like(scores)
    if not longest:
        return forward, backward, np.zeros(count)
    forward[:, 0] = scores[:, 0]
    for at in range(1, longest):
        step = forward[:, at - 1, :, None] + transitions[starts[:, at]]
        inside = (at < lengths)[:, None]
        forward[:, at] = np.where(inside, _log_sum(step, 1) + scores[:, at], forward[:, at - 1])
    for at in range(longest - 2, -1, -1):
        after = (scores[:, at + 1] + backward[:, at + 1])[:, None, :]
        inside = (at + 1 < lengths)[:, None]
        backward[:, at] = np.where(inside, _log_sum(transitions[starts[:, at + 1]] + after, 2), 0)
    return forward, backward, _log_sum(forward[:, -1], 1)


def _heading_words(posting: PostingText) -> Vector:
    """(n, 18): one column for each of :data:`HEADINGS`, and again weakened the farther away it stands."""
    table = np.zeros((len(posting.texts), 2 * len(HEADINGS)), np.float32)
    start = 0
    for row, (text, section) in enumerate(zip(posting.texts, posting.sections, strict=True)):
        if row and section != posting.sections[row - 1]:
            start = row
        own = inline_role(text)[0] if ":" in text else ""
        distance = 0.0 if own else min(row - start, STALE) / STALE
        column = _heading_column(own) if own else _heading_column(section)
        table[row, column] = 1
        table[row, column + len(HEADINGS)] = distance
    return table


@lru_cache(maxsize=4096)
def _heading_column(heading: str) -> int:
    if not heading:
        return NO_HEADING
    role = heading if heading in ROLES else role_of_heading(heading)
    return HEADINGS.index(role) if role in HEADINGS else UNKNOWN_HEADING


def _positions(sections: Sequence[str]) -> Vector:
    """(n, 11): where in the posting, at its ends, at a section's start, and how long the posting is."""
    count = len(sections)
    at = np.arange(count)
    place = 4 * at / max(count - 1, 1)
    near = [np.maximum(0, 1 - np.abs(place - quarter)) for quarter in range(5)]
    first = section_starts(sections).astype(bool) | (at == 0)
    size = np.full(count, np.log1p(count) / 4)
    columns = [*near, at == 0, at < 3, at == count - 1, at >= count - 3, first, size]
    return np.stack([np.asarray(column, np.float32) for column in columns], axis=1)


def _cut_logs(scores: Vector) -> Vector:
    """Log-probabilities, none below :data:`LEAST_LOG`."""
    cut: Vector = np.maximum(log_softmax(scores), np.float32(LEAST_LOG))
    return cut


def _log_sum(values: Numbers, axis: int) -> Numbers:
    highest = values.max(axis=axis, keepdims=True)
    summed: Numbers = np.log(np.exp(values - highest).sum(axis=axis)) + highest.squeeze(axis)
    return summed
