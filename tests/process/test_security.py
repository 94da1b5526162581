"""The promises of docs/security.md about the running process."""

from __future__ import annotations

import json
import pickle
import shutil
import sys
from pathlib import Path

import pytest

from sidecar.models import catalog
from sidecar.voices.store import VoiceStore
from tests.support.harness import RpcError, Sidecar, sidecar
from tests.support.hub_server import hub_server
from tests.support.voice_files import features, metadata

TINY = catalog.resolve("tiny-voice").path
TOKEN = "hf_AbCdEfGhIjKlMnOpQrStUvWxYz012345"
SECRET = "correct-horse-battery-staple"
linux = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="reads Linux's /proc")


class Marker:
    """An object that creates a file when it is unpickled."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return (Path.touch, (self.file,))


def test_files_of_the_working_folder_are_not_run(tmp_path: Path) -> None:
    """Nor is a folder of the same name, if it is started with -P."""
    names = ["json", "numpy", "msgspec", "signal", "argparse", "sitecustomize", "mlx", "tokenizers"]
    for name in names:
        (tmp_path / f"{name}.py").write_text(
            f"open({str(tmp_path / 'ran')!r}, 'a').write({name!r})"
        )
    (tmp_path / ".env").write_text("HF_ENDPOINT=http://127.0.0.1:1\n")
    commands = [[sys.executable, "-m", "sidecar"], [sys.executable, "-P", "-m", "sidecar"]]
    for command in commands:
        with sidecar(command=command, cwd=tmp_path) as server:
            assert server.speak("Safe.", seed=1, maxFrames=2).chunks
        foreign = tmp_path / "sidecar"
        foreign.mkdir(exist_ok=True)
        (foreign / "__main__.py").write_text((tmp_path / "json.py").read_text())
    assert not (tmp_path / "ran").exists()


@linux
def test_it_has_no_socket(server: Sidecar) -> None:
    server.speak("Nobody can call me.", seed=1, maxFrames=4)
    folder = Path(f"/proc/{server.process.pid}/fd")
    opened = [str(link.readlink()) for link in folder.iterdir()]
    assert [name for name in opened if name.startswith("socket:")] == []
    assert opened  # it could be looked into


def test_nothing_of_the_environment_is_said(tmp_path: Path) -> None:
    """The test provokes every kind of failure, with the most detailed log."""
    with hub_server() as hub:
        hub.serve("someone/voice", TINY)
        secrets = {"HF_TOKEN": TOKEN, "DATABASE_PASSWORD": SECRET}
        environment = {**hub.environment(tmp_path), **secrets}
        environment["HF_HUB_DISABLE_IMPLICIT_TOKEN"] = "0"
        with sidecar("--log-level", "debug", env=environment) as server:
            said = [json.dumps(server.call(m)) for m in ("server/status", "model/list")]
            for failure in [
                ("/api/", 401, "RepoNotFound"),
                ("/resolve/", 403, "GatedRepo"),
                ("/api/", 500, None),
            ]:
                with hub.failing(*failure), pytest.raises(RpcError) as caught:
                    server.call("model/load", {"model": "someone/voice"})
                said.append(str(caught.value) + json.dumps(caught.value.data))
            # Text that a client or a library itself writes into a message.
            with pytest.raises(RpcError) as caught:
                server.call("model/load", {"model": f"./{TOKEN}"})
            said.append(str(caught.value))
            assert server.call("model/load", {"model": "someone/voice"})["family"] == "qwen3_tts"
            server.speak("Not a word.", seed=1, maxFrames=2)
            assert server.shutdown() == 0
            log = server.whole_log()
        assert hub.tokens == {f"Bearer {TOKEN}"}  # it was used
    assert "DEBUG" in log
    for text in (*said, log):
        assert TOKEN not in text
        assert SECRET not in text


def hostile_checkpoint(folder: Path, marker: Path) -> None:
    """Copy the bundled voice, with code and pickles everywhere that libraries look for them."""
    shutil.copytree(TINY, folder)
    code = f"import pathlib\npathlib.Path({str(marker)!r}).touch()\n"
    for name in ("tokenization_evil.py", "modeling_evil.py", "__init__.py", "sitecustomize.py"):
        (folder / name).write_text(code)
    for name in ("pytorch_model.bin", "model.pt", "speech_tokenizer/pytorch_model.bin"):
        (folder / name).write_bytes(pickle.dumps(Marker(marker)))
    change(folder / "config.json", model_file="modeling_evil.py")
    change(folder / "config.json", auto_map={"AutoModel": "modeling_evil.Evil"})
    tokenizer = {"AutoTokenizer": ["tokenization_evil.Evil", None]}
    change(folder / "tokenizer_config.json", auto_map=tokenizer)


def change(file: Path, **members: object) -> None:
    file.write_text(json.dumps({**json.loads(file.read_text()), **members}))


def test_no_code_and_no_pickle_of_a_checkpoint_is_run(tmp_path: Path) -> None:
    marker = tmp_path / "it ran"
    plain, foreign, without = (tmp_path / name for name in ("plain", "foreign", "without"))
    for folder in (plain, foreign, without):
        hostile_checkpoint(folder, marker)
    # Only the code in the folder defines the tokenizer's class; the weights are only in pickles.
    change(foreign / "tokenizer_config.json", tokenizer_class="Evil")
    (without / "model.safetensors").unlink()
    with sidecar() as server:
        assert server.speak("Hi.", model=str(plain), maxFrames=4).result["frames"] == 4
        # The class that the file names is not needed: the tokens are in tokenizer.json.
        assert server.speak("Hi.", model=str(foreign), maxFrames=4).result["frames"] == 4
        with pytest.raises(RpcError) as caught:
            server.speak("Hi.", model=str(without), maxFrames=4)
        assert caught.value.type == "notACheckpoint"
    assert not marker.exists()


def test_a_voice_file_from_a_stranger_loads_nothing(tmp_path: Path) -> None:
    """The voice's file names a checkpoint beside it, one on the hub, and one on another machine."""
    voices, beside = tmp_path / "voices", tmp_path / "checkpoint"
    shutil.copytree(TINY, beside)
    store = VoiceStore(str(voices))
    models = {"beside": str(beside), "hub": "someone/voice", "far": "/net/elsewhere/voice"}
    for name, model in models.items():
        store.save(metadata(name, model=model), features())
    with (
        hub_server() as hub,
        sidecar("--voices-dir", str(voices), env=hub.environment(tmp_path)) as server,
    ):
        hub.serve("someone/voice", TINY)
        for name in models:
            with pytest.raises(RpcError) as caught:
                server.speak("Hi.", voice=name, maxFrames=1)
            assert caught.value.type == "unknownModel"
            assert "no request has named" in caught.value.message
        assert server.call("server/status")["models"] == []
        assert hub.requests == []
        # A model that the request names is loaded; this one is no Base model.
        with pytest.raises(RpcError) as caught:
            server.speak("Hi.", voice="beside", model=str(beside), maxFrames=1)
        assert caught.value.type == "incompatibleVoice"
