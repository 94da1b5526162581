"""What generates speech: a sidecar as a child process, or a server elsewhere."""

from qwen_tts_cluster.backends.base import (
    Audio,
    Backend,
    Finished,
    Load,
    Mark,
    ModelInfo,
    SpeechEvent,
    SpeechRequest,
    VoiceInfo,
)

__all__ = [
    "Audio",
    "Backend",
    "Finished",
    "Load",
    "Mark",
    "ModelInfo",
    "SpeechEvent",
    "SpeechRequest",
    "VoiceInfo",
]
