"""A replica that relays to mlx-audio's own server, with the bundled checkpoint."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2 as httpx
import pytest

from sidecar.models.catalog import BUNDLED_PATH
from tests.cluster.door.serving import KEY, Door, door
from tests.support.installing import python
from tests.support.processes import eventually

# Its first speech takes 3 s of a calm core, and most of a minute of a busy one.
pytestmark = [pytest.mark.hosts, pytest.mark.timeout(900)]
HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the URL of the server."""
    folder = tmp_path_factory.mktemp("mlx-audio")
    environment = python(HERE.parent / "mlx_audio" / "requirements.txt").parents[1]
    (packages,) = environment.glob("lib/python*/site-packages")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = ["--host", "127.0.0.1", "--port", str(port)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, HERE / "mlx_audio_server.py", *options, "--log-dir", str(folder)],
            env={**os.environ, "PYTHONPATH": str(packages)},
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            url = f"http://127.0.0.1:{port}/v1"
            eventually("mlx-audio's server answers", lambda: _answers(url, process))
            yield url
        finally:
            process.kill()
            process.wait()


def _answers(url: str, process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, "mlx-audio's server has ended"
    try:
        return httpx.get(f"{url}/models").status_code == 200
    except httpx.HTTPError:
        return False


@pytest.fixture(scope="module")
def relay(elsewhere: str) -> Iterator[Door]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QWEN_TTS_CLUSTER_KEY", KEY)
        openai = {
            "baseUrl": elsewhere,
            "model": str(BUNDLED_PATH),
            "voice": "slt",
            "format": "wav",
            "fields": {"stream": True, "lang_code": "english", "temperature": 0},
            "maxStreams": 1,
            "silenceSeconds": 300,
        }
        with door(backend={"openai": openai}) as opened:
            yield opened


def test_speech_from_elsewhere_in_every_format(relay: Door) -> None:
    starts = {"pcm": b"", "wav": b"RIFF", "mp3": b"\xff", "opus": b"OggS", "flac": b"fLaC"}
    for name, start in starts.items():
        body = {"input": "Hi.", "voice": None, "response_format": name}
        response = relay.ask(body, timeout=600)
        assert response.status_code == 200, response.text
        assert response.content.startswith(start)
        assert len(response.content) > 1000, name


def test_what_is_wrong_elsewhere_is_told_in_this_form(relay: Door) -> None:
    for body, status, code in [
        ({"seed": 3}, 400, "unsupported"),
        ({"model": "/no/such/model"}, 500, "generation_failed"),
        ({"response_format": "aac"}, 400, "unsupported_format"),
    ]:
        response = relay.ask(body, timeout=600)
        assert (response.status_code, response.json()["error"]["code"]) == (status, code)


def test_leaving_ends_the_request_elsewhere(relay: Door) -> None:
    with pytest.raises(httpx.ReadTimeout):
        relay.ask({"input": "Nobody hears this sentence. " * 20, "voice": None}, timeout=0.5)
    eventually("its turn is over", lambda: _streams(relay) == 0)


def _streams(relay: Door) -> int:
    return relay.http.get("/health").json()["streams"]
