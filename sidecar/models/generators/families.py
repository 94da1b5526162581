"""The table of families that run by mlx-audio's `generate`. Does not import MLX.

`request.py` refuses what is not in a family's abilities.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec

from sidecar.models.base import Ability, ModelInfo, VoiceInfo
from sidecar.models.checkpoint import Checkpoint

# The model's config is among them, since it names the class of the tokenizer.
TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "config.json")


class Beside(msgspec.Struct, frozen=True):
    """Files of another repository that a family reads when it is loaded."""

    repo: str
    files: tuple[str, ...]


class Family(msgspec.Struct, frozen=True):
    """One row of the table.

    Attributes:
        module: of mlx_audio.tts.models.
        sample_rate: used if the config has none.
        languages: value of `language` → the family's name for it.
        voices: the preset voices of a checkpoint; the first is the default.
        voice: a voice's name → what is known of it.
        packages: module → the package to install for it.
        tokenizer: the folder or repository of the text tokenizer; "" if mlx-audio reads the
            checkpoint's own.
        besides: files of other repositories that must be on this machine.
        shortest: the least characters of a step; shorter sentences are joined.
        shortest_first: on a CPU, the least characters of the first step of a request, which may
            also end with a clause; 0 if it is like the others.
        transcript: whether cloning needs the recording's transcript.
        audition: for presets that generate a new voice in each step: the text that each preset
            speaks once, to be cloned from then on.
    """

    module: str
    abilities: tuple[Ability, ...]
    sample_rate: int
    languages: dict[str, str]
    voices: Callable[[Checkpoint], tuple[str, ...]] = lambda checkpoint: ()
    voice: Callable[[str], VoiceInfo] = VoiceInfo
    packages: dict[str, str] = {}
    tokenizer: Callable[[Checkpoint], str] = lambda checkpoint: ""
    besides: tuple[Beside, ...] = ()
    shortest: int = 60
    shortest_first: int = 0
    transcript: bool = True
    audition: str = ""

    def describe(self, checkpoint: Checkpoint) -> ModelInfo:
        rate = checkpoint.config.get("sample_rate", self.sample_rate)
        voices = self.voices(checkpoint)
        return ModelInfo(
            family=self.module,
            variant=self.module,
            sample_rate=rate if isinstance(rate, int) else self.sample_rate,
            voices=tuple(self.voice(name) for name in voices),
            languages=("auto", *self.languages),
            abilities=tuple(can for can in self.abilities if voices or can != "presets"),
        )


def _kokoro_voices(checkpoint: Checkpoint) -> tuple[str, ...]:
    names = sorted(path.stem for path in (checkpoint.path / "voices").glob("*.safetensors"))
    return tuple(sorted(names, key=lambda name: name != "af_heart"))


def _kokoro_voice(name: str) -> VoiceInfo:
    """Return what a published voice's name says: `bm_george` is British (`b`) and male (`m`)."""
    match = _KOKORO_NAME.fullmatch(name)
    language = _KOKORO_LETTERS.get(match[1]) if match else None
    if match is None or language is None:
        return VoiceInfo(name)
    gender = "female" if match[2] == "f" else "male"
    return VoiceInfo(name, gender=gender, languages=(language,))


def _spark_voice(name: str) -> VoiceInfo:
    return VoiceInfo(name, gender="female" if name == "female" else "male")


def _csm_tokenizer(checkpoint: Checkpoint) -> str:
    return str(checkpoint.config.get("text_tokenizer") or "unsloth/Llama-3.2-1B")


def _outetts_tokenizer(checkpoint: Checkpoint) -> str:
    """Return the checkpoint's tokenizer if it has one; mlx-audio's default is that of one size."""
    if all((checkpoint.path / file).is_file() for file in TOKENIZER_FILES):
        return str(checkpoint.path)
    return str(checkpoint.config.get("tokenizer_name") or "OuteAI/Llama-OuteTTS-1.0-1B")


def _chatterbox_voices(checkpoint: Checkpoint) -> tuple[str, ...]:
    return ("default",) if (checkpoint.path / "conds.safetensors").is_file() else ()


def _chatterbox(languages: dict[str, str]) -> Family:
    # Only the weights of the tokenizer are read.
    tokenizer = Beside("mlx-community/S3TokenizerV2", ("model.safetensors",))
    return Family(
        "chatterbox",
        ("presets", "cloning", "seed"),
        24000,
        languages,
        voices=_chatterbox_voices,
        besides=(tokenizer,),
        transcript=False,
    )


