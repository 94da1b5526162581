"""`python -m bench.voices --model BASE`: first audio of a cloned voice, by where it comes from.

Inline, the recording is encoded for the request; saved, it was when the voice was made. Again is
the second request with the same voice: what encoders and codec have heard is remembered. All in one
process, in turn, so that a noisy machine is noisy for each of them; every voice has a recording of
its own.
"""

from __future__ import annotations

import base64
import io
import statistics
import tempfile
from typing import Any

import numpy as np
import soundfile
from qwen_tts_client.protocol import Reference

from bench import sidecars, suite
from bench.markdown import ms, ratio, table
from bench.options import Options
from sidecar.models import catalog, registry

TITLE = "Cloned voices: first audio, by where the voice comes from"
SECONDS = (3, 12)
WAYS = ("inline", "inline again", "saved", "saved again")
_RATE = 24000
_TEXT = "A sentence to measure with."


def recording(seconds: float, seed: int) -> str:
    """Noise that comes and goes like syllables, as a WAV file in base64."""
    random = np.random.default_rng(seed)
    time = np.arange(int(seconds * _RATE)) / _RATE
    samples = 0.1 * random.standard_normal(len(time)) * (1 + np.sin(25 * time))
    file = io.BytesIO()
    soundfile.write(file, samples, _RATE, format="WAV", subtype="PCM_16")
    return base64.b64encode(file.getvalue()).decode()


def measure(
    model: str, seconds: float, transcript: bool, runs: int, limit: float
) -> dict[str, Any]:
    """Return seconds to the first audio, per way and run, the first run left out: it warms up."""
    words: Reference = {"text": "la " * int(4 * seconds)} if transcript else {}
    said: dict[str, Any] = {"model": model, "max_frames": 1, "seed": 1}
    firsts: dict[str, list[float]] = {way: [] for way in WAYS}
    with (
        tempfile.TemporaryDirectory() as folder,
        sidecars.running(model, limit, "--voices-dir", folder) as tts,
    ):
        for number in range(runs + 1):
            inline: Reference = {"audio": recording(seconds, 2 * number), **words}
            saved: Reference = {"audio": recording(seconds, 2 * number + 1), **words}
            name = f"v{number}"
            tts.voices.create(name, model=model, reference=saved)
            for way in WAYS:
                asked: Any = {"reference": inline} if way.startswith("inline") else {"voice": name}
                result = tts.synthesize(_TEXT, **said, **asked).final()
                firsts[way].append(result.metrics.first_audio_ms / 1000)
    return {way: values[1:] for way, values in firsts.items()}


def run(options: Options) -> dict[str, Any]:
    if registry.describe(catalog.resolve(options.model)).variant != "base":
        return {"rows": []}
    runs = options.run_count(full=7, quick=3)
    rows = [
        {"seconds": seconds, "transcript": transcript}
        | measure(options.model, seconds, transcript, runs, options.seconds())
        for transcript in (True, False)
        for seconds in SECONDS
    ]
    return {"rows": rows, "runs": runs}


def report(result: dict[str, Any]) -> str:
    if not result["rows"]:
        return "Only a Base model clones: name one with `--model`."
    header = ("reference", *WAYS, "inline ÷ saved", "inline ÷ saved again")
    body = []
    for row in result["rows"]:
        medians = [statistics.median(row[way]) for way in WAYS]
        kind = "with transcript" if row["transcript"] else "timbre alone"
        name = f"{row['seconds']} s, {kind}"
        ratios = [ratio(medians[0], medians[at]) for at in (2, 3)]
        body.append((name, *(ms(value) for value in medians), *ratios))
    return table(header, body) + f"\n\nMedians of {result['runs']} recordings, one process."


if __name__ == "__main__":
    suite.main(["voices"])
