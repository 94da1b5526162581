"""`python -m bench.family_sizes`: what the other families read from memory, in their true sizes.

A model that speaks one stream reads all weights of a step from memory, so that a second of speech
takes at least (bytes of a step) × (steps a second) ÷ (bytes a second of memory). The weights are
counted in mlx-audio's own modules and are never evaluated. Codecs are left out: they run on many
frames at once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from mlx.utils import tree_flatten

from bench.markdown import table

_BYTES = 2  # bfloat16
# Bytes a second of unified memory, by Apple's specifications.
_MACS = {"M1": 68e9, "M4": 120e9, "M4 Pro": 273e9, "M3 Max (40 GPU cores)": 400e9}


@dataclass(frozen=True)
class Family:
    """A family's work.

    Attributes:
        held: parameters of the language model, without its codec.
        read: parameters read in a step of `steps`; a row of an embedding counts as nothing.
        steps: steps for a second of speech.
    """

    name: str
    held: int
    read: int
    steps: float

    @property
    def bytes_a_second(self) -> float:
        """Return the bytes read for a second of speech in bfloat16."""
        return self.read * _BYTES * self.steps


def csm() -> Family:
    """CSM-1B: the backbone once, and the decoder for each of the 31 other codebooks of a frame."""
    from mlx_audio.tts.models.sesame import sesame

    # 128,256 is the vocabulary of Llama 3.2; 2,051 codes: config.json of sesame/csm-1b.
    sizes = {
        "text_vocab_size": 128_256, "audio_vocab_size": 2051, "audio_num_codebooks": 32,
    }  # fmt: skip
    backbone = sesame.LlamaModel(sesame.create_llama_model_args("llama-1B"))
    decoder = sesame.LlamaModel(sesame.create_llama_model_args("llama-100M"))
    body, depth = _without(backbone, "embed_tokens"), _without(decoder, "embed_tokens")
    codes, books = sizes["audio_vocab_size"], sizes["audio_num_codebooks"]
    embeddings = (sizes["text_vocab_size"] + codes * books) * 2048
    head, projection, heads = codes * 2048, 2048 * 1024, (books - 1) * 1024 * codes
    held = body + depth + embeddings + head + projection + heads
    # The projection and the decoder run for 32 positions of a frame; the head of each book once.
    read = body + head + (books - 1) * (depth + projection) + heads
    return Family("CSM 1B", held, read, 12.5)


def dia() -> Family:
    """Dia-1.6B: the decoder for a frame of 9 codebooks; two rows share one reading of weights."""
    from mlx_audio.tts.models.dia.config import DiaConfig
    from mlx_audio.tts.models.dia.layers import DiaModel

    # config.json of nari-labs/Dia-1.6B, as copied to Lorenzob/aurora-1.6b-with-weights, 18863ea.
    config = {
        "model": {
            "encoder": {
                "n_layer": 12, "n_embd": 1024, "n_hidden": 4096, "n_head": 16, "head_dim": 128,
            },
            "decoder": {
                "n_layer": 18, "n_embd": 2048, "n_hidden": 8192, "gqa_query_heads": 16,
                "kv_heads": 4, "gqa_head_dim": 128, "cross_query_heads": 16, "cross_head_dim": 128,
            },
            "src_vocab_size": 256, "tgt_vocab_size": 1028,
        },
        "training": {},
        "data": {"text_length": 1024, "audio_length": 3072},
    }  # fmt: skip
    sizes = DiaConfig.load_dict(config)
    if sizes is None:
        raise RuntimeError("mlx-audio does not accept Dia's config")
    model: Any = DiaModel(sizes)
    # The keys and values of the text are computed once, so their weights are not read again.
    per_text = 18 * 2 * 1024 * 16 * 128
    embeddings = 9 * 1028 * 2048
    read = _count(model.decoder) - per_text - embeddings
    return Family("Dia 1.6B", _count(model), read, 44_100 / 512)


def outetts() -> Family:
    """OuteTTS 1.0 1B: Llama 3.2 1B, two codes a frame of 75 a second."""
    from mlx_audio.tts.models.sesame import sesame

    body = _without(sesame.LlamaModel(sesame.create_llama_model_args("llama-1B")), "embed_tokens")
    # Of Llama's vocabulary; OuteTTS adds some thousands. The head is the embedding.
    head = 128_256 * 2048
    return Family("OuteTTS 1B", body + head, body + head, 150)


def spark() -> Family:
    """Spark 0.5B: Qwen2.5 0.5B with mlx-audio's default sizes, 50 semantic tokens a second."""
    from mlx_audio.lm.models.qwen2 import Model
    from mlx_audio.tts.models.spark.spark import ModelConfig

    total = _count(Model(ModelConfig()))  # pyright: ignore[reportArgumentType]
    return Family("Spark 0.5B", total, total, 50)  # the head is the embedding


def chatterbox() -> Family:
    """Chatterbox's T3, English: 25 speech tokens a second; two rows share one reading."""
    from mlx_audio.tts.models.chatterbox.config import T3Config
    from mlx_audio.tts.models.chatterbox.t3 import T3

    model: Any = T3(T3Config.english_only())
    weights: Any = tree_flatten(model.parameters())
    read = sum(
        math.prod(value.shape)
        for name, value in weights
        if name.startswith(("tfmr.", "speech_head.")) and "embed_tokens" not in name
    )
    return Family("Chatterbox, T3 only", _count(model), read, 25)


def soprano() -> Family:
    """Soprano 80M: 15.6 tokens a second; its decoder is a codec's."""
    from mlx_audio.tts.models.soprano.soprano import ModelConfig, SopranoModel

    # config.json of ekwek/Soprano-80M, as copied to candle/config.json in babybirdprd/soprano,
    # f610da5. A token is 2,048 samples of 32,000 a second in mlx-audio.
    config = {
        "model_type": "qwen3", "hidden_size": 512, "num_hidden_layers": 17,
        "intermediate_size": 2304, "num_attention_heads": 4, "num_key_value_heads": 1,
        "head_dim": 128, "vocab_size": 8192, "rms_norm_eps": 1e-6,
        "max_position_embeddings": 512, "rope_theta": 10_000.0, "tie_word_embeddings": False,
    }  # fmt: skip
    model: Any = SopranoModel(ModelConfig.from_dict(config))
    return Family("Soprano 80M", _count(model), _without(model, "embed_tokens"), 32_000 / 2048)


def _count(module: Any) -> int:
    flat: Any = tree_flatten(module.parameters())
    return sum(math.prod(value.shape) for _, value in flat)


def _without(module: Any, name: str) -> int:
    return _count(module) - _count(module[name])


def main() -> None:
    rows = [family() for family in (csm, dia, outetts, spark, chatterbox, soprano)]
    heads = ("family", "weights, GB", "GB read for a second of speech", *_MACS)
    print(
        table(
            heads,
            [
                (
                    one.name,
                    f"{one.held * _BYTES / 1e9:.2f}",
                    f"{one.bytes_a_second / 1e9:.0f}",
                    *(f"{one.bytes_a_second / speed:.2f}" for speed in _MACS.values()),
                )
                for one in rows
            ],
        )
    )


if __name__ == "__main__":
    main()
