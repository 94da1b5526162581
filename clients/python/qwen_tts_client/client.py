"""The client, whatever its transport."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any, TypeVar

from qwen_tts_client import protocol
from qwen_tts_client.backoff import RestartPolicy
from qwen_tts_client.calls import LoadListener, Models, Voices
from qwen_tts_client.connection import Connection
from qwen_tts_client.ensure import EnsureResult, ModelEnsurer
from qwen_tts_client.errors import SidecarClosedError, SidecarError, SidecarResponseError
from qwen_tts_client.flow import FlowGate
from qwen_tts_client.session import SessionOptions
from qwen_tts_client.speech import Speech
from qwen_tts_client.stream import SpeechStream
from qwen_tts_client.supervisor import (
    Listeners,
    Supervisor,
    call_later,
)
from qwen_tts_client.sync import SyncSidecar
from qwen_tts_client.text_feed import Sentence, TextSource
from qwen_tts_client.transport import Connector

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

T = TypeVar("T")

# How often a request that may be repeated is sent again after the end of a sidecar elsewhere.
_REPEATS = 5


class Client:
    """What every client of a sidecar can do, whatever its transport; see `Sidecar` and `connect`.

    Attributes:
        models: list, load, unload and delete models.
        voices: list, create and delete voices.
        gate: the bound of the audio that waits, over all streams.
    """

    def __init__(
        self,
        connector: Connector,
        options: SessionOptions,
        high_water_mark: int,
        restart: bool | RestartPolicy,
        listeners: Listeners,
    ) -> None:
        check_numbers(
            high_water_mark=high_water_mark,
            start_timeout=options.start_timeout,
            silence_timeout=options.silence_timeout,
        )
        self.gate = FlowGate(high_water_mark)
        self._supervisor = Supervisor(connector, self.gate, options, restart, listeners)
        self._ensurer = ModelEnsurer(self._call)
        self.models = Models(self._call)
        self.voices = Voices(self._call)

    async def start(self) -> Self:
        """Find the sidecar, start its process or connect to it, and wait until it answers.

        Raises:
            SidecarPlatformError: the sidecar cannot run on this machine.
            SidecarNotFoundError: there is no sidecar; `looked` lists the places.
            SidecarStartError: it cannot be started or reached, or does not answer in time.
            SidecarExitedError: the process ends before it answers.
            SidecarVersionError: it speaks another version of the protocol.
            SidecarProtocolError: it is another program.
        """
        await self._supervisor.start()
        return self

    async def close(self) -> None:
        """End the sidecar's process, or the connection, and wait until it has ended.

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
        on_words: Callable[[protocol.WordsProgress], object] | None = None,
        **params: Unpack[protocol.SpeechParams],
    ) -> SpeechStream:
        """Speak a text. Generation starts at once, whether or not the stream is read.

        Wrong params are reported by the stream. It needs a running event loop.

        Args:
            on_sentence: is called when the start of a sentence in the audio is known: before the
                sentence's audio, or with `text_mode="stream"` after it.
            on_words: with `timing="word"`, is called with the words of each sentence, after its
                audio has arrived.
        """
        return self._speak({"text": text, **params}, None, on_sentence, on_words)

    def synthesize_text(
        self,
        text: TextSource,
        *,
        on_sentence: Callable[[Sentence], object] | None = None,
        on_words: Callable[[protocol.WordsProgress], object] | None = None,
        **params: Unpack[protocol.LiveSpeechParams],
    ) -> SpeechStream:
        """Speak a text that is still being written, such as the answer of a language model.

        The source is read no further than 4000 characters ahead of the voice; when the speech ends,
        it is closed. An error that the source raises is raised to the reader of the stream.

        Args:
            text: gives pieces that may end anywhere; one that is not asynchronous is read in a
                thread, so it may wait.
            on_sentence, on_words: as for `synthesize`.
        """
        return self._speak({**params, "text": ""}, text, on_sentence, on_words)

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
        on_words: Callable[[protocol.WordsProgress], object] | None,
    ) -> SpeechStream:
        speech = Speech(
            self,
            params,
            source,
            lambda sentence: call_later(on_sentence, sentence),
            lambda words: call_later(on_words, words),
        )
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
            for attempt in count():
                # If the sidecar is not started again, this raises the reason.
                connection = await self._supervisor.connection()
                try:
                    call = connection.request(method, params, result, report)
                    try:
                        return await call.answer
                    except asyncio.CancelledError:
                        call.cancel(None)
                        raise
                except SidecarError as error:
                    if not repeat or not _is_gone(error, connection, attempt):
                        raise
        raise AssertionError("unreachable")


def _is_gone(error: SidecarError, connection: Connection, attempt: int) -> bool:
    """Return whether a request failed because the sidecar ended, and may be sent to the next."""
    if error is connection.closed:
        return True
    is_exited = isinstance(error, SidecarResponseError) and error.type == "sidecarExited"
    return is_exited and attempt < _REPEATS


def check_numbers(**numbers: Any) -> None:
    """Refuse numbers that have no meaning.

    Raises:
        SidecarError: the message names the argument.
    """
    for name, value in numbers.items():
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not is_number or math.isnan(value) or value < 0:
            raise SidecarError(f"{name} must be a number that is 0 or more; it is {value!r}.")
