"""Section headings of postings: which line is one, and what the sentences under it are about.

Both answers are read from tables that a person can check. They are conservative: a heading that is
taken for a sentence costs a little noise, a sentence that is taken for a heading is lost.
"""

from __future__ import annotations

import re
from functools import lru_cache

MAX_HEADING_WORDS = 8
"""Longest heading; of 900 heading-like lines of the 99 postings in ``eval/postings_dev.csv``, those that
are longer are sentences without a full stop."""

ROLES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "preferred",
        (
            "preferred", "preferences?", "preferably", "nice to haves?", "good to have", "great to have",
            "bonus (?:points|skills|qualifications|if)", "(?:a|big|huge|real|definite) plus",
            "plus(?:es)?$", "desired", "desirable", "desirables", "optional", "not required",
            "advantageous", "an advantage", "would be (?:nice|great|a bonus)", "even better",
            "extra credit", "brownie points",
        ),
    ),
    (
        "legal",
        (
            "equal (?:employment )?opportunity", "eeo", "eeoc", "eoe", "disclaimers?",
            "affirmative action", "non ?discrimination", "legal", "privacy", "e verify",
            "accommodations?", "diversity", "background checks?", "drug (?:free|test|screen)(?:ing)?",
            "notice to applicants",
        ),
    ),
    (
        "apply",
        (
            "how to apply", "to apply", "apply(?: now| here| online| today)?", "applications?",
            "application (?:process|instructions|procedure|package|deadline)", "applying", "next steps",
            "(?:hiring|interview|selection|recruitment) process", "contact(?: us| information)?",
            "instructions to applicants?", "(?:who )?may apply",
        ),
    ),
    (
        "benefits",
        (
            "benefits?", "perks?", "compensation", "salary", "salaries", "pay",
            "pay (?:range|rate|scale)", "wages?", "remuneration", "rewards?", "bonus(?:es)?",
            "hourly rate", "rate of pay", "stipend",
            "what (?:we|you)(?: ll| will| can| do)? (?:offer|get|receive|give|enjoy|gain|earn)",
            "what you can expect from us", "what ?s in it for you", "we(?: can| will)? offer",
            "why (?:join|work|choose|you|us)", "in return", "paid time off",
            "vacation", "insurance", "401 ?k", "retirement",
        ),
    ),
    (
        "requirement",
        (
            "requirements?", "required", "requires", "qualifications?", "qualified", "must haves?",
            "(?:what )?you(?: must| should)? have",
            "what you(?: ll| will)? (?:bring|need|have|know|offer us)",
            "you(?: ll| will)? (?:bring|need)",
            "what (?:we|we re|we are) (?:ask|require|expect|need|want)",
            "(?:what|who)(?: we are| we re| we)? (?:looking|look) for", "we(?: re| are) looking for",
            "who you are", "you are", "about you", "skills?", "skill ?set", "abilit(?:y|ies)",
            "competenc(?:y|ies)", "experience", "education(?:al)?", "certifications?", "certificates",
            "licen[sc]es?", "licensure", "credentials?", "eligibility", "prerequisites?", "background",
            "expertise", "knowledge", "(?:ideal|successful|right) candidate", "your profile",
            "candidate profile", "must", "physical demands?", "tech(?:nology)? stack",
            "proficienc(?:y|ies)",
        ),
    ),
    (
        "duty",
        (
            "responsibilit(?:y|ies)", "responsible for", "duty", "duties", "functions?", "tasks?",
            "activities", "accountabilit(?:y|ies)",
            "what you(?: ll| will| would)?(?: be)? (?:do|doing|work on|working on|own)",
            "what you(?: ll| will)? (?:accomplish|achieve|deliver|build|lead)",
            "you(?: ll| will)(?: be)?(?: do)?", "day to day", "day in the life", "typical day",
            "your (?:role|impact|mission|day|work|job)", "the work", "(?:key )?deliverables",
            "the impact you", "in this (?:role|position|job)",
            "how you(?: ll| will)? (?:contribute|make an impact)", "scope(?: of work)?", "deliverables",
            "objectives",
        ),
    ),
    (
        "company",
        (
            "about (?:us|the (?:company|team|organi[sz]ation|firm|department|employer))", "about our",
            "who we are", "what we do",
            "our (?:company|team|story|mission|culture|values|vision|history|people)",
            "company|team|department|employer|organi[sz]ation", "(?:mission|culture|values|vision)",
            "meet the team",
            "about (?!you|your|this|the (?:job|role|position|opportunity|work))[a-z].*",
        ),
    ),
)  # fmt: skip
"""Role and the phrases (regular expressions over folded words) that show it. The first role with a phrase
in the heading wins, so "preferred qualifications" is preferred and "physical requirements" a requirement."""


def _word_set(text: str) -> frozenset[str]:
    return frozenset(text.split())


