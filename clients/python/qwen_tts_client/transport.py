"""What carries the messages of a conversation: a child process's pipes, or something else.

Everything above this seam (calls, streams, restarts) is the same for every transport.
"""

from __future__ import annotations

from asyncio import Event, Future
from dataclasses import dataclass
from typing import Protocol

from qwen_tts_client.errors import SidecarError
from qwen_tts_client.protocol import AudioProgress


@dataclass(frozen=True)
class Ended:
    """How the other side ended."""

    exit_code: int | None = None
    """The process's exit code; None if a signal ended it, or there is no process."""

    signal: str | None = None
    """The signal that ended the process, such as `SIGKILL`; None if there was none."""

    stderr: str = ""
    """The last lines that the process wrote to stderr."""

    error: SidecarError | None = None
    """What pending calls raise; None if it is made of the fields above."""


class Receiver(Protocol):
    """Takes what a transport receives. All calls come from the event loop, in order."""

    def on_message(self, body: bytes) -> None:
        """Handle one JSON-RPC message, as JSON.

        Raises:
            SidecarProtocolError: no sidecar sends such a message; the transport reports it to
                `on_lost`.
        """
        ...

    def on_audio(self, token: int, chunk: AudioProgress) -> None:
        """Handle a chunk of audio that did not come as JSON."""
        ...

    def on_log(self, line: str) -> None:
        """Handle a line of the other side's log."""
        ...

    def on_lost(self, error: SidecarError) -> None:
        """Handle that the other side can no longer be used, though it may not have ended yet."""
        ...


class Transport(Protocol):
    """One conversation's way to the other side and back.

    Attributes:
        pid: the process at the other end; None if it is not a child of this process.
        ended: how the other side ended, once nothing is left of it. It never has an exception.
        has_room: set while little waits to be sent, and after the end. Who passes on what others
            send waits for it, so that no more of it comes than the other side takes.
        credit_ms: the credit of a stream whose request names none, in milliseconds of audio; None
            if a stream needs no credit.
    """

    pid: int | None
    ended: Future[Ended]
    has_room: Event
    credit_ms: float | None

    def send(self, body: bytes) -> None:
        """Send one JSON-RPC message. It never waits; after the end it does nothing."""
        ...

    def pause(self, paused: bool) -> None:
        """Stop or resume receiving, so that the other side has to wait."""
        ...

    def finish(self) -> None:
        """Tell the other side that nothing more will be sent, and receive what is left."""
        ...

    def kill(self) -> None:
        """End the other side at once."""
        ...

    @property
    def tail(self) -> str:
        """The last lines of the other side's log."""
        ...


class Connector(Protocol):
    """Opens the conversations of a client: the first one, and one after each crash."""

    name: str
    """What is at the other end, for messages of errors."""

    async def open(self, receiver: Receiver) -> Transport:
        """Start or reach the other side.

        Raises:
            SidecarError: it cannot be started or reached; the type says why.
        """
        ...
