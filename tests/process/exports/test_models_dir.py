"""`--models-dir` and `models verify`: with real processes and no network."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sidecar.models import catalog
from sidecar.models.exported import VARIABLE
from sidecar.models.manifest import MANIFEST
from tests.support.command import run
from tests.support.exports import CODEC, NAME, files, offline, verify
from tests.support.harness import RpcError, sidecar

SAY = ("say", "Hello there.", "--seed", "3", "--model", NAME)


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
