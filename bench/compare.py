"""The same text by this project and by another one: `python -m bench.compare --help`.

Both speak greedily in float32, without anything around the model: the text is one utterance, and
stays as it is written. So their samples can be compared. Each engine has a process of its own.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import soundfile
from qwen_tts_client import Sidecar

from bench import child
from bench.markdown import table

OURS = "qwen-tts-sidecar"
PEERS = {"mlx-audio": "bench.compare:mlx_audio", "qwen-tts": "bench.official:speak"}
# What a process may take to load a model and to speak on a slow machine.
_SECONDS = 1800.0
# The tests compare with the official package to within this.
_EQUAL = 1e-4
# Codes that differ make another waveform; weights of fewer bits in a codec stay far below this.
_SAME_SPEECH = 1e-2


def ours(model: str, request: dict[str, Any], output: str) -> dict[str, Any]:
    """Speak with the sidecar's own process, as an app does; as `bench.official.speak` otherwise."""
    greedy: Any = {"temperature": 0.0, "subtalker": {"temperature": 0.0}}
    params: dict[str, Any] = {"language": request["language"]}
    if request["clone"]:
        reference = {"path": request["clone"], "text": request["ref_text"], "append_silence": False}
        params["reference"] = {key: value for key, value in reference.items() if value is not None}
    for name in ("voice", "instruct"):
        if request[name] is not None:
            params[name] = request[name]
    begun = time.perf_counter()
    with Sidecar([sys.executable, "-m", "sidecar"], cwd=str(child.ROOT)) as tts:
        tts.models.load(model, dtype="float32")
        ready = time.perf_counter()
        stream = tts.synthesize(
            request["text"],
            model=model,
            split_sentences=False,
            normalize_text=False,
            encoding="pcm_f32le",
            sampling=greedy,
            max_frames=request["frames"],
            **params,
        )
        chunks: list[bytes] = []
        first = ready
        for chunk in stream:
            first = first if chunks else time.perf_counter()
            chunks.append(chunk.audio)
        end = time.perf_counter()
        rate = stream.final().sample_rate
    np.save(output, np.frombuffer(b"".join(chunks), "<f4"))
    return {"load": ready - begun, "first": first - ready, "whole": end - ready, "rate": rate}


def mlx_audio(model: str, request: dict[str, Any], output: str) -> dict[str, Any]:
    """Speak with mlx-audio's streaming `generate`; as `bench.official.speak` otherwise."""
    from bench import engines

    begun = time.perf_counter()
    mx, loaded = engines._load_peer(model, tuned=True)
    ready = time.perf_counter()
    chunks: list[np.ndarray] = []
    first = ready
    for result in loaded.generate(
        text=request["text"],
        voice=request["voice"],
        instruct=request["instruct"],
        lang_code=request["language"],
        ref_audio=request["clone"],
        ref_text=request["ref_text"],
        temperature=0.0,
        max_tokens=request["frames"],
        stream=True,
        streaming_interval=engines.PEER_INTERVAL_SECONDS,
    ):
        mx.eval(result.audio)
        first = first if chunks else time.perf_counter()
        chunks.append(np.array(result.audio, np.float32))
    end = time.perf_counter()
    np.save(output, np.concatenate(chunks))
    rate = int(loaded.sample_rate)
    return {"load": ready - begun, "first": first - ready, "whole": end - ready, "rate": rate}


class Difference(NamedTuple):
    """How two recordings differ.

    Attributes:
        largest: the largest difference of two samples, where full scale is 1.
        same_until: the first sample that differs by more than 0.01; None if no sample does.
        lengths: the samples of each.
    """

    largest: float
    same_until: int | None
    lengths: tuple[int, int]


def difference(a: np.ndarray, b: np.ndarray) -> Difference:
    """Compare two recordings, float32 [samples], over the length of the shorter one."""
    common = min(len(a), len(b))
    apart = np.abs(a[:common] - b[:common])
    beyond = np.flatnonzero(apart > _SAME_SPEECH)
    until = int(beyond[0]) if len(beyond) else None
    if until is None and len(a) != len(b):
        until = common
    return Difference(float(apart.max(initial=0.0)), until, (len(a), len(b)))


def verdict(found: Difference, peer: str, rate: int) -> str:
    """Say in a sentence how the two recordings differ."""
    if found.same_until is None and found.largest <= _EQUAL:
        return f"Both speak the same: no sample differs by more than {found.largest:.1e}."
    if found.same_until is None:
        return (
            f"Both speak the same but for rounding: no sample differs by more than "
            f"{found.largest:.1e}, where full scale is 1."
        )
    seconds = found.same_until / rate
    ours, theirs = (length / rate for length in found.lengths)
    return (
        f"Both speak the same for {seconds:.2f} s, and differ after that: "
        f"{OURS} speaks for {ours:.2f} s, {peer} for {theirs:.2f} s. "
        "Listen to both files."
    )


def main(words: list[str] | None = None) -> int:
    """Print a table and a sentence; return 1 if one of the two could not speak."""
    options = _parser().parse_args(words)
    task, python = PEERS[options.peer], options.peer_python or sys.executable
    request = {
        name: getattr(options, name)
        for name in ("text", "voice", "language", "instruct", "ref_text", "frames")
    } | {"clone": str(options.clone.resolve()) if options.clone else None}
    rows: list[list[str]] = []
    recordings: list[np.ndarray] = []
    rate = 0
    options.output.mkdir(parents=True, exist_ok=True)
    for name, work, interpreter in ((OURS, "bench.compare:ours", sys.executable),
                                    (options.peer, task, python)):  # fmt: skip
        try:
            samples, answer = _spoken(work, interpreter, options.model, request)
        except child.ChildFailed as error:
            print(f"{name} did not speak: {error}", file=sys.stderr)
            return 1
        rate = answer["rate"]
        soundfile.write(options.output / f"{name}.wav", samples, rate)
        recordings.append(samples)
        audio = len(samples) / rate
        times = [f"{answer[one]:.2f}" for one in ("load", "first", "whole")]
        rows.append([name, *times, f"{audio:.2f}", f"{answer['whole'] / max(audio, 1e-9):.2f}"])
    head = ["", "load s", "first audio s", "whole s", "audio s", "whole ÷ audio"]
    print(table(head, rows))
    print(verdict(difference(*recordings), options.peer, rate))
    return 0


def _spoken(
    task: str, python: str, model: str, request: dict[str, Any]
) -> tuple[np.ndarray, dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        output = str(Path(folder) / "samples.npy")
        answer = child.call(task, _SECONDS, python, model=model, request=request, output=output)
        return np.load(output), answer


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.compare", description=__doc__)
    parser.add_argument("--peer", choices=PEERS, required=True, help="the other project")
    parser.add_argument(
        "--peer-python", metavar="PATH", help="the Python that has the other project's package"
    )
    parser.add_argument("--model", required=True, help="a folder, or for mlx-audio also an alias")
    parser.add_argument("--text", required=True, help="what both say")
    parser.add_argument("--language", default="english", help="its language (default: english)")
    parser.add_argument("--voice", help="a preset voice of the model")
    parser.add_argument("--instruct", help="how to speak, or the description of a voice")
    parser.add_argument("--clone", type=Path, metavar="FILE", help="a recording to clone")
    parser.add_argument("--ref-text", help="what is said in the recording")
    parser.add_argument(
        "--frames", type=int, default=750, help="the longest speech, in frames of 80 ms (750)"
    )
    parser.add_argument(
        "-o", "--output", type=Path, default=Path("build/compare"), metavar="DIR",
        help="the folder for the two WAV files (default: build/compare)",
    )  # fmt: skip
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
