"""The class that Serve deploys: a service, and what Serve asks of it."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from fastapi import FastAPI

from qwen_tts_cluster import autoscaling, draining, ingress
from qwen_tts_cluster.observing import logs
from qwen_tts_cluster.ray_metrics import RayInstruments
from qwen_tts_cluster.service import Service
from qwen_tts_cluster.settings import Settings, read_settings


class Replica:
    """One replica.

    Args:
        settings: as JSON, so that Ray need not pickle our types.
    """

    def __init__(self, settings: bytes) -> None:
        self._settings: Settings = read_settings(msgspec.json.decode(settings))
        logs.configure()
        self._service = Service(self._settings, RayInstruments())

    def __serve_build_asgi_app__(self) -> FastAPI:
        """Return the application; Serve runs its start and its end on the replica's own loop."""
        self._watching = asyncio.create_task(self._watch(), name="watch for the end")
        return ingress.build(self._service)

    async def _watch(self) -> None:
        await draining.wait_for(draining.find_sign())
        self._service.drain()

    async def check_health(self) -> None:
        """Raise if this replica has to be replaced: its sidecar cannot be started any more."""
        if self._watching.done() and not self._service.draining.is_set():
            self._watching.result()
        await self._service.backend.check()

    async def record_autoscaling_stats(self) -> dict[str, float]:
        """Return what the autoscaling policy adds up."""
        meter = self._service.meter
        ahead = meter.ahead_seconds
        least = self._settings.scaling.min_ahead_seconds
        is_starving = ahead is not None and ahead < least
        return {
            autoscaling.STREAMS: float(meter.streams),
            autoscaling.STARVING: float(is_starving),
        }


def as_init_args(settings: Settings) -> dict[str, Any]:
    """Return the arguments of `Replica` for these settings."""
    return {"settings": msgspec.json.encode(settings)}
