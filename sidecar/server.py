"""Build the parts of `serve`, start their threads, and end them in order."""

from __future__ import annotations

import logging
import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType

from sidecar.engine.engine import LOOK_SECONDS, Engine
from sidecar.errors import EngineStalled
from sidecar.rpc.dispatcher import Dispatcher
from sidecar.rpc.session import Phase, Session
from sidecar.settings import Settings
from sidecar.voices.reader import ReferenceReader
from sidecar.voices.store import VoiceStore
from sidecar.wire.framing import FrameParser, FramingError, encode_frame
from sidecar.wire.jsonrpc import Outgoing, encode
from sidecar.wire.stdio import Outbox, Pipes, Reader, Writer, hung_up

log = logging.getLogger(__name__)

_FULL_POLL_SECONDS = 0.25
_EX_SOFTWARE = 70  # of sysexits.h
# Together less than a second, which is how long a client that closed stdin may have to wait.
_ENGINE_STOP_SECONDS = 0.4
_SAVE_SECONDS = 0.15
_DRAIN_SECONDS = 0.35
# After a signal the end may take two seconds in all, and longer on a machine whose other programs
# leave the reader no time.
_CATCH_UP_SECONDS = 0.9
_LAST_FRAME_SECONDS = 0.9
# How long the last lines of the log may take, if the parent does not read stderr.
_LOG_SECONDS = 0.1
_SIGNALLED = 128  # plus the signal's number, as shells count
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@dataclass(frozen=True)
class Ending:
    """Why the process ends.

    Attributes:
        code: the exit code.
        why: a sentence for the log.
        level: of that sentence; an end that a client has asked for in the usual way is no warning.
        hang: what requests are answered with if the engine has hung.
    """

    code: int
    why: str
    level: int = logging.INFO
    hang: EngineStalled | None = None

    @property
    def is_signal(self) -> bool:
        return self.code > _SIGNALLED


_CLOSED = Ending(0, "The client has closed stdin.")
_UNREAD = Ending(0, "The client has closed stdout.")


