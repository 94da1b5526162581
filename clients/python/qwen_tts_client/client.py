"""The client: finds the sidecar, starts it, and talks to it."""

from __future__ import annotations

import asyncio
import math
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from qwen_tts_client import protocol
from qwen_tts_client.backoff import RestartPolicy
from qwen_tts_client.calls import LoadListener, Models, Voices
from qwen_tts_client.connection import Connection
from qwen_tts_client.ensure import EnsureResult, ModelEnsurer
from qwen_tts_client.errors import SidecarClosedError, SidecarError
from qwen_tts_client.flow import FlowGate
from qwen_tts_client.process import ProcessConnector
from qwen_tts_client.session import SessionOptions
from qwen_tts_client.speech import Speech
from qwen_tts_client.stream import SpeechStream
from qwen_tts_client.supervisor import (
    ExitEvent,
    Listeners,
    RestartEvent,
    Supervisor,
    call_later,
)
from qwen_tts_client.sync import SyncSidecar
from qwen_tts_client.text_feed import Sentence, TextSource
from qwen_tts_client.transport import Connector
from qwen_tts_client.version import VERSION

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

T = TypeVar("T")

_HIGH_WATER_MARK = 64 * 1024 * 1024
_CLIENT_INFO: protocol.ClientInfo = {"name": "qwen-tts-client", "version": VERSION}


