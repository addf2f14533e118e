"""``joblens evaluate gap``: how well the pair scores tell covering brag sentences from others."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from indexer.store import Vector
from indexer.workspace import Workspace
from joblens.output import errors, out, show_json
from preprocess.errors import MissingExtra, ReadError
from preprocess.filters import TextViews, View
from search_api.gap import Thresholds
from search_api.judge import judge_of, judged
from search_api.pairing import BASE, CUES, WEIGHTS, pair_features, pair_scores
from search_api.sides import DocumentInfo, Side, SideSentence
from workbench.judge_pairs import PairJudgement, to_markdown
from workbench.labelled_pairs import LabelledPair, PairGroup, grouped, read_labelled_pairs
from workbench.train_pairs import best_partial, best_threshold, cross_validated, fit_pairs, signs_of

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
HELD_OUT = FIXTURES / "gap_pairs_heldout.yaml"
NLTK_FOLDER = FIXTURES.parents[1] / "shared" / "data" / "nltk_data"
"""Where NLTK's lists are looked for besides ``NLTK_DATA``: beside a checkout that has shared data."""

COSINE_THRESHOLD = 0.5
"""Threshold for the raw cosine beside the scores; F1 on the development pairs is highest there."""

Sides = tuple[Side, Side]


def gap_command(
    file: Annotated[
        Path | None,
        typer.Argument(
            help="Labelled pairs: a yaml as in fixtures/, a csv or jsonl with asked, brag and label.",
            show_default="fixtures/gap_pairs_heldout.yaml",
        ),
    ] = None,
    ablation: Annotated[
        bool, typer.Option("--ablation", help="Also leave out each cue, and try the text views.")
    ] = False,
    fit: Annotated[
        bool, typer.Option("--fit", help="Fit weights and thresholds on these pairs and print them.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Gap: covering pairs above others, natural and hard, and a covering sentence in the first three."""
    path = file or HELD_OUT
    with errors.status("judging pairs"):
        told = fitted(path) if fit else report(path, ablation=ablation)
    if as_json or fit:
        show_json(json.dumps(told, indent=2, ensure_ascii=False))
        return
    out.print(f"{told['n']:,} labelled pairs from {path.name}\n", markup=False)
    out.print(to_markdown(told), markup=False)
    for table in ("cues", "views"):
        for name, figures in told.get("ablation", {}).get(table, {}).items():
            shown = figures if isinstance(figures, str) else json.dumps(figures)
            out.print(f"{table}, {name}: {shown}", markup=False)


def report(path: Path = HELD_OUT, *, ablation: bool = False) -> dict[str, Any]:
    """Judge the pairs of a file; see :meth:`workbench.judge_pairs.PairJudgement.to_json` for the keys.

    :param ablation: also ``ablation``: ``cues`` with each feature left out, and ``views`` of the text.
    :raises MissingPath, ReadError: if the file cannot be read or holds no pairs.
    """
    pairs = _not_empty(path)
    groups = grouped(pairs)
    with Workspace() as workspace:
        sides = list(_sides(workspace, groups))
        judge = judge_of(workspace)
        found = [pair_scores(brag, asked) for asked, brag in sides]
        scores = [
            judged(judge, one.score, asked, brag) if judge else one.score
            for one, (asked, brag) in zip(found, sides, strict=True)
        ]
        thresholds = Thresholds()

        def judgement(matrices: Sequence[Vector], threshold: float = thresholds.covered) -> PairJudgement:
            return PairJudgement(pairs, groups, matrices, threshold, thresholds.partial)

        told = judgement(scores).to_json(judgement([one.cosine for one in found], COSINE_THRESHOLD))
        if ablation:
            told["ablation"] = {
                "cues": _without_cues(sides, judgement),
                "views": _views(workspace, groups, judgement),
            }
    return told


def fitted(path: Path) -> dict[str, Any]:
    """Weights, bias and thresholds that the pairs give, with figures cross-validated by field of work.

    :raises MissingPath, ReadError: if the file cannot be read or holds too little.
    """
    pairs = _not_empty(path)
    groups = grouped(pairs)
    features = np.zeros((len(pairs), len(WEIGHTS)))
    with Workspace() as workspace:
        sides = list(_sides(workspace, groups))
    for group, (asked, brag) in zip(groups, sides, strict=True):
        table = pair_features(brag, asked)
        features[list(group.pairs)] = table[list(group.rows), list(group.columns)]
    unrelated, unrelated_fields = _unrelated(pairs, groups, sides)
    labels = [pair.label for pair in pairs]
    natural = np.array([pair.half == "natural" for pair in pairs])
    fields = [pair.field or pair.document for pair in pairs]
    if len({field for field, whole in zip(fields, natural, strict=True) if whole}) < 2:
        raise ReadError(
            f"{path}: weights need natural pairs of two fields of work or more, so as to be tried"
        )
    options = (signs_of(WEIGHTS), len(BASE))
    found = fit_pairs(features, labels, natural, *options, unrelated=unrelated)
    logit = cross_validated(
        features, labels, natural, *options, fields, unrelated=unrelated, unrelated_part=unrelated_fields
    )
    # Where F1 is highest, the score is to be one half.
    threshold = best_threshold(1 / (1 + np.exp(-logit)), labels, ["covers"])
    shift = float(np.log(threshold / (1 - threshold)))
    score = 1 / (1 + np.exp(shift - logit))
    matrices = []
    for group in groups:
        matrix = np.zeros((len(group.asked), len(group.brag)))
        matrix[list(group.rows), list(group.columns)] = score[list(group.pairs)]
        matrices.append(matrix)
    covered = 0.5
    partial = best_partial(score, labels, covered)
    return {
        "bias": round(found.bias - shift, 2),
        "weights": {
            name: round(float(weight), 2) for name, weight in zip(WEIGHTS, found.weights, strict=True)
        },
        "covered": covered,
        "partial": partial,
        "cross_validated": PairJudgement(pairs, groups, matrices, covered, partial).to_json(),
    }


# ---- inside


def _unrelated(
    pairs: Sequence[LabelledPair], groups: Sequence[PairGroup], sides: Sequence[Sides]
) -> tuple[Vector, list[str]]:
    """Features of the postings against brag documents of other fields, and the field of each posting."""
    whole = [
        (pairs[group.pairs[0]].field or pairs[group.pairs[0]].document, side)
        for group, side in zip(groups, sides, strict=True)
        if pairs[group.pairs[0]].document
    ]
    tables, fields = [np.zeros((0, len(WEIGHTS)), np.float32)], []
    for field, (asked, _) in whole:
        for other, (_, brag) in whole:
            if other != field:
                tables.append(pair_features(brag, asked).reshape(-1, len(WEIGHTS)))
                fields += [field] * len(tables[-1])
    return np.concatenate(tables), fields


def _not_empty(path: Path) -> list[LabelledPair]:
    pairs = read_labelled_pairs(path)
    if not pairs:
        raise ReadError(f"{path}: expected labelled pairs, found none")
    return pairs


def _sides(
    workspace: Workspace, groups: Sequence[PairGroup], vectors: Vector | None = None
) -> Iterator[Sides]:
    """The posting and the brag document of each group; ``vectors`` are those of :func:`_texts`."""
    texts = _texts(groups)
    place = {text: row for row, text in enumerate(texts)}
    dense = workspace.encode(texts) if vectors is None else vectors
    names = workspace.matcher.names_many(texts)

    def side(sentences: Sequence[str]) -> Side:
        rows = [place[text] for text in sentences]
        return Side(
            (DocumentInfo("", "pairs"),),
            tuple(SideSentence(texts[row], 0, technologies=names[row]) for row in rows),
            dense[rows],
        )

    for group in groups:
        yield side(group.asked), side(group.brag)


def _texts(groups: Sequence[PairGroup]) -> list[str]:
    return list(dict.fromkeys(text for group in groups for text in (*group.asked, *group.brag)))


def _main(figures: PairJudgement) -> dict[str, float | None]:
    found = figures.figures()
    return {name: found[name] for name in ("auc_natural", "auc_hard", "hit@3")}


def _without_cues(
    sides: Sequence[Sides], judgement: Callable[..., PairJudgement]
) -> dict[str, dict[str, float | None]]:
    def figures(*without: str) -> dict[str, float | None]:
        return _main(judgement([pair_scores(brag, asked, without=without).score for asked, brag in sides]))

    rivals = [name for name in BASE if name.startswith("behind")]
    return {
        "all": figures(),
        "no cues": figures(*CUES),
        "no rivals": figures(*rivals),
        "raw cosine": _main(judgement([asked.dense @ brag.dense.T for asked, brag in sides])),
        **{f"without {name}": figures(name) for name in WEIGHTS if name != "cosine"},
    }


def _views(
    workspace: Workspace, groups: Sequence[PairGroup], judgement: Callable[..., PairJudgement]
) -> dict[str, dict[str, float | None] | str]:
    """Raw cosine and score for each view; cues are always read off the text itself."""
    if "NLTK_DATA" not in os.environ and NLTK_FOLDER.is_dir():
        os.environ["NLTK_DATA"] = str(NLTK_FOLDER)
    texts = _texts(groups)
    views: list[tuple[str, View, str]] = [
        ("raw", "raw", "spacy"),
        ("filtered, spaCy's stop words", "filtered", "spacy"),
        ("filtered, NLTK's stop words", "filtered", "nltk"),
        ("filtered, both lists", "filtered", "nltk+spacy"),
        ("jargon", "jargon", "spacy"),
    ]
    found: dict[str, dict[str, float | None] | str] = {}
    for name, view, words in views:
        try:
            seen = TextViews(workspace.matcher, words).apply_many(texts, view)
        except MissingExtra as error:
            found[name] = f"skipped: {error}"
            continue
        vectors = workspace.encode([part or text for part, text in zip(seen, texts, strict=True)])
        sides = list(_sides(workspace, groups, vectors))
        found[f"{name}: cosine"] = _main(judgement([asked.dense @ brag.dense.T for asked, brag in sides]))
        found[f"{name}: score"] = _main(judgement([pair_scores(brag, asked).score for asked, brag in sides]))
    return found
