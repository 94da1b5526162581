"""Names of models → folders on this machine. Knows the hub and its cache, not MLX."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Literal

import msgspec

from sidecar.errors import (
    ModelLoadFailed,
    ModelNotDownloaded,
    NotACheckpoint,
    UnknownModel,
    unlisted,
)
from sidecar.files import read_regular

BUNDLED = "tiny-voice"
MAX_JSON_BYTES = 64 * 2**20  # of one file; the largest tokenizer.json has 11 MB
_BUNDLED_PATH = Path(__file__).parent.parent / "bundled" / BUNDLED

_VARIANTS = ("0.6B-CustomVoice", "0.6B-Base", "1.7B-CustomVoice", "1.7B-VoiceDesign", "1.7B-Base")
ALIASES: dict[str, str] = {
    variant.lower() + suffix: f"mlx-community/Qwen3-TTS-12Hz-{variant}-{precision}"
    for variant in _VARIANTS
    for suffix, precision in (("", "bf16"), ("-8bit", "8bit"), ("-6bit", "6bit"), ("-4bit", "4bit"))
}
# What a voice is cloned with, and described to, when nobody says.
BASE, DESIGN = "1.7b-base", "1.7b-voicedesign"
State = Literal["bundled", "cached", "known"]
# How long a hub may say nothing before a download fails.
_SILENCE_SECONDS = 30.0
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
# The files of a checkpoint; leaves out anything a repository carries besides, code above all.
_FILES = ["*.json", "*.safetensors", "*.txt", "*.model", "*.jinja"]


class Entry(msgspec.Struct, frozen=True):
    """A model that can be named: `state` is bundled, cached or known."""

    name: str
    state: State
    repo: str | None = None


class Checkpoint(msgspec.Struct, frozen=True):
    """A model's name as the client gave it, its folder, and its config.json."""

    name: str
    path: Path
    config: dict[str, Any]


def entries() -> list[Entry]:
    """Lists the bundled voice and every alias; looks at the disk, never at the network."""
    rows = [Entry(BUNDLED, "bundled")]
    for alias, repo in ALIASES.items():
        rows.append(Entry(alias, "cached" if _cached(repo) else "known", repo))
    return rows


def resolve(name: str, on_download: Callable[[str], None] | None = None) -> Checkpoint:
    """Finds a model's folder; downloads it only when the cache does not have it.

    Args:
        name: an alias, a hub id, or a folder.
        on_download: called with the hub id before the network is touched; None forbids that.

    Raises:
        UnknownModel: no alias, folder or repository of that name.
        NotACheckpoint: a folder without a readable config.json or weights.
        ModelNotDownloaded: it would have to be downloaded, and may not.
        ModelLoadFailed: the download failed.
    """
    if name.lower() == BUNDLED:
        return _open(name, _BUNDLED_PATH)
    if name.lower() in ALIASES:
        return _open(name, _fetch(ALIASES[name.lower()], on_download))
    path = _folder(name)
    if path is not None:
        return _open(name, path)
    if name.startswith((os.sep, ".", "~")):
        raise UnknownModel(f"There is no folder {name!r}.", field="model")
    if _HUB_ID.fullmatch(name):
        return _open(name, _fetch(name, on_download))
    raise UnknownModel(
        unlisted("model", name, [BUNDLED, *ALIASES]),
        hint="Give one of these, a hub id like owner/name, or a folder.",
        field="model",
    )


def lasting(name: str) -> str:
    """The name by which a model is found again, from whatever working directory."""
    if is_listed(name):
        return name.lower()
    path = _folder(name)
    return name if path is None else str(path.absolute())


def is_listed(name: str) -> bool:
    """Whether it is one of ours: bundled, or an alias."""
    return name.lower() in (BUNDLED, *ALIASES)


def _folder(name: str) -> Path | None:
    try:
        path = Path(name).expanduser()
        return path if path.is_dir() else None
    except (OSError, RuntimeError, ValueError):  # too long, no such user, a NUL in it
        return None


