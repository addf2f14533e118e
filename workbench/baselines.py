"""Simpler ways to find an occupation, over the same O*NET texts: what the real one has to beat.

Each takes titles and gives ranked codes. Where neighbours vote, the 100 nearest titles, alternate and
reported titles give their codes ``exp(sharpness (similarity - 1))``. Each baseline has the sharpness, and
BM25 the way of counting, that did best for it, so that what is beaten is the method and no bad setting.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from indexer.store import where
from indexer.workspace import Mode, Workspace
from preprocess.errors import MissingExtra
from preprocess.soc import code_at_level
from workbench.occupation_texts import TITLES, OccupationTexts, occupation_texts

NEIGHBOURS = 100
SHARPNESS, LEXICAL_SHARPNESS = 20.0, 10.0
"""Of dense vectors, and of words and characters. At first hit on 559 BLS and every fourth (BM25: third) of
the 4,019 LCA titles, TF-IDF of words had .726/.356 with 10 and .705/.332 with 20, of characters .742/.374 and
.746/.354. BM25, whose scores have no upper end, had .758/.362 as a share of the best score with 10, .760/.344
with 20, and .760/.316 when codes came in the order of their hits.
"""

SHOWN = 50
"""Codes that a baseline ranks at most."""

CHUNK = 64
"""Titles compared at a time: 64 x 62,000 similarities of character n-grams take some 50 MB."""

Codes = list[list[str]]

NAMES = {
    "bm25": "BM25",
    "tfidf_words": "TF-IDF, words",
    "tfidf_characters": "TF-IDF, characters",
    "descriptions": "title to description",
    "dense_knn": "dense kNN alone",
    "title_alone": "joblens, title alone",
    "whole_text": "whole text to description",
}
"""What the baselines are called in reports. The last two are of postings only; the first of them is made by
the caller."""


def title_baselines(workspace: Workspace, titles: Sequence[str], level: int = 6) -> dict[str, Codes]:
    """Ranked codes for each title, by the name of the baseline.

    :param level: digits of the codes: 2, 3, 5, 6 or 8.
    :raises IndexMissing, FingerprintMismatch: as the index does.
    """
    workspace.check("occupations")
    texts = occupation_texts(workspace)
    return {
        "bm25": bm25(workspace, titles, level),
        "tfidf_words": tfidf(texts, titles, level),
        "tfidf_characters": tfidf(texts, titles, level, analyzer="char_wb", ngram_range=(2, 4)),
        "descriptions": descriptions(workspace, titles, level),
        "dense_knn": dense_knn(workspace, titles, level),
    }


def posting_baselines(
    workspace: Workspace, titles: Sequence[str], bodies: Sequence[str], level: int = 6
) -> dict[str, Codes]:
    """The same on the titles of postings, and the whole posting as one text against the descriptions."""
    whole = [f"{title}\n{body}".strip() for title, body in zip(titles, bodies, strict=True)]
    return {
        **title_baselines(workspace, titles, level),
        "whole_text": descriptions(workspace, whole, level),
    }


def bm25(workspace: Workspace, titles: Sequence[str], level: int = 6) -> Codes:
    """The vote of the nearest titles by the engine's BM25, whose scores count as shares of the best one."""
    return [
        _ranked(codes, _votes(np.asarray(scores) / (max(scores, default=0) or 1), LEXICAL_SHARPNESS), level)
        for codes, scores in _searched(workspace, titles, "lexical", TITLES, NEIGHBOURS)
    ]


def dense_knn(workspace: Workspace, titles: Sequence[str], level: int = 6) -> Codes:
    """The soft vote of the nearest titles by cosine, and nothing else."""
    return [
        _ranked(codes, _votes(scores, SHARPNESS), level)
        for codes, scores in _searched(workspace, titles, "dense", TITLES, NEIGHBOURS)
    ]


def descriptions(workspace: Workspace, texts: Sequence[str], level: int = 6) -> Codes:
    """The occupations whose description is nearest by cosine: the usual approach."""
    return [
        list(dict.fromkeys(code_at_level(code, level) for code in codes))
        for codes, _ in _searched(workspace, texts, "dense", ("description",), SHOWN)
    ]


def tfidf(texts: OccupationTexts, titles: Sequence[str], level: int = 6, **options: Any) -> Codes:
    """The soft vote of the nearest titles by the cosine of their TF-IDF vectors.

    :param options: of scikit-learn's ``TfidfVectorizer``.
    :raises MissingExtra: if scikit-learn is not installed.
    """
    try:
        from sklearn.feature_extraction.text import TfidfVectorizer
    except ImportError as error:
        raise MissingExtra(
            "the TF-IDF baselines need scikit-learn: pip install scikit-learn, or use --no-baselines"
        ) from error

    vectorizer = TfidfVectorizer(dtype=np.float32, **options)
    stored = vectorizer.fit_transform(texts.texts).T.tocsr()
    codes = np.array(texts.codes)
    answers: Codes = []
    for start in range(0, len(titles), CHUNK):
        similar = vectorizer.transform(titles[start : start + CHUNK]) @ stored
        for row in range(similar.shape[0]):
            part = slice(similar.indptr[row], similar.indptr[row + 1])
            places, scores = similar.indices[part], similar.data[part]
            best = _best(scores, places)
            answers.append(
                _ranked(codes[places[best]].tolist(), _votes(scores[best], LEXICAL_SHARPNESS), level)
            )
    return answers


def _best(scores: Any, places: Any) -> Any:
    """Positions of the nearest, by score and then by place: ties must not depend on how sorting goes."""
    kept = np.arange(len(scores))
    if len(scores) > NEIGHBOURS:  # sorting all 60,000 would take most of the time
        kept = np.flatnonzero(scores >= np.partition(scores, -NEIGHBOURS)[-NEIGHBOURS])
    return kept[np.lexsort((places[kept], -scores[kept]))][:NEIGHBOURS]


def _searched(
    workspace: Workspace, texts: Sequence[str], mode: Mode, sources: Sequence[str], top_k: int
) -> Iterator[tuple[list[str], list[float]]]:
    for start in range(0, len(texts), CHUNK):
        found = workspace.store.search(
            "occupations",
            workspace.queries("occupations", texts[start : start + CHUNK], mode),
            top_k=top_k,
            filter=where(source=sources),
            fields=["code"],
        )
        for hits in found:
            yield [hit.payload["code"] for hit in hits], [hit.score for hit in hits]


def _votes(similarity: Any, sharpness: float) -> Any:
    return np.exp(sharpness * (np.asarray(similarity, float) - 1))


def _ranked(codes: Sequence[str], votes: Any, level: int) -> list[str]:
    total: defaultdict[str, float] = defaultdict(float)
    for code, vote in zip(codes, votes, strict=True):
        total[code_at_level(code, level)] += float(vote)
    return sorted(total, key=lambda code: (-total[code], code))[:SHOWN]
