"""Steering a stream while it is spoken: flush, pause and resume, and what was heard at a cancel."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tests.support.harness import TIMEOUT, RpcError, Sidecar, Speech, sidecar

# The model's exact samples, and nothing between two sentences.
EXACT: dict[str, Any] = {
    "encoding": "pcm_f32le",
    "pauses": {"sentenceMs": 0, "paragraphMs": 0},
}
SMALL = {"firstFrames": 1, "maxFrames": 1}
TEXT = "One two three four five six. Seven eight."


@pytest.fixture(scope="module")
def server() -> Iterator[Sidecar]:
    with sidecar() as server:
        yield server


def collect(server: Sidecar, id: int, until: int | None = None) -> Speech:
    """Return what comes until the answer, or until a chunk of that sentence has come."""
    speech = Speech({})
    while (message := server.next_message()) is not None:
        if message.get("id") == id:
            speech.result = message["error"]["data"] if "error" in message else message["result"]
            return speech
        value = message["params"]["value"]
        if value["kind"] == "audio":
            speech.chunks.append(value)
            if until is not None and value["sentence"] == until:
                return speech
        else:
            speech.sentences.append(value)
    raise AssertionError("stdout ended")


def joined(*speeches: Speech) -> np.ndarray:
    return np.concatenate([speech.samples for speech in speeches])


@pytest.mark.parametrize("mode", ["full", "stream"])
def test_a_flush_speaks_what_there_is_as_if_the_text_had_ended(server: Sidecar, mode: str) -> None:
    """Without it, neither sentence would begin: the next word may belong to it."""
    params = {"textMode": mode, **EXACT}
    parts = ["Let me see", " now. It is five."]
    begin = {"text": "", "moreText": True, "seed": 3, "partialResultToken": "t", **params}
    id = server.request("speech/synthesize", begin)
    server.notify("speech/flush", {"token": "t"})  # nothing is there yet
    server.notify("speech/appendText", {"token": "t", "text": parts[0]})
    server.notify("speech/flush", {"token": "t"})
    first = collect(server, id, until=0)
    server.notify("speech/appendText", {"token": "t", "text": parts[1]})
    server.notify("speech/flush", {"token": "t"})
    server.notify("speech/endText", {"token": "t"})
    server.notify("speech/flush", {"token": "t"})  # too late, and no error
    rest = collect(server, id)
    speeches = [
        server.speak(part, **params, seed=seed) for part, seed in zip(parts, (3, 4), strict=True)
    ]
    assert np.array_equal(joined(first, rest), joined(*speeches))
    ends = [one["textEnd"] for one in (*first.sentences, *rest.sentences)]
    assert ends[0] == len(parts[0])
    assert ends[-1] == len("".join(parts))


def test_a_paused_stream_keeps_its_place_and_nobody_from_speaking(server: Sidecar) -> None:
    whole = server.speak(TEXT, seed=3, chunk=SMALL)
    params = {"text": TEXT, "seed": 3, "chunk": SMALL, "partialResultToken": "p"}
    id = server.request("speech/synthesize", params)
    before = collect(server, id, until=0)
    server.notify("speech/pause", {"token": "p"})
    deadline = time.monotonic() + TIMEOUT
    while [one.get("waitsFor") for one in server.call("server/status")["streams"]] != ["resume"]:
        assert time.monotonic() < deadline
    # The others speak to their end meanwhile, and only what was on its way comes of the paused one.
    other = {"text": "Hello there.", "seed": 1, "partialResultToken": "o"}
    assert server.call("speech/synthesize", other)["finishReason"] == "stop"
    sent = [message["params"] for message in server.others()]
    values = [params["value"] for params in sent if params["token"] == "p"]
    before.chunks += [value for value in values if value["kind"] == "audio"]
    assert sum(chunk["samples"] for chunk in before.chunks) < whole.result["samples"]
    server.notify("speech/resume", {"token": "p"})
    after = collect(server, id)
    assert before.audio + after.audio == whole.audio
    assert after.result["samples"] == whole.result["samples"]


def test_a_stream_that_is_paused_at_once_waits_for_nothing_else(server: Sidecar) -> None:
    """Its text's time limit does not run, and it is cancelled like any other."""
    params = {"text": "", "moreText": True, "textTimeoutMs": 50, "partialResultToken": "p"}
    id = server.request("speech/synthesize", params)
    server.notify("speech/pause", {"token": "p"})
    server.speak("Hello there.", seed=1)  # takes longer than the limit
    assert not server.others()
    server.notify("$/cancelRequest", {"id": id})
    assert collect(server, id).result == {"type": "cancelled"}  # there was no audio


@pytest.mark.parametrize("mode", ["full", "stream"])
def test_a_cancel_says_how_much_was_heard(server: Sidecar, mode: str) -> None:
    params = {"text": TEXT, "moreText": True, "textMode": mode, "seed": 3, "chunk": SMALL}
    id = server.request("speech/synthesize", {**params, "partialResultToken": "h"})
    before = collect(server, id, until=0)
    server.notify("$/cancelRequest", {"id": id})
    after = collect(server, id)
    heard = after.result["heard"]
    chunks = [*before.chunks, *after.chunks]
    assert heard["samples"] == sum(chunk["samples"] for chunk in chunks)
    assert (heard["sampleRate"], heard["sentence"]) == (24000, 0)
    said = TEXT[: heard["textEnd"]]
    assert said == "" or said.endswith(" ")


def test_a_cancel_counts_what_was_played_if_it_is_told(server: Sidecar) -> None:
    """Where a sentence begins or ends, the place is exact."""
    params = {"text": TEXT + " ", "moreText": True, "textMode": "full", "seed": 3}

    def cancel(share: float | None) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Return what was heard up to this share of the first sentence, and the sentences."""
        id = server.request("speech/synthesize", {**params, "partialResultToken": "h"})
        server.notify("speech/flush", {"token": "h"})
        speech = collect(server, id, until=1)
        start = speech.sentences[1]["startMs"]
        if share is None:  # until all of it was sent
            server.notify("speech/appendText", {"token": "h", "text": "…"})
            server.notify("speech/flush", {"token": "h"})
            server.next_progress("h", "sentence")
        played = {} if share is None else {"playedMs": start * share}
        server.notify("$/cancelRequest", {"id": id, **played})
        with pytest.raises(RpcError) as caught:
            server.wait(id)
        server.others()
        return caught.value.data["heard"], speech.sentences

    nothing, _ = cancel(0.0)
    assert (nothing["samples"], nothing["textEnd"]) == (0, 0)
    first, sentences = cancel(1.0)
    assert first["textEnd"] == sentences[1]["textStart"]
    assert first["samples"] == round(sentences[1]["startMs"] * 24)
    everything, _ = cancel(None)
    assert everything["textEnd"] == len(TEXT) + 1  # what is silent comes after it
    # Three of six words are spoken in half the time, give or take one.
    half, _ = cancel(0.5)
    assert 2 <= len(TEXT[: half["textEnd"]].split()) <= 4
