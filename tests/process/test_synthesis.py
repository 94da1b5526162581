"""Texts of several sentences, and texts that are still being written, in the real process."""

from __future__ import annotations

import base64
import io
import random
import re
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.support.harness import RpcError, Sidecar
from tests.support.listening import ffmpeg

# A decoder may have to be installed first.
pytestmark = pytest.mark.timeout(900)

TEXT = (
    "The first sentence is short. The second one, which says no more, is longer.\n\n"
    "- A *third* one stands in a list.\n- The 4th costs $5.\n\n```\ncode = None\n```\n\nThe end."
)
FAST: dict[str, Any] = {"sampling": {"temperature": 0, "subtalker": {"temperature": 0}}}


def test_sentences_cover_the_text_and_follow_each_other_in_the_audio(server: Sidecar) -> None:
    speech = server.speak(TEXT, seed=1, pauses={"sentenceMs": 50, "paragraphMs": 200})
    places = [(one["textStart"], one["textEnd"]) for one in speech.sentences]
    assert [start for start, _ in places] == [0, *(end for _, end in places[:-1])]
    assert places[-1][1] == len(TEXT)
    starts = [one["startMs"] for one in speech.sentences]
    assert starts == sorted(starts)
    assert starts[-1] <= speech.result["durationMs"]
    # A sentence starts where its first chunk starts.
    heard = {}
    at = 0
    for chunk in speech.chunks:
        if chunk["frames"]:
            heard.setdefault(chunk["sentence"], at / 24)
        at += chunk["samples"]
    for index, start in heard.items():
        assert start == pytest.approx(starts[index], abs=6)  # 5 ms are held back for the fade
    silent = [TEXT[a:b] for i, (a, b) in enumerate(places) if i not in heard]
    assert silent
    assert all("code" in text for text in silent)


def test_one_seed_gives_one_audio_whatever_the_chunks(server: Sidecar) -> None:
    params = {"seed": 4, "encoding": "pcm_f32le", **FAST}
    one = server.speak(TEXT, **params)
    other = server.speak(TEXT, chunk={"firstFrames": 5, "maxFrames": 7}, **params)
    pieces = server.dictate([TEXT[i : i + 5] for i in range(0, len(TEXT), 5)], **params)
    assert one.audio == other.audio == pieces.audio
    assert one.sentences == other.sentences


@pytest.mark.parametrize(
    "text",
    [
        "Here is the plan\nwe will go\r\nto town. \n\nToday.",
        "He said “Yes.” and then “No,” she said… Le cafe\u0301 est là.",
    ],
)
def test_the_speech_does_not_depend_on_the_pieces_of_the_text(server: Sidecar, text: str) -> None:
    params: dict[str, Any] = {
        "seed": 4,
        "textMode": "stream",
        "encoding": "pcm_f32le",
        **FAST,
    }
    whole = server.dictate([text], **params)
    for pieces in ([*text], re.findall(r"\s*\S+", text), re.findall(r"\S+\s*", text)):
        assert server.dictate(pieces, **params).audio == whole.audio


def test_a_single_sentence_sounds_the_same_whether_split_or_not(server: Sidecar) -> None:
    params = {"seed": 4, "encoding": "pcm_f32le"}
    text = "Hello, and welcome to the demo."
    split = server.speak(text, **params)
    assert split.audio == server.speak(text, splitSentences=False, **params).audio
    assert split.result["sentences"] == 1


@pytest.mark.parametrize("encoding", ["wav", "flac", "mp3", "ogg_opus"])
def test_every_container_decodes_to_the_right_length(server: Sidecar, encoding: str) -> None:
    params: dict[str, Any] = {"seed": 4, "maxFrames": 30, **FAST}
    plain = server.speak(TEXT, **params)
    streamed = server.speak(TEXT, encoding=encoding, **params)
    decoded = ffmpeg(streamed.audio, streamed.result["sampleRate"])
    samples = np.frombuffer(plain.audio, "<i2")
    lossless = encoding in ("wav", "flac")
    assert abs(len(decoded) - len(samples)) <= (0 if lossless else 3 * 1152 + 1105)
    if lossless:
        whole = server.call("speech/synthesize", {"text": TEXT, "encoding": encoding, **params})
        file, rate = soundfile.read(io.BytesIO(base64.b64decode(whole["audio"])), dtype="int16")
        assert rate == 24000
        assert np.array_equal(file, samples)


