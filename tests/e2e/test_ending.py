"""Every way to end: nothing half written, no process left behind."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness import Sidecar, frame, sidecar

HANDSHAKE = {"protocolVersion": 1, "clientInfo": {"name": "tests"}}
LONG = "He finished reading the long letter, folded it carefully, and put it back in the box."


def speaking(server: Sidecar) -> int:
    """Starts a long stream and returns its id once audio flows."""
    id = server.request(
        "speech/synthesize",
        {"text": LONG * 3, "partialResultToken": "s", "chunk": {"maxFrames": 1}},
    )
    server.next_progress("s")
    server.next_progress("s")
    return id


def test_the_end_of_stdin_ends_the_process_within_a_second() -> None:
    with sidecar() as server:
        id = speaking(server)
        server.close_stdin()
        code, seconds = server.wait_exit()
        messages = server.rest()  # fails if the last frame was cut
    assert code == 0
    assert seconds < 1.0
    assert messages[-1]["id"] == id
    assert messages[-1]["error"]["code"] == -32800


def test_the_end_of_stdin_ends_an_idle_process_and_one_without_handshake() -> None:
    for initialize in (True, False):
        with sidecar(initialize=initialize) as server:
            server.close_stdin()
            code, seconds = server.wait_exit()
            assert (code, server.rest()) == (0, [])
            assert seconds < 1.0


def test_the_end_of_stdin_during_a_load_ends_it_too() -> None:
    with sidecar() as server:
        id = server.request("model/load", {"model": "tiny-voice"})
        server.close_stdin()
        code, seconds = server.wait_exit()
        answers = [m for m in server.rest() if m.get("id") == id]
    assert code == 0
    assert seconds < 1.5
    assert len(answers) == 1


def test_the_end_of_stdin_is_noticed_while_nobody_reads() -> None:
    """The outbox is full, so stdin is not read any more; its end must be seen all the same."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sidecar"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with process:
        assert process.stdin
        hello = {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": HANDSHAKE}
        pings = b"".join(
            frame({"jsonrpc": "2.0", "id": i, "method": "ping"}) for i in range(1, 80_000)
        )
        stream = memoryview(frame(hello) + pings)
        os.set_blocking(process.stdin.fileno(), False)
        while stream and select.select([], [process.stdin], [], 2.0)[1]:
            stream = stream[os.write(process.stdin.fileno(), stream) :]
        assert stream, "stdin was read to its end although nobody read the answers"
        process.stdin.close()
        assert process.wait(5) == 0


def test_half_a_frame_at_the_end_is_reported() -> None:
    with sidecar() as server:
        server.send_raw(frame({"jsonrpc": "2.0", "id": 1, "method": "ping"})[:-5])
        server.close_stdin()
        assert server.wait_exit()[0] == 0
        assert server.rest() == []
        assert b"in the middle of a frame" in server.stderr


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)], ids=["TERM", "INT"]
)
def test_signals_end_it_between_frames(number: signal.Signals, code: int) -> None:
    with sidecar() as server:
        id = speaking(server)
        server.process.send_signal(number)
        got, seconds = server.wait_exit()
        messages = server.rest()
    assert got == code
    assert seconds < 2.0
    assert messages[-1]["id"] == id


def test_a_closed_reader_ends_it_quietly() -> None:
    with sidecar() as server:
        speaking(server)
        assert server.process.stdout
        server.process.stdout.close()
        code, _ = server.wait_exit()
        assert code == 0
        assert b"Traceback" not in server.stderr


def test_exit_during_speech_answers_the_stream_first() -> None:
    with sidecar() as server:
        id = speaking(server)
        server.call("shutdown")
        server.notify("exit")
        assert server.wait_exit()[0] == 0
        assert server.rest()[-1]["id"] == id


def test_a_stream_may_finish_after_shutdown() -> None:
    with sidecar() as server:
        id = server.request(
            "speech/synthesize",
            {"text": "One two three.", "maxFrames": 10, "partialResultToken": 1},
        )
        server.next_progress(1)
        server.call("shutdown")
        assert server.wait(id)["frames"] <= 10
        server.notify("exit")
        assert server.wait_exit()[0] == 0


# Shakes hands first: a parent that dies before its child has started cannot be told from init.
PARENT = """
import os, subprocess, sys
pipe = subprocess.PIPE
child = subprocess.Popen([sys.executable, "-m", "sidecar"], stdin=pipe, stdout=pipe)
sleep = ["sleep", "60"]
null = subprocess.DEVNULL
pipes = [child.stdin.fileno(), child.stdout.fileno()]
holder = subprocess.Popen(sleep, stdin=null, stdout=null, pass_fds=pipes)
child.stdin.write(sys.argv[1].encode())
child.stdin.flush()
child.stdout.readline()
print(child.pid, holder.pid, flush=True)
sys.stdin.read()
"""


def test_it_does_not_outlive_a_parent_that_is_killed(tmp_path: Path) -> None:
    """A sibling holds the pipes open, so there is no end of stdin to notice."""
    hello = frame({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": HANDSHAKE})
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, hello.decode()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert parent.stdin
    assert parent.stdout
    child, holder = map(int, parent.stdout.readline().split())
    descriptor = os.pidfd_open(child) if hasattr(os, "pidfd_open") else None
    try:
        parent.kill()
        parent.wait(10)
        if descriptor is None:
            pytest.skip("needs pidfd_open to wait for another's child")
        ready, _, _ = select.select([descriptor], [], [], 5.0)
        assert ready, "the sidecar still runs five seconds after its parent was killed"
    finally:
        os.kill(holder, signal.SIGKILL)
        if descriptor is not None:
            os.close(descriptor)
        parent.stdin.close()
        parent.stdout.close()
