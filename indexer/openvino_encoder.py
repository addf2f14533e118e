"""The default encoder: OpenVINO on the CPU, `tokenizers` for the tokens, neither torch nor transformers.

Texts are sorted by token count into batches of about 1,000 tokens, which a stream per core works on.
Equal token sequences are encoded once ("Nurse" and "NURSE" are equal to an uncased model). The model
is converted once by :mod:`indexer.openvino_convert` and kept on disk, compiled form included.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from indexer.encoder import valid_unicode
from indexer.openvino_batches import pad, plan_batches, small_shape
from indexer.openvino_convert import FACTS, GRAPH, TOKENIZER, VERSION, Weights, convert_in_child
from preprocess.errors import ModelError

if TYPE_CHECKING:
    import openvino as ov
    from tokenizers import Tokenizer

CHUNK = 8192
"""Texts sorted together; bounds the memory of a long call."""

TOKENIZE = 1024
"""Texts tokenised at a time: a tokenizer's result is some 100 bytes a token until it is reduced to ids."""

MAX_STREAMS = 8

KERNELS = 512
"""Compiled kernels that OpenVINO keeps, of about 50 per batch shape. Its default of 5,000 let the memory
grow to 1.6 GB over 600 calls of random shapes; with 512 it stays under 0.8 GB."""

_CPU_FLAGS = Path("/proc/cpuinfo")


