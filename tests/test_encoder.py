"""The encoders on the real model, on tiny models built here, and on each other."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.encoder import (
    PACKAGED_NAME,
    PACKAGED_SHA256,
    Encoder,
    check_weights,
    open_encoder,
    packaged_folder,
    valid_unicode,
)
from indexer.openvino_batches import SPLIT_TOKENS, pad, plan_batches, small_shape
from indexer.openvino_convert import FACTS
from indexer.openvino_encoder import CHUNK, OpenVinoEncoder, best_precision, converted_folder
from indexer.openvino_int8 import round_weights
from indexer.settings import ModelSettings
from preprocess.errors import MissingExtra, MissingModel, ModelError, WeightsMismatch

ROOT = Path(__file__).resolve().parents[1]
TEXTS = [
    "Registered Nurse",
    "Sr. Python Developer (Remote)",
    "Weld pressure pipe to code and read isometric drawings.",
    "Prepare monthly financial statements and explain variances to the board of directors.",
    "Answers the phone, greets visitors and keeps the calendar of three partners up to date.",
    "cook",
    "Rebuilt the shipment tracking API with FastAPI and PostgreSQL.",
    "Erfahrung mit Kubernetes und Terraform ist von Vorteil.",
]
CANONICAL = {
    "Registered Nurse": [-0.0951, -0.1006, -0.0366, 0.0690],
    "Weld pressure pipe to code and read isometric drawings.": [-0.0994, 0.0249, -0.0465, -0.0760],
    "Rebuilt the shipment tracking API with FastAPI and PostgreSQL.": [-0.0591, -0.0131, -0.0586, 0.0412],
}
"""The first four of 384 dimensions, by sentence-transformers 6.2 in float32."""


@pytest.fixture(scope="module")
def encoder(model_settings: ModelSettings) -> OpenVinoEncoder:
    opened = open_encoder(model_settings)
    assert isinstance(opened, OpenVinoEncoder)
    return opened


@pytest.fixture(scope="module")
def reference(model_settings: ModelSettings) -> Encoder:
    return open_encoder(model_settings.model_copy(update={"backend": "sentence-transformers"}))


@pytest.fixture(scope="module")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders of a random two-layer BERT with the packaged tokenizer, pooled in two ways."""
    import torch
    from transformers import BertConfig, BertModel

    torch.manual_seed(5)
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    model = BertModel(BertConfig.from_dict({"vocab_size": 30522, "initializer_range": 0.3, **sizes}))
    folders = {}
    for pooling in ("mean", "cls"):
        folder = tmp_path_factory.mktemp("models") / f"tiny-{pooling}"
        model.save_pretrained(folder)
        for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt"):
            shutil.copy(packaged_folder() / name, folder)
        modules = [
            {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
        ]
        (folder / "modules.json").write_text(json.dumps(modules))
        (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 16, "do_lower_case": false}')
        (folder / "1_Pooling").mkdir()
        modes = {"pooling_mode_mean_tokens": pooling == "mean", "pooling_mode_cls_token": pooling == "cls"}
        (folder / "1_Pooling" / "config.json").write_text(
            json.dumps({"word_embedding_dimension": 32, **modes})
        )
        folders[pooling] = folder
    return folders


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def cosines(left: npt.NDArray[np.float32], right: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Of vectors that must be L2-normalised."""
    for vectors in (left, right):
        assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-4)
    found: npt.NDArray[np.float32] = np.sum(left * right, axis=1)
    return found


def test_default_encoder_is_the_packaged_model(encoder: OpenVinoEncoder) -> None:
    assert (encoder.name, encoder.dimension) == (PACKAGED_NAME, 384)
    assert encoder.weights_sha256 == PACKAGED_SHA256


def test_reference_vectors_are_the_pinned_ones(reference: Encoder) -> None:
    vectors = reference.encode(list(CANONICAL))
    assert vectors[:, :4] == pytest.approx(np.array(list(CANONICAL.values())), abs=2e-4)


def test_default_vectors_are_the_pinned_ones(encoder: OpenVinoEncoder) -> None:
    vectors = encoder.encode(list(CANONICAL))
    assert vectors.dtype == np.float32
    assert vectors[:, :4] == pytest.approx(np.array(list(CANONICAL.values())), abs=0.01)


def test_fast_path_equals_the_reference(encoder: OpenVinoEncoder, reference: Encoder) -> None:
    found = cosines(encoder.encode(TEXTS), reference.encode(TEXTS))
    assert found.mean() > 0.999
    assert found.min() > 0.997


def test_no_texts_give_no_rows(encoder: OpenVinoEncoder, reference: Encoder) -> None:
    assert encoder.encode([]).shape == (0, 384)
    assert reference.encode([]).shape == (0, 384)


@settings(max_examples=15, deadline=None)
@given(order=st.permutations(range(len(TEXTS))))
def test_rows_follow_the_order_of_the_texts(encoder: OpenVinoEncoder, order: list[int]) -> None:
    straight = encoder.encode(TEXTS)
    assert encoder.encode([TEXTS[position] for position in order]) == pytest.approx(straight[order], abs=2e-3)


def test_a_text_alone_equals_the_same_text_in_a_batch(encoder: OpenVinoEncoder) -> None:
    together = encoder.encode(TEXTS)
    alone = np.concatenate([encoder.encode([text]) for text in TEXTS])
    assert cosines(together, alone).min() > 0.9999


def test_texts_of_equal_tokens_have_equal_vectors(encoder: OpenVinoEncoder) -> None:
    vectors = encoder.encode(["Nurse", "cook", "NURSE", "  nurse  "])
    assert np.array_equal(vectors[[0, 0]], vectors[[2, 3]])
    assert not np.array_equal(vectors[0], vectors[1])


def test_duplicates_are_found_across_chunks(encoder: OpenVinoEncoder) -> None:
    vectors = encoder.encode(["nurse", "cook"] * CHUNK)
    assert len(np.unique(vectors[:, 0])) == 2
    assert vectors[-2:] == pytest.approx(encoder.encode(["nurse", "cook"]), abs=2e-3)


def test_a_long_text_counts_up_to_the_models_length(encoder: OpenVinoEncoder) -> None:
    cut = encoder.encode(["nurse " * 254])  # and the two special tokens
    assert encoder.encode(["nurse " * 20_000]) == pytest.approx(cut, abs=2e-3)
    assert cosines(encoder.encode(["nurse " * 20]), cut)[0] < 0.999


@pytest.mark.parametrize(
    "text", ["", " ", "\0", "\N{FIRE}" * 40, "x" * 100_000, "مهندس", "broken \ud800 half"]
)
def test_any_string_has_a_vector_close_to_the_references(
    encoder: OpenVinoEncoder, reference: Encoder, text: str
) -> None:
    assert cosines(encoder.encode([text]), reference.encode([text]))[0] > 0.99


def test_threads_get_the_vectors_of_their_own_texts(encoder: OpenVinoEncoder) -> None:
    calls = [TEXTS[start:] + TEXTS[:start] for start in range(len(TEXTS))] * 4
    straight = dict(zip(TEXTS, encoder.encode(TEXTS), strict=True))
    with ThreadPoolExecutor(8) as pool:
        for texts, vectors in zip(calls, pool.map(encoder.encode, calls), strict=True):
            assert vectors == pytest.approx(np.array([straight[text] for text in texts]), abs=2e-3)


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_another_folder_is_the_same_through_both_backends(
    tiny_models: dict[str, Path], cache: Path, pooling: str
) -> None:
    chosen = ModelSettings(name=str(tiny_models[pooling]), cache=cache, precision="f32")
    fast = open_encoder(chosen)
    slow = open_encoder(chosen.model_copy(update={"backend": "sentence-transformers"}))
    assert (fast.name, fast.dimension) == (slow.name, slow.dimension) == (f"tiny-{pooling}", 32)
    assert fast.weights_sha256 == slow.weights_sha256
    assert cosines(fast.encode(TEXTS), slow.encode(TEXTS)).min() > 0.9999


def test_the_same_weights_with_another_pooling_are_another_model(
    tiny_models: dict[str, Path], cache: Path
) -> None:
    mean, cls = tiny_models["mean"], tiny_models["cls"]
    assert check_weights(mean) == check_weights(cls)
    converted = [converted_folder(folder, check_weights(folder), cache, "float") for folder in (mean, cls)]
    assert converted[0] != converted[1]


def test_a_model_that_int8_does_not_suit_says_why(tiny_models: dict[str, Path], cache: Path) -> None:
    with pytest.raises(ModelError, match=r"tiny-mean cannot run in int8: no layer has 128 input channels"):
        open_encoder(ModelSettings(name=str(tiny_models["mean"]), cache=cache, precision="int8"))


def test_two_processes_may_convert_the_same_model_at_once(
    tiny_models: dict[str, Path], tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "indexer.openvino_convert", str(tiny_models["mean"])]
    running = [
        subprocess.Popen([*command, str(tmp_path / "out"), "float"], cwd=ROOT, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    errors = [process.communicate()[1].decode() for process in running]
    assert [process.returncode for process in running] == [0, 0], errors
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        FACTS,
        "model.bin",
        "model.xml",
        "tokenizer.json",
    }


def test_a_folder_that_cannot_be_converted_says_what_the_converter_said(
    tiny_models: dict[str, Path], tmp_path: Path
) -> None:
    folder = tmp_path / "damaged"
    shutil.copytree(tiny_models["mean"], folder)
    (folder / "config.json").write_text("{")
    with pytest.raises(ModelError, match=r"(?s)cannot be converted.*exit status 1.*config\.json"):
        open_encoder(ModelSettings(name=str(folder), cache=tmp_path / "cache"))
    assert list((tmp_path / "cache").iterdir()) == []


def test_without_torch_the_conversion_gives_the_install_line(
    tiny_models: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)  # how Python marks a module that cannot be imported
    with pytest.raises(MissingExtra, match=r"pip install torch==2\.13\.0 sentence-transformers"):
        open_encoder(ModelSettings(name=str(tiny_models["mean"]), cache=tmp_path))


def test_weights_with_one_byte_changed_are_refused(tiny_models: dict[str, Path], tmp_path: Path) -> None:
    pinned = check_weights(tiny_models["mean"])
    folder = tmp_path / "changed"
    shutil.copytree(tiny_models["mean"], folder)
    weights = bytearray((folder / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (folder / "model.safetensors").write_bytes(weights)
    with pytest.raises(WeightsMismatch, match=rf"Expected SHA-256 {pinned} .* found {check_weights(folder)}"):
        open_encoder(ModelSettings(name=str(folder), sha256=pinned, cache=tmp_path))


def test_a_folder_without_weights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingModel, match=r"Expected model\.safetensors"):
        open_encoder(ModelSettings(name=str(tmp_path), cache=tmp_path))


def test_a_path_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingModel, match="expected a model folder or a hub name, found"):
        open_encoder(ModelSettings(name=str(tmp_path / "nothing"), cache=tmp_path))


@pytest.mark.usefixtures("encoder")  # which warms the cache
def test_encoding_from_a_warm_cache_imports_no_torch(model_settings: ModelSettings) -> None:
    program = (
        "import sys; from indexer.encoder import open_encoder; from indexer.settings import ModelSettings;"
        "vectors = open_encoder(ModelSettings()).encode(['nurse']);"
        "print(*{'torch', 'transformers', 'sentence_transformers', 'sklearn', 'scipy'} & set(sys.modules))"
    )
    environment = {**os.environ, "JOBLENS_MODEL_CACHE": str(model_settings.cache)}
    child = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert child.stdout == "\n"


@given(lengths=st.lists(st.integers(2, 256), max_size=200), budget=st.integers(1, 2000))
def test_batches_hold_every_text_once_within_the_budget(lengths: list[int], budget: int) -> None:
    batches = list(plan_batches(lengths, budget))
    assert sorted(position for batch in batches for position in batch) == list(range(len(lengths)))
    for batch in batches:
        widest = lengths[batch[-1]]
        assert widest == max(lengths[position] for position in batch)
        assert len(batch) == 1 or widest * len(batch) <= budget


def test_batches_of_many_equal_lengths_have_no_padding() -> None:
    lengths = [3] * 100 + [4] * 100 + [9] * 100
    batches = list(plan_batches(lengths, 1024))
    assert [{lengths[position] for position in batch} for batch in batches] == [{3}, {4}, {9}]


def test_a_few_texts_of_unequal_length_share_a_batch() -> None:
    assert list(plan_batches([5, 9, 7], 1024)) == [[0, 2, 1]]
    assert SPLIT_TOKENS > (7 - 5) + (9 - 7) * 2


@pytest.mark.parametrize(
    ("lengths", "shape"),
    [
        ([3], (1, 12)),
        ([13], (1, 16)),
        ([4, 12, 5], (4, 12)),
        ([9] * 16, (16, 12)),
        ([9] * 33, None),
        ([257], None),
    ],
)
def test_a_call_of_a_few_short_texts_has_one_of_few_shapes(
    lengths: list[int], shape: tuple[int, int] | None
) -> None:
    assert small_shape(lengths) == shape


def test_a_batch_is_filled_up_to_its_shape_with_rows_of_one_token() -> None:
    ids, mask = pad([[5, 6], [7]], 0, (4, 3))
    assert ids.tolist() == [[5, 6, 0], [7, 0, 0], [0, 0, 0], [0, 0, 0]]
    assert mask.tolist() == [[1, 1, 0], [1, 0, 0], [1, 0, 0], [1, 0, 0]]


def test_what_else_is_in_a_small_call_changes_no_vector(encoder: Encoder) -> None:
    texts = ["nurse", "line cook in a hotel", "senior software developer for payment systems"]
    alone = np.concatenate([encoder.encode([text]) for text in texts])
    assert np.einsum("nd,nd->n", encoder.encode(texts), alone).min() > 0.999


def test_rounded_weights_act_like_the_weights_on_correlated_inputs() -> None:
    random = np.random.default_rng(3)
    inputs = (random.normal(size=(2000, 16)) @ random.normal(size=(16, 160))).astype(np.float32)
    weights = random.normal(size=(24, 160)).astype(np.float32)
    whole, step = round_weights(weights, (inputs.T @ inputs).astype(np.float64))
    plain = np.round(weights / step) * step
    wanted = inputs @ weights.T
    error, plain_error = (np.linalg.norm(inputs @ found.T - wanted) for found in (whole * step, plain))
    assert whole.dtype == np.int8
    assert np.abs(whole.astype(int)).max() <= 127
    assert error < plain_error / 3
    assert error < 0.003 * np.linalg.norm(wanted)


def test_precision_follows_the_processor() -> None:
    assert best_precision(["FP32", "BF16"], {"avx512_vnni", "avx512_bf16"}) == "int8"
    assert best_precision(["FP32"], {"avx512_vnni"}) == "int8"
    assert best_precision(["FP32", "BF16"], {"avx512_vnni", "amx_bf16"}) == "bf16"
    assert best_precision(["FP32", "BF16"], set()) == "bf16"
    assert best_precision(["FP32"], {"avx2"}) == "f32"


@given(text=st.text(st.characters(exclude_categories=["Cs"])))
def test_valid_text_is_left_alone(text: str) -> None:
    assert valid_unicode(text) == text


def test_lone_surrogates_become_question_marks() -> None:
    assert valid_unicode("a\ud800b") == "a?b"
