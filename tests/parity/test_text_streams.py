"""The official dual-track outputs, from text that comes in pieces."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from tests.parity.cases import NAMES, load
from tests.parity.requests import wire_request
from tests.support.harness import Sidecar

STREAMED = [name for name in NAMES if name.endswith("_stream")]


def cut(text: str, seed: int) -> list[str]:
    """Return the text in pieces of any size, empty ones included."""
    draw = random.Random(seed)
    borders = sorted(draw.choices(range(len(text) + 1), k=draw.randrange(1, len(text))))
    return [text[a:b] for a, b in zip([0, *borders], [*borders, len(text)], strict=True)]


@pytest.mark.parametrize("name", STREAMED)
def test_pieces_of_text_give_the_official_audio(server: Sidecar, golden: Path, name: str) -> None:
    expected = load(golden, name)
    server.call("model/load", {"model": str(expected.model), "dtype": "float32"})
    pieces = cut(expected.case["text"], seed=STREAMED.index(name))
    speech = server.dictate(pieces, **wire_request(expected))
    assert speech.result["finishReason"] == expected.finish_reason
    assert speech.samples.shape == expected.audio.shape
    assert np.abs(speech.samples - expected.audio).max() < 1e-4
    assert [(s["textStart"], s["textEnd"]) for s in speech.sentences] == [
        (0, len(expected.case["text"]))
    ]
