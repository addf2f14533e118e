"""Words that postings use for what a brag document says in other words.

Where a sentence of the brag document covers an asked one, the terms of the asked sentence that the whole
document never uses are the words that a reader, or a filter, looks for in vain. Terms are words and pairs
of neighbouring words, compared by stem (``preprocess.stemming``), and technologies by their canonical name.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from indexer.workspace import Workspace
from preprocess.stemming import stem
from preprocess.stop_words import stop_words
from search_api.advice import best_fitting
from search_api.filler import filler_in
from search_api.gap import GapReport
from search_api.sides import Side, SideSentence

PAIRS = 200
"""Covered pairs that are read, best scores first, so that time does not grow with the postings."""

COUNTED = 1_500
"""Asked sentences, evenly over all postings, from which a word's general frequency is counted."""

ENOUGH = 20
"""Postings from which that frequency says anything."""

COMMON = 0.1
"""Share of postings from which a word is a word of all postings, unless the best fitting ones use it more."""

LIFT = 1.5
"""How much more often they must use it, then."""

NEAR = 0.1
"""Cosine of a word to the brag sentence that it would be a word for; read off pairs of the fixtures: below
it stand words of the asked sentence that the brag sentence is not about."""

TERMS = 60
"""Terms that are looked at by meaning, most postings first."""

GENERIC = """
    ability able accomplish accordance achieve action actively additional adjacent advanced apply
    appropriate area assist associate assure attain available background based basic basis better bonus
    bring broad build candidate capable care career change clear close collaborate come comfort
    comfortable command common company complete comply conduct consistently contribute control
    coordinate create current currently daily day deep deliver demonstrate department depend describe
    design desire detail determine develop development direct directly discipline document drive duty
    early easy effort employee employer enable encourage ensure environment equal equipment equivalent
    essential establish evaluate excellent exciting execute expect experience expert expertise explain
    familiar fast field find first fit flexible fluency focus follow friendly full function general get
    give goal good great grow growth guide hand handle hard help high highly hire hold hour identify
    impact implement important improve incl include including increase independently individual industry
    influence information initiative insight interest internal issue job join keep key kind know
    knowledge large lead leader leadership learn level life like limit line live long look maintain
    major make manage management manager material may medium meet member methodology mind minimum minute
    modern month motivate multiple must need new nice night number offer office ongoing open operate
    opportunity option oral order organisation organization orient outcome outstanding overall part
    participate partner people perform performance person personal personnel place plan plus point
    position possible practical practice prefer preferred prepare present previous prior process product
    professional proficiency proficient program programme progress project proper prove proven provide
    quality question quick range rapidly raw read ready receive record reference regard regular relate
    related relationship relevant report represent require requirement resource respond responsibility
    responsible result review right role routine run schedule second seek self senior serve service set
    several shape share shift short show similar simple site situation skill small solid solution solve
    someone speak special specific staff standard start state status strategic strategy strength strong
    structure study style success successful support sure system take talent task team technical
    technique think time today together tool top topic tradition train transfer travel trend true try
    turn type understand unit update use user usual valid value variety various verbal view want way
    week well whole wide willing word work worker world write written year
    """
"""Words that any posting may use about anything, compared by stem; written by hand."""

_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
_GAP = re.compile(r"[ \t\u00a0/-]*")
_MIN = 3
_ROOT = 6


@dataclass(frozen=True, slots=True)
class ForgottenWord:
    """A term, in how many of the postings it stands in a covered sentence, and one pair to see it in.

    ``score`` is the score of that pair, ``near`` the cosine of the term to its brag sentence.
    """

    term: str
    kind: Literal["word", "technology"]
    postings: int
    theirs: SideSentence
    yours: SideSentence
    score: float
    near: float


@dataclass
class _Found:
    """A term while it is counted: its wordings, its postings, its best pair (score, asked row, brag row)."""

    kind: Literal["word", "technology"] = "word"
    wordings: Counter[str] = field(default_factory=Counter)
    postings: set[int] = field(default_factory=set)
    pair: tuple[float, int, int] = (-2.0, 0, 0)


def forgotten_words(workspace: Workspace, report: GapReport, *, limit: int = 10) -> list[ForgottenWord]:
    """The terms of the postings that fit best (``advice.best_fitting``), most useful first: those of most
    postings, then those that mean most what the brag sentence says."""
    near = best_fitting(report)
    pairs = _covered(near)
    if not pairs:
        return []
    mine = [list(_tokens(sentence.text)) for sentence in report.brag.sentences]
    known = {token.stem for tokens in mine for token in tokens}
    known |= {part for tokens in mine for token in tokens for part in token.parts}
    found = _terms(workspace, near, pairs, known)
    common = _common(report.postings, near.postings)
    ranked = sorted(
        ((term, of) for term, of in found.items() if term not in common),
        key=lambda pair: (-len(pair[1].postings), -pair[1].pair[0], pair[0]),
    )[:TERMS]
    if not ranked:
        return []
    names = [of.wordings.most_common(1)[0][0] for _, of in ranked]
    vectors = workspace.encode(names, workspace.store_settings.view)
    words = []
    for name, vector, (_, of) in zip(names, vectors, ranked, strict=True):
        score, asked, yours = of.pair
        meant = float(vector @ report.brag.dense[yours])
        if meant >= NEAR:
            words.append(
                ForgottenWord(
                    name,
                    of.kind,
                    len(of.postings),
                    near.postings.sentences[asked],
                    report.brag.sentences[yours],
                    score,
                    meant,
                )
            )
    words.sort(key=lambda word: (-word.postings, -word.near, word.term))
    return words[:limit]


# ---- inside


