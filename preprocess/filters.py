"""The text views: what a text is reduced to before it is embedded or indexed.

- ``raw``: the text itself;
- ``filtered``: its telling words. Stop words, organisations, places, people, dates, times, money and plain
  numbers are left out, and so is punctuation; a technology stays as it stands ("Node.js", "C++"), and
  every word keeps its case. A hyphen or apostrophe inside a word belongs to the word;
- ``jargon``: the technologies alone, each once.

A view may leave nothing ("Apply by Friday!" has no jargon): it is then the empty string, and the caller
decides what that means.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, get_args

from preprocess.entities import Entity, organisations_and_places, quantities
from preprocess.errors import InvalidParameter, MissingExtra, ModelError
from preprocess.spacy_blank import load_spacy
from preprocess.stop_words import stop_words as load_stop_words
from preprocess.technologies import RULES_VERSION, TechnologyMatcher

if TYPE_CHECKING:
    from spacy.language import Language

__all__ = ["Entity", "TextViews", "View", "view_settings"]

View = Literal["raw", "filtered", "jargon"]

FILTERS_VERSION = "1"
"""Raised whenever the same text may give another view than before."""

_PLACES_AND_NAMES = {"FAC", "GPE", "LOC", "ORG", "PERSON"}
_FIGURES = {"CARDINAL", "DATE", "MONEY", "NUMBER", "ORDINAL", "PERCENT", "QUANTITY", "TIME"}
LEFT_OUT = frozenset(_PLACES_AND_NAMES | _FIGURES)
"""The labels that ``filtered`` leaves out: those of ``preprocess.entities`` and the same kinds in spaCy's
pipelines (OntoNotes). Others, such as LANGUAGE or LAW, stay."""

_WORD = re.compile(r"[^\W_]+(?:[-'’&][^\W_]+)*")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


def view_settings(stop_words: str = "spacy", pipeline: str | None = None) -> dict[str, str]:
    """What changes a view, for a collection's fingerprint.

    The names that the matcher knows are not in it: ``matcher.digest`` tells those, and it changes whenever
    another O*NET release is indexed.

    :raises MissingExtra, ModelError: if the pipeline cannot be loaded; its version is part of the answer.
    """
    meta = _load(pipeline).meta if pipeline else {}
    return {
        "stop_words": stop_words,
        "pipeline": f"{meta['lang']}_{meta['name']} {meta['version']}" if meta else "",
        "rules": f"{FILTERS_VERSION}.{RULES_VERSION}",
    }


class TextViews:
    """Gives the views of texts.

    :param matcher: says what a technology is.
    :param stop_words: ``spacy``, ``nltk`` or ``nltk+spacy``, see :mod:`preprocess.stop_words`.
    :param pipeline: a statistical spaCy pipeline (a package name such as ``en_core_web_sm``, or a folder)
        that finds organisations, places and people; without one, small rules find organisations and places.
    :raises InvalidParameter: if there is no such list of stop words.
    :raises MissingExtra: if the stop words or the pipeline are not on this machine.
    :raises ModelError: if the pipeline is there but cannot be loaded.
    """

    def __init__(
        self, matcher: TechnologyMatcher, stop_words: str = "spacy", pipeline: str | None = None
    ) -> None:
        self._matcher = matcher
        self._stop_words = load_stop_words(stop_words)
        self._pipeline = _load(pipeline) if pipeline else None
        self.settings = view_settings(stop_words, pipeline)

    def entities(self, text: str) -> list[Entity]:
        """Technologies, quantities, dates, organisations, places ... in order, none overlapping another.

        A technology wins over anything else, then the longer entity wins.
        """
        return next(self._entities([text]))

    def apply(self, text: str, view: View) -> str:
        """One view of ``text``; may be empty.

        :raises InvalidParameter: if there is no such view.
        """
        return self.apply_many([text], view)[0]

    def apply_many(self, texts: Iterable[str], view: View) -> list[str]:
        """:meth:`apply` for each text, in order."""
        texts = list(texts)
        if view == "raw":
            return texts
        if view == "jargon":
            return [self._jargon(text) for text in texts]
        if view == "filtered":
            return [
                self._filtered(text, entities)
                for text, entities in zip(texts, self._entities(texts), strict=True)
            ]
        raise InvalidParameter(f"view must be one of {', '.join(get_args(View))}; got {view!r}")

    def _jargon(self, text: str) -> str:
        first = {mention.name: mention.text for mention in reversed(self._matcher.find(text))}
        return ", ".join(reversed(first.values()))

    def _filtered(self, text: str, entities: list[Entity]) -> str:
        kept: list[str] = []
        shouted = text.isupper()
        position = 0
        for entity in entities:
            if entity.label != "TECHNOLOGY" and entity.label not in LEFT_OUT:
                continue
            kept += self._words(text[position : entity.start], shouted)
            if entity.label == "TECHNOLOGY":
                kept.append(entity.text)
            position = entity.end
        kept += self._words(text[position:], shouted)
        return " ".join(kept)

    def _words(self, text: str, shouted: bool) -> Iterator[str]:
        for word in _WORD.findall(text):
            plain = word.lower().replace("’", "'")
            # "IT", "US" and "OR" (an operating room) are no stop words, unless all the text is in capitals.
            abbreviation = not shouted and len(word) > 1 and word.isupper()
            if abbreviation or plain not in self._stop_words:
                yield word[:-2] if plain.endswith("'s") else word

    def _entities(self, texts: list[str]) -> Iterator[list[Entity]]:
        for text, named in zip(texts, self._named(texts), strict=True):
            technologies = [
                Entity(mention.text, "TECHNOLOGY", mention.start, mention.end)
                for mention in self._matcher.find(text)
            ]
            yield _without_overlaps(technologies, [*quantities(text), *named])

    def _named(self, texts: list[str]) -> Iterator[list[Entity]]:
        if self._pipeline is None:
            yield from (list(organisations_and_places(text)) for text in texts)
            return
        limit = self._pipeline.max_length
        readable = (_SURROGATE.sub("\ufffd", text[:limit]) for text in texts)
        for text, doc in zip(texts, self._pipeline.pipe(readable), strict=True):
            yield [
                Entity(text[span.start_char : span.end_char], span.label_, span.start_char, span.end_char)
                for span in doc.ents
            ]


def _without_overlaps(technologies: list[Entity], others: list[Entity]) -> list[Entity]:
    ranked = sorted(others, key=lambda entity: (entity.start - entity.end, entity.start))
    kept: list[Entity] = []
    taken: set[int] = set()
    for entity in (*technologies, *ranked):
        span = range(entity.start, entity.end)
        if span and taken.isdisjoint(span):
            taken.update(span)
            kept.append(entity)
    return sorted(kept, key=lambda entity: entity.start)


@lru_cache(maxsize=2)
def _load(pipeline: str) -> Language:
    spacy = load_spacy()
    try:
        loaded: Language = spacy.load(pipeline)
    except OSError as error:
        raise MissingExtra(
            f"the spaCy pipeline {pipeline!r} is not on this machine; get it with:"
            f" python -m spacy download {pipeline}"
        ) from error
    except (ValueError, ImportError) as error:
        raise ModelError(f"the spaCy pipeline {pipeline!r} cannot be loaded: {error}") from error
    return loaded
