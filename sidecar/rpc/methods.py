"""The contract: the one table of methods, with their handlers.

`protocol/schema.json` is generated from this table and from the Structs that it names. Pyright
checks that each handler takes the params of its row and gives the result of its row.

The handlers' modules are imported when they are first needed: of the 130 ms of CPU time that a
process took to the handshake's answer, they took 45. Nothing else of `rpc` imports them. As soon
as the handshake has been answered, they are imported on another thread, so the first request does
not wait for all of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import msgspec

from sidecar.rpc.contract.common import Empty, NoParams
from sidecar.rpc.contract.lifecycle import (
    CancelParams,
    InitializeParams,
    InitializeResult,
    LogMessageParams,
    PingResult,
    ProgressParams,
)
from sidecar.rpc.contract.model import (
    LoadProgress,
    ModelLoadParams,
    ModelLoadResult,
    ModelUnloadParams,
)
from sidecar.rpc.contract.model_files import (
    ModelDeleteParams,
    ModelDeleteResult,
    ModelDownloadParams,
    ModelDownloadResult,
)
from sidecar.rpc.contract.model_list import ModelListResult
from sidecar.rpc.contract.speech import (
    AppendTextParams,
    GrantCreditParams,
    StreamParams,
    SynthesizeParams,
)
from sidecar.rpc.contract.speech_results import (
    AudioProgress,
    SentenceProgress,
    SynthesizeResult,
)
from sidecar.rpc.contract.status import (
    StatusResult,
)
from sidecar.rpc.contract.voice import (
    VoiceCreateParams,
    VoiceCreateResult,
    VoiceDeleteParams,
    VoiceListParams,
    VoiceListResult,
    VoiceProgress,
)
from sidecar.rpc.contract.words import WordsProgress

if TYPE_CHECKING:
    from sidecar.rpc.calls import Call
    from sidecar.rpc.session import Session

P = TypeVar("P", bound=msgspec.Struct)
R = TypeVar("R", bound=msgspec.Struct)


class Method(NamedTuple):
    """One row of the contract, made by `_request`, `_notification` or `_sent`.

    Attributes:
        result: None for a notification.
        handler: imports and returns the handler; None for what the sidecar sends.
        progress: what is reported under the request's token.
    """

    params: type[msgspec.Struct]
    result: type[msgspec.Struct] | None
    doc: str
    handler: Callable[[], Callable[..., msgspec.Struct | None]] | None
    progress: tuple[type[msgspec.Struct], ...] = ()
    before_initialize: bool = False


def _request(
    params: type[P],
    result: type[R],
    doc: str,
    handler: Callable[[], Callable[[Session, P, Call[R]], R | None]],
    progress: tuple[type[msgspec.Struct], ...] = (),
    *,
    before_initialize: bool = False,
) -> Method:
    """Return the row of a request. Its handler returns the result, or None and answers later."""
    return Method(params, result, doc, handler, progress, before_initialize)


def _notification(
    params: type[P],
    doc: str,
    handler: Callable[[], Callable[[Session, P], None]],
    *,
    before_initialize: bool = False,
) -> Method:
    """Return the row of a notification of the client's."""
    return Method(params, None, doc, handler, before_initialize=before_initialize)


def _sent(params: type[P], doc: str) -> Method:
    """Return the row of a notification that the sidecar sends."""
    return Method(params, None, doc, None)


def _lifecycle():
    from sidecar.rpc.handlers import lifecycle

    return lifecycle


def _models():
    from sidecar.rpc.handlers import model

    return model


def _model_files():
    from sidecar.rpc.handlers import model_files

    return model_files


def _voices():
    from sidecar.rpc.handlers import voice

    return voice


def _speech():
    from sidecar.rpc.handlers import speech

    return speech


def _initialize(session: Session, params: InitializeParams, call: Call[InitializeResult]) -> None:
    _lifecycle().initialize(session, params, call, NAMES)
    session.background.run(_import_handlers)


def _import_handlers() -> None:
    for load in (_models, _model_files, _voices, _speech):
        load()


