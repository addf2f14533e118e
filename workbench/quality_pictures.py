"""The pictures of a report: which groups are taken for which, and whether confidences keep what they say.

matplotlib draws them, off screen; it is imported only here and only when a picture is wanted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from preprocess.errors import InvalidParameter, MissingExtra

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# The major groups in a word or two: their full names do not fit on an axis.
SHORT_NAMES: Mapping[str, str] = {
    "11": "Management",
    "13": "Business, finance",
    "15": "Computer, maths",
    "17": "Engineering",
    "19": "Science",
    "21": "Social service",
    "23": "Legal",
    "25": "Education",
    "27": "Arts, media, sports",
    "29": "Health practitioners",
    "31": "Health support",
    "33": "Protective service",
    "35": "Food",
    "37": "Cleaning, grounds",
    "39": "Personal care",
    "41": "Sales",
    "43": "Office",
    "45": "Farming",
    "47": "Construction",
    "49": "Repair",
    "51": "Production",
    "53": "Transport",
    "55": "Military",
}

# Dark blue and vermilion of Okabe and Ito's palette, which readers with any colour vision tell apart.
BLUE, VERMILION, GREY = "#0072B2", "#D55E00", "#555555"
DOTS_PER_INCH = 130
WRITTEN_FROM = 0.05
"""Shares of a row that are written into its cells; below that the shade says enough."""


def draw_confusion(confusion: Mapping[str, Any], path: Path, *, title: str, mark: str = "") -> None:
    """A row for each right group, a column for each answered one, shaded by the share of the row.

    :param confusion: as :func:`workbench.evaluate.confusion` gives it.
    :param mark: a text to keep in the file, that tells what it was made of.
    :raises MissingExtra: if matplotlib is not installed.
    :raises InvalidParameter: if the file cannot be written.
    """
    counts = np.asarray(confusion["counts"], float).reshape(len(confusion["codes"]), -1)
    totals = counts.sum(axis=1)
    shares = counts / np.maximum(totals, 1)[:, None]
    size = max(4.2, 0.36 * len(totals) + 2.4)
    figure, axes = _figure(size + 0.9, size)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="equal")
    names = [f"{SHORT_NAMES.get(code, code)}  {code}" for code in confusion["codes"]]
    rows = [f"{name}  (n {total:,.0f})" for name, total in zip(names, totals, strict=True)]
    axes.set_xticks(range(len(names)), names, rotation=55, ha="left", rotation_mode="anchor", fontsize=8)
    axes.set_yticks(range(len(rows)), rows, fontsize=8)
    axes.tick_params(length=0, top=False, bottom=False, labeltop=True, labelbottom=False)
    axes.set_xticks(np.arange(len(names) + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(len(names) + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=1.2)
    axes.tick_params(which="minor", length=0)
    for row, column in zip(*np.nonzero(shares >= WRITTEN_FROM), strict=True):
        share = shares[row, column]
        axes.text(
            column,
            row,
            f"{100 * share:.0f}",
            ha="center",
            va="center",
            fontsize=7,
            color="white" if share > 0.55 else "black" if row == column or share > 0.25 else VERMILION,
        )
    for side in axes.spines.values():
        side.set_visible(False)
    axes.set_ylabel("right group", color=GREY)
    axes.set_xlabel(
        f"group of the first answer, % of the row (from {100 * WRITTEN_FROM:.0f}%)", color=GREY, labelpad=8
    )
    figure.suptitle(title, fontsize=11)
    _save(figure, path, mark)


def draw_reliability(
    curves: Mapping[str, Sequence[Mapping[str, Any]]], path: Path, *, mark: str = ""
) -> None:
    """Stated confidence against the share that was right, with 95% intervals; the diagonal is perfect.

    :param curves: by what they are called, the bins that :func:`workbench.calibration_report.reliability`
        gives; up to four.
    :raises MissingExtra, InvalidParameter: as :func:`draw_confusion`.
    """
    figure, axes = _figure(5.0, 4.8)
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle=(0, (4, 3)))
    styles = zip((BLUE, VERMILION, "#009E73", "#CC79A7"), ("o", "s", "^", "D"), strict=True)
    for (name, bins), (colour, marker) in zip(curves.items(), styles, strict=False):
        x, y = ([found[key] for found in bins] for key in ("confidence", "accuracy"))
        reach = [
            [max(found["accuracy"] - found["interval"][0], 0) for found in bins],
            [max(found["interval"][1] - found["accuracy"], 0) for found in bins],
        ]
        axes.errorbar(
            x, y, yerr=reach, color=colour, marker=marker, markersize=5.5, linewidth=1.4, elinewidth=1,
            capsize=2, label=name,
        )  # fmt: skip
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_aspect("equal")
    axes.set_xlabel("stated confidence")
    axes.set_ylabel("share right at first")
    axes.text(0.03, 0.60, "too modest", fontsize=8.5, color=GREY, ha="left")
    axes.text(0.97, 0.45, "too sure", fontsize=8.5, color=GREY, ha="right")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.legend(frameon=False, loc="lower right", fontsize=9)
    figure.suptitle("Does the confidence keep what it says?", fontsize=11)
    _save(figure, path, mark)


def _figure(width: float, height: float) -> tuple[Figure, Axes]:
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtra("the pictures of a report need matplotlib: pip install matplotlib") from error
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)  # draws without a screen, whatever the backend of this process
    return figure, figure.add_subplot()


def _save(figure: Figure, path: Path, mark: str) -> None:
    # Without the version of matplotlib in it, the same figures give the same file.
    metadata = {"Software": None, **({"Description": mark} if mark else {})}
    try:
        figure.savefig(path, dpi=DOTS_PER_INCH, format="png", metadata=metadata)
    except OSError as error:
        raise InvalidParameter(f"{path} cannot be written: {error.strerror or error}") from error
