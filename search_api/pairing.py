"""How likely it is that a brag sentence covers an asked sentence: a score from 0 to 1 for every pair.

The cosine of two sentences is not comparable between pairs: general sentences are near to everything, and a
sentence that denies a skill is as near as one that shows it. A logistic model corrects it with

- how far the pair is behind the brag sentence's nearest one in the same posting, and behind the asked
  sentence's nearest one in the same brag document: what speaks louder for something else is no proof here;
- cues in the wording (``search_api/cues.py``, ``search_api/tool_families.py`` and
  ``preprocess/credentials.py``).

On the natural development pairs, judged field by field, the cosine alone has an AUC of .885; with the mean
cosine of both sentences to the other side, as CSLS takes it, .92, and with the two distances in place of
these means .95. The length of the brag sentence added .006 there, but made every long sentence a proof in
postings of other fields, and was left out. ``joblens evaluate gap FILE --fit`` prints the weights that a
file of labelled pairs gives, and how they do on postings that they were not fitted on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from indexer.store import Vector
from preprocess.credentials import Step, names_credential, steps_in, years_in
from search_api.cues import asks_deed, asks_lightly, brag_cues, head_word
from search_api.sides import Side
from search_api.tool_families import products_in, speaks_of

EXPECTED_COSINE = 0.2
"""Mean cosine of an asked sentence and a brag sentence of one document: .20 over the natural pairs of
``fixtures/gap_pairs_dev.yaml``."""

SAME_THINGS = 0.4
"""Share of an asked sentence's telling words from which a brag sentence speaks of the same things."""

CUE_COSINE = 0.15
"""Pairs below it are about different things: their cues are not looked at, which spares nine tenths of the
work where many postings are compared."""

BIAS = -3.02
WEIGHTS: Mapping[str, float] = {
    "cosine": 10.07,
    "behind in posting": -10.68,
    "behind in document": -3.89,
    "denied": -1.94,
    "exposed": -2.28,
    "seeking": -2.31,
    "others": -0.09,
    "deed": -2.24,
    "deed, same things": -1.42,
    "credential held": 0.82,
    "lower credential": -2.75,
    "no credential": -0.52,
    "years shown": 0.5,
    "fewer years": -1.85,
    "tool of the class": 1.96,
    "same tool": 0.42,
    "other tool": -0.62,
}
"""Logits for a whole unit of each feature. Found with ``joblens evaluate gap fixtures/gap_pairs_dev.yaml
--fit``: logistic regression, ridge penalty 1, no weight against its sense and none beyond 6 for a cue. The
first three are fitted on the natural half and on documents of other fields of work, not on the hard half,
which was chosen against the cosine. The bias puts the highest F1 at .5."""

BASE = tuple(WEIGHTS)[:3]
"""The features that are numbers; the others are cues, 0 or 1 for most pairs."""

CUES = tuple(WEIGHTS)[3:]

DOUBTS = frozenset({"denied", "exposed", "seeking", "others"})
"""Cues under which nearness no longer speaks for the pair: the cosine counts up to the expected one only.
Another deed does so as far as it is done to the same things."""

REASONS: Mapping[str, str] = {
    "denied": "says that it was not done",
    "exposed": "only exposure",
    "seeking": "a wish, not a deed",
    "others": "done by others",
    "deed": "another kind of work",
    "credential held": "the credential or a higher one",
    "lower credential": "a lower credential",
    "no credential": "names no credential",
    "years shown": "enough years",
    "fewer years": "fewer years",
    "tool of the class": "a tool of that class",
    "same tool": "the same tool",
    "other tool": "another tool of that class",
}
"""Cue -> the reason that a person is shown."""

_WORD = re.compile(r"[a-z0-9+#]+")
_STOP_WORDS = (
    "a an and the of to in for with on at by from as or is are be been was were has have had that this it "
    "its their our your my i we you he she they them who which what when while so all each every any no "
    "not more most other others such than then into out up over under about after before between per via "
    "etc experience required preferred must ability able strong skills skill knowledge years year proven "
    "excellent work working job role including use using one two three four five plus well good "
)
_STOP = frozenset(_STOP_WORDS.split())


