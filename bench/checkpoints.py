"""`python -m bench.checkpoints 0.6b --bits 4 FOLDER`: a checkpoint of random weights, true shapes.

Speed and memory do not depend on what the weights say, so benchmarks of the full sizes need no
hub. The layout is that of Qwen3-TTS-12Hz-0.6B-CustomVoice and -1.7B-CustomVoice on the hub
(bench/shapes.py names the sources): the talker in bfloat16, the codec in float32. `--bits 8` and
`--bits 4` write what mlx-audio's `convert --quantize` would (affine, groups of 64, its own choice
of layers). The text tokenizer is the bundled voice's: small ids in a full-sized embedding.

The audio is noise. It never ends by itself, so a benchmark's `max_frames` is its length.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
from mlx.utils import tree_flatten
from numpy.typing import NDArray

from bench import shapes

_BUNDLED = Path(__file__).parent.parent / "sidecar" / "bundled" / "tiny-voice"
_GROUP_SIZE = 64
# The last ids of codebook 0's vocabulary: never audio; one of them ends the speech.
_CONTROL_CODES = 1024
_TALKER_STD = 0.02
# Brings the codec's noise to about a tenth of full scale: audible, never clipped.
_OUTPUT_GAIN = 0.1
_RESIDUAL_GAIN = 0.3


@dataclass(frozen=True)
class Tensor:
    """One weight to draw: normal with standard deviation `std`, or `fill` where that is 0."""

    name: str
    shape: tuple[int, ...]
    std: float
    fill: float = 0.0

    def draw(self) -> NDArray[np.float32]:
        if not self.std:
            return np.full(self.shape, self.fill, np.float32)
        rng = np.random.Generator(np.random.SFC64(zlib.crc32(self.name.encode())))
        values = rng.standard_normal(self.shape, dtype=np.float32)
        values *= self.std
        if self.name == "talker.codec_head.weight":
            # Logit 0 is in the middle of the others: outside any top-k, so the end is never drawn.
            values[-_CONTROL_CODES:] = 0.0
        return values


def write(size: str, bits: int, folder: Path) -> None:
    """Write the whole checkpoint; `bits` is 16, 8 or 4."""
    codec_folder = folder / "speech_tokenizer"
    codec_folder.mkdir(parents=True, exist_ok=True)
    config = _config(size)
    quantisation = {"group_size": _GROUP_SIZE, "bits": bits, "mode": "affine"}
    if bits != 16:
        config |= {"quantization": quantisation, "quantization_config": quantisation}
    codec = shapes.codec(size)
    _save(folder / "model.safetensors", _talker_weights(config, bits))
    _save(codec_folder / "model.safetensors", _codec_weights(codec["decoder_config"]))
    _dump(folder / "config.json", config)
    _dump(folder / "generation_config.json", shapes.generation())
    _dump(codec_folder / "config.json", codec)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(_BUNDLED / name, folder / name)


def _config(size: str) -> dict[str, Any]:
    bundled = json.loads((_BUNDLED / "config.json").read_text("utf-8"))
    ids = {name: value for name, value in bundled.items() if name.endswith("_token_id")}
    return {
        "architectures": ["Qwen3TTSForConditionalGeneration"],
        "model_type": "qwen3_tts",
        "tokenizer_type": "qwen3_tts_tokenizer_12hz",
        "tts_model_size": "1b7" if size == "1.7b" else "0b6",
        "tts_model_type": "custom_voice",
        "sample_rate": 24000,
        "random_weights": True,
        **ids,
        "talker_config": shapes.talker(size),
        "speaker_encoder_config": {"enc_dim": 1024, "sample_rate": 24000},
    }


def _talker_weights(config: dict[str, Any], bits: int) -> dict[str, mx.array]:
    """Every weight outside the codec, as mlx-audio's converter would have saved it."""
    from mlx_audio.convert import build_quant_predicate
    from mlx_audio.tts.models.qwen3_tts.config import ModelConfig
    from mlx_audio.tts.models.qwen3_tts.qwen3_tts import Model

    # Its parameters are never evaluated; only their names and shapes are used.
    model = Model(ModelConfig.from_dict(config))
    wanted = build_quant_predicate(model)
    quantised = {path for path, module in model.named_modules() if wanted(path, module)}
    weights: dict[str, mx.array] = {}
    tensors = [_talker_tensor(name, value.shape) for name, value in _parameters(model)]
    for tensor, values in _drawn(tensors):
        path = tensor.name.removesuffix(".weight")
        array = mx.array(values).astype(mx.bfloat16)
        if bits != 16 and path in quantised and _divisible(array):
            parts = mx.quantize(array, _GROUP_SIZE, bits)
            weights |= dict(zip((f"{path}.{p}" for p in _PARTS), parts, strict=True))
            mx.eval(parts)
        else:
            weights[tensor.name] = array
            mx.eval(array)
    return weights


