"""docs/quality.md and its pictures, made of benchmarks/results/quality.json and of nothing else.

``python -m docs.generate`` writes them; a set that was not measured leaves its part out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench.quality_markdown import (
    INTERVALS_NOTE,
    between,
    calibration_facts,
    confused_pairs,
    error_list,
    ranking_table,
    reliability_table,
    safe,
    table,
)

FOLDER = Path(__file__).resolve().parent
RESULT = FOLDER.parent / "benchmarks" / "results" / "quality.json"
CONFUSION, RELIABILITY = "quality-confusion.png", "quality-reliability.png"
MARK = "Written by `python -m docs.generate` from `benchmarks/results/quality.json`; change neither by hand."

Result = Mapping[str, Any]

SETS: Mapping[str, tuple[str, str]] = {
    "bls": (
        "BLS titles",
        "Direct-match titles of the 2018 SOC (U.S. Bureau of Labor Statistics), none of them in O*NET 27.0.",
    ),
    "lca": (
        "LCA titles",
        "Titles as employers filed them for visas, at most 20 a code (U.S. Department of Labor). Filers "
        "choose the code themselves; a perfect look-up agrees with about 61% of such labels.",
    ),
    "titles_fixtures": ("Fixture titles", "`fixtures/titles.csv`, written for the tests."),
    "postings_dev": (
        "Postings",
        "Real postings of many US employers; their codes come by crosswalks, so the best possible is not 1.",
    ),
    "postings_fixtures": ("Fixture postings", "`fixtures/postings_labelled.csv`, written for the tests."),
}
"""What a set is called, and what it is."""

PICTURED = "lca"
"""The set whose groups are pictured: it is the largest, and its mistakes are the most."""

RIVALS = (
    ("SOCcer v2", "0.50", ""),
    ("onet-match", "0.51", "47 ms a title"),
)
"""Name, right six-digit code first, and speed, as their authors publish them."""

GROUPED = ("bls", "lca", "postings_dev")
CURVES = ("bls", "lca")
"""The sets whose reliability is pictured; of the others a bin would hold ten examples."""

LISTED = 5


def quality_page(path: Path = RESULT) -> str:
    """The page.

    :param path: what ``python -m benchmarks quality --save`` wrote.
    """
    if not path.exists():
        return f"# Quality\n\n{MARK}\n\nNot measured yet: `make bench` writes the results.\n"
    result = json.loads(path.read_text(encoding="utf-8"))
    return "\n".join(_lines(result)) + "\n"


def draw(path: Path = RESULT, folder: Path = FOLDER) -> None:
    """Draw the pictures that are not yet those of the result.

    :raises MissingExtra: if one must be drawn and matplotlib is not installed.
    """
    from workbench.quality_pictures import draw_confusion, draw_reliability

    if not path.exists():
        return
    sets = json.loads(path.read_text(encoding="utf-8"))["sets"]
    for name, shown in pictured(sets).items():
        mark = mark_of(shown)
        if is_drawn(folder / name, mark):
            continue
        if name == CONFUSION:
            title = f"{_name(PICTURED)}: major groups taken for each other"
            draw_confusion(shown, folder / name, title=title, mark=mark)
        else:
            draw_reliability(shown, folder / name, mark=mark)


def pictured(sets: Result) -> dict[str, Any]:
    """What each picture shows, by the name of its file; none where there is nothing to show."""
    curves = {
        f"{_name(key)}, ECE {sets[key]['ece']:.3f}": sets[key]["reliability"]
        for key in CURVES
        if key in sets and sets[key]["reliability"]
    }
    shown = {RELIABILITY: curves} if curves else {}
    return {CONFUSION: sets[PICTURED]["confusion"], **shown} if PICTURED in sets else shown


def mark_of(shown: object) -> str:
    """What a picture's file holds to tell which figures it was made of."""
    return hashlib.blake2b(json.dumps(shown).encode(), digest_size=8).hexdigest()


def is_drawn(picture: Path, mark: str) -> bool:
    """Whether the file is there and was made of the figures with this mark."""
    return picture.exists() and mark.encode() in picture.read_bytes()