METHODS: dict[str, Method] = {
    "initialize": _request(
        InitializeParams,
        InitializeResult,
        "The handshake, which must come first.",
        lambda: _initialize,
        before_initialize=True,
    ),
    "initialized": _notification(
        NoParams,
        "The client has received the result of initialize.",
        lambda: _lifecycle().initialized,
    ),
    "shutdown": _request(
        NoParams,
        Empty,
        "The client will send no more requests; those in flight may finish.",
        lambda: _lifecycle().shutdown,
    ),
    "exit": _notification(
        NoParams, "End the process.", lambda: _lifecycle().exit, before_initialize=True
    ),
    "ping": _request(
        NoParams,
        PingResult,
        "Check whether the sidecar responds. It answers at once, whatever the engine is doing.",
        lambda: _lifecycle().ping,
    ),
    "server/status": _request(
        NoParams,
        StatusResult,
        "Return what the engine is doing, and its memory.",
        lambda: _lifecycle().status,
    ),
    "model/list": _request(
        NoParams,
        ModelListResult,
        "List the models that can be loaded.",
        lambda: _models().list_models,
    ),
    "model/load": _request(
        ModelLoadParams,
        ModelLoadResult,
        "Load a model into memory; download it first if necessary.",
        lambda: _models().load,
        (LoadProgress,),
    ),
    "model/unload": _request(
        ModelUnloadParams, Empty, "Remove a model from memory.", lambda: _models().unload
    ),
    "model/download": _request(
        ModelDownloadParams,
        ModelDownloadResult,
        "Make sure that a model is on this machine; download it if necessary, and do not load it.",
        lambda: _model_files().download,
        (LoadProgress,),
    ),
    "model/delete": _request(
        ModelDeleteParams,
        ModelDeleteResult,
        "Delete a downloaded model from the hub's cache, and from memory.",
        lambda: _model_files().delete,
    ),
    "voice/list": _request(
        VoiceListParams,
        VoiceListResult,
        "List the preset voices of a model, and saved voices.",
        lambda: _voices().list_voices,
    ),
    "voice/create": _request(
        VoiceCreateParams,
        VoiceCreateResult,
        "Create a voice from a recording or a description, and save it.",
        lambda: _voices().create,
        (VoiceProgress,),
    ),
    "voice/delete": _request(
        VoiceDeleteParams, Empty, "Delete a saved voice.", lambda: _voices().delete
    ),
    "speech/synthesize": _request(
        SynthesizeParams,
        SynthesizeResult,
        "Speak a text, and stream the audio.",
        lambda: _speech().synthesize,
        (AudioProgress, SentenceProgress, WordsProgress),
    ),
    "speech/appendText": _notification(
        AppendTextParams,
        "Append text to a request with moreText.",
        lambda: _speech().append_text,
    ),
    "speech/endText": _notification(
        StreamParams, "End the text of a request with moreText.", lambda: _speech().end_text
    ),
    "speech/flush": _notification(
        StreamParams,
        "Speak now what there is of the text of a request with moreText.",
        lambda: _speech().flush,
    ),
    "speech/pause": _notification(
        StreamParams, "Generate no more audio of a stream for now.", lambda: _speech().pause
    ),
    "speech/resume": _notification(
        StreamParams, "Go on with a stream that was paused.", lambda: _speech().resume
    ),
    "speech/grantCredit": _notification(
        GrantCreditParams,
        "Let a request with creditMs generate more audio.",
        lambda: _speech().grant_credit,
    ),
    "$/cancelRequest": _notification(
        CancelParams,
        "Cancel a request, which is then answered with error -32800.",
        lambda: _lifecycle().cancel,
    ),
    "window/logMessage": _sent(
        LogMessageParams, "A log event, if initialize asked for log events."
    ),
    "$/progress": _sent(
        ProgressParams,
        "Progress of a request: a chunk of audio, a sentence, or a stage of other work.",
    ),
}
# Of the methods that a client may call.
NAMES = [name for name, method in METHODS.items() if method.handler is not None]
