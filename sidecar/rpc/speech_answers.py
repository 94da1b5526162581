"""What comes out of a synthesis → progress, and the result or the error of its call."""

from __future__ import annotations

from sidecar.errors import Cancelled, Figures, Notice, SidecarError, TextTooLong, UnknownVoice
from sidecar.limits import MAX_WHOLE_BYTES
from sidecar.rpc.calls import Call
from sidecar.rpc.contract.common import Warning
from sidecar.rpc.contract.speech import Encoding
from sidecar.rpc.contract.speech_results import (
    AudioProgress,
    Metrics,
    SentenceProgress,
    SynthesizeResult,
)
from sidecar.rpc.contract.words import TimedWord, WordsProgress
from sidecar.rpc.session import Session
from sidecar.synthesis.request import Mark, Part, SynthesisResult, Word, Words
from sidecar.synthesis.synthesis import Synthesis


def warnings(notices: tuple[Notice, ...]) -> list[Warning] | None:
    """Return the `warnings` of a result; None if there are none."""
    return [Warning(type=notice.type, message=notice.message) for notice in notices] or None


class Answer:
    """Sends the audio of a synthesis under the call's token, or keeps it for the result."""

    def __init__(self, session: Session, call: Call[SynthesizeResult], encoding: Encoding) -> None:
        self._voices = session.voices
        self._call = call
        self._encoding: Encoding = encoding
        self._streams = call.token is not None
        self._seq = 0
        self._kept: list[bytes] = []
        self._kept_bytes = 0

    def give(self, synthesis: Synthesis) -> None:
        """Report what comes out of a synthesis, to its end."""
        try:
            for event in synthesis:
                match event:
                    case Mark():
                        self._mark(event)
                    case Part():
                        self._audio(event)
                    case Words():
                        self._call.progress(_words_progress(event))
                    case SynthesisResult():
                        self._done(event)
        except Cancelled as error:
            heard = synthesis.find_heard(self._call.played) if self._streams else None
            self._call.fail(Cancelled(error.message, figures=Figures(heard=heard)))
        except UnknownVoice as error:
            self._call.fail(_with_saved_voices(error, self._voices.names()))
        except Exception as error:
            self._call.fail(error)

    def _mark(self, mark: Mark) -> None:
        self._call.progress(
            SentenceProgress(
                index=mark.index,
                text_start=mark.start,
                text_end=mark.end,
                start_ms=round(mark.start_seconds * 1000, 3),
                speaker=mark.speaker,
            )
        )

    def _audio(self, part: Part) -> None:
        if not self._streams:
            self._keep(part.data)
            return
        progress = AudioProgress(
            seq=self._seq,
            audio=part.data,
            samples=part.samples,
            frames=part.frames,
            sentence=part.sentence,
            sample_rate=None if self._seq else part.sample_rate,
        )
        self._seq += 1
        self._call.progress(progress, len(part.data))

    def _keep(self, data: bytes) -> None:
        self._kept.append(data)
        self._kept_bytes += len(data)
        if self._kept_bytes > MAX_WHOLE_BYTES:
            raise TextTooLong(
                f"The audio has more than {MAX_WHOLE_BYTES >> 20} MiB, too much for one message.",
                hint="Give a partialResultToken and take it in chunks.",
                field="text",
            )

    def _done(self, result: SynthesisResult) -> None:
        figures = result.figures
        audio = None if self._streams else self._whole(result)
        self._call.reply(
            SynthesizeResult(
                finish_reason=figures.finish_reason,
                frames=figures.frames,
                samples=figures.samples,
                sample_rate=figures.sample_rate,
                encoding=self._encoding,
                duration_ms=figures.audio_seconds * 1000,
                sentences=result.sentences,
                seed=figures.seed,
                metrics=Metrics(
                    queue_ms=figures.queue_seconds * 1000,
                    first_audio_ms=figures.first_audio_seconds * 1000,
                    generation_ms=figures.generation_seconds * 1000,
                    real_time_factor=figures.real_time_factor,
                    peak_memory_bytes=figures.peak_memory_bytes,
                ),
                warnings=warnings(result.notices),
                audio=audio,
            ),
            len(audio or b""),
        )

    def _whole(self, result: SynthesisResult) -> bytes:
        # Imported here, since the handshake need not wait for libsndfile.
        from sidecar.audio.encoders import apply_patches

        return apply_patches(b"".join(self._kept), result.patches)


def _words_progress(event: Words) -> WordsProgress:
    return WordsProgress(
        sentence=event.sentence,
        words=None if event.words is None else [_timed_word(word) for word in event.words],
        source=event.source,
        grain_ms=event.grain_ms,
    )


def _timed_word(word: Word) -> TimedWord:
    return TimedWord(
        word=word.word,
        start_ms=round(word.start_seconds * 1000, 3),
        end_ms=round(word.end_seconds * 1000, 3),
        text_start=word.start,
        text_end=word.end,
    )


def _with_saved_voices(error: UnknownVoice, names: list[str]) -> SidecarError:
    """Return a copy of an error that others may share, with the saved voices in its hint."""
    saved = f"Saved voices: {', '.join(names) or 'none'}. A Base model speaks with those."
    hint = f"{error.hint} {saved}" if error.hint else saved
    return UnknownVoice(error.message, hint=hint, field=error.field)
