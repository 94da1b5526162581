"""Clones of recordings are understood, and sound like their own speakers.

tests/data/tiny-base is a small Base model that speaks (training/README.md), the recordings are
flite's: see the README beside them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.quality.scoring import score
from tests.quality.speaking import Utterance, speak_all, with_seeds
from tests.support.harness import Message, Sidecar, sidecar
from training.heldout import held_out
from training.pack import unpack

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

DATA = Path(__file__).parent.parent / "data"
SPEAKERS = ("slt", "rms", "awb")
SENTENCES = held_out(4)
# The recogniser may get this many words of four sentences wrong, over all speakers.
BAR = 0.2


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("tiny-base")
    unpack(DATA / "tiny-base", folder)
    return str(folder)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sidecar]:
    with sidecar("--voices-dir", str(tmp_path_factory.mktemp("voices"))) as process:
        yield process


def recording(speaker: str) -> str:
    return str(DATA / "recordings" / f"{speaker}.flac")


def said() -> str:
    return (DATA / "recordings" / "said.txt").read_text().strip()


def judge(spoken: dict[str, list[Utterance]]) -> None:
    """Fail unless every clone ended, is understood, and is nearest to its own speaker."""
    pytest.importorskip("faster_whisper", reason="the extra 'quality' is not installed")
    from tests.quality.recogniser import Recogniser
    from tests.quality.timbre import distance, timbre

    recogniser = Recogniser()
    heard = {name: soundfile.read(recording(name))[0] for name in SPEAKERS}
    timbres = {name: timbre(samples.astype(np.float32)) for name, samples in heard.items()}
    transcripts = []
    for name, utterances in spoken.items():
        assert [one.reason for one in utterances] == ["stop"] * len(utterances)
        transcripts += [recogniser.transcribe(one.samples) for one in utterances]
        clone = timbre(np.concatenate([one.samples for one in utterances]))
        distances = {other: distance(timbres[other], clone) for other in SPEAKERS}
        assert min(distances, key=lambda other: distances[other]) == name, distances
    assert score(SENTENCES * len(spoken), transcripts).wer <= BAR, transcripts


def speak(server: Sidecar, common: Message) -> list[Utterance]:
    return speak_all(server, with_seeds(SENTENCES, common))


@pytest.mark.hosts  # the batch of both speakers shows it, too
def test_a_recording_lends_its_timbre(server: Sidecar, model: str) -> None:
    """The request uses the x-vector alone."""
    spoken = {}
    for name in SPEAKERS:
        reference = {"path": recording(name)}
        spoken[name] = speak(server, {"model": model, "textMode": "full", "reference": reference})
    judge(spoken)


@pytest.mark.hosts  # tests/process/test_voices.py holds saved voices to the official code
def test_a_saved_voice_goes_on_in_context(server: Sidecar, model: str) -> None:
    """The prompt has the codes and the transcript from the file that `voice/create` wrote."""
    spoken = {}
    for name in SPEAKERS:
        reference = {"path": recording(name), "text": said()}
        made = server.call(
            "voice/create", {"voice": f"as {name}", "model": model, "reference": reference}
        )
        assert made["hasTranscript"]
        assert made["frames"] > 50
        common = {"model": model, "textMode": "full", "voice": f"as {name}"}
        spoken[name] = speak(server, common)
    judge(spoken)


def test_recordings_of_two_speakers_are_told_apart_in_one_batch(
    server: Sidecar, model: str
) -> None:
    """Rows of a batch keep their speakers."""
    requests = [
        {
            "model": model,
            "textMode": "full",
            "text": text,
            "seed": seed,
            "reference": {"path": recording(name), "text": said() if seed % 2 else None},
        }
        for seed, text in enumerate(SENTENCES)
        for name in SPEAKERS
    ]
    spoken = speak_all(server, requests)
    judge({name: spoken[place :: len(SPEAKERS)] for place, name in enumerate(SPEAKERS)})


@pytest.mark.parametrize("saved", [False, True])
def test_a_transcript_of_the_first_half_shows_in_what_is_spoken(
    server: Sidecar, model: str, saved: bool
) -> None:
    """The same text causes no warning with the whole transcript."""
    first = said().split(". ")[0] + "."
    for text, expected in ((said(), []), (first, ["speechTooFast"])):
        voice: Message = {"reference": {"path": recording("slt"), "text": text}}
        if saved:
            made = server.call("voice/create", {"model": model, **voice})
            assert "warnings" not in made
            voice = {"voice": made["voice"]}
        speech = {"text": " ".join(SENTENCES), "model": model, "seed": 1, **voice}
        result = server.call("speech/synthesize", speech)
        assert [warning["type"] for warning in result.get("warnings", [])] == expected
