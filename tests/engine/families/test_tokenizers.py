"""The families' tokenizers are read from this machine, whatever their configs name."""

from __future__ import annotations

import importlib
import json
import shutil
import socket
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest
from huggingface_hub import constants

from sidecar.engine.engine import Engine
from sidecar.errors import ModelLoadFailed, ModelNotDownloaded
from sidecar.models import catalog, registry
from sidecar.models.hub import cache
from tests.support.families import csm
from tests.support.families.files import in_cache
from tests.support.families.speaking import EACH, request, speak

pytestmark = pytest.mark.filterwarnings("ignore:Model.from_pretrained:DeprecationWarning")
_DEFAULTS = {"csm": "unsloth/Llama-3.2-1B", "outetts": "OuteAI/Llama-OuteTTS-1.0-1B"}
_CONFIGURED = {"csm": "text_tokenizer", "outetts": "tokenizer_name"}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Record the hosts that code tries to reach; the hub's client believes that it is online."""
    hosts: list[Any] = []

    def unreachable(host: Any, *rest: Any, **options: Any) -> Any:
        hosts.append(host)
        raise socket.gaierror(socket.EAI_FAIL, "no network in this test")

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(socket, "getaddrinfo", unreachable)
    monkeypatch.setattr(socket.socket, "connect", lambda self, address: unreachable(address))
    return hosts


def changed(folder: str, to: Path, **config: Any) -> str:
    shutil.copytree(folder, to)
    path = to / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **config}))
    return str(to)


def vocabulary(path: str) -> dict[str, int]:
    model: Any = registry.generator(catalog.resolve(path), "auto")
    beside = getattr(model._model, "_text_tokenizer", None)
    return (beside or model._model.tokenizer).get_vocab()


def written(folder: Path) -> dict[str, int]:
    text = json.loads((folder / "tokenizer.json").read_text())
    added = {token["content"]: token["id"] for token in text["added_tokens"]}
    return {**text["model"]["vocab"], **added}


def repository(name: str) -> Path:
    snapshot = cache.find(name)
    assert snapshot is not None
    return snapshot.path


@pytest.mark.parametrize("name", EACH)
def test_what_is_cached_never_touches_the_network(
    engine: Engine, folders: dict[str, str], asked: list[Any], name: str
) -> None:
    assert speak(engine, request(name, folders))[1].samples > 0
    assert asked == []


@pytest.mark.parametrize("name", ["csm", "outetts"])
def test_the_default_is_read_from_the_cache_and_each_of_its_files_is_needed(
    folders: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    folder, default = folders[name], _DEFAULTS[name]
    assert vocabulary(folder) == written(repository(default))
    hub = Path(shutil.copytree(cache.folder(), tmp_path / "hub", symlinks=True))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(hub))
    for file in ("tokenizer.json", "tokenizer_config.json", "config.json"):
        path = repository(default) / file
        path.rename(hub / file)
        with pytest.raises(ModelNotDownloaded) as caught:
            registry.generator(catalog.resolve(folder), "auto")
        assert caught.value.hint == (
            f"hf download {default} tokenizer.json tokenizer_config.json config.json"
        )
        (hub / file).rename(path)


@pytest.mark.parametrize("name", ["csm", "outetts"])
def test_another_one_in_the_config_is_a_folder_or_a_repository_in_the_cache(
    folders: dict[str, str], tmp_path: Path, asked: list[Any], name: str
) -> None:
    other, field = f"someone/tokenizer-for-{name}", _CONFIGURED[name]
    _ = folders["outetts"]  # its tokenizer, which is another one than what is written here
    folder = changed(folders[name], tmp_path / "by-name" / name, **{field: other})
    with pytest.raises(ModelNotDownloaded, match=other):
        registry.generator(catalog.resolve(folder), "auto")
    csm.write_repository(in_cache(cache.folder(), other))
    assert (
        vocabulary(folder)
        == written(repository(other))
        != written(repository(_DEFAULTS["outetts"]))
    )
    own = str(repository(other))
    folder = changed(folders[name], tmp_path / "by-folder" / name, **{field: own})
    assert vocabulary(folder) == written(Path(own))
    assert asked == []


@pytest.mark.parametrize("names", ["/not/there", "a/b/c", "x" * 5000, ["unsloth/Llama-3.2-1B"]])
def test_what_can_be_no_tokenizer_is_refused(
    folders: dict[str, str], tmp_path: Path, asked: list[Any], names: object
) -> None:
    folder = changed(folders["csm"], tmp_path / "csm", text_tokenizer=names)
    with pytest.raises(ModelLoadFailed, match="neither a folder"):
        registry.generator(catalog.resolve(folder), "auto")
    assert asked == []


def test_outetts_takes_the_tokenizer_that_comes_with_it(
    folders: dict[str, str], tmp_path: Path, asked: list[Any]
) -> None:
    folder = changed(folders["outetts"], tmp_path / "outetts", tokenizer_name="someone/elses")
    config = (tmp_path / "outetts" / "config.json").read_text()
    csm.write_repository(tmp_path / "outetts")
    (tmp_path / "outetts" / "config.json").write_text(config)
    assert vocabulary(folder) == written(tmp_path / "outetts")
    assert asked == []


def test_mlx_audio_is_as_it_was_after_a_load(folders: dict[str, str]) -> None:
    sesame = importlib.import_module("mlx_audio.tts.models.sesame.sesame")
    before = sesame.AutoTokenizer
    registry.generator(catalog.resolve(folders["csm"]), "auto")
    assert sesame.AutoTokenizer is before
