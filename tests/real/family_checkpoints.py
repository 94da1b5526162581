"""`python -m tests.real.family_checkpoints NAME FOLDER`: a family of true size with random weights.

Speed and memory do not depend on what the weights say. The checkpoint is FOLDER/NAME, and what the
family reads from other repositories is in FOLDER/hub, a cache with the hub's layout (HF_HUB_CACHE).
The tests' writers make both (`tests/support/families`): the architecture is mlx-audio's own.
Language models are in bfloat16, codecs and Chatterbox in float32. The text tokenizers are of bytes,
so a text has about four times its tokens.
"""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path
from typing import Any

import mlx.core as mx

from tests.support.families.spark import Sizes

# Of sesame/csm-1b, in mlx-audio's flavours llama-1B and llama-100M (`sesame.py`); 128,256 is the
# vocabulary of Llama 3.2; 2,051 codes: its config.json.
_LLAMA_1B = {
    "hidden_size": 2048, "num_hidden_layers": 16, "intermediate_size": 8192,
    "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 64,
}  # fmt: skip
_LLAMA_100M = {
    "hidden_size": 1024, "num_hidden_layers": 4, "intermediate_size": 8192,
    "num_attention_heads": 8, "num_key_value_heads": 2, "head_dim": 128,
}  # fmt: skip
_LLAMA_TOKENS = 128_256
# config.json of nari-labs/Dia-1.6B, as copied to Lorenzob/aurora-1.6b-with-weights, 18863ea.
DIA: dict[str, Any] = {
    "encoder": {"n_layer": 12, "n_embd": 1024, "n_hidden": 4096, "n_head": 16, "head_dim": 128},
    "decoder": {
        "n_layer": 18, "n_embd": 2048, "n_hidden": 8192, "gqa_query_heads": 16, "kv_heads": 4,
        "gqa_head_dim": 128, "cross_query_heads": 16, "cross_head_dim": 128,
    },
}  # fmt: skip
# The codec's defaults in mlx-audio (`descript/dac.py`), which are those of transformers' DacConfig.
_DAC = {"encoder_dim": 64, "decoder_dim": 1536, "codebook_dim": 8}
# config.json of ekwek/Soprano-80M, as copied to candle/config.json in babybirdprd/soprano, f610da5;
# mlx-audio fixes the decoder's sizes.
SOPRANO = {
    "hidden_size": 512, "num_hidden_layers": 17, "intermediate_size": 2304,
    "num_attention_heads": 4, "num_key_value_heads": 1, "head_dim": 128, "vocab_size": 8192,
}  # fmt: skip
# The language model: mlx-audio's defaults (`spark.py`). BiCodec: SparkAudio/Spark-TTS-0.5B's
# BiCodec/config.yaml, as programs that use its weights repeat it. wav2vec 2.0: config.json of
# facebook/wav2vec2-large-xlsr-53. The head is not the embedding here, as it is there, so that the
# order of tokens can be fixed: 0.6 GB more in float32, and as much is read.
_SPARK = Sizes(
    layers={
        "hidden_size": 896, "num_hidden_layers": 24, "intermediate_size": 4864,
        "num_attention_heads": 14, "num_key_value_heads": 2,
    },
    vocabulary=166_000,
    codes=8192,
    voice_tokens=32,
    levels=6,
    width=1024,
    vocos=(384, 2048, 12),
    postnet_layers=6,
    channels=1536,
    latent=128,
    listener={
        "hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16,
        "intermediate_size": 4096,
    },
    dtype=mx.bfloat16,
)  # fmt: skip
_SIZES: dict[str, dict[str, Any]] = {
    "soprano": {"layers": SOPRANO, "dtype": mx.bfloat16},
    "spark": {"sizes": _SPARK},
    # Its sizes are fixed in mlx-audio. 150 tokens, 6 s, are the prompt of its language model.
    "chatterbox": {"prompt": 150},
    "csm": {
        "backbone": _LLAMA_1B,
        "decoder": _LLAMA_100M,
        "texts": _LLAMA_TOKENS,
        "codes": 2051,
        "dtype": mx.bfloat16,
    },
    # OuteAI/Llama-OuteTTS-1.0-1B is Llama 3.2 1B; its own tokens are some thousands.
    "outetts": {
        "layers": {**_LLAMA_1B, "rms_norm_eps": 1e-5, "rope_theta": 500_000.0},
        "vocabulary": _LLAMA_TOKENS,
        "codec": _DAC,
        "dtype": mx.bfloat16,
    },
    "dia": {"layers": DIA, "lengths": (1024, 3072), "codec": _DAC, "dtype": mx.bfloat16},
}
NAMES = tuple(_SIZES)


def write(name: str, folder: Path) -> Path:
    """Write the checkpoint and its cache into a new folder; return the checkpoint's."""
    family = importlib.import_module(f"tests.support.families.{name}")
    mx.random.seed(7)
    checkpoint = folder / name
    checkpoint.mkdir(parents=True)
    family.write(checkpoint, folder / "hub", **_SIZES[name])
    return checkpoint


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    write(options.name, options.folder)
    sizes = [file.stat().st_size for file in options.folder.rglob("*.safetensors")]
    print(f"{options.folder}: {sum(sizes) / 1e9:.2f} GB, peak {mx.get_peak_memory() / 1e9:.2f} GB")


if __name__ == "__main__":
    main()
