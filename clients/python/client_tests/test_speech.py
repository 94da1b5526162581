"""Streams: audio, results, cancelling, many at once, back-pressure."""

from __future__ import annotations

import asyncio
import struct
from typing import Any

import pytest

from client_tests.support import LONG, eventually, fails, within
from qwen_tts_client import (
    Sentence,
    Sidecar,
    SidecarCancelledError,
    SidecarError,
    SidecarResponseError,
    SpeechChunk,
    SpeechStream,
    to_srt,
    wav_header,
)
from qwen_tts_client.protocol import WordsProgress

HELLO: dict[str, Any] = {"text": "Hello there.", "seed": 3, "language": "english"}
CUT: dict[str, Any] = {"text": LONG, "seed": 1, "max_frames": 30}


async def collect(stream: SpeechStream) -> list[SpeechChunk]:
    return [chunk async for chunk in stream]


async def idle(tts: Sidecar) -> None:
    async def is_idle() -> bool:
        return not (await tts.status()).streams

    await eventually(is_idle, "nothing is spoken")


async def refused(stream: SpeechStream) -> SidecarResponseError:
    error = await fails(stream.final(), SidecarResponseError)
    assert isinstance(error, SidecarResponseError)
    return error


@pytest.fixture(scope="session")
def cut(tts: Sidecar, loop: asyncio.AbstractEventLoop) -> bytes:
    """Return the audio of CUT."""

    async def read() -> bytes:
        return await tts.synthesize(**CUT).read()

    return loop.run_until_complete(read())


async def test_a_stream_returns_chunks_without_gaps_then_a_result(tts: Sidecar) -> None:
    stream = tts.synthesize(**HELLO)
    chunks = await collect(stream)
    result = await stream.final()
    offset = 0
    for i, chunk in enumerate(chunks):
        assert (chunk.seq, chunk.offset, chunk.sentence) == (i, offset, 0)
        assert len(chunk.audio) == 2 * chunk.samples
        offset += chunk.samples
    assert len(chunks) > 3
    assert (result.samples, result.seed, result.finish_reason) == (offset, 3, "stop")
    assert result.sample_rate == 24000
    pcm = b"".join(chunk.audio for chunk in chunks)
    header = wav_header(24000, "pcm_s16le", len(pcm))
    assert await tts.synthesize(**HELLO).to_wav() == header + pcm


async def test_floats_give_a_file_of_floats(tts: Sidecar) -> None:
    wav = await tts.synthesize(**HELLO, encoding="pcm_f32le", max_frames=2).to_wav()
    assert struct.unpack_from("<H12xH4xI", wav, 20) == (3, 32, 4 * 3840)
    assert len(wav) == 44 + 4 * 3840


async def test_a_file_encoding_is_one_file_and_counts_its_samples(tts: Sidecar) -> None:
    short = {**HELLO, "max_frames": 4}
    pcm = await tts.synthesize(**short).read()
    starts: dict[Any, bytes] = {"flac": b"fLaC", "ogg_opus": b"OggS", "wav": b"RIFF"}
    for encoding, start in starts.items():
        stream = tts.synthesize(**short, encoding=encoding)
        chunks = await collect(stream)
        assert chunks[0].audio.startswith(start)
        assert sum(chunk.samples for chunk in chunks) == len(pcm) // 2
        assert (await stream.final()).encoding == encoding
    async with tts.synthesize(**short, encoding="flac") as stream:
        with pytest.raises(SidecarError, match=r"read\(\) is the file"):
            await stream.to_wav()
    whole = await tts.synthesize(**short, encoding="wav").to_wav()
    assert whole == wav_header(24000, "wav", len(pcm)) + pcm


async def test_words_have_their_times_and_their_places(tts: Sidecar) -> None:
    text = "It costs $25, 🙂 doesn't it? Yes, it does."
    told: list[WordsProgress] = []
    stream = tts.synthesize(text, seed=3, timing="word", on_words=told.append)
    result = await stream.final()
    assert [one.sentence for one in stream.words] == list(range(result.sentences))
    words = [word for one in stream.words for word in one.words or ()]
    spoken = ["It", "costs", "$25", "doesn't", "it", "Yes", "it", "does"]
    assert [word.word for word in words] == spoken
    assert [text[word.text_start : word.text_end] for word in words] == spoken
    assert all(word.start_ms <= word.end_ms <= result.duration_ms for word in words)
    captions = to_srt(stream.sentences, result.duration_ms, word_times=stream.words)
    assert captions.count("<u>") == len(spoken)
    await eventually(lambda: told == stream.words, "the words to be told")


async def test_sentences_are_reported_with_their_starts_in_the_audio(tts: Sidecar) -> None:
    text = "Hello 😀 there. How are you?\n\n***\n\nFine."
    events: list[Sentence] = []
    stream = tts.synthesize(
        text,
        seed=3,
        pauses={"sentence_ms": 200, "paragraph_ms": 500},
        on_sentence=events.append,
    )
    starts: dict[int, float] = {}
    async for chunk in stream:
        assert chunk.sentence in [event.index for event in events]
        if chunk.frames:
            starts.setdefault(chunk.sentence, chunk.offset / 24)
    await stream.final()
    assert events == stream.sentences
    words = [sentence.text.strip() for sentence in events]
    assert words == ["Hello 😀 there.", "How are you?", "***", "Fine."]
    assert [text[one.text_start : one.text_end] for one in events] == [one.text for one in events]
    assert "".join(one.text for one in events) == text
    for index, start in starts.items():  # 5 ms of each may be in the chunk before or after.
        assert abs(events[index].start_ms - start) <= 5


