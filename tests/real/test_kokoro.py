"""Kokoro with its real weights, through the real process, against the same weights in onnxruntime.

`converter/reference.py` has made the reference.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from sidecar.models.aligners import letters
from sidecar.ssml import phonemes
from tests.quality.scoring import spoken_form
from tests.real import weights
from tests.real.cases import CASES, LISTENED_TO, VOICES, Case
from tests.real.features import RATE, correlation, log_mel
from tests.support import kokoro_extra
from tests.support.harness import RpcError, Sidecar, Speech, sidecar
from tests.support.installing import unavailable

if TYPE_CHECKING:
    from tests.quality.recogniser import Recogniser

pytestmark = [pytest.mark.hosts, pytest.mark.timeout(900)]

LONG = "This sentence goes on for a good while, so that it is spoken for more than a few seconds."
# Between two messages on a busy machine: 5 s of speech take 8 s of processor time.
_TIMEOUT = 300.0
_LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (DEBUG|INFO|WARNING|ERROR) [\w.]+: ")


@pytest.fixture(scope="module")
def checkpoint() -> Path:
    return weights.checkpoint()


@pytest.fixture(scope="module")
def kokoro(checkpoint: Path) -> Iterator[Sidecar]:
    """Yield a process that has the extra `kokoro`, and nothing but that for it.

    At the end of all tests here, when mlx-audio, misaki and spaCy have been used, stderr has the
    lines of the log and no others.
    """
    path = os.pathsep.join(map(str, (kokoro_extra.installed(), weights.english())))
    options = ("--log-level", "info", "--model", str(checkpoint))
    with sidecar(*options, env={"PYTHONPATH": path}) as process:
        process.wait(process.request("model/load", {}), _TIMEOUT)
        yield process
        assert process.shutdown() == 0
        lines = process.whole_log().splitlines()
    assert [line for line in lines if not _LINE.match(line)] == []
    assert [line for line in lines if " WARNING " in line or " ERROR " in line] == []


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    try:
        from tests.quality.recogniser import Recogniser
    except ModuleNotFoundError as error:
        unavailable(f"speech is not recognised: no module {error.name} (extra 'quality')")
    return Recogniser()


def ask(process: Sidecar, text: str, **params: Any) -> int:
    stream = {"partialResultToken": text, "seed": 1, "encoding": "pcm_f32le"}
    return process.request("speech/synthesize", {"text": text, **stream, **params})


def speak(process: Sidecar, text: str, voice: str) -> Speech:
    return process.heard(ask(process, text, voice=voice), text, _TIMEOUT)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_it_speaks_as_the_reference_does(kokoro: Sidecar, case: Case) -> None:
    with np.load(Path(__file__).parent / "reference.npz") as reference:
        samples, mel = int(reference[f"{case.name}.samples"]), reference[f"{case.name}.mel"]
    speech = speak(kokoro, case.text, case.voice)
    assert speech.result["sampleRate"] == RATE
    assert speech.result["samples"] == samples
    assert correlation(log_mel(speech.samples), mel.astype(np.float32)) > 0.99


def test_every_word_is_recognised(kokoro: Sidecar, recogniser: Recogniser) -> None:
    wrong: list[str] = []
    for voice, text in product(VOICES, LISTENED_TO):
        heard = recogniser.transcribe(speak(kokoro, text, voice).samples)
        if spoken_form(heard) != spoken_form(text):
            wrong.append(f"{voice} said {text!r}, and {heard!r} was heard")
    assert not wrong


def test_another_model_speaks_in_the_middle_of_a_sentence_and_a_cancel_ends_it(
    kokoro: Sidecar,
) -> None:
    kokoro.call("model/load", {"model": "tiny-voice"})
    long = ask(kokoro, LONG)
    assert kokoro.speak("Hello.", model="tiny-voice", seed=1, maxFrames=5).result["frames"] == 5
    of_long = [one for one in kokoro.others() if one.get("method") == "$/progress"]
    assert of_long == []  # its first clause is not finished
    kokoro.notify("$/cancelRequest", {"id": long})
    with pytest.raises(RpcError, match="-32800"):
        kokoro.wait(long)
    assert speak(kokoro, CASES[1].text, CASES[1].voice).result["finishReason"] == "stop"


def test_its_word_times_are_where_the_letters_aligner_hears_the_words(kokoro: Sidecar) -> None:
    """Two ways that know nothing of each other: the model's durations, and its sound."""
    text = "Hello big world, it's the third of May."
    id = ask(kokoro, text, timing="word", language="english", voice="af_heart")
    speech = kokoro.heard(id, text, _TIMEOUT)
    (told,) = speech.words
    assert (told["source"], told["grainMs"]) == ("model", 25)
    units = [re.sub("[^A-Za-z']", "", word["word"]) for word in told["words"]]
    assert units == ["Hello", "big", "world", "it's", "the", "third", "of", "May"]
    # Sure or not: it was not trained on such voices.
    aligned = letters.load().align_with_doubt(speech.samples, RATE, units)
    assert aligned is not None
    heard, _ = aligned
    starts = [word["startMs"] / 1000 for word in told["words"]]
    assert starts == pytest.approx([start for start, _ in heard], abs=0.1)


def test_phoneme_takes_all_that_misaki_says_and_the_model_knows_all_that_it_takes(
    checkpoint: Path,
) -> None:
    vocabulary = json.loads((checkpoint / "config.json").read_text("utf-8"))["vocab"]
    assert set(vocabulary) >= phonemes.KNOWN
    folder = kokoro_extra.installed() / "misaki" / "data"
    said: set[str] = set()
    for file in (folder / f"{name}.json" for name in ("us_gold", "us_silver", "gb_gold")):
        for entry in json.loads(file.read_text("utf-8")).values():
            said.update(filter(None, [entry] if isinstance(entry, str) else entry.values()))
    assert len(said) > 100_000
    assert {one for one in said if phonemes.to_kokoro(one) is None} == set()
    # Where a word's parts meet ("nightshade", "drawing"), two sounds are read as one of its own.
    changed = {one for one in said if phonemes.to_kokoro(one) != one}
    assert {one for one in changed if not re.search("tʃ|dʒ|ɔɪ", one)} == set()


def test_a_word_in_ipa_is_spoken_as_misaki_speaks_it(kokoro: Sidecar) -> None:
    word = '<phoneme alphabet="ipa" ph="{}">Bonjour</phoneme>'
    params: dict[str, Any] = {"language": "english", "voice": "af_heart"}
    plain = kokoro.heard(ask(kokoro, "Hello world.", **params), "Hello world.", _TIMEOUT)
    for ipa in ("həlˈoʊ", "həlˈO"):
        text = f"<speak>{word.format(ipa)} world.</speak>"
        id = ask(kokoro, text, inputFormat="ssml", **params)
        assert kokoro.heard(id, text, _TIMEOUT).audio == plain.audio
