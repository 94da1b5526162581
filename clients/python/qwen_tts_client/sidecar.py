"""How a client gets its sidecar: as a child process, or over a WebSocket."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence

from qwen_tts_client.backoff import RestartPolicy
from qwen_tts_client.client import Client
from qwen_tts_client.errors import SidecarError
from qwen_tts_client.process import ProcessConnector
from qwen_tts_client.protocol import ClientInfo
from qwen_tts_client.session import SessionOptions
from qwen_tts_client.supervisor import ExitEvent, Listeners, RestartEvent
from qwen_tts_client.version import VERSION

_HIGH_WATER_MARK = 64 * 1024 * 1024
_CLIENT_INFO: ClientInfo = {"name": "qwen-tts-client", "version": VERSION}


class Sidecar(Client):
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
        client_info: ClientInfo | None = None,
    ) -> None:
        super().__init__(
            ProcessConnector(command, args, env or {}, cwd, start_timeout),
            SessionOptions(client_info or _CLIENT_INFO, start_timeout, silence_timeout),
            high_water_mark,
            restart,
            Listeners(on_log, on_exit, on_restart),
        )


def connect(
    url: str,
    token: str,
    *,
    on_exit: Callable[[ExitEvent], object] | None = None,
    on_restart: Callable[[RestartEvent], object] | None = None,
    restart: bool | RestartPolicy = True,
    high_water_mark: int = _HIGH_WATER_MARK,
    start_timeout: float = 60.0,
    silence_timeout: float = 60.0,
    client_info: ClientInfo | None = None,
) -> Client:
    """Return a client of a sidecar elsewhere, over a WebSocket, which is used like `Sidecar`.

        async with connect("wss://example.com", token) as tts:
            wav = await tts.synthesize("Hello there.").to_wav()

    Each stream has credit, by default for 5 seconds of audio: the server pauses a stream that is
    not read, and no other. A connection that is lost is made again, as a process is started again.

    Args:
        url: of a server such as `qwen-tts-bridge`.
        token: what the server asks for.
        on_exit: is called when the connection has ended.
        on_restart: is called when it was made again.
        restart: as for `Sidecar`, as are the others.

    Raises:
        SidecarError: a number or the token is invalid, or the library websockets is not installed.
    """
    try:
        from qwen_tts_client.websocket import WebSocketConnector
    except ImportError as error:
        raise SidecarError("A WebSocket needs another library: pip install websockets") from error
    return Client(
        WebSocketConnector(url, token, start_timeout),
        SessionOptions(client_info or _CLIENT_INFO, start_timeout, silence_timeout),
        high_water_mark,
        restart,
        Listeners(None, on_exit, on_restart),
    )
