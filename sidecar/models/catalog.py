"""Resolves a model's name (an alias, a hub id, or a folder) to a checkpoint, without MLX."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from sidecar.errors import (
    ModelNotDownloaded,
    NotACheckpoint,
    UnknownModel,
    UnknownRevision,
    UnknownVoice,
)
from sidecar.models import presets
from sidecar.models.checkpoint import Checkpoint, foreign, quantised
from sidecar.models.checkpoint.jsonfile import MAX_JSON_BYTES, read_object
from sidecar.models.checkpoint.weights import advise_download
from sidecar.models.hub import cache
from sidecar.models.known import KNOWN
from sidecar.wording import closest, describe_unknown

if TYPE_CHECKING:
    from sidecar.models.hub.download import Progress

BUNDLED = "tiny-voice"
BUNDLED_PATH = Path(__file__).parent.parent / "bundled" / BUNDLED
ALIASES: dict[str, str] = {alias: known.repo for alias, known in KNOWN.items()}
_LISTED = {repo: alias for alias, repo in ALIASES.items()}
# The default models for cloning a voice, and for designing one.
BASE, DESIGN = "1.7b-base", "1.7b-voicedesign"
HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")


class Fetching(msgspec.Struct, frozen=True):
    """Permission to download.

    Attributes:
        report: called with the progress, on the thread that calls `resolve`.
        cancelled: set by another thread to stop.
    """

    report: Callable[[Progress], None]
    cancelled: threading.Event = msgspec.field(default_factory=threading.Event)


def resolve(name: str, fetching: Fetching | None = None) -> Checkpoint:
    """Return a model's checkpoint; download it only if the cache does not have it.

    Args:
        name: an alias, a hub id, or a folder. After an alias or hub id, `@revision` names a branch,
            a tag or a commit.
        fetching: None forbids downloads.

    Raises:
        UnknownModel: no alias, folder or repository has this name.
        NotACheckpoint: the folder has no readable config.json or no weights.
        ModelNotDownloaded: it is not in the cache, and downloads are forbidden.
        SidecarError: the download failed; see `download.download`.
    """
    if name.lower() == BUNDLED:
        return _open(name, BUNDLED_PATH)
    listed = name.lower() in ALIASES
    path = None if listed else _folder(name)
    if path is not None:
        return _open(name, path)
    if not listed and _is_file(name):
        raise _a_file(name)
    if _is_path(name):
        raise UnknownModel(f"There is no folder {name!r}.", field="model")
    repo, revision = _on_hub(name)
    return _open(name, _cached(repo, revision, fetching))


def repository(name: str) -> tuple[str, str | None]:
    """Return the repository on the hub that an alias or hub id means, and the revision after an @.

    Raises:
        UnknownModel: the name is neither.
        UnknownRevision: the bundled voice has none.
    """
    return _on_hub(name)


def lasting(name: str) -> str:
    """Return a name that finds the same model from any working directory."""
    if is_listed(name):
        plain, at, revision = name.partition("@")
        return plain.lower() + at + revision
    path = _folder(name)
    return name if path is None else str(path.absolute())


def canonical(name: str) -> str:
    """Return one name for all spellings of an alias, and for its repository; keep other names."""
    plain, at, revision = name.partition("@")
    alias = plain.lower()
    if alias != BUNDLED and alias not in ALIASES:
        alias = _LISTED.get(plain, plain)
    return alias + at + revision


def is_folder(name: str) -> bool:
    """Return whether a name means a folder, existing or not, rather than a model on the hub."""
    return not is_listed(name) and (_is_path(name) or _folder(name) is not None)


def _is_path(name: str) -> bool:
    return name.startswith((os.sep, ".", "~"))


def is_listed(name: str) -> bool:
    """Return whether a name is in the catalogue: the bundled model, or an alias."""
    return name.lower() == BUNDLED or name.partition("@")[0].lower() in ALIASES


def unknown_voice(name: str, voices: list[str]) -> UnknownVoice:
    """Return the error for a voice that a model does not have; the hint names models that do.

    Args:
        voices: the model's own.
    """
    of = {one.alias: one.voices for one in KNOWN.values() if one.alias == one.stem}
    of[BUNDLED] = presets.BUNDLED_VOICES
    having = [model for model, its in of.items() if any(v.name == name.lower() for v in its)]
    hint = f"A voice of that name is in: {', '.join(having)}." if having else None
    return UnknownVoice(describe_unknown("voice", name, voices), hint=hint, field="voice")


def _on_hub(name: str) -> tuple[str, str | None]:
    plain, at, revision = name.partition("@")
    repo = ALIASES.get(plain.lower(), plain)
    if plain.lower() == BUNDLED:
        raise UnknownRevision(f"{BUNDLED} is bundled and has only one revision.", field="model")
    if not HUB_ID.fullmatch(repo):
        meant = closest(plain, [BUNDLED, *ALIASES])
        raise UnknownModel(
            f"Unknown model {name!r}." + (f" Did you mean {meant!r}?" if meant else ""),
            hint="`qwen-tts-sidecar models list`, or the request model/list, shows all names. A "
            "hub id (owner/name) or a folder works, too.",
            field="model",
        )
    if at and not cache.is_revision(revision):
        raise UnknownRevision(f"{revision!r} cannot be the name of a revision.", field="model")
    return repo, revision or None


def _folder(name: str) -> Path | None:
    try:
        path = Path(name).expanduser()
        return path if path.is_dir() else None
    except (OSError, RuntimeError, ValueError):  # too long, no such user, a NUL in it
        return None


def _is_file(name: str) -> bool:
    try:
        return Path(name).expanduser().is_file()
    except (OSError, RuntimeError, ValueError):
        return False


def _a_file(name: str) -> NotACheckpoint:
    """Return the error for a file in the place of a model's name."""
    other = foreign.unread([name])
    if other is not None:
        return NotACheckpoint(
            f"{name} has weights {other[0]}, which this sidecar does not read.",
            hint=other[1],
            field="model",
        )
    return NotACheckpoint(
        f"{name} is a file, but a model is a folder.",
        hint="Name the folder that holds config.json and model.safetensors.",
        field="model",
    )


