"""Word times on the real process, with an aligner of known answers: `tests.support.spread`."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import run
from tests.support.harness import ROOT, Message, RpcError, Sidecar, Speech, sidecar

TEXT = (
    "On May 3, 2024, **Dr. Smith** paid $25 for it. The second one is *longer*, and says more.\n\n"
    "```\ncode = None\n```\n\nThe end, don’t you <b>th</b>ink?"
)
WORDS = [
    "On", "May", "3", "2024", "Dr", "Smith", "paid", "$25", "for", "it", "The", "second", "one",
    "is", "longer", "and", "says", "more", "The", "end", "don’t", "you", "think",
]  # fmt: skip
FAST: dict[str, Any] = {
    "timing": "word",
    "seed": 4,
    "encoding": "pcm_f32le",
    "sampling": {"temperature": 0, "subtalker": {"temperature": 0}},
}


@pytest.fixture(scope="module")
def aligned() -> Iterator[Sidecar]:
    with sidecar(command=[sys.executable, "-m", "tests.process.aligned"]) as process:
        yield process


def told(speech: Speech) -> list[Message]:
    return [word for words in speech.words for word in words["words"] or ()]


def check_places(speech: Speech, text: str) -> None:
    """Check that the words are where they say, in order, and inside their sentences."""
    assert [one["sentence"] for one in speech.words] == list(range(len(speech.sentences)))
    for words, sentence in zip(speech.words, speech.sentences, strict=True):
        for word in words["words"] or ():
            assert sentence["textStart"] <= word["textStart"] < word["textEnd"]
            assert word["textEnd"] <= sentence["textEnd"]
            assert sentence["startMs"] <= word["startMs"] + 0.01
            assert word["startMs"] <= word["endMs"] <= speech.result["durationMs"] + 0.01
    found = told(speech)
    for key in ("textStart", "startMs"):
        assert [word[key] for word in found] == sorted(word[key] for word in found)
    for word in found:
        written = text[word["textStart"] : word["textEnd"]]
        assert word["word"] in (written, written.replace("</b>", ""))


@pytest.mark.parametrize("mode", ["whole", "full", "stream"])
def test_each_word_has_its_place_and_its_time(aligned: Sidecar, mode: str) -> None:
    if mode == "whole":
        speech = aligned.speak(TEXT, speed=1.25, **FAST)
    else:
        pieces = [TEXT[i : i + 7] for i in range(0, len(TEXT), 7)]
        speech = aligned.dictate(pieces, textMode=mode, speed=1.25, **FAST)
    assert [word["word"] for word in told(speech)] == WORDS
    check_places(speech, TEXT)
    heard = [one for one in speech.words if one["words"]]
    assert all((one["source"], one["grainMs"]) == ("aligner", 10) for one in heard)
    silent = [one for one in speech.words if not one["words"]]
    assert [(one["words"], "source" in one) for one in silent] == [([], False)]
    assert not speech.result.get("warnings")


def test_the_words_of_speakers_are_within_their_turns(aligned: Sidecar) -> None:
    text = "[Ann] One is first. [Bob] Two is second."
    speakers = {"Ann": {"voice": "slt"}, "Bob": {"voice": "rms"}}
    for speech in (
        aligned.speak(text, speakers=speakers, **FAST),
        aligned.dictate([*text], textMode="stream", speakers=speakers, **FAST),
    ):
        check_places(speech, text)
        said = [[one["word"] for one in words["words"]] for words in speech.words]
        assert said == [["One", "is", "first"], ["Two", "is", "second"]]
        assert [one["speaker"] for one in speech.sentences] == ["Ann", "Bob"]
        assert speech.words[0]["words"][-1]["endMs"] <= speech.sentences[1]["startMs"] + 0.01


def test_times_count_speed_and_pauses(aligned: Sidecar) -> None:
    """The words of the aligner are spread evenly over the speech of their sentence."""
    pauses = {"sentenceMs": 700, "paragraphMs": 900}
    text = "The first one is here. Next comes the second."
    slow, fast = (aligned.speak(text, speed=speed, pauses=pauses, **FAST) for speed in (1, 1.25))
    for speech, speed in ((slow, 1.0), (fast, 1.25)):
        starts = [one["startMs"] for one in speech.sentences]
        lasts = [starts[1] - 700 / speed - starts[0], speech.result["durationMs"] - starts[1]]
        for words, start, last in zip(speech.words, starts, lasts, strict=True):
            each = last / len(words["words"])
            for i, word in enumerate(words["words"]):
                assert word["startMs"] == pytest.approx(start + i * each, abs=25)
                assert word["endMs"] == pytest.approx(start + (i + 0.5) * each, abs=25)


def test_words_come_after_their_audio_and_before_the_next_sentence(aligned: Sidecar) -> None:
    token = "order"
    params = {"text": "One is first. Two is second.", "partialResultToken": token, **FAST}
    aligned.wait(aligned.request("speech/synthesize", params))
    values = [
        message["params"]["value"]
        for message in aligned.others()
        if message.get("method") == "$/progress"
    ]
    order = [
        (value["kind"], value.get("sentence", value.get("index")))
        for value in values
        if value["kind"] != "audio" or value["frames"]
    ]
    without_repeats = [one for i, one in enumerate(order) if one != order[i - 1]]
    kinds = ("sentence", "audio", "words")
    assert without_repeats == [(kind, sentence) for sentence in (0, 1) for kind in kinds]


def test_what_has_no_times_is_null_and_a_warning_says_why(aligned: Sidecar) -> None:
    speech = aligned.speak("This one is fine. That is doubtful.", **FAST)
    assert [one["words"] is None for one in speech.words] == [False, True]
    (warning,) = speech.result["warnings"]
    assert warning["type"] == "wordTimesMissing"
    assert "sentence 1: the aligner 'spread' is not sure" in warning["message"]
    cut = aligned.speak("This one is cut before it ends.", maxFrames=3, **FAST)
    assert [one["words"] for one in cut.words] == [None]
    assert "did not reach the end of its text" in cut.result["warnings"][0]["message"]


@pytest.mark.parametrize("mode", ["full", "stream"])
def test_a_sentence_that_the_model_cannot_speak_has_no_words(aligned: Sidecar, mode: str) -> None:
    """The bundled voice has no Greek letters. The pauses make them a segment of their own."""
    text = "Hello there. [pause:100ms] ΩΩ Ψ [pause:100ms] It ends."
    speech = aligned.dictate([text], textMode=mode, **FAST)
    assert [[one["word"] for one in words["words"]] for words in speech.words] == [
        ["Hello", "there"], [], ["It", "ends"],
    ]  # fmt: skip
    check_places(speech, text)
    assert [one["type"] for one in speech.result["warnings"]] == ["lettersNotSpoken"]


def test_a_language_without_an_aligner_has_no_times(aligned: Sidecar) -> None:
    speech = aligned.speak("Das ist ein deutscher Satz, und er ist lang genug dafür.", **FAST)
    assert [one["words"] for one in speech.words] == [None]
    assert "no aligner for german" in speech.result["warnings"][0]["message"]


def test_a_cancel_ends_a_speech_with_word_times(aligned: Sidecar) -> None:
    params = {"text": TEXT * 5, "partialResultToken": "c", **FAST}
    id = aligned.request("speech/synthesize", params)
    aligned.next_progress("c", "words")
    aligned.notify("$/cancelRequest", {"id": id})
    with pytest.raises(RpcError, match="cancelled"):
        aligned.wait(id)
    aligned.others()


def test_words_need_a_token(aligned: Sidecar) -> None:
    with pytest.raises(RpcError) as refused:
        aligned.call("speech/synthesize", {"text": "Hello there.", "timing": "word"})
    assert (refused.value.type, refused.value.data["field"]) == ("invalidParams", "timing")


def test_who_asks_for_no_words_gets_none(aligned: Sidecar) -> None:
    plain = aligned.speak("Hello there.", **{**FAST, "timing": "sentence"})
    assert not plain.words
    assert plain.audio == aligned.speak("Hello there.", **FAST).audio


ALIGNER = ROOT / "tests" / "data" / "tiny-aligner"


def test_a_checkpoint_of_an_aligner_is_loaded_for_the_first_words_and_used() -> None:
    """Its weights are random, so that its times mean nothing; `tests/parity` compares them."""
    text = "The price is $25. Das ist gut, und es ist schön."
    with sidecar("--aligner", str(ALIGNER)) as process:
        assert process.initialized["capabilities"]["aligner"] == str(ALIGNER)
        speech = process.speak(text, **FAST)
        check_places(speech, text)
        assert len(told(speech)) == 11
        assert {(one["source"], one["grainMs"]) for one in speech.words} == {("aligner", 80)}
        assert not speech.result.get("warnings")
        loaded = {one["model"] for one in process.call("server/status")["models"]}
        assert loaded == {"tiny-voice", str(ALIGNER)}
        with pytest.raises(RpcError, match="cannot speak"):
            process.call("speech/synthesize", {"text": "Hello.", "model": str(ALIGNER)})
        process.call("model/unload", {"model": str(ALIGNER)})
        assert told(process.speak(text, **FAST)) == told(speech)


def test_an_aligner_that_is_not_on_this_machine_is_not_downloaded() -> None:
    with sidecar("--aligner", "someone/aligner") as process:
        speech = process.speak("Hello there.", **FAST)
    assert [one["words"] for one in speech.words] == [None]
    (warning,) = speech.result["warnings"]
    assert warning["type"] == "wordTimesMissing"
    assert "someone/aligner is not on this machine" in warning["message"]


def test_captions_of_say_follow_the_words(tmp_path: Path) -> None:
    files = {kind: tmp_path / f"a.{kind}" for kind in ("wav", "srt", "vtt")}
    options = [f"--{kind}={files[kind]}" for kind in ("srt", "vtt")]
    said = run("say", "It costs $25, you know.", "-o", str(files["wav"]), "--words", *options)
    assert said.returncode == 0, said.stderr
    assert re.findall("<u>(.*?)</u>", files["srt"].read_text("utf-8")) == [
        "It", "costs", "$25", "you", "know",
    ]  # fmt: skip
    assert re.search(r"<\d\d:\d\d:\d\d\.\d{3}>\$25, <", files["vtt"].read_text("utf-8"))
    assert run("say", "Hello.", "--words").returncode == 2
