"""A checkpoint is loaded as the official loader would load it, or refused in a sentence."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest

from sidecar.errors import ModelLoadFailed
from sidecar.models import catalog, registry
from sidecar.models.base import GenerationDefaults, Utterance
from sidecar.models.protocols import TTSModel
from tests.support import batches
from tests.support.checkpoints.changing import Change, copy_of, more
from tests.support.checkpoints.kinds import KINDS
from tests.support.checkpoints.loaded import LOADED
from tests.support.checkpoints.refused_config import FIELDS, IDS
from tests.support.checkpoints.refused_files import BASE, FILES
from tests.support.samplers import Greedy

REFUSED = {**IDS, **FIELDS, **FILES, **KINDS}
# Words of exceptions of Python, msgspec and libraries; an error for a person has none of them.
_BARE = ("Error(", "KeyError", "TypeError", "AttributeError", "$.", "Traceback", "NoneType")


def spoken(path: Path) -> tuple[np.ndarray, GenerationDefaults]:
    """Load a model as the engine does; return its first frames and its sampling defaults."""
    model = batches.load_warm(catalog.resolve(str(path))).model
    return _codes(model), model.defaults


def _codes(model: TTSModel) -> np.ndarray:
    row = model.open(model.prepare(Utterance("Hello there.", "ryan", "english")))
    while not model.prefill([row]):
        pass
    return np.array(mx.concatenate([model.frame([row], Greedy()) for _ in range(3)]))


@pytest.fixture(scope="module")
def untouched(golden: Path) -> tuple[np.ndarray, GenerationDefaults]:
    return spoken(golden / "custom_voice")


@pytest.mark.parametrize("name", LOADED)
def test_it_loads_and_speaks_as_before(
    golden: Path, tmp_path: Path, name: str, untouched: tuple[np.ndarray, GenerationDefaults]
) -> None:
    folder = copy_of(golden / "custom_voice", tmp_path / "voice")
    LOADED[name](folder)
    codes, defaults = spoken(folder)
    assert np.array_equal(codes, untouched[0])
    assert defaults == untouched[1]


def refusal(source: Path, folder: Path, change: Change) -> str:
    """Load a changed checkpoint as the engine does; return the advice of the error."""
    change(copy_of(source, folder))
    with pytest.raises(ModelLoadFailed) as caught:
        batches.load_warm(catalog.resolve(str(folder)))
    error = caught.value
    assert error.field == "model"
    assert error.hint
    assert str(folder) in error.message
    for bare in _BARE:
        assert bare not in error.message
    return error.advice


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_and_says_why(golden: Path, tmp_path: Path, name: str) -> None:
    change, words = REFUSED[name]
    said = refusal(golden / "custom_voice", tmp_path / "voice", change)
    assert re.search(words, said), said


@pytest.mark.parametrize("name", BASE)
def test_a_base_model_is_whole_or_refused(golden: Path, tmp_path: Path, name: str) -> None:
    change, words = BASE[name]
    said = refusal(golden / "base", tmp_path / "voice", change)
    assert re.search(words, said), said


def test_tensors_left_out_are_one_line_in_the_log(
    golden: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = copy_of(golden / "custom_voice", tmp_path / "voice")
    more(speaker_encoder__a=mx.zeros(1), speaker_encoder__b=mx.zeros(1))(folder)
    with caplog.at_level(logging.WARNING):
        registry.load(catalog.resolve(str(folder)), "auto")
    (line,) = [one.getMessage() for one in caplog.records if "are ignored" in one.getMessage()]
    assert "2 tensors" in line
    assert "speaker_encoder.a, speaker_encoder.b" in line


@pytest.mark.parametrize(
    ("inside", "words"),
    [
        ("speech_tokenizer", "is only the speech tokenizer of a Qwen3-TTS model"),
        ("model.safetensors", "is a file, but a model is a folder"),
        ("part/of", "is a part of the checkpoint .*Name that folder"),
        ("q4.gguf", "as GGUF .*does not read"),
    ],
)
def test_a_part_of_a_checkpoint_is_known_for_one(
    golden: Path, tmp_path: Path, inside: str, words: str
) -> None:
    folder = copy_of(golden / "custom_voice", tmp_path / "voice")
    (folder / "part" / "of").mkdir(parents=True)
    (folder / "q4.gguf").write_bytes(b"GGUF")
    with pytest.raises(ModelLoadFailed) as caught:
        registry.describe(catalog.resolve(str(folder / inside)))
    assert re.search(words, caught.value.advice), caught.value.advice


def test_a_folder_of_a_cache_names_the_snapshot(golden: Path, tmp_path: Path) -> None:
    root = tmp_path / "models--someone--voice"
    snapshot = root / "snapshots" / ("0" * 40)
    snapshot.parent.mkdir(parents=True)
    copy_of(golden / "custom_voice", snapshot)
    with pytest.raises(ModelLoadFailed) as caught:
        catalog.resolve(str(root))
    assert str(snapshot) in caught.value.advice
