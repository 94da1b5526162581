"""Speech of the official package `qwen-tts`, for `bench.compare`.

It runs with the Python that has this package (with torch and transformers 4.57), not with the
project's: import nothing here but the standard library, NumPy and that package.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np


def speak(model: str, request: dict[str, Any], output: str) -> dict[str, Any]:
    """Speak greedily, and write the samples to a .npy file; return seconds and the sample rate.

    Args:
        request: text, language, frames; and voice, instruct, or clone with ref_text.
        output: the file, float32 [samples].
    """
    import torch  # pyright: ignore[reportMissingImports]
    from qwen_tts import Qwen3TTSModel  # pyright: ignore[reportMissingImports]

    begun = time.perf_counter()
    loaded: Any = Qwen3TTSModel.from_pretrained(model, device_map="cpu", dtype=torch.float32)
    ready = time.perf_counter()
    greedy = {
        "do_sample": False,
        "subtalker_dosample": False,
        # Its loop returns one frame fewer than it was allowed.
        "max_new_tokens": request["frames"] + 1,
    }
    common = {"text": request["text"], "language": request["language"], **greedy}
    if request["clone"]:
        wavs, rate = loaded.generate_voice_clone(
            ref_audio=request["clone"],
            ref_text=request["ref_text"],
            x_vector_only_mode=request["ref_text"] is None,
            **common,
        )
    elif request["voice"]:
        wavs, rate = loaded.generate_custom_voice(
            speaker=request["voice"], instruct=request["instruct"], **common
        )
    else:
        wavs, rate = loaded.generate_voice_design(instruct=request["instruct"], **common)
    end = time.perf_counter()
    np.save(output, np.asarray(wavs[0], np.float32).reshape(-1))
    return {"load": ready - begun, "first": end - ready, "whole": end - ready, "rate": int(rate)}