@dataclass(frozen=True, slots=True)
class PairScores:
    """(asked sentences, brag sentences) float32: ``cosine``, and ``score`` from 0 to 1."""

    cosine: Vector
    score: Vector


def pair_scores(brag: Side, postings: Side, *, without: Sequence[str] = ()) -> PairScores:
    """Score every pair of a posting sentence and a brag sentence.

    :param without: features of :data:`WEIGHTS` to leave out, for ablation.
    """
    cosine: Vector = postings.dense @ brag.dense.T
    logit = np.full(cosine.shape, BIAS, np.float32)
    for name, column, values in _features(brag, postings, cosine, without):
        if name not in without:
            logit[:, column] += np.float32(WEIGHTS[name]) * values
    score: Vector = (1 / (1 + np.exp(-logit))).astype(np.float32, copy=False)
    return PairScores(cosine, score)


def pair_features(brag: Side, postings: Side) -> Vector:
    """(asked, brag, features) float32, the features in the order of :data:`WEIGHTS`; for fitting."""
    cosine = postings.dense @ brag.dense.T
    table = np.zeros((*cosine.shape, len(WEIGHTS)), np.float32)
    position = {name: number for number, name in enumerate(WEIGHTS)}
    for name, column, values in _features(brag, postings, cosine):
        table[:, column, position[name]] = values
    return table


def reasons(asked: str, brag: str) -> tuple[str, ...]:
    """What speaks for and against the pair besides its cosine, in plain words."""
    found = {name for name, values in _cues_of(brag, [asked]) if values[0] > 0}
    return tuple(dict.fromkeys(REASONS[name] for name in REASONS if name in found))


# ---- inside

_Values = npt.NDArray[np.float32]


def _features(
    brag: Side, postings: Side, cosine: Vector, without: Sequence[str] = ()
) -> Iterator[tuple[str, int | slice, _Values]]:
    """Feature, column (or all columns) and its values for every row; what is not given is 0."""
    everything = slice(None)
    theirs = np.array([sentence.document for sentence in postings.sentences], dtype=np.intp)
    mine = np.array([sentence.document for sentence in brag.sentences], dtype=np.intp)
    yield "behind in posting", everything, _behind(cosine, theirs)
    yield "behind in document", everything, _behind(cosine.T, mine).T
    asked = [sentence.text for sentence in postings.sentences]
    counted = cosine.copy()
    for column, sentence in enumerate(brag.sentences):
        rows = np.flatnonzero(cosine[:, column] >= CUE_COSINE)
        doubt = np.zeros(len(asked), np.float32)
        for name, found in _cues_of(sentence.text, [asked[row] for row in rows]):
            if name in without:
                continue
            values = np.zeros(len(asked), np.float32)
            values[rows] = found
            if name in DOUBTS:
                doubt = np.maximum(doubt, values)
            elif name == "deed, same things":
                doubt = np.maximum(doubt, np.minimum(values / SAME_THINGS, 1))
            yield name, column, values
        if doubt.any():
            # That somebody wishes for just this thing is no better than that they wish for one like it.
            counted[:, column] -= doubt * np.maximum(cosine[:, column] - np.float32(EXPECTED_COSINE), 0)
    yield "cosine", everything, counted


def _behind(cosine: Vector, document: npt.NDArray[np.intp]) -> _Values:
    """How far each value is below the highest of its column over the rows of the same document."""
    highest = np.full((int(document.max(initial=0)) + 1, cosine.shape[1]), -1, np.float32)
    starts = np.flatnonzero(np.append(True, document[1:] != document[:-1]))
    np.maximum.at(highest, document[starts], np.maximum.reduceat(cosine, starts, axis=0))
    behind: _Values = highest[document] - cosine
    return behind


