"""Text that is still being written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise
from typing import Any

import pytest

from client_tests.support import eventually, fails, within
from client_tests.test_speech import idle, refused
from qwen_tts_client import Sentence, Sidecar, SidecarCancelledError


async def test_it_is_spoken_before_its_end_like_the_whole_text(tts: Sidecar) -> None:
    heard = asyncio.Event()
    text = "Hello there, you. And so on."

    async def pieces() -> AsyncIterator[str]:
        for at in range(0, 24, 3):
            yield text[at : at + 3]
        await heard.wait()  # This would never return if the speech waited for the whole text.
        for at in range(24, len(text), 4):
            yield text[at : at + 4]

    stream = tts.synthesize_text(pieces(), seed=5, voice="slt")
    parts: list[bytes] = []
    async for chunk in stream:
        heard.set()
        assert chunk.seq == len(parts)
        parts.append(chunk.audio)
    assert (await stream.final()).finish_reason == "stop"
    whole = tts.synthesize(text, seed=5, voice="slt")
    assert await whole.read() == b"".join(parts)
    assert whole.sentences == stream.sentences


async def test_it_reports_its_sentences_in_both_modes_whatever_the_pieces(tts: Sidecar) -> None:
    text = "I say 😀 to you. 你好! "
    for mode in ("full", "stream"):
        events: list[Sentence] = []
        params: dict[str, Any] = {"text_mode": mode, "seed": 1, "language": "english"}
        # In UTF-16 units, so that every character beyond the basic plane is cut.
        units = text.encode("utf-16-le")
        pieces = [
            units[at : at + 2].decode("utf-16-le", "surrogatepass")
            for at in range(0, len(units), 2)
        ]
        stream = tts.synthesize_text(pieces, on_sentence=events.append, **params)
        result = await stream.final()
        assert events == stream.sentences
        assert "".join(sentence.text for sentence in events) == text
        starts = [*(sentence.start_ms for sentence in events), result.duration_ms]
        assert starts == sorted(starts)


@pytest.mark.parametrize(
    ("mode", "begins", "line", "ends"),
    [
        ("full", "<think>\n", "Hm. So it is 5, or not? ", "</think>\n\n"),
        ("stream", "<think>\n", "Hm. So it is 5, or not? ", "</think>\n\n"),
        ("stream", "<!-- ", "A remark. ", "--> "),
    ],
)
async def test_it_continues_after_a_long_part_that_is_not_spoken(
    tts: Sidecar, mode: str, begins: str, line: str, ends: str
) -> None:
    lines = [line] * (10_000 // len(line))
    pieces = ["Look at this one.\n\n", begins, *lines, ends, "That was ", "it."]
    params: dict[str, Any] = {"text_mode": mode, "seed": 1, "text_timeout_ms": 5000}
    stream = tts.synthesize_text(pieces, **params)
    result = await stream.final()
    assert "".join(sentence.text for sentence in stream.sentences) == "".join(pieces)
    starts = [*(sentence.start_ms for sentence in stream.sentences), result.duration_ms]
    lengths = [end - start for start, end in pairwise(starts)]
    heard = [
        sentence.text.strip()
        for sentence, length in zip(stream.sentences, lengths, strict=True)
        if length
    ]
    assert [heard[0][:17], heard[-1]] == ["Look at this one.", "That was it."]
    assert len(heard) == 2


class Watched:
    """A text without an end that notes how much of it was asked for, and its release."""

    def __init__(self, piece: str) -> None:
        self.piece = piece
        self.asked = 0
        self.is_released = False

    async def pieces(self) -> AsyncIterator[str]:
        try:
            while True:
                self.asked += 1
                yield self.piece
        finally:
            self.is_released = True

    def sync_pieces(self) -> Iterator[str]:
        try:
            while True:
                self.asked += 1
                yield self.piece
        finally:
            self.is_released = True


async def test_it_is_not_read_while_the_audio_is_not_read(tts: Sidecar) -> None:
    text = Watched("This is a sentence of a text without an end. ")
    before, tts.gate.limit = tts.gate.limit, 50_000
    try:
        chunks = aiter(tts.synthesize_text(text.sync_pieces(), seed=1))
        await anext(chunks)
        assert 50 < text.asked < 150, "pieces, for a window of 4000 characters"
        await eventually(lambda: tts.gate.paused, "nothing is read")
        paused = text.asked
        while text.asked == paused:  # Reading the audio resumes it.
            await anext(chunks)
        await chunks.aclose()
    finally:
        tts.gate.limit = before
    await eventually(lambda: text.is_released, "it is let go")
    assert tts.buffered_bytes == 0
    await idle(tts)


async def test_it_is_released_when_the_speech_ends_for_whatever_reason(tts: Sidecar) -> None:
    left, cut, wrong = (Watched("Hello there. This is one. ") for _ in range(3))
    async for _ in tts.synthesize_text(left.pieces()):
        break
    assert (await tts.synthesize_text(cut.pieces(), max_frames=4).final()).finish_reason == "length"
    assert (
        await refused(tts.synthesize_text(wrong.pieces(), voice="nobody"))
    ).type == "unknownVoice"
    for text in (left, cut, wrong):
        await eventually(lambda text=text: text.is_released, "it is let go")
    await idle(tts)


async def test_a_source_may_hang_and_cancelling_does_not_wait_for_it(tts: Sidecar) -> None:
    async def pieces() -> AsyncIterator[str]:
        yield "Hello there, you. And so "
        await asyncio.Event().wait()

    stream = tts.synthesize_text(pieces())
    async for _ in stream:
        await within(stream.cancel())
    await fails(stream.final(), SidecarCancelledError)
    error = await refused(tts.synthesize_text(pieces(), text_timeout_ms=100))
    assert (error.type, error.code) == ("textTimeout", 1016)
    await idle(tts)


async def test_errors_of_the_source_come_after_the_audio_so_far(tts: Sidecar) -> None:
    heard = asyncio.Event()

    async def broken() -> AsyncIterator[str]:
        yield "Hello there, you. And so "
        await heard.wait()
        raise LookupError("the language model has left")

    async def loop() -> None:
        async for _ in tts.synthesize_text(broken()):
            heard.set()

    with pytest.raises(LookupError, match="has left"):
        await within(loop())
    assert heard.is_set()
    objects: Any = [{"delta": "Hi."}]
    with pytest.raises(TypeError, match="A piece of text is a dict"):
        await tts.synthesize_text(objects).final()
    assert (await refused(tts.synthesize_text(["…"]))).type == "emptyText"
    assert (await refused(tts.synthesize_text([]))).type == "emptyText"
    await idle(tts)
