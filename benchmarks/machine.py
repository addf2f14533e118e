"""What a benchmark's figures depend on: processor, cores, versions, load. Nothing that names the machine."""

from __future__ import annotations

import datetime
import os
import platform
from importlib import metadata
from pathlib import Path

PACKAGES = (
    "numpy",
    "openvino",
    "qdrant-edge-py",
    "sentence-transformers",
    "tokenizers",
    "torch",
    "transformers",
)
FLAGS = (
    "avx2",
    "avx512f",
    "avx512_vnni",
    "avx512_bf16",
    "avx_vnni",
    "amx_int8",
    "amx_bf16",
    "asimddp",
    "bf16",
)


def busy_s() -> tuple[float, float]:
    """Processor seconds that all processes have used since the start, and those of this one and its children.

    Two calls around a measurement tell how much else the machine did meanwhile. (0, 0) without /proc/stat.
    """
    try:
        words = Path("/proc/stat").read_text(encoding="utf-8").splitlines()[0].split()
    except OSError:
        return 0.0, 0.0
    user, nice, system, _, _, irq, softirq = map(int, words[1:8])
    own = os.times()
    ticks = os.sysconf("SC_CLK_TCK")
    return (user + nice + system + irq + softirq) / ticks, sum(own[:4])


def machine_facts() -> dict[str, object]:
    """Processor model, usable cores, instruction sets that matter here, memory, versions, load and date.

    :return: plain values for JSON; no host name and no path.
    """
    lines = _processor_lines()
    flags = set((lines.get("flags") or lines.get("Features") or "").split())
    return {
        "cpu": lines.get("model name") or platform.processor() or platform.machine(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "flags": [flag for flag in FLAGS if flag in flags],
        "memory_gib": _memory_gib(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "packages": {name: version for name in PACKAGES if (version := _version(name))},
        "load_average_1min": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
    }


def _processor_lines() -> dict[str, str]:
    """The first processor's entry of /proc/cpuinfo; empty where there is none."""
    try:
        entry = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").split("\n\n")[0]
    except OSError:
        return {}
    pairs = (line.partition(":") for line in entry.splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}


def _memory_gib() -> float | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    except (AttributeError, ValueError, OSError):
        return None


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
