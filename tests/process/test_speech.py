"""The main task: text comes in, and audio goes out while it is generated."""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
import pytest

from tests.support.harness import Sidecar, sidecar

TEXT = "Hello, and welcome to the demo of this small voice."


def test_a_sentence_is_spoken_and_streamed(server: Sidecar) -> None:
    speech = server.speak(TEXT, seed=3)
    result = speech.result
    audio = np.frombuffer(speech.audio, "<i2").astype(np.float32) / 32768
    assert result["finishReason"] == "stop"
    assert result["encoding"] == "pcm_s16le"
    assert result["samples"] == result["frames"] * 1920 == len(audio)
    assert result["durationMs"] == pytest.approx(result["samples"] / 24)
    assert 1.5 < len(audio) / 24000 < 8
    assert 0.01 < np.sqrt((audio**2).mean()) < 0.5
    assert "audio" not in result
    assert result["metrics"]["firstAudioMs"] > 0
    assert result["metrics"]["realTimeFactor"] > 0
    assert result["metrics"]["peakMemoryBytes"] > 0


def test_the_first_chunk_is_one_frame_and_later_ones_grow(server: Sidecar) -> None:
    frames = [chunk["frames"] for chunk in server.speak(TEXT, seed=3).chunks]
    assert frames[:6] == [1, 2, 3, 4, 6, 9]
    assert max(frames) <= 12


def test_chunk_sizes_can_be_set(server: Sidecar) -> None:
    chunk = {"firstFrames": 4, "maxFrames": 5}
    speech = server.speak(TEXT, seed=3, maxFrames=20, chunk=chunk, fade=False)
    assert [chunk["frames"] for chunk in speech.chunks] == [4, 5, 5, 5, 1]


@pytest.mark.parametrize(
    "chunk",
    [
        {"maxFrames": 1},
        {"firstFrames": 7},
        {"firstFrames": 3, "maxFrames": 5},
        {"firstFrames": 500},
    ],
)
def test_audio_is_the_same_bit_for_bit_however_it_is_chunked(
    server: Sidecar, chunk: dict[str, int]
) -> None:
    request = {"seed": 11, "encoding": "pcm_f32le"}
    whole = server.call("speech/synthesize", {"text": TEXT, **request})
    streamed = server.speak(TEXT, chunk=chunk, **request)
    assert streamed.audio == base64.b64decode(whole["audio"])
    assert streamed.result["samples"] == whole["samples"]


def test_s16_is_the_rounded_f32(server: Sidecar) -> None:
    floats = server.speak(TEXT, seed=5, maxFrames=15, encoding="pcm_f32le").samples
    ints = np.frombuffer(server.speak(TEXT, seed=5, maxFrames=15, fade=False).audio, "<i2")
    assert np.array_equal(ints, np.rint(floats.astype(np.float64) * 32768))


def test_the_seed_that_was_drawn_gives_the_same_audio_again(server: Sidecar) -> None:
    first = server.speak(TEXT, maxFrames=12)
    again = server.speak(TEXT, maxFrames=12, seed=first.result["seed"])
    other = server.speak(TEXT, maxFrames=12, seed=first.result["seed"] + 1)
    assert first.audio == again.audio
    assert first.audio != other.audio


def test_greedy_needs_no_seed(server: Sidecar) -> None:
    greedy = {"temperature": 0, "subtalker": {"temperature": 0}}
    runs = [server.speak(TEXT, sampling=greedy, maxFrames=12).audio for _ in range(2)]
    assert runs[0] == runs[1]


def test_length_ends_an_utterance(server: Sidecar) -> None:
    result = server.speak(TEXT, seed=1, maxFrames=5).result
    assert (result["finishReason"], result["frames"]) == ("length", 5)


