"""Spellings that a word tokeniser would tear apart, made whole before BM25 sees them.

Qdrant's BM25 splits on punctuation, so that "C++", "C#" and "C" would be one word and ".NET" the word
"net". Both stores pass documents and queries through :func:`lexical_text`.
"""

import re

SPELLINGS = {
    "c++": "cplusplus",
    "c#": "csharp",
    "f#": "fsharp",
    "asp.net": "aspdotnet dotnet",
    ".net": "dotnet",
    "node.js": "nodejs",
    "r&d": "researchanddevelopment",
}
_PATTERN = re.compile(
    "|".join(rf"(?<![\w.#+]){re.escape(spelling)}(?![\w#+])" for spelling in SPELLINGS), re.IGNORECASE
)


def lexical_text(text: str) -> str:
    """``text`` with the spellings above replaced by single words."""
    return _PATTERN.sub(lambda match: SPELLINGS[match[0].lower()], text)