class OpenVinoEncoder:
    """A SentenceTransformer folder on OpenVINO; see :class:`indexer.encoder.Encoder`.

    Any number of threads may call :meth:`encode` at once: they share the streams batch by batch, so a
    single query waits for a batch (tens of ms), not for another thread's whole call.
    """

    def __init__(
        self,
        folder: Path,
        *,
        name: str,
        weights_sha256: str,
        cache: Path,
        precision: str = "auto",
        threads: int = 0,
        batch_tokens: int = 1024,
    ) -> None:
        """
        :param folder: a SentenceTransformer folder.
        :param cache: where the converted model is kept.
        :param precision: auto, f32, bf16 or int8; see :func:`best_precision`.
        :param threads: 0 for one per core.
        :param batch_tokens: 1024 was best of 256 to 4096 on 2 cores (``benchmarks/encoder.py``): larger
            batches fall out of the processor's cache.
        :raises MissingExtra: if the model must be converted and torch is not installed.
        :raises ModelError: if it cannot be converted or loaded, or not in this precision.
        """
        import openvino as ov
        from tokenizers import Tokenizer

        core = ov.Core()
        capabilities = core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        wanted = best_precision(capabilities, _cpu_flags()) if precision == "auto" else precision
        converted = converted_folder(folder, weights_sha256, cache, "int8" if wanted == "int8" else "float")
        facts = json.loads((converted / FACTS).read_text(encoding="utf-8"))
        if wanted == "int8" and facts["weights"] != "int8":
            if precision == "int8":
                raise ModelError(
                    f"{name} cannot run in int8: {facts['int8']}. Set JOBLENS_MODEL_PRECISION=auto."
                )
            wanted = "bf16" if "BF16" in capabilities else "f32"

        self.name = name
        self.weights_sha256 = weights_sha256
        self.dimension = int(facts["dimension"])
        self.precision = wanted
        self._batch_tokens = batch_tokens
        self._pad_id = int(facts["pad_id"])
        self._prompt = str(facts["prompt"])
        self._tokenizer: Tokenizer = Tokenizer.from_file(str(converted / TOKENIZER))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(int(facts["max_tokens"]))

        threads = threads or usable_cores()
        streams = min(threads, MAX_STREAMS)
        config = {
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": str(streams),
            "CPU_RUNTIME_CACHE_CAPACITY": str(KERNELS),
            "ENABLE_CPU_PINNING": False,  # two processes would pin their threads to the same cores
            "INFERENCE_PRECISION_HINT": "bf16" if wanted != "f32" and "BF16" in capabilities else "f32",
            "DYNAMIC_QUANTIZATION_GROUP_SIZE": str(facts.get("group_size", 0)),
        }
        try:
            model = _compile(core, converted, config)
        except RuntimeError as error:
            raise ModelError(
                f"OpenVINO cannot load {converted} in {wanted}: {error}\nDelete that folder to convert again."
            ) from error
        self._streams = streams
        self._requests: SimpleQueue[ov.InferRequest] = SimpleQueue()
        for _ in range(streams):
            self._requests.put(model.create_infer_request())
        # OpenVINO 2026.4 sets up its NumPy interface at the first array it is given, under a C++ lock that
        # waits for the GIL: two threads giving their first array at once deadlock. One text goes through
        # alone, before any thread can.
        self.encode(["first"])

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """See :meth:`indexer.encoder.Encoder.encode`."""
        vectors = np.empty((len(texts), self.dimension), np.float32)
        first_row: dict[bytes, int] = {}
        rows, sources = [], []
        for start in range(0, len(texts), CHUNK):
            fresh: dict[int, npt.NDArray[np.int32]] = {}
            for row, ids in enumerate(self._token_ids(texts[start : start + CHUNK]), start):
                source = first_row.setdefault(ids.tobytes(), row)
                if source == row:
                    fresh[row] = ids
                else:
                    rows.append(row)
                    sources.append(source)
            self._encode_tokens(fresh, vectors)
        vectors[rows] = vectors[sources]
        return vectors

    def _token_ids(self, texts: Sequence[str]) -> list[npt.NDArray[np.int32]]:
        ids: list[npt.NDArray[np.int32]] = []
        for start in range(0, len(texts), TOKENIZE):
            part = [self._prompt + valid_unicode(text) for text in texts[start : start + TOKENIZE]]
            ids += [np.array(found.ids, np.int32) for found in self._tokenizer.encode_batch_fast(part)]
        return ids

    def _encode_tokens(
        self, tokens: dict[int, npt.NDArray[np.int32]], vectors: npt.NDArray[np.float32]
    ) -> None:
        """Fill the rows of ``vectors`` that ``tokens`` names."""
        rows = list(tokens)
        if not rows:
            return
        lengths = [len(tokens[row]) for row in rows]
        # A call that would fit one batch is spread over the streams, down to a size worth the spreading.
        budget = min(self._batch_tokens, max(128, -(-sum(lengths) // self._streams)))

        def run(batch: list[int], shape: tuple[int, int] | None = None) -> None:
            wanted = [rows[position] for position in batch]
            ids, mask = pad([tokens[row] for row in wanted], self._pad_id, shape)
            request = self._requests.get()
            try:
                found = request.infer([ids, mask], share_inputs=True, share_outputs=True)
                vectors[wanted] = found[0][: len(wanted)]
            finally:
                self._requests.put(request)

        small = small_shape(lengths)
        if small:
            run(list(range(len(rows))), small)
            return
        batches = list(plan_batches(lengths, budget))
        if len(batches) == 1:
            run(batches[0])
        else:
            with ThreadPoolExecutor(min(self._streams, len(batches))) as pool:
                list(pool.map(run, batches))


def best_precision(capabilities: Sequence[str], flags: set[str]) -> str:
    """The fastest arithmetic that keeps the vectors, by what was measured.

    int8 where the processor has VNNI but no AMX (1.4 times bf16 on 2 cores of AMD Zen 4; see
    ``benchmarks/results/encoder.json``); bf16 where it has AMX, which is not measured with int8, or where
    OpenVINO says so; else f32.

    :param capabilities: of OpenVINO's CPU device.
    :param flags: of /proc/cpuinfo; empty where there is none.
    """
    if "avx512_vnni" in flags and "amx_bf16" not in flags:
        return "int8"
    return "bf16" if "BF16" in capabilities else "f32"


def converted_folder(folder: Path, weights_sha256: str, cache: Path, weights: Weights) -> Path:
    """The folder of the converted model, which is made where it is missing.

    Its name holds a hash of the weights and of every setting file, so that the same weights with
    another pooling or tokenizer are another model.

    :raises MissingExtra, ModelError: see :func:`indexer.openvino_convert.convert_in_child`.
    """
    digest = hashlib.sha256(weights_sha256.encode())
    for path in sorted(folder.rglob("*.json")):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    for path in sorted(folder.glob("*_Dense/*.safetensors")):
        digest.update(path.read_bytes())
    converted = cache / f"{digest.hexdigest()[:16]}-{VERSION}-{weights}"
    if not (converted / FACTS).exists():
        # A warning, so that it is seen without any logging set up: the run stands still meanwhile.
        logging.getLogger("joblens").warning("converting the model for this processor, once: under a minute")
        convert_in_child(folder, converted, weights)
    return converted


def _compile(core: ov.Core, converted: Path, config: dict[str, Any]) -> ov.CompiledModel:
    """Compile the graph, or load what an earlier run compiled (0.1 s instead of 0.4 s).

    OpenVINO writes its cache in place; a folder of one's own that is renamed when it is complete keeps
    a second process from reading half a file.
    """
    import openvino as ov

    facts = [ov.get_version(), core.get_property("CPU", "FULL_DEVICE_NAME"), *map(str, config.values())]
    compiled = converted / f"compiled-{hashlib.sha256('|'.join(facts).encode()).hexdigest()[:16]}"
    if compiled.exists():
        return core.compile_model(converted / GRAPH, "CPU", {**config, "CACHE_DIR": str(compiled)})
    try:
        work = Path(tempfile.mkdtemp(prefix=".compiled-", dir=converted))
    except OSError:  # a cache that may only be read
        return core.compile_model(converted / GRAPH, "CPU", config)
    try:
        model = core.compile_model(converted / GRAPH, "CPU", {**config, "CACHE_DIR": str(work)})
        work.replace(compiled)
    except OSError:
        pass  # another process was first, or the system does not rename a file in use
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return model


def usable_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _cpu_flags() -> set[str]:
    try:
        text = _CPU_FLAGS.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return set()
    line = next((line for line in text.splitlines() if line.startswith("flags")), "")
    return set(line.split())
