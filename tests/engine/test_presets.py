"""The facts about preset voices without their model, and when they describe a checkpoint's."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from bench import checkpoints
from sidecar.models import catalog, presets, registry
from sidecar.models.base import ModelInfo, VoiceInfo
from sidecar.models.checkpoint import Checkpoint
from sidecar.models.generators.families import FAMILIES
from sidecar.models.known import KNOWN
from tests.support.wire import SCHEMA

# `spk_id` and `spk_is_dialect` of the CustomVoice checkpoints' config.json.
SPEAKERS = {
    "serena": 3066,
    "vivian": 3065,
    "uncle_fu": 3010,
    "ryan": 3061,
    "aiden": 2861,
    "ono_anna": 2873,
    "sohee": 2864,
    "eric": 2875,
    "dylan": 2878,
}
DIALECTS: dict[str, Any] = dict.fromkeys(SPEAKERS, False)
DIALECTS |= {"eric": "sichuan_dialect", "dylan": "beijing_dialect"}


def described(variant: str, size: str, speakers: dict[str, int]) -> ModelInfo:
    config = copy.deepcopy(checkpoints._config(size))
    config["tts_model_type"] = variant
    config["speaker_encoder_config"] = {"enc_dim": config["talker_config"]["hidden_size"]}
    talker = config["talker_config"]
    languages = [*KNOWN["0.6b-base"].info.languages[1:], *(set(DIALECTS.values()) - {False})]
    talker |= {"spk_id": speakers, "spk_is_dialect": DIALECTS if speakers else {}}
    talker["codec_language_id"] = {name: id for id, name in enumerate(languages)}
    return registry.describe(Checkpoint("one", Path("nowhere"), config))


@pytest.mark.parametrize("alias", ["0.6b-customvoice", "1.7b-customvoice-8bit"])
def test_the_catalogue_says_what_the_checkpoint_will_say(alias: str) -> None:
    known = KNOWN[alias].info
    here = described(known.variant, KNOWN[alias].size.lower(), SPEAKERS)
    assert known.voices == here.voices
    assert sorted(known.dialects) == sorted(here.dialects)
    for field in ("family", "variant", "sample_rate", "languages", "codebooks", "abilities"):
        assert getattr(known, field) == getattr(here, field), field


@pytest.mark.parametrize("alias", ["0.6b-base", "1.7b-base-4bit", "1.7b-voicedesign"])
def test_a_voice_that_fits_the_checkpoint_fits_the_catalogue(alias: str) -> None:
    known = KNOWN[alias].info
    here = described(known.variant, KNOWN[alias].size.lower(), {})
    assert known.voices == here.voices == ()
    for field in ("family", "variant", "speaker_size", "codebooks", "abilities"):
        assert getattr(known, field) == getattr(here, field), field


def test_a_voice_of_a_fine_tuned_checkpoint_gets_no_description() -> None:
    """A fine-tuned checkpoint may call its own voice by a known name."""
    assert described("custom_voice", "0.6b", {"ryan": 3000}).voices == (VoiceInfo("ryan"),)
    assert presets.voice("hutao", 3061, None) == VoiceInfo("hutao")
    assert presets.voice("ryan", 3061, "beijing_dialect") == VoiceInfo("ryan", "beijing_dialect")


@pytest.mark.parametrize("voices", [presets.CUSTOM_VOICES, None])
def test_all_is_known_of_every_listed_voice(voices: tuple[VoiceInfo, ...] | None) -> None:
    of_bundled = registry.describe(catalog.resolve(catalog.BUNDLED)).voices
    for voice in of_bundled if voices is None else voices:
        assert None not in (voice.gender, voice.description), voice
        assert voice.languages, voice


@pytest.mark.parametrize(
    ("family", "name", "expected"),
    [
        ("kokoro", "af_heart", VoiceInfo("af_heart", gender="female", languages=("english",))),
        (
            "kokoro",
            "bm_george",
            VoiceInfo("bm_george", gender="male", languages=("british english",)),
        ),
        ("kokoro", "xf_made_up", VoiceInfo("xf_made_up")),
        ("kokoro", "custom", VoiceInfo("custom")),
        ("spark", "male", VoiceInfo("male", gender="male")),
        ("outetts", "default", VoiceInfo("default")),
    ],
)
def test_a_familys_names_say_what_they_say(family: str, name: str, expected: VoiceInfo) -> None:
    assert FAMILIES[family].voice(name) == expected


def test_the_genders_in_the_schema_are_the_catalogues() -> None:
    """The OpenAI door maps voices by gender before it can ask a sidecar."""
    voices = (*presets.BUNDLED_VOICES, *presets.CUSTOM_VOICES)
    assert SCHEMA["presetGenders"] == {voice.name: voice.gender for voice in voices}
