"""Codes of the Standard Occupational Classification (SOC) and of O*NET-SOC, which adds two digits.

A code is written as the prefix that its level keeps: major group "15" (``soc2``), first three digits
"15-1" (``soc3``), broad occupation "15-125" (``soc5``), detailed occupation "15-1252" (``soc6``),
O*NET-SOC "15-1252.00" (level 8). A longer code belongs to every shorter one that it starts with.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from preprocess.errors import InvalidParameter, UnknownCode

# The 23 major groups (SOC 2018, U.S. Bureau of Labor Statistics; the same codes since SOC 2000).
GROUP_NAMES: Mapping[str, str] = {
    "11": "Management",
    "13": "Business and Financial Operations",
    "15": "Computer and Mathematical",
    "17": "Architecture and Engineering",
    "19": "Life, Physical, and Social Science",
    "21": "Community and Social Service",
    "23": "Legal",
    "25": "Educational Instruction and Library",
    "27": "Arts, Design, Entertainment, Sports, and Media",
    "29": "Healthcare Practitioners and Technical",
    "31": "Healthcare Support",
    "33": "Protective Service",
    "35": "Food Preparation and Serving Related",
    "37": "Building and Grounds Cleaning and Maintenance",
    "39": "Personal Care and Service",
    "41": "Sales and Related",
    "43": "Office and Administrative Support",
    "45": "Farming, Fishing, and Forestry",
    "47": "Construction and Extraction",
    "49": "Installation, Maintenance, and Repair",
    "51": "Production",
    "53": "Transportation and Material Moving",
    "55": "Military Specific",
}

# Digits kept -> characters of the prefix, the dash and the dot included.
_LENGTHS = {2: 2, 3: 4, 5: 6, 6: 7, 8: 10}
LEVELS = tuple(_LENGTHS)
_FULL = re.compile(r"[0-9]{2}-[0-9]{4}\.[0-9]{2}")
# The last two digits only ever follow a whole SOC code.
_WRITTEN = re.compile(r"([0-9]{2})(?:-?([0-9]{1,3})|-?([0-9]{4})(?:\.?([0-9]{2}))?)?")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—−", "-"))


def is_full_code(code: str) -> bool:
    """Whether ``code`` is an O*NET-SOC code as O*NET writes it ("15-1252.00"), of a known major group."""
    return _FULL.fullmatch(code) is not None and code[:2] in GROUP_NAMES


def normalise_code(text: str) -> str:
    """``text`` as the prefix that it stands for.

    Accepts "15-1252", "15-1252.00", "151252", "15125200", "15-12", "15", and typographic dashes. The
    zeros that fill up the code of a group are taken off: "15-0000" is "15", "15-1000" is "15-1",
    "15-1200" (a minor group of SOC 2018) is "15-12", "15-1250" is "15-125". Eight digits are kept as they
    are, because O*NET-SOC 2010 has occupations such as 19-1020.01.

    :raises UnknownCode: if it has another form or begins with no SOC major group.
    """
    match = _WRITTEN.fullmatch(text.strip().translate(_DASHES))
    if match is None:
        raise UnknownCode(
            f"expected a SOC or O*NET-SOC code such as 15-1252, 15-1252.00, 15-12 or 15, found {text[:40]!r}"
        )
    group, some, whole, last = match.groups()
    if group not in GROUP_NAMES:
        raise UnknownCode(
            f"{text[:40]!r} begins with no SOC major group; these are {', '.join(GROUP_NAMES)} (SOC 2018)"
        )
    if last is not None:
        return f"{group}-{whole}.{last}"
    rest = some or (whole or "").rstrip("0")
    return f"{group}-{rest}" if rest else group


def code_at_level(code: str, level: int) -> str:
    """``code`` rolled up to ``level`` digits: ("15-1252.00", 5) is "15-125".

    :raises InvalidParameter: if ``level`` is not 2, 3, 5, 6 or 8, or ``code`` has fewer digits than that.
    :raises UnknownCode: if ``code`` is not a code.
    """
    if level not in _LENGTHS:
        raise InvalidParameter(f"level must be one of {', '.join(map(str, _LENGTHS))}, found {level!r}")
    prefix = normalise_code(code)
    if len(prefix) < _LENGTHS[level]:
        raise InvalidParameter(
            f"level {level} needs {level} digits, but the code is {prefix!r}: use a lower level"
        )
    return prefix[: _LENGTHS[level]]


def soc_levels(code: str) -> dict[str, str]:
    """The prefixes that ``code`` is filed under, as far as its digits reach.

    :return: for an O*NET-SOC code ``soc2``, ``soc3``, ``soc5``, ``soc6`` and ``code``; "15-1252" has no
        ``code``, and "15-12" only ``soc2`` and ``soc3``.
    :raises UnknownCode: if ``code`` is not a code.
    """
    prefix = normalise_code(code)
    levels = {f"soc{level}" if level < 8 else "code": length for level, length in _LENGTHS.items()}
    return {name: prefix[:length] for name, length in levels.items() if length <= len(prefix)}


def is_prefix(a: str, b: str) -> bool:
    """Whether two codes agree at the coarser one's level: "15-12" and "15-1252.00" do, in either order.

    :raises UnknownCode: if one is not a code.
    """
    shorter, longer = sorted((normalise_code(a), normalise_code(b)), key=len)
    return longer.startswith(shorter)