_HEADING_NOUNS = _word_set(
    """
    abilities accountabilities accountability activities application apply applying benefits bonuses
    certifications compensation competencies competency conditions credentials culture demands department
    description desired details disclaimer documents duties duty education eeo eligibility environment
    expectations experience functions highlights hours information instructions licenses licensure
    location mission objectives opportunity overview pay perks pluses preferred prerequisites profile
    qualifications rate remuneration required requirement requirements responsibilities responsibility
    rewards salary schedule scope skills skillset specifications statement summary tasks values
    """
)
_HEADING_MODIFIERS = _word_set(
    """
    a additional all an and applicants application are base basic business candidate career company
    compensation core day desirable duty employee employer employment environmental equal essential
    expected for general hourly how ideal in is job key knowledge main major maximum mental minimum must
    my of offered opportunity or other our package pay perks physical please position preferred primary
    principal process professional range rate relevant required role s scope shift special specific
    starting supervisory team technical the these this to total travel typical work working you
    your
    """
)
_HEADING_PHRASES = frozenset(
    (
        "nice to have", "nice to haves", "must have", "must haves", "good to have", "bonus points",
        "bonus", "good to know", "the work", "your impact", "day to day", "a day in the life", "the role",
        "the position", "the job", "the team", "the company", "who we are", "in this role", "you will",
        "you ll", "you have", "you bring", "you are", "we offer", "contact", "contact us", "our team",
        "our story", "a plus", "equal opportunity employer", "equal employment opportunity",
        "the opportunity", "perks you deserve", "next steps", "what s in it for you", "meet the team",
        "in return", "key deliverables", "the ideal candidate",
    )
)  # fmt: skip
_QUESTION = re.compile(
    r"(?:what|who|why|how|where) (?:we|you|to|it|us|our|s|join|choose|work|makes|will|may|are|is|do)\b"
)
_ABOUT = re.compile(r"about (?:the |our |this )?[a-z ]+")
_FUNCTION_WORDS = re.compile(r"\b(?:and|are|for|is|of|our|the|to|us|we|what|who|will|you|your)\b")
# A line that only announces a list ("At least one of the following:") says nothing about its role.
_LEAD_IN = re.compile(r"\b(?:following|includ(?:es?|ing)|below|such as|example|note|is|are|as follows)$")
_BULLET = re.compile(r"[·•‣⁃◦▪▫●○■□*–—\-\x7f�o]\s|\(?(?:\d{1,2}|[a-z])[.)]\s")
_MARKDOWN = re.compile(r"#{1,6}\s+(?=[^\W\d_])")


def is_heading(line: str) -> bool:
    """Whether a line of plain text is a section heading.

    It is one where it is short, ends in no mark other than a colon (or a question mark: "Why join us?")
    and either uses the words of headings and no others, or starts as they do ("What you ...", "About ..."),
    or ends in a colon, or is in capitals and more than names. "SQL", "REST API" and "CI/CD" are not.

    :param line: one line, as it stands in the text; a bulleted line is never a heading.
    """
    text = line.strip()
    if not text or len(text) > 100 or _BULLET.match(text):
        return False
    marked = _MARKDOWN.match(text) is not None
    text = text.lstrip("#").strip().strip("*_").strip()
    colon = text.endswith((":", "："))
    text = text.rstrip(":： \t*_")
    words = _fold(text).split()
    if not words or len(words) > MAX_HEADING_WORDS or text[-1] in ".!;,…" or re.search(r"[.!?;:]\s", text):
        return False
    if text[0].islower() and not (colon and _is_known(words)):
        return False  # the tail of a wrapped line, such as "experience"
    if text.endswith("?"):
        return _QUESTION.match(" ".join(words)) is not None and len(words) <= 6
    if marked or _is_known(words):
        return True
    if colon:
        return "," not in text and (not _LEAD_IN.search(" ".join(words)) or role_of_heading(text) != "")
    capitals = text.isupper() and len(words) > 1 and "," not in text and not any(map(str.isdigit, text))
    return capitals and _FUNCTION_WORDS.search(" ".join(words)) is not None


@lru_cache(maxsize=4096)
def role_of_heading(heading: str) -> str:
    """The role of the sentences under a heading, a csv column or a json key.

    :param heading: such as ``Minimum Qualifications``, ``What you’ll do:`` or ``companyProfile``.
    :return: ``duty``, ``requirement``, ``preferred``, ``company``, ``benefits``, ``legal``, ``apply``, or
        an empty string where the heading does not tell.
    """
    folded = _fold(heading)
    for role, pattern in _patterns():
        if pattern.search(folded):
            return role
    return ""


def inline_role(sentence: str) -> tuple[str, str]:
    """Read the role off a sentence that brings its own heading, such as ``Preferred: Java``.

    :return: the role and the rest of the sentence; an empty role and the whole sentence otherwise.
    """
    lead, colon, rest = sentence.partition(":")
    if colon and rest.strip() and is_heading(lead + ":"):
        role = role_of_heading(lead)
        if role:
            return role, rest.strip()
    return "", sentence


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((role, re.compile(rf"\b(?:{'|'.join(phrases)})(?!\S)")) for role, phrases in ROLES)


def _fold(heading: str) -> str:
    """Lower-case words, single spaces: ``jobDuties`` -> ``job duties``, ``You’ll do:`` -> ``you ll do``."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", heading)
    return " ".join(re.findall(r"[^\W_]+", spaced.casefold()))


def _is_known(words: list[str]) -> bool:
    folded = " ".join(words)
    if folded in _HEADING_PHRASES or (_QUESTION.match(folded) and len(words) > 2):
        return True
    if _ABOUT.fullmatch(folded) and len(words) <= 5:
        return True
    if words[0] == "the" and words[-1] in ("desired", "preferred", "required"):
        return False
    known = all(word in _HEADING_NOUNS or word in _HEADING_MODIFIERS for word in words)
    return known and any(word in _HEADING_NOUNS for word in words)
