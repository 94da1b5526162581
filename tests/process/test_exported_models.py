"""`models export`, `--models-dir` and `models verify`: with real processes and no network."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sidecar.models import catalog
from sidecar.models.exported import VARIABLE
from sidecar.models.manifest import MANIFEST
from tests.support.command import COMMAND, fresh, run
from tests.support.harness import RpcError, sidecar

NAME = "my-voice"
SAY = ("say", "Hello there.", "--seed", "3", "--model", NAME)
CODEC = "speech_tokenizer/model.safetensors"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the bundled voice, with files beside it that no model needs."""
    folder = shutil.copytree(
        catalog.BUNDLED_PATH, tmp_path_factory.mktemp("source") / NAME, dirs_exist_ok=True
    )
    for name in ("README.md", "optimizer.safetensors", "run.py", ".hidden.json"):
        (folder / name).write_text("not part of the model")
    (folder / "LICENSE").write_text("The terms.")
    (folder / "checkpoint-500").mkdir()
    (folder / "checkpoint-500" / "config.json").write_text("{}")
    return folder


@pytest.fixture(scope="module")
def shipped(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Export it, by a process."""
    folder = tmp_path_factory.mktemp("app") / "models"
    done = run("models", "export", str(folder), str(source), env=fresh(folder.parent))
    assert (done.returncode, done.stdout) == (0, f"{folder / NAME}\n"), done.stderr
    return folder


@pytest.fixture
def copied(shipped: Path, tmp_path: Path) -> Path:
    """Copy the folder of exported models, to damage it."""
    return shutil.copytree(shipped, tmp_path / "shipped")


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def offline(tmp_path: Path, shipped: Path, **more: str) -> dict[str, str]:
    """Return the environment of another user, who has nothing but the app."""
    keep = {name: value for name, value in os.environ.items() if name != "HOME"}
    there = {"HF_HOME": str(tmp_path / "nothing"), "HF_HUB_OFFLINE": "1", VARIABLE: str(shipped)}
    return {**keep, **there, "XDG_DATA_HOME": str(tmp_path / "data"), **more}


def test_an_export_has_real_files_a_manifest_and_nothing_else(source: Path, shipped: Path) -> None:
    assert os.listdir(shipped) == [NAME]
    found = files(shipped / NAME)
    about = json.loads(found.pop(MANIFEST))
    assert (about["format"], about["model"]) == (1, NAME)
    assert found.keys() == {file["path"] for file in about["files"]}
    assert {name: found[name] for name in files(catalog.BUNDLED_PATH)} == files(
        catalog.BUNDLED_PATH
    )
    assert found.keys() - files(catalog.BUNDLED_PATH).keys() == {"LICENSE"}
    assert not any(path.is_symlink() for path in shipped.rglob("*"))


def test_a_shipped_model_speaks_like_the_original_without_a_home_or_a_network(
    shipped: Path, source: Path, tmp_path: Path
) -> None:
    one, two = tmp_path / "1.wav", tmp_path / "2.wav"
    done = run(*SAY, "-o", str(one), env=offline(tmp_path, shipped), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    again = run("say", "Hello there.", "--seed", "3", "-o", str(two))
    assert again.returncode == 0
    assert one.read_bytes() == two.read_bytes()
    assert not (tmp_path / "nothing").exists()


def test_a_server_finds_it_in_a_read_only_folder_before_a_folder_of_that_name(
    shipped: Path, copied: Path, tmp_path: Path
) -> None:
    for path in (copied, *copied.rglob("*")):
        path.chmod(path.stat().st_mode & ~0o222)
    before = files(copied)
    other = tmp_path / "empty"
    other.mkdir()
    # The first folder that has the model counts, and the options replace the variable.
    folders = [f"--models-dir={folder}" for folder in (other, copied, shipped)]
    with sidecar(*folders, env={VARIABLE: str(tmp_path / "gone")}) as server:
        rows = {row["model"]: row for row in server.call("model/list")["models"]}
        assert rows[NAME]["state"] == "cached"
        assert rows[NAME]["source"] == "modelsDir"
        assert rows[NAME]["path"] == str(copied / NAME)
        assert rows["tiny-voice"]["source"] == "bundled"
        assert server.call("model/load", {"model": NAME})["voices"] == ["slt", "rms"]
    assert files(copied) == before


def verify(folder: Path, *names: str) -> subprocess.CompletedProcess[str]:
    return run("models", "verify", *names, "--models-dir", str(folder))


def test_verify_reads_every_byte(copied: Path) -> None:
    done = verify(copied)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{NAME}: whole, 8 files, 29.9 MB")
    weights = copied / NAME / CODEC
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 1
    weights.write_bytes(content)
    (copied / NAME / "tokenizer_config.json").unlink(missing_ok=True)
    for names in ((), (NAME,), (str(copied / NAME),)):
        done = verify(copied, *names)
        assert done.returncode == 1
        assert f"{weights} has another content than when it was exported." in done.stdout
        assert f"1 of 1 models are damaged: {NAME}" in done.stderr
        assert "export them again" in done.stderr


def cut(folder: Path) -> str:
    os.truncate(folder / CODEC, 1000)
    return f"{CODEC} is truncated: it has 1,000 of "


def lengthen(folder: Path) -> str:
    with (folder / "config.json").open("ab") as file:
        file.write(b" ")
    return "config.json is too long"


def take_away(folder: Path) -> str:
    (folder / CODEC).unlink()
    return f"{CODEC} is missing"


def lose_the_manifest(folder: Path) -> str:
    (folder / MANIFEST).unlink()
    return f"has no {MANIFEST}"


def spoil_the_manifest(folder: Path) -> str:
    (folder / MANIFEST).write_bytes((folder / MANIFEST).read_bytes()[:-20])
    return f"{MANIFEST} cannot be used"


def lead_outside(folder: Path) -> str:
    about = json.loads((folder / MANIFEST).read_text())
    about["files"][0]["path"] = "../../secret"
    (folder / MANIFEST).write_text(json.dumps(about))
    return "'../../secret' is not the path of a file inside"


def put_a_pipe(folder: Path) -> str:
    (folder / CODEC).unlink()
    os.mkfifo(folder / CODEC)
    return f"{CODEC} is not a regular file"


def put_a_pipe_for_the_manifest(folder: Path) -> str:
    (folder / MANIFEST).unlink()
    os.mkfifo(folder / MANIFEST)
    return "it is a pipe"


def link_to_nothing(folder: Path) -> str:
    (folder / CODEC).unlink()
    (folder / CODEC).symlink_to("nowhere")
    return f"{CODEC} is missing"


DAMAGES = [
    cut, lengthen, take_away, lose_the_manifest, spoil_the_manifest, lead_outside, put_a_pipe,
    put_a_pipe_for_the_manifest, link_to_nothing,
]  # fmt: skip


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("served")
    with sidecar("--models-dir", str(folder)) as server:
        yield server, folder


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_damaged_model_is_refused_by_name_and_nothing_else_takes_its_place(
    shipped: Path, served: Any, damage: Any
) -> None:
    server, folder = served
    shutil.rmtree(folder / NAME, ignore_errors=True)
    shutil.copytree(shipped / NAME, folder / NAME)
    said = damage(folder / NAME)
    with pytest.raises(RpcError) as caught:
        server.call("model/load", {"model": NAME})
    assert (caught.value.code, caught.value.type) == (1002, "modelDamaged")
    assert said in caught.value.message
    assert "again" in caught.value.data["hint"] or "export" in caught.value.data["hint"]
    rows = {row["model"]: row for row in server.call("model/list")["models"]}
    assert said in rows[NAME]["fault"]
    assert rows[NAME]["state"] == "known"
    assert server.call("server/status")["models"] == []


def test_a_folder_of_models_that_is_not_there_is_an_error_at_once(tmp_path: Path) -> None:
    missing = str(tmp_path / "missing")
    for command, env in (
        (["say", "Hi.", "--models-dir", missing], {}),
        (["--models-dir", missing], {}),
        ([], {VARIABLE: missing}),
    ):
        done = run(*command, env={**os.environ, **env}, input="")
        assert done.returncode == 1
        assert f"There is no folder {missing}" in done.stderr
        assert VARIABLE in done.stderr


def test_the_folder_of_one_model_is_not_a_folder_of_models(shipped: Path) -> None:
    done = run("say", "Hi.", "--models-dir", str(shipped / NAME))
    assert done.returncode == 1
    assert "is an exported model itself" in done.stderr
    assert f"--models-dir {shipped}" in done.stderr


def test_two_exports_at_the_same_time_both_succeed(source: Path, tmp_path: Path) -> None:
    command = [*COMMAND, "models", "export", str(tmp_path / "out"), str(source)]
    both = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    ends = [(process.communicate(timeout=60)[1], process.returncode) for process in both]
    assert [code for _, code in ends] == [0, 0], ends
    assert os.listdir(tmp_path / "out") == [NAME]
    assert "whole" in verify(tmp_path / "out").stdout


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["tiny-voice"], "is part of the sidecar, and needs no export"),
        (["{}", "--name", "0.6b-base"], "'0.6b-base': that means another model"),
        (["{}", "--name", "../up"], "'../up': that is not allowed as a name"),
        (["0.6b-base"], "0.6B-Base-bf16 is not on this machine"),
        ([], "No model has been downloaded"),
    ],
)
def test_what_cannot_be_exported_is_said_before_anything_is_written(
    source: Path, tmp_path: Path, args: list[str], said: str
) -> None:
    given = [arg.format(source) for arg in args]
    done = run("models", "export", str(tmp_path / "out"), *given, env=fresh(tmp_path))
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr
    assert not (tmp_path / "out").exists()


def export(folder: Path, source: Path, **options: Any) -> subprocess.CompletedProcess[str]:
    return run("models", "export", str(folder), str(source), **options)


def test_a_second_export_changes_nothing_and_another_thing_is_not_overwritten(
    source: Path, copied: Path, tmp_path: Path
) -> None:
    before = (copied / NAME / MANIFEST).stat()
    done = export(copied, source)
    assert (done.returncode, done.stdout) == (0, f"{copied / NAME}\n")
    assert "already there" in done.stderr
    assert (copied / NAME / MANIFEST).stat().st_mtime_ns == before.st_mtime_ns

    (copied / NAME / "LICENSE").write_text("Other terms")
    assert export(copied, source).returncode == 1  # as damaged as one of another size
    outside = tmp_path / "outside"
    outside.mkdir()
    for name in ("a file", "a link"):
        folder = tmp_path / name
        folder.mkdir()
        if name == "a file":
            (folder / NAME).write_text("mine")
        else:
            (folder / NAME).symlink_to(outside)
        done = export(folder, source)
        assert done.returncode == 1
        assert f"{folder / NAME} already exists, and is not what would be exported" in done.stderr
        assert os.listdir(folder) == [NAME]
    assert os.listdir(outside) == []


def test_two_models_in_one_folder_have_two_names(source: Path, copied: Path) -> None:
    done = run("models", "export", str(copied), str(source), "--name", "other")
    assert done.returncode == 0, done.stderr
    assert sorted(os.listdir(copied)) == [NAME, "other"]
    assert verify(copied).stdout.count("whole") == 2


def test_a_quantised_copy_is_exported_without_the_manifest_of_its_source(
    copied: Path, tmp_path: Path
) -> None:
    small = tmp_path / "small-voice"
    args = ("--models-dir", str(copied), "--bits", "8", "--group-size", "32", "-o", str(small))
    done = run("models", "quantize", NAME, *args)
    assert done.returncode == 0, done.stderr
    assert not (small / MANIFEST).exists()
    assert export(copied, small).returncode == 0
    output = str(tmp_path / "said.wav")
    said = run("say", "Hi.", "--model", small.name, "-o", output, "--models-dir", str(copied))
    assert said.returncode == 0, said.stderr


def test_an_exported_model_can_be_exported_and_a_damaged_one_cannot(
    copied: Path, tmp_path: Path
) -> None:
    args = ("models", "export", str(tmp_path / "again"), NAME, "--models-dir", str(copied))
    weights = copied / NAME / CODEC
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    done = run(*args)
    assert done.returncode == 1
    assert f"{weights} is damaged" in done.stderr
    assert os.listdir(tmp_path / "again") == []
    content[-1] ^= 1
    weights.write_bytes(content)
    assert run(*args).returncode == 0
    assert files(tmp_path / "again") == files(copied)


def test_a_file_that_may_not_be_so_large_leaves_nothing(source: Path, tmp_path: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))

    done = export(tmp_path / "out", source, preexec_fn=limit)
    assert done.returncode == 1
    assert "largest size that is allowed" in done.stderr
    assert os.listdir(tmp_path / "out") == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_named(source: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir(mode=0o555)
    done = export(tmp_path / "out", source)
    assert (done.returncode, "permission is denied" in done.stderr) == (1, True)


def test_a_folder_inside_a_file_is_named(source: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = export(tmp_path / "file" / "out", source)
    assert done.returncode == 1
    assert f"{tmp_path / 'file'} is not a folder" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=lambda one: one.name)
def test_an_export_that_is_stopped_leaves_no_half_model(
    source: Path, tmp_path: Path, number: signal.Signals
) -> None:
    folder, slow = tmp_path / "out", tmp_path / "source" / NAME
    shutil.copytree(source, slow)
    weights = slow / "model.safetensors"
    with weights.open("ab") as file:
        file.truncate(weights.stat().st_size + 4 * 2**30)  # sparse: reading it takes long
    done: subprocess.Popen[str] = subprocess.Popen(
        [*COMMAND, "models", "export", str(folder), str(slow)],
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert done.stderr
    assert "exporting" in done.stderr.readline()
    done.send_signal(number)
    _, said = done.communicate(timeout=60)
    if number == signal.SIGINT:
        assert done.returncode == 130
        assert "nothing of it is in" in said
        assert os.listdir(folder) == []
    assert "no exported models" in verify(folder).stderr
    assert export(folder, source).returncode == 0
    assert os.listdir(folder) == [NAME]  # what the killed one has left is gone
