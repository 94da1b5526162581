"""Several speakers in one stream, with the bundled voice's two."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tests.support import families
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


@pytest.mark.parametrize(
    ("speakers", "field", "said"),
    [
        ({"Ann": {}, "Bob": {"voice": "sltt"}}, "speakers.Bob.voice", "Did you mean 'slt'"),
        ({"Ann": {"model": "./no-such"}, "Bob": {}}, "speakers.Ann.model", "no-such"),
    ],
    ids=["voice", "model"],
)
def test_a_speaker_who_cannot_speak_is_named_before_anybody_speaks(
    server: Sidecar, speakers: dict[str, Any], field: str, said: str
) -> None:
    """Also if that is not the first one, and in a text in pieces."""
    for refused in (server.speak, lambda text, **params: server.dictate([text], **params)):
        with pytest.raises(RpcError, match=said) as caught:
            refused("[Ann] Hello there. [Bob] Hi.", speakers=speakers)
        assert caught.value.data["field"] == field
        kinds = [one["params"]["value"]["kind"] for one in server.others() if "params" in one]
        assert not {"audio", "sentence"} & set(kinds)


@pytest.fixture(scope="module")
def soprano(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a tiny model of another family with random weights, whose audio has 32 kHz."""
    folder = tmp_path_factory.mktemp("soprano")
    with pytest.MonkeyPatch.context() as patch:
        return str(families.build("soprano", folder / "soprano", folder / "hub", patch))


def test_two_models_with_two_rates_speak_in_one_stream(server: Sidecar, soprano: str) -> None:
    speakers = {"Ann": {"voice": "slt"}, "Bob": {"model": soprano}}
    text = "[Ann] One two three. [Bob] Four five."  # random weights end at `maxFrames` only
    speech = server.speak(text, speakers=speakers, seed=3, maxFrames=60, **EXACT)
    assert [one["speaker"] for one in speech.sentences] == ["Ann", "Bob"]
    assert speech.result["sampleRate"] == 32000
    alone = server.speak("One two three.", voice="slt", seed=3, sampleRate=32000, **EXACT)
    inner = slice(0, len(alone.samples) - 320)  # where the one ends, its filter does, too
    assert np.abs(speech.samples[inner] - alone.samples[inner]).max() < 1e-4
    starts = [one["startMs"] for one in speech.sentences]
    assert starts[1] == pytest.approx(alone.result["durationMs"], abs=1)
    assert (np.diff([*starts, speech.result["durationMs"]]) > 50).all()


def test_the_models_of_all_speakers_stay_in_memory_to_the_end(
    server: Sidecar, soprano: str
) -> None:
    """Also one whose turn has not come yet."""
    params = {"text": "[Ann] One two.", "moreText": True, "partialResultToken": "held"}
    speakers = {"Ann": {"voice": "slt"}, "Bob": {"model": soprano}}
    id = server.request("speech/synthesize", {**params, "speakers": speakers, "maxFrames": 5})
    server.notify("speech/flush", {"token": "held"})
    server.next_progress("held", "audio")
    for model in (soprano, "tiny-voice"):
        with pytest.raises(RpcError) as caught:
            server.call("model/unload", {"model": model})
        assert caught.value.type == "modelInUse"
    server.notify("speech/endText", {"token": "held"})
    server.wait(id)
    server.others()
    server.call("model/unload", {"model": soprano})
    assert [one["model"] for one in server.call("server/status")["models"]] == ["tiny-voice"]
