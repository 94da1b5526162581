"""Making a voice: of a recording, or of a description, step by step on the engine."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from sidecar.engine.engine import Engine
from sidecar.engine.request import (
    AudioChunk,
    EncodedVoice,
    Job,
    LoadOptions,
    SynthesisRequest,
    SynthesisResult,
)
from sidecar.errors import BadReferenceAudio, Cancelled, Notice
from sidecar.limits import CODEC_FRAMES_PER_SECOND, MAX_REFERENCE_SECONDS
from sidecar.models import catalog
from sidecar.models.base import ModelInfo, ReferenceAudio, Utterance
from sidecar.text import tags, unspoken
from sidecar.voices.format import VERSION, Metadata
from sidecar.voices.steps import (
    Created,
    DesignStep,
    EncodeStep,
    LoadStep,
    Observer,
    as_designed,
    guarded,
    wav,
)
from sidecar.voices.store import VoiceStore

if TYPE_CHECKING:
    from sidecar.recording import Recording

# Half of what a reference may have; the text for it should be a sentence or two.
DESIGN_FRAMES = 375


class Design(msgspec.Struct, frozen=True):
    """A voice by its description.

    Attributes:
        instruct: the description.
        text: what the voice's reference will say.
        model: a VoiceDesign model.
        max_frames: ends the reference, with a notice; so does the limit on recordings.
    """

    instruct: str
    text: str
    language: str | None = None
    model: str = catalog.DESIGN
    seed: int | None = None
    max_frames: int = DESIGN_FRAMES


class CreateRequest(msgspec.Struct, frozen=True):
    """A voice to be made and saved.

    Attributes:
        source: a recording, or a description.
        name: empty takes a free one.
        model: a Base model, which will speak with it.
        language: what it will speak when nothing is said about that.
        replace: one of that name may be there.
    """

    source: ReferenceAudio | Design
    name: str = ""
    model: str = catalog.BASE
    language: str | None = None
    replace: bool = False


class Creation:
    """One voice being made. The end of each step begins the next.

    Steps are the engine's, or `run`'s where a disk or a decoder may be slow.

    Args:
        run: takes work to another thread; each step of it waits for the one before.
        most_seconds: of a recording.
    """

    def __init__(
        self,
        engine: Engine,
        store: VoiceStore,
        request: CreateRequest,
        observer: Observer,
        run: Callable[[Callable[[], None]], None],
        most_seconds: float = MAX_REFERENCE_SECONDS,
    ) -> None:
        self._engine = engine
        self._store = store
        self._request = request
        self._observer = observer
        self._run = run
        self._most_seconds = most_seconds
        self._lock = threading.Lock()
        self._job: Job | None = None
        self._admitted = False
        self._cancelled = False
        self._named = False
        self._notices: list[Notice] = []
        self._seed: int | None = None

    def start(self) -> None:
        """Returns at once. What the request says is looked at before any model is fetched."""
        self._aside(self._begin)

    def cancel(self) -> None:
        """Ends it with `Cancelled`; silent if its file has got its name already."""
        with self._lock:
            if self._named:
                return
            self._cancelled, job = True, self._job
        if job is not None:
            self._engine.cancel(job)
        else:  # a disk may hang; the step that is at it ends unheard
            self._observer.failed(_cancelled())

    def _aside(self, step: Callable[[], None]) -> None:
        with self._lock:
            self._job = None
        guarded(self._observer, lambda: self._run(partial(guarded, self._observer, step)))

    def _submit(self, begin: Callable[[bool], Job]) -> None:
        """The next step, unless somebody has cancelled in between; raises Cancelled.

        Args:
            begin: is told whether the engine has let a step of this in before.
        """
        with self._lock:
            self._check()
            self._job = begin(self._admitted)
            self._admitted = True

    def _check(self) -> None:
        if self._cancelled:
            raise _cancelled()

    def _begin(self) -> None:
        request, source = self._request, self._request.source
        if request.name and not request.replace:
            self._store.check_free(request.name)
        # Both models first: what is wrong with one is known before anything is spoken.
        if isinstance(source, Design):
            checked = partial(self._design_loaded, source)
            self._load(source.model, "voice_design", "design.model", checked)
        else:
            self._load_base(partial(self._encode, source.read(self._most_seconds, self._check)))

    def _design_loaded(self, design: Design, info: ModelInfo) -> None:
        _resolved(design.language, info, "design.language")
        self._load_base(partial(self._design, design))

    def _load_base(self, then: Callable[[], None]) -> None:
        def loaded(info: ModelInfo) -> None:
            _language(self._request, info)
            then()

        self._load(self._request.model, "base", "model", loaded)

    def _load(
        self, model: str, variant: str, field: str, then: Callable[[ModelInfo], None]
    ) -> None:
        step = LoadStep(self._observer, variant, field, then)
        self._submit(lambda going: self._engine.load(model, LoadOptions(), step, admitted=going))

    def _design(self, design: Design) -> None:
        self._observer.stage("designing", design.instruct)
        request = SynthesisRequest(
            model=design.model,
            utterance=Utterance(design.text, language=design.language, instruct=design.instruct),
            seed=design.seed,
            # More than is taken of a recording could not be cloned.
            max_frames=min(design.max_frames, int(CODEC_FRAMES_PER_SECOND * self._most_seconds)),
        )
        step = DesignStep(
            self._observer,
            lambda chunks, result: self._aside(lambda: self._designed(design, chunks, result)),
        )
        self._submit(lambda going: self._engine.submit(request, step, admitted=going))

    def _designed(self, design: Design, chunks: list[AudioChunk], result: SynthesisResult) -> None:
        self._seed = result.seed
        if result.finish_reason == "length":
            self._notices.append(
                Notice(
                    "designCut",
                    f"The designed speech was cut after {result.audio_seconds:.1f} s, and may not "
                    "say all of its text. Try another seed, or a shorter text.",
                )
            )
        self._notices += unspoken.notices(result.unspoken, "the design")
        spoken = ReferenceAudio(data=wav(chunks, result.sample_rate), text=design.text)
        try:
            recording = spoken.read(self._most_seconds)
        except BadReferenceAudio as error:
            raise as_designed(error) from None
        self._encode(recording)

    def _encode(self, recording: Recording) -> None:
        self._observer.stage("encoding", self._request.model)
        step = EncodeStep(
            self._observer, lambda result: self._aside(lambda: self._save(recording, result))
        )
        model = self._request.model
        self._submit(lambda going: self._engine.encode(model, recording, step, admitted=going))

    def _save(self, recording: Recording, result: EncodedVoice) -> None:
        with self._lock:
            self._check()  # the engine was at it in one piece
        self._observer.stage("saving", self._request.name)
        saved = self._store.save(
            self._metadata(recording, result),
            result.features,
            replace=self._request.replace and bool(self._request.name),
            commit=self._commit,
        )
        notices = (*self._notices, *result.features.notices)
        self._observer.done(Created(saved, notices, self._seed))

    def _commit(self) -> None:
        """From here on it is too late to cancel; raises Cancelled where it was not."""
        with self._lock:
            self._check()
            self._named = True

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


def _cancelled() -> Cancelled:
    return Cancelled("The request was cancelled.")


def thread(work: Callable[[], None]) -> None:
    """`run` for a process that makes one voice."""
    threading.Thread(target=work, name="voice", daemon=True).start()


def _language(request: CreateRequest, info: ModelInfo) -> str | None:
    """What the voice will speak; None is for the model to say. Raises UnknownLanguage."""
    design = request.source.language if isinstance(request.source, Design) else None
    name = _resolved(request.language or design, info, "language")
    return None if name == tags.AUTO else name


def _resolved(name: str | None, info: ModelInfo, field: str) -> str:
    return tags.resolve(name, (*info.languages, *info.dialects), field)
