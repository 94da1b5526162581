"""The contract: the table of methods.

`protocol/schema.json` is generated from this table and the Structs it names, and from nothing
else. Importing it needs msgspec only, so that a tool can read the contract without MLX.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from sidecar.rpc.lifecycle_types import (
    CancelParams,
    InitializeParams,
    InitializeResult,
    LogMessageParams,
    PingResult,
    StatusResult,
)
from sidecar.rpc.model_types import (
    ModelListResult,
    ModelLoadParams,
    ModelLoadResult,
    ModelUnloadParams,
)
from sidecar.rpc.types import (
    AppendTextParams,
    AudioProgress,
    Empty,
    EndTextParams,
    LoadProgress,
    NoParams,
    ProgressParams,
    SentenceProgress,
    SynthesizeParams,
    SynthesizeResult,
    VoiceProgress,
)
from sidecar.rpc.voice_types import (
    VoiceCreateParams,
    VoiceCreateResult,
    VoiceDeleteParams,
    VoiceListParams,
    VoiceListResult,
)

PROTOCOL_VERSION = 1


class Method(NamedTuple):
    """One row of the contract."""

    params: type[msgspec.Struct]
    result: type[msgspec.Struct] | None  # None: a notification
    doc: str
    progress: tuple[type[msgspec.Struct], ...] = ()
    before_initialize: bool = False
    from_server: bool = False


METHODS: dict[str, Method] = {
    "initialize": Method(
        InitializeParams, InitializeResult, "The handshake; first.", before_initialize=True
    ),
    "initialized": Method(NoParams, None, "The client has read the handshake's answer."),
    "shutdown": Method(NoParams, Empty, "No more requests; streams in flight may finish."),
    "exit": Method(NoParams, None, "Ends the process.", before_initialize=True),
    "ping": Method(NoParams, PingResult, "Answered at once, whatever the engine does."),
    "server/status": Method(NoParams, StatusResult, "What the engine is doing, and its memory."),
    "model/list": Method(NoParams, ModelListResult, "Models known, cached, loaded."),
    "model/load": Method(
        ModelLoadParams, ModelLoadResult, "Fetches if needed, and loads.", (LoadProgress,)
    ),
    "model/unload": Method(ModelUnloadParams, Empty, "Frees a model's memory."),
    "voice/list": Method(VoiceListParams, VoiceListResult, "A model's voices, and saved ones."),
    "voice/create": Method(
        VoiceCreateParams,
        VoiceCreateResult,
        "Makes a voice of a recording or a description, and saves it.",
        (VoiceProgress,),
    ),
    "voice/delete": Method(VoiceDeleteParams, Empty, "Deletes a saved voice."),
    "speech/synthesize": Method(
        SynthesizeParams,
        SynthesizeResult,
        "Text to speech, streamed.",
        (AudioProgress, SentenceProgress),
    ),
    "speech/appendText": Method(
        AppendTextParams, None, "More of the text of a request with textStream."
    ),
    "speech/endText": Method(EndTextParams, None, "There is no more of it."),
    "$/cancelRequest": Method(CancelParams, None, "The request answers with error -32800."),
    "window/logMessage": Method(
        LogMessageParams, None, "An event of the log, if initialize asked.", from_server=True
    ),
    "$/progress": Method(ProgressParams, None, "Audio, or stages.", from_server=True),
}
