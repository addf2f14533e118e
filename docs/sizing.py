"""The tables of docs/operations.md, made from benchmarks/results/size.json: what a sentence takes, and how
many machines hold ten and four hundred million of them."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parents[1] / "benchmarks" / "results" / "size.json"
BEGIN, END = "<!-- sizing -->", "<!-- /sizing -->"

GB = 1_000_000_000
NODE_MEMORY_GB, NODE_DISK_GB = 64, 2_000
MEMORY_USED, DISK_USED = 0.7, 0.4
"""Of a node that data may fill: the rest of the memory is the system's and the queries', and a rebuild, as
well as the server's own tidying up, holds a collection twice on the disk."""

SENTENCES = ((10_000_000, 1), (400_000_000, 2))
"""How many, and in how many copies."""

ALWAYS_IN_MEMORY = ("graph", "payload_indexes", "sparse_vectors", "ids")
ALWAYS_ON_DISK = (*ALWAYS_IN_MEMORY, "vectors", "payloads")
SETTINGS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("in memory (default)", ("vectors",), ()),
    ("on disk", (), ()),
    ("on disk, int8", ("int8",), ("int8",)),
    ("on disk, binary", ("binary",), ("binary",)),
)
"""A setting, and what it adds in memory and on the disk."""

PARTS = {
    "vectors": "dense vector, 384 float32",
    "graph": "its links in the search graph",
    "sparse_vectors": "sparse vector, and its index",
    "payloads": "payload",
    "payload_indexes": "indexes of the payload",
    "ids": "id and version",
    "int8": "int8 copy of the vector, where set",
    "binary": "binary copy of the vector, where set",
}
SEARCHED = {"float32": "by the whole vectors", "int8": "by int8 copies, scored again by the whole vectors"}


def sizing() -> str:
    """The text between the marks of docs/operations.md."""
    found: dict[str, Any] = json.loads(RESULTS.read_text(encoding="utf-8"))
    parts: dict[str, float] = found["disk_bytes_a_point"]
    rates: dict[str, int] = found["copy_points_per_s"]
    lines = [
        f"Measured on the embedded engine with {found['points']:,} points ({found['source']}), by",
        "`python -m benchmarks size --save`:",
        "",
        "| part of a point | bytes on the disk |",
        "| --- | --- |",
        *(f"| {words} | {parts[name]:,.0f} |" for name, words in PARTS.items()),
        "",
        f"The log takes {found['log_bytes'] / 1e6:,.0f} MB more, whatever the number of points.",
        f"Graph, copies and searching were measured with {found['searched_points']:,} points, whose",
        f"graph took {found['graph_build_s']:,} s to build, and with the files in the system's cache:",
        "",
        "| search of one sentence | median | recall@10 |",
        "| --- | --- | --- |",
        *(
            _row(words, f"{one['query_p50_ms']:.1f} ms", f"{one['recall_at_10']:.2f}")
            for name, words in SEARCHED.items()
            for one in [found["searched"][name]]
        ),
        "",
        *_by_setting(parts),
        "",
        *_nodes(parts),
        "",
        f"`joblens copy` moved {rates['embedded']:,} points a second from one embedded store to another,",
        f"and {rates['in_memory_engine']:,} into the client's in-memory engine, on cores that others used,",
        "too; a real server was not measured.",
    ]
    return "\n".join(lines)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _bytes(parts: dict[str, float], names: tuple[str, ...]) -> float:
    return sum(parts[name] for name in names)


def _by_setting(parts: dict[str, float]) -> list[str]:
    lines = [
        "*On disk* is `JOBLENS_QDRANT_ON_DISK=true`; *int8* and *binary* are values of",
        "`JOBLENS_QDRANT_QUANTISATION`. Memory is worked out, not measured: what the setting says, the",
        "graph, the indexes and the ids have to be there, while payloads are read from the disk.",
        "",
        "| setting | bytes a point on the disk | in memory |",
        "| --- | --- | --- |",
    ]
    for setting, memory, disk in SETTINGS:
        on_disk, in_memory = _bytes(parts, ALWAYS_ON_DISK + disk), _bytes(parts, ALWAYS_IN_MEMORY + memory)
        lines.append(f"| {setting} | {on_disk:,.0f} | {in_memory:,.0f} |")
    return lines


def _nodes(parts: dict[str, float]) -> list[str]:
    lines = [
        f"Worked out from that, for nodes of {NODE_MEMORY_GB} GB of memory and {NODE_DISK_GB:,} GB of disk,",
        f"of which {MEMORY_USED:.0%} and {DISK_USED:.0%} are filled (a rebuild holds a collection twice):",
        "",
        "| sentences | copies | setting | disk | memory | nodes |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for count, copies in SENTENCES:
        for setting, memory, disk in SETTINGS:
            on_disk = copies * count * _bytes(parts, ALWAYS_ON_DISK + disk) / GB
            in_memory = copies * count * _bytes(parts, ALWAYS_IN_MEMORY + memory) / GB
            nodes = max(
                math.ceil(on_disk / (NODE_DISK_GB * DISK_USED)),
                math.ceil(in_memory / (NODE_MEMORY_GB * MEMORY_USED)),
                3 if copies > 1 else 1,
            )
            size = (f"{count // 1_000_000:,} million", str(copies))
            lines.append(_row(*size, setting, f"{on_disk:,.0f} GB", f"{in_memory:,.0f} GB", str(nodes)))
    return lines
