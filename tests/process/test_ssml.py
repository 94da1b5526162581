"""SSML on the wire: spoken, reported and refused by the real process."""

from __future__ import annotations

from typing import Any

import pytest

from sidecar.cli.arguments.program import parse
from tests.support.harness import RpcError, Sidecar
from tests.support.silences import PARAMS, pauses

SSML: dict[str, Any] = {"inputFormat": "ssml", **PARAMS}
TEXT = (
    '<speak><p>Wait a moment <break time="400ms"/> for <sub alias="it">that</sub>.</p>'
    '<p><prosody rate="80%">This is slower.</prosody> <w>Now</w> &amp; then.</p></speak>'
)


def test_ssml_is_spoken_whole_and_in_pieces(server: Sidecar) -> None:
    whole = server.speak(TEXT, **SSML)
    pieces = server.dictate([*TEXT], textMode="full", **SSML)
    assert pieces.audio == whole.audio
    assert "".join(TEXT[one["textStart"] : one["textEnd"]] for one in whole.sentences) == TEXT
    assert pauses(whole)[0] == pytest.approx(400, abs=5)
    assert [one["type"] for one in whole.result["warnings"]] == ["ssmlIgnored"]
    tokens = server.dictate([*TEXT], textMode="stream", **SSML)
    assert pauses(tokens)[0] == pytest.approx(400, abs=5)


def test_a_rate_in_ssml_is_the_speed(server: Sidecar) -> None:
    text = "This is a sentence of some words."
    one = server.speak(f"<speak>{text}</speak>", **SSML)
    slow = server.speak(f'<speak><prosody rate="50%">{text}</prosody></speak>', **SSML)
    assert one.result["samples"] * 2 == pytest.approx(slow.result["samples"], rel=0.02)


@pytest.mark.parametrize(
    ("text", "type", "offset"),
    [
        ("<speak>Hello <p>there</speak>", "invalidMarkup", 23),
        ('<!DOCTYPE a [<!ENTITY b "c">]><speak>&b;</speak>', "invalidMarkup", 12),
        ("<speak><phoneme ph='tɛst'>test</phoneme></speak>", "unsupported", None),
    ],
)
def test_ssml_that_cannot_be_spoken_is_refused_before_anything_is(
    server: Sidecar, text: str, type: str, offset: int | None
) -> None:
    with pytest.raises(RpcError) as caught:
        server.speak(text, **SSML)
    data = caught.value.data
    assert (data["type"], data["field"], data.get("textOffset")) == (type, "text", offset)


@pytest.mark.parametrize("option", [("--srt", "x.srt"), ("--vtt", "x.vtt"), ("--skip-directions",)])
def test_say_refuses_what_it_cannot_do_with_ssml(option: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse(["say", "<speak>Hello.</speak>", "--ssml", *option])
    assert caught.value.code == 2
