"""Writes what is in a tree: its manifest, with a hash of each file."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path

_NAME = "qwen-tts-sidecar"
_GLIBC = re.compile(rb"GLIBC_2\.(\d+)")


def write(tree: Path, version: str, platform: str, python: str) -> None:
    """Write `manifest.json`, whose hashes are of all other files."""
    files = {path.relative_to(tree).as_posix(): _hash(path) for path in _files(tree)}
    content: dict[str, object] = {
        "name": _NAME,
        "version": version,
        "platform": platform,
        "python": python,
        **({"glibc": _glibc(tree)} if platform.startswith("linux") else {}),
        "files": files,
    }
    (tree / "manifest.json").write_text(json.dumps(content, indent=1) + "\n", "utf-8")


def _files(tree: Path) -> Iterator[Path]:
    return (p for p in sorted(tree.rglob("*")) if p.is_file() and p.name != "manifest.json")


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _glibc(tree: Path) -> str:
    """Return the oldest glibc that all programs and libraries of the tree work with."""
    needed = 0
    for path in _files(tree):
        data = path.read_bytes()
        if data.startswith(b"\x7fELF"):
            needed = max(needed, *(int(found) for found in _GLIBC.findall(data)), 0)
    return f"2.{needed}"
