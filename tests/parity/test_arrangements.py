"""The GPU's arrangement of the same model, run on the CPU.

Where there is a GPU, `test_engine.py` runs the same thing on it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from bench import checkpoints
from sidecar.engine.references import References
from sidecar.engine.request import SamplingOverrides, SpeechRequest
from sidecar.errors import Cancelled
from sidecar.models.base import Utterance
from sidecar.models.qwen3_tts.backend import CPU, CUDA, METAL, Backend
from tests.parity.cases import NAMES, load
from tests.parity.requests import request
from tests.support import batches

GREEDY = SamplingOverrides(temperature=0.0)
FRAMES = 8


def quick(backend: Backend) -> Backend:
    """Return the arrangement with the CPU's convolutions and what belongs to them, and without the
    codec's kernels."""
    convolutions = {"conv": CPU.conv, "sin2pi": CPU.sin2pi, "codec_kernels": None}
    return replace(backend, layer_norm=CPU.layer_norm, erf=CPU.erf, **convolutions)


@pytest.mark.parametrize("folder", [pytest.param("custom_voice", marks=pytest.mark.hosts), "base"])
def test_every_code_is_the_official_one(golden: Path, folder: str) -> None:
    """Rows join one after another and an unrelated row leaves, so the KV cache is rebuilt often.

    The test takes only the beginnings, and one checkpoint only with MLX's convolutions, which take
    long on a CPU: half a minute to encode a reference.
    """
    backend = METAL if folder == "custom_voice" else quick(METAL)
    loaded = batches.load(golden / folder, backend=backend)
    cases = [load(golden, name) for name in NAMES if name.startswith(f"{folder}/")]
    runner, references = batches.new_runner(), References()
    requests = [msgspec.structs.replace(request(case), max_frames=FRAMES) for case in cases]
    sinks = [batches.admit(runner, loaded, one, references) for one in requests]
    stranger = batches.admit(runner, loaded, requests[0], references)
    while not runner.active[-1].has_spoken:
        runner.advance()
    runner.cancel(runner.active[-1].job, Cancelled("The request was cancelled."))
    sinks[0].reads = False  # pauses: takes its keys and values out of the KV cache, and back
    for _ in range(4):
        runner.advance()
    assert 0 < runner.active[0].frames < FRAMES
    sinks[0].reads = True
    batches.finish(runner)
    assert isinstance(stranger.heard()[1], Cancelled)
    for case, sink in zip(cases, sinks, strict=True):
        codes, samples, _ = batches.speech(sink)
        assert np.array_equal(codes, case.codes[:FRAMES])
        assert np.abs(samples - case.audio[: len(samples)]).max() < 1e-4


@pytest.mark.parametrize(("bits", "backend"), [(4, CUDA), (8, METAL), (8, CUDA)])
def test_a_quantised_checkpoint_says_the_same_in_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bits: int, backend: Backend
) -> None:
    """The CPU unpacks its weights; a GPU multiplies them packed, with neighbouring layers fused.

    The convolutions are not quantised, and the test above runs the GPU's.
    """
    checkpoints.write("tiny", bits, tmp_path)
    greedy = SpeechRequest(
        str(tmp_path),
        Utterance("The quick brown fox.", language="english"),
        talker=GREEDY,
        subtalker=GREEDY,
        max_frames=6,
        stop_runaway=False,
    )
    monkeypatch.setattr("sidecar.models.qwen3_tts.linear._FEW", 2)  # rows in halves, too
    quantised = batches.load(tmp_path, backend=quick(backend))
    codes, samples, _ = batches.alone(batches.load(tmp_path, backend=CPU), greedy)
    runner = batches.new_runner()
    sinks = [batches.admit(runner, quantised, greedy) for _ in range(3)]
    batches.finish(runner)
    for sink in sinks:
        other, other_samples, _ = batches.speech(sink)
        assert np.array_equal(codes, other)
        assert np.abs(samples - other_samples).max() < 1e-4