class Server:
    """The parts of the process, and how they are connected."""

    def __init__(self, pipes: Pipes, settings: Settings) -> None:
        self._endings: queue.SimpleQueue[Ending] = queue.SimpleQueue()
        self._engine = Engine(settings.hangs_after, settings.memory_limit, settings.keep_alive)
        self._outbox = Outbox(on_room=self._engine.wake)
        self._session = Session(
            self._outbox,
            self._engine,
            settings.model,
            VoiceStore(settings.voices_dir, ReferenceReader(settings.max_reference_seconds)),
            self._on_exit,
            settings.aligner,
            settings.lexicon,
        )
        self._dispatcher = Dispatcher(self._session)
        self._parser = FrameParser()
        self._writer = Writer(pipes.writer, self._outbox, _frame, self._on_closed)
        self._reader = Reader(pipes.reader, self._on_bytes, self._on_end)
        self._pipes = pipes
        self._parent = os.getppid()

    def run(self) -> int:
        """Serve until there is a reason to end; return the exit code."""
        for number in _SIGNALS:
            # nohup has a process ignore SIGHUP. A shell has jobs in the background ignore SIGINT,
            # but a program that starts one there and sends it SIGINT means it.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._on_signal)
        self._writer.start()
        self._reader.start()
        self._session.background.run(self._session.voices.sweep)
        ending = self._wait()
        self._session.phase = Phase.SHUT_DOWN  # what is read from now on is refused
        # First, so that no voice is saved after this whose request is about to fail.
        self._session.calls.cancel_all()
        if ending.hang is not None:
            self._session.fail_all(ending.hang)
        self._engine.stop(_ENGINE_STOP_SECONDS)
        self._session.background.close(_SAVE_SECONDS)  # voices whose file has its name are answered
        if ending.is_signal:  # a client that goes on has sent what came before it
            self._reader.catch_up(lambda: self._outbox.wait_until_not_full(0), _CATCH_UP_SECONDS)
        self._session.fail_all()  # what a hung engine could not answer
        self._outbox.drain(_DRAIN_SECONDS)
        if ending.is_signal:  # the client may still read: finish the frame
            self._outbox.finish(_LAST_FRAME_SECONDS)
        if ending.hang is not None:
            self._pipes.stderr.writelines(_stacks())
        log.log(ending.level, "%s Ending the process with code %d.", ending.why, ending.code)
        self._pipes.stderr.drain(_LOG_SECONDS)
        return ending.code

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        name = signal.Signals(number).name
        self._endings.put(Ending(_SIGNALLED + number, f"{name} has come.", logging.WARNING))

    def _on_exit(self, code: int) -> None:
        why = "The client has sent exit without shutdown." if code else "The client has sent exit."
        self._endings.put(Ending(code, why, logging.WARNING if code else logging.INFO))

    def _wait(self) -> Ending:
        """Block until the first reason to end; look for those that no event reports."""
        while True:
            try:
                return self._endings.get(timeout=LOOK_SECONDS)
            except queue.Empty:
                if self._orphaned():
                    return Ending(0, "The parent process is gone.", logging.WARNING)
                if hung_up(self._pipes.writer):
                    return _UNREAD
                if self._engine.watchdog.look():
                    hang = self._stalled()
                    return Ending(_EX_SOFTWARE, hang.message, logging.CRITICAL, hang)

    def _stalled(self) -> EngineStalled:
        doing, limit = self._engine.heartbeat.doing, self._engine.watchdog.limit
        return EngineStalled(
            f"The engine has hung for {limit:.0f} s while {doing}.",
            hint="Start a new process; stderr says where it hung.",
        )

    def _orphaned(self) -> bool:
        if os.getppid() != self._parent:
            return True
        client = self._session.client_process
        if client is None:
            return False
        try:
            os.kill(client, 0)
        except ProcessLookupError:
            return True
        except OSError:  # another user's process: alive
            return False
        return False

    def _on_closed(self, error: Exception | None) -> None:
        if error is None:
            self._endings.put(_UNREAD)
            return
        log.error("the writer failed", exc_info=error)
        self._endings.put(Ending(_EX_SOFTWARE, "The writer has failed.", logging.ERROR))

    def _on_end(self) -> None:
        if self._parser.at_boundary:
            self._endings.put(_CLOSED)
        else:
            cut = "stdin has ended in the middle of a frame."
            self._endings.put(Ending(0, cut, logging.WARNING))

    def _wait_for_room(self) -> bool:
        """Wait while the client does not read; return False if it has closed stdin."""
        while not self._outbox.wait_until_not_full(_FULL_POLL_SECONDS):
            if hung_up(self._pipes.reader):
                self._endings.put(_CLOSED)
                return False
        return True

    def _on_bytes(self, data: bytes) -> bool:
        try:
            for body in self._parser.feed(data):
                if not self._wait_for_room():
                    return False
                self._dispatcher.handle(body)
        except FramingError as error:
            why = f"cannot follow stdin: {error}."
            self._endings.put(Ending(FramingError.EXIT_CODE, why, logging.ERROR))
            return False
        except Exception:
            log.exception("the reader failed")  # a bug; a process that reads nothing is no use
            self._endings.put(Ending(_EX_SOFTWARE, "The reader has failed.", logging.ERROR))
            return False
        return True


def _frame(message: Outgoing) -> bytes:
    return encode_frame(encode(message))


def _stacks() -> Iterator[str]:
    """Yield where each thread is, in the words of a traceback.

    faulthandler would write to the descriptor itself, and wait for a parent that reads nothing.
    """
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    for ident, frame in sys._current_frames().items():  # pyright: ignore[reportPrivateUsage]  # its only name
        yield f"Thread {names.get(ident, ident)} (most recent call last):\n"
        yield from traceback.format_stack(frame)


def serve(pipes: Pipes, settings: Settings) -> None:
    """Run the server and end the process, without waiting for a busy engine thread.

    It ends by os._exit, since MLX aborts if its thread ends while the interpreter shuts down.
    """
    os._exit(Server(pipes, settings).run())
