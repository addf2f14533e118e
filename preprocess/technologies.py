"""Finds the names of technologies in a text: software, languages, libraries, platforms, operating systems.

A name that can only be a technology ("PostgreSQL") counts wherever it stands. A name that is also an
ordinary word, a letter or a company ("Access", "R", "Oracle") counts only in its own spelling and only
where its neighbours vouch for it: another technology in the same list, a cue word ("experience with R",
"Access database"), or a preposition in a sentence about software ("statistical models in R"). The rules
and the names are in ``technologies.txt`` and ``technology_names.py``; how well they do is measured by
``benchmarks/technologies.py``.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from preprocess.spacy_blank import load_spacy
from preprocess.technology_context import Candidate, vouched
from preprocess.technology_names import Alias, all_aliases

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

RULES_VERSION = "1"
"""Raised whenever the same text and the same names may give other mentions than before."""

MAX_NEW_WORDS = 20_000
"""Different words that a matcher reads before it forgets them all. spaCy keeps about 0.7 KB for each, which a
service that runs for months would not bear; forgetting takes as long as building."""


@dataclass(frozen=True, slots=True)
class TechnologyMention:
    """A technology in a text: ``text`` stands at ``start`` to ``end``; ``name`` is its canonical name."""

    name: str
    text: str
    start: int
    end: int


class TechnologyMatcher:
    """Finds technologies by the packaged names and, where given, those of an O*NET release.

    :param names: technology names as O*NET publishes them (``Technology Skills``, column ``Example``);
        without any, the packaged list alone is used. Building takes about 0.6 s with the 8,632 names of
        release 27.0. A matcher may be shared by threads. The words that it has read are forgotten from time
        to time (:data:`MAX_NEW_WORDS`).
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._aliases = all_aliases(names)
        self.digest = _digest(self._aliases)
        """16 hex digits over every alias and its rule: the same for the same names."""
        self._lock = threading.Lock()
        self._phrases = _Phrases(self._aliases)

    def find(self, text: str) -> list[TechnologyMention]:
        """The mentions in ``text`` in order; none overlaps another, and the longest name wins."""
        phrases = self._phrases
        if phrases.is_full:
            with self._lock:
                if self._phrases is phrases:
                    self._phrases = _Phrases(self._aliases)
            phrases = self._phrases
        return phrases.find(text)

    def find_many(self, texts: Iterable[str]) -> list[list[TechnologyMention]]:
        """:meth:`find` for each text, in order."""
        return [self.find(text) for text in texts]

    def names(self, text: str) -> tuple[str, ...]:
        """The canonical names of what ``text`` mentions, each once, in order of first mention."""
        return tuple(dict.fromkeys(mention.name for mention in self.find(text)))

    def names_many(self, texts: Iterable[str]) -> list[tuple[str, ...]]:
        """:meth:`names` for each text, in order."""
        return [self.names(text) for text in texts]


class _Phrases:
    """The names, ready to be found, and the vocabulary of what was read with them."""

    def __init__(self, aliases: Sequence[Alias]) -> None:
        load_spacy()
        from spacy.matcher import PhraseMatcher

        language: Language = load_spacy().blank("en")
        self._strings = language.vocab.strings
        self._tokenizer = _tokenizer(language)
        self._caseless = PhraseMatcher(language.vocab, attr="LOWER")
        self._cased = PhraseMatcher(language.vocab, attr="ORTH")
        self._aliases: dict[int, Alias] = {}
        for number, alias in enumerate(aliases):
            matcher = self._caseless if alias.rule == "any" else self._cased
            key = str(number)
            matcher.add(key, [self._tokenizer(_tokenizable(alias.text))])
            self._aliases[self._strings[key]] = alias
        self._limit = len(self._strings) + MAX_NEW_WORDS

    @property
    def is_full(self) -> bool:
        return len(self._strings) > self._limit

    def find(self, text: str) -> list[TechnologyMention]:
        doc = self._tokenizer(_tokenizable(text))
        spans = [(start, end, key) for key, start, end in (*self._caseless(doc), *self._cased(doc))]
        if not spans:
            return []
        candidates: list[Candidate] = []
        taken = [False] * len(doc)
        for start, end, key in sorted(spans, key=lambda span: (span[0] - span[1], span[0])):
            if not any(taken[start:end]):
                taken[start:end] = [True] * (end - start)
                candidates.append(Candidate(start, end, self._aliases[key]))
        candidates.sort(key=lambda candidate: candidate.start)
        if not all(candidate.alias.certain for candidate in candidates):
            candidates = vouched(doc, candidates)
        mentions = []
        for candidate in candidates:
            start = doc[candidate.start].idx
            last = doc[candidate.end - 1]
            end = last.idx + len(last)
            mentions.append(TechnologyMention(candidate.alias.name, text[start:end], start, end))
        return mentions


def _digest(aliases: list[Alias]) -> str:
    lines = sorted("\t".join((a.name, a.text, a.rule, *sorted(a.cues))) for a in aliases)
    return hashlib.blake2b("\n".join(lines).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


_URL = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+\.\w+")
_PREFIX = re.compile(r"""[][(){}"“”„«»'‘’•·●▪–—*~<>,;:!?#@&$|/=_…-]|\.(?![A-Za-z])""")
_SUFFIX = re.compile(r"""(?:[][(){}"“”„«»'‘’•·●▪–—*~<>,;:!?|/=_….-]|['’]s)$""")
_INFIX = re.compile(
    r"""[][(){}"“”„«»'‘’•·●▪–—*~<>,;:!?|/=…]"""
    r"""|(?<=[A-Za-z0-9+#])-(?=[A-Za-z0-9])|(?<=[A-Za-z])\+(?=[A-Za-z])|(?<=[a-z])\.(?=[A-Z])"""
)
_SAME_LENGTH = str.maketrans(
    dict.fromkeys("\t\u00a0\u202f\u3000" + "".join(map(chr, range(0x2000, 0x200B))), " ") | {"’": "'"}
)
_SURROGATE = re.compile(r"[\ud800-\udfff]")


def _tokenizer(language: Language) -> Callable[[str], Doc]:
    # spaCy's own English rules tear "C#" apart and keep "R." and "Node.js/React" whole. These keep
    # "C++", "C#", ".NET" and "Node.js", and split at every slash, hyphen and bracket; that "PL/SQL"
    # becomes three tokens does not matter, since the names are split by the same rules.
    from spacy.tokenizer import Tokenizer  # type: ignore[import-not-found]  # compiled, no stubs

    tokenizer: Callable[[str], Doc] = Tokenizer(
        language.vocab,
        rules={},
        prefix_search=_PREFIX.match,
        suffix_search=_SUFFIX.search,
        infix_finditer=_INFIX.finditer,
        token_match=_URL.fullmatch,
    )
    return tokenizer


def _tokenizable(text: str) -> str:
    """``text`` with plain spaces and apostrophes and nothing that UTF-8 cannot hold; positions stay."""
    if text.isascii() and "\t" not in text:
        return text
    return _SURROGATE.sub("\ufffd", text.translate(_SAME_LENGTH))
