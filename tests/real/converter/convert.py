"""Lay out the Kokoro of a registry package as the hub has it: weights, config and voices.

    python convert.py MODEL.onnx VOCABULARY.json VOICES FOLDER

The package has the model as an ONNX file of int8 weights (kokoro-onnx's export of Kokoro-82M). Its
node names are the paths of PyTorch's modules, so each weight is found by the node that reads it.
What is written has PyTorch's names and layouts, which mlx-audio expects of Kokoro: the weights
in float32 (int8 times its scale), and weight norm, which the export has folded, as a direction and
a length. The voices are files of float32 [510, 1, 256], as kokoro-js ships them.

This runs in an environment of its own (requirements.txt).
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper
from safetensors.numpy import save_file

# hexgrad/Kokoro-82M's config.json, without the vocabulary.
CONFIG: dict[str, Any] = {
    "istftnet": {
        "upsample_kernel_sizes": [20, 12],
        "upsample_rates": [10, 6],
        "gen_istft_hop_size": 5,
        "gen_istft_n_fft": 20,
        "resblock_dilation_sizes": [[1, 3, 5], [1, 3, 5], [1, 3, 5]],
        "resblock_kernel_sizes": [3, 7, 11],
        "upsample_initial_channel": 512,
    },
    "dim_in": 64,
    "dropout": 0.2,
    "hidden_dim": 512,
    "max_conv_dim": 512,
    "max_dur": 50,
    "multispeaker": True,
    "n_layer": 3,
    "n_mels": 80,
    "n_token": 178,
    "style_dim": 128,
    "text_encoder_kernel_size": 5,
    "plbert": {
        "hidden_size": 768,
        "num_attention_heads": 12,
        "intermediate_size": 2048,
        "max_position_embeddings": 512,
        "num_hidden_layers": 12,
        "dropout": 0.1,
    },
}
# Convolutions without weight norm.
PLAIN = re.compile(r"noise_convs|(F0|N)_proj")
# Modules of the prosody predictor that the export calls from outside of it.
OF_PREDICTOR = re.compile(r"^(F0|N|shared)[._]|^shared$|^(F0|N)_proj$")
STORED_WHOLE = re.compile(r"\.(bias|gamma|beta|weight|alpha\d\.\d)$")
# A layer of ALBERT is called twelve times: the other calls have a number.
REPEATED = re.compile(r"_\d+$")

Arrays = dict[str, np.ndarray]


def weights(model: onnx.ModelProto) -> Arrays:
    """Return the weights by the names of PyTorch's modules."""
    stored = {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}
    found: Arrays = {}
    for node in model.graph.node:
        kind, module = node.op_type, module_of(node.name)
        if kind in ("MatMulInteger", "ConvInteger") and node.input[1] in stored:
            weight = dequantised(stored, node.input[1], node.input[3])
            if kind == "MatMulInteger" and not REPEATED.search(module):
                found[f"{module}.weight"] = weight.T
            elif kind == "ConvInteger":
                found |= convolution(module, weight)
        elif kind in ("Conv", "ConvTranspose") and node.input[1] in stored:
            found |= convolution(module, stored[node.input[1]])
        elif kind == "DynamicQuantizeLSTM":
            found |= lstm(module, stored, node.input)
        elif kind == "MatMul" and node.input[1] in stored:
            found[f"{module}.weight"] = stored[node.input[1]].T
        elif kind == "Gather" and node.input[0].endswith(".weight_quantized"):
            # The zero point is that of the node which reads the result.
            (reader,) = (one for one in model.graph.node if node.output[0] in one.input)
            weight = dequantised(stored, node.input[0], reader.input[2])
            found[name_of(node.input[0].removesuffix("_quantized"))] = weight
    for name, value in stored.items():
        if value.dtype == np.float32 and re.search(
            r"\.(bias|gamma|beta|weight|alpha\d\.\d)$", name
        ):
            found.setdefault(name_of(name), value)
    # The inverse Fourier transform is computed, and the pooled output of ALBERT is not used.
    found = {name: value for name, value in found.items() if ".istft." not in name}
    size = CONFIG["plbert"]["hidden_size"]
    found["bert.pooler.weight"] = np.zeros((size, size), np.float32)
    found["bert.pooler.bias"] = np.zeros(size, np.float32)
    return {name: np.ascontiguousarray(value, np.float32) for name, value in found.items()}


def module_of(node: str) -> str:
    """Return the module of a node's name, as `/encoder/text_encoder/cnn.0/cnn.0.1/Conv`."""
    parts: list[str] = []
    for part in node.strip("/").split("/")[:-1]:
        if parts and part.startswith(parts[-1] + "."):
            parts.pop()  # a module of a list repeats the list's name
        parts.append(part)
    return name_of(".".join(parts))


def name_of(path: str) -> str:
    """Return a path without the two parts that the export is made of."""
    path = path.removeprefix("encoder.").removeprefix("decoder.")
    return f"predictor.{path}" if OF_PREDICTOR.search(path) else path


def dequantised(stored: Arrays, weight: str, zero_point: str) -> np.ndarray:
    scale = stored[weight.removesuffix("_quantized") + "_scale"]
    return (stored[weight].astype(np.float32) - stored[zero_point]) * scale


def convolution(module: str, weight: np.ndarray) -> Arrays:
    if PLAIN.search(module):
        return {f"{module}.weight": weight}
    length = np.sqrt(np.square(weight).sum(axis=(1, 2), keepdims=True))
    return {f"{module}.weight_g": length, f"{module}.weight_v": weight}


def lstm(module: str, stored: Arrays, inputs: Any) -> Arrays:
    """Return PyTorch's eight arrays of an LSTM in two directions."""
    found: Arrays = {}
    both = (
        ("weight_ih", inputs[1], inputs[8], inputs[9]),
        ("weight_hh", inputs[2], inputs[10], inputs[11]),
    )
    for at, suffix in enumerate(("l0", "l0_reverse")):
        for name, weight, scale, zero_point in both:
            values = stored[weight][at].astype(np.float32) - stored[zero_point][at]
            found[f"{module}.{name}_{suffix}"] = gates((values * stored[scale][at]).T)
        bias_ih, bias_hh = np.split(stored[inputs[3]][at], 2)
        found[f"{module}.bias_ih_{suffix}"] = gates(bias_ih)
        found[f"{module}.bias_hh_{suffix}"] = gates(bias_hh)
    return found


def gates(rows: np.ndarray) -> np.ndarray:
    """Put the gates into PyTorch's order (i, f, c, o) instead of ONNX's (i, o, f, c)."""
    i, o, f, c = np.split(rows, 4)
    return np.concatenate([i, f, c, o])


def main(model: str, vocabulary: str, voices: str, folder: str) -> None:
    to = Path(folder)
    (to / "voices").mkdir(parents=True)
    vocab = json.loads(Path(vocabulary).read_text("utf-8"))["vocab"]
    (to / "config.json").write_text(json.dumps({**CONFIG, "vocab": vocab}), "utf-8")
    save_file(weights(onnx.load(model)), to / "kokoro-v1_0.safetensors")
    for voice in sorted(Path(voices).glob("*.bin")):
        pack = np.fromfile(voice, "<f4").reshape(510, 1, 256)
        save_file({"voice": pack}, to / "voices" / f"{voice.stem}.safetensors")


if __name__ == "__main__":
    main(*sys.argv[1:])
