"""Making a voice: of a recording, or of a description, step by step on the engine."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import msgspec

from sidecar.engine.engine import Engine
from sidecar.engine.request import (
    EncodedVoice,
    Job,
    SynthesisRequest,
    SynthesisResult,
)
from sidecar.errors import (
    Cancelled,
    InternalError,
    Notice,
    SidecarError,
    UnknownLanguage,
    unlisted,
)
from sidecar.models import catalog
from sidecar.models.base import ModelInfo, ReferenceAudio, Utterance
from sidecar.voices.format import VERSION, Metadata
from sidecar.voices.steps import Created, DesignStep, EncodeStep, LoadStep, Observer
from sidecar.voices.store import VoiceStore

# Half of what a reference may have; the text for it should be a sentence or two.
DESIGN_FRAMES = 375


class Design(msgspec.Struct, frozen=True):
    """A voice by its description.

    Attributes:
        instruct: the description.
        text: what the voice's reference will say.
        model: a VoiceDesign model.
        max_frames: ends the reference, with a notice.
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
    """One voice being made. Each step's end, on the engine thread, begins the next."""

    def __init__(
        self, engine: Engine, store: VoiceStore, request: CreateRequest, observer: Observer
    ) -> None:
        self._engine = engine
        self._store = store
        self._request = request
        self._observer = observer
        self._lock = threading.Lock()
        self._job: Job | None = None
        self._cancelled = False
        self._notices: list[Notice] = []
        self._seed: int | None = None

    def start(self) -> None:
        """Returns when the first step is on its way, or the name refused. Looks at the disk."""
        request = self._request
        try:
            if request.name and not request.replace:
                self._store.check_free(request.name)
        except SidecarError as error:
            self._observer.failed(error)
            return
        except Exception as error:  # a bug; whoever waits must hear of it
            self._observer.failed(InternalError(f"The voice could not be made: {error!r}."))
            return
        # Both models first: what is wrong with one is known before anything is spoken.
        if isinstance(request.source, Design):
            self._load(request.source.model, "voice_design", "design.model", self._load_base)
        else:
            self._load_base()

    def cancel(self) -> None:
        """Ends it with `Cancelled`; silent if it is being saved already."""
        with self._lock:
            self._cancelled, job = True, self._job
        if job is not None:
            self._engine.cancel(job)

    def _submit(self, begin: Callable[[], Job]) -> None:
        """The next step, unless somebody has cancelled in between."""
        with self._lock:
            if not self._cancelled:
                self._job = begin()
                return
        self._observer.failed(Cancelled("The request was cancelled."))

    def _load_base(self) -> None:
        self._load(self._request.model, "base", "model", self._design_or_encode)

    def _load(self, model: str, variant: str, field: str, then: Callable[[], None]) -> None:
        step = LoadStep(self._observer, variant, field, then)
        self._submit(lambda: self._engine.load(model, "auto", step))

    def _design_or_encode(self) -> None:
        source = self._request.source
        if isinstance(source, ReferenceAudio):
            self._encode(source)
            return
        self._observer.stage("designing", source.instruct)
        request = SynthesisRequest(
            model=source.model,
            utterance=Utterance(source.text, language=source.language, instruct=source.instruct),
            seed=source.seed,
            max_frames=source.max_frames,
        )
        step = DesignStep(self._observer, self._designed)
        self._submit(lambda: self._engine.submit(request, step))

    def _designed(self, wav: bytes, result: SynthesisResult) -> None:
        assert isinstance(self._request.source, Design)
        self._seed = result.seed
        if result.finish_reason == "length":
            self._notices.append(
                Notice(
                    "designCut",
                    f"The designed speech was cut after {result.audio_seconds:.1f} s, and may not "
                    "say all of its text. Try another seed, or a shorter text.",
                )
            )
        self._encode(ReferenceAudio(data=wav, text=self._request.source.text))

    def _encode(self, reference: ReferenceAudio) -> None:
        self._observer.stage("encoding", self._request.model)
        step = EncodeStep(self._observer, self._encoded, isinstance(self._request.source, Design))
        self._submit(lambda: self._engine.encode(self._request.model, reference, step))

    def _encoded(self, result: EncodedVoice) -> None:
        """Off the engine thread: a disk may be slow."""
        with self._lock:
            cancelled, self._job = self._cancelled, None
        if cancelled:  # while the engine was at it, in one piece
            self._observer.failed(Cancelled("The request was cancelled."))
            return
        self._observer.stage("saving", self._request.name)
        threading.Thread(target=self._save, args=(result,), name="save", daemon=True).start()

    def _save(self, result: EncodedVoice) -> None:
        try:
            metadata = self._metadata(result)
            saved = self._store.save(
                metadata, result.features, replace=self._request.replace and bool(metadata.name)
            )
        except SidecarError as error:
            self._observer.failed(error)
        except Exception as error:  # a bug; whoever waits must hear of it
            self._observer.failed(InternalError(f"The voice could not be saved: {error!r}."))
        else:
            notices = (*self._notices, *result.features.notices)
            self._observer.done(Created(saved, notices, self._seed))

    def _metadata(self, result: EncodedVoice) -> Metadata:
        request, source = self._request, self._request.source
        design = source if isinstance(source, Design) else None
        recording = source if isinstance(source, ReferenceAudio) else None
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
            append_silence=recording.append_silence if recording else True,
        )


def _language(request: CreateRequest, info: ModelInfo) -> str | None:
    design = request.source.language if isinstance(request.source, Design) else None
    name = (request.language or design or "auto").lower()
    if name not in (known := (*info.languages, *info.dialects)):
        raise UnknownLanguage(unlisted("language", name, list(known)), field="language")
    return None if name == "auto" else name
