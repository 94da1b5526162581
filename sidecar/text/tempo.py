"""How fast people speak, by which a text that does not match its speech is noticed.

The unit is letters of the Latin alphabet per second; other characters count as the number of
letters that say as much. If it is not known how a character is said, for example a figure, it
counts as a range of letters, so that only a rate that is impossible at both ends is noticed.

Sources of the limits:

- C. Coupé, Y. M. Oh, D. Dediu, F. Pellegrino, "Different languages, similar encoding efficiency",
  Science Advances 5 (2019): speakers of 17 languages read 4.3 to 9.1 syllables a second, pauses of
  over 150 ms left out; F. Pellegrino, C. Coupé, E. Marsico, "A cross-language perspective on speech
  information rate", Language 87 (2011): English 6.2, German 6.0, French 7.2, Italian 7.0, Spanish
  7.8, Mandarin 5.2, Japanese 7.8. A syllable is two letters (Spanish, Italian) to three and a half
  (English, German): some 14 to 21 letters a second.
- Slow readers say 2.5 words a second, fast ones 6: in English 11 and 27 letters.
"""

from __future__ import annotations

import re
import unicodedata

# The lowest plausible rate, per second without pauses: a third of that of slow speakers.
MIN_RATE = 5.0
# The highest plausible rate, per second with pauses: 1.5 times that of the fastest readers, with
# the longest words.
MAX_RATE = 40.0
# Limits for speech of a model, per second with pauses. Above the first, it is faster than fast
# readers. Above the second, it is too fast if it has this many times the rate of its recording.
_FASTEST, _FAST, _TIMES = 28.0, 20.0, 2.0
# The rate of a text with fewer letters is not reliable: one frame of speech changes it.
_LEAST = 15.0

_KANA = re.compile("[\u3041-\u30ff\u31f0-\u31ff\uff66-\uff9f]")
# Symbols that are said as words.
_SYMBOLS = frozenset("%‰°$€£¥₩&@#+=<>×÷/")
_WORD = 5.0
_SIGN = 3.0
# A kanji has one or two morae, rarely more.
_KANJI = 6.0


def count_letters(text: str) -> tuple[float, float]:
    """Return the length of a text as speech, in letters: the least and the most it may be."""
    kanji = _KANJI if _KANA.search(text) else _SIGN
    fewest = most = 0.0
    for char in text:
        low, high = _weigh(char, kanji)
        fewest += low
        most += high
    return fewest, most


def _weigh(char: str, kanji: float) -> tuple[float, float]:
    if char in _SYMBOLS:
        return 0.0, _WORD
    if not char.isalnum():
        return 0.0, 0.0
    if not char.isalpha():
        return 1.0, _WORD  # 7, and in 1984
    if char < "\u0590":  # Latin, Greek, Cyrillic, Armenian
        return 1.0, 1.0
    if char < "\u1100" or "\u1200" <= char < "\u2e80":  # scripts that may leave out vowels
        return 1.0, 2.0
    if _KANA.match(char):
        return 2.0, _SIGN
    name = unicodedata.name(char, "")
    if name.startswith("CJK"):
        return _SIGN, kanji
    return (_SIGN, _SIGN) if name.startswith("HANGUL") else (1.0, _SIGN)


def measure_rate(text: str, seconds: float) -> float:
    """Return the lowest possible rate of a text that is said in so many seconds."""
    return count_letters(text)[0] / max(seconds, 0.01)


def find_rushed_rate(text: str, seconds: float, reference: float) -> float | None:
    """Return the rate of a model's speech if it is too fast for any speaker, or for this one.

    Args:
        text: the text that the model received.
        seconds: the length of its speech.
        reference: the rate of the recording that it continues.
    """
    if count_letters(text)[0] < _LEAST:
        return None
    found = measure_rate(text, seconds)
    fast = found > _FASTEST or (found > _FAST and found > _TIMES * reference)
    return found if fast else None
