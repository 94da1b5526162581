"""Random endings at random moments under full load: every request is answered, and nothing is half.

`QWEN_TTS_ENDINGS` is how many; 200 take some minutes.
"""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pytest

from tests.support.harness import Sidecar, sidecar

CODES = {"SIGTERM": 143, "SIGINT": 130, "SIGHUP": 129, "eof": 0, "exit": 1, "stdout": 0}
COUNT = int(os.environ.get("QWEN_TTS_ENDINGS", "24"))
LONG = "A long text to speak. " * 30


def load(server: Sidecar, chance: random.Random) -> list[int]:
    """Send requests of several kinds; return their ids."""
    ids: list[int] = []
    for token in range(12):
        if token % 4 == 0:
            ids.append(server.request("model/list", {}))
            continue
        params = {"text": LONG, "partialResultToken": token}
        if token % 4 == 1:
            params |= {"text": "Some words. And more", "moreText": True}
        else:
            params["encoding"] = chance.choice(["pcm_s16le", "flac", "ogg_opus", "mp3"])
        ids.append(server.request("speech/synthesize", params))
    return ids


def end(server: Sidecar, way: str) -> None:
    if way == "eof":
        server.close_stdin()
    elif way == "exit":
        server.notify("exit")
    elif way == "stdout":
        assert server.process.stdout
        server.process.stdout.close()
    else:
        server.process.send_signal(getattr(signal, way))


@pytest.mark.hosts  # it repeats the tests of single endings, at other moments
@pytest.mark.timeout(1800)
def test_every_ending_is_in_order(tmp_path: Path) -> None:
    chance = random.Random(1)
    for number in range(COUNT):
        way = list(CODES)[number % len(CODES)]
        with sidecar("--voices-dir", str(tmp_path)) as server:
            with server.together():
                ids = load(server, chance)
            time.sleep(chance.uniform(0.0, 1.5))  # the moment is the point
            if way == "stdout":
                server.stall()
                server.request("ping")
                server.next_message()
            end(server, way)
            assert server.wait_exit(20)[0] == CODES[way], (number, way, server.log)
            if way != "stdout":
                answered = [message["id"] for message in server.rest() if "id" in message]
                assert sorted(answered) == ids, (number, way)
                assert "Traceback" not in server.whole_log(), (number, way)
        assert list(tmp_path.iterdir()) == [], (number, way)
