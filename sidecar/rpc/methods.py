"""The contract: the table of methods.

`protocol/schema.json` is generated from this table and the Structs it names, and from nothing
else. Importing it needs msgspec only, so that a tool can read the contract without MLX.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from sidecar.rpc.contract.common import Empty, NoParams
from sidecar.rpc.contract.lifecycle import (
    CancelParams,
    InitializeParams,
    InitializeResult,
    LogMessageParams,
    PingResult,
    ProgressParams,
    StatusResult,
)
from sidecar.rpc.contract.model import (
    LoadProgress,
    ModelListResult,
    ModelLoadParams,
    ModelLoadResult,
    ModelUnloadParams,
)
from sidecar.rpc.contract.speech import (
    AppendTextParams,
    AudioProgress,
    EndTextParams,
    SentenceProgress,
    SynthesizeParams,
    SynthesizeResult,
)
from sidecar.rpc.contract.voice import (
    VoiceCreateParams,
    VoiceCreateResult,
    VoiceDeleteParams,
    VoiceListParams,
    VoiceListResult,
    VoiceProgress,
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
        InitializeParams,
        InitializeResult,
        "The handshake, which comes first.",
        before_initialize=True,
    ),
    "initialized": Method(NoParams, None, "The client has read the answer to initialize."),
    "shutdown": Method(
        NoParams, Empty, "The client sends no more requests; those in flight may finish."
    ),
    "exit": Method(NoParams, None, "End the process.", before_initialize=True),
    "ping": Method(NoParams, PingResult, "Answer at once, whatever the engine is doing."),
    "server/status": Method(
        NoParams, StatusResult, "Tell what the engine is doing, and its memory."
    ),
    "model/list": Method(NoParams, ModelListResult, "List the models that can be loaded."),
    "model/load": Method(
        ModelLoadParams,
        ModelLoadResult,
        "Load a model into memory; download it first if need be.",
        (LoadProgress,),
    ),
    "model/unload": Method(ModelUnloadParams, Empty, "Remove a model from memory."),
    "voice/list": Method(
        VoiceListParams, VoiceListResult, "List a model's preset voices and the saved ones."
    ),
    "voice/create": Method(
        VoiceCreateParams,
        VoiceCreateResult,
        "Make a voice from a recording or a description, and save it.",
        (VoiceProgress,),
    ),
    "voice/delete": Method(VoiceDeleteParams, Empty, "Delete a saved voice."),
    "speech/synthesize": Method(
        SynthesizeParams,
        SynthesizeResult,
        "Speak a text; the audio is streamed.",
        (AudioProgress, SentenceProgress),
    ),
    "speech/appendText": Method(
        AppendTextParams, None, "Append to the text of a request with moreText."
    ),
    "speech/endText": Method(EndTextParams, None, "End the text of a request with moreText."),
    "$/cancelRequest": Method(
        CancelParams, None, "Cancel a request, which then fails with error -32800."
    ),
    "window/logMessage": Method(
        LogMessageParams,
        None,
        "An event of the log, if initialize asked for them.",
        from_server=True,
    ),
    "$/progress": Method(
        ProgressParams, None, "A piece of audio, or a stage of other work.", from_server=True
    ),
}
