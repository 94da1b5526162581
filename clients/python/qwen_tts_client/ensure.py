"""Bringing models to this machine."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TypeVar

from qwen_tts_client.calls import Caller, LoadListener
from qwen_tts_client.protocol import LoadProgress, ModelDownloadResult, ModelLoadResult
from qwen_tts_client.supervisor import call_later

T = TypeVar("T")


@dataclass(frozen=True)
class EnsureResult:
    """Where a model is."""

    download: ModelDownloadResult
    loaded: ModelLoadResult | None
    """The loaded model; None without `load`."""


@dataclass(eq=False)
class _Shared:
    """One download, which several calls may wait for."""

    task: asyncio.Task[EnsureResult]
    listeners: list[LoadListener]
    waiting: int = 0
    latest: LoadProgress | None = None

    def report(self, progress: LoadProgress) -> None:
        self.latest = progress
        for listener in self.listeners:
            call_later(listener, progress)


class ModelEnsurer:
    """Calls for the same model at the same time share one download."""

    def __init__(self, call: Caller) -> None:
        self._call = call
        self._shared: dict[tuple[str, bool], _Shared] = {}

    async def ensure(
        self, model: str, on_progress: LoadListener | None, load: bool
    ) -> EnsureResult:
        """Download a model if it is not here, and load it if asked to."""
        key = model, load
        shared = self._shared.get(key) or self._begin(key)
        shared.waiting += 1
        if on_progress is not None:
            shared.listeners.append(on_progress)
            if shared.latest is not None:
                call_later(on_progress, shared.latest)
        try:
            return await asyncio.shield(shared.task)
        finally:
            if on_progress is not None:
                shared.listeners.remove(on_progress)
            shared.waiting -= 1
            if shared.waiting == 0:
                self._shared.pop(key, None)
                shared.task.cancel()  # No call waits for it any more, or it has ended.

    def _begin(self, key: tuple[str, bool]) -> _Shared:
        def report(progress: LoadProgress) -> None:
            shared.report(progress)

        shared = self._shared[key] = _Shared(asyncio.create_task(self._run(*key, report)), [])
        shared.task.add_done_callback(lambda task: task.cancelled() or task.exception())
        return shared

    async def _run(self, model: str, load: bool, report: LoadListener) -> EnsureResult:
        async def call(method: str, result: type[T]) -> T:
            return await self._call(
                method,
                {"model": model},
                result,
                on_progress=report,
                repeat=True,
            )

        download = await call("model/download", ModelDownloadResult)
        return EnsureResult(download, await call("model/load", ModelLoadResult) if load else None)
