"""Text streams that send nothing do not keep others out, over real pipes."""

from __future__ import annotations

import time
from typing import Any

import pytest

from sidecar.limits import MAX_QUEUED, MAX_STREAMS
from tests.support.harness import TIMEOUT, RpcError, sidecar


@pytest.mark.hosts  # it waits for several seconds; tests/engine/test_starved.py has the rules
def test_silent_streams_give_their_places_up() -> None:
    every = MAX_STREAMS + MAX_QUEUED
    with sidecar() as server:
        server.speak("Loaded.", seed=1, maxFrames=2)
        silent = {"text": "", "moreText": True}
        with server.together():
            for token in range(every):
                server.request("speech/synthesize", {**silent, "partialResultToken": token})
        # Another silent one has no better claim. The message says who holds the places.
        deadline = time.monotonic() + TIMEOUT
        while True:
            with pytest.raises(RpcError, match="at capacity") as caught:
                server.call("speech/synthesize", {**silent, "partialResultToken": "late"})
            if f"{every} of them for their clients" in caught.value.message:
                break
            assert time.monotonic() < deadline
        params = {"text": "I have text.", "seed": 1, "maxFrames": 2}
        assert server.call("speech/synthesize", params)["frames"] == 2
        errors = [message["error"] for message in server.others() if "error" in message]
        assert [error["data"]["type"] for error in errors] == ["textTimeout"]
        assert "needed the place" in errors[0]["message"]


@pytest.mark.hosts  # 72 streams have to speak a sentence first
def test_a_thousand_streams_with_text_keep_nobody_out() -> None:
    """Each has a sentence, and the beginning of another that never goes on."""
    with sidecar() as server:
        server.speak("Loaded.", seed=1, maxFrames=2)
        begun = {"text": "Hi. And", "moreText": True}
        with server.together():
            ids = [
                server.request("speech/synthesize", {**begun, "partialResultToken": token})
                for token in range(1000)
            ]
        params = {"text": "I have text.", "seed": 1, "maxFrames": 2}
        refusals: set[str] = set()
        result: Any = None
        deadline = time.monotonic() + 300
        while result is None and time.monotonic() < deadline:
            try:
                result = server.call("speech/synthesize", params)
            except RpcError as error:
                refusals.add(error.type)
        assert result is not None
        assert result["frames"] == 2
        assert refusals <= {"queueFull"}
        answers = {m["id"]: m for m in server.others() if "id" in m}
        types = {m["error"]["data"]["type"] for id, m in answers.items() if id in ids}
        assert types <= {"queueFull", "textTimeout"}
        assert sum(id in answers for id in ids) >= 1000 - MAX_STREAMS - MAX_QUEUED
        assert server.call("ping") is not None
