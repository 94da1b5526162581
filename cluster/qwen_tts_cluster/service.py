"""One replica's speech: its backend, who may ask, and how it ends. It knows nothing of Ray."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from qwen_tts_cluster.access import Keys
from qwen_tts_cluster.backends import Backend
from qwen_tts_cluster.backends.sidecar import SidecarBackend
from qwen_tts_cluster.errors import SettingsError, SpeechError
from qwen_tts_cluster.meter import Meter
from qwen_tts_cluster.observing import Instruments, Observer, Recorded
from qwen_tts_cluster.saved_voices import SavedVoices
from qwen_tts_cluster.settings import Settings

log = logging.getLogger(__name__)


class Service:
    """What the doors share.

    Args:
        instruments: record the metrics. Default: the memory of this process.

    Attributes:
        keys: who may ask.
        observer: follows each speech, for metrics.
        backend: what generates the speech.
        meter: the speeches of this replica.
        draining: is set when the replica goes: new requests are refused, speech goes on.

    Raises:
        SettingsError: the settings cannot be used on this machine.
    """

    def __init__(self, settings: Settings, instruments: Instruments | None = None) -> None:
        self.settings = settings
        self.keys = Keys.read(settings.access)
        self.observer = Observer(instruments or Recorded())
        self._voices = None if settings.voices is None else SavedVoices(settings.voices)
        self.backend = open_backend(settings, self._voices and self._voices.folder)
        self.meter = Meter(settings.limits.max_streams)
        self.draining = asyncio.Event()
        self._on_drain: list[Callable[[], None]] = []
        self._on_end: list[Callable[[], None]] = []
        self._ending: asyncio.TimerHandle | None = None

    def on_drain(self, call: Callable[[], None]) -> None:
        """Have a function called when the replica begins to go."""
        self._on_drain.append(call)

    def on_end(self, call: Callable[[], None]) -> None:
        """Have a function called when its time is up: what is left then has to end."""
        self._on_end.append(call)

    def check_model(self, model: Any) -> None:
        """Return if clients may ask for this model; None is the default one.

        Raises:
            SpeechError: they may not.
        """
        allowed = self.settings.models
        if model is not None and allowed and model not in allowed:
            raise SpeechError(
                "unknownModel",
                f"There is no model {model!r} here.",
                field="model",
                hint=f"Use one of: {', '.join(allowed)}.",
            )

    async def start(self) -> None:
        """Start the backend.

        Raises:
            SpeechError: it cannot be started.
            SettingsError: the saved voices cannot be read.
        """
        if self._voices is not None:
            await self._voices.start()
        await self.backend.start()

    def drain(self) -> None:
        """Refuse new requests from now on; end what is left after `limits.drainSeconds`."""
        if self.draining.is_set():
            return
        log.info("This replica goes: %d speeches are left", self.meter.streams)
        self.draining.set()
        for call in self._on_drain:
            call()
        loop = asyncio.get_running_loop()
        self._ending = loop.call_later(self.settings.limits.drain_seconds, self._end)

    async def close(self) -> None:
        """End the backend, and what is left."""
        self.drain()
        if self._ending is not None:
            self._ending.cancel()
        self._end()
        await self.backend.close()
        if self._voices is not None:
            await self._voices.close()

    def _end(self) -> None:
        log.info("This replica ends: %d speeches are cancelled", self.meter.streams)
        for call in self._on_end:
            call()


def open_backend(settings: Settings, voices: Path | None) -> Backend:
    """Return the backend of the settings, not started.

    Args:
        voices: the folder of saved voices.

    Raises:
        SettingsError: it cannot be used.
    """
    if settings.backend.openai is None:
        return SidecarBackend(settings, voices)
    if voices is not None:
        raise SettingsError("`voices` are of a sidecar: `backend.openai` has its own.")
    try:
        from qwen_tts_cluster.backends.openai import OpenAIBackend
    except ImportError as error:
        raise SettingsError(
            f"`backend.openai` needs more: pip install 'qwen-tts-cluster[remote]' ({error})"
        ) from error
    return OpenAIBackend(settings.backend.openai)
