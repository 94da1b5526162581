"""When each word of an utterance was spoken, as places in the original and times in the output."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import msgspec

from sidecar.engine.events import SpeechResult
from sidecar.engine.request import Excerpt
from sidecar.errors import SidecarError
from sidecar.models import aligners
from sidecar.models.base import WordTimes
from sidecar.synthesis.jobs import SpeechJobs, Step
from sidecar.synthesis.request import Word, Words, WordSource
from sidecar.text.places import Place, Written, locate
from sidecar.text.units import Unit, split_spoken

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Shorter speech has no word that could be told from another.
_SHORTEST = 0.1

# Seconds in the utterance's audio; None for a word that has none.
_Times = Sequence[tuple[float, float] | None]


class _Timed(msgspec.Struct, frozen=True):
    """The times of spoken words, and who knows them."""

    times: _Times
    source: WordSource
    grain_ms: float


class _Untimed(Exception):
    """There are no times; the message says why, for a person: a clause without a full stop."""


def tell_words(
    jobs: SpeechJobs, written: Written | None, result: SpeechResult, *, is_cut: bool = False
) -> Step[None]:
    """Put the words of the utterance that has ended into the output, if they are asked for.

    Args:
        written: the original of the utterance.
        is_cut: whether the speech ended before its text.
    """
    if not jobs.times_words or written is None:
        return
    sentence = jobs.output.sentence
    spoken = "".join(char for char in jobs.text if char not in result.unspoken)
    units = split_spoken(spoken, written.language)
    places = locate(written, units)
    if not places:
        jobs.output.tell(Words(sentence))
        return
    try:
        if is_cut or result.figures.finish_reason != "stop":
            raise _Untimed("its speech did not reach the end of its text")
        timed = yield from _time(jobs, spoken, units, written.language)
    except _Untimed as reason:
        jobs.results.note_untimed(sentence, str(reason))
        jobs.output.tell(Words(sentence, None))
        return
    words = _join(places, timed.times, jobs.output.to_seconds)
    jobs.output.tell(Words(sentence, words, timed.source, timed.grain_ms))


def _time(jobs: SpeechJobs, spoken: str, units: list[Unit], language: str) -> Step[_Timed]:
    """Return when each unit was spoken: by the model that spoke, or else by an aligner.

    Raises:
        _Untimed
    """
    import numpy as np

    why = ""
    if jobs.known_times:
        try:
            return _read(jobs.known_times, spoken, units)
        except _Untimed as reason:
            why = str(reason)
    samples = np.concatenate(jobs.output.heard)
    rate = jobs.output.model_rate
    if len(samples) < _SHORTEST * rate:
        raise _Untimed("its speech is too short")
    excerpt = Excerpt(samples, rate, tuple(unit.text for unit in units), language)
    if jobs.aligner is not None:
        return (yield from _ask_engine(jobs, jobs.aligner, excerpt))
    own = aligners.find_built_in(language)
    if own is None:
        raise _Untimed(why or f"the sidecar has no aligner for {language}")
    times = own.align(samples, rate, excerpt.units, language)
    if times is None:
        raise _Untimed(f"the aligner {own.name!r} is not sure")
    return _Timed(_clamp(times, samples, rate), "aligner", own.grain_ms)


def _ask_engine(jobs: SpeechJobs, aligner: str, excerpt: Excerpt) -> Step[_Timed]:
    try:
        found = yield from jobs.align(aligner, excerpt)
    except SidecarError as error:
        jobs.check()  # a cancel or the like ends the synthesis
        raise _Untimed(f"the aligner {aligner!r} failed: {error.message.rstrip('.')}") from error
    if found.times is None:
        raise _Untimed(f"the aligner {aligner!r} is not sure")
    times = _clamp(found.times, excerpt.samples, excerpt.sample_rate)
    return _Timed(times, "aligner", found.grain_ms)


def _clamp(times: aligners.Times, samples: NDArray[np.float32], rate: int) -> _Times:
    """Keep the times inside the audio, and let no word begin before the one before it."""
    end, last = len(samples) / rate, 0.0
    clamped: list[tuple[float, float]] = []
    for start, stop in times:
        last = min(max(start, last), end)
        clamped.append((last, min(max(stop, last), end)))
    return clamped


def _read(known: Sequence[WordTimes], spoken: str, units: list[Unit]) -> _Timed:
    """Find the words that the family knows in what was spoken, from left to right."""
    times: list[tuple[float, float] | None] = [None] * len(units)
    at = number = 0
    for part in known:
        if part.words is None:
            raise _Untimed(part.why or "the model does not know them")
        for word in part.words:
            found = spoken.find(word.text, at)
            if found < 0:
                continue
            at = found + len(word.text)
            while number < len(units) and units[number].end <= found:
                number += 1
            for i in range(number, len(units)):
                if units[i].start >= at:
                    break
                before = times[i]
                times[i] = (word.start if before is None else before[0], word.end)
    if not any(times):
        raise _Untimed("the model does not know them")
    return _Timed(times, "model", known[0].grain_ms)


def _join(
    places: list[Place], times: _Times, to_seconds: Callable[[float], float]
) -> tuple[Word, ...]:
    """Return the words of the original; one that has several spoken words has the time of all."""
    words: list[Word] = []
    for place in places:
        own = [time for time in times[place.first : place.last] if time is not None]
        if own:
            begin, end = to_seconds(own[0][0]), to_seconds(own[-1][1])
            words.append(Word(place.word, begin, end, place.start, place.end))
    return tuple(words)
