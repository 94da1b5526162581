"""Make tests/data/tiny-aligner: a random checkpoint, and what the official code makes of it.

It runs in an environment of its own (Python 3.11), with the official package and its versions:

    pip install torch "transformers==4.57.6" nagisa soynlp librosa soundfile safetensors \
        accelerate==1.12.0
    pip install --no-deps qwen-asr==0.0.6 qwen-omni-utils
    python -P tests/parity/make_aligner.py tests/data/tiny-aligner

The attention of the audio gets the mask that FlashAttention's `cu_seqlens` stand for: without it,
the official code on a CPU looks over its windows of eight seconds.
"""
# pyright: basic, reportMissingImports=false, reportAttributeAccessIssue=false

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

TEXT = "Hello, and welcome to the demo — it's a well-known \"test\", 3.14 e-mail; Dr. Smith's $25!"
MIXED = "我用 iPhone 15 看了 A.I. 电影，well-known 的 C++ 3.14 课。"
# Seconds of audio, the text, and its language.
CASES = [
    (2.97, "The quick brown fox jumps over the lazy dog.", "English"),
    (6.26, TEXT, "English"),
    (2.97, MIXED, "Chinese"),
    (3.0, "Größe café naïve don’t don't Ünïcode", "German"),
    (2.5, "今日はいい天気ですね。東京へ行きます。", "Japanese"),
    (2.5, "안녕하세요 오늘은 날씨가 좋습니다.", "Korean"),
    (0.4, "粤语", "Cantonese"),
    (19.3, f"{TEXT} {TEXT}", "English"),
]
STEP = 16  # frames of the features that are kept: every so many


def make_clip(seconds: float, seed: int) -> np.ndarray:
    """Return float32 at 16 kHz: noise whose loudness and tone change as in speech."""
    random = np.random.default_rng(seed)
    time = np.arange(round(seconds * 16000)) / 16000
    loud = 0.5 + 0.5 * np.sin(2 * np.pi * 3.1 * time + seed)
    tone = np.sin(2 * np.pi * (150 + 40 * np.sin(2 * np.pi * 0.7 * time)) * time)
    noise = random.standard_normal(len(time))
    return (0.3 * loud * (tone + 0.3 * noise)).astype(np.float32)


def make_checkpoint(folder: Path) -> None:
    import torch
    from qwen_asr.core.transformers_backend import (
        Qwen3ASRConfig,
        Qwen3ASRForConditionalGeneration,
    )
    from transformers import WhisperFeatureExtractor

    folder.mkdir(exist_ok=True)
    ids = write_tokenizer(folder)
    extractor = WhisperFeatureExtractor(
        feature_size=128, sampling_rate=16000, hop_length=160, chunk_length=30, n_fft=400,
        padding_value=0.0, return_attention_mask=True,
    )  # fmt: skip
    extractor.save_pretrained(folder)
    edit(folder / "preprocessor_config.json", processor_class="Qwen3ASRProcessor")
    config = make_config(ids)
    torch.manual_seed(7)
    model = Qwen3ASRForConditionalGeneration(Qwen3ASRConfig(**config)).float().eval()
    with torch.no_grad():
        for name, value in model.named_parameters():
            noise = torch.randn_like(value)
            if ("norm" in name and "weight" in name) or "ln_post.weight" in name:
                value.copy_(1 + 0.2 * noise)
            elif value.ndim > 1:  # so that the best classes are spread
                value.copy_(noise * (1.5 / (value.numel() / value.shape[0]) ** 0.5))
            else:
                value.copy_(0.1 * noise)
    model.bfloat16().save_pretrained(folder, safe_serialization=True)
    (folder / "generation_config.json").unlink(missing_ok=True)
    write(folder / "config.json", config)


def write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", "utf-8")


def edit(path: Path, **fields: Any) -> None:
    write(path, {**json.loads(path.read_text("utf-8")), **fields})


def write_tokenizer(folder: Path) -> dict[str, int]:
    from transformers.models.gpt2.tokenization_gpt2 import bytes_to_unicode

    vocab = {char: i for i, char in enumerate(bytes_to_unicode()[b] for b in range(256))}
    merges: list[str] = []
    for a, b in (("t", "h"), ("th", "e"), ("i", "n"), ("o", "n"), ("Ġ", "t"), ("e", "r")):
        merges.append(f"{a} {b}")
        vocab[a + b] = len(vocab)
    special = [
        "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|audio_start|>", "<|audio_end|>",
        "<|audio_pad|>", "<timestamp>",
    ]  # fmt: skip
    ids = {token: len(vocab) + i for i, token in enumerate(special)}
    write(folder / "vocab.json", vocab)
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n", "utf-8")
    names = {
        "audio_token": "<|audio_pad|>",
        "audio_bos_token": "<|audio_start|>",
        "audio_eos_token": "<|audio_end|>",
    }
    added = {
        str(id): {
            "content": token, "lstrip": False, "normalized": False, "rstrip": False,
            "single_word": False, "special": token != "<timestamp>",
        }
        for token, id in ids.items()
    }  # fmt: skip
    fields: dict[str, Any] = {
        "add_prefix_space": False, "added_tokens_decoder": added,
        "additional_special_tokens": special[1:6], "extra_special_tokens": names, **names,
        "bos_token": None, "eos_token": "<|im_end|>", "pad_token": "<|endoftext|>",
        "unk_token": None, "errors": "replace", "model_max_length": 131072,
        "tokenizer_class": "Qwen2Tokenizer", "processor_class": "Qwen3ASRProcessor",
    }  # fmt: skip
    write(folder / "tokenizer_config.json", fields)
    return ids


