"""A SentenceTransformer folder for OpenVINO: ``python -m indexer.openvino_convert MODEL OUT float|int8``.

It runs in a process of its own, so that the process that encodes never loads torch. The whole model
(transformer, pooling, dense and the L2 norm) becomes one graph from token ids to vectors. OUT is
written beside itself first and renamed, so that two processes may convert the same model at once.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from preprocess.errors import MissingExtra, ModelError

if TYPE_CHECKING:
    import openvino as ov

Weights = Literal["float", "int8"]

VERSION = 1
"""Part of the cache folder's name; raise it when what is written here changes."""

GRAPH = "model.xml"
TOKENIZER = "tokenizer.json"
FACTS = "facts.json"

TIMEOUT_S = 1200


def convert_in_child(model: Path, out: Path, weights: Weights) -> None:
    """Convert ``model`` into the folder ``out`` in a child process; about 10 s, int8 about 30 s.

    :raises MissingExtra: if torch or sentence-transformers is not installed.
    :raises ModelError: if the model cannot be converted; the message ends in the child's last lines.
    """
    if not (importlib.util.find_spec("torch") and importlib.util.find_spec("sentence_transformers")):
        raise MissingExtra(
            "The model is converted once, which needs torch: pip install torch==2.13.0 sentence-transformers"
        )
    root = str(Path(__file__).resolve().parents[1])
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    try:
        child = subprocess.run(
            [sys.executable, "-m", "indexer.openvino_convert", str(model), str(out), weights],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "HF_HUB_OFFLINE": "1"},
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ModelError(f"Converting {model} for OpenVINO did not end within {TIMEOUT_S} s.") from error
    if child.returncode or not (out / FACTS).exists():
        last = "\n".join(child.stderr.strip().splitlines()[-5:])
        raise ModelError(
            f"{model} cannot be converted for OpenVINO (exit status {child.returncode}); "
            f"JOBLENS_MODEL_BACKEND=sentence-transformers may still run it:\n{last}"
        )


def convert(model: Path, out: Path, weights: Weights) -> None:
    """Write the graph, the tokenizer and the facts of ``model`` into the folder ``out``."""
    import openvino as ov

    out.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        graph, facts = _graph_and_facts(model, work)
        if weights == "int8":
            from indexer.openvino_int8 import quantise

            graph = quantise(graph, work / TOKENIZER, facts)
        ov.save_model(graph, work / GRAPH, compress_to_fp16=False)
        (work / FACTS).write_text(json.dumps(facts, indent=1), encoding="utf-8")
        work.chmod(0o755)  # mkdtemp's 0700 would lock out the user that a service runs as
        try:
            work.replace(out)
        except OSError:
            if not (out / FACTS).exists():  # else another process was first, with the same result
                raise
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _graph_and_facts(model: Path, work: Path) -> tuple[ov.Model, dict[str, Any]]:
    """The float graph, and what the encoder must know; the tokenizer is saved into ``work``."""
    import openvino as ov
    import torch
    from sentence_transformers import SentenceTransformer

    class Vectors(torch.nn.Module):
        """Token ids and mask to L2-normalised vectors, whatever modules the model has."""

        def __init__(self, modules: SentenceTransformer) -> None:
            super().__init__()
            self.modules_in_order = modules

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            features = {"input_ids": input_ids, "attention_mask": attention_mask}
            vectors: torch.Tensor = self.modules_in_order(features)["sentence_embedding"]
            return torch.nn.functional.normalize(vectors, dim=1)

    transformer = SentenceTransformer(str(model), device="cpu", local_files_only=True).float().eval()
    tokenizer = transformer.tokenizer
    tokenizer.backend_tokenizer.save(str(work / TOKENIZER))
    ids = torch.full((2, 8), 5, dtype=torch.long)
    mask = torch.ones_like(ids)
    mask[1, 5:] = 0
    shape = ov.PartialShape([-1, -1])
    graph = ov.convert_model(
        Vectors(transformer),
        example_input={"input_ids": ids, "attention_mask": mask},
        input=[("input_ids", shape, ov.Type.i64), ("attention_mask", shape, ov.Type.i64)],
    )
    facts = {
        "dimension": int(transformer.get_embedding_dimension() or 0),
        "max_tokens": int(transformer.max_seq_length or 512),
        "pad_id": int(tokenizer.pad_token_id or 0),
        "prompt": transformer.prompts.get(transformer.default_prompt_name or "", ""),
        "weights": "float",
    }
    return graph, facts


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[3] not in ("float", "int8"):
        sys.exit("usage: python -m indexer.openvino_convert MODEL_DIR OUT_DIR float|int8")
    convert(Path(sys.argv[1]), Path(sys.argv[2]), "int8" if sys.argv[3] == "int8" else "float")
