"""Make a voice from a recording or from a description."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING, Literal, TypeVar

import msgspec

from sidecar.engine.engine import Engine
from sidecar.engine.events import (
    Alignment,
    AudioChunk,
    Done,
    Download,
    EncodedVoice,
    Failed,
    LoadResult,
    SpeechResult,
    WaitingForText,
)
from sidecar.engine.events import (
    Stage as LoadStage,
)
from sidecar.engine.request import Job, LoadOptions, SpeechRequest
from sidecar.errors import (
    BadReferenceAudio,
    Cancelled,
    Notice,
    SidecarError,
    Unsupported,
)
from sidecar.limits import CODEC_FRAMES_PER_SECOND
from sidecar.models import catalog
from sidecar.models.base import ModelInfo, ReferenceAudio, Utterance, WordTimes
from sidecar.text import tags
from sidecar.voices.design import Design, about, check_ended, design_notices, wav
from sidecar.voices.format import VERSION, Metadata, SavedVoice
from sidecar.voices.store import VoiceStore

if TYPE_CHECKING:
    from sidecar.audio.reference import Recording

Stage = Literal["resolving", "downloading", "loading", "designing", "encoding", "saving"]


class CreateRequest(msgspec.Struct, frozen=True):
    """A voice that is to be made and saved.

    Attributes:
        source: a recording, or a description.
        name: an empty name is replaced by a free one.
        model: the Base model that will speak with it.
        language: the language that it speaks if a request names none.
        replace: replace an existing voice of this name.
    """

    source: ReferenceAudio | Design
    name: str = ""
    model: str = catalog.BASE
    language: str | None = None
    replace: bool = False


class Progress(msgspec.Struct, frozen=True):
    """A stage begins, or goes on."""

    stage: Stage
    message: str


class Created(msgspec.Struct, frozen=True):
    """A voice that was saved; `seed` is the design's."""

    voice: SavedVoice
    notices: tuple[Notice, ...]
    seed: int | None = None


T = TypeVar("T")
Step = Generator[Progress, None, T]


