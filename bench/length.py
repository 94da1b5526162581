"""What long audio and long texts cost: ms per frame after 10 s, 1 min, 10 min; first audio by text.

One utterance is made never to end (bench/endless.py). The cost of a frame at a mark is the slope
over the five seconds of audio before it, so it shows what has grown since the start. The text's
length shows in the time to the first audio, which holds the prefill.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from bench import child, engines, machine, suite
from bench.endless import endless
from bench.engines import FRAMES_PER_SECOND, SAMPLES_PER_FRAME, Recording
from bench.markdown import failures, mb, ms, table
from bench.options import Options

TITLE = "Long audio, long texts"
MARKS = (10, 60, 600)
QUICK_MARKS = (5, 10, 30)
CHARACTERS = (50, 500, 4000)
QUICK_CHARACTERS = (50, 500)
_WINDOW_SECONDS = 5.0
_ROUNDS = 3
# One more round than needed warms up; slow ones are measured fewer times.
_ROUNDS_SECONDS = 20.0
_WARM_FRAMES = 60
# Enough for mlx-audio's first chunk.
_FIRST_FRAMES = 4

Figures = dict[str, Any]


def measure_audio(engine: str, model: str, marks: Sequence[int], seconds: float) -> Figures:
    """In a child, with an endless model: what is reached within `seconds` of computing."""
    speaker = engines.ENGINES[engine](model)
    speaker.speak(engines.SENTENCES[:1], _WARM_FRAMES)
    frames = round(marks[-1] * FRAMES_PER_SECOND) + 12
    (recording,) = speaker.speak([" ".join(engines.SENTENCES)], frames, seconds)
    return {str(mark): _at(recording, mark) for mark in marks}


def measure_texts(engine: str, model: str, characters: Sequence[int]) -> Figures:
    """In a child: seconds to the first audio, by the text's length."""
    speaker = engines.ENGINES[engine](model)
    speaker.speak(engines.SENTENCES[:1], _WARM_FRAMES)
    return {str(count): _first_audio(speaker, count) for count in characters}


def _first_audio(speaker: engines.Speaker, characters: int) -> float:
    """Of a text so long; median, warm."""
    text, times = _text(characters), list[float]()
    while len(times) < 2 or (len(times) <= _ROUNDS and sum(times) < _ROUNDS_SECONDS):
        times.append(speaker.speak([text], _FIRST_FRAMES)[0].first)
    return statistics.median(times[1:])


def _text(characters: int) -> str:
    paragraph = " ".join(engines.SENTENCES) + " "
    return (paragraph * (characters // len(paragraph) + 1))[: characters - 1].strip() + "."


def _at(recording: Recording, mark: int) -> dict[str, float] | None:
    """Return ms per frame, and MLX's active bytes, when `mark` seconds of audio were made."""
    window = min(_WINDOW_SECONDS, mark / 2)
    seconds, before = 0.0, None
    for arrival in recording.arrivals:
        seconds += arrival.samples / engines.SAMPLE_RATE
        if seconds >= mark - window and before is None:
            before = (seconds, arrival.time)
        if seconds >= mark and before is not None and seconds > before[0]:
            frames = (seconds - before[0]) * engines.SAMPLE_RATE / SAMPLES_PER_FRAME
            cost = (arrival.time - before[1]) / frames
            return {"ms": cost * 1000, "active_bytes": arrival.active_bytes}
    return None


def run(options: Options) -> dict[str, Any]:
    marks = QUICK_MARKS if options.quick else MARKS
    characters = QUICK_CHARACTERS if options.quick else CHARACTERS
    names = engines.chosen(options.engines, machine.on_cpu())
    with endless(options.model) as folder:
        audio, failed = child.alternate(
            names,
            1,
            "bench.length:measure_audio",
            options,
            model=folder,
            marks=marks,
            # Leaves time for loading, and for the last chunk.
            seconds=options.seconds() * 0.8 - 30,
        )
    texts, more = child.alternate(
        names,
        1,
        "bench.length:measure_texts",
        options,
        model=options.model,
        characters=characters,
    )
    return {
        "marks": marks,
        "characters": characters,
        "audio": {engine: answers[0] for engine, answers in audio.items()},
        "texts": {engine: answers[0] for engine, answers in texts.items()},
        "failed": failed | more,
    }


def report(result: dict[str, Any]) -> str:
    marks = [str(mark) for mark in result["marks"]]
    characters = [str(count) for count in result["characters"]]
    audio = table(
        ("ms per frame, and MLX active, after", *(f"{mark} s" for mark in marks)),
        [
            (engine, *(_cell(row[mark]) for mark in marks))
            for engine, row in result["audio"].items()
        ],
    )
    texts = table(
        ("first audio of a text of", *(f"{count} characters" for count in characters)),
        [
            (engine, *(ms(row[count]) for count in characters))
            for engine, row in result["texts"].items()
        ],
    )
    note = (
        "\n\nOne utterance made never to end; one process per engine and table. "
        "— was not reached in time."
    )
    return f"{audio}\n\n{texts}{note}{failures(result)}"


def _cell(at: dict[str, float] | None) -> str:
    return f"{at['ms']:.1f} · {mb(at['active_bytes'])}" if at else "—"


if __name__ == "__main__":
    suite.main(["length"])
