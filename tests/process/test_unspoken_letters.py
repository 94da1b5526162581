"""Letters and signs that the bundled voice has not learned, and texts with nothing to speak."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.support.harness import RpcError, Sidecar

FAST: dict[str, Any] = {"sampling": {"temperature": 0, "subtalker": {"temperature": 0}}}
ODD = "Hello there.\n\nΩ\n\nGoodbye now."


@pytest.mark.parametrize("mode", ["full", "stream"])
@pytest.mark.parametrize("size", [1, 100])
def test_a_sentence_that_the_model_cannot_speak_is_silent(
    server: Sidecar, mode: str, size: int
) -> None:
    """The bundled voice has no Greek letters."""
    params: dict[str, Any] = {"seed": 4, "textMode": mode, "encoding": "pcm_f32le", **FAST}
    said = server.dictate([ODD[at : at + size] for at in range(0, len(ODD), size)], **params)
    assert said.result["finishReason"] == "stop"
    assert said.sentences[-1]["textEnd"] == len(ODD)
    if mode == "full":  # in the other mode it is one segment with its neighbours
        bare = ODD.replace("Ω\n\n", "")
        assert said.audio == server.dictate([bare], **params).audio


@pytest.mark.parametrize("mode", ["full", "stream"])
@pytest.mark.parametrize("sizes", [1, 4, 100])
def test_what_the_model_cannot_begin_with_waits_for_more(
    server: Sidecar, mode: str, sizes: int
) -> None:
    text = "ΩΩ Ψ and so it begins. Ψ!"
    said = server.dictate(
        [text[at : at + sizes] for at in range(0, len(text), sizes)], textMode=mode, seed=1, **FAST
    )
    assert said.result["finishReason"] == "stop"
    assert [(one["textStart"], one["textEnd"]) for one in said.sentences][-1][1] == len(text)


def letters_left_out(result: dict[str, Any]) -> str:
    """Return the letters that the one warning names."""
    [warning] = result["warnings"]
    assert warning["type"] == "lettersNotSpoken"
    return re.sub(r".*left out: (.*)\. Use a model.*", r"\1", warning["message"])


@pytest.mark.parametrize("mode", ["full", "stream"])
@pytest.mark.parametrize("size", [1, 100])
def test_letters_that_are_left_out_are_reported(server: Sidecar, mode: str, size: int) -> None:
    """The texts have words with such letters, sentences of nothing else, and the punctuation of
    both, which the model would babble if it were alone."""
    params: dict[str, Any] = {"textMode": mode, "seed": 1, **FAST}
    for text, letters in (
        ("Meet Zoe at the café near 日本 tonight.", "日, 本"),
        ("Hello there. Привет, мир. Goodbye now.", "П, р, и, в, е, т, м"),
        ("Привет. Hello there.", "П, р, и, в, е, т"),
    ):
        said = server.dictate([text[at : at + size] for at in range(0, len(text), size)], **params)
        assert letters_left_out(said.result) == letters
        assert said.sentences[-1]["textEnd"] == len(text)
    assert "warnings" not in server.speak("Naïve café, Øre, Łódź: 2 m².", **params).result


def test_a_sentence_of_such_letters_is_silent_with_its_marks(server: Sidecar) -> None:
    params: dict[str, Any] = {"seed": 4, "encoding": "pcm_f32le", **FAST}
    text = "Hello there. Привет, мир! Goodbye now."
    bare = server.speak(text.replace("Привет, мир! ", ""), **params)
    assert server.speak(text, **params).audio == bare.audio


def test_of_many_such_letters_some_are_named(server: Sidecar) -> None:
    text = "Hello " + "".join(chr(0x4E00 + at) for at in range(100)) + " there."
    letters = letters_left_out(server.speak(text, splitSentences=False, **FAST).result)
    assert letters == ", ".join(chr(0x4E00 + at) for at in range(20)) + " and others"


UNLEARNED = ["Привет.", "Привет, мир", "你好，世界。", "…「日本」!", "ΩΩ?", "Привет. Мир, ура!"]


@pytest.mark.parametrize("text", UNLEARNED)
@pytest.mark.parametrize("mode", ["full", "stream"])
def test_marks_between_letters_that_the_voice_has_not_learned_are_no_speech(
    server: Sidecar, mode: str, text: str
) -> None:
    for speak in (server.speak, lambda text, **more: server.dictate([*text], **more)):
        for more in ({}, {"normalizeText": False}):
            with pytest.raises(RpcError, match="can be spoken by this model") as caught:
                speak(text, textMode=mode, **more)
            assert (caught.value.type, caught.value.data["field"]) == ("emptyText", "text")


@pytest.mark.parametrize("pieces", [["Ω Ψ"], [*"Ω Ψ\n\nΦ"]])
@pytest.mark.parametrize("mode", ["full", "stream"])
def test_what_the_model_cannot_speak_at_all_is_an_error(
    server: Sidecar, mode: str, pieces: list[str]
) -> None:
    with pytest.raises(RpcError, match="can be spoken by this model") as caught:
        server.dictate(pieces, textMode=mode)
    assert caught.value.type == "emptyText"


def test_a_short_text_with_a_sign_that_the_voice_does_not_know_ends(server: Sidecar) -> None:
    result = server.speak("1次", seed=2, normalizeText=False).result
    assert result["finishReason"] == "stop"


@pytest.mark.parametrize("text", ["…", "?!", "—", "***", "🙂", "```\ncode\n```"])
@pytest.mark.parametrize("mode", ["full", "stream"])
def test_what_says_nothing_is_an_error(server: Sidecar, text: str, mode: str) -> None:
    with pytest.raises(RpcError) as whole:
        server.speak(text, textMode=mode)
    with pytest.raises(RpcError) as live:
        server.dictate([text], textMode=mode)
    assert whole.value.type == live.value.type == "emptyText"
