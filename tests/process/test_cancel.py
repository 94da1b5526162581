from __future__ import annotations

import base64

import numpy as np
import pytest

from tests.support.harness import RpcError, Sidecar, sidecar

LONG = "He finished reading the long letter, folded it carefully, and put it back in the box."


def start(server: Sidecar, token: str, **params: object) -> int:
    return server.request(
        "speech/synthesize",
        {
            "text": LONG * 20,
            "seed": 2,
            "partialResultToken": token,
            "chunk": {"maxFrames": 1},
            **params,
        },
    )


def test_a_stream_is_cancelled_with_one_answer_and_no_audio_after_it(server: Sidecar) -> None:
    id = start(server, "cancelled")
    for _ in range(3):
        server.next_progress("cancelled")
    server.notify("$/cancelRequest", {"id": id})
    with pytest.raises(RpcError) as caught:
        server.wait(id)
    assert (caught.value.code, caught.value.type) == (-32800, "cancelled")
    assert len(server.others()) < 500  # it stopped: the whole is over 1000 chunks
    # After another whole request, nothing of the cancelled one has arrived.
    assert server.speak("Next.", token="next", seed=1, maxFrames=5).result["frames"] == 5
    assert server.others() == []


def test_a_cancelled_neighbour_changes_nothing(server: Sidecar) -> None:
    greedy = {"temperature": 0, "subtalker": {"temperature": 0}}
    params = {"text": LONG, "sampling": greedy, "maxFrames": 30, "encoding": "pcm_f32le"}
    alone = server.speak(**params).samples
    kept = server.request("speech/synthesize", {**params, "partialResultToken": "kept"})
    dropped = start(server, "dropped")
    server.next_progress("dropped")
    server.notify("$/cancelRequest", {"id": dropped})
    with pytest.raises(RpcError, match="-32800"):
        server.wait(dropped)
    server.wait(kept)
    chunks = [m["params"] for m in server.others() if m.get("method") == "$/progress"]
    audio = [
        base64.b64decode(c["value"]["audio"])
        for c in chunks
        if c["token"] == "kept" and "audio" in c["value"]
    ]
    together = np.frombuffer(b"".join(audio), "<f4")
    assert together.shape == alone.shape
    assert np.abs(together - alone).max() < 1e-4


def test_waiting_requests_can_be_cancelled(server: Sidecar) -> None:
    streams = [start(server, f"stream {i}") for i in range(8)]
    server.next_progress("stream 7")
    waiting = start(server, "waiting")
    server.notify("$/cancelRequest", {"id": waiting})
    with pytest.raises(RpcError, match="-32800"):
        server.wait(waiting)
    for id in streams:
        server.notify("$/cancelRequest", {"id": id})
        with pytest.raises(RpcError, match="-32800"):
            server.wait(id)
    assert all(m["params"]["token"] != "waiting" for m in server.others())


def test_a_load_is_cancelled_or_already_done() -> None:
    """Reading weights cannot be interrupted; either way there is one answer and no other error."""
    with sidecar() as fresh:
        id = fresh.request("model/load", {"model": "tiny-voice"})
        fresh.notify("$/cancelRequest", {"id": id})
        try:
            outcome = fresh.wait(id)["model"]
        except RpcError as error:
            outcome = error.code
        assert outcome in ("tiny-voice", -32800)
        assert fresh.speak("Next.", seed=1, maxFrames=2).result["frames"] == 2
        assert fresh.others() == []


def test_cancelling_what_is_finished_or_unknown_is_silent(server: Sidecar) -> None:
    server.notify("$/cancelRequest", {"id": server.request("ping")})
    server.notify("$/cancelRequest", {"id": 123456})
    server.notify("$/cancelRequest", {"id": "nobody"})
    first = server.next_message()
    assert first is not None
    assert "result" in first
    assert server.call("ping")["uptimeMs"] > 0
