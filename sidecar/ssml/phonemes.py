"""IPA → the phonemes of Kokoro, which misaki takes inside a text: `[word](/fˈOnimz/)`.

Source: misaki's EN_PHONES.md, https://github.com/hexgrad/misaki/blob/main/EN_PHONES.md.
"""

from __future__ import annotations

# Longer ones first.
_REPLACED = (
    ("eɪ", "A"), ("aɪ", "I"), ("aʊ", "W"), ("ɔɪ", "Y"), ("oʊ", "O"), ("əʊ", "Q"), ("tʃ", "ʧ"),
    ("dʒ", "ʤ"), ("ɚ", "əɹ"), ("ɝ", "ɜɹ"), ("r", "ɹ"), ("g", "ɡ"), ("e", "ɛ"), (".", ""),
)  # fmt: skip
KNOWN = frozenset("AIOQWYabdfhijklmnpstuvwzæðŋɑɐɒɔəɜɛɡɪɹɾʃʊʌʒʔʤʧθᵊᵻˈˌː ")


def to_kokoro(ipa: str) -> str | None:
    """Return the phonemes of Kokoro for IPA or for its own; None if it does not have them."""
    said = ipa.strip().strip("/[]").replace("\u0361", "")
    for sound, phoneme in _REPLACED:
        said = said.replace(sound, phoneme)
    return said if said and set(said) <= KNOWN else None
