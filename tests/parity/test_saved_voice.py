"""The encoder passes that a saved voice saves, counted."""

from __future__ import annotations

import io
from pathlib import Path

import msgspec
import numpy as np
import pytest
import soundfile

from sidecar.engine.request import SamplingOverrides, SpeechRequest
from sidecar.models.base import ReferenceAudio, Utterance
from sidecar.models.qwen3_tts.reference import ReferenceEncoder
from sidecar.voices.choice import choose
from sidecar.voices.reader import ReferenceReader
from sidecar.voices.store import VoiceStore
from tests.parity import cases
from tests.support import batches
from tests.support.voice_files import metadata

GREEDY = SamplingOverrides(temperature=0.0)
FRAMES = 6


@pytest.mark.parametrize("case", ["icl_full", "xvector_full"])
def test_a_saved_voice_costs_no_encoder_pass(
    golden: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    """The saved voice speaks exactly as its recording does."""
    passes: list[str] = []
    for name in ("_speaker", "_codes"):
        true = getattr(ReferenceEncoder, name)

        def counted(self: object, samples: object, name: str = name, true: object = true) -> object:
            passes.append(name)
            return true(self, samples)  # type: ignore[operator]

        monkeypatch.setattr(ReferenceEncoder, name, counted)

    expected = cases.load(golden, f"base/{case}")
    loaded = batches.load(expected.model)
    assert expected.reference is not None
    wav = io.BytesIO()
    soundfile.write(wav, expected.reference, 24000, format="WAV", subtype="FLOAT")
    text = expected.case["ref_text"] or None
    recording = ReferenceReader().read(
        ReferenceAudio(data=wav.getvalue(), text=text, append_silence=False)
    )

    def spoken(voice: Utterance) -> np.ndarray:
        request = SpeechRequest("m", voice, GREEDY, GREEDY, max_frames=FRAMES)
        runner = batches.new_runner()  # and references that remember nothing
        sink = batches.admit(runner, loaded, request)
        batches.finish(runner)
        return batches.speech(sink)[0]

    plain = Utterance(
        expected.case["text"],
        language=expected.case["language"],
        text_mode=expected.text_mode,
        reference=recording,
    )
    inline = spoken(plain)
    assert passes == (["_speaker", "_codes"] if text else ["_speaker"])
    assert np.array_equal(inline, expected.codes[:FRAMES])

    store = VoiceStore(str(tmp_path))
    store.save(metadata("anna", text=text), loaded.model.encode(recording))
    passes.clear()
    for _ in range(2):
        _, saved = choose(store, "Anna", "m", "m")
        again = msgspec.structs.replace(plain, voice="Anna", reference=saved)
        assert np.array_equal(spoken(again), inline)
    assert passes == []
