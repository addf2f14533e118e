"""Quantities, dates, organisations and places in a text by small rules, without a model.

What the rules take:

- MONEY "$6,400", "$25-30k", "500 USD"; PERCENT "40%"; TIME "10 am", "17:30"; DATE months, weekdays,
  "3 March 2024", "2024-03-01", "Q3", "FY24" and the years 1990 to 2035;
- NUMBER any other number in figures ("2.5" of "2.5 seconds", "5+" of "5+ years"), unless it is part of a
  word ("COVID-19", "B2B") or follows a code in capitals ("ISO 9001");
- ORG capitalised words before Inc., LLC, Ltd., Corp., GmbH, LLP, PLC or & Co.;
- GPE a town with its state ("El Paso, TX 79998"), a US state, a country.

"May" and "March", and months cut short, count only beside a figure or after "in", "by", "of", "since" or
"until". Georgia is taken for a state; Jordan, Turkey and Chad are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entity:
    """A stretch of a text with its kind: ``text == source[start:end]``."""

    text: str
    label: str
    start: int
    end: int


def quantities(text: str) -> Iterator[Entity]:
    """MONEY, PERCENT, TIME, DATE and NUMBER, in order, none overlapping another."""
    for match in _QUANTITY.finditer(text):
        label = str(match.lastgroup)
        if label == "NUMBER" and _CODE.search(text, max(0, match.start() - 12), match.start()):
            continue
        yield Entity(match[0], label, *match.span())


def organisations_and_places(text: str) -> Iterator[Entity]:
    """ORG and GPE; may overlap one another."""
    if not _CAPITAL.search(text):
        return
    for label, pattern in (("ORG", _ORGANISATION), ("GPE", _TOWN), ("GPE", _REGION)):
        for match in pattern.finditer(text):
            start = match.start()
            while leading := _LEADING.match(text, start, match.end()):
                start = leading.end()
            yield Entity(text[start : match.end()], label, start, match.end())


_MONTH = "January|February|April|June|July|August|September|October|November|December"
_MONTHS = rf"(?:{_MONTH}|March|May|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.?)"
_DAY = r"[0-3]?\d(?:st|nd|rd|th)?"
_YEAR = r"(?:199\d|20[0-2]\d|203[0-5])"
_FIGURE = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)*"
_SCALE = r"(?:\s?(?:thousand|million|billion)\b|[kKmM]\b|[bm]n\b)?"

_QUANTITY = re.compile(
    rf"""
    (?P<MONEY> (?:\b(?:US|CA|AU?))?[$€£¥]\s?(?:{_FIGURE}){_SCALE}\+?
               (?:\s?(?:-|–|to)\s?[$€£¥]?(?:{_FIGURE}){_SCALE}\+?)?
             | (?<![\w.-])(?:{_FIGURE}){_SCALE}\s(?:dollars|euros|USD|EUR|GBP|CAD)\b )
  | (?P<PERCENT> (?<![\w.-])(?:{_FIGURE})(?:\s?[-–]\s?\d+)?\s?(?:%|percent\b|per\ cent\b) )
  | (?P<TIME> (?<![\w.:-])(?:[01]?\d|2[0-3])(?::[0-5]\d)?\s?(?:[ap]\.m\.|[ap]m\b|[AP]M\b)
            | (?<![\w.:-])(?:[01]?\d|2[0-3]):[0-5]\d\b )
  | (?P<DATE> \b(?:19|20)\d\d-[01]\d-[0-3]\d\b | \b[01]?\d/[0-3]?\d/(?:\d\d){{1,2}}\b
            | \b{_DAY}\s(?:of\s)?{_MONTHS}(?:,?\s{_YEAR})?\b
            | \b{_MONTHS}\s(?:{_DAY}(?:,?\s{_YEAR})?|{_YEAR})\b
            | \b(?:{_MONTH})\b | (?:(?<=\b[io][nf]\s)|(?<=\bby\s)|(?<=since\s)|(?<=until\s))(?:March|May)\b
            | \b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?\b
            | \bQ[1-4](?:\s{_YEAR})?\b | \bFY\s?\d{{2}}(?:\d\d)?\b
            | (?<![\w.,-]){_YEAR}(?:\s?[-–]\s?{_YEAR})?(?![\w,.]*\d)\b )
  | (?P<NUMBER> (?<![\w.-])\.?(?:{_FIGURE})(?:\s?[-–/]\s?(?:{_FIGURE}))*(?:st|nd|rd|th)?(?![\w-])\+? )
    """,
    re.VERBOSE,
)
_CODE = re.compile(r"\b[A-Z]{2,}\s?$")
_CAPITAL = re.compile(r"[A-Z]")

_LEADING = re.compile(r"(?:A|About|An|And|At|For|From|In|Join|Near|Of|Our|The|To|With|Work)\s+")
_NAME = r"[A-Z][\w'’&.-]{0,30}"
_ORGANISATION = re.compile(
    rf"\b(?:{_NAME}\s(?:(?:and|of)\s)?){{0,4}}{_NAME}"
    r"(?:,?\s(?:Inc\b|LLC\b|L\.L\.C\.|LLP\b|Ltd\b|Corp\b|Corporation\b|GmbH\b|PLC\b)|\s&\sCo\b)\.?"
)
_STATE_CODES = (
    "A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|S[CD]|T[NX]|UT"
    "|V[AT]|W[AIVY]"
)
_STATES = (
    "Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|Florida|Georgia|Hawaii|Idaho"
    "|Illinois|Indiana|Iowa|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts|Michigan|Minnesota"
    "|Mississippi|Missouri|Montana|Nebraska|Nevada|New (?:Hampshire|Jersey|Mexico|York)"
    "|(?:North|South) (?:Carolina|Dakota)|Ohio|Oklahoma|Oregon|Pennsylvania|Rhode Island|Tennessee|Texas|Utah"
    "|Vermont|(?:West )?Virginia|Washington|Wisconsin|Wyoming"
)
_COUNTRIES = (
    "Argentina|Australia|Austria|Belgium|Brazil|Bulgaria|Canada|Chile|China|Colombia|Croatia|Czech Republic"
    "|Denmark|Egypt|England|Estonia|Finland|France|Germany|Greece|Hungary|India|Indonesia|Ireland|Israel|Italy"
    "|Japan|Kenya|Latvia|Lithuania|Malaysia|Mexico|Morocco|Netherlands|New Zealand|Nigeria|Norway|Pakistan"
    "|Peru|Philippines|Poland|Portugal|Romania|Saudi Arabia|Scotland|Singapore|South (?:Africa|Korea)|Spain"
    "|Sweden|Switzerland|Taiwan|Thailand|Ukraine|United (?:Arab Emirates|Kingdom|States)|Vietnam|Wales"
)
_TOWN = re.compile(
    rf"\b(?:[A-Z][\w'’.-]{{1,20}}\s){{0,3}}[A-Z][\w'’.-]{{1,20}},\s"
    rf"(?:(?:{_STATE_CODES})\b(?:\s\d{{5}}(?:-\d{{4}})?)?|D\.C\.|(?:{_STATES}|{_COUNTRIES})\b)"
)
_REGION = re.compile(
    rf"\b(?:{_STATES}|(?:United States of America|{_COUNTRIES}))\b|\bU\.(?:S\.(?:A\.)?|K\.)|\b(?:USA|UK)\b"
)
