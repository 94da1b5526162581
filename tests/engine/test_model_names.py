"""Names and folders that are resolved without a hub."""

from __future__ import annotations

from pathlib import Path

import pytest

from sidecar.errors import NotACheckpoint, UnknownModel
from sidecar.models import catalog, registry
from tests.support.wire import ROOT

TINY = ROOT / "sidecar" / "bundled" / "tiny-voice"


@pytest.mark.parametrize(
    ("config", "weights", "message"),
    [
        (None, True, "no config.json"),
        ("{", True, "cannot be read"),
        ("[]", True, "list, not an object"),
        ('{"model_type": "qwen3_tts"}', False, "no .*weights"),
        ('{"model_type": "qwen3_tts"}', True, "lacks tts_model_type"),
        ('{"model_type": "llama"}', True, "Unknown model_type 'llama'. Known: qwen3_tts"),
    ],
)
def test_a_folder_that_is_not_a_checkpoint(
    tmp_path: Path, config: str | None, weights: bool, message: str
) -> None:
    if config is not None:
        (tmp_path / "config.json").write_text(config)
    if weights:
        (tmp_path / "model.safetensors").touch()
    with pytest.raises(NotACheckpoint, match=message) as caught:
        registry.describe(catalog.resolve(str(tmp_path)))
    assert (caught.value.code, caught.value.field) == (1002, "model")
    assert str(tmp_path) in caught.value.message


def test_a_folder_is_taken_as_it_is() -> None:
    checkpoint = catalog.resolve(str(TINY))
    assert (checkpoint.name, checkpoint.path) == (str(TINY), TINY)
    assert registry.describe(checkpoint) == registry.describe(catalog.resolve(catalog.BUNDLED))


@pytest.mark.parametrize("name", ["{}/missing", "./missing", "../missing/x", "~/.missing-model"])
def test_a_missing_folder_is_unknown(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnknownModel, match="There is no folder"):
        catalog.resolve(name.format(tmp_path))


def test_an_unknown_name_is_answered_with_the_nearest_one() -> None:
    with pytest.raises(UnknownModel) as caught:
        catalog.resolve("0.6b-customvoise")
    message = "Unknown model '0.6b-customvoise'. Did you mean '0.6b-customvoice'?"
    assert caught.value.message == message
    assert "models list" in str(caught.value.hint)
    assert "hub id" in str(caught.value.hint)
    with pytest.raises(UnknownModel, match=r"^Unknown model 'nobody'\.$"):
        catalog.resolve("nobody")
