"""The audio side of a narration: passages, pauses and marks, one behind the other."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sidecar.engine.events import AudioChunk
from sidecar.synthesis.request import Mark, NarrationRequest, Output, Part, Patch
from sidecar.synthesis.segments import Break, Passage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sidecar.audio.stream import AudioStream


class Tape:
    """Puts everything through one `AudioStream`, which begins with the first sample.

    Attributes:
        sentence: the index of the passage that is spoken.
        sentences: how many have been marked.
        codes: of that passage, if they are kept: int32 [frames, codebooks], chunk by chunk.
        first_audio: when the first bytes were handed out, by time.perf_counter.
    """

    def __init__(self, request: NarrationRequest) -> None:
        self._format = request.format
        self._pauses = request.pauses
        self._output: list[Output] = []
        self._stream: AudioStream | None = None
        self._rate = 0
        self._written = 0  # samples at the model's rate
        self._pause = 0.0
        self._started_at = 0.0
        self._unmarked: list[Passage] = []
        self._kept_samples = self._kept_frames = 0
        self._last_mark = 0.0
        self.sentence = 0
        self.sentences = 0
        self.codes: list[NDArray[np.int32]] = []
        self.first_audio = 0.0

    @property
    def samples(self) -> int:
        return 0 if self._stream is None else self._stream.samples

    @property
    def sample_rate(self) -> int:
        return self._rate if self._stream is None else self._stream.sample_rate

    def take_output(self) -> list[Output]:
        """Return the marks and the audio that have come out since the last call, in order."""
        output, self._output = self._output, []
        return output

    def begin(self, placed: bool) -> None:
        """A passage is about to be spoken; `placed` if it has its place in the text already."""
        self.codes = []
        if self._pause and self._stream is not None:
            import numpy as np

            self._put(np.zeros(round(self._pause * self._rate), np.float32), 0)
            self._pause = 0.0
        self._started_at = self._seconds
        self.sentence = self.sentences + len(self._unmarked) - placed

    def place(self, passage: Passage, behind: bool = False) -> None:
        """Where in the text a passage is: the one that begins, or the one that is `behind` us."""
        if behind:
            self._mark(passage, self._started_at)
            return
        self._unmarked.append(passage)
        if not passage.text and passage.break_after == "paragraph" and self._pause:
            self._pause = self._pauses.paragraph

    def mark_silent(self) -> None:
        """No more of the text is there: what was placed so far is told, spoken or not. It is where
        the next passage will be, behind the pause, and so lasts no time."""
        passages, self._unmarked = self._unmarked, []
        for passage in passages:
            self._mark(passage, self._seconds + self._pause / self._format.speed)

    def add(self, chunk: AudioChunk, keep_codes: bool) -> None:
        """The next chunk of the passage."""
        self._open(chunk.sample_rate)
        self._mark_all()
        if keep_codes:
            self.codes.append(chunk.codes)
        self._put(chunk.samples, len(chunk.codes))

    def take_codes(self) -> NDArray[np.int32]:
        import numpy as np

        codes, self.codes = self.codes, []
        return np.concatenate(codes)

    def end(self, break_after: Break, sample_rate: int) -> None:
        """The passage has ended."""
        self._open(sample_rate)
        self._mark_all()
        self._pause = {
            "clause": 0.0,
            "sentence": self._pauses.sentence,
            "paragraph": self._pauses.paragraph,
        }[break_after]

    def close(self, sample_rate: int) -> tuple[Patch, ...]:
        """Everything has been spoken: what the encoder still holds goes out.

        Returns:
            What completes the file's header, for who has kept all the bytes.
        """
        stream = self._open(sample_rate)
        self._mark_all()
        rest = stream.finish()
        self._hand_out(rest.data, rest.samples, 0, last=True)
        return stream.patches()

    def _open(self, sample_rate: int) -> AudioStream:
        # numpy comes with the engine; what is imported before the handshake must not wait for it.
        from sidecar.audio.stream import AudioStream

        if self._stream is None:
            self._rate = sample_rate
            self._stream = AudioStream(self._format, sample_rate)
        return self._stream

    @property
    def _seconds(self) -> float:
        """Where the next sample will be heard, whatever the encoder holds back."""
        return self._written / self._rate / self._format.speed if self._rate else 0.0

    def _put(self, samples: NDArray[np.float32], frames: int) -> None:
        assert self._stream is not None
        self._written += len(samples)
        encoded = self._stream.write(samples)
        self._hand_out(encoded.data, encoded.samples, frames)

    def _hand_out(self, data: bytes, samples: int, frames: int, last: bool = False) -> None:
        """What an encoder still holds back is counted with the next bytes that it gives."""
        self._kept_samples += samples
        self._kept_frames += frames
        if not data and not (last and self._kept_frames):
            return
        if not self.first_audio:
            self.first_audio = time.perf_counter()
        kept = self._kept_samples, self._kept_frames
        self._kept_samples = self._kept_frames = 0
        self._output.append(Part(data, *kept, self.sentence, self.sample_rate))

    def _mark_all(self) -> None:
        passages, self._unmarked = self._unmarked, []
        for passage in passages:
            self._mark(passage, self._seconds)

    def _mark(self, passage: Passage, seconds: float) -> None:
        # The same moment by two sums, of rounded pauses, must not go back.
        self._last_mark = seconds = max(round(seconds, 6), self._last_mark)
        self._output.append(Mark(self.sentences, passage.start, passage.end, seconds))
        self.sentences += 1
