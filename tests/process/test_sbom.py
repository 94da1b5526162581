"""packaging/sbom.py lists what a folder of packages holds, the same bytes for the same content."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import OutputFormat, SchemaVersion
from cyclonedx.validation import make_schemabased_validator

from tests.support.wire import ROOT

SCRIPT = ROOT / "packaging" / "sbom.py"
NAMES = ("qwen-tts-sidecar", "mlx", "transformers", "regex")


pytestmark = pytest.mark.hosts  # of bundles, which are built there


@pytest.fixture(scope="module")
def site_packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the metadata of four packages, the project's editable one among them."""
    folder = tmp_path_factory.mktemp("site-packages")
    for name in NAMES:
        metadata = Path(str(distribution(name).locate_file("."))).glob(
            f"{name.replace('-', '_')}-*.dist-info"
        )
        for path in metadata:
            (folder / path.name).symlink_to(path)
    return folder


def run(folder: Path, *options: str, seed: str = "0") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPT), str(folder), *options],
        env={**os.environ, "SOURCE_DATE_EPOCH": "1700000000", "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def plain(site_packages: Path) -> str:
    """Return the bill of materials of the folder and nothing else."""
    return run(site_packages, seed="1").stdout


def test_packages_and_other_parts_are_listed(site_packages: Path, tmp_path: Path) -> None:
    part = tmp_path / "libopenblas.so.0"
    part.write_bytes(b"a shared library")
    options = ("--library", "pkg:generic/openblas@0.3.30", "BSD-3-Clause", str(part))
    options += ("--runtime", "pkg:github/python/cpython@v3.13.9", "Python-2.0", sys.executable)
    done = run(site_packages, *options)
    assert done.returncode == 0, done.stderr
    validator = make_schemabased_validator(OutputFormat.JSON, SchemaVersion.V1_6)
    assert validator.validate_str(done.stdout) is None

    bill = json.loads(done.stdout)
    assert bill["metadata"]["timestamp"] == "2023-11-14T22:13:20+00:00"
    project = bill["metadata"]["component"]
    assert (project["type"], project["name"]) == ("application", "qwen-tts-sidecar")
    parts: dict[str, Any] = {one["name"]: one for one in bill["components"]}
    assert set(parts) == {*NAMES, "openblas", "cpython"} - {"qwen-tts-sidecar"}
    assert parts["mlx"]["purl"] == f"pkg:pypi/mlx@{distribution('mlx').version}"
    assert parts["mlx"]["licenses"][0]["license"]["id"] == "MIT"
    assert parts["regex"]["licenses"][0]["expression"] == "Apache-2.0 AND CNRI-Python"
    assert parts["transformers"]["licenses"][0]["license"]["name"] == "Apache 2.0 License"
    assert parts["cpython"]["type"] == "platform"
    digest = hashlib.sha256(part.read_bytes()).hexdigest()
    assert parts["openblas"]["hashes"] == [{"alg": "SHA-256", "content": digest}]
    needed = {one["ref"]: one.get("dependsOn", []) for one in bill["dependencies"]}
    direct = {parts[name]["bom-ref"] for name in ("mlx", "regex", "openblas", "cpython")}
    assert direct == set(needed[project["bom-ref"]])


def test_the_wheel_that_was_installed_is_named_with_its_hash(plain: str) -> None:
    bill = json.loads(plain)
    parts = {one["name"]: one for one in bill["components"]}
    found = [one for one in parts["mlx"]["externalReferences"] if one["type"] == "distribution"]
    assert len(found) == 1
    python = f"cp{sys.version_info.major}{sys.version_info.minor}"
    assert f"/mlx-{parts['mlx']['version']}-{python}-" in found[0]["url"]
    lock = (ROOT / "uv.lock").read_text("utf-8")
    assert f'url = "{found[0]["url"]}", hash = "sha256:{found[0]["hashes"][0]["content"]}"' in lock


def test_the_same_content_gives_the_same_bytes(site_packages: Path, plain: str) -> None:
    assert run(site_packages, seed="2").stdout == plain
    assert json.loads(plain)["serialNumber"].startswith("urn:uuid:")
    # A folder of the machine that built it would differ on another one.
    assert "file:" not in plain
    assert str(ROOT) not in plain


def test_a_folder_without_the_project_is_refused(tmp_path: Path) -> None:
    done = run(tmp_path)
    assert done.returncode == 2
    assert done.stderr.endswith(f"{tmp_path} does not contain the package qwen-tts-sidecar.\n")
    assert done.stdout == ""
