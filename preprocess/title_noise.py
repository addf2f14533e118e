"""What surrounds a job title and says nothing about the occupation, as patterns: pay, hours, place, ids.

Each rule has ``anywhere``, phrases that are noise wherever they stand, and ``segment``, words that are noise
only where they fill a part of the title set off by brackets, dashes, commas or bars: "Hybrid" in "Nurse
(Hybrid)", not in "Hybrid Vehicle Engineer". Every repetition is bounded. ``signs`` are the words (or ``0``
for a digit, or a mark) without one of which the rule has nothing to do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from preprocess.title_places import CITIES, COUNTRIES, SAFE_STATES, STATE_NAMES, STATES
from preprocess.title_tables import CONTEXTUAL, word_set
from preprocess.title_words import Rule, words_of


@dataclass(frozen=True, slots=True)
class Noise:
    """The patterns of one rule; see the module's text. ``cased`` ones tell capitals from small letters."""

    signs: frozenset[str]
    anywhere: tuple[str, ...]
    segment: tuple[str, ...] = ()
    cased: tuple[str, ...] = ()


_NUMBER = r"\d[\d.,]{0,12}"
_CURRENCY = r"(?:us|c|a)?[$€£] ?|(?:usd|eur|gbp|cad|aud|chf|inr) ?"
_MILLIONS = r"(?! ?(?:m|b|mm|mn|bn|million|billion)\b)"  # "$100M Fund Manager" is no pay
_MONEY = (
    rf"(?:(?:{_CURRENCY}){_NUMBER}(?:k\b)?|{_NUMBER}k? ?(?:€|£|usd\b|eur\b|gbp\b|dollars\b))\+?{_MILLIONS}"
)
_LEAD = (
    r"(?:(?:up to|from|starting(?: at| from)?|starts? at|earn(?: up to)?|earning|makes?|pay(?:s|ing)?"
    r"(?: up to)?|salary|rate|wage|over|avg|average|base|circa|min|max|ote|competitive)[: ] ?){1,3}"
)
_UNIT = r"(?: ?/ ?|,? ?(?:per|an|a) )(?:hour|hr|h|year|yr|annum|month|mo|week|wk|day|mile|load|visit)\b"
_TAIL = (
    rf"(?:{_UNIT}| ?hourly\b| ?annually\b| ?weekly\b| ?daily\b| ?p\.?[ah]\b\.?| ?ph\b| ?ote\b| ?doe\b"
    r"| ?(?:\+|plus|and|&) ?(?:commissions?|bonus(?:es)?|benefits|tips|ote|dental|medical)\b| ?base\b)"
)
_RANGE = rf"(?: ?(?:-|–|—|to|/) ?(?:{_CURRENCY})?{_NUMBER}k?(?![\w]))"
_DAY = r"(?:mon|tue|tues|wed|thu|thur|thurs|fri|sat|sun)(?:days?|sdays?|nesdays?|rsdays?|urdays?)?"
_CLOCK = r"\d{1,2}(?:[:.]\d\d)?"
_HALF = r"(?: ?[ap]\.?m\b\.?|[ap])"
_SHIFT = (
    r"(?:1st|2nd|3rd|4th|first|second|third|fourth|day|night|evening|morning|afternoon|swing|graveyard|noc"
    r"|rotating|rotational|split|overnight|weekend|weekday|late|early|am|pm|mid|midnight|multiple|various"
    r"|all|any|flexible|(?:8|10|12|24)[ -]?(?:hr|hrs|hour))"
)
_PART = r"(?:days?|nights?|evenings?|mornings?|afternoons?|weekends?|overnights?|am|pm)"
_BOSS = r"super|manag|lead|command|fore|boss|chief|captain|superint|engineer|operat|coord"
_OFFER = r"(?:bonus(?:es)?|incentives?)"
_LURE = r"(?:pay|benefits|opportunity|salary|culture|team|perks|tips|hours|bonus(?:es)?)"
_SIGN_ON = rf"(?:sign(?:ing)?(?:[ -]?on)?|hiring|retention|referral|relocation|welcome|joining) {_OFFER}"
_REMOTE_JOBS = (
    r"access|aircraft|broadcast|camera|control|encoding|monitor|operat(?:ed|ions)|pilot|sensing|site|terminal"
)
_ONSITE = r"on[ -]?site|in[ -]office|in[ -]person|hybrid|remote|telework|telecommut(?:e|ing)|virtual|wfh"
_CITY = r"[A-Z][\w.'’]{1,15}(?:[ -][A-Z][\w.'’]{1,15}){0,2}"
_ZIP = r"(?: \d{5}(?:-\d{4})?)?"
_SUFFIX = r"(?:inc|llc|l\.l\.c|ltd|limited|corp|corporation|company|gmbh|plc|llp|pllc|lp|p\.c|s\.a|pvt)\b\.?"
_WORDS = r"(?:(?!(?:at|for|with|in) )[\w&][\w.&'’-]{0,23} ){0,4}(?!(?:at|for|with|in) )[\w.&'’-]{1,24},? "
_ID_WORD = r"(?:job|req|requisition|ref|reference|posting|position|vacancy|opening|announcement|soc)"
_STATES = "|".join(sorted(STATES))
_PART_ENDS = r"(?=$| [-–—]| ?[|,;()\]/])"
_NAMES = "|".join(re.escape(name.lower()) for name in (*CITIES, *STATE_NAMES))

