"""Where a frame's time goes on CUDA: the two kernels alone, the loop of frames, the codec.

`python -m bench.frames FOLDER [--dtype bfloat16] [--bits 8]`. The loop is the engine's, without its
threads.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from bench.engines import SENTENCES, first_voice
from bench.markdown import mb
from sidecar.models import backend

ROWS, POSITIONS, FRAMES = (1, 2, 4, 8), (60, 500, 2000), 60


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("--dtype", default="auto")
    parser.add_argument("--bits", type=int, choices=(8, 6, 4), help="quantise at load")
    options = parser.parse_args()
    backend.prepare()
    import mlx.core as mx

    from sidecar.models import catalog
    from sidecar.models.qwen3_tts.model import Qwen3TTS

    start = time.perf_counter()
    model: Any = Qwen3TTS.load(catalog.resolve(options.folder), options.dtype, options.bits)
    seconds, held, peak = time.perf_counter() - start, mx.get_active_memory(), mx.get_peak_memory()
    print(f"loaded in {seconds:.1f} s, {model.dtype}, {mb(held)}, peak {mb(peak)}", flush=True)
    print("| rows | predictor | " + " | ".join(f"talker at {n}" for n in POSITIONS) + " |")
    for rows in ROWS if model._talker._predictor._kernel else ():
        figures = [_predictor(model, rows), *(_talker(model, rows, at) for at in POSITIONS)]
        print(f"| {rows} | " + " | ".join(f"{f:.3f} ms" for f in figures) + " |", flush=True)
    voice = first_voice(options.folder)
    for rows in (*ROWS, 16):
        print(f"frames, {rows} rows: {_loop(model, rows, voice)}", flush=True)
    for rows in (1, 8):
        for frames in (1, 4, 12):
            print(f"codec, {rows} rows, {frames} frames: {_codec(model, rows, frames, voice)}")


def _timed(run: Callable[[], Any], count: int = 40) -> float:
    """Milliseconds of one of `count` launches, queued one after another."""
    import mlx.core as mx

    mx.eval(run())
    rounds: list[float] = []
    for _ in range(5):
        start = time.perf_counter()
        mx.eval([run() for _ in range(count)])
        rounds.append((time.perf_counter() - start) / count * 1e3)
    return statistics.median(rounds)


def _predictor(model: Any, rows: int) -> float:
    import mlx.core as mx

    kernel = model._talker._predictor._kernel
    shape = kernel.shape
    hidden = mx.random.normal((rows, 1, shape.hidden)).astype(model._talker._rows._kernel.dtype)
    first = mx.random.randint(0, shape.vocab, (rows,)).astype(mx.uint32)
    noise = mx.random.normal((rows, (shape.codebooks - 1) * shape.vocab))
    settings = mx.array([[50.0, 1.0, 0.9]] * rows)
    mx.eval(hidden, first, noise, settings)
    return _timed(lambda: kernel(hidden, first, noise, settings)[0])


def _talker(model: Any, rows: int, position: int) -> float:
    import mlx.core as mx

    from sidecar.models.qwen3_tts.cuda.talker import LayeredKVCache

    kernel = model._talker._rows._kernel
    shape, cache = kernel.shape, LayeredKVCache()
    room = position // 256 * 256 + 256
    size = (shape.layers, 2, rows, shape.kv_heads, room, shape.head_dim)
    cache.kv = mx.random.normal(size).astype(kernel.dtype)
    cache.end, cache.lengths = position, [position] * rows
    x = mx.random.normal((rows, 1, shape.hidden)).astype(kernel.dtype)
    mx.eval(cache.kv, x)
    return _timed(lambda: kernel(x, cache)[1])


def _opened(model: Any, rows: int, voice: str) -> list[Any]:
    from sidecar.models.base import Utterance

    prompt = model.prepare(Utterance(SENTENCES[0], voice=voice, language="english"))
    opened = [model.open(prompt) for _ in range(rows)]
    for row in opened:
        while not model.prefill([row]):
            pass
    return opened


def _loop(model: Any, count: int, voice: str) -> str:
    import mlx.core as mx

    from sidecar.engine.sampling import BatchSampler, LogitsMask, SamplingState

    params = model.defaults
    rows = _opened(model, count, voice)
    states = [
        SamplingState(params.talker, params.subtalker, 1.05, 2, seed) for seed in range(count)
    ]
    sampler = BatchSampler(LogitsMask(model.codes), states)
    built: list[float] = []
    started: list[float] = []
    whole: list[float] = []
    last: Any = None
    for _ in range(FRAMES + 10):
        t0 = time.perf_counter()
        codes, finite = model.frame(rows, sampler), sampler.finite
        sampler.advance()
        t1 = time.perf_counter()
        mx.async_eval(codes, finite)  # pyright: ignore[reportUnknownMemberType]  # MLX does not type its arguments
        t2 = time.perf_counter()
        if last is not None:
            np.array(last)
        last = codes
        built.append(t1 - t0)
        started.append(t2 - t1)
        whole.append(time.perf_counter() - t0)
    np.array(last)
    for row in rows:
        model.close(row)
    a, b, c = (statistics.median(times[10:]) * 1e3 for times in (whole, built, started))
    return f"{a:.2f} ms a frame; Python {b:.2f}, MLX's host {c:.2f}"


def _codec(model: Any, count: int, frames: int, voice: str) -> str:
    import mlx.core as mx

    rows = _opened(model, count, voice)
    size = (frames, model.codes.codebooks)
    random = np.random.default_rng(1)
    codes = [random.integers(0, 1000, size, np.uint32) for _ in rows]
    built: list[float] = []
    whole: list[float] = []
    for _ in range(14):
        start = time.perf_counter()
        samples = model.decode(rows, codes)
        middle = time.perf_counter()
        mx.eval(samples)
        built.append(middle - start)
        whole.append(time.perf_counter() - start)
    for row in rows:
        model.close(row)
    a, b = (statistics.median(times[4:]) * 1e3 for times in (whole, built))
    return f"{a:.2f} ms, Python {b:.2f}"


if __name__ == "__main__":
    main()
