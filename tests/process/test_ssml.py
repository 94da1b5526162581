"""SSML on the wire: spoken, reported and refused by the real process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sidecar.cli.arguments.program import parse
from sidecar.cli.say.results import Results
from sidecar.synthesis.request import Mark
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


def test_say_refuses_what_it_cannot_do_with_ssml() -> None:
    with pytest.raises(SystemExit) as caught:
        parse(["say", "<speak>Hello.</speak>", "--ssml", "--skip-directions"])
    assert caught.value.code == 2


def test_say_writes_captions_of_ssml_without_its_tags(tmp_path: Path) -> None:
    """The whole command, in this process: what it speaks is not of interest."""
    results = Results(
        parse(
            ["say", "x", "--ssml", "--srt", str(tmp_path / "x.srt"), "-o", str(tmp_path / "x.wav")]
        ),
        1,
        TEXT,
    )
    with results:
        results.marks.append(Mark(0, 0, len(TEXT), 0.0))
        results.write(np.zeros(2400, "<f4").tobytes(), 24000)
        results._complete(0.1, 24000)
    shown = (tmp_path / "x.srt").read_text("utf-8").split("\n", 2)[2]
    assert " ".join(shown.split()) == "Wait a moment for that.This is slower. Now & then."