def make_config(ids: dict[str, int]) -> dict[str, Any]:
    width = 64
    audio = {
        "model_type": "qwen3_asr_audio_encoder", "num_mel_bins": 128, "encoder_layers": 2,
        "encoder_attention_heads": 2, "encoder_ffn_dim": 96, "d_model": 32, "n_window": 50,
        "n_window_infer": 800, "conv_chunksize": 500, "downsample_hidden_size": 16,
        "max_source_positions": 1500, "output_dim": width, "activation_function": "gelu",
        "scale_embedding": False,
    }  # fmt: skip
    rope = {
        "interleaved": True, "mrope_interleaved": True, "mrope_section": [24, 20, 20],
        "rope_type": "default", "type": "default",
    }  # fmt: skip
    text = {
        "model_type": "qwen3_asr_text", "vocab_size": 320, "hidden_size": width,
        "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4,
        "num_key_value_heads": 2, "head_dim": 128, "hidden_act": "silu",
        "max_position_embeddings": 65536, "rms_norm_eps": 1e-6, "rope_theta": 1000000,
        "rope_scaling": rope, "tie_word_embeddings": False, "attention_bias": False,
    }  # fmt: skip
    thinker = {
        "model_type": "qwen3_forced_aligner", "architectures": ["Qwen3ASRForConditionalGeneration"],
        "audio_token_id": ids["<|audio_pad|>"], "audio_start_token_id": ids["<|audio_start|>"],
        "audio_end_token_id": ids["<|audio_end|>"], "classify_num": 500,
        "initializer_range": 0.02, "dtype": "float32", "audio_config": audio, "text_config": text,
    }  # fmt: skip
    return {
        "architectures": ["Qwen3ASRForConditionalGeneration"], "model_type": "qwen3_asr",
        "support_languages": ["Chinese", "English"], "timestamp_token_id": ids["<timestamp>"],
        "timestamp_segment_time": 80, "thinker_config": thinker,
    }  # fmt: skip


def mask_windows() -> None:
    import torch
    from qwen_asr.core.transformers_backend import modeling_qwen3_asr as official

    layer = official.Qwen3ASRAudioEncoderLayer
    forward = layer.forward

    def masked(self: Any, x: Any, cu: Any, attention_mask: Any = None, **options: Any) -> Any:
        n = x.shape[0]
        mask = torch.full((1, 1, n, n), torch.finfo(x.dtype).min)
        for a, b in zip(cu[:-1].tolist(), cu[1:].tolist(), strict=True):
            mask[..., a:b, a:b] = 0
        return forward(self, x, cu, attention_mask=mask, **options)

    layer.forward = masked


def run(folder: Path) -> None:
    import torch
    from qwen_asr import Qwen3ForcedAligner

    torch.set_num_threads(1)
    mask_windows()
    aligner = Qwen3ForcedAligner.from_pretrained(
        str(folder), dtype=torch.float32, attn_implementation="sdpa"
    )
    arrays: dict[str, np.ndarray] = {}
    cases: list[dict[str, Any]] = []
    for i, (seconds, text, language) in enumerate(CASES):
        audio = make_clip(seconds, i)
        words, prompt = aligner.aligner_processor.encode_timestamp(text, language)
        given = aligner.processor(text=[prompt], audio=[audio], return_tensors="pt", padding=True)
        with torch.inference_mode():
            logits = aligner.model.thinker(**given).logits[0]
        ids = given["input_ids"][0]
        at = (ids == aligner.model.config.timestamp_token_id).nonzero()[:, 0]
        arrays[f"{i}.ids"] = ids.numpy().astype(np.int16)
        arrays[f"{i}.mel"] = given["input_features"][0].numpy()[:, ::STEP]
        arrays[f"{i}.logits"] = logits[at].numpy()
        items = aligner.align((audio, 16000), text, language)[0]
        cases.append(
            {
                "seconds": seconds, "text": text, "language": language.lower(), "words": words,
                "times": [[item.start_time, item.end_time] for item in items],
            }
        )  # fmt: skip
    np.savez_compressed(folder / "golden.npz", **arrays)  # pyright: ignore[reportArgumentType]
    write(folder / "golden.json", cases)


if __name__ == "__main__":
    make_checkpoint(Path(sys.argv[1]))
    run(Path(sys.argv[1]))
