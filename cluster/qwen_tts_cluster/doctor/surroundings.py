"""Ray's token, its variables, and what it has left on the disk."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path

from qwen_tts_cluster.doctor.finding import Finding, Level

_PACKAGES = ("qwen-tts-cluster", "qwen-tts-client", "qwen-tts-sidecar", "ray", "fastapi")


def versions() -> dict[str, str]:
    """Return the versions of the packages that matter; those that are missing have none."""
    found: dict[str, str] = {}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def examine_token(environment: Mapping[str, str]) -> list[Finding]:
    """Return the state of Ray's token, with which one may run code on the cluster.

    The token itself is not in what is returned.
    """

    def fault(text: str) -> Finding:
        return Finding("token", Level.FAULT, text)

    if environment.get("RAY_AUTH_MODE", "token") != "token":
        return [fault("RAY_AUTH_MODE turns it off: whoever reaches a port of Ray runs code here")]
    if environment.get("RAY_AUTH_TOKEN"):
        text = "RAY_AUTH_TOKEN has it, and each child inherits it: name a file, RAY_AUTH_TOKEN_PATH"
        return [Finding("token", Level.NOTE, text)]
    file = token_file(environment)
    if not file.exists():
        text = f"there is none yet: Ray makes it at its first start, in {file}"
        return [Finding("token", Level.NOTE, text)]
    try:
        mode, content = file.stat().st_mode, file.read_text("utf-8").strip()
    except OSError as error:
        return [fault(f"{file} cannot be read: {error.strerror}")]
    faults: list[Finding] = []
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        faults.append(fault(f"{file} can be read by others: chmod 600 {file}"))
    if len(content) < 32:
        faults.append(fault(f"{file} has fewer than 32 characters"))
    return faults or [Finding("token", Level.OK, f"it is in {file}, which only its owner reads")]


def token_file(environment: Mapping[str, str]) -> Path:
    """Return where Ray looks for its token."""
    given = environment.get("RAY_AUTH_TOKEN_PATH")
    return Path(given) if given else Path("~/.ray/auth_token").expanduser()


def unwanted_settings(environment: Mapping[str, str]) -> Iterator[str]:
    """Yield what the variables of Ray should be."""
    if environment.get("RAY_USAGE_STATS_ENABLED") != "0":
        yield "RAY_USAGE_STATS_ENABLED is not 0: Ray reports its usage to its makers"
    if os.name == "posix" and environment.get("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER") != "0":
        yield (
            "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER is not 0: on one machine, Ray listens on the "
            "network (on several machines it must)"
        )


def spilled_bytes(folder: Path | None = None) -> dict[Path, int]:
    """Return the folders of sessions in which Ray has written objects to the disk, and how much.

    They may have speech in them.

    Args:
        folder: the one for Ray's temporary files.
    """
    root = folder or Path(tempfile.gettempdir()) / "ray"
    found: dict[Path, int] = {}
    for spilled in root.glob("session_*/ray_spilled_objects*"):
        size = sum(file.stat().st_size for file in spilled.rglob("*") if file.is_file())
        if size:
            found[spilled] = size
    return found