class Sidecar:
    """A sidecar that runs as a child process: in an `async with`, or from `start` to `close`.

        async with Sidecar() as tts:
            wav = await tts.synthesize("Hello there.").to_wav()

    A plain `with` gives the same without an event loop, and nothing to await.

    Args:
        command: the sidecar: a program, a command line, or a list of words. Default:
            `QWEN_TTS_SIDECAR`, then the one in this Python's environment, then a `.venv` in `cwd`
            or above it, then `qwen-tts-sidecar` on the PATH, then `python3 -m sidecar` if that is
            this sidecar.
        args: arguments that are appended to the command, such as `["--model", "0.6b-base"]`.
        env: variables that are added to this process's environment; None removes one. Default:
            `PYTHONSAFEPATH` is 1, unless this process has that variable, so that a Python runs no
            modules of the working folder.
        cwd: working folder of the sidecar, to which paths of models and recordings are relative.
            Default: this process's.
        on_log: is called with each line of the sidecar's stderr, without its line break.
        on_exit: is called when the process has ended, by itself or by `close`.
        on_restart: is called when the process was started again and takes calls.
        restart: whether, and how often, to start the sidecar again after a crash. Default: up to
            the fifth crash within three minutes, with growing pauses.
        high_water_mark: bytes of unread audio, over all streams, that may wait in memory before the
            sidecar is made to pause.
        start_timeout: seconds that the handshake may take.
        silence_timeout: seconds that a running sidecar may be silent, not even answering a ping,
            before it is killed and started again; 0 turns this off.
        client_info: name and version of this program, for the sidecar's log.

    Raises:
        SidecarError: a number among the arguments is invalid.

    Attributes:
        models: list, load, unload and delete models.
        voices: list, create and delete voices.
    """

    def __init__(
        self,
        command: str | Sequence[str] | None = None,
        *,
        args: Sequence[str] = (),
        env: Mapping[str, str | None] | None = None,
        cwd: str | os.PathLike[str] | None = None,
        on_log: Callable[[str], object] | None = None,
        on_exit: Callable[[ExitEvent], object] | None = None,
        on_restart: Callable[[RestartEvent], object] | None = None,
        restart: bool | RestartPolicy = True,
        high_water_mark: int = _HIGH_WATER_MARK,
        start_timeout: float = 60.0,
        silence_timeout: float = 60.0,
        client_info: protocol.ClientInfo | None = None,
    ) -> None:
        _check_numbers(
            high_water_mark=high_water_mark,
            start_timeout=start_timeout,
            silence_timeout=silence_timeout,
        )
        connector = ProcessConnector(command, args, env or {}, cwd, start_timeout)
        options = SessionOptions(client_info or _CLIENT_INFO, start_timeout, silence_timeout)
        listeners = Listeners(on_log, on_exit, on_restart)
        self._set_up(connector, high_water_mark, options, restart, listeners)

    def _set_up(
        self,
        connector: Connector,
        high_water_mark: int,
        options: SessionOptions,
        restart: bool | RestartPolicy,
        listeners: Listeners,
    ) -> None:
        self.gate = FlowGate(high_water_mark)
        self._supervisor = Supervisor(connector, self.gate, options, restart, listeners)
        self._ensurer = ModelEnsurer(self._call)
        self.models = Models(self._call)
        self.voices = Voices(self._call)

    async def start(self) -> Self:
        """Find the sidecar, start its process, and wait until it answers.

        Raises:
            SidecarPlatformError: the sidecar cannot run on this machine.
            SidecarNotFoundError: there is no sidecar; `looked` lists the places.
            SidecarStartError: the process cannot be started or does not answer in time.
            SidecarExitedError: the process ends before it answers.
            SidecarVersionError: it speaks another version of the protocol.
            SidecarProtocolError: it is another program.
        """
        await self._supervisor.start()
        return self

    async def close(self) -> None:
        """End the sidecar's process, and wait until it has ended.

        Pending calls and streams raise `SidecarClosedError`. A process that does not end is killed
        after 5 seconds.
        """
        await self._supervisor.close()

    def __enter__(self) -> SyncSidecar:
        """Start the sidecar for a program without an event loop, and raise what `start` raises."""
        self._sync = SyncSidecar(self)
        return self._sync

    def __exit__(self, *_: object) -> None:
        """Close the sidecar."""
        self._sync.close()

    async def __aenter__(self) -> Self:
        """Start the sidecar, and raise what `start` raises."""
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        """Close the sidecar."""
        await self.close()

    @property
    def pid(self) -> int | None:
        """Process id of the sidecar that runs now; None if none does."""
        return self._supervisor.pid

    @property
    def server_info(self) -> protocol.ServerInfo:
        """The sidecar's name and version.

        Raises:
            SidecarClosedError: no sidecar was ever started.
        """
        return self._server().server_info

    @property
    def capabilities(self) -> protocol.Capabilities:
        """Methods, encodings and limits of this sidecar.

        Raises:
            SidecarClosedError: no sidecar was ever started.
        """
        return self._server().capabilities

    @property
    def buffered_bytes(self) -> int:
        """Bytes of audio, over all streams, that wait in memory to be read."""
        return self.gate.buffered

    def synthesize(
        self,
        text: str,
        *,
        on_sentence: Callable[[Sentence], object] | None = None,
        **params: Unpack[protocol.SpeechParams],
    ) -> SpeechStream:
        """Speak a text. Generation starts at once, whether or not the stream is read.

        Wrong params are reported by the stream. It needs a running event loop.

        Args:
            on_sentence: is called when the start of a sentence in the audio is known: before the
                sentence's audio, or with `text_mode="stream"` after it.
        """
        return self._speak({"text": text, **params}, None, on_sentence)

    def synthesize_text(
        self,
        text: TextSource,
        *,
        on_sentence: Callable[[Sentence], object] | None = None,
        **params: Unpack[protocol.LiveSpeechParams],
    ) -> SpeechStream:
        """Speak a text that is still being written, such as the answer of a language model.

        The source is read no further than 4000 characters ahead of the voice; when the speech ends,
        it is closed. An error that the source raises is raised to the reader of the stream.

        Args:
            text: gives pieces that may end anywhere; one that is not asynchronous is read in a
                thread, so it may wait.
            on_sentence: as for `synthesize`.
        """
        return self._speak({**params, "text": ""}, text, on_sentence)

    async def ensure_model(
        self,
        model: protocol.ModelName,
        *,
        on_progress: LoadListener | None = None,
        load: bool = False,
    ) -> EnsureResult:
        """Make sure that a model is on this machine, and download it if it is not.

        A model that is here needs no network. Calls for the same model at the same time share one
        download. If the sidecar crashes meanwhile, the call goes on with the restarted one. A
        cancelled or failed download keeps what it has received, and the next call continues there.

        Args:
            on_progress: is called when a stage begins, and several times a second in a download.
            load: whether to load the model into memory, too.

        Raises:
            SidecarResponseError: `hubUnreachable` or `modelNotDownloaded` (offline), `diskFull`,
                `budgetExceeded`, `unknownModel`, `corruptDownload`, `modelDamaged` and others.
            SidecarExitedError: the sidecar is not started again.
        """
        return await self._ensurer.ensure(model, on_progress, load)

    async def status(self) -> protocol.StatusResult:
        """Return what the sidecar is doing: streams, queue, loaded models, memory.

        It answers at once, also while it speaks or loads.
        """
        return await self._call("server/status", {}, protocol.StatusResult)

    async def ping(self) -> protocol.PingResult:
        """Check whether the sidecar responds, also while it speaks or loads."""
        return await self._call("ping", {}, protocol.PingResult)

    async def connection(self) -> Connection:
        """Return the current conversation, or wait for the next one, for requests of your own.

        Raises:
            SidecarError: there is none, and there will be none.
        """
        return await self._supervisor.connection()

    def _speak(
        self,
        params: Mapping[str, Any],
        source: TextSource | None,
        on_sentence: Callable[[Sentence], object] | None,
    ) -> SpeechStream:
        speech = Speech(self, params, source, lambda sentence: call_later(on_sentence, sentence))
        return SpeechStream(speech, str(params.get("encoding", "pcm_s16le")))

    def _server(self) -> protocol.InitializeResult:
        if self._supervisor.server is None:
            raise SidecarClosedError
        return self._supervisor.server

    async def _call(
        self,
        method: str,
        params: dict[str, Any],
        result: type[T],
        *,
        on_progress: Callable[[Any], object] | None = None,
        repeat: bool = False,
    ) -> T:
        report = None if on_progress is None else partial(call_later, on_progress)
        with self.gate.waiting():
            while True:
                # If the sidecar is not started again, this raises the reason.
                connection = await self._supervisor.connection()
                try:
                    call = connection.request(method, params, result, report)
                    try:
                        return await call.answer
                    except asyncio.CancelledError:
                        call.cancel()
                        raise
                except SidecarError as error:
                    if not repeat or error is not connection.closed:
                        raise


def _check_numbers(**numbers: Any) -> None:
    """Refuse numbers that have no meaning.

    Raises:
        SidecarError: the message names the argument.
    """
    for name, value in numbers.items():
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not is_number or math.isnan(value) or value < 0:
            raise SidecarError(f"{name} must be a number that is 0 or more; it is {value!r}.")
