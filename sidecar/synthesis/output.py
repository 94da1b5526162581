"""The output of a synthesis: the audio of its segments, pauses, and marks, in order."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sidecar.audio.formats import MAX_SPEED, MIN_SPEED
from sidecar.engine.events import AudioChunk
from sidecar.synthesis.heard import Timeline
from sidecar.synthesis.request import Mark, Output, Part, SynthesisRequest, Words
from sidecar.synthesis.segments import Break, Segment
from sidecar.text.directives import MAX_PAUSE_SECONDS, Direction

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sidecar.audio.effects import Resampler
    from sidecar.audio.encoders import Patch
    from sidecar.audio.stream import AudioStream


class OutputStream:
    """Puts all audio through one `AudioStream`, which begins with the first sample.

    A segment is marked when its audio starts, so a mark comes before the audio that it is about.

    Attributes:
        least_rate: samples per second of the model that has most, where several speak.
        speed: of the next segment: seconds of speech in a second of audio.
        speaker: who says the next segment; None is the request's own voice.
        sentence: the index of the segment that is spoken.
        sentences: how many segments have been marked.
        codes: of the current segment, if they are kept: int32 [frames, codebooks] of each chunk.
        heard: of the current segment, if its words are to be timed: float32 samples of each chunk.
        first_audio: when the first bytes were handed out, by time.perf_counter; None before.
    """

    def __init__(self, request: SynthesisRequest, timeline: Timeline) -> None:
        self._timeline = timeline
        self._format = request.format
        self._pauses = request.pauses
        self._output: list[Output] = []
        self._stream: AudioStream | None = None
        self._rate = 0
        self._seconds = 0.0  # when the next sample will be played, with what the encoder holds back
        self.speed = request.format.speed
        self._pause = 0.0  # seconds, before the next audio
        self._is_exact = False  # the text asks for this pause, which the speed does not change
        self._started_at = 0.0
        self._times_words = request.times_words
        self._unmarked: list[Segment] = []
        self._silent: set[int] = set()  # the indices of those of them that are not spoken
        self._kept_samples = self._kept_frames = 0
        self._last_mark = 0.0
        self.least_rate = 0
        self.speaker: str | None = None
        self._speakers: list[str | None] = []  # of the segments in `_unmarked`
        self._resampler: Resampler | None = None  # of a segment whose model has another rate
        self.sentence = 0
        self.sentences = 0
        self.codes: list[NDArray[np.int32]] = []
        self.heard: list[NDArray[np.float32]] = []
        self.first_audio: float | None = None

    @property
    def samples(self) -> int:
        return 0 if self._stream is None else self._stream.samples

    @property
    def model_rate(self) -> int:
        """Samples per second of what the model speaks; 0 before its first audio."""
        return self._rate

    @property
    def sample_rate(self) -> int:
        return self._rate if self._stream is None else self._stream.sample_rate

    def take(self) -> list[Output]:
        """Return the marks and the audio that have come since the last call, in order."""
        output, self._output = self._output, []
        return output

    def place(self, segment: Segment, *, is_silent: bool) -> None:
        """Note where in the text the next segment is, which will be spoken or is silent."""
        self._unmarked.append(segment)
        self._speakers.append(self.speaker)
        if is_silent:
            self.note_silent()
        is_paragraph = not segment.text and segment.break_after == "paragraph"
        if is_paragraph and self._pause and not self._is_exact:
            self._pause = self._pauses.paragraph

    def note_silent(self) -> None:
        """Note that the segment that was placed last is not spoken."""
        self._silent.add(self.sentences + len(self._unmarked) - 1)

    def direct(self, direction: Direction) -> None:
        """Do what the text asks for before the next segment, which may be silent."""
        if direction.pause is not None:
            before = self._pause if self._is_exact else 0.0
            self._pause = min(before + direction.pause, MAX_PAUSE_SECONDS)
            self._is_exact = True
        self.speed = min(max(self._format.speed * direction.rate, MIN_SPEED), MAX_SPEED)

    def begin(self, *, is_placed: bool) -> None:
        """Begin a segment; `is_placed` says whether `place` has been called for it."""
        self.codes, self.heard = [], []
        if self._stream is not None:
            self._change_speed()
            self._put_pause()
        self._started_at = self._seconds + self._pause_seconds
        self._timeline.begin(self._started_at)
        self.sentence = self.sentences + len(self._unmarked) - is_placed

    def add(self, chunk: AudioChunk, keep_codes: bool) -> None:
        """Add the next chunk of the segment."""
        self._open(chunk.sample_rate)
        self._change_speed()
        self._put_pause()  # before the first audio, the rate was not known
        self._mark_all(self._seconds)
        if keep_codes:
            self.codes.append(chunk.codes)
        self._say(self._resample(chunk), len(chunk.codes))

    def _say(self, samples: NDArray[np.float32], frames: int) -> None:
        if self._times_words:
            self.heard.append(samples)
        self._put(samples, frames)

    def _resample(self, chunk: AudioChunk) -> NDArray[np.float32]:
        """Return the samples at the rate of the stream, which other models may have made."""
        if chunk.sample_rate == self._rate:
            return chunk.samples
        from sidecar.audio.effects import Resampler

        self._resampler = self._resampler or Resampler(chunk.sample_rate, self._rate)
        return self._resampler.write(chunk.samples)

    def tell(self, words: Words) -> None:
        """Hand out the words of the segment, after its last audio."""
        self._output.append(words)

    def to_seconds(self, seconds: float) -> float:
        """Return a time in the current segment's speech as a time in the audio that comes out."""
        return self._started_at + seconds / self.speed

    def take_codes(self) -> NDArray[np.int32]:
        """Return the codes of the segment, int32 [frames, codebooks], and keep them no longer."""
        import numpy as np

        codes, self.codes = self.codes, []
        return np.concatenate(codes)

    def mark_spoken(self, segment: Segment) -> None:
        """Mark a segment that was not placed before it was spoken."""
        self._mark(segment, self._started_at, self.speaker)

    def mark_silent(self) -> None:
        """Mark all placed segments now, because no text is there to be spoken after them.

        The next segment will start where they stand, after the pause, so they last no time.
        """
        self._mark_all(self._seconds + self._pause_seconds)

    def end(self, break_after: Break, sample_rate: int) -> None:
        """End the segment."""
        self._open(sample_rate)
        self._put_pause()
        if self._resampler is not None:
            self._say(self._resampler.finish(), 0)
            self._resampler = None
        self._mark_all(self._seconds)
        self._timeline.end(self._seconds)
        self._pause = {
            "clause": 0.0,
            "sentence": self._pauses.sentence,
            "paragraph": self._pauses.paragraph,
        }[break_after]

    def close(self, sample_rate: int) -> tuple[Patch, ...]:
        """Hand out what the encoder still holds, after the last segment.

        Returns:
            What completes the header of the file, if all bytes have been kept.
        """
        stream = self._open(sample_rate)
        self._mark_all(self._seconds)
        if self._is_exact:
            self._put_pause()
        rest = stream.finish()
        self._hand_out(rest.data, rest.samples, 0, is_last=True)
        return stream.make_patches()

    def _open(self, sample_rate: int) -> AudioStream:
        # numpy comes with the engine; what is imported before the handshake must not wait for it.
        from sidecar.audio.stream import AudioStream

        if self._stream is None:
            self._rate = max(sample_rate, self.least_rate)
            self._stream = AudioStream(self._format, self._rate)
        return self._stream

    @property
    def _pause_seconds(self) -> float:
        """How long the pause before the next audio will last."""
        return self._pause if self._is_exact else self._pause / self.speed

    def _change_speed(self) -> None:
        assert self._stream is not None
        encoded = self._stream.change_speed(self.speed)
        self._hand_out(encoded.data, encoded.samples, 0)

    def _put_pause(self) -> None:
        import numpy as np

        assert self._stream is not None
        samples = round(self._pause * self._rate)
        if samples and self._is_exact:
            self._seconds += samples / self._rate
            encoded = self._stream.write_pause(samples)
            self._hand_out(encoded.data, encoded.samples, 0)
        elif samples:
            self._put(np.zeros(samples, np.float32), 0)
        self._pause, self._is_exact = 0.0, False

    def _put(self, samples: NDArray[np.float32], frames: int) -> None:
        assert self._stream is not None
        self._seconds += len(samples) / self._rate / self.speed
        self._timeline.written = self._seconds
        encoded = self._stream.write(samples)
        self._hand_out(encoded.data, encoded.samples, frames)

    def _hand_out(self, data: bytes, samples: int, frames: int, is_last: bool = False) -> None:
        """Output bytes; what the encoder holds back is counted with the next bytes it returns."""
        self._kept_samples += samples
        self._kept_frames += frames
        if not data and not (is_last and self._kept_frames):
            return
        if self.first_audio is None:
            self.first_audio = time.perf_counter()
        counts = self._kept_samples, self._kept_frames
        self._kept_samples = self._kept_frames = 0
        self._timeline.samples += counts[0]
        self._timeline.sample_rate = self.sample_rate
        self._output.append(Part(data, *counts, self.sentence, self.sample_rate))

    def _mark_all(self, seconds: float) -> None:
        segments, self._unmarked = self._unmarked, []
        speakers, self._speakers = self._speakers, []
        for segment, speaker in zip(segments, speakers, strict=True):
            self._mark(segment, seconds, speaker)

    def _mark(self, segment: Segment, seconds: float, speaker: str | None) -> None:
        # One moment, computed as two different sums of rounded pauses, must not go back.
        self._last_mark = seconds = max(round(seconds, 6), self._last_mark)
        mark = Mark(self.sentences, segment.start, segment.end, seconds, speaker)
        self._timeline.mark(mark)
        self._output.append(mark)
        if self._times_words and self.sentences in self._silent:
            self._output.append(Words(self.sentences))
        self.sentences += 1