async def test_a_stream_can_be_left_unread_and_is_read_once(tts: Sidecar) -> None:
    stream = tts.synthesize(**HELLO, max_frames=2)
    assert (await stream.final()).frames == 2
    assert tts.buffered_bytes == 0
    for again in (collect(stream), stream.to_wav(), stream.read()):
        await fails(again, SidecarError, r"already read by final\(\)")
    assert (await stream.final()).frames == 2


async def test_a_stream_raises_the_sidecars_error(tts: Sidecar) -> None:
    nobody: dict[str, Any] = {"text": "Hi.", "voice": "nobody"}
    for work in (tts.synthesize(**nobody).final(), collect(tts.synthesize(**nobody))):
        error = await fails(work, SidecarResponseError, "Unknown voice 'nobody'")
        assert isinstance(error, SidecarResponseError)
        assert (error.type, error.code, error.field) == ("unknownVoice", 1003, "voice")
        assert error.hint
        assert str(error).endswith(f".\n{error.hint}")
    unknown: dict[str, Any] = {"colour": "red"}
    error = await refused(tts.synthesize("Hi.", **unknown))
    assert (error.type, error.field) == ("unknownField", "colour")
    assert (await refused(tts.synthesize(" "))).type == "emptyText"
    # This error shows that the sidecar could decode the bytes.
    error = await refused(tts.synthesize("Hi.", reference={"audio": b"\1\2\3"}))
    assert (error.type, error.field) == ("badReferenceAudio", "reference.audio")
    # Half a surrogate pair is refused before it is sent; so is what cannot be JSON.
    assert (await refused(tts.synthesize("\ud83d"))).type == "invalidParams"
    strange: dict[str, Any] = {"seed": object()}
    with pytest.raises(TypeError):
        await tts.synthesize("Hi.", **strange).final()


# --- cancelling ------------------------------------------------------------------------------


async def test_leaving_a_loop_cancels(tts: Sidecar) -> None:
    stream = tts.synthesize(LONG)
    async for chunk in stream:
        if chunk.seq == 1:
            break
    await fails(stream.final(), SidecarCancelledError)
    async with tts.synthesize(LONG) as stream:
        pass
    await fails(stream.final(), SidecarCancelledError)
    await idle(tts)


async def test_cancel_ends_a_loop_in_other_code(tts: Sidecar) -> None:
    stream = tts.synthesize(LONG)
    seen = [-1]
    async for chunk in stream:
        seen.append(chunk.seq)
        if chunk.seq == 1:
            await stream.cancel()
    assert seen[-1] == 1
    await fails(stream.final(), SidecarCancelledError)
    await idle(tts)


async def test_cancelling_after_the_end_changes_nothing(tts: Sidecar) -> None:
    stream = tts.synthesize(**HELLO, max_frames=1)
    await collect(stream)
    await stream.cancel()
    assert (await stream.final()).frames == 1


async def test_cancelling_the_task_cancels_its_speech_and_no_other(
    tts: Sidecar, cut: bytes
) -> None:
    other = asyncio.ensure_future(tts.synthesize(**CUT).read())
    stream = tts.synthesize(LONG)
    spoken = asyncio.Event()

    async def loop() -> None:
        async for _ in stream:
            spoken.set()

    task = asyncio.ensure_future(loop())
    await within(spoken.wait())
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await fails(stream.final(), SidecarCancelledError)
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(tts.synthesize(LONG).final(), 0.1)
    assert await other == cut
    await idle(tts)
    assert tts.buffered_bytes == 0


async def test_a_stream_that_nobody_holds_is_cancelled(tts: Sidecar) -> None:
    tts.synthesize(LONG)
    await idle(tts)
    assert tts.buffered_bytes == 0


# --- many, and slow readers --------------------------------------------------------------------


async def test_twenty_streams_are_each_as_when_alone_beside_a_slow_reader(tts: Sidecar) -> None:
    def params(i: int) -> dict[str, Any]:
        return {"text": f"Number {i}.", "seed": i, "max_frames": 3}

    slow = tts.synthesize(LONG, seed=1)
    chunks = aiter(slow)
    await anext(chunks)
    streams = [tts.synthesize(**params(i)) for i in range(20)]
    together = await within(asyncio.gather(*(stream.read() for stream in streams)))
    for i in (0, 13):
        assert await tts.synthesize(**params(i)).read() == together[i]
    await slow.cancel()
    assert tts.buffered_bytes == 0


async def test_a_stream_with_credit_pauses_alone_and_loses_nothing(
    tts: Sidecar, cut: bytes
) -> None:
    stream = tts.synthesize(**CUT, credit_ms=500)

    async def is_paused() -> bool:
        return [one.waits_for for one in (await tts.status()).streams] == ["credit"]

    await eventually(is_paused, "the credit is spent")
    assert (await within(tts.synthesize(**HELLO, max_frames=2).final())).frames == 2
    assert tts.buffered_bytes <= 48 * (500 + 960)  # and one chunk of 12 frames
    assert await stream.read() == cut


async def test_back_pressure_limits_the_unread_audio_and_loses_nothing(
    tts: Sidecar, cut: bytes
) -> None:
    limit, before = 50_000, tts.gate.limit
    tts.gate.limit = limit
    try:
        stream = aiter(tts.synthesize(**CUT))
        received = [(await anext(stream)).audio]
        await eventually(lambda: tts.gate.paused, "nothing is read")
        assert limit < tts.buffered_bytes < limit + 100_000
        received += [chunk.audio async for chunk in stream]
    finally:
        tts.gate.limit = before
    assert b"".join(received) == cut
