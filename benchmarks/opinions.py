"""What each source of evidence is worth: accuracy of the pool with each left out, and of each alone.

The weights stay as they are where a source is left out, so the rows are a lower bound of what the others can
do. Six digits, right code first, in five and in ten. ``fitted_weights`` are the ones that make the accepted
codes of the BLS and LCA titles most likely; rounded, they are ``search_api.opinions.WEIGHTS``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from benchmarks.classify import POSTINGS, SETS
from benchmarks.data import SOURCE, open_workspace
from indexer.linear_head import log_softmax
from indexer.store import Vector
from indexer.workspace import Workspace
from preprocess.titles import clean_title
from search_api.classify import JobQuery, classify
from search_api.opinions import FLOOR, FLOORS, WEIGHTS
from search_api.title_lookup import live_desk
from workbench.evaluate import judge
from workbench.labels import LabelledTitle, read_labelled_postings, read_labelled_titles


def run() -> dict[str, object]:
    """Accuracy by set and variant; a variant is ``all``, ``without NAME`` or ``NAME alone``."""
    result: dict[str, object] = {"source": SOURCE}
    with open_workspace() as workspace:
        for name, path in SETS.items():
            if path.exists():
                labels: list[LabelledTitle] = list(read_labelled_titles(path))
                result[name] = _variants(workspace, [JobQuery(label.title) for label in labels], labels)
        if POSTINGS.exists():
            postings = read_labelled_postings(POSTINGS)
            queries = [JobQuery(posting.title, posting.description) for posting in postings]
            result["postings"] = _variants(workspace, queries, list(postings))
            titles = [JobQuery(posting.title) for posting in postings]
            result["postings, title alone"] = {
                "all": _judged(workspace, titles, list(postings), set(WEIGHTS))
            }
        fitted_on = [SETS[name] for name in ("bls", "lca") if SETS[name].exists()]
        if fitted_on:
            result["fitted_weights"] = _fitted(workspace, [read_labelled_titles(path) for path in fitted_on])
    return result


def _variants(
    workspace: Workspace, queries: list[JobQuery], labels: list[LabelledTitle]
) -> dict[str, dict[str, object]]:
    every = set(WEIGHTS)
    chosen = {"all": every}
    chosen |= {f"without {name}": every - {name} for name in WEIGHTS}
    chosen |= {f"{name} alone": {name} for name in WEIGHTS}
    return {name: _judged(workspace, queries, labels, sources) for name, sources in chosen.items()}


def _judged(
    workspace: Workspace, queries: list[JobQuery], labels: list[LabelledTitle], sources: set[str]
) -> dict[str, object]:
    answers = [
        [candidate.code for candidate in found.candidates]
        for found in classify(workspace, queries, top_k=50, evidence=0, sources=sources)
    ]
    figures = judge(answers, labels).to_json()
    return {name: figures[name] for name in ("acc@1", "acc@5", "acc@10")}


def _fitted(workspace: Workspace, sets: Sequence[Sequence[LabelledTitle]]) -> dict[str, float]:
    """Weights of the logarithms of shares with the highest mean likelihood, every set counting the same; a
    ridge of .001 keeps them small."""
    from scipy.optimize import minimize

    tables = [_logs_and_labels(workspace, labels) for labels in sets]

    def loss(weights: Vector) -> float:
        total = 1e-3 * float(weights @ weights)
        for logs, right in tables:
            pooled = log_softmax(logs @ weights.astype(np.float32))
            total -= float(np.log(np.where(right, np.exp(pooled), 0).sum(axis=1) + 1e-9).mean())
        return total

    found = minimize(loss, np.full(len(WEIGHTS), 0.3), method="L-BFGS-B", options={"eps": 1e-3})
    return {name: round(float(weight), 3) for name, weight in zip(WEIGHTS, found.x, strict=True)}


def _logs_and_labels(
    workspace: Workspace, labels: Sequence[LabelledTitle]
) -> tuple[Vector, npt.NDArray[np.bool_]]:
    """(titles, codes, sources) logarithms as the pool takes them, and which codes are right; titles whose
    codes the release lacks are left out."""
    desk = live_desk(workspace)
    codes = desk.codes
    right = np.array([[label.is_right(code) for code in codes.names[6]] for label in labels])
    known = [label for label, row in zip(labels, right, strict=True) if row.any()]
    found = desk.look_up([clean_title(label.title).text for label in known])
    logs = [
        np.concatenate(
            [np.log(codes.rolled_up(part.opinions.shares[name]) + FLOORS.get(name, FLOOR)) for part in found]
        )
        for name in WEIGHTS
    ]
    return np.stack(logs, axis=-1), right[right.any(axis=1)]