def test_speed_and_rate_apply_to_the_samples_that_come_out(server: Sidecar) -> None:
    params = {"seed": 4, "maxFrames": 40, **FAST}
    plain = server.speak("This is spoken twice as fast.", **params)
    fast = server.speak("This is spoken twice as fast.", speed=2.0, sampleRate=48000, **params)
    assert fast.result["sampleRate"] == 48000
    assert fast.result["frames"] == plain.result["frames"]
    expected = plain.result["durationMs"] / 2
    assert fast.result["durationMs"] == pytest.approx(expected, abs=30)


def test_a_cancel_at_any_moment_leaves_no_request_or_place(server: Sidecar) -> None:
    draw = random.Random(3)
    for turn in range(12):
        live = bool(turn % 2)
        params = {
            "text": "One is here. Two is there. Three. " * 20,
            "partialResultToken": turn,
            "seed": 1,
        }
        mode = {"moreText": live, "textMode": "stream" if turn % 4 == 1 else "full"}
        id = server.request("speech/synthesize", {**params, **mode, "chunk": {"maxFrames": 2}})
        if live:
            server.notify("speech/endText", {"token": turn})
        for _ in range(draw.randrange(12)):
            message = server.next_message()
            assert message is not None
            if message.get("id") == id:
                break
        else:
            server.notify("$/cancelRequest", {"id": id})
            with pytest.raises(RpcError, match="-32800"):
                server.wait(id)
        server.others()
    status = server.call("server/status")
    assert (status["streams"], status["queued"]) == ([], 0)
    server.call("model/unload", {"model": "tiny-voice"})  # refused while a place is held


def test_texts_that_wait_for_more_do_not_block_other_requests(server: Sidecar) -> None:
    still = [
        server.request(
            "speech/synthesize",
            {"text": "Well, then ", "moreText": True, "textMode": "stream", "seed": 1,
             "partialResultToken": f"still-{i}"},
        )
        for i in range(9)
    ]  # fmt: skip
    assert server.speak("The way is free.", seed=1).result["finishReason"] == "stop"
    for i, id in enumerate(still):
        server.notify("speech/endText", {"token": f"still-{i}"})
        assert server.wait(id)["sentences"] == 1


def test_pieces_that_come_at_once_are_spoken_in_their_order(server: Sidecar) -> None:
    words = [f"word{i} " for i in range(300)]
    speech = server.dictate(words, maxFrames=3, seed=1)
    assert speech.sentences[0]["textStart"] == 0
    whole = server.speak("".join(words), maxFrames=3, seed=1)
    assert speech.audio == whole.audio


@pytest.mark.parametrize("mode", ["full", "stream"])
def test_text_is_waited_for_only_when_all_that_is_there_has_been_spoken(
    server: Sidecar, mode: str
) -> None:
    """The speech of these words takes much longer than the millisecond allowed for more text."""
    text = "One two three four five six seven eight nine ten. Then it goes on. And so"
    params = {"moreText": True, "textMode": mode, "textTimeoutMs": 1, "chunk": {"maxFrames": 1}}
    id = server.request(
        "speech/synthesize", {"text": text, "partialResultToken": "slow", "seed": 1, **params}
    )
    with pytest.raises(RpcError) as caught:
        server.wait(id)
    assert caught.value.type == "textTimeout"
    values = [one["params"]["value"] for one in server.others() if one["method"] == "$/progress"]
    assert sum(value["frames"] for value in values if value["kind"] == "audio") > 10


@pytest.mark.parametrize("mode", ["full", "stream"])
def test_a_text_that_grows_too_long_ends_with_an_error(server: Sidecar, mode: str) -> None:
    """The limit is on the whole text: the beginning in the request, and all that is appended."""
    params = {"moreText": True, "textMode": mode, "seed": 1, "partialResultToken": "long"}
    beginning, part = "One two three. " * 10, "Four five six. " * 6666
    id = server.request("speech/synthesize", {"text": beginning, **params})
    for _ in range(10):
        server.notify("speech/appendText", {"token": "long", "text": part})
    with pytest.raises(RpcError, match="1000050 characters") as caught:
        server.wait(id)
    assert caught.value.type == "textTooLong"
    assert caught.value.data["field"] == "text"
    assert server.call("server/status")["streams"] == []


@pytest.mark.parametrize("text", ["Hi", "No.", "A", "ok…", "3", "¿Qué?"])
def test_short_texts_end(server: Sidecar, text: str) -> None:
    result = server.speak(text, seed=2).result
    assert result["finishReason"] == "stop"
    assert result["durationMs"] < 6000