_PARTS = ("weight", "scales", "biases")


def _divisible(array: mx.array) -> bool:
    return array.shape[-1] % _GROUP_SIZE == 0


def _talker_tensor(name: str, shape: tuple[int, ...]) -> Tensor:
    if name.endswith("bias"):
        return Tensor(name, shape, 0.0)
    if "norm" in name:
        return Tensor(name, shape, 0.0, fill=1.0)
    return Tensor(name, shape, _TALKER_STD)


def _codec_weights(config: dict[str, Any]) -> dict[str, mx.array]:
    """Return the decoder's weights, named and laid out as on the hub (PyTorch's order)."""
    from mlx_audio.tts.models.qwen3_tts.config import Qwen3TTSTokenizerDecoderConfig
    from mlx_audio.tts.models.qwen3_tts.speech_tokenizer import Qwen3TTSSpeechTokenizerDecoder

    decoder = Qwen3TTSSpeechTokenizerDecoder(Qwen3TTSTokenizerDecoderConfig(**config))
    tensors = [t for name, value in _parameters(decoder) for t in _codec_tensors(name, value.shape)]
    return {tensor.name: mx.array(values) for tensor, values in _drawn(tensors)}


def _codec_tensors(name: str, shape: tuple[int, ...]) -> list[Tensor]:
    """Return the tensors on disk that become the module's parameter `name`."""
    stored = f"decoder.{name}"
    if name.endswith("codebook.embed.weight"):
        book = stored.replace("codebook.embed.weight", "_codebook.")
        usage = Tensor(book + "cluster_usage", shape[:1], 0.0, fill=1.0)
        return [Tensor(book + "embedding_sum", shape, 1.0), usage]
    if name.endswith("_inv_freq"):
        return []
    if len(shape) == 3:
        return [_convolution(stored, shape)]
    if len(shape) == 2:
        return [Tensor(stored, shape, 1 / math.sqrt(shape[1]))]
    if "scale" in name or "gamma" in name:
        return [Tensor(stored, shape, 0.0, fill=0.1)]
    return [Tensor(stored, shape, 0.0, fill=1.0 if "norm" in name and "weight" in name else 0.0)]


def _convolution(name: str, shape: tuple[int, ...]) -> Tensor:
    """MLX keeps [out, kernel, in]; the file has [out, in, kernel], or [in, out, kernel]."""
    out, kernel, into = shape
    if (".block.1." in name) or (".upsample." in name and ".0.conv." in name):
        # Of a transposed convolution's taps, one or two meet in each output.
        return Tensor(name, (into, out, kernel), 1 / math.sqrt(2 * into))
    residual = ".conv2." in name
    gain = _OUTPUT_GAIN if out == 1 else _RESIDUAL_GAIN if residual else 1.0
    return Tensor(name, (out, into, kernel), gain / math.sqrt(into * kernel))


def _parameters(module: Any) -> list[tuple[str, mx.array]]:
    return tree_flatten(module.parameters())  # pyright: ignore[reportReturnType]


def _drawn(tensors: list[Tensor]) -> Iterator[tuple[Tensor, NDArray[np.float32]]]:
    """Draw on all cores, a few tensors ahead, so that memory stays near the file's size."""
    workers = os.cpu_count() or 1
    with ThreadPoolExecutor(workers) as pool:
        for start in range(0, len(tensors), workers):
            batch = tensors[start : start + workers]
            yield from zip(batch, pool.map(Tensor.draw, batch), strict=True)


def _save(path: Path, weights: dict[str, mx.array]) -> None:
    mx.save_safetensors(str(path), weights, metadata={"format": "mlx"})


def _dump(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=1) + "\n", "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("size", choices=shapes.SIZES)
    parser.add_argument("--bits", type=int, choices=(16, 8, 4), default=16)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    start = time.perf_counter()
    write(options.size, options.bits, options.folder)
    total = sum(file.stat().st_size for file in options.folder.rglob("*.safetensors"))
    print(f"{options.folder}: {total / 1e9:.2f} GB in {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