def _lines(result: Result) -> Iterator[str]:
    sets: Result = result["sets"]
    yield from ("# Quality", "", MARK, "")
    yield (
        "How often the answers are right, on labelled data, next to simpler methods over the same O*NET "
        f"texts. {INTERVALS_NOTE} With data of your own: `joblens evaluate titles FILE`."
    )
    yield from _occupations(sets)
    yield from _groups(sets)
    yield from _confidence(sets)
    for name, heading in (("roles", "Roles of sentences"), ("gap", "Gap: is a requirement covered?")):
        if name in result:
            yield from ("", f"## {heading}")
            yield from _any(result[name], level=3)
    yield from _wrong(sets)
    machine = result["machine"]
    packages = ", ".join(f"{name} {version}" for name, version in machine["packages"].items())
    yield from ("", f"Measured {machine['date']} with Python {machine['python']}, {packages}.")


def _occupations(sets: Result) -> Iterator[str]:
    yield from ("", "## Title or posting to occupation", "", "Six digits of the SOC code.")
    yield (
        "What could be chosen, such as weights, was chosen on the development sets below (BLS and LCA titles "
        "and postings): expect somewhat less on others."
    )
    for key, (name, what) in SETS.items():
        if key in sets:
            yield from ("", f"### {name} ({sets[key]['n']:,})", "", what, "")
            yield from table(*ranking_table(sets[key]))
            if sets[key].get("unreachable"):
                yield from (
                    "",
                    f"{sets[key]['unreachable']:,} of the labels stand for no indexed occupation.",
                )
    yield from (
        "", "### What other tools publish", "",
        "As stated by their authors for unseen titles of sets of their own: other titles than those above,",
        "so these are no comparison on the same data.", "",
    )  # fmt: skip
    rows = [[name, right, note] for name, right, note in RIVALS]
    ours = [[f"joblens, {_name(k)}", f"{sets[k]['acc@1']:.2f}", ""] for k in ("bls", "lca") if k in sets]
    yield from table(("Tool", "Right code first", "Speed"), [*rows, *ours])


def _groups(sets: Result) -> Iterator[str]:
    measured = [key for key in GROUPED if key in sets]
    if not measured:
        return
    yield from ("", "## By major group of the label", "")
    header = ["Major group"] + [part for key in measured for part in (f"{_name(key)}, n", "@1", "@10")]
    found = {key: {group["code"]: group for group in sets[key]["per_group"]} for key in measured}
    names = {code: group["name"] for groups in found.values() for code, group in groups.items()}
    rows = []
    for code in sorted(names):
        row = [f"{code} {names[code]}"]
        for key in measured:
            group = found[key].get(code)
            row += (
                [f"{group['n']:,}", f"{group['acc@1']:.3f}", f"{group['acc@10']:.3f}"] if group else [""] * 3
            )
        rows.append(row)
    yield from table(header, rows)
    if PICTURED in sets:
        yield from ("", f"![Right group against answered group, {_name(PICTURED)}]({CONFUSION})", "")
        pairs = confused_pairs(sets[PICTURED]["confusion"])
        told = "; ".join(f"{right}, answered {answered} ({count:,})" for right, answered, count in pairs)
        yield f"Labels most often answered with another group: {told}." if told else ""


def _confidence(sets: Result) -> Iterator[str]:
    stated = [key for key in SETS if key in sets and calibration_facts(sets[key])]
    if not stated:
        return
    yield from ("", "## Confidence", "")
    yield (
        "The calibration error is the mean distance of confidence and accuracy over ten bins of equal mass; "
        "chance alone makes some, and more in small sets."
    )
    for key in stated:
        yield from ("", f"**{_name(key)}**", "", *(f"- {fact}" for fact in calibration_facts(sets[key])))
        if "cross_validated" in sets[key]:
            yield from _cross_validated(sets[key]["cross_validated"])
    if pictured(sets).get(RELIABILITY):
        yield from ("", f"![Stated confidence against the share that was right]({RELIABILITY})")
    for key in CURVES:
        if key in sets and sets[key]["reliability"]:
            yield from ("", f"{_name(key)}, bin by bin:", "", *table(*reliability_table(sets[key])))


def _cross_validated(found: Result) -> Iterator[str]:
    low, high = min(found["temperatures"]), max(found["temperatures"])
    yield from (
        "",
        "The temperature and the threshold of the sets come from these titles. Fitted on four fifths of them "
        f"and judged on the fifth that is left, in turn (temperatures {low:.2f} to {high:.2f}):",
        "",
        *(f"- {fact}" for fact in calibration_facts(found)),
    )