@dataclass(frozen=True, slots=True)
class _Token:
    """A telling word where it stands; ``parts`` are the stems of a hyphenated one's words."""

    text: str
    stem: str
    parts: tuple[str, ...]
    start: int
    end: int


def _tokens(text: str) -> Iterator[_Token]:
    stopped = stop_words()
    for match in _WORD.finditer(text):
        plain = match[0].replace("’", "'").removesuffix("'s")
        if len(plain) < _MIN or plain.lower() in stopped:
            continue
        parts = tuple(stem(part) for part in plain.split("-")) if "-" in plain else ()
        yield _Token(plain, stem(plain), parts, match.start(), match.end())


def _covered(report: GapReport) -> list[tuple[float, int, int]]:
    """(score, asked row, brag row) of covered sentences, best first."""
    nearest = report.similarity.argmax(axis=1)
    scores = report.similarity.max(axis=1)
    rows = [
        row
        for row, sentence in enumerate(report.postings.sentences)
        if sentence.asked and scores[row] >= report.thresholds.covered
    ]
    rows.sort(key=lambda row: -float(scores[row]))
    return [(float(scores[row]), row, int(nearest[row])) for row in rows[:PAIRS]]


def _terms(
    workspace: Workspace, report: GapReport, pairs: Sequence[tuple[float, int, int]], known: set[str]
) -> dict[str, _Found]:
    found: dict[str, _Found] = defaultdict(_Found)
    for pair in pairs:
        sentence = report.postings.sentences[pair[1]]
        document = report.postings.documents[sentence.document]
        mentions = workspace.matcher.find(sentence.text)
        for mention in mentions:
            # One that is asked for and not there is a gap, and told as such; an alternative may be a word.
            if mention.name not in report.brag_technologies and report.statuses[pair[1]] == "covered":
                _add(found[f"technology {mention.name}"], "technology", mention.name, sentence.document, pair)
        taken = {at for mention in mentions for at in range(mention.start, mention.end)}
        filled = {stem(word) for _, phrase in filler_in(sentence.text) for word in _WORD.findall(phrase)}
        named = {token.stem for token in _tokens(f"{document.company} {document.location}")}
        before: _Token | None = None
        for token in _tokens(sentence.text):
            telling = (
                token.start not in taken
                and token.stem not in _generic()
                and token.stem not in filled
                and token.stem not in named
                and not token.text.lower().endswith(("ly", "ness"))
            )
            absent = telling and not _is_known(token, known)
            if absent:
                _add(found[token.stem], "word", _shown(token.text), sentence.document, pair)
            new = absent or (before is not None and before.stem not in known)
            if telling and before and new and _GAP.fullmatch(sentence.text[before.end : token.start]):
                both = _shown(sentence.text[before.start : token.end])
                _add(found[f"{before.stem} {token.stem}"], "word", both, sentence.document, pair)
            before = token if telling else None
    return _phrases_first(found)


def _is_known(token: _Token, known: set[str]) -> bool:
    """Whether the document has the word, a part of it, or what it is made from ("precept" of "preceptor")."""
    if token.stem in known or set(token.parts) & known:
        return True
    return any(token.stem[:length] in known for length in range(_ROOT, len(token.stem)))


def _add(
    found: _Found,
    kind: Literal["word", "technology"],
    wording: str,
    posting: int,
    pair: tuple[float, int, int],
) -> None:
    found.kind = kind
    found.wordings[wording] += 1
    found.postings.add(posting)
    found.pair = max(found.pair, pair)


def _phrases_first(found: dict[str, _Found]) -> dict[str, _Found]:
    """A pair of words stands where it comes back (twice at least) and for its words where they come mostly
    in it; other pairs are chance."""
    phrases = {
        term: of
        for term, of in found.items()
        if of.kind == "word" and " " in term and sum(of.wordings.values()) > 1
    }
    inside = {
        word
        for term, of in phrases.items()
        for word in term.split()
        if word in found and sum(of.wordings.values()) * 2 > sum(found[word].wordings.values())
    }
    return {
        term: of
        for term, of in found.items()
        if term in phrases or (term not in inside and (of.kind == "technology" or " " not in term))
    }


@lru_cache(maxsize=1)
def _generic() -> frozenset[str]:
    return frozenset(map(stem, GENERIC.split()))


def _shown(text: str) -> str:
    """In small letters, unless it is written otherwise inside a sentence: ``OSHA``, ``JavaScript``."""
    return text if any(character.isupper() for character in text[1:]) else text.lower()


def _common(all_postings: Side, near: Side) -> set[str]:
    """Words that postings use whatever the job; empty with too few postings to tell."""
    if len(all_postings.documents) < ENOUGH or len(all_postings.documents) == len(near.documents):
        return set()
    everywhere, sampled = _document_shares(all_postings)
    here, _ = _document_shares(near)
    return {
        word
        for word, share in everywhere.items()
        if share >= COMMON and sampled >= ENOUGH and here.get(word, 0.0) < LIFT * share
    }


def _document_shares(side: Side) -> tuple[dict[str, float], int]:
    """Each stem's share of the documents, and how many documents were read."""
    step = -(-len(side.documents) // max(1, COUNTED * len(side.documents) // max(len(side.sentences), 1)))
    seen: dict[int, set[str]] = defaultdict(set)
    for sentence in side.sentences:
        if sentence.asked and sentence.document % step == 0:
            seen[sentence.document].update(
                stem(word) for word in _WORD.findall(sentence.text) if len(word) >= _MIN
            )
    counts = Counter(word for words in seen.values() for word in words)
    return {word: count / len(seen) for word, count in counts.items()}, len(seen)