def _open(name: str, path: Path) -> Checkpoint:
    try:
        config = read_object(path / "config.json")
    except FileNotFoundError:
        raise foreign.without_config(path) from None
    quantised.check(config, path)
    if not any(path.glob("*.safetensors")):
        raise foreign.without_weights(path)
    foreign.check_adapter(path)
    _check_files(path)
    return Checkpoint(name, path, config)


def _check_files(path: Path) -> None:
    """Refuse what is not a file where libraries will open one: a pipe would block the engine."""
    for folder in (path, *filter(Path.is_dir, path.iterdir())):
        for pattern in cache.PATTERNS:
            for file in folder.glob(pattern):
                if not file.is_file():
                    raise _no_file(file)
                if file.suffix != ".safetensors" and file.stat().st_size > MAX_JSON_BYTES:
                    raise NotACheckpoint(
                        f"{file} is too large for a file of a tokenizer.", field="model"
                    )


def _no_file(path: Path) -> NotACheckpoint:
    gone = path.is_symlink() and not path.exists()
    what = "is a link to a missing file" if gone else "is not a regular file"
    return NotACheckpoint(f"{path} {what}.", hint=advise_download(path.parent), field="model")


def _cached(repo: str, revision: str | None, fetching: Fetching | None) -> Path:
    snapshot = cache.find(repo, revision)
    if snapshot is not None and not snapshot.missing:
        return snapshot.path
    # Imported here, since the hub's client is slow to import.
    from sidecar.models.hub.client import check_name, is_offline
    from sidecar.models.hub.download import download
    from sidecar.models.hub.failures import offline_error

    check_name(repo)
    name = repo if revision is None else f"{repo}@{revision}"
    missing = () if snapshot is None else snapshot.missing
    if is_offline():
        raise offline_error(name, missing)
    if fetching is None:
        raise _not_here(name, missing)
    return download(repo, revision, fetching.report, fetching.cancelled)


def _not_here(name: str, missing: tuple[str, ...]) -> ModelNotDownloaded:
    more = f" and {len(missing) - 6} more files" if len(missing) > 6 else ""
    lacking = f"only partly on this machine: it lacks {', '.join(missing[:6])}{more}"
    return ModelNotDownloaded(
        f"{name} is {lacking if missing else 'not on this machine yet'}.",
        hint=f"Download it: qwen-tts-sidecar models download {name}, or the request model/load.",
        field="model",
    )