NOISE: Mapping[str, Noise] = {
    "id": Noise(
        signs=frozenset("0#"),
        anywhere=(
            rf"{_ID_WORD}\.? ?(?:id|no|number|num|nr|code)?\.? ?[:#-]{{0,2}} ?#? ?"
            r"[a-z]{0,5}[-_]?\d[\w./-]{1,24}",
            r"(?:id|no|nr)\.? ?[:#]{1,2} ?[a-z]{0,5}[-_]?\d[\w-]{2,20}",
            r"# ?[a-z]{0,4}-?\d[\w-]{2,20}",
            r"(?:jr|req|r|jo|jid|id|rq|hr|wd|p|ref)[-_ ]?\d{4,12}(?:-\d{1,6})?",
            r"(?:[a-z]{1,8}|[a-z]{1,4}\d?-)\d{5,12}(?:-\d{1,4})?",
            r"\d{3,6}\.\d{3,8}(?:\.\d{1,4})?",
            r"\d\d-\d{4}(?:\.\d\d)?",  # a SOC or O*NET-SOC code
            r"\d{5,12}(?:[.-]\d{1,8}){0,3}",
            r"20\d\d-(?!20\d\d)\d{3,8}",
        ),
        segment=(r"[a-z]{0,5}-?\d{4,12}(?:[.-]\d{1,8}){0,3}",),
    ),
    "gender": Noise(
        signs=word_set("m w f h d x all gender genders male female"),
        anywhere=(
            r"(?:m ?[/|] ?f|f ?[/|] ?m|h ?[/|] ?f|f ?[/|] ?h|m ?[/|] ?w|w ?[/|] ?m)"
            r"(?: ?[/|] ?(?:d|x|i|gn|nb|v|divers|div\.|vet|disabled)(?!\w)){0,3}",
            r"(?:[mwfdxi] ?[/|,] ?){2,4}[mwfdxi]",
            r"\((?:[mwfdxi][-*: ]){1,3}[mwfdxi]\)",
            r"(?:all|any|every) genders?(?: welcome)?",
            r"male ?/ ?female|female ?/ ?male",
        ),
        segment=(r"gn", r"divers"),
    ),
    "urgency": Noise(
        signs=word_set("""
            amazing apply asap bonus bonuses competitive confidential excellent exciting exempt experience
            experienced extended great hiring hot immediate immediately incentive incentives interviews job
            join multiple needed new nonexempt now open opening openings opportunity position positions
            post posted repost reposted revised seeking sign start starts title train training updated
            urgent urgently vacancies vacancy walk wanted
            """),
        anywhere=(
            rf"(?:up to )?(?:{_MONEY} ?)?{_SIGN_ON}"
            rf"(?: (?:of |up to )?{_MONEY}| available| eligible| offered)?",
            rf"{_MONEY} (?:{_OFFER}|sign(?:ing)?[ -]?on)",
            r"experienced",
            r"(?:we(?:'re|’re| are) |now |immediately |urgently )hiring(?: now| immediately| for)?",
            r"hiring (?:now|immediately|urgently|asap|event|for)",
            r"urgent(?:ly)?(?! care)[!:]{0,3}"
            r"(?: (?:hiring(?: now)?|hire|need|needed|requirement|required|opening|role))?",
            r"immediate(?:ly)? (?:start|hire|hiring|need|openings?|opportunity|interviews?|availability"
            r"|joiners?|vacancy|placement|available)",
            r"(?:starts? )?(?:asap|immediately)|start (?:now|today|tomorrow)",
            r"apply (?:now|today|here|online|asap)",
            r"no (?:prior )?experience(?: (?:needed|necessary|required))?",
            r"(?:will train|(?:full |paid )?training (?:provided|available)|paid training)",
            rf"(?:great|excellent|amazing|exciting|competitive) {_LURE}"
            rf"(?: ?(?:&|and|\+|/) ?(?:great )?{_LURE}){{0,2}}",
            r"join (?:our|the) (?:growing |amazing |great )?(?:team|family)(?: today| now)?",
            r"(?:\d{1,3}|multiple|several|many|new) (?:openings?|positions?|vacancies)(?: available)?",
            r"new opportunity|open until filled|walk[ -]ins?(?: interviews?)?(?: welcome)?",
            r"(?:needed|wanted)(?= ?(?:$|[!.,;:|–—-]))",
            r"^(?:hiring|seeking|vacancy|job title|job opening|position|job)(?: an?\b| for\b| ?[:–—-])",
        ),
        segment=(
            "hot(?: job)?",
            "updated",
            "extended",
            "reposted?",
            "re-?post(?:ed)?",
            "confidential",
            "revised",
            "(?:non-?|flsa )?exempt",
            "bonus(?:es)?",
            "immediate",
            "needed",
            "wanted",
            "new",
            "hiring",
            "vacancy",
            "job opening",
            "multiple",
        ),
    ),
    "pay": Noise(
        signs=word_set("0 commission commissions doe ote paid pay salary tips"),
        anywhere=(
            rf"(?:{_LEAD})?{_MONEY}{_RANGE}?{_MILLIONS}{_TAIL}{{0,3}}",
            rf"{_LEAD}\d{_NUMBER}k?{_RANGE}?{_TAIL}{{0,3}}(?!\w)",
            rf"{_NUMBER}k?{_RANGE}?(?:{_UNIT})",
            rf"\d{{2,3}}k{_RANGE}|\d{{2,3}}k{_TAIL}{{1,2}}",
        ),
        segment=(
            r"(?!401)\d{2,3}k\+?",
            "doe",
            "ote",
            "(?:competitive|great|top|high|good|weekly|daily|hourly|base) pay",
            "(?:competitive |base )?salary",
            "paid (?:weekly|daily)",
            "(?:plus |\\+ ?)?(?:commissions?|tips)",
            "commission only",
        ),
    ),
    "hours": Noise(
        signs=word_set("""
            0 a am autumn call casual contract corp cover f fall fixed flexible freelance fri friday
            fridays ft fte full fulltime hour hourly hours hr hrs interim m mon monday mondays month
            months needed on p part parttime per perm permanent pm prn pt sat saturday saturdays
            schedule seasonal spring summer sun sunday sundays t temp temporary thu thur thurs
            thursday thursdays tue tues tuesday tuesdays wed wednesday wednesdays weekend weekends
            winter year
            """),
        anywhere=(
            r"(?:full|part)[ -]?time(?: ?(?:/|&|or|and) ?(?:full|part)[ -]?time)?"
            r"(?: hours| positions?| only)?",
            r"[fp]/t(?: ?(?:/|&|or|and) ?[fp]/t)?",
            r"ft ?/ ?pt|pt ?/ ?ft|ft",
            r"[01]?\.\d{1,2} ?fte|1 ?fte|fte ?[01]\.\d{1,2}",
            r"(?:\d{1,2}(?:\.\d)? ?(?:-|–|to) ?)?\d{1,2}(?:\.\d)?\+? ?-?(?:hrs?|hours?)\b\.?"
            r"(?: ?(?:/|per|a|each) ?(?:week|wk|w|day|pay period)\b| weekly\b)?(?![ -]?shift)",
            rf"{_CLOCK}{_HALF} ?(?:-|–|to) ?{_CLOCK}(?:{_HALF})?(?!\w)",
            rf"{_CLOCK} ?(?:-|–|to) ?{_CLOCK}{_HALF}(?!\w)|\d{{1,2}}:\d\d ?(?:-|–|to) ?\d{{1,2}}:\d\d",
            rf"{_DAY} ?(?:-|–|to|thru|through|/|&|and) ?{_DAY}(?!\w)",
            r"m ?[-–] ?f(?!\w)",
            r"(?:no )?weekends(?: only| off| required)?|weekend (?:only|availability|hours)",
            r"flexible (?:hours|schedule|scheduling|working)|set schedule",
            r"per[ -]diem|prn|as needed|on[ -]call",
            r"seasonal|temp[ -]to[ -](?:hire|perm)",
            r"temporary(?! (?:help|staff|agency|services|traffic|power))",
            r"\d{1,2}[ -]months?(?: (?:contract|ftc|assignment|term|position))?|fixed[ -]term(?: contract)?",
            r"(?:summer|fall|autumn|spring|winter) (?:of )?20\d\d|20[123]\d ?[-–/] ?(?:20)?[123]\d",
        ),
        segment=(
            "weekends?",
            "contract(?: position| role)?",
            "permanent",
            "perm",
            "casual",
            "temp",
            "interim",
            "full",
            "freelance",
            "1099",
            "w-?2",
            "c2c",
            "corp to corp",
            "20[123]\\d",
            "(?:mon|tues|wednes|thurs|fri|satur|sun)days?",
            "(?:maternity|paternity|parental leave) cover",
            "school year",
            "year[ -]round",
            "hourly",
        ),
    ),
    "shift": Noise(
        signs=word_set(
            "afternoon afternoons am d day days evening evenings morning mornings n night nights noc "
            "overnight overnights pm shift shifts weekend weekends weeknights"
        ),
        anywhere=(
            rf"(?:{_SHIFT}[ ,/&-]{{1,3}}){{0,3}}{_SHIFT}[ -]shifts?(?! (?:{_BOSS}))"
            r"(?: (?:available|only|required))?",
            rf"{_SHIFT}(?= shift (?:{_BOSS}))",
            rf"{_PART} ?(?:/|&|and|or) ?{_PART}(?!\w)(?! (?:{_BOSS}|care|camp|auditor|porter|school))",
            r"shift [a-d1-4](?!\w)|[a-d1-4][ -]shift(?! (?:super|manag|lead))|shift work",
            r"nights|overnights?|weeknights|evenings|mornings",
            r"(?<=\w) (?:days|night)$",
        ),
        segment=("nights?", "days?", "evenings?", "mornings?", "afternoons?", "shifts?", "d/n"),
    ),
    "place": Noise(
        signs=word_set("""
            remote hybrid onsite site office person home wfh telecommute telework virtual relocation anywhere
            nationwide us usa local remotely telecommuting
            """)
        | {part for name in (*CITIES, *STATE_NAMES, *COUNTRIES, *STATES) for part in name.casefold().split()},
        anywhere=(
            rf"(?:{_NAMES}),? (?:{_STATES.lower()})(?!\w){_ZIP}{_PART_ENDS}",
            rf"(?:in|near|around) (?:the )?(?:greater )?(?:{_NAMES})(?: area)?{_PART_ENDS}",
            r"(?:100 ?%|fully|full|mostly|partially|hybrid) ?/? ?remote|remote ?/ ?hybrid|hybrid ?/ ?remote",
            rf"remote(?:ly)?(?! ?-?(?:{_REMOTE_JOBS}))"
            r"(?: (?:position|role|job|work|opportunity|option|possible|ok))?",
            r"work(?:ing)? (?:from|at) home|telecommut(?:e|ing)|telework|wfh",
            r"relocation (?:assistance|available|offered|provided|package)(?: available| offered)?",
            rf"(?<=\w) (?:on-?site|hybrid)$|(?:on-?site|hybrid) ?/ ?(?:{_ONSITE})",
        ),
        segment=(
            rf"(?:{_ONSITE})(?: (?:position|role|work|schedule))?",
            r"\d days?(?: a week)? (?:remote|onsite|in office)",
            "anywhere",
            "nationwide",
            "(?:field|home)[ -]based",
            "relocation",
            "local",
            "us only",
            rf"(?:{_NAMES})(?: area)?",
            "|".join(re.escape(name.lower()) for name in COUNTRIES),
            "greater (?:" + _NAMES + ")(?: area)?",
        ),
        cased=(
            rf"(?:(?<= [-–—] )|(?<=[(|\[])|(?<=[|] )|(?<= in )){_CITY}, (?:{_STATES})\b{_ZIP}{_PART_ENDS}",
            rf"(?:, ?| [-–—] ?|\()(?:{'|'.join(sorted(SAFE_STATES))})\b{_ZIP}(?:\)|(?=$| [-–—]| ?[|;]))",
        ),
    ),
    "company": Noise(
        signs=word_set(
            "@ a at c co company corp corporation for gmbh inc l limited llc llp lp ltd plc pllc pvt s with"
        ),
        anywhere=(
            rf"(?:(?:at|for|with|@) |(?<= [-–—|] )|(?<=, )|(?<=\()){_WORDS}{_SUFFIX}(?=$| ?[|,;)]| [-–—])",
            rf"^{_WORDS}(?:{_SUFFIX}|co\b\.?)(?= ?[|:]| [-–—] )",
        ),
        cased=(
            r"(?<=[\w.)]) @ ?\w.{0,60}$",
            r"(?<=[\w)]) at (?!(?:Law|Home|Large|Risk|Sea|Heights?|Arms|Night|Door|Work)\b)(?:[Tt]he )?"
            r"(?=[A-Z][a-z])[\w.&'’-]{2,24}(?: (?:of |and |& |the |for )?[A-Z][\w.&'’-]{0,23}){0,5}"
            r"(?=$| ?[-–—|,;(])",
        ),
    ),
}
"""In the order in which they are taken off: an id or a bonus holds figures that look like pay."""

