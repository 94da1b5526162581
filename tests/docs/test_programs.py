"""The programs of quick starts and recipes, each saved and run in a folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import wave
from pathlib import Path

import pytest

from docs.site.pages import ROOT
from tests.clients.package import PACKAGE
from tests.docs.blocks import blocks, named
from tests.docs.fake_openai import serving
from tests.support import installing

pytestmark = [pytest.mark.hosts, pytest.mark.timeout(600)]

SIDECAR = Path(sys.executable).with_name("qwen-tts-sidecar")
BUN = PACKAGE / "node_modules" / ".bin" / "bun"
HOSTS = ROOT / "tests" / "clients" / "hosts"
# A program that plays what it reads from its stdin, for machines without a sound card.
FFPLAY = """#!/bin/sh
cat > played.pcm
"""
SOUNDDEVICE = '''"""A stand-in for the package, for machines without a sound card."""
from pathlib import Path

class RawOutputStream:
    def __init__(self, samplerate: int, channels: int, dtype: str) -> None:
        assert (samplerate, channels, dtype) == (24000, 1, "int16")

    def __enter__(self):
        self.file = Path("played.pcm").open("wb")
        return self

    def __exit__(self, *_):
        self.file.close()

    def write(self, audio: bytes) -> None:
        self.file.write(audio)
'''


def run(folder: Path, *command: str | Path, **variables: str) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "QWEN_TTS_SIDECAR": str(SIDECAR), **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    return done.stdout


def save(folder: Path, page: str, title: str) -> str:
    (folder / title).write_text(named(page, title), "utf-8")
    return title


def spoken_seconds(file: Path) -> float:
    with wave.open(str(file)) as wav:
        assert (wav.getframerate(), wav.getnchannels(), wav.getsampwidth()) == (24000, 1, 2)
        return wav.getnframes() / wav.getframerate()


@pytest.fixture
def project(tmp_path: Path, typescript: Path) -> Path:
    """Return a folder in which the TypeScript client is installed, and nothing else."""
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "qwen-tts-sidecar").symlink_to(typescript)
    return tmp_path


def test_node(project: Path) -> None:
    program = save(project, "docs/quickstart/node.md", "hello.mjs")
    assert run(project, "node", program).startswith("hello.wav has ")
    assert 0.5 < spoken_seconds(project / "hello.wav") < 4


def test_bun(project: Path) -> None:
    program = save(project, "docs/quickstart/bun.md", "hello.ts")
    assert run(project, BUN, program).startswith("hello.wav has ")
    assert 0.5 < spoken_seconds(project / "hello.wav") < 4


def test_python(tmp_path: Path) -> None:
    program = save(tmp_path, "docs/quickstart/python.md", "hello.py")
    assert run(tmp_path, sys.executable, program).startswith("hello.wav has ")
    assert 0.5 < spoken_seconds(tmp_path / "hello.wav") < 4


def test_any_language(tmp_path: Path) -> None:
    program = save(tmp_path, "docs/quickstart/any-language.md", "speak.py")
    assert run(tmp_path, sys.executable, "-I", program) == ""
    assert 0.5 < spoken_seconds(tmp_path / "hello.wav") < 4


def test_a_player_gets_all_of_the_speech(project: Path) -> None:
    player = project / "bin" / "ffplay"
    player.parent.mkdir()
    player.write_text(FFPLAY)
    player.chmod(0o755)
    program = save(project, "docs/cookbook/play-audio.md", "play.ts")
    run(project, BUN, program, PATH=f"{player.parent}:{os.environ['PATH']}")
    assert 1 < len((project / "played.pcm").read_bytes()) / 48000 < 6


def test_sounddevice_gets_all_of_the_speech(tmp_path: Path) -> None:
    (tmp_path / "sounddevice.py").write_text(SOUNDDEVICE)
    program = save(tmp_path, "docs/cookbook/play-audio.md", "play.py")
    run(tmp_path, sys.executable, program)
    assert 1 < len((tmp_path / "played.pcm").read_bytes()) / 48000 < 6


def test_captions_in_python(tmp_path: Path) -> None:
    page = "docs/cookbook/captions.md"
    [program] = [one.code for one in blocks() if one.page == page and one.language == "python"]
    run(tmp_path, sys.executable, "-c", program)
    assert "How are you today?" in (tmp_path / "hello.srt").read_text("utf-8")
    assert (tmp_path / "hello.vtt").read_text("utf-8").startswith("WEBVTT")
    assert (tmp_path / "hello.mp3").stat().st_size > 5000


@pytest.mark.parametrize("program", ["openai.ts", "ai.ts"])
def test_a_language_model_in_typescript(project: Path, program: str) -> None:
    modules = project / "node_modules"
    installing.npm(HOSTS)
    (modules / "openai").symlink_to(PACKAGE / "node_modules" / "openai")
    (modules / "ai").symlink_to(HOSTS / "node_modules" / "ai")
    (modules / "@ai-sdk").symlink_to(HOSTS / "node_modules" / "@ai-sdk")
    save(project, "docs/cookbook/language-models.md", program)
    with serving() as url:
        said = run(project, BUN, program, OPENAI_BASE_URL=url, OPENAI_API_KEY="none")
    assert program == "ai.ts" or said.splitlines() == ["The sky is blue.", "Air scatters it."]
    assert 1 < spoken_seconds(project / "answer.wav") < 6


def test_a_language_model_in_python(tmp_path: Path) -> None:
    python = installing.python(ROOT / "tests" / "docs" / "requirements.txt")
    program = save(tmp_path, "docs/cookbook/language-models.md", "openai_answer.py")
    # That environment has the package `openai`; the client and msgspec are the project's own.
    own = next(Path(sys.executable).parents[1].glob("lib/python*/site-packages"))
    paths = (
        f"{ROOT / 'clients' / 'python'}:{next(python.parents[1].glob('lib/python*/site-packages'))}"
    )
    with serving() as url:
        run(
            tmp_path,
            python,
            program,
            OPENAI_BASE_URL=url,
            OPENAI_API_KEY="none",
            PYTHONPATH=f"{paths}:{own}",
        )
    assert 1 < spoken_seconds(tmp_path / "answer.wav") < 6
