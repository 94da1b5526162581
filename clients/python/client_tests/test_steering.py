"""Steering a speech: flush, pause and resume, and what was heard of one that is stopped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from client_tests.support import eventually, within
from qwen_tts_client import Sentence, Sidecar
from qwen_tts_client.heard import find_heard
from qwen_tts_client.protocol import SynthesizeResult

TEXT = "One two three. Four five."


async def test_a_flush_speaks_what_a_source_has_given(tts: Sidecar) -> None:
    spoken = asyncio.Event()

    async def answer() -> AsyncIterator[str]:
        yield "Let me "
        yield "see"
        stream.flush()
        await spoken.wait()  # without the flush, this would wait for ever
        yield " now."

    stream = tts.synthesize_text(answer(), text_mode="full", seed=3)
    parts: list[bytes] = []

    async def read() -> SynthesizeResult:
        async for chunk in stream:
            parts.append(chunk.audio)
            spoken.set()
        return await stream.final()

    result = await within(read())
    assert [sentence.text for sentence in stream.sentences] == ["Let me see", " now."]
    assert sum(map(len, parts)) == 2 * result.samples


async def test_a_paused_speech_goes_on_where_it_was(tts: Sidecar) -> None:
    chunk: Any = {"max_frames": 1}
    whole = await tts.synthesize(TEXT, seed=3, chunk=chunk).read()
    stream = tts.synthesize(TEXT, seed=3, chunk=chunk)
    stream.pause()  # even before it was sent

    async def is_paused() -> bool:
        return [one.waits_for for one in (await tts.status()).streams] == ["resume"]

    await eventually(is_paused, "the speech is paused")
    assert tts.buffered_bytes == 0
    stream.resume()
    assert await within(stream.read()) == whole


async def test_a_cancel_says_what_was_heard(tts: Sidecar) -> None:
    stream = tts.synthesize(TEXT, seed=3, chunk={"max_frames": 1})
    count = 0
    async for chunk in stream:
        count += chunk.samples
        if chunk.sentence == 1:
            break
    first, second = stream.sentences
    heard = await stream.cancel()
    assert heard is not None
    assert heard.sentence == 1
    assert heard.text.startswith(first.text)
    assert heard.samples >= count
    # A listener who stops after the end of the generation has not heard all of it, either.
    stream = tts.synthesize(TEXT, seed=3)
    result = await stream.final()
    heard = await stream.cancel(second.start_ms)
    assert heard is not None
    assert (heard.text, heard.samples) == (first.text, round(second.start_ms * 24))
    everything = await stream.cancel()
    assert everything is not None
    assert (everything.text, everything.samples) == (TEXT, result.samples)
    # Nothing was sent of this one.
    stream = tts.synthesize(TEXT)
    stream.pause()
    assert await stream.cancel(played_ms=5) is None
    await asyncio.gather(stream.final(), return_exceptions=True)


def test_within_a_sentence_the_place_is_before_the_word_that_was_not_heard() -> None:
    text = "One two three. 四五六七。"
    sentences = [Sentence(0, text[:15], 0, 15, 0.0), Sentence(1, text[15:], 15, 20, 1500.0)]
    ends = {0: 1000.0, 1: 2500.0}

    def heard(samples: int) -> str:
        return find_heard(text, sentences, ends, samples, 1000).text

    assert heard(0) == ""
    assert heard(500) == "One "
    assert heard(999) == "One two "
    assert heard(1000) == heard(1500) == text[:15]
    assert heard(1900) == text[:17]
    assert heard(2500) == text