class Creation:
    """The making of one voice: load, design, encode, save.

    Iterate over it, once, on any one thread, for its events.
    """

    def __init__(
        self,
        engine: Engine,
        store: VoiceStore,
        request: CreateRequest,
    ) -> None:
        self._engine = engine
        self._store = store
        self._request = request
        self._lock = threading.Lock()
        self._job: Job | None = None
        self._admitted = False
        self._cancelled = False
        self._named = False

    def cancel(self) -> bool:
        """End it with `Cancelled`, from any thread; do nothing if the file has its name already.

        Returns:
            Whether the caller has to report the cancel: the current step may wait for a disk that
            hangs. Otherwise the thread that iterates receives `Cancelled` from the engine.
        """
        with self._lock:
            if self._named:
                return False
            self._cancelled, job = True, self._job
        if job is None:
            return True
        self._engine.cancel(job)
        return False

    def __iter__(self) -> Iterator[Progress | Created]:
        """Yield the steps, and the saved voice as the last event.

        Raises:
            SidecarError: of the recording, of a model, of the store, or Cancelled.
        """
        request, source = self._request, self._request.source
        if request.name and not request.replace:
            self._store.check_free(request.name)
        self._store.check_writable()
        # Faults of the recording and of the models are reported before anything is generated.
        if isinstance(source, Design):
            designer = yield from self._load(source.model, "voice_design", "design.model")
            _resolved(source.language, designer, "design.language")
            yield from self._load_base()
            recording, notices, seed = yield from self._design(source)
        else:
            recording, notices, seed = self._store.reader.read(source, self._check), (), None
            yield from self._load_base()
        encoded = yield from self._encode(recording)
        self._check()  # the engine encodes without a pause in which it could be cancelled
        yield Progress("saving", request.name)
        voice = self._save(recording, encoded)
        yield Created(voice, (*notices, *encoded.features.notices), seed)

    def _load_base(self) -> Step[None]:
        base = yield from self._load(self._request.model, "base", "model")
        _language(self._request, base)

    def _load(self, model: str, variant: str, field: str) -> Step[ModelInfo]:
        job = self._begin(lambda going: self._engine.load(model, LoadOptions(), admitted=going))
        try:
            result = yield from self._wait(job)
        except SidecarError as error:
            raise (about(error, field) if error.field == "model" else error) from None
        assert isinstance(result, LoadResult)
        if result.info.variant != variant:
            raise Unsupported(
                f"A {variant} model is needed, and this is a {result.info.variant} model.",
                hint=f"Name one like {catalog.BASE} in `model`, and one like {catalog.DESIGN} in "
                "`design.model`.",
                field=field,
            )
        return result.info

    def _design(self, design: Design) -> Step[tuple[Recording, tuple[Notice, ...], int]]:
        """Generate the designed speech; return it as a recording, with notices and its seed."""
        yield Progress("designing", design.instruct)
        request = SpeechRequest(
            model=design.model,
            utterance=Utterance(design.text, language=design.language, instruct=design.instruct),
            seed=design.seed,
            # A longer recording than the limit could not be cloned.
            max_frames=min(
                design.max_frames, int(CODEC_FRAMES_PER_SECOND * self._store.reader.max_seconds)
            ),
        )
        job = self._begin(lambda going: self._engine.submit(request, admitted=going))
        chunks: list[AudioChunk] = []
        try:
            result = yield from self._wait(job, chunks)
        except SidecarError as error:
            of_design = error.field in ("text", "instruct", "language")
            raise (about(error, f"design.{error.field}") if of_design else error) from None
        assert isinstance(result, SpeechResult)
        check_ended(result)
        spoken = ReferenceAudio(data=wav(chunks, result.figures.sample_rate), text=design.text)
        try:
            recording = self._store.reader.read(spoken)
        except BadReferenceAudio as error:
            hint = "Give it a sentence or two; try another seed."
            raise about(error, "design.text", hint) from None
        return recording, design_notices(result), result.figures.seed

    def _encode(self, recording: Recording) -> Step[EncodedVoice]:
        model = self._request.model
        yield Progress("encoding", model)
        job = self._begin(lambda going: self._engine.encode(model, recording, admitted=going))
        result = yield from self._wait(job)
        assert isinstance(result, EncodedVoice)
        return result

    def _save(self, recording: Recording, encoded: EncodedVoice) -> SavedVoice:
        return self._store.save(
            self._metadata(recording, encoded),
            encoded.features,
            replace=self._request.replace and bool(self._request.name),
            commit=self._commit,
        )

    def _begin(self, begin: Callable[[bool], Job]) -> Job:
        """Submit the next job to the engine, unless the creation has been cancelled.

        Args:
            begin: receives whether the engine has admitted an earlier job of this creation.

        Raises:
            Cancelled
        """
        with self._lock:
            self._raise_if_cancelled()
            self._job = begin(self._admitted)
            self._admitted = True
            return self._job

    def _wait(
        self, job: Job, chunks: list[AudioChunk] | None = None
    ) -> Step[SpeechResult | LoadResult | EncodedVoice | None]:
        """Wait for the end of a job, and append its audio to `chunks`.

        Raises:
            SidecarError: the job has failed. Other jobs may have failed with the same object.
        """
        samples = 0
        for event in job:
            match event:
                case LoadStage(stage, detail):
                    yield Progress(stage, detail)
                case Download(progress):
                    yield Progress("downloading", progress.said)
                case AudioChunk():
                    assert chunks is not None
                    chunks.append(event)
                    samples += len(event.samples)
                    yield Progress("designing", f"{samples / event.sample_rate:.1f} s")
                case WordTimes():
                    pass  # nobody asks for those of a design
                case WaitingForText():
                    raise AssertionError("the text of a design is complete")
                case Failed(error):
                    raise error
                case Done(result):
                    assert not isinstance(result, Alignment)
                    with self._lock:
                        self._job = None
                    return result
        raise AssertionError("a job ends with its outcome")

    def _check(self) -> None:
        with self._lock:
            self._raise_if_cancelled()

    def _commit(self) -> None:
        """From here on it is too late to cancel; raises Cancelled where it was not."""
        with self._lock:
            self._raise_if_cancelled()
            self._named = True

    def _raise_if_cancelled(self) -> None:
        if self._cancelled:
            raise Cancelled("The request was cancelled.")

    def _metadata(self, recording: Recording, result: EncodedVoice) -> Metadata:
        request = self._request
        design = request.source if isinstance(request.source, Design) else None
        return Metadata(
            format_version=VERSION,
            name=request.name,
            model=catalog.lasting(request.model),
            family=result.info.family,
            created=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            origin="design" if design else "reference",
            source=result.features.source,
            language=_language(request, result.info),
            text=result.features.text,
            instruct=design.instruct if design else None,
            append_silence=recording.append_silence,
        )


def _language(request: CreateRequest, info: ModelInfo) -> str | None:
    """Return the voice's language; None leaves it to the model. Raise UnknownLanguage."""
    design = request.source.language if isinstance(request.source, Design) else None
    name = _resolved(request.language or design, info, "language")
    return None if name == tags.AUTO else name


def _resolved(name: str | None, info: ModelInfo, field: str) -> str:
    return tags.resolve(name, (*info.languages, *info.dialects), field)
