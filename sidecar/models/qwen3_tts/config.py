"""config.json and generation_config.json of Qwen3-TTS, read without MLX."""

from __future__ import annotations

from dataclasses import dataclass

from sidecar.limits import MAX_UTTERANCE_FRAMES
from sidecar.models import presets
from sidecar.models.base import Ability, CodeSpec, GenerationDefaults, ModelInfo, SamplingParams
from sidecar.models.checkpoint import Checkpoint
from sidecar.models.checkpoint.jsonfile import read_object
from sidecar.models.qwen3_tts import checks, schema
from sidecar.models.qwen3_tts.checks import CONTROL_CODES

# The entries of the official models' text embedding are at least these: with so many, a model has
# learned figures. The bundled voice has a few hundred.
_QWEN_VOCABULARY = 151_000

VARIANTS = ("custom_voice", "voice_design", "base")


@dataclass(frozen=True)
class Qwen3TTSConfig:
    """The ids and names from which prompts are built."""

    variant: str
    small: bool  # 0.6B: cannot follow an instruction
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
    """Return the settings in both files, with the official defaults.

    Raises:
        NotACheckpoint: a field is missing or invalid, or an id is outside its table.
    """
    model = read_fields(checkpoint)
    talker, variant = model.talker_config, model.tts_model_type
    languages = checks.read_languages(talker, checkpoint.path)
    speakers = checks.read_speakers(talker, checkpoint.path)
    dialects = checks.read_dialects(talker, speakers, languages, checkpoint.path)
    small = model.tts_model_size == "0b6"
    vocab, eos = talker.vocab_size, talker.codec_eos_token_id
    info = ModelInfo(
        family="qwen3_tts",
        variant=variant,
        sample_rate=model.sample_rate,
        voices=tuple(presets.voice(name, id, dialects.get(name)) for name, id in speakers.items()),
        languages=("auto", *(name for name in languages if "dialect" not in name)),
        dialects=tuple(name for name in languages if "dialect" in name),
        speaker_size=talker.hidden_size if variant == "base" else 0,
        codebooks=talker.num_code_groups,
        abilities=_abilities(variant, small),
        default_text_mode="stream" if variant == "base" else "full",  # as the official model
        continues_from_codes=variant != "custom_voice",  # a preset tells how it sounds
        reads_figures=talker.text_vocab_size >= _QWEN_VOCABULARY,
    )
    return Qwen3TTSConfig(
        variant=variant,
        small=small,
        info=info,
        codes=CodeSpec(
            codebooks=talker.num_code_groups,
            vocab_size=vocab,
            eos=eos,
            suppressed=tuple(i for i in range(vocab - CONTROL_CODES, vocab) if i != eos),
        ),
        defaults=_generation_defaults(checkpoint),
        speakers=speakers,
        dialects=dialects,
        languages=languages,
        tts_bos=model.tts_bos_token_id,
        tts_eos=model.tts_eos_token_id,
        tts_pad=model.tts_pad_token_id,
        codec_think=talker.codec_think_id,
        codec_nothink=talker.codec_nothink_id,
        codec_think_bos=talker.codec_think_bos_id,
        codec_think_eos=talker.codec_think_eos_id,
        codec_pad=talker.codec_pad_id,
        codec_bos=talker.codec_bos_id,
    )


def read_fields(checkpoint: Checkpoint) -> schema.Model:
    """Return the checked fields of config.json.

    Raises:
        NotACheckpoint
    """
    path = checkpoint.path
    model = schema.convert(checkpoint.config, schema.Model, path / "config.json")
    checks.check_variant(model, VARIANTS, path)
    checks.check_token_ids(model, checkpoint.config, path)
    checks.check_layers(model, path)
    return model


def _abilities(variant: str, small: bool) -> tuple[Ability, ...]:
    of_variant: dict[str, tuple[Ability, ...]] = {
        "custom_voice": ("presets",) if small else ("presets", "instruct"),
        "voice_design": ("design",),
        "base": ("cloning",),
    }
    return (*of_variant[variant], "textStreaming", "batching", "seed")


def _generation_defaults(checkpoint: Checkpoint) -> GenerationDefaults:
    """Return the file's values, then fixed defaults, as Qwen3TTSModel._merge_generate_kwargs."""
    path = checkpoint.path / "generation_config.json"
    values = read_object(path) if path.exists() else {}
    given = schema.convert(values, schema.Generation, path)
    greedy = SamplingParams(0.0, 0, 1.0)
    talker = SamplingParams(given.temperature, given.top_k, given.top_p)
    subtalker = SamplingParams(
        given.subtalker_temperature, given.subtalker_top_k, given.subtalker_top_p
    )
    return GenerationDefaults(
        talker=talker if given.do_sample else greedy,
        subtalker=subtalker if given.subtalker_dosample else greedy,
        repetition_penalty=given.repetition_penalty,
        max_frames=min(given.max_new_tokens, MAX_UTTERANCE_FRAMES),
    )
