"""Speech that is being generated, as the app sees it."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncGenerator

from qwen_tts_client.errors import SidecarCancelledError, SidecarError
from qwen_tts_client.heard import Heard
from qwen_tts_client.protocol import SynthesizeResult, WordsProgress
from qwen_tts_client.speech import Speech, SpeechChunk
from qwen_tts_client.text_feed import Sentence
from qwen_tts_client.wav import HEADER_BYTES, wav_header

# Encodings whose audio is a complete file.
_FILES = ("flac", "mp3", "ogg_opus")


class SpeechStream:
    """Speech that is being generated.

    Its audio can be read once: by a loop, by `read` or by `to_wav`. If only `final` is awaited, the
    audio is discarded. Leaving a loop, or an `async with`, before its end cancels the speech.

        async for chunk in tts.synthesize("Hello there."):
            play(chunk.audio)  # 16-bit samples, 24000 Hz, mono
    """

    def __init__(self, speech: Speech, encoding: str) -> None:
        self._speech = speech
        self._encoding = encoding
        self._reader: str | None = None
        # Nobody can read the audio of a stream that nobody holds.
        weakref.finalize(self, _abandon, asyncio.get_running_loop(), speech).atexit = False

    @property
    def sample_rate(self) -> int | None:
        """Sample rate of the audio in Hz; None before the first chunk."""
        return self._speech.sample_rate

    @property
    def sentences(self) -> list[Sentence]:
        """The sentences whose start in the audio is known: at the end, all of them."""
        return list(self._speech.sentences)

    @property
    def words(self) -> list[WordsProgress]:
        """The words of the sentences that have been spoken, with `timing="word"`; else empty.

        At the end, each sentence has an entry. `words` of an entry is None if its times could not
        be had; a warning in the result then says why.
        """
        return list(self._speech.words)

    def __aiter__(self) -> AsyncGenerator[SpeechChunk, None]:
        """Return an iterator over the audio, chunk by chunk. Leaving the loop cancels the speech.

        Raises:
            SidecarError: in the loop, if the audio is already read by something else, and what
                `final` raises; but a loop over a stream that `cancel` stopped just ends.
        """
        return self._chunks("a loop")

    async def __aenter__(self) -> SpeechStream:
        """Return the stream."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Cancel the speech if it has not ended."""
        await self.cancel()

    async def final(self) -> SynthesizeResult:
        """Wait for the end of the speech, and return its result.

        If nothing has begun to read the audio, it is discarded. Cancelling the task that waits here
        in this case cancels the speech.

        Raises:
            SidecarResponseError: the sidecar refuses the speech or fails to generate it.
            SidecarCancelledError: `cancel` stopped the speech or a loop over it was left.
            SidecarExitedError: the sidecar's process ended before the speech.
            SidecarClosedError: the sidecar was closed before the speech ended.
        """
        if self._reader is None:
            async for _ in self._chunks("final()"):
                pass
        return await asyncio.shield(self._speech.result)

    async def cancel(self, played_ms: float | None = None) -> Heard | None:
        """Stop the speech, and wait until the sidecar has confirmed that.

        A loop over it ends without an error, and `final` raises `SidecarCancelledError`. After the
        end of the speech it stops nothing, but still says what was heard.

        Args:
            played_ms: how much of the audio was played; None is all that was sent.

        Returns:
            What was heard up to there; None if no audio was sent.
        """
        self._speech.stop(SidecarCancelledError(), played_ms)
        await self._speech.ended()
        return self._speech.find_heard(played_ms)

    def flush(self) -> None:
        """Speak now what there is of a text that is still being written.

        Without it, the last sentence waits for the word after it. It concerns what the source has
        given so far; a source may call it between two pieces.
        """
        self._speech.flush()

    def pause(self) -> None:
        """Generate no more until `resume`; audio that is on its way still arrives.

        The stream keeps its place; after 30 s, a sidecar at its limits may end it.
        """
        self._speech.pause(True)

    def resume(self) -> None:
        """Go on after `pause`."""
        self._speech.pause(False)

    async def read(self) -> bytes:
        """Wait for the end of the speech, and return all of its audio.

        It is a file, or with a `pcm_…` encoding the samples without a header.

        Raises:
            SidecarError: the audio is already read by something else; and whatever `final` raises.
        """
        parts = [chunk.audio async for chunk in self._chunks("read()")]
        await self.final()  # It raises if the speech was cancelled: the audio is then incomplete.
        return b"".join(parts)

    async def to_wav(self) -> bytes:
        """Wait for the end of the speech, and return a WAV file, whose header has its length.

        Raises:
            SidecarError: the encoding is not `pcm_s16le`, `pcm_f32le` or `wav`, or the audio is
                already read by something else; and whatever `final` raises.
        """
        if self._encoding in _FILES:
            raise SidecarError(f"This speech is encoded as {self._encoding}: read() is the file.")
        audio = await self.read()
        samples = audio[HEADER_BYTES if self._encoding == "wav" else 0 :]
        result = await self.final()
        return wav_header(result.sample_rate, result.encoding, len(samples)) + samples

    async def _chunks(self, reader: str) -> AsyncGenerator[SpeechChunk, None]:
        if self._reader is not None:
            raise SidecarError(f"The audio of this stream is already read by {self._reader}.")
        self._reader = reader
        try:
            while (chunk := await self._next()) is not None:
                yield chunk
        finally:
            self._speech.stop(SidecarCancelledError())

    async def _next(self) -> SpeechChunk | None:
        try:
            return await self._speech.next()
        except SidecarCancelledError:
            return None


def _abandon(loop: asyncio.AbstractEventLoop, speech: Speech) -> None:
    """Stop a speech, from whatever thread collects garbage."""
    if not loop.is_closed():
        loop.call_soon_threadsafe(speech.stop, SidecarCancelledError())
