"""`say` is interrupted while it works, or its disk is full: what it leaves, and what it says."""

from __future__ import annotations

import os
import re
import resource
import select
import signal
import subprocess
import time
from pathlib import Path

import pytest
import soundfile

from tests.support.command import COMMAND, run

TIMEOUT = 120.0
HOSTS = pytest.mark.hosts
WITH_EACH_CHANGE = [("wav", "SIGINT"), ("flac", "SIGTERM"), ("mp3", "SIGHUP"), ("opus", "SIGTERM")]


def started(tmp_path: Path, *args: str, stdout: int = subprocess.PIPE) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*COMMAND, "say", "-", *args],
        stdin=subprocess.PIPE,
        stdout=stdout,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def interrupt(process: subprocess.Popen[bytes], number: int = signal.SIGINT) -> str:
    process.send_signal(number)
    _, said = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 128 + number
    assert b"Traceback" not in said
    return said.decode()


INTERRUPTIONS = [
    pytest.param(
        form,
        getattr(signal, name),
        id=f"{form}-{name}",
        marks=() if (form, name) in WITH_EACH_CHANGE else HOSTS,
    )
    for form in ("wav", "flac", "mp3", "opus")
    for name in ("SIGINT", "SIGTERM", "SIGHUP")
]


@pytest.mark.parametrize(("form", "number"), INTERRUPTIONS)
def test_an_interruption_leaves_a_valid_file_and_says_so(
    tmp_path: Path, form: str, number: int
) -> None:
    process = started(tmp_path, "-o", f"a.{form}", "--srt", "a.srt", "--seed", "3")
    assert process.stdin
    process.stdin.write(b"Hello there. And this is")
    process.stdin.flush()
    deadline = time.monotonic() + TIMEOUT
    audio = tmp_path / f"a.{form}"
    while not audio.exists() or audio.stat().st_size < 3_000:
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.01)
    said = interrupt(process, number)
    assert (told := re.search(r"only the first (\S+) s were written", said))
    assert f"interrupted: a.{form}, a.srt: {told[0]}.\n" in said
    samples, rate = soundfile.read(audio)
    assert abs(len(samples) / rate - float(told[1])) < 0.2  # an encoder may pad its last block
    if form == "wav":
        assert int.from_bytes(audio.read_bytes()[4:8], "little") == audio.stat().st_size - 8
    assert "Hello there." in (tmp_path / "a.srt").read_text()


def test_an_interruption_does_not_wait_for_a_program_that_reads_nothing(tmp_path: Path) -> None:
    reads, writes = os.pipe()
    text = "A text with more audio than a pipe can hold. " * 20
    process = started(tmp_path, "-o", "-", "--format", "flac", stdout=writes)
    try:
        assert process.stdin
        process.stdin.write(text.encode())
        process.stdin.flush()
        deadline = time.monotonic() + TIMEOUT
        while select.select([], [writes], [], 0)[1]:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        said = interrupt(process, signal.SIGTERM)
    finally:
        os.close(reads)
        os.close(writes)
    assert "error: stdout was not read, so its end is missing.\n" in said


@pytest.mark.parametrize("form", ["flac", *(pytest.param(f, marks=HOSTS) for f in ("mp3", "opus"))])
def test_a_full_disk_leaves_no_file_and_is_named(tmp_path: Path, form: str) -> None:
    """The largest size that a file may have stands in for the size of the disk."""
    done = run(
        *("say", "A text with more audio than fits. " * 3, "--seed", "3", "-o", f"a.{form}"),
        cwd=tmp_path,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000)),
    )
    assert done.returncode == 1
    assert f"error: a.{form} cannot be written: the file has reached the largest" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_interruption_while_loading_writes_nothing(tmp_path: Path) -> None:
    process = started(tmp_path, "-o", "a.wav", "--srt", "a.srt")
    assert process.stderr
    assert process.stderr.readline().decode() == "loading tiny-voice …\n"
    assert "interrupted: Nothing was written.\n" in interrupt(process)
    assert list(tmp_path.iterdir()) == []
