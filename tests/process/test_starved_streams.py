"""Text streams that send nothing do not keep others out, over real pipes."""

from __future__ import annotations

import time

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
