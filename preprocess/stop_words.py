"""Stop words: the words that the ``filtered`` view leaves out.

The lists are spaCy's and NLTK's. Words that negate stay in the text whatever the list says, since
"not required" without its "not" says the opposite.
"""

from __future__ import annotations

import os
from functools import lru_cache

from preprocess.errors import InvalidParameter, MissingExtra
from preprocess.spacy_blank import load_spacy

CHOICES = ("spacy", "nltk", "nltk+spacy")

_NO = {"neither", "never", "no", "nobody", "none", "noone", "nor", "not", "nothing", "nowhere"}
NEGATIONS = frozenset(_NO | {"against", "cannot", "without"})
"""Never a stop word; nor is any word that ends in "n't"."""


@lru_cache(maxsize=len(CHOICES))
def stop_words(name: str = "spacy") -> frozenset[str]:
    """The stop words of a list, in small letters and with a plain apostrophe ("they're").

    :param name: ``spacy``, ``nltk`` or ``nltk+spacy`` (both lists together).
    :raises InvalidParameter: if there is no such list.
    :raises MissingExtra: if NLTK's list is not on this machine; the message has the command that gets it.
    """
    if name not in CHOICES:
        raise InvalidParameter(f"stop_words must be one of {', '.join(CHOICES)}; got {name!r}")
    words = set()
    if "nltk" in name:
        words |= _nltk_words()
    if "spacy" in name:
        words |= _spacy_words()
    plain = {word.replace("’", "'").replace("‘", "'") for word in words}
    return frozenset(word for word in plain if word not in NEGATIONS and not word.endswith("n't"))


def _spacy_words() -> set[str]:
    load_spacy()
    from spacy.lang.en.stop_words import STOP_WORDS

    return set(STOP_WORDS)


def _nltk_words() -> set[str]:
    import nltk.data

    # NLTK reads NLTK_DATA once, when it is imported; read here, it also works when set later.
    folders = [folder for folder in os.environ.get("NLTK_DATA", "").split(os.pathsep) if folder]
    try:
        file = nltk.data.find("corpora/stopwords/english", [*folders, *nltk.data.path])
    except LookupError:
        raise MissingExtra(
            "NLTK's stop words are not on this machine; get them with: python -m nltk.downloader stopwords"
            " (or set NLTK_DATA to the folder that has corpora/stopwords)"
        ) from None
    with file.open(encoding="utf-8") as lines:
        return {line.strip() for line in lines if line.strip()}
