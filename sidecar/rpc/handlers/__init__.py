"""Method name → handler. A handler returns its result, or None and answers `call` later."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from sidecar.rpc.handlers import lifecycle, model, speech, voice

# (session, params, call); call is None for a notification. The params' type is METHODS'.
Handler = Callable[[Any, Any, Any], msgspec.Struct | None]

HANDLERS: dict[str, Handler] = {
    "initialize": lifecycle.initialize,
    "initialized": lifecycle.initialized,
    "shutdown": lifecycle.shutdown,
    "exit": lifecycle.exit,
    "ping": lifecycle.ping,
    "server/status": lifecycle.status,
    "$/cancelRequest": lifecycle.cancel,
    "model/list": model.list_models,
    "model/load": model.load,
    "model/unload": model.unload,
    "voice/list": voice.list_voices,
    "voice/create": voice.create,
    "voice/delete": voice.delete,
    "speech/synthesize": speech.synthesize,
    "speech/appendText": speech.append_text,
    "speech/endText": speech.end_text,
}