def _is_multilingual(config: dict[str, Any]) -> bool:
    """Return whether a config is multilingual, by mlx-audio's rule; older conversions show it only
    by their number of text tokens."""
    model = config.get("t3_config")
    tokens = model.get("text_tokens_dict_size") if isinstance(model, dict) else None
    return (
        bool(config.get("multilingual"))
        or config.get("t3_model") in ("v2", "v3")
        or 2454 in (tokens, config.get("vocab_size"))
    )


def _weights_of(repo: str) -> tuple[Beside, ...]:
    return (Beside(repo, ("config.json", "model.safetensors")),)


_MIMI = Beside("kyutai/moshiko-pytorch-bf16", ("tokenizer-e351c8d8-checkpoint125.safetensors",))
_ENGLISH = {"english": "en"}
# A voice's first letter is the language it was made for.
_KOKORO_LANGUAGES = {
    "english": "a", "british english": "b", "spanish": "e", "french": "f", "hindi": "h",
    "italian": "i", "japanese": "j", "portuguese": "p", "chinese": "z",
}  # fmt: skip
_KOKORO_LETTERS = {letter: language for language, letter in _KOKORO_LANGUAGES.items()}
_KOKORO_NAME = re.compile(r"([a-z])([fm])_.+")
# Without Chinese, Hebrew, Japanese and Russian: mlx-audio rewrites their texts with packages, skips
# that if a package is missing, and one of the packages downloads files meanwhile.
_CHATTERBOX_LANGUAGES = {
    "english": "en", "arabic": "ar", "danish": "da", "german": "de", "greek": "el",
    "spanish": "es", "finnish": "fi", "french": "fr", "hindi": "hi", "italian": "it",
    "korean": "ko", "malay": "ms", "dutch": "nl", "norwegian": "no", "polish": "pl",
    "portuguese": "pt", "swedish": "sv", "swahili": "sw", "turkish": "tr",
}  # fmt: skip

FAMILIES: dict[str, Family] = {
    "kokoro": Family(
        "kokoro",
        ("presets", "seed", "phonemes", "wordTimes"),
        24000,
        _KOKORO_LANGUAGES,
        voices=_kokoro_voices,
        voice=_kokoro_voice,
        packages={"misaki": "misaki"},
        # Of texts with fewer than some 20 phonemes, says the model card, it makes poor speech.
        shortest_first=20,
    ),
    "csm": Family(
        "sesame",
        ("cloning", "seed"),
        24000,
        _ENGLISH,
        tokenizer=_csm_tokenizer,
        besides=(_MIMI,),
    ),
    "dia": Family(
        "dia",
        ("cloning", "seed"),
        44100,
        _ENGLISH,
        besides=_weights_of("mlx-community/descript-audio-codec-44khz"),
        shortest=200,
    ),
    "outetts": Family(
        "outetts",
        ("presets", "seed"),
        24000,
        _ENGLISH,
        voices=lambda checkpoint: ("default",),
        tokenizer=_outetts_tokenizer,
        besides=_weights_of("mlx-community/dac-speech-24khz-1.5kbps"),
    ),
    "soprano": Family("soprano", ("seed",), 32000, _ENGLISH),
    "spark": Family(
        "spark",
        ("presets", "cloning", "seed"),
        16000,
        {"english": "en", "chinese": "zh"},
        voices=lambda checkpoint: ("female", "male"),
        voice=_spark_voice,
        transcript=False,
        audition="The lighthouse stood at the end of the pier, and its lamp was lit every evening.",
    ),
    "chatterbox": _chatterbox(_ENGLISH),
}
_MULTILINGUAL = _chatterbox(_CHATTERBOX_LANGUAGES)
# Checkpoints whose config only says what language model they are made of.
_LANGUAGE_MODELS = ("llama", "qwen2", "qwen3")


def family_of(checkpoint: Checkpoint) -> Family | None:
    """Return the family, by the config, the files, and otherwise the name; None if unknown."""
    config = checkpoint.config
    kind = str(config.get("model_type", "")).lower()
    kind = {"sesame": "csm", "marvis": "csm"}.get(kind, kind)
    if kind == "chatterbox" and _is_multilingual(config):
        return _MULTILINGUAL
    if kind in FAMILIES:
        return FAMILIES[kind]
    if "istftnet" in config and "plbert" in config:
        return FAMILIES["kokoro"]
    if isinstance(config.get("model"), dict) and isinstance(config.get("data"), dict):
        return FAMILIES["dia"]
    if kind not in _LANGUAGE_MODELS:
        return None
    if (checkpoint.path / "BiCodec").is_dir():
        return FAMILIES["spark"]
    called = f"{checkpoint.name} {checkpoint.path}".lower()
    return next((FAMILIES[name] for name in ("outetts", "soprano") if name in called), None)
