"""The errors that this package raises."""

from __future__ import annotations

from collections.abc import Sequence

from qwen_tts_client.protocol import ErrorData

__all__ = [
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
]


class SidecarError(Exception):
    """Base of every error that this package raises."""


class SidecarNotFoundError(SidecarError):
    """No sidecar was found.

    Attributes:
        looked: the places that were searched.
    """

    def __init__(self, message: str, looked: Sequence[str]) -> None:
        super().__init__(message)
        self.looked = tuple(looked)


class SidecarPlatformError(SidecarError):
    """The sidecar cannot run on this machine, and nothing was started.

    The message says what to do instead. A program that `command` or `QWEN_TTS_SIDECAR` names is
    started all the same.

    Attributes:
        platform: operating system and processor, such as `win32-amd64`.
    """

    def __init__(self, message: str, platform: str) -> None:
        super().__init__(message)
        self.platform = platform


class SidecarStartError(SidecarError):
    """The sidecar's process could not be started, or did not answer in time."""


class SidecarVersionError(SidecarError):
    """The sidecar speaks another version of the protocol than this client."""


class SidecarProtocolError(SidecarError):
    """The process has sent something that the protocol does not allow: probably another program."""


class SidecarClosedError(SidecarError):
    """The sidecar was closed before the call, or while it was pending."""

    def __init__(self) -> None:
        super().__init__("The sidecar was closed.")


class SidecarExitedError(SidecarError):
    """The sidecar's process ended while the call was pending, or is no longer started again.

    Attributes:
        exit_code: the process's exit code; None if a signal ended it.
        signal: the name of the signal that ended the process, such as `SIGKILL`; None without one.
        stderr: the last lines that the process wrote to stderr.
    """

    def __init__(
        self, exit_code: int | None, signal: str | None, stderr: str, note: str = ""
    ) -> None:
        if signal:
            how = f"ended by {signal}"
        else:
            how = "did not start" if exit_code is None else f"ended with exit code {exit_code}"
        super().__init__(f"The sidecar {how}.{note}" + (f"\n{stderr}" if stderr else ""))
        self.exit_code = exit_code
        self.signal = signal
        self.stderr = stderr


def killed(tail: str, why: str) -> SidecarExitedError:
    """Return the error for a process that this client kills."""
    return SidecarExitedError(None, "SIGKILL", tail, f" The client killed it: {why}.")


class SidecarDisconnectedError(SidecarExitedError):
    """The connection to a sidecar elsewhere ended, or is no longer made again.

    Attributes:
        url: of the server.
        close_code: why the WebSocket was closed; 1006 if it was lost.
        reason: what the other side said about that.
    """

    def __init__(self, url: str, close_code: int | None, reason: str, note: str = "") -> None:
        super().__init__(None, None, "")
        self.url, self.close_code, self.reason = url, close_code, reason
        code = "" if close_code is None else f" with {close_code}"
        self.args = (f"The connection to {url} ended{code}{reason and f': {reason}'}.{note}",)


class SidecarCancelledError(SidecarError):
    """The speech was stopped by `stream.cancel()`, or by leaving a loop over it."""

    def __init__(self) -> None:
        super().__init__("The speech was cancelled.")


class SidecarResponseError(SidecarError):
    """The sidecar answered with an error.

    The message includes the hint, if there is one, on a line of its own. This client itself raises
    it, before anything is sent, with the types `messageTooLong` and `invalidParams`.

    Attributes:
        reason: the message without the hint.
        code: the JSON-RPC error code; several types may share one.
        type: the stable name of the error, to decide by. Newer sidecars may have other types.
        field: the param at fault as a path, such as `sampling.topK`; None: there is no single one.
        hint: what to do about it, in a sentence; None if there is no advice.
        data: all that the sidecar said about it, with the figures of the error, if it has any.
    """

    def __init__(self, message: str, code: int, data: ErrorData) -> None:
        super().__init__(f"{_as_sentence(message)}\n{data.hint}" if data.hint else message)
        self.reason = message
        self.code = code
        self.type = data.type
        self.field = data.field
        self.hint = data.hint
        self.data = data


def _as_sentence(message: str) -> str:
    """Return the message with a full stop, so that it and the hint stay two sentences."""
    return message if message.endswith((".", "!", "?", "…", "。", "！", "？")) else f"{message}."
