"""What is spoken with Kokoro's real weights, and compared with the reference.

The phonemes are those of misaki 0.9.4 for the text. They are written down, so that the reference
can be made without it, and a test that hears something else shows that the pronunciation differs.
"""

from __future__ import annotations

from typing import NamedTuple


class Case(NamedTuple):
    """A sentence of the reference."""

    name: str
    voice: str
    text: str
    phonemes: str


CASES = (
    Case(
        "english",
        "af_heart",
        "The first train to the city was late again.",
        "ðə fˈɜɹst tɹˈAn tə ðə sˈɪTi wʌz lˈAt əɡˈɛn.",
    ),
    Case("spanish", "ef_dora", "Hola, buenos días.", "ˈola, bwˈenos ðˈias."),
)
# Each is spoken by each of the voices, and a recogniser writes it down.
LISTENED_TO = (
    "The first train to the city was late again.",
    "Please bring three cups of coffee to the garden.",
    "In 1984 she moved to a house by the river.",
)
VOICES = ("af_heart", "bm_george")
