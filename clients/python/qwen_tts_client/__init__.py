"""A client of qwen-tts-sidecar: Qwen3-TTS in a child process, for asyncio.

from qwen_tts_client import Sidecar

async with Sidecar() as tts:
    async for chunk in tts.synthesize("Hello there.", voice="slt"):
        play(chunk.audio)
"""

from qwen_tts_client.backoff import RestartPolicy
from qwen_tts_client.calls import Models, Voices
from qwen_tts_client.captions import to_srt, to_vtt
from qwen_tts_client.client import Client
from qwen_tts_client.ensure import EnsureResult
from qwen_tts_client.errors import (
    SidecarCancelledError,
    SidecarClosedError,
    SidecarDisconnectedError,
    SidecarError,
    SidecarExitedError,
    SidecarNotFoundError,
    SidecarPlatformError,
    SidecarProtocolError,
    SidecarResponseError,
    SidecarStartError,
    SidecarVersionError,
)
from qwen_tts_client.heard import Heard
from qwen_tts_client.sidecar import Sidecar, connect
from qwen_tts_client.speech import SpeechChunk
from qwen_tts_client.stream import SpeechStream
from qwen_tts_client.supervisor import ExitEvent, RestartEvent
from qwen_tts_client.sync import SyncSidecar, SyncStream
from qwen_tts_client.text_feed import Sentence, TextSource
from qwen_tts_client.version import VERSION as __version__
from qwen_tts_client.wav import wav_header

__all__ = [
    "Client",
    "EnsureResult",
    "ExitEvent",
    "Heard",
    "Models",
    "RestartEvent",
    "RestartPolicy",
    "Sentence",
    "Sidecar",
    "SidecarCancelledError",
    "SidecarClosedError",
    "SidecarDisconnectedError",
    "SidecarError",
    "SidecarExitedError",
    "SidecarNotFoundError",
    "SidecarPlatformError",
    "SidecarProtocolError",
    "SidecarResponseError",
    "SidecarStartError",
    "SidecarVersionError",
    "SpeechChunk",
    "SpeechStream",
    "SyncSidecar",
    "SyncStream",
    "TextSource",
    "Voices",
    "__version__",
    "connect",
    "to_srt",
    "to_vtt",
    "wav_header",
]
