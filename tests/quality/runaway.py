"""Random texts whose speech must end: no input may make the voice go on for ever."""

from __future__ import annotations

import math
import random
import string
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import cycle

from tests.quality.recogniser import SAMPLE_RATE
from tests.quality.speaking import Utterance, speak_all, spoken_seconds, with_seeds
from tests.support.harness import Message, Sidecar
from training.flite import Flite
from training.heldout import held_out
from training.normaliser import normalise

MAX_CHARS = 200
# Speech longer than this times the estimate no longer reads the text. Requests are cut a little
# later, so that one that never ends costs little time.
_TOO_LONG = 3.0
_FRAMES_A_SECOND = 12.5
_SYMBOLS = "@#$%&*+-=/\\|<>[]{}()^~_`§°€£¥©™½²µ×÷…—–“”‘’«»"
_UNICODE = "éüñçåøßłžğİıœÆþαβγπΩжщяאبेिกข中文日本語한국😀🎉👍🏽\u200b\u200d\u0301\ufeff\u2028"


@dataclass(frozen=True)
class Suspect:
    """An utterance that did not end as it should."""

    request: Message
    reason: str
    seconds: float
    estimate: float


def random_texts(count: int, seed: int = 0) -> list[str]:
    """Return texts of 1 to 200 characters, each kind equally often."""
    chance = random.Random(seed)
    words = sorted({word for line in held_out() for word in line.split()})
    kinds = [
        lambda: " ".join(chance.choices(words, k=40)),
        lambda: "".join(chance.choices(string.ascii_lowercase + "   ", k=MAX_CHARS)),
        lambda: "".join(chance.choices(string.ascii_letters + string.punctuation, k=MAX_CHARS)),
        lambda: "".join(chance.choices(string.digits + " .,:/-$%", k=MAX_CHARS)),
        lambda: "".join(chance.choices(string.punctuation + " ", k=MAX_CHARS)),
        lambda: "".join(chance.choices(_SYMBOLS + _UNICODE + " abc", k=MAX_CHARS)),
        lambda: chance.choice(string.printable[:94] + _UNICODE) * MAX_CHARS,
        lambda: f"{chance.choice(words)} " * MAX_CHARS,
        lambda: "".join(chance.choices(" ".join(words) + _SYMBOLS + _UNICODE, k=MAX_CHARS)),
    ]
    return [kinds[i % len(kinds)]()[: chance.randint(1, MAX_CHARS)] for i in range(count)]


def estimate(text: str, voice: str) -> float:
    """Return the teacher's seconds for a text; without flite, use a line fitted to its held-out
    sentences, which is far too short for texts that it has to spell."""
    spoken = normalise(text)
    try:
        samples, rate = teacher(voice).speak(spoken)
    except OSError:
        return 0.3 + 0.06 * len(spoken)
    return len(samples) / rate


@cache
def teacher(voice: str) -> Flite:
    return Flite(voice)


def check(process: Sidecar, texts: Sequence[str], voices: Sequence[str], common: Message) -> str:
    """Speak the texts with the voices in turn; return a report in markdown."""
    requests = [
        {**request, "voice": voice, "maxFrames": _max_frames(request["text"], voice)}
        for request, voice in zip(with_seeds(texts, common), cycle(voices), strict=False)
    ]
    spoken = speak_all(process, requests)
    suspects = [
        suspect
        for request, utterance in zip(requests, spoken, strict=True)
        if (suspect := _suspect(request, utterance))
    ]
    return _report(spoken, suspects)


def _max_frames(text: str, voice: str) -> int:
    return min(4096, math.ceil(_FRAMES_A_SECOND * (_TOO_LONG * estimate(text, voice) + 2)))


def _suspect(request: Message, spoken: Utterance) -> Suspect | None:
    seconds = spoken_seconds(spoken.samples, SAMPLE_RATE)
    expected = estimate(spoken.text, request["voice"])
    if spoken.reason in ("stop", "emptyText") and seconds <= _TOO_LONG * expected:
        return None
    return Suspect(request, spoken.reason, seconds, expected)


def _report(spoken: Sequence[Utterance], suspects: Sequence[Suspect]) -> str:
    reasons = Counter(utterance.reason for utterance in spoken)
    too_long = sum(suspect.seconds > _TOO_LONG * suspect.estimate for suspect in suspects)
    lines = [
        f"{len(spoken)} random texts of 1–{MAX_CHARS} characters: "
        + ", ".join(f"{count} {reason}" for reason, count in reasons.most_common())
        + f"; {too_long} longer than {_TOO_LONG:g}× the estimate.",
        *(
            f"- {one.reason} after {one.seconds:.1f} s (estimate {one.estimate:.1f} s), "
            f"{one.request['voice']}, seed {one.request['seed']}: {one.request['text']!r}"
            for one in suspects
        ),
    ]
    return "\n".join(lines)