def _cues_of(brag: str, asked: Sequence[str]) -> Iterator[tuple[str, _Values]]:
    """The cues of one brag sentence against every asked one; a cue that cannot hold is left out."""
    yield from _wording(brag, asked)
    yield from _credentials(brag, asked)
    held = years_in(brag)
    if held is not None:
        wanted = np.array([_asked_years(text) for text in asked], np.float32)  # nan where none is asked
        yield "years shown", (wanted <= held).astype(np.float32)
        yield "fewer years", (wanted > held).astype(np.float32)
    products = products_in(brag)
    if products:
        stated = [speaks_of(text, products) for text in asked]
        yield "tool of the class", _flags(found == "class" for found in stated)
        yield "same tool", _flags(found == "same" for found in stated)
        yield "other tool", _flags(found == "other" for found in stated)


def _wording(brag: str, asked: Sequence[str]) -> Iterator[tuple[str, _Values]]:
    cues = brag_cues(brag)
    for name, clauses in cues.clauses.items():
        values = np.ones(len(asked), np.float32)
        if cues.rest:  # the cue holds only for what its own clause speaks of
            inside, outside = [_stems(part) for part in clauses], [_stems(part) for part in cues.rest]
            within = np.array([_shared(text, inside) for text in asked])
            beyond = np.array([_shared(text, outside) for text in asked])
            values = np.where(within + beyond > 0, within >= beyond, 0.5).astype(np.float32)
        if name != "denied":
            values = values * np.where([asks_lightly(text) for text in asked], np.float32(0.5), np.float32(1))
        yield name, values
    if cues.deeds:
        other = _flags(
            not any(asks_deed(text, deed) for deed in cues.deeds) and not _did(text, brag) for text in asked
        )
        yield "deed", other
        stems = [_stems(brag)]
        yield "deed, same things", other * _share(asked, stems)


def _share(asked: Sequence[str], stems: Sequence[frozenset[str]]) -> _Values:
    """How much of each asked sentence's telling words are among ``stems``, from 0 to 1."""
    return np.array([_shared(text, stems) / max(len(_stems(text)), 1) for text in asked], np.float32)


def _credentials(brag: str, asked: Sequence[str]) -> Iterator[tuple[str, _Values]]:
    mine: dict[str, int] = {}
    for step in steps_in(brag):
        mine[step.family] = max(step.step, mine.get(step.family, 0))
    if mine:
        ranks = [_rank(steps_in(text), mine) for text in asked]
        yield "credential held", _flags(rank == 1 for rank in ranks)
        yield "lower credential", _flags(rank == -1 for rank in ranks)
    elif not names_credential(brag):
        yield "no credential", _flags(_asks_credential(text) for text in asked)


@lru_cache(maxsize=65_536)
def _asks_credential(text: str) -> bool:
    return names_credential(text)


def _rank(asked: Sequence[Step], mine: Mapping[str, int]) -> int:
    """1: one of the ladders asked for is climbed far enough; -1: only too low; 0: no ladder in common.

    Of several steps of one ladder ("RN or LPN", "associate degree or higher") the lowest is what is asked.
    """
    wanted: dict[str, int] = {}
    for step in asked:
        if step.family in mine:
            wanted[step.family] = min(step.step, wanted.get(step.family, step.step))
    if not wanted:
        return 0
    return 1 if any(mine[family] >= step for family, step in wanted.items()) else -1


def _did(asked: str, brag: str) -> bool:
    """Whether the verb that an asked sentence opens with stands in the past tense in the brag sentence."""
    verb = head_word(asked)
    if len(verb) < 4:
        return False
    stem = re.escape(verb.rstrip("e"))
    return bool(re.search(rf"\b{stem}{re.escape(verb[-1])}?ed\b", brag, re.IGNORECASE))


@lru_cache(maxsize=65_536)
def _asked_years(text: str) -> float:
    years = years_in(text)
    return float("nan") if years is None else years


@lru_cache(maxsize=65_536)
def _stems(text: str) -> frozenset[str]:
    """The telling words, each by its first five letters: "install", "installed" and "installs" are one."""
    return frozenset(word[:5] for word in _WORD.findall(text.lower()) if word not in _STOP)


def _shared(asked: str, parts: Sequence[frozenset[str]]) -> int:
    stems = _stems(asked)
    return max((len(stems & part) for part in parts), default=0)


def _flags(values: Iterator[bool]) -> _Values:
    return np.fromiter(values, dtype=np.float32)
