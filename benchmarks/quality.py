"""How right the answers are: titles, postings, sentence roles and gap pairs, against simpler methods.

docs/quality.md is made of the result. Titles of the BLS and LCA files are public domain, and some that were
coded wrong are listed with what misled; no word of the third-party postings gets into the result.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from unittest import mock

from benchmarks.data import FIXTURES, HOME, SHARED, SOURCE, environment, open_workspace
from indexer.workspace import Workspace
from joblens import evaluate_gap
from joblens.evaluate_roles import HELD_OUT, roles_report
from joblens.evaluate_titles import cross_validated_calibration, postings_report, titles_report
from workbench.role_labels import read_labelled_roles

EVAL = SHARED / "eval"
LISTED = 10
"""Wrong titles that are listed of each set whose texts may be shown."""

Judge = Callable[..., dict[str, Any]]

SETS: Mapping[str, tuple[Judge, Path, int]] = {
    "bls": (titles_report, EVAL / "titles_bls_unseen.csv", LISTED),
    "lca": (titles_report, EVAL / "titles_lca_dev.csv", LISTED),
    "titles_fixtures": (titles_report, FIXTURES / "titles.csv", 0),
    "postings_dev": (postings_report, EVAL / "postings_dev.csv", 0),
    "postings_fixtures": (postings_report, FIXTURES / "postings_labelled.csv", 0),
}
"""By name: what judges it, the file, and how many errors are listed."""


CALIBRATED = frozenset({"bls"})
"""The sets that temperature and threshold of ``search_api.confidence`` come from: judged by folds, too."""


def run() -> dict[str, Any]:
    """``sets``, with a report for each that is there, ``roles`` and ``gap``."""
    result: dict[str, Any] = {"source": SOURCE}
    with open_workspace() as workspace:
        result["sets"] = {name: _judged(workspace, *what) for name, what in SETS.items() if what[1].exists()}
        for name in CALIBRATED.intersection(result["sets"]):
            found = cross_validated_calibration(workspace, SETS[name][1])
            result["sets"][name]["cross_validated"] = found
        result["roles"] = roles_report(workspace, read_labelled_roles(HELD_OUT), most_errors=0).to_json()
    # This one opens what it needs by itself, from the environment.
    with mock.patch.dict(os.environ, environment(HOME)):
        result["gap"] = evaluate_gap.report(ablation=True)
    return result


def _judged(workspace: Workspace, judge: Judge, path: Path, listed: int) -> dict[str, Any]:
    report = judge(workspace, path, most_errors=listed)
    if not listed:
        del report["errors"]
    return report
