"""Make tests/real/reference.npz: what onnxruntime speaks with the same weights.

    PYTHONPATH=. build/environments/converter/bin/python tests/real/converter/reference.py \\
        MODEL.onnx VOCABULARY.json VOICES

For each case, the number of its samples and its mel spectrogram. `python -m tests.real.weights`
names the three files; this runs in the environment that the tests make from requirements.txt.

The export rounds not only its weights but also what goes into each product to eight bits, which
makes some phonemes one frame longer or shorter. So its products are made ones of float32 first,
of the same weights.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

from tests.real.cases import CASES
from tests.real.features import log_mel
from tests.real.onnx_speech import speak

OUTPUT = Path(__file__).parents[1] / "reference.npz"


def in_float32(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return the model with products of float32 instead of products of integers."""
    stored = {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}
    added: dict[str, np.ndarray] = {}

    def integers(weight: str, zero_point: str, per: Any = ()) -> np.ndarray:
        return stored[weight].astype(np.float32) - stored[zero_point][per].astype(np.float32)

    def replaced(node: Any) -> Any:
        given = list(node.input)
        if node.op_type == "DynamicQuantizeLinear":  # the value as it is, times one
            added[node.output[1]] = np.array(1, np.float32)
            return helper.make_node("Identity", given, node.output[:1])
        if node.name.endswith((".bias_quant_rounded", ".bias_quantized_node")):
            return helper.make_node("Identity", given, node.output)
        if node.op_type in ("ConvInteger", "MatMulInteger"):  # its scale is applied by what follows
            added[name := f"{given[1]} of {node.name}"] = integers(given[1], given[3])
            kind, given = node.op_type.removesuffix("Integer"), [given[0], name]
        elif node.op_type == "DynamicQuantizeLSTM":
            for at, scale, zero_point in ((1, 8, 9), (2, 10, 11)):
                values = integers(given[at], given[zero_point], np.s_[:, None, None])
                values *= stored[given[scale]][:, None, None]
                added[name := f"{given[at]} of {node.name}"] = values.transpose(0, 2, 1)
                given[at] = name
            kind, given = "LSTM", given[:8]
        else:
            return node
        made = helper.make_node(kind, given, node.output, name=node.name)
        made.attribute.extend(node.attribute)
        return made

    nodes = [replaced(node) for node in model.graph.node]
    del model.graph.node[:], model.graph.value_info[:]
    model.graph.node.extend(nodes)
    for name, value in added.items():
        value = np.ascontiguousarray(value)
        model.graph.initializer.append(numpy_helper.from_array(value, name))
    return model


def main(model: str, vocabulary: str, voices: str) -> None:
    data = in_float32(onnx.load(model)).SerializeToString()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors; the integers are no longer used, which is a warning
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    vocab = json.loads(Path(vocabulary).read_text("utf-8"))["vocab"]
    made: dict[str, np.ndarray] = {}
    for case in CASES:
        samples = speak(session, vocab, Path(voices), case)
        made[f"{case.name}.samples"] = np.array(len(samples))
        made[f"{case.name}.mel"] = log_mel(samples).astype(np.float16)
    np.savez_compressed(OUTPUT, **made)


if __name__ == "__main__":
    main(*sys.argv[1:])
