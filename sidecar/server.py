"""Builds the parts of `serve`, starts their threads, and ends them in order."""

from __future__ import annotations

import faulthandler
import logging
import os
import queue
import signal
import sys
from types import FrameType

from sidecar.engine.engine import LOOK_SECONDS, Engine
from sidecar.errors import EngineStalled
from sidecar.rpc.dispatcher import Dispatcher
from sidecar.rpc.session import Session
from sidecar.settings import Settings
from sidecar.voices.reader import ReferenceReader
from sidecar.voices.store import VoiceStore
from sidecar.wire.framing import FrameParser, FramingError, encode_frame
from sidecar.wire.jsonrpc import Outgoing, encode
from sidecar.wire.stdio import Outbox, Pipes, Reader, Writer, hung_up

log = logging.getLogger(__name__)

_FULL_POLL_SECONDS = 0.25
_EX_SOFTWARE = 70  # of sysexits.h
# Together below one second: what a client that closed our stdin may have to wait.
_ENGINE_STOP_SECONDS = 0.4
_SAVE_SECONDS = 0.15
_DRAIN_SECONDS = 0.35
# With a signal it may be two seconds in all.
_LAST_FRAME_SECONDS = 0.9
_SIGNALLED = 128  # plus the signal's number, as shells have it


class Server:
    """The process's parts and the way they are wired together."""

    def __init__(self, pipes: Pipes, settings: Settings) -> None:
        self._endings: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._engine = Engine(settings.hangs_after, settings.memory_limit, settings.keep_alive)
        self._hang: EngineStalled | None = None
        self._outbox = Outbox(on_room=self._engine.wake)
        self._session = Session(
            self._outbox,
            self._engine,
            settings.model,
            VoiceStore(settings.voices_dir, ReferenceReader(settings.max_reference_seconds)),
            self._endings.put,
        )
        self._dispatcher = Dispatcher(self._session)
        self._parser = FrameParser()
        self._writer = Writer(pipes.writer, self._outbox, _frame, self._on_closed)
        self._reader = Reader(pipes.reader, self._on_bytes, self._on_end)
        self._stdin = pipes.reader
        self._parent = os.getppid()

    def run(self) -> int:
        """Serves until the client ends it; returns the exit code."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        self._writer.start()
        self._reader.start()
        code = self._wait()
        # First of all: no voice whose request is about to fail gets its file's name after this.
        self._session.calls.cancel_all()
        if self._hang is not None:
            self._session.fail_all(self._hang)
        self._engine.stop(_ENGINE_STOP_SECONDS)
        self._session.background.close(_SAVE_SECONDS)  # those whose file has its name answer
        self._session.fail_all()  # what an engine that is stuck could not answer
        self._outbox.drain(_DRAIN_SECONDS)
        if code > _SIGNALLED:  # whoever sent it may still read: no half frame
            self._outbox.finish(_LAST_FRAME_SECONDS)
        if self._hang is not None:
            faulthandler.dump_traceback(sys.stderr)
            log.critical("%s Ending the process with code %d.", self._hang, code)
        return code

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._endings.put(_SIGNALLED + number)

    def _wait(self) -> int:
        """Blocks until the first reason to end; looks for those that come without a word."""
        while True:
            try:
                return self._endings.get(timeout=LOOK_SECONDS)
            except queue.Empty:
                if self._orphaned():
                    log.warning("the parent process is gone")
                    return 0
                if self._engine.watchdog.look():
                    self._hang = self._stalled()
                    return _EX_SOFTWARE

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
        if error is not None:
            log.error("the writer failed", exc_info=error)
        self._endings.put(0 if error is None else _EX_SOFTWARE)

    def _on_end(self) -> None:
        if not self._parser.at_boundary:
            log.warning("stdin ended in the middle of a frame")
        self._endings.put(0)

    def _wait_for_room(self) -> bool:
        """Holds stdin up while the client does not read; False if it has closed stdin."""
        while not self._outbox.wait_until_not_full(_FULL_POLL_SECONDS):
            if hung_up(self._stdin):
                self._endings.put(0)
                return False
        return True

    def _on_bytes(self, data: bytes) -> bool:
        try:
            for body in self._parser.feed(data):
                if not self._wait_for_room():
                    return False
                self._dispatcher.handle(body)
        except FramingError as error:
            log.error("cannot follow stdin: %s", error)
            self._endings.put(FramingError.EXIT_CODE)
            return False
        except Exception:
            log.exception("the reader failed")  # a bug; better no process than a deaf one
            self._endings.put(_EX_SOFTWARE)
            return False
        return True


def _frame(message: Outgoing) -> bytes:
    return encode_frame(encode(message))


def serve(pipes: Pipes, settings: Settings) -> None:
    """Runs the server and ends the process, without waiting for a busy engine thread.

    By os._exit, also because MLX aborts when its thread ends during the interpreter's shutdown.
    """
    code = Server(pipes, settings).run()
    sys.stderr.flush()
    os._exit(code)
