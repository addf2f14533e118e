"""Gap reports made by hand, without a model: similarities are given, not computed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from search_api.gap import GapReport, Thresholds
from search_api.sides import DocumentInfo, Side, SideSentence

THRESHOLDS = Thresholds(covered=0.55, partial=0.42)
"""Of these samples; the defaults may change."""

HOSTILE = "<script>alert(1)</script> [red]bold[/red] | a*b_c `d` \x1b[31m\u202eevil\n\nnext & <b>"
"""Markup of HTML, rich and Markdown, a table cell's end, a terminal escape and a direction override."""


def side(documents: Sequence[DocumentInfo], sentences: Sequence[SideSentence], groups: Sequence[int]) -> Side:
    """A side whose sentences have the same vector where ``groups`` has the same number."""
    dimension = max(8, *groups) + 1
    return Side(tuple(documents), tuple(sentences), np.eye(dimension, dtype=np.float32)[list(groups)])


def sample(copies: int = 1) -> GapReport:
    """Two postings, and ``copies - 1`` more like the second.

    The first: one covered (.71), one partial (.5), one missing requirement that names Kafka (named in the
    brag document) and Go (not named), one missing wish, one sentence about benefits. The second: one
    missing sentence, worded as the first one's wish, that names Go.
    """
    brag = side(
        [DocumentInfo("b", "dana.yaml")],
        [
            SideSentence("Rebuilt the tracking API in Python, and cut its response time.", 0, "Tracking"),
            SideSentence("Mentored 2 junior engineers.", 0, "Tracking"),
            SideSentence(
                "Designed a Kafka pipeline for 9 million events.", 0, "Events", "", ("Apache Kafka",)
            ),
        ],
        [0, 1, 2],
    )
    documents = [
        DocumentInfo("1", "Backend Engineer", "Tidemark", "Portland, OR", "https://jobs.example/1?a=b&c=d"),
        *(DocumentInfo(str(number + 2), "Cook", "Ladle") for number in range(copies)),
    ]
    sentences = [
        SideSentence("Build fast APIs.", 0, "Duties", "duty", ("Python",)),
        SideSentence("Mentor other engineers.", 0, "You bring", "requirement"),
        SideSentence("Message queues such as Kafka.", 0, "You bring", "requirement", ("Apache Kafka", "Go")),
        SideSentence("Some experience of Go.", 0, "Nice to have", "preferred", ("Go",)),
        SideSentence("Free soup.", 0, "Benefits", "benefits"),
        *(SideSentence("Experience of Go.", 1 + number, "", "", ("Go",)) for number in range(copies)),
    ]
    postings = side(documents, sentences, [0, 1, 2, 3, 4] + [3] * copies)
    similarity = np.full((len(sentences), 3), 0.1, np.float32)
    similarity[0] = [0.71, 0.2, 0.3]
    similarity[1] = [0.1, 0.5, 0.2]
    similarity[2] = [0.1, 0.1, 0.35]
    return GapReport(brag, postings, similarity, THRESHOLDS, fingerprint="0123456789ab")


def one_posting(
    asked: Sequence[str], scores: Sequence[float], *, brag: str = "I did it in 3 days.", title: str = "Job"
) -> GapReport:
    """One posting whose sentences have the given cosines to the one brag sentence."""
    theirs = side(
        [DocumentInfo("p", title, title, title, title)],
        [SideSentence(text, 0, title, "requirement", (title,)) for text in asked],
        list(range(len(asked))),
    )
    mine = side([DocumentInfo("b", brag)], [SideSentence(brag, 0, brag)], [0])
    return GapReport(mine, theirs, np.array(scores, np.float32).reshape(-1, 1), THRESHOLDS)
