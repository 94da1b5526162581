"""Voices of other families: presets, clones, languages, and state between two requests."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from msgspec.structs import replace

from sidecar.audio.reference import read
from sidecar.engine.engine import Engine
from sidecar.errors import InvalidParams, ModelLoadFailed, UnknownLanguage
from sidecar.models import catalog, registry
from sidecar.models.base import GenerationSettings, ReferenceAudio, Utterance
from sidecar.models.checkpoint import Checkpoint
from sidecar.models.hub import cache
from sidecar.voices.reader import ReferenceReader
from tests.support.families import chatterbox
from tests.support.families.speaking import refusal, request, speak

# mlx-audio's Spark uses functions that mlx-audio itself has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:Model.from_pretrained:DeprecationWarning")


@pytest.mark.parametrize("name", ["spark", "chatterbox"])
def test_a_clone_needs_no_transcript_and_changes_nothing_for_the_next(
    engine: Engine, folders: dict[str, str], reference: str, name: str
) -> None:
    preset, _ = speak(engine, request(name, folders))
    asked = request(
        name,
        folders,
        utterance={"reference": ReferenceReader().read(ReferenceAudio(path=reference))},
    )
    clone, _ = speak(engine, asked)
    assert not np.array_equal(clone, preset)
    assert np.array_equal(speak(engine, asked)[0], clone)
    assert np.array_equal(speak(engine, request(name, folders))[0], preset)


def test_spark_hears_what_was_said_in_a_recording(
    engine: Engine, folders: dict[str, str], reference: str
) -> None:
    said = {"reference": ReferenceReader().read(ReferenceAudio(path=reference, text="Hello."))}
    timbre = {"reference": ReferenceReader().read(ReferenceAudio(path=reference))}
    heard = [speak(engine, request("spark", folders, utterance=u))[0] for u in (said, timbre)]
    assert not np.array_equal(heard[0], heard[1])


def test_a_preset_of_spark_is_one_voice_in_all_steps_and_requests(
    folders: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = registry.generator(catalog.resolve(folders["spark"]), "auto")
    generate = model._model.generate  # pyright: ignore[reportAttributeAccessIssue]
    heard: list[tuple[str, Any]] = []

    def listening(part: str, **arguments: Any) -> Iterator[Any]:
        heard.append((arguments["gender"], arguments.get("ref_audio")))
        yield from generate(part, **arguments)

    def said(voice: str | None, seed: int) -> list[mx.array]:
        heard.clear()
        mx.random.seed(seed)
        settings = GenerationSettings(max_seconds=0.1)
        steps = model.speak(model.prepare(Utterance(text, voice=voice), settings))
        return [audio for audio in steps if isinstance(audio, mx.array)]

    monkeypatch.setattr(model._model, "generate", listening)  # pyright: ignore[reportAttributeAccessIssue]
    text = "A sentence that is as long as a step of this family has to be at least. Two. " * 2
    first = said("Male", 1)
    assert heard[0] == ("male", None)
    voice = heard[1][1]
    assert voice.size > 0.5 * 16000
    assert [name for name, _ in heard[1:]] == ["male"] * len(first)
    assert all(one is voice for _, one in heard[1:])
    again, other = said("male", 1), said("male", 2)
    assert all(one is voice for _, one in heard)
    assert all(map(mx.array_equal, first, again))
    assert not all(map(mx.array_equal, first, other))
    said(None, 1)
    assert heard[0] == ("female", None)
    assert heard[1][1] is not voice


def test_the_presets_of_spark_are_auditioned_when_it_is_loaded(
    folders: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    model: Any = registry.generator(catalog.resolve(folders["spark"]), "auto")
    codec = model._model._audio_tokenizer
    gc.collect()  # what earlier tests left, or it might go in between
    before = mx.get_active_memory()
    mx.eval(codec.model.parameters(), codec.feature_extractor.parameters())
    assert mx.get_active_memory() <= before

    mx.random.seed(5)
    expected = mx.random.normal((4,))
    mx.random.seed(5)
    model.warm_up(lambda: None)
    assert mx.array_equal(mx.random.normal((4,)), expected)

    heard: list[Any] = []

    def listening(part: str, **arguments: Any) -> Iterator[Any]:
        heard.append(arguments.get("ref_audio"))
        yield from ()

    monkeypatch.setattr(model._model, "generate", listening)
    for voice in model.info.voices:
        utterance = Utterance("Hi.", voice=voice.name)
        list(model.speak(model.prepare(utterance, GenerationSettings(max_seconds=0.1))))
    assert [audio.size > 0 for audio in heard] == [True, True]


def test_a_preset_that_cannot_be_auditioned_fails_where_it_is_asked_for(
    folders: dict[str, str], reference: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model: Any = registry.generator(catalog.resolve(folders["spark"]), "auto")
    generate = model._model.generate

    def failing(part: str, **arguments: Any) -> Iterator[Any]:
        if "ref_audio" not in arguments:
            raise ValueError("a bug in a family")
        yield from generate(part, **arguments)

    monkeypatch.setattr(model._model, "generate", failing)
    model.warm_up(lambda: None)
    settings = GenerationSettings(max_seconds=0.1)
    with pytest.raises(ValueError, match="a bug in a family"):
        list(model.speak(model.prepare(Utterance("Hi."), settings)))
    clone = Utterance("Hi.", reference=read(reference, None))
    assert list(model.speak(model.prepare(clone, settings)))


def test_spark_hears_a_quiet_recording_as_a_loud_one(
    folders: dict[str, str], reference: str
) -> None:
    model = registry.generator(catalog.resolve(folders["spark"]), "auto")
    loud = read(reference, None)
    loudness = []
    for recording in (loud, replace(loud, samples=loud.samples * 0.3)):
        utterance = Utterance("Hi.", reference=recording)
        prompt = model.prepare(utterance, GenerationSettings(max_seconds=1.0))
        audio = np.array(prompt.arguments["ref_audio"])
        assert audio.shape == (3 * 16000,)
        loudness.append(float(np.sqrt((audio**2).mean())))
    assert loudness[1] == pytest.approx(loudness[0], rel=0.1)


def test_chatterbox_without_a_voice_of_its_own_clones(
    engine: Engine, folders: dict[str, str], reference: str, tmp_path: Path
) -> None:
    folder = tmp_path / "chatterbox"
    shutil.copytree(folders["chatterbox"], folder)
    (folder / "conds.safetensors").unlink()
    info = registry.describe(catalog.resolve(str(folder)))
    assert info.abilities == ("cloning", "seed")
    there = {"chatterbox": str(folder)}
    error = refusal(engine, request("chatterbox", there))
    assert isinstance(error, InvalidParams)
    assert error.field == "reference"
    asked = {"reference": ReferenceReader().read(ReferenceAudio(path=reference))}
    assert speak(engine, request("chatterbox", there, utterance=asked))[1].samples > 0


@pytest.mark.parametrize("release", ["v2", "v3"])
def test_a_multilingual_chatterbox_speaks_what_mlx_audio_can_write_alone(
    engine: Engine, folders: dict[str, str], tmp_path: Path, release: str
) -> None:
    folder = tmp_path / "chatterbox"
    folder.mkdir()
    mx.random.seed(7)
    chatterbox.write_model(folder, release)
    there = {"chatterbox": str(folder)}
    assert "german" in registry.describe(catalog.resolve(str(folder))).languages
    audio = [
        speak(engine, request("chatterbox", there, utterance={"text": "Ja.", "language": asked}))[0]
        for asked in ("German", "english", None, "de-AT")
    ]
    assert not np.array_equal(audio[0], audio[1])
    assert np.array_equal(audio[0], audio[3])
    assert np.array_equal(audio[1], audio[2])
    for asked in ("chinese", "zh-Hans"):
        error = refusal(engine, request("chatterbox", there, utterance={"language": asked}))
        assert isinstance(error, UnknownLanguage)
    english = request("chatterbox", folders, utterance={"language": "german"})
    assert isinstance(refusal(engine, english), UnknownLanguage)


@pytest.mark.parametrize(
    ("config", "multilingual"),
    [
        ({"multilingual": True}, True),
        ({"vocab_size": 2454}, True),
        ({"t3_config": {"text_tokens_dict_size": 2454}}, True),
        ({"t3_config": {"text_tokens_dict_size": 704}, "vocab_size": 704}, False),
        ({"t3_config": [], "multilingual": None, "t3_model": ["v2"]}, False),
        ({}, False),
    ],
)
def test_which_chatterbox_it_is_is_seen_by_its_config(
    tmp_path: Path, config: dict[str, Any], multilingual: bool
) -> None:
    info = registry.describe(Checkpoint("x", tmp_path, {"model_type": "chatterbox", **config}))
    assert ("french" in info.languages) == multilingual


def test_spark_in_part_is_not_loaded_and_its_files_are_all_downloaded(
    folders: dict[str, str], tmp_path: Path
) -> None:
    folder = tmp_path / "spark"
    shutil.copytree(folders["spark"], folder)
    names = [str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()]
    assert all(map(cache.is_needed, names))
    (folder / "BiCodec" / "config.yaml").unlink()
    with pytest.raises(ModelLoadFailed, match=r"BiCodec/config\.yaml"):
        registry.generator(catalog.resolve(str(folder)), "auto")
