"""Faults inside the process: each ends the request that it belongs to, and nothing else."""

from __future__ import annotations

import base64
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from tests.support.harness import Message, RpcError, Sidecar, sidecar
from tests.support.sounds import sound, wav
from tests.support.timing import TooLate, in_time

TEXTS = ["There is nothing wrong here.", "Here is trouble, and plenty of it.", "All is well, too."]


@contextmanager
def faulty(fault: str, *args: str) -> Iterator[Sidecar]:
    command = [sys.executable, "-m", "tests.process.faulty"]
    with sidecar(*args, command=command, env={"QWEN_TTS_TEST_FAULT": fault}) as process:
        yield process


def start(server: Sidecar, text: str, token: str) -> int:
    params = {"text": text, "seed": 1, "maxFrames": 16, "chunk": {"maxFrames": 2}}
    return server.request("speech/synthesize", {**params, "partialResultToken": token})


def audio(server: Sidecar, ids: list[int]) -> tuple[list[RpcError | None], list[bytes]]:
    """Return the end of each stream, and its audio."""
    ends: list[RpcError | None] = []
    for id in ids:
        try:
            server.wait(id)
            ends.append(None)
        except RpcError as error:
            ends.append(error)
    parts: dict[str, bytes] = {}
    for message in server.others():
        token, value = message["params"]["token"], message["params"]["value"]
        if value["kind"] == "audio":
            parts[token] = parts.get(token, b"") + base64.b64decode(value["audio"])
    return ends, [parts[token] for token in sorted(parts)]


@pytest.mark.parametrize(
    ("fault", "type", "says"),
    [
        ("raise@5", "generationFailed", "a cable is loose"),
        ("memory@5", "outOfMemory", "Unable to allocate"),
        ("nan@5", "generationFailed", "not a number"),
    ],
)
def test_a_failing_stream_fails_alone(fault: str, type: str, says: str) -> None:
    with faulty(fault) as server:
        alone = [audio(server, [start(server, text, "a")])[1][0] for text in TEXTS[::2]]
        ids = [start(server, text, token) for text, token in zip(TEXTS, "abc", strict=True)]
        ends, heard = audio(server, ids)
        assert ends[0] is ends[2] is None
        assert ends[1] is not None
        assert (ends[1].type, says in ends[1].message) == (type, True), ends[1].message
        assert ends[1].data["hint"]
        assert len(heard[1]) <= 5 * 3840
        assert [heard[0], heard[2]] == alone
        assert audio(server, [start(server, TEXTS[0], "a")])[1] == alone[:1]
        assert server.shutdown() == 0


def test_a_hang_is_reported_and_ends_the_process() -> None:
    """Both at once, since most of the time is waiting."""
    hangs = {"hang@3": "generating speech", "hang@load": "loading model"}
    with ThreadPoolExecutor() as pool:
        waiting = [pool.submit(in_time, partial(hang, *one)) for one in hangs.items()]
    for one in waiting:
        one.result()


def stalled(server: Sidecar, task: str) -> Message:
    """Return what `server/status` reports of the hang; it must do so before the process ends."""
    try:
        while True:
            engine = server.call("server/status")["engine"]
            if engine["state"] == "stalled" and task in engine["task"]:
                return engine
    except (AssertionError, BrokenPipeError):
        if server.wait_exit()[0] != 70:
            raise
        raise TooLate(f"no status showed the stall while {task}\n{server.whole_log()}") from None


def hang(fault: str, task: str) -> None:
    # The limit is long enough that a load on a busy machine is rarely taken for a hang.
    with faulty(fault, "--watchdog", "8") as server:
        hung, beside = start(server, TEXTS[1], "hung"), start(server, TEXTS[0], "beside")
        engine = stalled(server, task)
        assert engine["elapsedMs"] >= 4000
        for id in (hung, beside):
            with pytest.raises(RpcError) as caught:
                server.wait(id)
            assert (caught.value.code, caught.value.type) == (1012, "engineStalled")
            assert task in caught.value.message
        assert server.wait_exit()[0] == 70
        *trace, last = server.whole_log().splitlines()
    assert any("faulty.py" in line and "hang" in line for line in trace)
    assert f"The engine has hung for 8 s while {task}" in last
    assert "Ending the process with code 70" in last


def test_a_hung_process_still_ends_when_its_client_does() -> None:
    with faulty("hang@3", "--watchdog", "0") as server:
        id = start(server, TEXTS[1], "hung")
        server.next_progress("hung")
        server.notify("$/cancelRequest", {"id": id})
        server.close_stdin()
        assert server.wait_exit()[0] == 0
        with pytest.raises(RpcError, match="-32800"):
            server.wait(id)


@pytest.mark.parametrize("end", ["cancel", "exit"])
def test_a_voice_on_a_slow_disk_is_saved_or_its_request_cancelled_and_never_both(
    golden: Path, tmp_path: Path, end: str
) -> None:
    voices, pipe = tmp_path / "voices", tmp_path / "disk"
    for name in (pipe, Path(f"{pipe}.began")):
        os.mkfifo(name)
    command = [sys.executable, "-m", "tests.process.faulty", "--voices-dir", str(voices)]
    env = {"QWEN_TTS_TEST_FAULT": "slow@disk", "QWEN_TTS_TEST_DISK": str(pipe)}
    params = {"voice": "anna", "model": str(golden / "base"), "reference": {"audio": wav(sound())}}
    with sidecar(command=command, env=env) as server:
        id = server.request("voice/create", params)
        with open(f"{pipe}.began", "rb") as began:  # waits until the process opens it to write
            began.read(1)
        if end == "cancel":
            server.notify("$/cancelRequest", {"id": id})
        else:
            server.notify("exit")
        with pytest.raises(RpcError) as caught:
            server.wait(id)  # though the disk goes on taking its time
        assert caught.value.type == "cancelled"
        if end == "cancel":
            pipe.write_bytes(b"go")
            assert server.call("voice/list")["voices"][-1]["kind"] == "preset"
            assert server.shutdown() == 0
        else:
            assert server.wait_exit()[0] == 1
    assert not (voices / "anna.safetensors").exists()
