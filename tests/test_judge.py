"""The pluggable judge, with a tiny cross encoder that the test builds."""

from pathlib import Path

import numpy as np
import pytest

from indexer.settings import ModelSettings
from indexer.workspace import Workspace
from preprocess.errors import ModelError
from search_api.gap import gap
from search_api.judge import Judge, judge_of, judged
from search_api.sides import DocumentInfo, Side, SideSentence


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random BERT of two layers with ten words, saved as a CrossEncoder is."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizer

    folder = tmp_path_factory.mktemp("judge")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "glaze", "glazed", "pots", "kiln", "fired"]
    (folder / "vocab.txt").write_text("\n".join(words))
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(words), hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=16, max_position_embeddings=32,
    )  # fmt: skip
    config.num_labels = 1
    model = BertForSequenceClassification(config)
    model.classifier.bias.data.fill_(2.0)
    model.save_pretrained(folder)
    BertTokenizer(vocab=str(folder / "vocab.txt"), model_max_length=32).save_pretrained(folder)
    return folder


def side(*texts: str) -> Side:
    rows = np.eye(max(len(texts), 4), dtype=np.float32)[: len(texts)]
    return Side((DocumentInfo("d", "d"),), tuple(SideSentence(text, 0) for text in texts), rows)


def test_logits_become_scores_from_0_to_1(tiny: Path) -> None:
    found = Judge(str(tiny)).score([("glaze pots", "glazed pots"), ("fired kiln", "pots")])
    assert found.shape == (2,)
    assert ((found > 0.5) & (found < 1)).all()  # the sigmoid of a logit near the bias, 2


def test_the_best_pairs_of_each_row_are_judged_and_the_others_stay_below(tiny: Path) -> None:
    scores = np.array([[0.9, 0.8, 0.7, 0.6]], np.float32)
    found = judged(Judge(str(tiny)), scores, side("glaze pots"), side("pots", "kiln", "glazed", "fired"))
    assert found[0, :3].tolist() != scores[0, :3].tolist()
    assert found[0, 3] <= found[0, :3].min()


def test_rows_that_are_not_named_keep_their_scores(tiny: Path) -> None:
    scores = np.array([[0.1], [0.2]], np.float32)
    found = judged(Judge(str(tiny)), scores, side("glaze", "kiln"), side("pots"), rows=[1])
    assert found[0, 0] == np.float32(0.1)
    assert found[1, 0] > 0.5


def test_a_gap_with_a_judge_rests_on_its_scores(tiny: Path) -> None:
    report = gap(side("pots"), side("kiln", "fired"), judge=Judge(str(tiny)))
    assert (report.similarity[:, 0] > 0.5).all()


def test_a_judge_that_cannot_be_loaded_says_so(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="JOBLENS_JUDGE="):
        Judge(str(tmp_path / "none")).score([("a", "b")])


def test_the_judge_is_off_unless_the_setting_names_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert judge_of(Workspace(ModelSettings())) is None
    monkeypatch.setenv("JOBLENS_JUDGE", "some/judge")
    found = judge_of(Workspace(ModelSettings()))
    assert found is not None
    assert found.name == "some/judge"
