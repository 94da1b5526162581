"""Models and voices: what a client can ask for besides speech."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from qwen_tts_client import protocol
from qwen_tts_client.outgoing import to_wire

if TYPE_CHECKING:
    from typing_extensions import Unpack

T = TypeVar("T")
LoadListener = Callable[[protocol.LoadProgress], object]
VoiceListener = Callable[[protocol.VoiceProgress], object]


class Caller(Protocol):
    """Sends a request, and waits for its answer; cancelling the task cancels the request.

    With `repeat`, the request is sent again if the process ends before the answer and is started
    again. `on_progress` may raise: the error is reported by the event loop, and stops nothing.
    """

    async def __call__(
        self,
        method: str,
        params: dict[str, Any],
        result: type[T],
        *,
        on_progress: Callable[[Any], object] | None = None,
        repeat: bool = False,
    ) -> T:
        """Return the result.

        Raises:
            SidecarResponseError: the sidecar refused or failed.
            SidecarExitedError: its process ended before the answer.
        """
        ...


class Models:
    """Models: list, load, unload, delete. `sidecar.models` is one."""

    def __init__(self, call: Caller) -> None:
        self._call = call

    async def list(self) -> list[protocol.ModelEntry]:
        """List the models that can be loaded by name, without the network."""
        return (await self.listing()).models

    async def listing(self) -> protocol.ModelListResult:
        """List models as `list` does, with the space that they take, the free space, the budget."""
        return await self._call("model/list", {}, protocol.ModelListResult)

    async def load(
        self,
        model: protocol.ModelName | None = None,
        *,
        on_progress: LoadListener | None = None,
        **params: Unpack[protocol.LoadParams],
    ) -> protocol.ModelLoadResult:
        """Load a model into memory, and download it first if necessary.

        A speech loads its model by itself; this does it ahead of time. A cancelled download keeps
        what it has received.

        Args:
            model: None for the default model.
            on_progress: is called when a stage begins, and several times a second in a download.

        Raises:
            SidecarResponseError: of the types `unknownModel`, `hubUnreachable`, `diskFull`,
                `memoryLimitExceeded` and others.
        """
        wire = to_wire(params)
        if model is not None:
            wire["model"] = model
        return await self._call(
            "model/load",
            wire,
            protocol.ModelLoadResult,
            on_progress=on_progress or _ignore,
        )

    async def unload(self, model: protocol.ModelName, *, wait: bool = False) -> None:
        """Remove a model from memory. Its files stay on the disk.

        Args:
            wait: whether to wait while the model speaks.

        Raises:
            SidecarResponseError: `modelInUse` while it speaks, without `wait`; `unknownModel` if it
                is not loaded.
        """
        params = {"model": model, "wait": True} if wait else {"model": model}
        await self._call("model/unload", params, protocol.Empty)

    async def delete(self, model: protocol.ModelName) -> protocol.ModelDeleteResult:
        """Delete a downloaded model from the disk and from memory, with its partial downloads.

        Raises:
            SidecarResponseError: `modelInUse` while a process uses or downloads it;
                `modelNotDownloaded` if it is not in the hub's cache; `unsupported` if it is
                bundled, a folder, or shipped in a folder of `--models-dir`.
        """
        return await self._call("model/delete", {"model": model}, protocol.ModelDeleteResult)


class Voices:
    """Voices: list, create, delete. `sidecar.voices` is one."""

    def __init__(self, call: Caller) -> None:
        self._call = call

    async def list(self, model: protocol.ModelName | None = None) -> list[protocol.VoiceEntry]:
        """List the preset voices of a model and the saved voices that fit it.

        Args:
            model: in the catalogue or on this machine; None for the presets of the default model
                and all saved voices.

        Raises:
            SidecarResponseError: `unknownModel` or `modelNotDownloaded`.
        """
        return (await self.listing(model)).voices

    async def listing(self, model: protocol.ModelName | None = None) -> protocol.VoiceListResult:
        """List voices as `list` does, with the files that cannot be used as voices, and why."""
        params = {} if model is None else {"model": model}
        return await self._call("voice/list", params, protocol.VoiceListResult)

    async def create(
        self,
        voice: str,
        *,
        on_progress: VoiceListener | None = None,
        **params: Unpack[protocol.VoiceParams],
    ) -> protocol.VoiceCreateResult:
        """Create a voice from a recording or from a description, and save it.

        The models that this needs are downloaded and loaded if necessary.

        Args:
            voice: its name.
            on_progress: is called when a stage begins, and repeatedly during a long one.

        Raises:
            SidecarResponseError: of the types `badReferenceAudio`, `voiceExists`,
                `invalidVoiceName` and those of `models.load`.
        """
        return await self._call(
            "voice/create",
            {"voice": voice, **to_wire(params)},
            protocol.VoiceCreateResult,
            on_progress=on_progress or _ignore,
        )

    async def delete(self, voice: str) -> None:
        """Delete a saved voice. Speech that was requested before still uses it.

        Raises:
            SidecarResponseError: `unknownVoice` if there is none of that name.
        """
        await self._call("voice/delete", {"voice": voice}, protocol.Empty)


def _ignore(_: object) -> None:
    pass