def _wrong(sets: Result) -> Iterator[str]:
    listed = [key for key in SETS if key in sets and sets[key].get("errors")]
    if listed:
        yield from ("", "## Some that came out wrong", "")
        yield "In the order of the files, with the neighbours that spoke for the first answer."
    for key in listed:
        yield from ("", f"**{_name(key)}**", "", *error_list(sets[key]["errors"][:LISTED]))


# ---- reports of other shapes

NAMED: Mapping[str, str] = {
    "auc": "AUC",
    "auc_natural": "AUC, natural pairs",
    "auc_hard": "AUC, hard pairs",
    "f1": "F1",
    "macro_f1": "macro F1",
    "hit@1": "a covering sentence first",
    "hit@3": "a covering sentence in the first three",
    "n": "examples",
    "cosine": "raw cosine instead",
    "above_cosine": "ahead of raw cosine",
    "fields": "by field of work",
    "kinds": "by kind of pair",
    "cues": "ablation: score without one of its parts",
    "views": "text views",
    "per_role": "by role",
}
LEFT_OUT = ("errors", "confusion", "reliability", "machine", "source", "intervals")


def _any(values: Result, level: int) -> Iterator[str]:
    """Plain values in one table, with their intervals; what is nested in tables and sections of its own."""
    intervals = values.get("intervals") or {}
    plain = [
        [_words(key), _told(value) + (f" ({between(intervals[key], ' to ')})" if key in intervals else "")]
        for key, value in values.items()
        if key not in LEFT_OUT and not isinstance(value, Mapping | list) and value is not None
    ]
    if plain:
        yield from ("", *table(("What", "Measured"), plain))
    for key, value in values.items():
        if key in LEFT_OUT or not isinstance(value, Mapping | list) or not value:
            continue
        if isinstance(value, Mapping) and all(map(_is_interval, value.values())):
            yield from ("", f"{'#' * level} {_heading(key)}", "")
            yield from table(
                ("What", "Measured"), [[_words(name), _told(ends)] for name, ends in value.items()]
            )
            continue
        if _is_interval(value):
            yield from ("", f"{_words(key)}: {_told(value)}.")
            continue
        yield from ("", f"{'#' * level} {_heading(key)}")
        rows = value if isinstance(value, list) else list(value.values())
        if all(isinstance(row, Mapping) and _is_flat(row) for row in rows):
            named = list(value) if isinstance(value, Mapping) else [""] * len(rows)
            yield from ("", *_rows_table(named, rows))
        elif isinstance(value, Mapping):
            yield from _any(value, min(level + 1, 6))
        else:
            yield from ("", *(f"- {_told(row)}" for row in rows))


def _rows_table(names: Sequence[str], rows: Sequence[Result]) -> list[str]:
    keys = list(dict.fromkeys(key for row in rows for key in row if key not in LEFT_OUT))
    header = [*([""] if any(names) else []), *map(_words, keys)]
    return table(
        header,
        [
            [*([_words(name)] if name else []), *(_cell(row, key) for key in keys)]
            for name, row in zip(names, rows, strict=True)
        ],
    )


def _cell(row: Result, key: str) -> str:
    told = _told(row.get(key))
    interval = (row.get("intervals") or {}).get(key)
    return f"{told} ({between(interval, ' to ')})" if interval else told


def _is_flat(row: Result) -> bool:
    return all(
        key in LEFT_OUT or not isinstance(value, Mapping | list) or _is_interval(value)
        for key, value in row.items()
    )


def _is_interval(value: object) -> bool:
    """Whether it is the two ends of an interval, or a value and then these."""
    return isinstance(value, list) and len(value) in (2, 3) and all(isinstance(v, int | float) for v in value)


def _told(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.3f}"
        case int():
            return f"{value:,}"
        case [_, _] if _is_interval(value):
            return between(value, " to ")
        case [middle, *ends] if _is_interval(value):
            return f"{middle:.3f} ({between(ends, ' to ')})"
        case _:
            return safe(str(value))


def _words(key: str) -> str:
    return safe(NAMED.get(key, key.replace("_", " ")))


def _heading(key: str) -> str:
    told = _words(key)
    return told[:1].upper() + told[1:]


def _name(key: str) -> str:
    return SETS[key][0]
