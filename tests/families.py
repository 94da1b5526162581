"""Checkpoints of other families: their real architecture in mlx-audio, tiny, with random weights.

They are written as a hub's folder has them. What a family reads from other repositories is
written into a cache of the hub's, which the hub's own client then looks into.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import mlx.core as mx
from mlx.utils import tree_flatten
from mlx_audio.codec.models.mimi import mimi
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

NAMES = ("kokoro", "soprano", "dia", "outetts", "csm")


def build(name: str, folder: Path, cache: Path) -> Path:
    """Writes the checkpoint into `folder`, and what it needs besides into `cache`."""
    mx.random.seed(7)
    folder.mkdir(parents=True)
    globals()[f"_{name}"](folder, cache)
    return folder


def _parameters(model: Any) -> list[tuple[str, Any]]:
    return tree_flatten(model.parameters())  # pyright: ignore[reportReturnType]


def _config(folder: Path, config: dict[str, Any]) -> dict[str, Any]:
    (folder / "config.json").write_text(json.dumps(config))
    return config


def _save(path: Path, model: Any, dtype: mx.Dtype = mx.float32) -> None:
    weights = {}
    for name, value in _parameters(model):
        weights[name] = value.astype(dtype) if value.dtype == mx.float32 else value
    mx.save_safetensors(str(path), weights)


def _save_as_on_the_hub(path: Path, model: Any) -> None:
    """Convolutions in PyTorch's layout, wherever the family's `sanitize` turns them."""
    weights = {}
    for name, value in _parameters(model):
        if name.endswith("weight_v"):  # which start as zeros, and are divided by their norm
            value = mx.random.normal(value.shape) * 0.02
        turned = value.transpose(0, 2, 1) if value.ndim == 3 else value
        kept = next(iter(model.sanitize({name: turned}).values())).shape == value.shape
        weights[name] = (turned if kept else value).astype(mx.bfloat16)
    mx.save_safetensors(str(path), weights)


def in_cache(cache: Path, repo: str) -> Path:
    """The folder of the one snapshot of a repository."""
    root = cache / ("models--" + repo.replace("/", "--"))
    (root / "refs").mkdir(parents=True)
    (root / "refs" / "main").write_text("0" * 40)
    snapshot = root / "snapshots" / ("0" * 40)
    snapshot.mkdir(parents=True)
    return snapshot


def _tokenizer(folder: Path, special: list[str], **names: str) -> None:
    """Bytes, and these."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({sign: at for at, sign in enumerate(alphabet)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token) for token in special])
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names).save_pretrained(str(folder))


def _kokoro(folder: Path, cache: Path) -> None:
    from mlx_audio.tts.models.kokoro import Model, ModelConfig

    signs = ' ;:,.!?—…"()aeiouəɛɔɾɡθðʃʧʤɲʎɣβxlmnprstbdfkjwzˈˌː'
    config = _config(
        folder,
        {
            "istftnet": {
                "upsample_kernel_sizes": [20, 12], "upsample_rates": [10, 6],
                "gen_istft_hop_size": 5, "gen_istft_n_fft": 20,
                "resblock_dilation_sizes": [[1, 3, 5]], "resblock_kernel_sizes": [3],
                "upsample_initial_channel": 512,
            },
            "dim_in": 16, "dropout": 0.0, "hidden_dim": 512, "max_conv_dim": 512, "max_dur": 1,
            "multispeaker": True, "n_layer": 1, "n_mels": 80, "n_token": len(signs) + 1,
            "style_dim": 128, "text_encoder_kernel_size": 5,
            "plbert": {
                "hidden_size": 64, "num_attention_heads": 2, "intermediate_size": 64,
                "max_position_embeddings": 512, "num_hidden_layers": 1, "dropout": 0.0,
                "embedding_size": 32,
            },
            "vocab": {sign: at + 1 for at, sign in enumerate(signs)},
        },
    )  # fmt: skip
    _save_as_on_the_hub(folder / "model.safetensors", Model(ModelConfig.from_dict(config)))
    (folder / "voices").mkdir()
    for voice in ("ef_dora", "em_alex", "af_heart"):
        pack = mx.random.normal((510, 1, 256)) * 0.1
        mx.save_safetensors(str(folder / "voices" / f"{voice}.safetensors"), {"voice": pack})


def _soprano(folder: Path, cache: Path) -> None:
    from mlx_audio.tts.models.soprano import Model, ModelConfig

    _tokenizer(folder, ["[STOP]", "[TEXT]", "[START]"], eos_token="[STOP]", pad_token="[STOP]")
    config = _config(
        folder,
        {
            "model_type": "soprano",
            "hidden_size": 64,
            "num_hidden_layers": 1,
            "intermediate_size": 64,
            "num_attention_heads": 2,
            "num_key_value_heads": 2,
            "head_dim": 32,
            "rms_norm_eps": 1e-6,
            "vocab_size": 300,
            "max_position_embeddings": 512,
            "rope_theta": 10000.0,
            "tie_word_embeddings": False,
        },
    )
    _save(
        folder / "model.safetensors",
        Model(ModelConfig.from_dict({**config, "model_path": str(folder)})),
    )


def _dac(snapshot: Path, **sizes: Any) -> None:
    from mlx_audio.codec.models import DAC

    config = {
        "encoder_dim": 4,
        "decoder_dim": 32,
        "codebook_dim": 4,
        "latent_dim": 16,
        **sizes,
    }
    _config(snapshot, config)
    _save(snapshot / "model.safetensors", DAC(**config))


