"""What a careless parent does to a server: it reads no stderr, closes stdout, sends signals."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command import COMMAND
from tests.support.harness import TIMEOUT, RpcError, Sidecar, frame, sidecar
from tests.support.timing import TooLate, in_time
from tests.support.wire import read_frame

HELLO = {"protocolVersion": 1, "clientInfo": {"name": "tests"}}


def test_a_parent_that_does_not_read_stderr_is_served_all_the_same() -> None:
    """Lines are dropped, and their number is logged as soon as the parent reads."""
    wrong = frame({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"x" * 900: 1}})
    count = 3000  # 3 MB of log
    pipe = subprocess.PIPE
    process = subprocess.Popen(COMMAND, stdin=pipe, stdout=pipe, stderr=pipe)
    with process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        try:
            hello = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": HELLO}
            process.stdin.write(frame(hello) + wrong * count)
            process.stdin.write(frame({"jsonrpc": "2.0", "id": 2, "method": "ping"}))
            process.stdin.flush()
            for id in (1, 2):
                answer = read_frame(process.stdout)
                assert answer is not None
                assert answer["id"] == id
            for seen, line in enumerate(process.stderr):
                if match := re.search(rb": (\d+) lines of the log were dropped", line):
                    assert seen + int(match[1]) == count
                    break
            else:
                pytest.fail("the count of the lines was not logged")
            process.stdin.close()
            assert process.wait(TIMEOUT) == 0
        finally:
            process.kill()


def test_a_parent_that_reads_no_stderr_does_not_hold_up_the_end() -> None:
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [*COMMAND, "--log-level", "debug"], stdin=pipe, stdout=subprocess.DEVNULL, stderr=pipe
    ) as process:
        try:
            noise = frame({"jsonrpc": "2.0", "method": "x" * 100_000}) * 20
            assert process.stdin
            process.stdin.write(noise)
            process.stdin.close()
            assert process.wait(TIMEOUT) == 0
        finally:
            process.kill()


def test_what_a_killed_process_left_of_a_voice_is_removed_at_the_start(tmp_path: Path) -> None:
    """Here in the C locale, which Python is told to take for ASCII, and with few descriptors."""
    left, new = tmp_path / ".voice-old.new", tmp_path / ".voice-now.new"
    for file in (left, new):
        file.touch()
    os.utime(left, (0, 0))
    ascii = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    command = ["sh", "-c", 'ulimit -n 32; exec "$@"', "sh", *COMMAND]
    with sidecar("--voices-dir", str(tmp_path), command=command, env=ascii) as server:
        assert server.speak("Hello.", seed=1, maxFrames=2).chunks
        assert server.shutdown() == 0
    assert list(tmp_path.iterdir()) == [new]


@pytest.mark.parametrize("number", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_a_signal_is_an_orderly_end(number: str) -> None:
    """Every request is answered, and the last line on stderr says what came."""
    speech = {"text": "A long text. " * 50, "seed": 1}
    with sidecar() as server:
        ids = [
            server.request("speech/synthesize", {**speech, "partialResultToken": token})
            for token in range(6)
        ]
        server.next_progress(0)
        server.process.send_signal(getattr(signal, number))
        code = server.wait_exit()[0]
        assert code == 128 + getattr(signal, number)
        answers = {m["id"]: m["error"]["code"] for m in server.rest() if "id" in m}
        assert answers == dict.fromkeys(ids, -32800)
        *_, last = server.whole_log().splitlines()
    assert f"{number} has come. Ending the process with code {code}." in last


def test_a_hang_up_is_ignored_where_the_parent_ignores_it() -> None:
    """nohup starts a program so."""
    command = ["sh", "-c", 'trap "" HUP; exec "$@"', "sh", *COMMAND]
    with sidecar(command=command) as server:
        server.process.send_signal(signal.SIGHUP)
        server.call("ping")
        assert server.shutdown() == 0


def test_a_stdout_that_nobody_reads_any_more_is_noticed_while_idle() -> None:
    def attempt() -> None:
        server = Sidecar("--log-level", "info")
        try:
            server.initialize()
            server.call("model/load", {})
            stdout = server.process.stdout
            assert stdout
            server.stall()
            server.request("ping")
            server.next_message()  # the thread that reads waits behind it
            stdout.close()
            code, seconds = server.wait_exit()
            server.resume()
            assert code == 0
            assert "The client has closed stdout." in server.whole_log().splitlines()[-1]
            if seconds > 2:
                raise TooLate(f"noticed after {seconds:.1f} s")
        finally:
            server.kill()

    in_time(attempt)


def test_what_was_sent_before_a_signal_is_answered() -> None:
    """Although the reader is busy with a message when the signal comes."""
    with sidecar() as server:
        with server.together():
            server.send_raw(frame({"jsonrpc": "2.0", "method": "x", "params": ["x" * 15_000_000]}))
            ids = [server.request("model/list", {}) for _ in range(200)]
        server.process.send_signal(signal.SIGTERM)
        assert server.wait_exit()[0] == 143
        assert sorted(m["id"] for m in server.rest() if "id" in m) == ids


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not keep to ulimit -v")
def test_too_little_address_space_is_an_error_and_no_hang() -> None:
    """OpenBLAS looks for its buffer for ever, and MLX's thread crashes, where there is none."""
    outcomes: list[str] = []
    for mebibytes in (1000, 1150, 1250):
        command = ["sh", "-c", f'ulimit -v {mebibytes * 1024}; exec "$@"', "sh", *COMMAND]
        with sidecar(command=command) as server:
            try:
                server.call("model/load", {"model": "tiny-voice"})
                outcomes.append("loaded")
            except RpcError as error:
                outcomes.append(error.type)
            assert server.shutdown() == 0
    assert outcomes[0] == "outOfMemory"
    assert set(outcomes) <= {"outOfMemory", "loaded"}
