"""A tree of `make bundle`, and what it has to speak."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from tests.support.installing import lock
from tests.support.wire import ROOT

# Numbers, a date and two languages: each needs data files of some package.
TEXT = "Hello there. On May 5th, 2024, it cost $42.50. Il fait très beau aujourd'hui."
ENVIRONMENT = (sys.executable, "-m", "sidecar")
# What a tree is built of.
_SOURCES = ("sidecar", "packaging", "pyproject.toml", "uv.lock", "README.md", "LICENSE")
_KEPT = ROOT / "build" / "tested-bundle"


def bundle() -> Path:
    """Return a tree of this platform.

    QWEN_TTS_BUNDLE names one. Otherwise it is built of this checkout, with its archive, and both
    are kept in build/ until their sources change.
    """
    if given := os.environ.get("QWEN_TTS_BUNDLE"):
        return Path(given).resolve()
    note = _KEPT / "built-of.txt"
    sources = _hash_of_sources()
    with lock("bundle"):
        if not note.is_file() or note.read_text("utf-8") != sources:
            shutil.rmtree(_KEPT, ignore_errors=True)  # its archive may be of another version
            build_bundle(_KEPT / "trees", "--dist", str(_KEPT))
            note.write_text(sources, "utf-8")
    (folder,) = (_KEPT / "trees").iterdir()
    return folder


def archive_of(tree: Path) -> Path:
    """Return the archive of the tree that `bundle` returned: of a given tree, that in dist/."""
    folder = ROOT / "dist" if "QWEN_TTS_BUNDLE" in os.environ else _KEPT
    found = list(folder.glob(f"qwen-tts-sidecar-*-{tree.name}.tar.gz"))
    assert len(found) == 1, f"{folder} has not one archive of {tree.name}, but {found}"
    return found[0]


def build_bundle(out: Path, *options: str) -> Path:
    """Build a tree of this checkout in a folder; return it."""
    script = ROOT / "packaging" / "bundle.py"
    command = [sys.executable, script, "--out", out, *options]
    subprocess.run(command, stdin=subprocess.DEVNULL, check=True, timeout=900)
    (folder,) = out.iterdir()
    return folder


def say(command: Sequence[str | Path], output: Path, **options: object) -> bytes:
    """Speak the text to a file, without any variable but the given ones; return the file."""
    settings = {"env": {}, "cwd": "/", **options}
    done = subprocess.run(
        [*command, "say", TEXT, "--seed", "7", "--output", output],
        capture_output=True,
        timeout=120,
        check=False,
        **settings,  # type: ignore[call-overload]
    )
    assert done.returncode == 0, done.stderr.decode()
    return output.read_bytes()


@cache
def expected() -> bytes:
    """Return what the environment of the tests speaks, without variables either."""
    with tempfile.TemporaryDirectory() as folder:
        return say(ENVIRONMENT, Path(folder) / "expected.wav", cwd=ROOT)


def _hash_of_sources() -> str:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *_SOURCES],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    digest = hashlib.sha256()
    for name in sorted(set(listed.stdout.decode().split("\0")) - {""}):
        if (ROOT / name).is_file():
            digest.update(name.encode() + b"\0" + (ROOT / name).read_bytes())
    return digest.hexdigest()
