"""config.json and generation_config.json of Qwen3-TTS, read without MLX."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sidecar.errors import NotACheckpoint
from sidecar.files import read_regular
from sidecar.limits import MAX_UTTERANCE_FRAMES
from sidecar.models import presets
from sidecar.models.base import (
    Ability,
    CodeSpec,
    GenerationDefaults,
    ModelInfo,
    SamplingParams,
)
from sidecar.models.cache import MAX_JSON_BYTES
from sidecar.models.catalog import Checkpoint

VARIANTS = ("custom_voice", "voice_design", "base")
# The last ids of codebook 0's vocabulary are control codes, never audio.
_CONTROL_CODES = 1024


@dataclass(frozen=True)
class Qwen3TTSConfig:
    """The ids and names a prompt is built from."""

    variant: str
    small: bool  # 0.6B: takes no instruction
    info: ModelInfo
    codes: CodeSpec
    defaults: GenerationDefaults
    speakers: dict[str, int]
    dialects: dict[str, str]
    languages: dict[str, int]
    tts_bos: int
    tts_eos: int
    tts_pad: int
    codec_think: int
    codec_nothink: int
    codec_think_bos: int
    codec_think_eos: int
    codec_pad: int
    codec_bos: int


def read(checkpoint: Checkpoint) -> Qwen3TTSConfig:
    """Reads both files.

    Raises:
        NotACheckpoint: a field is missing or makes no sense.
    """
    try:
        return _read(checkpoint)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise NotACheckpoint(
            f"{checkpoint.path} is not a Qwen3-TTS checkpoint: config.json: {error!r}.",
            field="model",
        ) from error


def _read(checkpoint: Checkpoint) -> Qwen3TTSConfig:
    config = checkpoint.config
    talker: dict[str, Any] = config["talker_config"]
    variant = config["tts_model_type"]
    if variant not in VARIANTS:
        raise ValueError(f"tts_model_type {variant!r} is none of {VARIANTS}")
    languages = {name.lower(): int(id) for name, id in talker["codec_language_id"].items()}
    speakers = {name.lower(): int(id) for name, id in (talker.get("spk_id") or {}).items()}
    dialects = {
        name.lower(): str(dialect)
        for name, dialect in (talker.get("spk_is_dialect") or {}).items()
        if dialect
    }
    small = config.get("tts_model_size") == "0b6"
    vocab, eos = int(talker["vocab_size"]), int(talker["codec_eos_token_id"])
    info = ModelInfo(
        family="qwen3_tts",
        variant=variant,
        sample_rate=int(config.get("sample_rate", 24000)),
        voices=tuple(presets.voice(name, id, dialects.get(name)) for name, id in speakers.items()),
        languages=("auto", *(name for name in languages if "dialect" not in name)),
        dialects=tuple(name for name in languages if "dialect" in name),
        speaker_size=int(talker["hidden_size"]) if variant == "base" else 0,
        codebooks=int(talker["num_code_groups"]),
        abilities=_abilities(variant, small),
    )
    return Qwen3TTSConfig(
        variant=variant,
        small=small,
        info=info,
        codes=CodeSpec(
            codebooks=int(talker["num_code_groups"]),
            vocab_size=vocab,
            eos=eos,
            suppressed=tuple(i for i in range(vocab - _CONTROL_CODES, vocab) if i != eos),
        ),
        defaults=_generation_defaults(checkpoint),
        speakers=speakers,
        dialects=dialects,
        languages=languages,
        tts_bos=int(config["tts_bos_token_id"]),
        tts_eos=int(config["tts_eos_token_id"]),
        tts_pad=int(config["tts_pad_token_id"]),
        codec_think=int(talker["codec_think_id"]),
        codec_nothink=int(talker["codec_nothink_id"]),
        codec_think_bos=int(talker["codec_think_bos_id"]),
        codec_think_eos=int(talker["codec_think_eos_id"]),
        codec_pad=int(talker["codec_pad_id"]),
        codec_bos=int(talker["codec_bos_id"]),
    )


def _abilities(variant: str, small: bool) -> tuple[Ability, ...]:
    of_variant: dict[str, tuple[Ability, ...]] = {
        "custom_voice": ("presets",) if small else ("presets", "instruct"),
        "voice_design": ("design",),
        "base": ("cloning",),
    }
    return (*of_variant[variant], "textStreaming", "batching", "seed")


def _generation_defaults(checkpoint: Checkpoint) -> GenerationDefaults:
    """Official order (Qwen3TTSModel._merge_generate_kwargs): the file, then fixed defaults."""
    path = checkpoint.path / "generation_config.json"
    try:
        text = read_regular(path, MAX_JSON_BYTES) if path.exists() else b"{}"
        return _defaults(json.loads(text))
    except (TypeError, ValueError, AttributeError, OSError) as error:
        raise NotACheckpoint(f"{path} cannot be used: {error!r}.", field="model") from error


def _defaults(given: dict[str, Any]) -> GenerationDefaults:

    def stage(prefix: str, do_sample: str) -> SamplingParams:
        sampling = SamplingParams(
            temperature=float(given.get(f"{prefix}temperature", 0.9)),
            top_k=int(given.get(f"{prefix}top_k", 50)),
            top_p=float(given.get(f"{prefix}top_p", 1.0)),
        )
        return sampling if given.get(do_sample, True) else SamplingParams(0.0, 0, 1.0)

    return GenerationDefaults(
        talker=stage("", "do_sample"),
        subtalker=stage("subtalker_", "subtalker_dosample"),
        repetition_penalty=float(given.get("repetition_penalty", 1.05)),
        max_frames=min(int(given.get("max_new_tokens", 2048)), MAX_UTTERANCE_FRAMES),
    )
