"""Several speakers in one stream, with the bundled voice's two."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tests.support.harness import RpcError, Sidecar, Speech, sidecar

SPEAKERS = {"Ann": {"voice": "slt"}, "Bob": {"voice": "rms"}}
EXACT: dict[str, Any] = {
    "encoding": "pcm_f32le",
    "pauses": {"sentenceMs": 0, "paragraphMs": 0},
    "language": "english",
}
TEXT = "[Ann] One two three four.\n[bob] Five six seven eight. [Ann] Nine ten."


@pytest.fixture(scope="module")
def server() -> Iterator[Sidecar]:
    with sidecar() as server:
        yield server


def alone(server: Sidecar, text: str, voice: str, seed: int) -> np.ndarray:
    return server.speak(text, voice=voice, seed=seed, **EXACT).samples


def pitch(samples: np.ndarray, rate: int = 24000) -> float:
    """Return the median fundamental frequency in Hz, by autocorrelation of 40 ms."""
    found: list[float] = []
    for at in range(0, len(samples) - 1920, 960):
        window = samples[at : at + 1920] - samples[at : at + 1920].mean()
        if np.sqrt(np.mean(window**2)) < 0.02:
            continue
        correlation = np.correlate(window, window, "full")[1919:]
        low, high = rate // 300, rate // 70
        found.append(rate / (low + int(np.argmax(correlation[low:high]))))
    return float(np.median(found))


@pytest.fixture(scope="module")
def play(server: Sidecar) -> Speech:
    return server.speak(TEXT, speakers=SPEAKERS, seed=3, **EXACT)


def turns(speech: Speech) -> list[np.ndarray]:
    starts = [round(one["startMs"] * 24) for one in speech.sentences]
    return np.split(speech.samples, starts[1:])


def test_each_turn_is_the_same_as_when_its_voice_speaks_it_alone(
    server: Sidecar, play: Speech
) -> None:
    assert [one["speaker"] for one in play.sentences] == ["Ann", "Bob", "Ann"]
    said = [TEXT[one["textStart"] : one["textEnd"]] for one in play.sentences]
    assert said == [
        "[Ann] One two three four.\n",
        "[bob] Five six seven eight. ",
        "[Ann] Nine ten.",
    ]
    first, second, third = turns(play)
    assert np.array_equal(first, alone(server, "One two three four.", "slt", 3))
    assert np.array_equal(second, alone(server, "Five six seven eight.", "rms", 4))
    assert np.array_equal(third, alone(server, "Nine ten.", "slt", 5))
    assert pitch(first) > 1.3 * pitch(second)


@pytest.mark.parametrize("mode", ["full", "stream"])
def test_a_text_in_pieces_is_the_same(server: Sidecar, play: Speech, mode: str) -> None:
    pieces = [TEXT[at : at + 3] for at in range(0, len(TEXT), 3)]
    heard = server.dictate(pieces, speakers=SPEAKERS, seed=3, **EXACT)
    assert heard.sentences == play.sentences
    assert np.array_equal(heard.samples, play.samples)
    if mode == "stream":  # whole sentences are spoken in both modes
        again = server.dictate(pieces, speakers=SPEAKERS, seed=3, textMode="full", **EXACT)
        assert again.sentences == play.sentences


def test_ssml_names_them_too(server: Sidecar, play: Speech) -> None:
    text = '<speak><voice name="Ann">One two three four.</voice></speak>'
    speech = server.speak(text, speakers=SPEAKERS, inputFormat="ssml", seed=3, **EXACT)
    assert np.array_equal(speech.samples, turns(play)[0])
    assert "Ann" in [one.get("speaker") for one in speech.sentences]


def test_an_unknown_speaker_is_an_error_with_its_place(server: Sidecar) -> None:
    """A whole text is refused at once, and one in pieces when it is reached."""
    text = "[Ann] Hello there. [Carl] Hi."
    for refused in (server.speak, lambda text, **params: server.dictate([text], **params)):
        with pytest.raises(RpcError, match=r"no speaker 'Carl'.*Known: Ann, Bob") as caught:
            refused(text, speakers=SPEAKERS, maxFrames=40)
        assert caught.value.data["type"] == "unknownSpeaker"
        assert caught.value.data["textOffset"] == text.index("[Carl]")
        server.others()


def test_names_in_brackets_are_plain_text_without_speakers(server: Sidecar) -> None:
    speech = server.speak("[Ann] Hello.", seed=3, maxFrames=3)
    assert [one.get("speaker") for one in speech.sentences] == [None]


def test_what_is_not_in_brackets_has_the_requests_own_voice(server: Sidecar) -> None:
    text = "Hello there, all of you. [Bob] Five six seven eight."
    params = {**EXACT, "speakers": SPEAKERS, "seed": 3, "voice": "slt", "skip": ["directions"]}
    speech = server.speak(text + " [laughs]", **params)
    assert [one.get("speaker") for one in speech.sentences] == [None, "Bob"]


@pytest.mark.parametrize(
    "wrong",
    [{"speakers": {"[x]": {}}}, {"speakers": {"Ann": {}, "ANN": {}}}, {"splitSentences": False}],
    ids=["brackets", "twice", "one piece"],
)
def test_what_cannot_be_is_refused(server: Sidecar, wrong: dict[str, Any]) -> None:
    with pytest.raises(RpcError) as caught:
        server.call("speech/synthesize", {"text": "Hi.", "speakers": SPEAKERS, **wrong})
    assert caught.value.data["field"] == next(iter(wrong))
