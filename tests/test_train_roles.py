"""Training roles: a few postings are enough, and the packaged model is what the committed data gives."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from indexer.role_model import ROLES, load_role_model
from indexer.roles import RoleClassifier
from indexer.store import Vector
from indexer.workspace import Workspace
from preprocess.errors import ReadError
from tests.command_line import joblens
from tests.conftest import FIXTURES
from workbench.bare_skills import BARE_SKILLS
from workbench.role_labels import LabelledSentences, labels_digest, read_labelled_roles
from workbench.train import (
    EncodedPosting,
    encode_postings,
    remembering,
    split_postings,
    train_roles,
)

TRAINING = FIXTURES / "role_sentences.csv"


def few_rows(folder: Path, postings: int = 6) -> Path:
    """The first postings of the fixture, as a file."""
    path = folder / "few.csv"
    with TRAINING.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    names = list(dict.fromkeys(row[0] for row in rows[1:]))[:postings]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([rows[0], *(row for row in rows[1:] if row[0] in names)])
    return path


def test_the_packaged_model_is_what_the_data_gives(workspace: Workspace) -> None:
    labels = read_labelled_roles(TRAINING)
    packaged = load_role_model()
    assert packaged.trained_on == labels_digest(labels)
    assert packaged.weights_sha256 == workspace.encoder.weights_sha256
    encode = remembering(workspace.encode)
    postings = encode_postings(labels, encode)
    trained = RoleClassifier(train_roles(postings, encode), encode)
    read = [posting.read for posting in postings]
    ours = np.concatenate(trained.probabilities(read))
    theirs = np.concatenate(RoleClassifier(packaged, encode).probabilities(read))
    assert np.abs(ours - theirs).mean() < 0.02
    assert (ours.argmax(axis=1) == theirs.argmax(axis=1)).mean() > 0.98


def test_every_role_is_in_the_training_data_and_none_of_it_is_held_out() -> None:
    training, held_out = (
        read_labelled_roles(FIXTURES / f"{name}.csv") for name in ("role_sentences", "role_sentences_heldout")
    )
    counts = Counter(role for posting in training for role in posting.roles)
    assert set(counts) == set(ROLES)
    assert sum(counts[role] for role in ROLES if role not in ("duty", "requirement", "preferred")) >= 400
    seen = {text.casefold() for posting in training for text in posting.texts if len(text.split()) > 6}
    assert not seen & {text.casefold() for posting in held_out for text in posting.texts}
    assert not {posting.posting for posting in training} & {posting.posting for posting in held_out}


@pytest.mark.usefixtures("empty_home")
def test_a_model_trained_on_a_few_postings_is_written_and_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "own.safetensors"
    ran = joblens("train", "roles", few_rows(tmp_path), "--output", path)
    assert ran.code == 0, ran.err
    assert "of 6 postings; cross-validated macro F1 0." in ran.told
    assert f"wrote {path.stat().st_size:,} bytes to" in ran.told
    assert path.stat().st_size < 1_000_000
    assert np.isfinite(load_role_model(path).sentence_weights).all()
    monkeypatch.setenv("JOBLENS_ROLES", str(path))
    assert joblens("evaluate", "roles", "--errors", "0").code == 0


@pytest.mark.usefixtures("empty_home")
def test_too_few_postings_are_refused(tmp_path: Path) -> None:
    ran = joblens("train", "roles", few_rows(tmp_path, 2), "--output", tmp_path / "own.safetensors")
    assert "expected at least 5 labelled postings and two roles to train on, found 2" in ran.told
    assert not (tmp_path / "own.safetensors").exists()


@pytest.mark.usefixtures("empty_home")
def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    ran = joblens("train", "roles", few_rows(tmp_path), "--output", tmp_path / "none" / "own.safetensors")
    assert (ran.code, "the role model cannot be written to" in ran.told) == (1, True)


# ---- with made-up vectors


def encode(texts: Sequence[str]) -> Vector:
    """(n, 3): which of three words a text holds."""
    words = ("cook", "pay", "skill")
    return np.array([[float(word in text) for word in words] for text in texts], np.float32).reshape(-1, 3)


def postings(count: int, roles: Sequence[str] = ("duty", "benefits")) -> list[EncodedPosting]:
    words = {"duty": "we cook here", "benefits": "we pay here"}
    labels = [
        LabelledSentences(str(n), tuple(words[role] for role in roles), ("",) * len(roles), tuple(roles))
        for n in range(count)
    ]
    return encode_postings(labels, encode)


def test_two_roles_without_a_heading_can_be_trained() -> None:
    model = train_roles(postings(8), encode)
    guesses = RoleClassifier(model, encode).roles([postings(1)[0].read])[0]
    assert [guess.role for guess in guesses] == ["duty", "benefits"]


def test_training_twice_gives_the_same_model() -> None:
    assert train_roles(postings(8), encode).digest == train_roles(postings(8), encode).digest


def test_one_role_is_refused() -> None:
    with pytest.raises(ReadError, match="found 8 and 1"):
        train_roles(postings(8, ("duty", "duty")), encode)


def test_every_posting_is_held_back_once() -> None:
    folds = split_postings(10, 3, 1)
    assert sorted(at for _, held in folds for at in held) == list(range(10))
    assert all(not set(kept) & set(held) for kept, held in folds)


def test_pieces_hold_every_sentence_once() -> None:
    (posting,) = encode_postings(
        [LabelledSentences("a", tuple("abcdefg"), ("S",) * 7, ("duty",) * 7)], encode
    )
    pieces = posting.pieces()
    assert [piece.labels.texts for piece in pieces] == [("a",), ("b", "c", "d"), ("e", "f"), ("g",)]
    assert [piece.labels.sections[0] for piece in pieces] == ["", "S", "", "S"]
    assert [len(piece.dense) for piece in pieces] == [1, 3, 2, 1]


def test_skills_take_the_role_of_their_section() -> None:
    labels = LabelledSentences(
        "a", ("do", "x", "y", "end"), ("", "S", "S", "T"), ("duty", "preferred", "preferred", "legal")
    )
    (posting,) = encode_postings([labels], encode)
    grown = posting.with_skills(np.asarray(encode(BARE_SKILLS)), np.random.default_rng(1))
    added = [row for row in zip(grown.labels.texts, grown.labels.sections, grown.labels.roles, strict=True)
             if row[0] in BARE_SKILLS]  # fmt: skip
    assert [row[1:] for row in added] == [("S", "preferred")] * 3
    assert [text for text in grown.labels.texts if text not in BARE_SKILLS] == ["do", "x", "y", "end"]
    assert len(grown.dense) == 7


def test_a_text_is_encoded_once() -> None:
    asked: list[str] = []

    def counting(texts: Sequence[str]) -> Vector:
        asked.extend(texts)
        return encode(texts)

    remembered = remembering(counting)
    assert remembered(["cook", "pay", "cook"]).tolist() == encode(["cook", "pay", "cook"]).tolist()
    remembered(["pay"])
    assert asked == ["cook", "pay"]
