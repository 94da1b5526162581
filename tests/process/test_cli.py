from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

from tests.support.command import COMMAND, run
from tests.support.harness import frame, sidecar

INTERRUPTING = """
import os, time
os.kill(os.getpid(), 2)
time.sleep(60)
"""


def test_say_writes_a_wav_file_and_says_how_fast_it_was(tmp_path: Path) -> None:
    output = tmp_path / "hello.wav"
    done = run("say", "Hello there.", "-o", str(output), "--seed", "3")
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    audio, rate = soundfile.read(output)
    assert rate == 24000
    assert 0.4 < len(audio) / rate < 6
    assert (audio**2).mean() ** 0.5 > 0.01
    for word in ("first audio after", "real-time factor", "seed 3", "hello.wav"):
        assert word in done.stderr


def test_say_reads_stdin_and_the_seed_repeats(tmp_path: Path) -> None:
    one, two = tmp_path / "1.wav", tmp_path / "2.wav"
    assert run("say", "Hello there.", "-o", str(one), "--seed", "3").returncode == 0
    assert run("say", "-", "-o", str(two), "--seed", "3", input="Hello there.").returncode == 0
    assert one.read_bytes() == two.read_bytes()


def test_say_writes_captions(tmp_path: Path) -> None:
    output, captions = tmp_path / "said.wav", tmp_path / "said.srt"
    text = "Hello there, my **friend**.\n\nThis is the end."
    done = run("say", "-", "-o", str(output), "--srt", str(captions), "--seed", "3", input=text)
    assert done.returncode == 0, done.stderr
    first, second = captions.read_text("utf-8").split("\n\n")
    assert re.fullmatch(r"1\n00:00:00,000 --> 00:00:0\d,\d{3}\nHello there, my friend\.", first)
    end = f"{soundfile.info(output).duration:06.3f}".replace(".", ",")
    assert re.fullmatch(rf"2\n00:00:0\d,\d{{3}} --> 00:00:{end}\nThis is the end\.\n", second)


def test_captions_that_cannot_be_written_are_refused_before_anything_is_spoken(
    tmp_path: Path,
) -> None:
    output = tmp_path / "said.wav"
    done = run("say", "Hello.", "-o", str(output), "--srt", str(tmp_path))
    assert done.returncode == 1
    assert str(tmp_path) in done.stderr
    assert "Traceback" not in done.stderr
    assert not output.exists()


def test_say_explains_what_is_wrong() -> None:
    done = run("say", "Hello.", "--voice", "nobody")
    assert done.returncode == 1
    assert "Unknown voice 'nobody'. Known: slt, rms." in done.stderr
    assert "Traceback" not in done.stderr
    unknown = run("say", "Hello.", "--model", "0.6b-custmvoice")
    assert unknown.returncode == 1
    assert unknown.stderr.startswith(
        "error: Unknown model '0.6b-custmvoice'. Did you mean '0.6b-customvoice'?\nhint: "
    )
    assert "models list" in unknown.stderr
    assert "1.7b-base-6bit" not in unknown.stderr


def test_say_takes_tags_of_languages(tmp_path: Path) -> None:
    heard: list[bytes] = []
    for language in ("english", "en", "EN-US"):
        output = tmp_path / "said.wav"
        done = run("say", "Hello.", "--language", language, "--seed", "1", "-o", str(output))
        assert done.returncode == 0, done.stderr
        heard.append(output.read_bytes())
    assert heard[0] == heard[1] == heard[2]
    assert "Did you mean 'english'?" in run("say", "Hello.", "--language", "englisch").stderr


def test_say_reads_utf_8_only() -> None:
    done = subprocess.run(
        [*COMMAND, "say", "-"], input=b"caf\xe9", capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert b"error: stdin is not UTF-8: unexpected end of data at byte 4.\n" in done.stderr


@pytest.mark.parametrize("closed", ["<&-", ">&-"])
def test_serving_without_a_pipe_is_explained(closed: str) -> None:
    command = f'exec "{sys.executable}" -m sidecar {closed}'
    done = subprocess.run(
        ["sh", "-c", command], input=b"", capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert b"one of them is closed" in done.stderr


def test_serving_without_stderr_works() -> None:
    hello = {"protocolVersion": 1, "clientInfo": {"name": "tests"}}
    message = frame({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello})
    done = subprocess.run(
        ["sh", "-c", f'exec "{sys.executable}" -m sidecar 2>&-'],
        input=message,
        stdout=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0
    assert b'"protocolVersion":1' in done.stdout


def test_serving_a_terminal_is_refused_with_advice() -> None:
    controller, terminal = pty.openpty()
    try:
        done = subprocess.run(
            COMMAND, stdin=terminal, capture_output=True, text=True, timeout=30, check=False
        )
    finally:
        os.close(controller)
        os.close(terminal)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "qwen-tts-sidecar say" in done.stderr


def test_doctor_reports_what_it_found() -> None:
    done = run("doctor")
    assert done.returncode == 0, done.stderr
    for word in ("platform", "mlx-audio", "backend", "BLAS", "hub cache", "bundled voice"):
        assert word in done.stdout


def test_help_and_version_are_there() -> None:
    assert "say" in run("--help").stdout
    assert run("--version").stdout.startswith("qwen-tts-sidecar 0.")
    assert run("sing").returncode == 2


def test_a_spoken_file_has_the_samples_of_the_wire(tmp_path: Path) -> None:
    output = tmp_path / "same.wav"
    assert run("say", "Hello there.", "-o", str(output), "--seed", "3").returncode == 0
    with sidecar() as server:
        streamed = server.speak("Hello there.", seed=3).audio
    samples, _ = soundfile.read(output, dtype="int16")
    assert samples.tobytes() == streamed


@pytest.mark.parametrize("module", ["signal", "msgspec", "argparse", "numpy"])
def test_an_interrupt_while_modules_are_imported_has_no_traceback(
    tmp_path: Path, module: str
) -> None:
    (tmp_path / f"{module}.py").write_text(INTERRUPTING)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONSAFEPATH": "1"}
    # A shell starts a job in the background with this signal ignored, also these tests.
    done = run(
        "say",
        "Hello.",
        env=environment,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert done.returncode == 130
    assert done.stderr == "interrupted: The command did not finish.\n"


def test_nothing_else_is_imported_before_interrupts_are_handled() -> None:
    script = "import sys; before = set(sys.modules); import sidecar.cli.main; "
    script += "print(*sorted(set(sys.modules) - before))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split() == ["sidecar", "sidecar.cli", "sidecar.cli.main"]
