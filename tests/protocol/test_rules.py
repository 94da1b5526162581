"""The rules of protocol/vectors/README.md, where a test needs more than a conversation: other
processes, a reader that stalls, the process's memory. The number of the rule is in the name."""

from __future__ import annotations

import base64
import os
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.protocol.vectors import vectors
from tests.support.harness import ROOT, RpcError, Sidecar, frame, read_frame, sidecar
from tests.support.timing import TooLate, in_time

HANDSHAKE = {"protocolVersion": 1, "clientInfo": {"name": "tests"}}
HELLO = frame({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": HANDSHAKE})
LONG = "He finished reading the long letter, folded it carefully, and put it back in the box. "
linux = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads Linux's /proc")


def test_every_rule_is_tested() -> None:
    covered = {rule for vector in vectors() for rule in vector.header.get("rules", [])}
    tests = (file.read_text() for file in (ROOT / "tests").rglob("test_*.py"))
    covered |= {
        int(number) for text in tests for number in re.findall(r"def test_rule_(\d+)", text)
    }
    # 20 is for clients; clients/typescript tests it.
    assert covered >= {*range(1, 20), 21}


def speaking(server: Sidecar, text: str = LONG * 3) -> int:
    """Starts a stream and returns its id once audio flows."""
    id = server.request(
        "speech/synthesize", {"text": text, "partialResultToken": "s", "chunk": {"maxFrames": 1}}
    )
    server.next_progress("s")
    server.next_progress("s")
    return id


# --- stdout ----------------------------------------------------------------------------------


def test_rule_01_only_frames_reach_stdout_whatever_prints() -> None:
    """The harness fails on the first byte that is not a frame."""
    noisy = [sys.executable, "-m", "tests.protocol.noisy"]
    with sidecar(command=noisy) as server:
        speech = server.speak("One two three.", seed=1, maxFrames=8)
        assert server.shutdown() == 0
        assert server.rest() == []
        log = server.whole_log()
    assert speech.result["frames"] == 8
    for noise in ("python print", "python write", "first stdout", "write to fd 1", "C puts",
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
    """The outbox is full, so stdin is not read any more; its end must be seen all the same."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sidecar"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with process:
        assert process.stdin
        pings = b"".join(
            frame({"jsonrpc": "2.0", "id": i, "method": "ping"}) for i in range(1, 80_000)
        )
        stream = memoryview(HELLO + pings)
        os.set_blocking(process.stdin.fileno(), False)
        while stream and select.select([], [process.stdin], [], 2.0)[1]:
            stream = stream[os.write(process.stdin.fileno(), stream) :]
        assert stream, "stdin was read to its end although nobody read the answers"
        process.stdin.close()
        assert process.wait(15) == 0


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


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="waits for another's child by pidfd_open")
def test_rule_03_it_does_not_outlive_a_parent_that_is_killed() -> None:
    """A sibling holds the pipes open, so there is no end of stdin to notice."""
    in_time(kill_a_parent)


def kill_a_parent() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, HELLO.decode()],
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
    """Its reader is slow, and has only taken the header by then."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sidecar"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
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


# --- much ------------------------------------------------------------------------------------


def test_rule_18_a_thousand_requests_in_one_write(server: Sidecar) -> None:
    """Eight are spoken and 64 wait; each of the others is refused, with what to do about it."""
    ids = [f"many-{i}" for i in range(1000)]
    server._methods.update(dict.fromkeys(ids, "speech/synthesize"))
    request = {"jsonrpc": "2.0", "method": "speech/synthesize"}
    params = [{"text": "Yes.", "seed": i, "maxFrames": 1} for i in range(1000)]
    server.send_raw(
        b"".join(
            frame({**request, "id": id, "params": p}) for id, p in zip(ids, params, strict=True)
        )
    )
    answers = [server.next_message() or {} for _ in ids]
    assert sorted(answer["id"] for answer in answers) == sorted(ids)
    refused = [answer["error"] for answer in answers if "error" in answer]
    assert {(error["code"], error["data"]["type"]) for error in refused} == {(1008, "queueFull")}
    assert all("again" in error["data"]["hint"] for error in refused)
    assert len(refused) <= 1000 - 72


def test_rule_11_a_message_of_the_largest_size_is_read(server: Sidecar) -> None:
    limit = server.initialized["capabilities"]["limits"]["maxMessageBytes"]
    before, after = (
        b'{"jsonrpc":"2.0","id":"big","method":"speech/synthesize","params":{"text":"',
        b'"}}',
    )
    body = before + b"x" * (limit - len(before) - len(after)) + after
    server._methods["big"] = "speech/synthesize"
    server.send_raw(frame(body))
    with pytest.raises(RpcError) as caught:
        server.wait("big")
    assert caught.value.type == "textTooLong"
    assert len(caught.value.message) < 200


def head_of_a_long_message(id: str, length: int) -> bytes:
    """A header and the beginning of a request; `length` bytes of text and `"}}` are to follow."""
    start = b'{"jsonrpc":"2.0","id":"%b","method":"speech/synthesize","params":{"text":"' % (
        id.encode()
    )
    return b"Content-Length: %d\r\n\r\n%b" % (len(start) + length + 3, start)


def test_rule_21_a_message_over_the_limit_harms_no_stream(server: Sidecar) -> None:
    """300 MB go by while somebody is spoken to: not one sample is another one."""
    speech = {"seed": 5, "encoding": "pcm_f32le", "maxFrames": 80}
    alone = server.speak(LONG * 2, **speech)
    params = {"text": LONG * 2, "moreText": True, "partialResultToken": "s", **speech}
    id = server.request("speech/synthesize", params)
    megabyte = b"x" * 1_000_000
    server.send_raw(head_of_a_long_message("long", 300 * len(megabyte)))
    for _ in range(300):
        server.send_raw(megabyte)
    server.send_raw(b'"}}')
    with pytest.raises(RpcError) as caught:
        server.wait("long")
    assert (caught.value.code, caught.value.type) == (-32600, "messageTooLong")
    limit = server.initialized["capabilities"]["limits"]["maxMessageBytes"]
    assert (
        caught.value.data["limitBytes"] == limit < 300_000_000 < caught.value.data["messageBytes"]
    )
    server.notify("speech/endText", {"token": "s"})
    assert server.heard(id, "s").audio == alone.audio


@linux
def test_rule_21_a_message_over_the_limit_takes_no_memory() -> None:
    with sidecar() as server:
        server.call("model/load", {"model": "tiny-voice"})  # MLX has been imported by then
        before = memory(server)
        megabyte = b"x" * 1_000_000
        server.send_raw(head_of_a_long_message("long", 200 * len(megabyte)))
        for _ in range(199):
            server.send_raw(megabyte)
        assert memory(server) - before < 30_000_000
        server.send_raw(megabyte + b'"}}')
        with pytest.raises(RpcError, match="-32600"):
            server.wait("long")
        assert memory(server) - before < 30_000_000


# --- a reader that stalls --------------------------------------------------------------------


def memory(server: Sidecar) -> int:
    """Bytes of the process that are in memory."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    match = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert match
    return int(match[1]) * 1024


def computed(server: Sidecar) -> int:
    """Clock ticks that the process has computed for."""
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def wait_until_idle(server: Sidecar, least: float) -> None:
    """Until it has computed next to nothing for a second, and `least` seconds have gone by."""
    begin = time.monotonic()
    while True:
        ticks = computed(server)
        time.sleep(1)  # nothing to wait for: that nothing happens is what is looked for
        if computed(server) - ticks <= 3 and time.monotonic() - begin >= least:
            return
        assert time.monotonic() - begin < 240, "it goes on although nobody reads"


@linux
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_rule_16_a_stalled_reader_holds_up_eight_streams_and_harms_none(server: Sidecar) -> None:
    def start(index: int) -> int:
        params = {"text": LONG * 2, "seed": index, "maxFrames": 100, "chunk": {"maxFrames": 6}}
        return server.request("speech/synthesize", {**params, "partialResultToken": index})

    alone = server.speak(LONG * 2, seed=2, maxFrames=100)
    before = memory(server)
    with server.together():
        ids = [start(index) for index in range(8)]
    server.next_progress(0)
    server.stall()
    wait_until_idle(server, 10)
    # The libraries of the normaliser are loaded meanwhile, and take 40 MB.
    assert memory(server) - before < 160_000_000
    server.notify("$/cancelRequest", {"id": ids[0]})
    ping = server.request("ping")
    server.resume()
    with pytest.raises(RpcError, match="-32800"):
        server.wait(ids[0])
    assert server.wait(ping)["uptimeMs"] > 10_000
    results = [server.wait(id) for id in ids[1:]]
    chunks = [m["params"] for m in server.others()]
    chunks = [c for c in chunks if c["value"]["kind"] == "audio"]
    for index, result in enumerate(results, start=1):
        mine = [c["value"] for c in chunks if c["token"] == index]
        assert [c["seq"] for c in mine] == list(range(len(mine)))
        assert sum(c["samples"] for c in mine) == result["samples"]
        if index == 2:
            heard = b"".join(base64.b64decode(c["audio"]) for c in mine)
            assert heard == alone.audio
