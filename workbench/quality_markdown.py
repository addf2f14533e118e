"""A report of ``workbench.evaluate`` in words and Markdown; docs/quality.md is made of the same pieces."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from workbench.baselines import NAMES
from workbench.labels import group_name

Report = Mapping[str, Any]

MEASURES = ("acc@1", "acc@5", "acc@10", "mrr")
CONFUSED = 5
_SPECIAL = re.compile(r"([\\`*_\[\]<>|#])")


def page(report: Report, heading: str, pictures: Mapping[str, str]) -> str:
    """A whole report with its heading.

    :param pictures: what a picture shows, to its place relative to the page.
    """
    lines = [f"# {heading}", "", *table(*ranking_table(report)), "", INTERVALS_NOTE]
    if report.get("unreachable"):
        lines.append(f"{report['unreachable']:,} of {report['n']:,} labels stand for no indexed occupation.")
    facts = calibration_facts(report)
    if facts:
        lines += ["", "## Confidence", "", *(f"- {fact}" for fact in facts)]
    lines += ["", "## By major group of the label", "", *table(*group_table(report))]
    pairs = confused_pairs(report["confusion"])
    if pairs:
        lines += ["", "Most often confused (right group, answered group, how often):", ""]
        lines += [f"- {right}, {answered}: {count:,}" for right, answered, count in pairs]
    for shows, place in pictures.items():
        lines += ["", f"![{shows}]({place.replace(' ', '%20')})"]
    if report.get("errors"):
        lines += ["", "## Wrong at first", "", *error_list(report["errors"])]
    return "\n".join(lines) + "\n"


INTERVALS_NOTE = (
    "In brackets: 95% intervals, bootstrap over the examples. Ahead: joblens minus the other at first hit, "
    "resampled in pairs."
)

Table = tuple[Sequence[str], list[list[str]]]


def ranking_table(report: Report, name: str = "joblens") -> Table:
    """joblens with intervals, then each baseline and by how much joblens is ahead of it."""
    header = ("Method", "@1", "@5", "@10", "MRR", "joblens ahead at @1")
    ours = [
        f"{report[measure]:.3f} ({between(report['intervals'][measure], ' to ')})" for measure in MEASURES
    ]
    rows = [[f"**{name}**", *ours, ""]]
    for key, found in report.get("baselines", {}).items():
        theirs = [f"{found[measure]:.3f}" for measure in MEASURES]
        rows.append([NAMES.get(key, key), *theirs, ahead(found["difference@1"])])
    return header, rows


def group_table(report: Report) -> Table:
    """Each major group: examples, first hit and in ten."""
    return ("Major group", "n", "@1", "@10"), [
        [
            f"{found['code']} {found['name']}",
            f"{found['n']:,}",
            f"{found['acc@1']:.3f}",
            f"{found['acc@10']:.3f}",
        ]
        for found in report["per_group"]
    ]


def reliability_table(report: Report) -> Table:
    """The bins of the reliability diagram."""
    return ("Stated, from", "to", "n", "Mean stated", "Right at first"), [
        [
            f"{found['from']:.3f}",
            f"{found['to']:.3f}",
            f"{found['n']:,}",
            f"{found['confidence']:.3f}",
            f"{found['accuracy']:.3f} ({between(found['interval'], ' to ')})",
        ]
        for found in report.get("reliability") or ()
    ]


def calibration_facts(report: Report) -> list[str]:
    """What there is to say about confidences and sets of codes, a sentence each."""
    facts = []
    if report.get("ece") is not None:
        facts.append(f"Calibration error (ECE) {report['ece']:.3f} in {len(report['reliability'])} bins.")
    sets = report.get("prediction_sets")
    if sets:
        facts.append(
            f"Set of codes: holds a right one in {sets['coverage']:.1%} ({percents(sets['interval'])}), "
            f"{sets['mean_size']:.1f} codes on average, median {sets['median_size']:g}."
        )
    for key, verb in (("abstained", "Abstained from"), ("review", "Sent to review")):
        found = report.get(key)
        if found and found["share"] and found["rest"] is not None:
            facts.append(
                f"{verb} {found['share']:.1%}: right at first in the rest {found['rest']:.3f}, "
                f"among those {found['flagged']:.3f}."
            )
    return facts


def confused_pairs(confusion: Report, most: int = CONFUSED) -> list[tuple[str, str, int]]:
    """The right and the answered group of the most frequent mistakes between groups, and how often."""
    codes, counts = confusion["codes"], confusion["counts"]
    pairs = [
        (counts[row][column], codes[row], codes[column])
        for row in range(len(codes))
        for column in range(len(codes))
        if row != column and counts[row][column]
    ]
    pairs.sort(key=lambda pair: (-pair[0], *pair[1:]))
    return [(group_name(right), group_name(answered), count) for count, right, answered in pairs[:most]]


def ahead(difference: Report) -> str:
    """A paired difference: ``+0.033 (0.010 to 0.061)``."""
    return f"{difference['value']:+.3f} ({between(difference['interval'], ' to ')})"


def between(interval: Sequence[float], word: str) -> str:
    """The two ends of an interval."""
    return word.join(f"{end:.3f}" for end in interval)


def percents(interval: Sequence[float]) -> str:
    """The two ends of an interval of shares."""
    return " to ".join(f"{end:.1%}" for end in interval)


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a Markdown table; numbers to the right."""
    rules = ["---", *("---:" for _ in header[1:])]
    return [f"| {' | '.join(cells)} |" for cells in (header, rules, *rows)]


def safe(text: str) -> str:
    """What people wrote, on one line, with nothing that Markdown would read as its own."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def error_list(errors: Sequence[Report]) -> list[str]:
    """What came first where it was wrong, and the neighbours that misled."""
    lines = []
    for found in errors:
        right = "; ".join(f"{code['code']} {safe(code['title'])}" for code in found["accept"])
        first = found["first"]
        place = f"came as number {found['rank']}" if found["rank"] else "did not come"
        lines.append(f"- **{safe(found['title'])}**: right {right} ({place}).")
        if first:
            lines.append(f"  First came {first['code']} {safe(first['title'])}, because of")
            voters = [f"“{safe(v['text'])}” ({v['source']}, {v['score']:.2f})" for v in found["misled_by"]]
            lines.append(f"  {', '.join(voters) or 'nothing that was shown'}.")
    return lines
