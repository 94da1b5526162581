"""One replica's speech: its backend, who may ask, and how it ends. It knows nothing of Ray."""

from __future__ import annotations

import asyncio
import logging

from qwen_tts_cluster.access import Keys
from qwen_tts_cluster.backends import Backend
from qwen_tts_cluster.backends.sidecar import SidecarBackend
from qwen_tts_cluster.errors import SettingsError
from qwen_tts_cluster.meter import Meter
from qwen_tts_cluster.observing import Instruments, Observer, Recorded
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
    """

    def __init__(self, settings: Settings, instruments: Instruments | None = None) -> None:
        self.settings = settings
        self.keys = Keys.read(settings.access)
        self.observer = Observer(instruments or Recorded())
        self.backend = open_backend(settings)
        self.meter = Meter(settings.limits.max_streams)
        self.draining = asyncio.Event()

    async def start(self) -> None:
        """Start the backend.

        Raises:
            SpeechError: it cannot be started.
        """
        await self.backend.start()

    def drain(self) -> None:
        """Refuse new requests from now on."""
        if not self.draining.is_set():
            log.info("This replica goes: %d speeches are left", self.meter.streams)
            self.draining.set()

    async def close(self) -> None:
        """End the backend."""
        self.drain()
        await self.backend.close()


def open_backend(settings: Settings) -> Backend:
    """Return the backend of the settings, not started.

    Raises:
        SettingsError: it cannot be used.
    """
    if settings.backend.openai is not None:
        raise SettingsError("`backend.openai` is not available.")
    return SidecarBackend(settings)
