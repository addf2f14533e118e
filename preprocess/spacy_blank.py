"""The one place that imports spaCy, so that torch stays out of the process.

spaCy's machine-learning layer (thinc) imports torch wherever torch is installed, although a blank
pipeline never uses it: 278 MB and 1.4 s, against 93 MB and 0.36 s without (measured with spaCy 3.8,
torch 2.13 on 2 cores). thinc looks once, while it is imported, and remembers what it found; so it is
enough to hide torch for the length of that import. Nothing else is affected: ``import torch``
afterwards works as ever. A transformer pipeline (``*_trf``) does need thinc to see torch: import torch
before the first call of :func:`load_spacy` and nothing is hidden.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spacy.language import Language

HIDDEN = ("torch", "cupy", "tensorflow", "mxnet")
"""The optional back ends that thinc looks for; a blank pipeline uses numpy alone."""

_LOCK = threading.RLock()


def load_spacy() -> ModuleType:
    """Import spaCy without torch; the first call costs about half a second, later ones nothing.

    A back end that the process has imported already is left alone. Safe to call from any thread.

    :return: the module ``spacy``.
    """
    with _LOCK, hidden(HIDDEN):
        import spacy

        return spacy


@lru_cache(maxsize=1)
def _blank_english() -> Language:
    pipeline: Language = load_spacy().blank("en")
    return pipeline


def blank_english() -> Language:
    """The shared English pipeline with a tokenizer and nothing else; treat it as read-only.

    Its vocabulary keeps every word that it has met (about 0.5 KB a word), so a caller that reads
    millions of different words makes a pipeline of its own from :func:`load_spacy`.
    """
    with _LOCK:
        return _blank_english()


class _Hide(MetaPathFinder):
    """Reports the named packages as not installed, to one thread only."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = frozenset(names)
        self._thread = threading.get_ident()

    def find_spec(self, fullname: str, *_: object) -> ModuleSpec | None:
        if fullname in self._names and threading.get_ident() == self._thread:
            raise ModuleNotFoundError(f"{fullname} is hidden from this import", name=fullname)
        return None


@contextmanager
def hidden(names: Sequence[str]) -> Iterator[None]:
    """Let this thread import as if the packages ``names`` were not installed; loaded ones stay visible."""
    # A finder rather than sys.modules[name] = None: the latter would also fail an "import torch" that
    # another thread happens to run at the same moment. Modules that are loaded never reach a finder.
    finder = _Hide(names)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
