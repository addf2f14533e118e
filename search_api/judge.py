"""A better judge of the best pairs, off by default: a CrossEncoder that reads both sentences together.

``JOBLENS_JUDGE`` names it (a sentence-transformers folder or hub name). It is loaded when it is first
asked, and
torch with it. It reads (asked sentence, brag sentence) and may answer with one logit, of which the sigmoid is
taken, or with classes, of which the one called *entailment* counts (the last, where none is called so).
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from indexer.store import Vector
from indexer.workspace import Workspace
from preprocess.errors import ModelError
from search_api.sides import Side

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

JUDGED_PAIRS = 3
"""Brag sentences that are judged again for each asked sentence."""

JUDGED_POSTINGS = 20
"""Postings whose sentences are judged again: the best fitting; 260 asked sentences of Google's postings."""


class Judge:
    """Scores pairs from 0 to 1; the model is loaded at the first call, once.

    :param name: a folder or hub name of a CrossEncoder.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._model: CrossEncoder | None = None
        self._lock = threading.Lock()

    def score(self, pairs: Sequence[tuple[str, str]]) -> Vector:
        """(pairs,) float32 for pairs of an asked and a brag sentence.

        :raises ModelError: if the model cannot be loaded or does not give scores.
        """
        if not pairs:
            return np.empty(0, np.float32)
        with self._lock:
            self._model = self._model or _load(self.name)
            logits = np.asarray(
                self._model.predict(
                    list(pairs),
                    activation_fn=_identity(),
                    show_progress_bar=False,
                    convert_to_numpy=True,
                ),
                np.float64,
            )
        if logits.ndim == 2 and logits.shape[1] > 1:
            logits -= logits.max(axis=1, keepdims=True)
            shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
            return shares[:, _entailment(self._model)].astype(np.float32)  # type: ignore[no-any-return]
        flat: Vector = (1 / (1 + np.exp(-logits.reshape(-1)))).astype(np.float32)
        return flat


def judge_of(workspace: Workspace) -> Judge | None:
    """The judge that the settings name, or None."""
    name = workspace.model_settings.judge
    return workspace.once("judge", lambda: Judge(name)) if name else None


def judged(
    judge: Judge, scores: Vector, postings: Side, brag: Side, rows: Sequence[int] | None = None
) -> Vector:
    """``scores`` with the best :data:`JUDGED_PAIRS` of each row judged again.

    The others of a judged row are kept from rising above the worst that was judged.

    :param rows: the asked sentences to judge; all when left out.
    """
    chosen = list(range(len(scores)) if rows is None else rows)
    if not chosen or not scores.shape[1]:
        return scores
    best = np.argsort(-scores[chosen], axis=1, kind="stable")[:, :JUDGED_PAIRS]
    pairs = [
        (postings.sentences[row].text, brag.sentences[column].text)
        for row, columns in zip(chosen, best, strict=True)
        for column in columns
    ]
    found = judge.score(pairs).reshape(best.shape)
    changed = scores.copy()
    changed[chosen] = np.minimum(changed[chosen], found.min(axis=1, keepdims=True))
    changed[np.array(chosen)[:, None], best] = found
    return changed


def _load(name: str) -> CrossEncoder:
    try:
        from sentence_transformers import CrossEncoder

        model: CrossEncoder = CrossEncoder(name, device="cpu")
        return model
    except Exception as error:  # whatever transformers, the hub or the file system raise
        raise ModelError(
            f"JOBLENS_JUDGE={name!r} cannot be loaded as a sentence-transformers CrossEncoder "
            f"({type(error).__name__}: {str(error)[:200]}); give a folder or a hub name of one, "
            "or leave it empty"
        ) from error


def _identity() -> Any:
    import torch

    return torch.nn.Identity()


def _entailment(model: CrossEncoder) -> int:
    id2label: dict[int, str] = getattr(model.config, "id2label", None) or {0: ""}
    labels = {str(name).lower(): int(number) for number, name in id2label.items()}
    return labels.get("entailment", max(labels.values()))
