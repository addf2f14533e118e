"""A compound requirement by part: the technologies, credentials, degrees and years that one sentence asks
for.

"Python, Spark or Hive and 3+ years of SQL" is met by part. Names joined by "or" are alternatives, of which
one is enough; names joined by "and" are all asked. Names after "such as", "e.g." or "at least one of" are
alternatives too, and those that are only examples ("such as") may be absent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from preprocess.credentials import abbreviations_in, step_called, steps_in, years_in

PartKind = Literal["technology", "credential", "degree", "years"]
PartStatus = Literal["shown", "missing", "not checked"]


@dataclass(frozen=True, slots=True)
class RequirementPart:
    """One thing that a sentence asks for, as ``text``.

    Parts with the same ``group`` are alternatives. ``required`` is False for an example. ``proof`` is the
    brag
    sentence that shows it, or that states less where the status is missing; else it is empty. Years and
    degrees
    are *not checked* where the brag document states none.
    """

    kind: PartKind
    text: str
    status: PartStatus = "not checked"
    group: int = 0
    required: bool = True
    proof: str = ""


def parts_of(text: str, technologies: Sequence[str] = ()) -> tuple[RequirementPart, ...]:
    """What ``text`` asks for, in order, not checked yet; empty where it names nothing of the kind.

    :param technologies: canonical names of the technologies in it.
    """
    mentions = sorted(_mentions(text, technologies))
    parts = [
        RequirementPart(found, name, group=group, required=required)
        for (_, _, found, name), (group, required) in zip(mentions, _groups(text, mentions), strict=True)
    ]
    last = max((part.group for part in parts), default=-1)
    families = {step.family: step for step in reversed(steps_in(text))}  # the lowest of each is what is asked
    for number, (family, step) in enumerate(sorted(families.items()), start=last + 1):
        kind: PartKind = "degree" if family == "degree" else "credential"
        parts.append(RequirementPart(kind, step.name, group=number))
    years = years_in(text)
    if years is not None and years >= 0.5:
        parts.append(RequirementPart("years", f"{years:g} {'year' if years == 1 else 'years'}", group=-1))
    return tuple(parts)


def checked(
    parts: Iterable[RequirementPart],
    brag: Sequence[tuple[str, Sequence[str]]],
    near: Sequence[str],
) -> tuple[RequirementPart, ...]:
    """The parts with what a brag document says of them.

    :param brag: its sentences with the technologies in each; without those that only wish or deny.
    :param near: the sentences that come near to the asked one: years count only in these, since seven years
        of cooking are not seven years of Python.
    """
    return tuple(_checked(part, brag, near) for part in parts)


def satisfied(parts: Iterable[RequirementPart]) -> bool:
    """Whether no group of alternatives is missing as a whole; what is not checked does not count."""
    groups: dict[int, list[RequirementPart]] = {}
    for part in parts:
        if part.required:
            groups.setdefault(part.group, []).append(part)
    return not any(all(part.status == "missing" for part in group) for group in groups.values())


# ---- inside

_FAMILY_NAMES = frozenset({"CDL", "CFA", "EPA"})
"""Abbreviations that a step of a ladder says more precisely ("Class A CDL")."""

_Mention = tuple[int, int, PartKind, str]

_ANY = re.compile(
    r"\b(?:at least one|one or more|any one|any|either|some|one)(?: of)?\W*(?:the following\W*)?$",
    re.IGNORECASE,
)
_EXAMPLE = re.compile(
    r"(?:\bsuch as|\be\.g\.?,?|\bfor example,?|\blike|\bincluding(?: but not limited to)?|\bi\.e\.?,?)\W*$",
    re.IGNORECASE,
)
_OR = re.compile(r"\bor\b|/|\band/or\b", re.IGNORECASE)
_COMMA = re.compile(r"^[\s,;()]*$")
_SIMILAR = re.compile(
    r"^\W*(?:,? ?(?:or|and) )?(?:similar|equivalent|comparable|related|other|another|etc)\b", re.IGNORECASE
)


def _mentions(text: str, technologies: Sequence[str]) -> list[_Mention]:
    found: list[_Mention] = []
    for name in technologies:
        start, end = _place(text, name)
        found.append((start, end, "technology", name))
    for start, end, name in abbreviations_in(text):
        if not steps_in(name) and not (name in _FAMILY_NAMES and steps_in(text)):
            found.append((start, end, "credential", name))
    return found


def _place(text: str, name: str) -> tuple[int, int]:
    """Where ``name``, or its last word ("Kafka" of "Apache Kafka"), stands in ``text``; -1 if nowhere."""
    for spelling in (name, *name.split()[-1:]):
        match = re.search(rf"(?<!\w){re.escape(spelling)}(?!\w)", text, re.IGNORECASE)
        if match:
            return match.span()
    return -1, -1


def _groups(text: str, mentions: Sequence[_Mention]) -> list[tuple[int, bool]]:
    """For each mention, in order, the number of its group and whether it is required.

    A mention spelled in another way than its name has no place, and is no more than an example.
    """
    groups: list[tuple[int, bool]] = []
    number, listed = -1, ""
    for index, (start, _, _, _) in enumerate(mentions):
        if start < 0:
            number += 1
            groups.append((number, False))
            continue
        before = text[max(mentions[index - 1][1], 0) if index and mentions[index - 1][0] >= 0 else 0 : start]
        joined = index > 0 and mentions[index - 1][0] >= 0 and len(before) < 40
        if _EXAMPLE.search(before):
            number, listed = number + 1, "example"
        elif _ANY.search(before) and not joined:
            number, listed = number + 1, "any"
        elif joined and (
            listed or _OR.search(before) or (_COMMA.match(before) and _or_follows(text, mentions, index))
        ):
            pass  # another alternative of the same list
        else:
            number, listed = number + 1, ""
        groups.append((number, listed != "example"))
    if mentions and _SIMILAR.match(text[mentions[-1][1] :]):  # "Canvas or similar": the product is an example
        groups = [(group, required and group != number) for group, required in groups]
    return groups


def _or_follows(text: str, mentions: Sequence[_Mention], index: int) -> bool:
    """Whether the next joint of a comma list that is a word is "or"."""
    for left, right in zip(mentions[index:], mentions[index + 1 :], strict=False):
        joint = text[left[1] : right[0]]
        if not _COMMA.match(joint):
            return bool(_OR.search(joint))
    return bool(re.match(r"^\W*or\b", text[mentions[-1][1] :]))


def _checked(
    part: RequirementPart, brag: Sequence[tuple[str, Sequence[str]]], near: Sequence[str]
) -> RequirementPart:
    if part.kind == "years":
        stated = [(years, text) for text in near if (years := years_in(text)) is not None]
        if not stated:
            return part
        most, proof = max(stated, key=lambda pair: pair[0])
        return replace(
            part, status="shown" if most >= float(part.text.split()[0]) else "missing", proof=proof
        )
    if part.kind == "technology":
        # A name that is also a word may not be known for a technology in a sentence that gives no hint.
        spelled = re.compile(rf"(?<!\w){re.escape(part.text)}(?!\w)")
        proof = next((text for text, names in brag if part.text in names or spelled.search(text)), "")
        return replace(part, status="shown" if proof else "missing", proof=proof)
    if wanted := step_called(part.text):
        held = [(s.step, text) for text, _ in brag for s in steps_in(text) if s.family == wanted.family]
        if not held:
            return part if part.kind == "degree" else replace(part, status="missing")
        most_held, proof = max(held, key=lambda pair: pair[0])
        return replace(part, status="shown" if most_held >= wanted.step else "missing", proof=proof)
    proof = next((text for text, _ in brag if re.search(rf"\b{re.escape(part.text)}\b", text)), "")
    return replace(part, status="shown" if proof else "missing", proof=proof)
