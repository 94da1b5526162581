"""The interpreter of a tree, from an archive such as python-build-standalone's."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path

import pytest

import interpreter
from tests.support.bundles import build_bundle, expected, say
from tests.support.wire import ROOT

ASK = "import ctypes, ssl, zlib, json, sys; print(sys.prefix, ssl.OPENSSL_VERSION_INFO[0])"


@pytest.fixture
def archive(tree: Path, tmp_path: Path) -> Path:
    """Return an archive with the layout of python-build-standalone's, of the tree's interpreter."""

    def without_packages(info: tarfile.TarInfo) -> tarfile.TarInfo | None:
        return None if "/site-packages/" in info.name else info

    path = tmp_path / "an archive.tar.gz"
    with tarfile.open(path, "w:gz", compresslevel=1) as file:
        file.add(tree / "python", "python", filter=without_packages)
    return path


@pytest.mark.hosts
@pytest.mark.timeout(900)
def test_a_tree_with_a_downloaded_interpreter_speaks(archive: Path, tmp_path: Path) -> None:
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    address = f"{archive.as_uri()}#sha256={digest}"
    tree = build_bundle(tmp_path / "trees", "--no-archive", "--python", address)
    assert say([tree / "bin" / "qwen-tts-sidecar"], tmp_path / "a.wav") == expected()
    bill = (tree / "sbom.cdx.json").read_text("utf-8")
    assert f"checksum=sha256:{digest}&download_url=file" in bill
    if sys.platform == "linux":  # OpenBLAS is of this machine, all else is in the archive
        assert bill.count('"purl": "pkg:deb/') == 3
    done = subprocess.run(
        [tree / "python" / "bin" / "python3", "-I", "-c", ASK],
        capture_output=True,
        text=True,
        check=True,
        env={},
    )
    assert done.stdout == f"{tree / 'python'} 3\n"
    (licences,) = (tree / "licences").glob("python-*")
    assert {"LICENSE.txt", "openssl-3.txt", "zlib.txt"} <= {
        path.name for path in licences.iterdir()
    }


def test_an_address_must_have_the_hash_of_what_is_there(tmp_path: Path) -> None:
    archive = tmp_path / "archive.tar.gz"
    archive.write_bytes(b"something else")
    address = archive.as_uri()
    for fragment, reason in (
        ("", "has no hash"),
        ("#md5=0", "has no hash"),
        ("#sha256=0", "and not 0"),
    ):
        with pytest.raises(ValueError, match=reason):
            interpreter.bring(address + fragment, tmp_path / "copy", tmp_path / "work")
    with pytest.raises(OSError, match="no-such-archive"):
        interpreter.bring(
            f"{address}/no-such-archive#sha256=0", tmp_path / "copy", tmp_path / "work"
        )
    assert not (tmp_path / "copy").exists()


def test_each_platform_has_a_pinned_interpreter_of_one_version() -> None:
    pinned = tomllib.loads((ROOT / "packaging" / "interpreters.toml").read_text("utf-8"))
    assert set(pinned) == {"linux-x64", "linux-arm64", "darwin-arm64"}
    versions = {address.rpartition("/")[2].partition("%2B")[0] for address in pinned.values()}
    assert len(versions) == 1
    for address in pinned.values():
        digest = address.partition("#sha256=")[2]
        assert len(digest) == 64
        assert int(digest, 16) >= 0
