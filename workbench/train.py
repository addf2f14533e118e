"""Trains the role classifier on labelled postings, and measures it on postings that it was not trained on.

The chain learns from sentences as the two regressions see unknown postings: within the training postings
they are fitted on four fifths and read the last one (stacked generalisation, Wolpert, 1992). Every posting
is shown in four ways: as it is; without its headings, because many real ones have none; in pieces, because
people also ask about two or three lines; and with bare skills put into its lists.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from indexer.role_cues import says_preferred, surface
from indexer.role_model import ROLES, RoleModel
from indexer.roles import LEAST_LOG, PostingText, RoleClassifier, section_starts
from indexer.store import Vector
from preprocess.errors import ReadError
from workbench.bare_skills import BARE_SKILLS
from workbench.judge_roles import RoleReport, judge_roles
from workbench.role_chain import fit_chain
from workbench.role_labels import LabelledSentences, labels_digest

FOLDS = 6
"""Parts that the postings are split into to cross-validate."""

INNER_FOLDS = 5
PIECES = (1, 3, 2, 5)
SKILLS_A_SECTION = 3
LEAST_POSTINGS = 5
SEED = 20_26
STEPS = 500

STRENGTH = 1.0
"""Inverse of the L2 penalty (scikit-learn's C) of both regressions; of .3, 1, 3 and 10 it had the highest
cross-validated macro F1 on ``fixtures/role_sentences.csv``: .848, .852, .850, .839."""

Encode = Callable[[Sequence[str]], Vector]


@dataclass(frozen=True, slots=True)
class EncodedPosting:
    """A labelled posting with its vectors: ``dense`` (n, dim) float32, L2-normalised."""

    labels: LabelledSentences
    dense: Vector

    @property
    def read(self) -> PostingText:
        """What a classifier is shown of it."""
        return PostingText(self.labels.texts, self.labels.sections, self.dense)

    def without_headings(self) -> EncodedPosting:
        """The same posting as if it had no section."""
        empty = ("",) * len(self.labels.texts)
        return replace(self, labels=replace(self.labels, sections=empty))

    def pieces(self) -> list[EncodedPosting]:
        """The same sentences as postings of :data:`PIECES` sentences, every other one without headings."""
        found: list[EncodedPosting] = []
        start = 0
        while start < len(self.dense):
            end = start + PIECES[len(found) % len(PIECES)]
            labels = replace(
                self.labels,
                texts=self.labels.texts[start:end],
                sections=self.labels.sections[start:end],
                roles=self.labels.roles[start:end],
            )
            piece = EncodedPosting(labels, self.dense[start:end])
            found.append(piece if len(found) % 2 else piece.without_headings())
            start = end
        return found

    def with_skills(self, vectors: Vector, generator: np.random.Generator) -> EncodedPosting:
        """The same posting with a few of :data:`BARE_SKILLS` in every section that mostly requires or wishes.

        :param vectors: (len(BARE_SKILLS), dim), theirs.
        """
        rows = list(zip(self.labels.texts, self.labels.sections, self.labels.roles, self.dense, strict=True))
        for section in dict.fromkeys(self.labels.sections):
            roles = Counter(role for _, under, role, _ in rows if under == section)
            ((role, count),) = roles.most_common(1)
            if not section or role not in ("requirement", "preferred") or count < 2:
                continue
            for chosen in generator.integers(len(BARE_SKILLS), size=SKILLS_A_SECTION):
                places = [at for at, (_, under, _, _) in enumerate(rows) if under == section]
                place = int(generator.choice(places)) + 1
                rows.insert(place, (BARE_SKILLS[chosen], section, role, vectors[chosen]))
        texts, sections, names, dense = zip(*rows, strict=True)
        labels = replace(self.labels, texts=texts, sections=sections, roles=names)
        return EncodedPosting(labels, np.array(dense))


def encode_postings(postings: Sequence[LabelledSentences], encode: Encode) -> list[EncodedPosting]:
    """Give every sentence its vector."""
    dense = encode([text for posting in postings for text in posting.texts])
    ends = np.cumsum([len(posting.texts) for posting in postings])[:-1]
    parts = np.split(np.asarray(dense), ends)
    return [EncodedPosting(posting, part) for posting, part in zip(postings, parts, strict=True)]


def remembering(encode: Encode) -> Encode:
    """The same vectors, each text encoded once; headings are asked for in every fold."""
    known: dict[str, Vector] = {}

    def recalled(texts: Sequence[str]) -> Vector:
        new = [text for text in dict.fromkeys(texts) if text not in known]
        if new:
            known.update(zip(new, encode(new), strict=True))
        return np.array([known[text] for text in texts])

    return recalled


def train_roles(
    postings: Sequence[EncodedPosting], encode: Encode, *, encoder: str = "", weights_sha256: str = ""
) -> RoleModel:
    """Train on all postings; the same data gives the same model.

    :param encode: makes the vectors of headings.
    :param encoder: the model's name and hash are kept in the file, so that no other's vectors are read.
    :raises ReadError: if there are fewer than :data:`LEAST_POSTINGS` postings or two roles.
    """
    roles = {role for posting in postings for role in posting.labels.roles}
    if len(postings) < LEAST_POSTINGS or len(roles) < 2:
        raise ReadError(
            f"expected at least {LEAST_POSTINGS} labelled postings and two roles to train on, "
            f"found {len(postings)} and {len(roles)}; name the posting of each row in a column posting"
        )
    skills = np.asarray(encode(BARE_SKILLS))
    generator = np.random.default_rng(SEED)
    shown: list[EncodedPosting] = []
    inputs: list[Vector] = []
    for kept, held in split_postings(len(postings), INNER_FOLDS, SEED + 1):
        reader = RoleClassifier(_regressions([postings[at] for at in kept], encode), encode)
        whole = [postings[at] for at in held]
        part = list(whole)
        part += [posting.without_headings() for posting in whole if any(posting.labels.sections)]
        part += [piece for posting in whole for piece in posting.pieces()]
        part += [posting.with_skills(skills, generator) for posting in whole]
        shown += part
        inputs += reader.chain_inputs([posting.read for posting in part])
    weights, bias, transitions = fit_chain(
        inputs,
        [section_starts(posting.labels.sections) for posting in shown],
        [np.array([ROLES.index(role) for role in posting.labels.roles]) for posting in shown],
        len(ROLES),
    )
    return replace(
        _regressions(postings, encode),
        chain_weights=weights,
        chain_bias=bias,
        transitions=transitions,
        encoder=encoder,
        weights_sha256=weights_sha256,
        trained_on=labels_digest([posting.labels for posting in postings]),
    )


def cross_validate(postings: Sequence[EncodedPosting], encode: Encode) -> RoleReport:
    """Judge every posting by a model that was trained on the postings of the other folds."""
    guesses: dict[int, list[str]] = {}
    for kept, held in split_postings(len(postings), min(FOLDS, len(postings)), SEED):
        reader = RoleClassifier(train_roles([postings[at] for at in kept], encode), encode)
        found = reader.roles([postings[at].read for at in held])
        guesses |= {at: [guess.role for guess in roles] for at, roles in zip(held, found, strict=True)}
    return judge_roles([guesses[at] for at in range(len(postings))], [posting.labels for posting in postings])


def split_postings(count: int, folds: int, seed: int) -> list[tuple[list[int], list[int]]]:
    """For each fold the postings kept and the postings held back, in a shuffled order."""
    order = np.random.default_rng(seed).permutation(count).tolist()
    parts = [order[part::folds] for part in range(folds)]
    return [([at for at in order if at not in part], part) for part in map(list, parts)]


def _regressions(postings: Sequence[EncodedPosting], encode: Encode) -> RoleModel:
    """A model whose chain knows nothing yet."""
    texts = [text for posting in postings for text in posting.labels.texts]
    sections = [section for posting in postings for section in posting.labels.sections]
    roles = [role for posting in postings for role in posting.labels.roles]
    # A plain skill is preferred because of its section, which a sentence by itself does not know.
    by_wording = [
        "requirement" if role == "preferred" and not says_preferred(text) else role
        for text, role in zip(texts, roles, strict=True)
    ]
    dense = np.concatenate([posting.dense for posting in postings])
    weights, bias = _regression(np.hstack([dense, surface(texts)]), by_wording)
    under = [(section, role) for section, role in zip(sections, roles, strict=True) if section]
    known = dict(_vectors({section for section, _ in under}, encode))
    heading_weights, heading_bias = _regression(
        np.array([known[section] for section, _ in under]).reshape(-1, dense.shape[1]),
        [role for _, role in under],
    )
    count = len(ROLES)
    return RoleModel(
        weights, bias, heading_weights, heading_bias,
        chain_weights=np.zeros((0, count), np.float32),
        chain_bias=np.zeros(count, np.float32),
        transitions=np.zeros((2, count, count), np.float32),
    )  # fmt: skip


def _vectors(texts: set[str], encode: Encode) -> list[tuple[str, Vector]]:
    ordered = sorted(texts)
    return list(zip(ordered, encode(ordered), strict=True)) if ordered else []


def _regression(rows: npt.NDArray[np.float32], roles: Sequence[str]) -> tuple[Vector, Vector]:
    """Multinomial logistic regression: (columns, 8) and (8,); a role without an example is held unlikely."""
    from sklearn.linear_model import LogisticRegression

    weights = np.zeros((rows.shape[1], len(ROLES)), np.float32)
    bias = np.full(len(ROLES), LEAST_LOG, np.float32)
    found = sorted(set(roles))
    if len(found) == 1:
        bias[ROLES.index(found[0])] = 0
    if len(found) < 2:
        return weights, bias
    fitted = LogisticRegression(C=STRENGTH, max_iter=STEPS, tol=1e-3).fit(rows, list(roles))
    scores, offsets = fitted.coef_, fitted.intercept_
    if len(found) == 2:  # scikit-learn keeps one row for two classes
        scores, offsets = np.vstack([-scores, scores]) / 2, np.concatenate([-offsets, offsets]) / 2
    columns = [ROLES.index(role) for role in fitted.classes_]
    weights[:, columns], bias[columns] = scores.T, offsets
    return weights, bias
