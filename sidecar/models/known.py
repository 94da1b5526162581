"""The catalogue: the Qwen3-TTS models on the hub, their abilities and sizes.

Sizes are computed, not measured: the parameters of the true shapes, as mlx-audio's converter
stores them (weights of linear layers in groups of 64 with two bfloat16 each, everything else in
bfloat16), and the codec's file, which is the same for all. `docs/models.md` compares them with
sizes that the hub shows.
"""

from __future__ import annotations

import msgspec

from sidecar.models import presets
from sidecar.models.base import Ability, ModelInfo, VoiceInfo
from sidecar.models.checkpoint.footprint import to_speak

LANGUAGES = (
    "chinese",
    "english",
    "japanese",
    "korean",
    "german",
    "french",
    "russian",
    "portuguese",
    "spanish",
    "italian",
)

# Parameters outside the codec: all of them, and those of the layers that are quantised.
_PARAMETERS = {
    "0.6B": (905_788_672, 559_939_584),
    "1.7B": (1_916_676_352, 1_536_163_840),
}
# A Base model also has a speaker encoder.
_SPEAKER_ENCODER = {"0.6B": 8_854_336, "1.7B": 12_001_088}
# Sizes of the hub's files: speech_tokenizer/model.safetensors; configs and text tokenizer together.
_CODEC_BYTES, _OTHER_BYTES = 682_293_092, 4_536_539
# What `qwen3_tts.memory` adds to the files: the codec's quotients, on a GPU a speaker encoder in
# float32, and a share of the sum for rotations and masks. Rounded up; a test compares them.
_TABLES_BYTES, _TABLES_CPU_BYTES, _BESIDES = 54_000_000, 30_000_000, 1.03
_GROUP_SIZE, _GROUP_BYTES = 64, 4
LICENSE = "apache-2.0"
"""The licence of all of them, as an SPDX identifier in small letters: both tokenizers and models,
by the abstract of Qwen's technical report (arXiv:2601.15621)."""

# As `qwen3_tts.config` derives them from a checkpoint; a test compares the two.
_ALL: tuple[Ability, ...] = ("textStreaming", "batching", "seed")
_ABILITIES: dict[str, tuple[Ability, ...]] = {
    "0.6B-CustomVoice": ("presets", *_ALL),
    "1.7B-CustomVoice": ("presets", "instruct", *_ALL),
    "1.7B-VoiceDesign": ("design", *_ALL),
    "0.6B-Base": ("cloning", *_ALL),
    "1.7B-Base": ("cloning", *_ALL),
}
# A talker's width, which is the length of an x-vector that it takes, and the codes in a frame.
_HIDDEN_SIZE, _CODEBOOKS, _SAMPLE_RATE = {"0.6B": 1024, "1.7B": 2048}, 16, 24000
_VARIANTS = {"CustomVoice": "custom_voice", "VoiceDesign": "voice_design", "Base": "base"}


class KnownModel(msgspec.Struct, frozen=True):
    """A model on the hub.

    Attributes:
        alias: its name here.
        stem: its name without the precision, which is the alias of the bfloat16 model.
        size: 0.6B or 1.7B.
        bits: 16 is bfloat16, as published.
        parameters: their number outside the codec.
        download_bytes: the size of the needed files.
    """

    alias: str
    stem: str
    repo: str
    size: str
    variant: str
    bits: int
    abilities: tuple[Ability, ...]
    parameters: int
    download_bytes: int

    def load_bytes(self, *, on_cpu: bool) -> int:
        """Return the memory that `model/load` compares with its limit, as it reads it from the
        headers of downloaded files. On the CPU weights are unpacked to float32."""
        if on_cpu:
            weights = 4 * self.parameters + _CODEC_BYTES + _OTHER_BYTES + _TABLES_CPU_BYTES
        else:
            weights = self.download_bytes + _TABLES_BYTES
        return int(weights * _BESIDES)

    def memory_bytes(self, *, on_cpu: bool) -> int:
        """Return the memory to speak one stream, the process included."""
        return to_speak(self.load_bytes(on_cpu=on_cpu))

    @property
    def is_original(self) -> bool:
        """Whether it is Qwen's own file, which has the same weights as the one in bfloat16."""
        return self.alias.endswith("-original")

    @property
    def voices(self) -> tuple[VoiceInfo, ...]:
        """Its preset voices."""
        return presets.CUSTOM_VOICES if "presets" in self.abilities else ()

    @property
    def info(self) -> ModelInfo:
        """What its config.json will say once it is downloaded."""
        return ModelInfo(
            family="qwen3_tts",
            variant=self.variant,
            sample_rate=_SAMPLE_RATE,
            voices=self.voices,
            languages=("auto", *LANGUAGES),
            dialects=presets.DIALECTS if self.voices else (),
            speaker_size=_HIDDEN_SIZE[self.size] if self.variant == "base" else 0,
            codebooks=_CODEBOOKS,
            abilities=self.abilities,
            reads_figures=True,
        )


def _known(alias: str, repo: str, name: str, bits: int) -> KnownModel:
    size, _, variant = name.partition("-")
    parameters, quantised = _PARAMETERS[size]
    if variant == "Base":
        parameters += _SPEAKER_ENCODER[size]
    stored = 2 * parameters
    if bits != 16:
        stored += quantised * bits // 8 + quantised // _GROUP_SIZE * _GROUP_BYTES - 2 * quantised
    return KnownModel(
        alias=alias,
        stem=name.lower(),
        repo=repo,
        size=size,
        variant=_VARIANTS[variant],
        bits=bits,
        abilities=_ABILITIES[name],
        parameters=parameters,
        download_bytes=stored + _CODEC_BYTES + _OTHER_BYTES,
    )


KNOWN: dict[str, KnownModel] = {
    one.alias: one
    for name in _ABILITIES
    for one in (
        _known(name.lower(), f"mlx-community/Qwen3-TTS-12Hz-{name}-bf16", name, 16),
        *(
            _known(
                f"{name.lower()}-{bits}bit",
                f"mlx-community/Qwen3-TTS-12Hz-{name}-{bits}bit",
                name,
                bits,
            )
            for bits in (8, 6, 4)
        ),
        _known(f"{name.lower()}-original", f"Qwen/Qwen3-TTS-12Hz-{name}", name, 16),
    )
}