def _dia(folder: Path, cache: Path) -> None:
    from mlx_audio.tts.models.dia.config import DiaConfig
    from mlx_audio.tts.models.dia.layers import DiaModel

    layers = {"n_layer": 1, "n_embd": 32, "n_hidden": 64}
    config = _config(
        folder,
        {
            "model_type": "dia",
            "version": "1.0",
            "model": {
                "encoder": {**layers, "n_head": 2, "head_dim": 16},
                "decoder": {
                    **layers,
                    "gqa_query_heads": 2,
                    "kv_heads": 2,
                    "gqa_head_dim": 16,
                    "cross_query_heads": 2,
                    "cross_head_dim": 16,
                },
                "src_vocab_size": 256,
                "tgt_vocab_size": 1028,
            },
            "training": {},
            "data": {"text_length": 128, "audio_length": 128},
        },
    )
    sizes = DiaConfig.load_dict(config)
    assert sizes is not None
    _save(folder / "model.safetensors", DiaModel(sizes))
    _dac(
        in_cache(cache, "mlx-community/descript-audio-codec-44khz"),
        encoder_rates=[2, 4, 8, 8],
        decoder_rates=[8, 8, 4, 2],
        n_codebooks=9,
    )


def _outetts(folder: Path, cache: Path) -> None:
    from mlx_audio.tts.models.outetts import outetts
    from mlx_audio.tts.models.outetts.tokens import SpecialTokens

    special = [token for token in SpecialTokens().to_dict().values() if "{" not in token]
    codes = [f"<|c{book}_{at}|>" for book in (1, 2) for at in range(1025)]
    _tokenizer(folder, [*special, *codes], eos_token="<|im_end|>")
    config = _config(
        folder,
        {
            "model_type": "llama",
            "tokenizer_name": str(folder),
            "hidden_size": 32,
            "num_hidden_layers": 1,
            "intermediate_size": 32,
            "num_attention_heads": 2,
            "num_key_value_heads": 2,
            "rms_norm_eps": 1e-5,
            "vocab_size": 256 + len(special) + len(codes),
            "rope_theta": 10000.0,
            "tie_word_embeddings": True,
        },
    )
    _save(folder / "model.safetensors", outetts.Model(outetts.ModelConfig.from_dict(config)))
    _dac(
        in_cache(cache, "mlx-community/dac-speech-24khz-1.5kbps"),
        encoder_rates=[2, 4, 5, 8],
        decoder_rates=[8, 5, 4, 2],
        n_codebooks=2,
        sample_rate=24000,
    )


def _csm(folder: Path, cache: Path) -> None:
    from mlx_audio.tts.models.sesame import sesame

    _tokenizer(folder, ["<s>", "</s>"], bos_token="<s>", eos_token="</s>")
    layers = {
        "attention_bias": False, "attention_dropout": 0.0, "head_dim": 16, "hidden_act": "silu",
        "hidden_size": 32, "initializer_range": 0.02, "intermediate_size": 32,
        "max_position_embeddings": 2048, "mlp_bias": False, "num_attention_heads": 2,
        "num_codebooks": 32, "num_hidden_layers": 1, "num_key_value_heads": 2,
        "rms_norm_eps": 1e-5, "rope_theta": 10000, "use_cache": True, "vocab_size": 2048,
        "rope_scaling": {
            "factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
            "original_max_position_embeddings": 8192, "rope_type": "llama3",
        },
    }  # fmt: skip
    config = _config(
        folder,
        {
            **layers,
            "model_type": "csm",
            "text_tokenizer": str(folder),
            "use_default_voice_prompt": False,
            "text_vocab_size": 300,
            "audio_vocab_size": 2048,
            "audio_num_codebooks": 32,
            "backbone_flavor": "none",
            "decoder_flavor": "none",
            "depth_decoder_config": {
                **layers,
                "backbone_hidden_size": 32,
                "model_type": "csm_depth_decoder_model",
            },
        },
    )
    model = sesame.SesameModel({k: v for k, v in config.items() if k != "text_tokenizer"})
    model.audio_head = mx.random.normal(model.audio_head.shape)  # which starts as zeros
    weights = {f"model.{k}": v for k, v in _parameters(model)}
    mx.save_safetensors(str(folder / "model.safetensors"), weights)
    _mimi(in_cache(cache, "kyutai/moshiko-pytorch-bf16"))


def tiny_mimi(codebooks: int) -> Any:
    """Mimi's configuration, whose sizes are fixed in mlx-audio, with smaller ones."""
    whole = _MIMI_CONFIG(codebooks)
    return replace(
        whole,
        seanet=replace(whole.seanet, dimension=32, nfilters=4),
        transformer=replace(
            whole.transformer,
            d_model=32,
            num_heads=2,
            num_layers=1,
            dim_feedforward=32,
            kv_repeat=1,
        ),
        quantizer_dim=16,
    )


_MIMI_CONFIG = mimi.mimi_202407


def _mimi(snapshot: Path) -> None:
    """As PyTorch wrote it: the names and layouts that `load_pytorch_weights` turns."""
    weights = {}
    for name, value in _parameters(mimi.Mimi(tiny_mimi(32))):
        if name.endswith("cluster_usage"):
            value = mx.ones(value.shape)
        elif value.ndim > 1 and not value.any():  # what starts as zeros says nothing
            value = mx.random.normal(value.shape) * 0.3
        name = name.replace(".block.1.", ".block.3.").replace(".block.0.", ".block.1.")
        name = name.replace(".gating.linear", ".linear")
        if name.endswith((".conv.weight", ".output_proj.weight", ".input_proj.weight")):
            value = value.swapaxes(-1, -2)
        if name.endswith(".convtr.weight"):
            depthwise = value.shape[-1] == 1
            value = value.transpose(0, 2, 1) if depthwise else value.transpose(2, 0, 1)
        weights[name] = value
    mx.save_safetensors(str(snapshot / "tokenizer-e351c8d8-checkpoint125.safetensors"), weights)
