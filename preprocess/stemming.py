"""Words by their stem, so that "managed", "managing" and "manages" are one: NLTK's Snowball stemmer.

NLTK loads scikit-learn and SciPy wherever they are installed (1.0 s, against 0.4 s without, on 2 cores), and
the stemmer uses neither; so they are hidden for the length of that import, as torch is from spaCy.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from preprocess.spacy_blank import hidden

if TYPE_CHECKING:
    from nltk.stem.snowball import SnowballStemmer

HIDDEN = ("matplotlib", "pandas", "scipy", "sklearn")


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """The stem of an English word, in small letters: ``managing`` is ``manag``."""
    found: str = _stemmer().stem(word.lower())
    return found


@lru_cache(maxsize=1)
def _stemmer() -> SnowballStemmer:
    with hidden(HIDDEN):
        from nltk.stem.snowball import SnowballStemmer
    return SnowballStemmer("english")