def test_streams_at_the_same_time_are_each_whole_and_the_same_as_alone(server: Sidecar) -> None:
    texts = ["One two three four.", "The weather will be sunny tomorrow.", "Thank you very much!"]
    greedy = {"temperature": 0, "subtalker": {"temperature": 0}}
    alone = [
        server.speak(text, sampling=greedy, encoding="pcm_f32le", maxFrames=40).samples
        for text in texts
    ]
    with server.together():
        ids = [
            server.request(
                "speech/synthesize",
                {"text": text, "sampling": greedy, "encoding": "pcm_f32le", "maxFrames": 40,
                 "partialResultToken": i},
            )
            for i, text in enumerate(texts)
        ]  # fmt: skip
    results = [server.wait(id) for id in ids]
    progress = [m["params"] for m in server.others() if m.get("method") == "$/progress"]
    progress = [p for p in progress if p["value"]["kind"] == "audio"]
    tokens = [p["token"] for p in progress]
    assert tokens != sorted(tokens), "the streams did not run at the same time"
    for i, samples in enumerate(alone):
        data = [base64.b64decode(p["value"]["audio"]) for p in progress if p["token"] == i]
        together = np.frombuffer(b"".join(data), "<f4")
        assert results[i]["samples"] == len(together) == len(samples)
        assert np.abs(together - samples).max() < 1e-4


def test_requests_beyond_the_queue_are_refused_and_the_others_all_answered() -> None:
    with sidecar() as server:
        server.call("model/load", {"model": "tiny-voice"})
        params = {"text": "Hi.", "seed": 1, "maxFrames": 2, "partialResultToken": None}
        with server.together():
            ids = [server.request("speech/synthesize", params) for _ in range(150)]
        server.call("ping")
        answers = {m["id"]: m for m in server.others()}
        while len(answers) < len(ids):
            message = server.next_message()
            assert message is not None
            assert message["id"] not in answers, "answered twice"
            answers[message["id"]] = message
        refused = [m["error"]["data"] for m in answers.values() if "error" in m]
    assert sorted(answers) == ids
    assert all(error["type"] == "queueFull" and error["hint"] for error in refused)
    assert 64 <= len(ids) - len(refused) < 150


def test_models_are_loaded_listed_and_unloaded(tmp_path: Path) -> None:
    with sidecar("--voices-dir", str(tmp_path)) as server:
        progress: list[str] = []
        id = server.request("model/load", {"model": "tiny-voice", "workDoneToken": "load"})
        loaded = server.wait(id)
        progress = [m["params"]["value"]["stage"] for m in server.others()]
        assert progress == ["resolving", "loading"]
        assert (loaded["family"], loaded["variant"]) == ("qwen3_tts", "custom_voice")
        assert loaded["voices"] == ["slt", "rms"]
        assert loaded["languages"] == ["auto", "english"]
        assert loaded["sampleRate"] == 24000
        states = {m["model"]: m["state"] for m in server.call("model/list")["models"]}
        assert states["tiny-voice"] == "loaded"
        assert "0.6b-customvoice" in states
        presets = server.call("voice/list")["voices"]
        assert [(one["voice"], one["gender"]) for one in presets] == [
            ("slt", "female"),
            ("rms", "male"),
        ]
        assert {(one["kind"], one["model"]) for one in presets} == {("preset", "tiny-voice")}
        before = server.call("server/status")["memory"]["activeBytes"]
        server.call("model/unload", {"model": "tiny-voice"})
        after = server.call("server/status")
        assert after["models"] == []
        assert after["memory"]["activeBytes"] < before / 10
        assert server.speak("Hi.", maxFrames=2).result["frames"] == 2


def test_a_model_that_speaks_is_not_unloaded(server: Sidecar) -> None:
    from tests.support.harness import RpcError

    live = {"moreText": True, "textMode": "stream", "partialResultToken": "in use"}
    id = server.request("speech/synthesize", {"text": TEXT, **live})
    server.next_progress("in use")
    with pytest.raises(RpcError) as caught:
        server.call("model/unload", {"model": "tiny-voice"})
    assert caught.value.type == "modelInUse"
    server.notify("speech/endText", {"token": "in use"})
    server.wait(id)
    server.others()
