"""`models export`: with real processes and no network."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from sidecar.models.manifest import MANIFEST
from tests.support.command import COMMAND, fresh, run
from tests.support.exports import CODEC, NAME, export, files, verify


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
