"""speech/synthesize begins a synthesis; appendText, flush, pause and the like steer one."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable

from msgspec.structs import replace

from sidecar.engine.request import Stream
from sidecar.rpc import speech_requests
from sidecar.rpc.calls import Call, Steered
from sidecar.rpc.contract.common import Token
from sidecar.rpc.contract.speech import (
    AppendTextParams,
    GrantCreditParams,
    StreamParams,
    SynthesizeParams,
)
from sidecar.rpc.contract.speech_results import SynthesizeResult
from sidecar.rpc.session import Session
from sidecar.rpc.speech_answers import Answer
from sidecar.synthesis.request import SynthesisRequest
from sidecar.synthesis.synthesis import Synthesis
from sidecar.voices.choice import ChosenVoice, choose

log = logging.getLogger(__name__)


def synthesize(session: Session, params: SynthesizeParams, call: Call[SynthesizeResult]) -> None:
    speech = _Speech(session, params, call)
    call.admit("speech", has_text=bool(params.text.strip()))
    if params.partial_result_token is not None:
        call.claim_token(params.partial_result_token, "partialResultToken")
        call.speech = speech.synthesis
    session.in_order(call, speech.begin)


class _Speech:
    """A speech/synthesize request, up to the beginning of its synthesis.

    It is made by the reader, which touches no file; `begin` runs in the ordered lane, and the rest
    on the thread of the synthesis.
    """

    def __init__(
        self, session: Session, params: SynthesizeParams, call: Call[SynthesizeResult]
    ) -> None:
        self._session = session
        self._params = params
        self._call = call
        self._stream = Stream(time.perf_counter())
        self._request = speech_requests.synthesis(params, session.lexicon)
        self._chosen: tuple[str, ChosenVoice | None] | None = None
        self._speakers: dict[str, tuple[str, ChosenVoice | None]] = {}
        self.synthesis = Synthesis(
            session.engine,
            speech_requests.text_feed(params),
            self._prepare,
            lambda: session.outbox.has_room,
            self._stream,
            math.inf if params.credit_ms is None else params.credit_ms / 1000,
        )
        speech_requests.check_reference(params.reference)

    def begin(self) -> None:
        """Choose the model and the saved voice, and go on where a recording may take its time."""
        session, params = self._session, self._params
        loaded = session.engine.loaded
        self._chosen = choose(
            session.voices, params.voice, params.model, session.default_model, loaded
        )
        default = self._chosen[0] if params.model else session.default_model
        for name, one in (params.speakers or {}).items():
            model = one.model or params.model
            self._speakers[name] = choose(session.voices, one.voice, model, default, loaded)
        self._call.begin(self._start)

    def _start(self) -> Callable[[], None]:
        assert self._chosen is not None
        engine, (model, _) = self._session.engine, self._chosen
        for one in {model, *(model for model, _ in self._speakers.values())}:
            engine.hold_model(one, self._stream)
        try:
            self._session.background.start(self._answer, self.synthesis.warm)
        except RuntimeError:  # there can be no thread
            engine.release(self._stream)
            raise
        return self.synthesis.cancel

    def _prepare(self, check: Callable[[], None]) -> SynthesisRequest:
        assert self._chosen is not None
        model, saved = self._chosen
        given, reader = self._params.reference, self._session.voices.reader
        recording = reader.read(speech_requests.reference(given), check) if given else None
        request = speech_requests.speak_with(self._request, model, recording or saved)
        speakers = {
            name.casefold(): speech_requests.speaker(
                request, name, (self._params.speakers or {})[name], model, saved
            )
            for name, (model, saved) in self._speakers.items()
        }
        return replace(request, aligner=self._session.aligner, speakers=speakers)

    def _answer(self) -> None:
        encoding = self._params.encoding or "pcm_s16le"
        Answer(self._session, self._call, encoding).give(self.synthesis)


# Each of these does nothing if its speech has ended, as it may while the message is on its way.


def append_text(session: Session, params: AppendTextParams) -> None:
    if speech := _find(session, params.token):
        speech.append_text(params.text)


def end_text(session: Session, params: StreamParams) -> None:
    if speech := _find(session, params.token):
        speech.append_text("", is_last=True)


def flush(session: Session, params: StreamParams) -> None:
    if speech := _find(session, params.token):
        speech.flush()


def grant_credit(session: Session, params: GrantCreditParams) -> None:
    if speech := _find(session, params.token):
        speech.grant(params.ms / 1000)


def pause(session: Session, params: StreamParams) -> None:
    if speech := _find(session, params.token):
        speech.pause()


def resume(session: Session, params: StreamParams) -> None:
    if speech := _find(session, params.token):
        speech.resume()


def _find(session: Session, token: Token) -> Steered | None:
    call = session.calls.find_token(token)
    speech = None if call is None else call.speech
    if speech is None:
        log.debug("a message for the token %r, under which nothing is spoken", token)
    return speech
