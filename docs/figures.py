"""The table of figures in README.md, made of benchmarks/results/*.json and of nothing else.

A benchmark that has not been run leaves its rows out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parents[1] / "benchmarks" / "results"
Result = Mapping[str, Any]
Row = tuple[str, Callable[[Result], str]]

SETS = {
    "bls": "title to occupation, BLS titles",
    "lca": "title to occupation, LCA titles",
    "fixtures": "title to occupation, `fixtures/titles.csv`",
    "postings_title_only": "posting to occupation, its title alone",
    "postings_with_body": "posting to occupation, title and text",
}


def figures(folder: Path = RESULTS) -> str:
    """The table, and under it what the figures were measured on.

    :param folder: where the benchmarks' results are.
    :return: Markdown; a sentence instead of the table where there are no results at all.
    """
    results = {
        path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))
    }
    found = [(what, value(results[name])) for name, (what, value) in ROWS if name in results]
    rows = [(what, value) for what, value in found if value]
    if not rows:
        return "Not measured yet: `make bench` writes the results."
    lines = ["| What | Measured |", "| --- | --- |", *(f"| {what} | {value} |" for what, value in rows)]
    shown = [results[name] for name in dict.fromkeys(name for name, _ in ROWS) if name in results]
    machines = dict.fromkeys(_machine(result["machine"]) for result in shown)
    sources = dict.fromkeys(str(result["source"]) for result in shown if "source" in result)
    return "\n".join([*lines, "", f"Data: {'; '.join(sources)}. Machine: {'; '.join(machines)}."])


def _machine(facts: Result) -> str:
    flags = [flag for flag in facts["flags"] if flag.startswith(("avx512_", "amx", "avx_vnni", "bf16"))]
    with_flags = f" with {', '.join(flags)}" if flags else ""
    cpu = " ".join(facts["cpu"].split())
    return f"{cpu}, {facts['cores']} cores{with_flags}, Python {facts['python']}, {facts['date']}"


# ---- rows: the benchmark, what it is, and how its result reads


def _encoder(kind: str) -> Callable[[Result], str]:
    def value(r: Result) -> str:
        low, high = r[f"ratio_{kind}_range"]
        return (
            f"{r[f'{kind}_per_s']:,} a second, {r['precision']}; **{r[f'ratio_{kind}']} times** "
            f"sentence-transformers in the same run ({low} to {high}); "
            f"cosine to its vectors {r[f'cosine_{kind}']:.4f}, least {r[f'cosine_{kind}_min']:.4f}"
        )

    return value


def _accuracy(name: str) -> Callable[[Result], str]:
    def value(r: Result) -> str:
        if name not in r:  # the set was not beside the checkout
            return ""
        found = r[name]
        low, high = found["intervals"]["acc@1"]
        return (
            f"{found['n']:,}: right code first {found['acc@1']:.3f} (95% {low:.3f} to {high:.3f}), "
            f"in ten {found['acc@10']:.3f}"
        )

    return value


def _index(r: Result) -> str:
    return (
        f"{r['points']:,} texts in {r['index_s']} s, peak {r['peak_rss_mb']:,} MB; "
        f"again, unchanged: {r['unchanged_s']} s"
    )


def _gap(r: Result) -> str:
    return f"{r['postings']:,} postings, {r['posting_sentences']:,} sentences: {r['gap_s']} s"


def _start(r: Result) -> str:
    found = r["occupations"]
    return (
        f"ready in {found['start_to_ready_s']} s, {found['rss_mb']} MB resident, "
        f"of them {found['private_mb']} MB not pages of files"
    )


def _batch(r: Result) -> str:
    if "as_they_come_titles_per_s" not in r:  # the titles were not beside the checkout
        return ""
    return (
        f"{r['as_they_come_titles_per_s']:,} a second as they come, "
        f"{r['distinct_titles_per_s']:,} where no title repeats"
    )


def _clients(count: int) -> Callable[[Result], str]:
    def value(r: Result) -> str:
        name = f"classify_{count}_clients"
        return (
            f"{r[f'{name}_rps']} requests a second, "
            f"p50 {r[f'{name}_p50_ms']} ms, p99 {r[f'{name}_p99_ms']} ms"
        )

    return value


def _mixed(r: Result) -> str:
    return (
        f"{r['mixed_s']} s, {sum(r['mixed_requests'].values()):,} requests, "
        f"{r['errors']} errors; "
        f"resident memory {r['rss_mb_before']:,} MB before and {r['rss_mb_after']:,} MB after"
    )


def _kill(r: Result) -> str:
    return f"{r['kills']} times: {r['lost']} documents lost, {r['half']} half there"


def _technologies(r: Result) -> str:
    found = r["technologies.jsonl release"]
    return (
        f"{found['n']} sentences: precision {found['precision']:.3f}, recall {found['recall']:.3f}, "
        f"F1 {found['f1']:.3f}"
    )


ROWS: tuple[tuple[str, Row], ...] = (
    ("encoder", ("encoding O*NET titles", _encoder("titles"))),
    ("encoder", ("encoding O*NET task sentences", _encoder("tasks"))),
    (
        "encoder",
        ("encoding one title", lambda r: f"p50 {r['one_text_ms_p50']} ms, p95 {r['one_text_ms_p95']} ms"),
    ),
    ("index", ("`joblens index onet`, the whole release", _index)),
    *(("classify", (what, _accuracy(name))) for name, what in SETS.items()),
    (
        "classify",
        (
            "classifying one title, Python",
            lambda r: f"p50 {r['classify_p50_ms']} ms, p99 {r['classify_p99_ms']} ms",
        ),
    ),
    ("classify", ("`joblens classify FILE`, raw titles, csv to csv", _batch)),
    ("gap", ("a gap report of one brag document", _gap)),
    ("serve", ("the REST service over O*NET", _start)),
    (
        "serve",
        (
            "classifying one title, REST",
            lambda r: f"p50 {r['classify_p50_ms']} ms, p99 {r['classify_p99_ms']} ms",
        ),
    ),
    ("load", ("the same at 8 clients at once, on the same two cores", _clients(8))),
    ("load", ("the same at 64 clients", _clients(64))),
    ("load", ("requests of every kind, 8 clients", _mixed)),
    ("kill", ("`kill -9` of the service while documents are written", _kill)),
    ("technologies", ("finding technology names in sentences", _technologies)),
)
