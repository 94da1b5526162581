"""Credit: streams whose client takes no more audio, beside others, in one process."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.harness import Sidecar, sidecar

TEXT = "One two three. Four five six."


@pytest.fixture(scope="module")
def server() -> Iterator[Sidecar]:
    with sidecar() as server:
        yield server


def heard_on_credit(server: Sidecar, grants_exactly: bool, **params: Any) -> tuple[bytes, float]:
    """Return the audio of a stream whose credit is renewed when it is spent, and its overrun.

    The overrun is the most milliseconds that were sent beyond the credit.
    """
    granted = sent = overrun = 0.0
    rate, audio = 0, b""
    request = {"text": TEXT, "seed": 5, "partialResultToken": "c", "creditMs": 0, **params}
    id = server.request("speech/synthesize", request)
    while True:
        if granted <= sent:
            more = sent - granted + (1 if grants_exactly else 100)
            granted += more
            server.notify("speech/grantCredit", {"token": "c", "ms": more})
        message = server.next_message()
        assert message is not None
        if message.get("id") == id:
            assert message["result"]["samples"] == round(sent * rate / 1000)
            return audio, overrun
        value = message["params"]["value"]
        if value["kind"] == "audio":
            rate = value.get("sampleRate", rate)
            sent += value["samples"] / rate * 1000
            overrun = max(overrun, sent - granted)
            audio += base64.b64decode(value["audio"])


CASES: tuple[dict[str, Any], ...] = (
    {"chunk": {"firstFrames": 1, "maxFrames": 2}},
    {"encoding": "ogg_opus", "speed": 0.5},
    {"encoding": "mp3", "sampleRate": 48000},
)


@pytest.mark.parametrize("params", CASES, ids=["chunks", "opus", "mp3"])
def test_credit_changes_no_byte_and_a_stream_that_gets_what_it_asks_for_ends(
    server: Sidecar, params: dict[str, Any]
) -> None:
    """Each grant allows one millisecond more than was sent; an encoder that keeps some goes on."""
    whole = server.speak(TEXT, seed=5, **params)
    audio, _ = heard_on_credit(server, grants_exactly=True, **params)
    assert len(audio) == len(whole.audio)
    if params.get("encoding") != "ogg_opus":  # each file of that has a random serial number
        assert audio == whole.audio


def test_a_stream_exceeds_its_credit_by_a_chunk_at_most(server: Sidecar) -> None:
    chunk = {"firstFrames": 2, "maxFrames": 2}
    _, overrun = heard_on_credit(server, grants_exactly=False, chunk=chunk)
    assert (
        0 < overrun <= 160 + 100
    )  # a chunk, or the pause between the sentences and a chunk's rest


def test_streams_without_credit_keep_nobody_from_speaking(server: Sidecar) -> None:
    """They are more than may speak at a time; each has begun, and waits for its client."""
    stalled = [
        server.request(
            "speech/synthesize",
            {"text": TEXT, "creditMs": 0, "maxFrames": 4, "partialResultToken": token},
        )
        for token in range(9)
    ]
    assert server.speak(TEXT, seed=5, maxFrames=20).result["frames"] == 20
    streams = server.call("server/status")["streams"]
    assert len(streams) == 9
    assert {(stream["waitsFor"], stream["audioMs"]) for stream in streams} == {("credit", 0)}
    server.notify("$/cancelRequest", {"id": stalled[0]})
    for token in range(1, 9):
        server.notify("speech/grantCredit", {"token": token, "ms": 1000})
    for id in stalled[1:]:
        assert server.wait(id)["frames"] == 4
