"""The steps of making a voice: what each hears from the engine, and whom it tells."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Literal, Protocol

import msgspec

from sidecar.engine.request import AudioChunk, EncodedVoice, LoadResult, SynthesisResult
from sidecar.errors import (
    BadReferenceAudio,
    GenerationFailed,
    InternalError,
    Notice,
    SidecarError,
    Unsupported,
    told,
)
from sidecar.models import catalog
from sidecar.models.base import ModelInfo
from sidecar.voices.format import SavedVoice

if TYPE_CHECKING:
    from sidecar.models.download import Progress

Stage = Literal["resolving", "downloading", "loading", "designing", "encoding", "saving"]


class Created(msgspec.Struct, frozen=True):
    """A voice that was saved; `seed` is the design's."""

    voice: SavedVoice
    notices: tuple[Notice, ...]
    seed: int | None = None


class Observer(Protocol):
    """Hears of a creation, from any thread; the first of `failed` and `done` is its end."""

    def stage(self, stage: Stage, message: str) -> None: ...

    def failed(self, error: SidecarError) -> None: ...

    def done(self, created: Created) -> None: ...


class LoadStep:
    """A model's load; `field` is what names it in the request."""

    def __init__(
        self, observer: Observer, variant: str, field: str, then: Callable[[ModelInfo], None]
    ) -> None:
        self._observer, self._variant, self._field, self._then = observer, variant, field, then

    def stage(self, stage: Literal["resolving", "loading"], detail: str) -> None:
        self._observer.stage(stage, detail)

    def downloading(self, progress: Progress) -> None:
        self._observer.stage("downloading", progress.said)

    def failed(self, error: SidecarError) -> None:
        self._observer.failed(_about(error, self._field) if error.field == "model" else error)

    def done(self, result: LoadResult) -> None:
        if result.info.variant == self._variant:
            guarded(self._observer, partial(self._then, result.info))
            return
        self._observer.failed(
            Unsupported(
                f"A {self._variant} model is needed, and this is a {result.info.variant} model.",
                hint=f"Name one like {catalog.BASE} in `model`, and one like {catalog.DESIGN} in "
                "`design.model`.",
                field=self._field,
            )
        )


class DesignStep:
    """Keeps the designed speech, and hands it on."""

    def __init__(
        self, observer: Observer, then: Callable[[list[AudioChunk], SynthesisResult], None]
    ) -> None:
        self._observer, self._then = observer, then
        self._chunks: list[AudioChunk] = []
        self._samples = 0

    def ready(self) -> bool:
        return True

    def audio(self, chunk: AudioChunk) -> None:
        self._chunks.append(chunk)
        self._samples += len(chunk.samples)
        self._observer.stage("designing", f"{self._samples / chunk.sample_rate:.1f} s")

    def failed(self, error: SidecarError) -> None:
        if error.field in ("text", "instruct", "language"):
            error = _about(error, f"design.{error.field}")
        self._observer.failed(error)

    def done(self, result: SynthesisResult) -> None:
        if result.finish_reason == "runaway":
            self._observer.failed(
                GenerationFailed(
                    "The designed speech did not end.", hint="Try another seed.", field="design"
                )
            )
            return
        guarded(self._observer, partial(self._then, self._chunks, result))


class EncodeStep:
    def __init__(self, observer: Observer, then: Callable[[EncodedVoice], None]) -> None:
        self._observer, self._then = observer, then

    def failed(self, error: SidecarError) -> None:
        self._observer.failed(error)

    def done(self, result: EncodedVoice) -> None:
        guarded(self._observer, partial(self._then, result))


def as_designed(error: BadReferenceAudio) -> SidecarError:
    """What is wrong with a reference that a model has spoken."""
    return _about(error, "design.text", "Give it a sentence or two; try another seed.")


def _about(error: SidecarError, field: str, hint: str | None = None) -> SidecarError:
    """The same of another field. The error itself may be the answer to others, too."""
    hint = hint or error.hint
    return type(error)(error.message, hint=hint, field=field, figures=error.figures)


def guarded(observer: Observer, then: Callable[[], None]) -> None:
    """On a thread that a bug here must not end; who waits must hear of it."""
    try:
        then()
    except SidecarError as error:
        observer.failed(error)
    except Exception as error:
        observer.failed(InternalError(f"The voice could not be made: {told(error)}."))


def wav(chunks: list[AudioChunk], rate: int) -> bytes:
    """Float samples as a file."""
    import io

    import numpy as np
    import soundfile

    file = io.BytesIO()
    samples = np.concatenate([np.zeros(0, np.float32), *(chunk.samples for chunk in chunks)])
    soundfile.write(file, samples, rate, format="WAV", subtype="FLOAT")
    return file.getvalue()
