"""Names → folders: with the real hub client against a hub of our own, and on the disk.

The hub client reads its environment once, at import: what asks the hub is the whole process.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sidecar.errors import NotACheckpoint, UnknownModel
from sidecar.models import catalog, registry
from tests.harness import ROOT, RpcError, Sidecar, sidecar
from tests.hub_server import Hub, hub_server

ALIAS = "0.6b-customvoice"
REPO = catalog.ALIASES[ALIAS]
TINY = ROOT / "sidecar" / "bundled" / "tiny-voice"
NEEDED = sorted(path.relative_to(TINY).as_posix() for path in TINY.rglob("*") if path.is_file())


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """Serves the bundled voice, and beside it what repositories carry that is not for us."""
    folder = tmp_path_factory.mktemp("served") / "voice"
    shutil.copytree(TINY, folder)
    for name in ("README.md", "convert.py", "optimizer.pt"):
        (folder / name).write_text("not for us")
    with hub_server() as hub:
        hub.serve(REPO, folder)
        yield hub


@pytest.fixture(scope="module")
def empty(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sidecar]:
    """A process with nothing cached, for downloads that fail."""
    with sidecar(env=hub.environment(tmp_path_factory.mktemp("empty"))) as process:
        yield process


def load(process: Sidecar, name: str) -> list[tuple[str, str]]:
    """Loads a model; returns the stages that were announced, each with what it said first."""
    process.call("model/load", {"model": name, "workDoneToken": "load"})
    stages: dict[str, str] = {}
    for message in process.others():
        value = message["params"]["value"]
        stages.setdefault(value["stage"], value["message"])
    return list(stages.items())


def refusal(process: Sidecar, name: str) -> RpcError:
    with pytest.raises(RpcError) as caught:
        process.call("model/load", {"model": name})
    return caught.value


def states(process: Sidecar) -> dict[str, str]:
    return {row["model"]: row["state"] for row in process.call("model/list")["models"]}


def test_a_download_takes_what_is_needed_and_is_done_once(hub: Hub, tmp_path: Path) -> None:
    hub.requests.clear()
    with sidecar(env=hub.environment(tmp_path)) as process:
        stages = load(process, ALIAS)
        speech = [process.speak("Hi.", model=m, seed=1, maxFrames=4) for m in (ALIAS, TINY.name)]
    assert stages == [("resolving", ALIAS), ("downloading", REPO), ("loading", ALIAS)]
    assert hub.fetched() == NEEDED
    assert speech[0].audio == speech[1].audio != b""

    # A hub that has nothing, and notices any question.
    with hub_server() as other, sidecar(env=other.environment(tmp_path)) as process:
        assert [name for name, state in states(process).items() if state == "cached"] == [ALIAS]
        for name in (ALIAS, ALIAS.upper(), REPO):
            assert load(process, name) == [("resolving", name), ("loading", name)]
        assert other.requests == []
        assert refusal(process, "no/such").type == "unknownModel"
        assert other.requests  # it does notice


# The real hub answers 401 instead of 404 to a client without a token. Without an error code its
# client takes that for a missing repository only over https, which this hub does not speak.
@pytest.mark.parametrize(
    ("part", "status", "code", "expected"),
    [
        ("/api/", 404, "RepoNotFound", "1001 unknownModel HF_TOKEN"),
        ("/api/", 401, "RepoNotFound", "1001 unknownModel HF_TOKEN"),
        ("/resolve/", 401, "GatedRepo", "1002 hubAccessDenied HF_TOKEN"),
        ("/resolve/", 403, "GatedRepo", "1002 hubAccessDenied HF_TOKEN"),
        ("/resolve/", 403, None, "1002 hubAccessDenied HF_TOKEN"),
        ("/api/", 401, None, "1002 hubAccessDenied HF_TOKEN"),
        ("/api/", 404, "RevisionNotFound", "1001 unknownRevision branch"),
        ("/resolve/", 404, "EntryNotFound", "1002 modelLoadFailed folder"),
    ],
)
def test_a_hub_that_refuses(
    hub: Hub, empty: Sidecar, part: str, status: int, code: str | None, expected: str
) -> None:
    number, type, hint = expected.split()
    with hub.failing(part, status, code):
        error = refusal(empty, ALIAS)
    assert (str(error.code), error.type, error.data["field"]) == (number, type, "model")
    assert hint in error.data["hint"]
    assert REPO in error.message
    assert states(empty)[ALIAS] == "known"


def test_a_hub_that_is_gone(tmp_path: Path) -> None:
    with hub_server() as gone:
        environment = gone.environment(tmp_path)
    with sidecar(env=environment) as process:
        error = refusal(process, ALIAS)
    assert (error.code, error.type) == (1002, "hubUnreachable")
    assert "Connection refused" in error.message
    assert "network" in error.data["hint"]


def test_a_silent_hub_holds_up_nothing_else(hub: Hub, tmp_path: Path) -> None:
    with sidecar(env=hub.environment(tmp_path)) as process, hub.silent():
        id = process.request("model/load", {"model": ALIAS, "workDoneToken": "load"})
        assert process.next_progress("load")["stage"] == "resolving"
        assert process.next_progress("load")["stage"] == "downloading"
        assert process.speak("Hi.", maxFrames=4).audio
        process.notify("$/cancelRequest", {"id": id})
        with pytest.raises(RpcError, match="-32800"):
            process.wait(id)
        assert process.shutdown() == 0


def test_an_interrupted_download_goes_on(hub: Hub, tmp_path: Path) -> None:
    hub.requests.clear()
    with sidecar(env=hub.environment(tmp_path)) as process:
        with hub.failing("/model.safetensors", 403):
            assert refusal(process, ALIAS).type == "hubAccessDenied"
        assert ("downloading", REPO) in load(process, ALIAS)
    assert hub.fetched() == NEEDED  # none of them twice


@pytest.mark.parametrize("outcome", ["listed as known", "completed"])
def test_a_model_cached_in_part_is(hub: Hub, tmp_path: Path, outcome: str) -> None:
    environment = hub.environment(tmp_path)
    script = f"import huggingface_hub as hub; hub.hf_hub_download('{REPO}', 'config.json')"
    command = [sys.executable, "-c", script]  # as any program leaves it that looked at the config
    subprocess.run(command, env={**os.environ, **environment}, check=True, timeout=60)
    with sidecar(env=environment) as process:
        if outcome == "completed":
            assert ("downloading", REPO) in load(process, ALIAS)
        assert states(process)[ALIAS] == ("loaded" if outcome == "completed" else "known")


@pytest.mark.parametrize("name", ["owner/na--me", "owner/..", "~no-such-user/x", "x" * 300])
def test_a_name_that_nothing_can_have_is_unknown(empty: Sidecar, name: str) -> None:
    assert refusal(empty, name).type == "unknownModel"


@pytest.mark.parametrize(
    ("config", "weights", "message"),
    [
        (None, True, "no config.json"),
        ("{", True, "cannot be read"),
        ("[]", True, "not a checkpoint"),
        ('{"model_type": "qwen3_tts"}', False, "no .*weights"),
        ('{"model_type": "qwen3_tts"}', True, "not a Qwen3-TTS checkpoint"),
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


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UnknownModel) as caught:
        catalog.resolve("0.6b-customvoise")
    listed = caught.value.message.partition("Known: ")[2].rstrip(".").split(", ")
    assert listed == [catalog.BUNDLED, *catalog.ALIASES]
    assert "hub id" in str(caught.value.hint)
