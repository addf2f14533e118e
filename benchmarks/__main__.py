"""``python -m benchmarks NAME [--json] [--save]``: run a benchmark; ``all`` runs every one.

Each benchmark is a module with ``run() -> dict``. With ``--save`` the result, with the facts of the machine,
goes to benchmarks/results/NAME.json; README takes its figures from there (``make bench`` does both).
"""

from __future__ import annotations

import argparse
import importlib
import json
from pathlib import Path

from benchmarks.machine import machine_facts

NAMES = (
    "encoder",
    "index",
    "classify",
    "gap",
    "serve",
    "load",
    "kill",
    "technologies",
    "titles",
    "opinions",
    "quality",
)
LONG = ("size",)
"""Not part of ``all``: a million points take half an hour."""

RESULTS = Path(__file__).parent / "results"


def main() -> None:
    """Parse the arguments, run, print and write the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", choices=[*NAMES, *LONG, "all"])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--save", action="store_true", help="write benchmarks/results/NAME.json, too")
    parser.add_argument("--seconds", type=float, help="how long load keeps its mixed load up")
    arguments = parser.parse_args()
    names = NAMES if arguments.name == "all" else (arguments.name,)
    results = {}
    for name in names:
        options = {"seconds": arguments.seconds} if name == "load" and arguments.seconds else {}
        result = importlib.import_module(f"benchmarks.{name}").run(**options)
        results[name] = {**result, "machine": machine_facts()}
        if arguments.save:
            RESULTS.mkdir(exist_ok=True)
            (RESULTS / f"{name}.json").write_text(json.dumps(results[name], indent=2) + "\n")
        if not arguments.json:
            print(f"{name}:")
            for key, value in result.items():
                print(f"  {key}: {value}")
    if arguments.json:
        print(json.dumps(results if arguments.name == "all" else results[arguments.name]))


if __name__ == "__main__":
    main()
