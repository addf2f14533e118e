"""Sentences that say the same counted once: leader clustering over their vectors.

Texts are taken most frequent first; each joins the nearest leader within :data:`SAME` or becomes a leader
itself (Hartigan, Clustering Algorithms, 1975, ch. 3). One pass over blocks of a matrix product, so 20,000
sentences take about a second.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from indexer.store import Vector

SAME = 0.75
"""Cosine from which two asked sentences count as paraphrases; read off pairs of the real postings."""

BLOCK = 512
EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Theme:
    """A text that stands for its paraphrases: how many documents have one, and other wordings of it."""

    text: str
    documents: int
    sentences: int
    examples: tuple[str, ...]


def themes(texts: Sequence[str], documents: Sequence[int], dense: Vector) -> list[Theme]:
    """Group paraphrases.

    :param documents: the document that each text stands in.
    :param dense: (n, dim) float32, L2-normalised.
    :return: themes by number of documents, then of sentences, then text.
    """
    if not texts:
        return []
    counts = Counter(texts)
    first = {text: row for row, text in reversed(list(enumerate(texts)))}
    distinct = sorted(first, key=lambda text: (-counts[text], first[text]))
    leader_of = _leaders(dense[[first[text] for text in distinct]])
    wordings: dict[int, list[str]] = defaultdict(list)
    for position, text in enumerate(distinct):
        wordings[leader_of[position]].append(text)
    places: dict[str, set[int]] = defaultdict(set)
    for text, document in zip(texts, documents, strict=True):
        places[text].add(document)
    found = [
        Theme(
            text=group[0],
            documents=len(set().union(*(places[text] for text in group))),
            sentences=sum(counts[text] for text in group),
            examples=tuple(group[1 : 1 + EXAMPLES]),
        )
        for group in wordings.values()
    ]
    return sorted(found, key=lambda theme: (-theme.documents, -theme.sentences, theme.text))


def _leaders(dense: Vector) -> list[int]:
    """For each row the row that leads it; leaders lead themselves."""
    count, dimension = dense.shape
    leaders = np.empty((count, dimension), np.float32)
    names: list[int] = []
    leader_of = [0] * count
    for start in range(0, count, BLOCK):
        block = dense[start : start + BLOCK]
        known = len(names)
        near = block @ leaders[:known].T if known else np.empty((len(block), 0), np.float32)
        best = near.argmax(axis=1) if known else np.zeros(len(block), int)
        inside = block @ block.T
        new: list[int] = []
        for row in range(len(block)):
            to_new = int(np.argmax(inside[row, new])) if new else -1
            score_new = float(inside[row, new[to_new]]) if new else -1.0
            score_known = float(near[row, best[row]]) if known else -1.0
            if max(score_new, score_known) < SAME:
                leaders[len(names)] = block[row]
                names.append(start + row)
                new.append(row)
                leader_of[start + row] = start + row
            elif score_known >= score_new:
                leader_of[start + row] = names[best[row]]
            else:
                leader_of[start + row] = start + new[to_new]
    return leader_of
