"""A text that continues earlier speech sounds as if both texts had been one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from sidecar.engine.engine import Engine
from sidecar.models.base import Spoken
from tests.parity.cases import load
from tests.parity.requests import request, wait

# The tokenizer starts anew at the comma, so that both halves have the tokens of the whole.
BEGINNING, REST = "Hello there", ", how are you today?"
FRAMES = 20


@pytest.mark.parametrize("mode", ["full", "stream"])
@pytest.mark.parametrize("folder", ["voice_design", "base"])
def test_a_voice_that_nothing_fixes_goes_on(
    engine: Engine, golden: Path, folder: str, mode: str
) -> None:
    case = {"voice_design": "design", "base": "xvector"}[folder]
    # The penalty looks at all codes before, and there are none before what follows.
    whole = replace(request(load(golden, f"{folder}/{case}_{mode}")), repetition_penalty=1.0)
    whole = replace(whole, utterance=replace(whole.utterance, text=BEGINNING + REST))
    codes, samples, _ = wait(engine.submit(whole))
    said = min(FRAMES, len(codes) // 2)
    spoken = Spoken(BEGINNING, codes[:said])
    rest = replace(whole.utterance, text=REST, follows=spoken)
    later, heard, _ = wait(engine.submit(replace(whole, utterance=rest)))
    length = len(codes) - said
    assert np.array_equal(later[:length], codes[said:])
    # The codec goes on as well: it has heard what came before.
    assert np.abs(heard[: length * 1920] - samples[said * 1920 :]).max() < 1e-4


def test_a_preset_needs_nothing_to_follow(engine: Engine, golden: Path) -> None:
    alone = request(load(golden, "custom_voice/plain_full"))
    spoken = Spoken(BEGINNING, np.zeros((4, 16), np.int32))
    following = replace(alone, utterance=replace(alone.utterance, follows=spoken))
    codes, _, _ = wait(engine.submit(alone))
    assert np.array_equal(wait(engine.submit(following))[0], codes)
