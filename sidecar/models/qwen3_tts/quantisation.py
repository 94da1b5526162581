"""Which layers of a Qwen3-TTS checkpoint are quantised, and the quantising of them."""

from __future__ import annotations

from typing import Any

from mlx import nn

from sidecar.models.qwen3_tts.memory import GROUP_SIZE


def quantise(model: Any, bits: int, group_size: int = GROUP_SIZE) -> list[str]:
    """Quantise mlx-audio's model in place, by MLX's affine mode; return the layers' names.

    Codec, speaker encoder and embeddings stay. So do layers whose rows are not a multiple of the
    group size, or of 64: both are rules of mlx-audio's converter.
    """
    done: list[str] = []

    def chosen(path: str, module: Any) -> bool:
        name = f"talker.{path}"
        if not hasattr(module, "to_quantized") or not model.model_quant_predicate(name, module):
            return False
        width = module.weight.shape[-1]
        if width % group_size or width % GROUP_SIZE:
            return False
        done.append(name)
        return True

    # The rest is never quantised, and a loaded codec has a compiled function among its children.
    nn.quantize(model.talker, group_size, bits, class_predicate=chosen)
    return done
