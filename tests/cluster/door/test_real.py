"""OpenAI's API of a replica with the real sidecar, and relayed to a real server elsewhere."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from qwen_tts_cluster.backends.sidecar import SidecarBackend

from tests.cluster.door.serving import KEY, Door, door
from tests.support.command import COMMAND
from tests.support.installing import python
from tests.support.processes import eventually

pytestmark = [pytest.mark.hosts, pytest.mark.timeout(900)]
HOSTS = Path(__file__).parents[2] / "clients" / "hosts"
SECRET = "The parcel is under the old oak tree."


@pytest.fixture(scope="module")
def real() -> Iterator[Door]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QWEN_TTS_CLUSTER_KEY", KEY)
        settings: dict[str, Any] = {
            "backend": {"sidecar": {"command": COMMAND}},
            "http": {"unsupportedInstructions": "ignore"},
        }
        with door(**settings) as opened:
            yield opened


def test_the_python_sdk_of_openai(real: Door) -> None:
    done = subprocess.run(
        [python(HOSTS / "requirements.txt"), HOSTS / "openai_sdk.py"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        env={**os.environ, "DOOR_URL": real.url, "DOOR_KEY": KEY},
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:]


def test_word_times(real: Door) -> None:
    body = {"input": "Hello \N{GRINNING FACE} there.", "stream_format": "sse", "timing": "word"}
    text = real.ask(body).text
    events = [json.loads(line.removeprefix("data: ")) for line in text.split("\n\n") if line]
    (words,) = [event["words"] for event in events if event["type"] == "speech.words"]
    assert [(w["word"], w["textStart"]) for w in words] == [("Hello", 0), ("there", 9)]
    result = events[-1]["result"]
    assert (result["sentences"][0]["textEnd"], result["frames"]) == (
        15,
        events[-1]["usage"]["output_tokens"],
    )


def test_the_log_has_no_text(real: Door, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="qwen_tts_cluster"):
        assert real.ask({"input": SECRET}).status_code == 200
        assert real.ask({"input": SECRET, "voice": "nobody"}).status_code == 400
        eventually("both are logged", lambda: len(_lines(caplog)) == 2)
    assert [line["outcome"] for line in _lines(caplog)] == ["ok", "unknownVoice"]
    assert _lines(caplog)[0]["characters"] == len(SECRET)
    assert _lines(caplog)[0]["firstAudioMs"] >= 0
    assert "oak" not in caplog.text + str([vars(record) for record in caplog.records])


def test_a_sidecar_that_dies_cuts_the_body_and_comes_back(real: Door) -> None:
    backend = real.service.backend
    assert isinstance(backend, SidecarBackend)
    child = backend.sidecar.pid
    assert child is not None
    body = {"model": "tts-1", "voice": "alloy", "input": "Hello there. " * 40}
    with real.http.stream("POST", "/v1/audio/speech", json=body) as response:
        pieces = response.iter_raw()
        next(pieces)
        os.kill(child, signal.SIGKILL)
        with pytest.raises(httpx.RemoteProtocolError):
            list(pieces)
    assert real.ask({"input": "Hi."}).content


def _lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    records = [record for record in caplog.records if record.name == "qwen_tts_cluster.access"]
    return [vars(record)["log_fields"] for record in records]
