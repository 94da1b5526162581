"""`python -m bench.live`: texts that are still being written, and long ones.

First audio against the length of the text after it; whether a listener is kept fed by a writer as
slow or as fast as a language model; and a chapter of 20,000 characters in one request.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import AsyncIterator
from typing import Any

import psutil
from qwen_tts_client import Sentence, SpeechChunk, SyncSidecar, SyncStream
from qwen_tts_client.protocol import AudioProgress

from bench import sidecars, suite
from bench.markdown import ms, table
from bench.options import Options

TITLE = "Text in motion, and long texts"
LENGTHS = (100, 1_000, 10_000, 100_000)
TOKENS_PER_SECOND = (5, 50)
CHAPTER_CHARS = 20_000
# Seconds at which the timeline is looked at.
MOMENTS = (0.5, 1, 2, 4, 6, 8, 12, 16, 20)
_SENTENCE = "He finished reading the long letter, folded it carefully, and put it back in the box. "
# Of English, as language models cut it.
_CHARS_PER_TOKEN = 4
_ANSWER_CHARS = 340


def text(length: int) -> str:
    return (_SENTENCE * (length // len(_SENTENCE) + 1))[:length]


class Listener:
    """Plays what comes, from the first chunk on.

    Attributes:
        chunks: when each came and how long it lasts, in seconds.
    """

    def __init__(self) -> None:
        self.began = time.perf_counter()
        self.chunks: list[tuple[float, float]] = []

    def hear(self, chunk: SpeechChunk | AudioProgress) -> None:
        if chunk.samples:
            self.chunks.append((time.perf_counter() - self.began, chunk.samples / 24000))

    def hear_all(self, stream: SyncStream) -> Listener:
        for chunk in stream:
            self.hear(chunk)
        return self

    @property
    def first(self) -> float:
        return self.chunks[0][0]

    @property
    def gaps(self) -> float:
        """Return seconds of silence because the next chunk had not come."""
        played_until, gaps = self.first, 0.0
        for came, length in self.chunks:
            gaps += max(0.0, came - played_until)
            played_until = max(played_until, came) + length
        return gaps

    def at(self, moment: float) -> tuple[float, float]:
        """Return seconds of audio that had come by then, and that had been played."""
        came_by, played, free_at = 0.0, 0.0, 0.0
        for came, length in self.chunks:
            if came > moment:
                break
            came_by += length
            start = max(free_at, came)
            played += min(length, max(0.0, moment - start))
            free_at = start + length
        return came_by, played


def first_audio(tts: SyncSidecar, length: int, mode: Any) -> float:
    """Return seconds to the first audio of a text in motion, all of which is there at once."""

    async def pieces() -> AsyncIterator[str]:
        yield text(length)
        await asyncio.Event().wait()  # It might go on.

    listener = Listener()
    stream = tts.synthesize_text(pieces(), text_mode=mode, seed=1, max_frames=2)
    return listener.hear_all(stream).first


def written(tts: SyncSidecar, mode: Any, tokens_per_second: float) -> Listener:
    """Return an answer of a language model, written at that pace."""
    answer = text(_ANSWER_CHARS)
    listener = Listener()

    async def pieces() -> AsyncIterator[str]:
        for number, at in enumerate(range(0, len(answer), _CHARS_PER_TOKEN)):
            due = listener.began + number / tokens_per_second
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            yield answer[at : at + _CHARS_PER_TOKEN]

    return listener.hear_all(tts.synthesize_text(pieces(), text_mode=mode, seed=1))


def chapter(tts: SyncSidecar, length: int) -> dict[str, Any]:
    """One long request: memory over its course, and whether the marks say where it is."""
    listener = Listener()
    resident: list[int] = []
    process = psutil.Process(tts.pid)

    def look(_: Sentence) -> None:
        resident.append(process.memory_info().rss)

    stream = tts.synthesize(text(length), on_sentence=look, seed=1)
    listener.hear_all(stream)
    result, marks = stream.final(), stream.sentences
    places = [(mark.text_start, mark.text_end) for mark in marks]
    assert [start for start, _ in places] == [0, *(end for _, end in places[:-1])]
    assert places[-1][1] == length
    assert marks[-1].start_ms < result.duration_ms
    quarter = len(resident) // 4
    return {
        "chars": length,
        "sentences": len(places),
        "audio_seconds": result.duration_ms / 1000,
        "real_time_factor": result.metrics.real_time_factor,
        "first": listener.first,
        "gaps": listener.gaps,
        "resident_second_quarter": statistics.median(resident[quarter : 2 * quarter]),
        "resident_last_quarter": statistics.median(resident[3 * quarter :]),
    }


def run(options: Options) -> dict[str, Any]:
    runs = options.run_count(full=5, quick=3)
    with sidecars.running(options.model, options.seconds() + 900) as tts:
        tts.synthesize("Hello there.", seed=1).final()
        firsts = [
            {
                "chars": length,
                **{
                    mode: [first_audio(tts, length, mode) for _ in range(runs)]
                    for mode in ("full", "stream")
                },
            }
            for length in LENGTHS
        ]
        paces = [
            {"mode": mode, "tokens": pace, "first": heard.first, "gaps": heard.gaps,
             "audio": sum(length for _, length in heard.chunks),
             "timeline": [heard.at(second) for second in MOMENTS]}
            for pace in TOKENS_PER_SECOND
            for mode in ("full", "stream")
            if (heard := written(tts, mode, pace))
        ]  # fmt: skip
        long = chapter(tts, CHAPTER_CHARS if not options.quick else 4_000)
    return {"firsts": firsts, "paces": paces, "chapter": long, "runs": runs}


def timeline(paces: list[dict[str, Any]]) -> str:
    """Return a table with a column for each writer and a row for each moment."""
    header = ("after", *(f"{row['tokens']} tokens/s, {row['mode']}" for row in paces))
    rows = [
        (
            f"{moment:g} s",
            *("{:.1f} / {:.1f}".format(*row["timeline"][number]) for row in paces),
        )
        for number, moment in enumerate(MOMENTS)
    ]
    return table(header, rows)


def report(result: dict[str, Any]) -> str:
    firsts = table(
        ("characters", "first audio, full", "first audio, stream"),
        [
            (
                f"{row['chars']:,}",
                *(ms(statistics.median(row[mode])) for mode in ("full", "stream")),
            )
            for row in result["firsts"]
        ],
    )
    paces = table(
        ("tokens a second", "mode", "first audio", "audio", "silence for want of audio",
         "first audio of a player that hears no gap"),
        [
            (str(row["tokens"]), row["mode"], ms(row["first"]), f"{row['audio']:.1f} s",
             f"{row['gaps']:.2f} s", ms(row["first"] + row["gaps"]))
            for row in result["paces"]
        ],
    )  # fmt: skip
    long = result["chapter"]
    return (
        f"{firsts}\n\nMedians of {result['runs']}.\n\n{paces}\n\n"
        f"The timeline, seconds of audio that have come / have been played:\n\n"
        f"{timeline(result['paces'])}\n\n"
        f"{long['chars']:,} characters in one request: {long['sentences']} sentences, "
        f"{long['audio_seconds']:.0f} s of audio, real-time factor {long['real_time_factor']:.2f}, "
        f"first audio {ms(long['first'])}, {long['gaps']:.2f} s of silence for want of audio; "
        f"resident memory {long['resident_second_quarter'] / 2**20:.0f} MiB in the second quarter, "
        f"{long['resident_last_quarter'] / 2**20:.0f} MiB in the last."
    )


if __name__ == "__main__":
    suite.main(["live"])
