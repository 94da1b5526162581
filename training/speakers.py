"""Many speakers out of flite's four: another pitch, another length of the throat, another pace.

Played a little faster, speech sounds as if it came out of a shorter throat, pitch and all; flite
itself then moves the pitch, and the pace back.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from training.flite import MANY_VOICES

# Playback rates are steps of a twentieth: a ratio of small numbers to resample by.
STEPS = 20
# One shard of so many is read by a voice as it is.
_PLAIN = 4


@dataclass(frozen=True)
class Speaker:
    """Attributes:
    voice: one of MANY_VOICES.
    throat: playback rate in twentieths; 20 is the voice's own.
    pitch: factor of flite's pitch, playback aside (rms has one pitch only).
    pace: factor of durations, playback aside.
    """

    voice: str
    throat: int = STEPS
    pitch: float = 1.0
    pace: float = 1.0

    @property
    def rate(self) -> float:
        return self.throat / STEPS


def drawn(number: int) -> Speaker:
    """Return the speaker of that number; always the same one."""
    random = Random(f"speaker {number}")
    voice = random.choice(MANY_VOICES)
    if number % _PLAIN == 0:
        return Speaker(voice)
    return Speaker(
        voice,
        random.randint(STEPS - 3, STEPS + 3),
        round(random.uniform(0.85, 1.2), 3),
        round(random.uniform(0.9, 1.15), 3),
    )