_OPEN = r"(?P<open>^|[(\[{|•·,;:/]| [-–—](?= )|(?<=\w)[-–—](?= )| [-–—](?=\w))"
_CLOSE = r"(?P<close>[)\]}]|(?= ?[(\[|•·,;:/]| [-–—]|[-–—] )|$)"
_JOIN = r"(?: ?(?:[,/&+]|\band\b|\bor\b|-) ?| )"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern of a rule; where it is not ``cased`` it is matched against small letters, which is
    several times as fast as a pattern that ignores case."""

    compiled: re.Pattern[str]
    cased: bool


@lru_cache(maxsize=len(NOISE))
def patterns_of(rule: str) -> tuple[Pattern, ...]:
    """The patterns of a rule: what depends on capitals, phrases anywhere, segments.

    A segment's match has the groups ``open`` and ``close``: the marks that set it off.
    """
    described = NOISE[rule]
    patterns = [Pattern(re.compile(pattern), cased=True) for pattern in described.cased]
    anywhere = rf"(?<![\w$&])(?:{'|'.join(described.anywhere)})(?!\w)"
    patterns.append(Pattern(re.compile(anywhere), cased=False))
    if described.segment:
        words = "|".join(described.segment)
        segment = rf"{_OPEN} ?(?:{words})(?:{_JOIN}(?:{words})){{0,5}} ?{_CLOSE}"
        patterns.append(Pattern(re.compile(segment), cased=False))
    return tuple(patterns)


def noise(rule: str) -> Rule:
    """The rule that cuts out what ``NOISE[rule]`` describes."""

    def cut_all(text: str, taken: list[str]) -> str:
        for pattern in patterns_of(rule):
            text = _without(pattern, text, taken)
        if rule == "hours" and "PT" in text:
            text = _without_part_time(text, taken)
        return text

    return cut_all


def _without(pattern: Pattern, text: str, taken: list[str]) -> str:
    subject = text if pattern.cased else text.lower()
    if len(subject) != len(text):
        subject = text  # a letter such as "İ" is two small ones, and the places would be off
    parts, end = [], 0
    for match in pattern.compiled.finditer(subject):
        parts += [text[end : match.start()], _left_of(match)]
        end = match.end()
        taken.append(text[match.start() : end].strip(" ,;:|/–—-•·()[]{}"))
    return "".join(parts) + text[end:]


def _left_of(match: re.Match[str]) -> str:
    """What stays where a match was: a space, or the one bracket whose other half is still in the text."""
    marks = match.groupdict()
    opened, closed = marks.get("open") or "", marks.get("close") or ""
    bracket = opened in ("(", "[", "{")
    if bracket == (closed != ""):
        return " "
    return opened if bracket else closed


_PT = re.compile(r"(?P<apart>[(,]|[-–—|] ?)?(?<![\w&/])PT(?![\w/])")


def _without_part_time(text: str, taken: list[str]) -> str:
    """Without "PT" for part time: set apart, or in a title that has no word of therapy in it."""
    words = words_of(text)
    therapy = not CONTEXTUAL["pt"][1].isdisjoint(words) or words == {"pt"}

    def cut(match: re.Match[str]) -> str:
        if "physical" in words or (therapy and not match["apart"]):
            return match[0]
        taken.append("PT")
        return match["apart"] or " "

    return _PT.sub(cut, text)
