"""Build the parts of `serve`, start their threads, and end them in order."""

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
# Together less than a second, which is how long a client that closed stdin may have to wait.
_ENGINE_STOP_SECONDS = 0.4
_SAVE_SECONDS = 0.15
_DRAIN_SECONDS = 0.35
# After a signal the end may take two seconds in all.
_LAST_FRAME_SECONDS = 0.9
_SIGNALLED = 128  # plus the signal's number, as shells count


class Server:
    """The parts of the process, and how they are connected."""

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
        """Serve until there is a reason to end; return the exit code."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        self._writer.start()
        self._reader.start()
        code = self._wait()
        # First, so that no voice is saved after this whose request is about to fail.
        self._session.calls.cancel_all()
        if self._hang is not None:
            self._session.fail_all(self._hang)
        self._engine.stop(_ENGINE_STOP_SECONDS)
        self._session.background.close(_SAVE_SECONDS)  # voices whose file has its name are answered
        self._session.fail_all()  # what a hung engine could not answer
        self._outbox.drain(_DRAIN_SECONDS)
        if code > _SIGNALLED:  # the client may still read: finish the frame
            self._outbox.finish(_LAST_FRAME_SECONDS)
        if self._hang is not None:
            faulthandler.dump_traceback(sys.stderr)
            log.critical("%s Ending the process with code %d.", self._hang, code)
        return code

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._endings.put(_SIGNALLED + number)

    def _wait(self) -> int:
        """Block until the first reason to end; look for those that no event reports."""
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
        """Wait while the client does not read; return False if it has closed stdin."""
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
            log.exception("the reader failed")  # a bug; a process that reads nothing is no use
            self._endings.put(_EX_SOFTWARE)
            return False
        return True


def _frame(message: Outgoing) -> bytes:
    return encode_frame(encode(message))


def serve(pipes: Pipes, settings: Settings) -> None:
    """Run the server and end the process, without waiting for a busy engine thread.

    It ends by os._exit, since MLX aborts if its thread ends while the interpreter shuts down.
    """
    code = Server(pipes, settings).run()
    sys.stderr.flush()
    os._exit(code)
