"""The rules of protocol/vectors/README.md, where a test needs more than a conversation: other
processes, a reader that stalls, the process's memory. The number of the rule is in the name."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.protocol.speaking import LONG, speaking
from tests.protocol.vectors import vectors
from tests.support.command import COMMAND
from tests.support.harness import ROOT, RpcError, frame, read_frame, sidecar
from tests.support.timing import TooLate, in_time

HANDSHAKE = {"protocolVersion": 1, "clientInfo": {"name": "tests"}}
HELLO = frame({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": HANDSHAKE})
linux = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads Linux's /proc")


def test_every_rule_is_tested() -> None:
    covered = {rule for vector in vectors() for rule in vector.header.get("rules", [])}
    tests = (file.read_text() for file in (ROOT / "tests").rglob("test_*.py"))
    covered |= {
        int(number) for text in tests for number in re.findall(r"def test_rule_(\d+)", text)
    }
    # Rule 20 is for clients; clients/typescript tests it.
    assert covered >= {*range(1, 20), 21, 22, 23}


# --- stdout ----------------------------------------------------------------------------------


def test_rule_01_only_frames_reach_stdout_whatever_prints() -> None:
    """The harness fails on the first byte that is not a frame."""
    noisy = [sys.executable, "-m", "tests.protocol.noisy"]
    with sidecar("--log-level", "info", command=noisy) as server:
        speech = server.speak("One two three.", seed=1, maxFrames=8)
        assert server.shutdown() == 0
        assert server.rest() == []
        log = server.whole_log()
    assert speech.result["frames"] == 8
    logged = " INFO sidecar.printed: python "
    for noise in (f"{logged}print", f"{logged}write", "first stdout", "write to fd 1", "C puts",
                  "a child's echo"):  # fmt: skip
        assert log.count(noise) >= 8, noise


# --- the end ---------------------------------------------------------------------------------


@pytest.mark.parametrize("initialize", [True, False])
def test_rule_02_an_idle_process_is_gone_at_the_end_of_stdin(initialize: bool) -> None:
    def attempt() -> None:
        with sidecar(initialize=initialize) as server:
            if not initialize:  # it has started; how long that takes is another matter
                with pytest.raises(RpcError, match="-32002"):
                    server.call("ping")
            server.close_stdin()
            code, seconds = server.wait_exit()
            assert (code, server.rest()) == (0, [])
        if seconds >= 1.0:
            raise TooLate(f"gone after {seconds:.1f} s")

    in_time(attempt)


def test_rule_02_a_loading_process_is_gone_at_the_end_of_stdin() -> None:

    def attempt() -> None:
        with sidecar() as server:
            id = server.request("model/load", {"model": "tiny-voice"})
            server.close_stdin()
            code, seconds = server.wait_exit()
            answers = [m for m in server.rest() if m.get("id") == id]
        assert code == 0
        assert len(answers) == 1
        if seconds >= 1.5:
            raise TooLate(f"gone after {seconds:.1f} s")

    in_time(attempt)


def test_rule_02_the_end_of_stdin_is_noticed_while_nobody_reads() -> None:
    """The outbox is full, so stdin is no longer read; its end must be noticed nevertheless."""
    process = subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with process:
        assert process.stdin
        pings = b"".join(
            frame({"jsonrpc": "2.0", "id": i, "method": "ping"}) for i in range(1, 80_000)
        )
        stream = memoryview(HELLO + pings)
        os.set_blocking(process.stdin.fileno(), False)
        while stream and select.select([], [process.stdin], [], 2.0)[1]:
            stream = stream[os.write(process.stdin.fileno(), stream) :]
        assert stream, "stdin was read to its end although the answers were not read"
        process.stdin.close()
        assert process.wait(15) == 0


# The handshake comes first: a parent that dies before its child started looks like init.
PARENT = """
import os, subprocess, sys
pipe = subprocess.PIPE
child = subprocess.Popen(sys.argv[2:], stdin=pipe, stdout=pipe)
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


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="waits for another's child by pidfd_open")
def test_rule_03_it_does_not_outlive_a_parent_that_is_killed() -> None:
    """A sibling holds the pipes open, so there is no end of stdin to notice."""
    in_time(kill_a_parent)


def kill_a_parent() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, HELLO.decode(), *COMMAND],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as parent:
        assert parent.stdout
        child, holder = map(int, parent.stdout.readline().split())
        descriptor = os.pidfd_open(child)
        try:
            parent.kill()
            ready, _, _ = select.select([descriptor], [], [], 5.0)
            if not ready:
                raise TooLate("the sidecar still runs five seconds after its parent was killed")
        finally:
            os.kill(holder, signal.SIGKILL)
            os.close(descriptor)


def test_rule_17_a_closed_reader_ends_it_quietly() -> None:
    with sidecar() as server:
        speaking(server)
        assert server.process.stdout
        server.process.stdout.close()
        assert server.wait_exit()[0] == 0
        assert server.whole_log() == ""


def test_rule_17_a_frame_that_is_being_written_at_sigterm_is_finished() -> None:
    """The reader of the frame is slow, and has taken only the header by then."""
    process = subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    params = {"text": LONG * 2, "seed": 1, "maxFrames": 100, "encoding": "pcm_f32le"}
    with process:
        assert process.stdin
        assert process.stdout
        request = {"jsonrpc": "2.0", "id": 1, "method": "speech/synthesize", "params": params}
        process.stdin.write(HELLO + frame(request))
        process.stdin.flush()
        read_frame(process.stdout)
        header = process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        length = int(header.removeprefix(b"Content-Length: "))
        assert length > 1_000_000  # many times what a pipe holds
        assert len(process.stdout.read(length + 2)) == length + 2
        assert read_frame(process.stdout) is None
        assert process.wait(15) == 143