def _open(name: str, path: Path) -> Checkpoint:
    config_path = path / "config.json"
    try:
        config = msgspec.json.decode(read_regular(config_path, MAX_JSON_BYTES))
    except FileNotFoundError:
        raise NotACheckpoint(
            f"{path} is not a checkpoint: it has no config.json.",
            hint="Name the folder that holds config.json and model.safetensors.",
            field="model",
        ) from None
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotACheckpoint(f"{config_path} cannot be read: {error}.", field="model") from None
    if not isinstance(config, dict):
        raise NotACheckpoint(
            f"{path} is not a checkpoint: its config.json is not an object.", field="model"
        )
    if not any(path.glob("*.safetensors")):
        raise NotACheckpoint(
            f"{path} is not a checkpoint: it has no *.safetensors weights.", field="model"
        )
    _check_files(path)
    return Checkpoint(name, path, config)


def _check_files(path: Path) -> None:
    """What libraries will open later must be files, or a pipe among them would stop the engine."""
    for folder in (path, path / "speech_tokenizer"):
        for pattern in _FILES:
            for file in folder.glob(pattern):
                if not file.is_file():
                    raise NotACheckpoint(f"{file} is not a regular file.", field="model")
                if file.suffix != ".safetensors" and file.stat().st_size > MAX_JSON_BYTES:
                    raise NotACheckpoint(f"{file} is larger than a tokenizer's.", field="model")


def _cached(repo: str) -> Path | None:
    """The repository's folder in the hub's cache, if all of it is there; no network."""
    hub = _hub()
    try:
        path = Path(hub.snapshot_download(repo, allow_patterns=_FILES, local_files_only=True))
    except hub.errors.LocalEntryNotFoundError:
        return None
    # A program that only looked at the config leaves a snapshot behind that has only that.
    whole = (path / "config.json").is_file() and any(path.glob("*.safetensors"))
    return path if whole else None


def _fetch(repo: str, on_download: Callable[[str], None] | None) -> Path:
    hub = _hub()
    try:
        path = _cached(repo)
    except hub.errors.HFValidationError:
        raise UnknownModel(f"{repo!r} cannot be the name of a repository.", field="model") from None
    if path is not None:
        return path
    if on_download is None:
        raise ModelNotDownloaded(
            f"{repo} is not on this machine yet.", hint="Send model/load first.", field="model"
        )
    on_download(repo)
    return _download(repo)


def _download(repo: str) -> Path:
    hub = _hub()
    hooks = hub.get_session().event_hooks["request"]
    if _bound_waiting not in hooks:
        hooks.append(_bound_waiting)
    try:
        return Path(hub.snapshot_download(repo, allow_patterns=_FILES))
    except hub.errors.GatedRepoError:
        raise UnknownModel(
            f"The repository {repo!r} is gated, and this machine has no access to it.",
            hint="Ask for access on its page on the hub, then set HF_TOKEN.",
            field="model",
        ) from None
    except hub.errors.RepositoryNotFoundError:
        raise UnknownModel(
            f"The hub has no repository {repo!r}, or it is private.",
            hint="Check the name; for a private repository set HF_TOKEN.",
            field="model",
        ) from None
    # The hub client's errors have no common base: HTTP, cache, file system, value errors.
    except Exception as error:
        cause = error.__cause__ or error
        reason = (str(cause).strip() or type(cause).__name__).splitlines()[0]
        raise ModelLoadFailed(
            f"{repo} could not be downloaded: {reason}",
            hint="Check the network and the free disk space, or give a folder instead.",
            field="model",
        ) from error


def _bound_waiting(request: Any) -> None:
    """The hub client waits for a silent server for ever; a download must fail instead."""
    given = request.extensions.get("timeout", {})
    phases = ("connect", "read", "write", "pool")
    request.extensions["timeout"] = {p: given.get(p) or _SILENCE_SECONDS for p in phases}


@cache
def _hub() -> Any:
    """The hub client takes a fifth of a second to import; only names on the hub pay for it."""
    import huggingface_hub
    import huggingface_hub.errors

    return huggingface_hub
