"""Resolves a model's name (an alias, a hub id, or a folder) to a checkpoint, without MLX.

`locate` looks in one place after another; what it does not find is downloaded.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from sidecar.errors import (
    ModelNotDownloaded,
    UnknownModel,
    UnknownRevision,
    UnknownVoice,
    Unsupported,
)
from sidecar.models import exported, presets
from sidecar.models.base import ModelInfo
from sidecar.models.checkpoint import Checkpoint
from sidecar.models.hub import cache
from sidecar.models.known import KNOWN
from sidecar.models.opening import not_a_folder, open_checkpoint
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


class Place(msgspec.Struct, frozen=True):
    """Where a model was found.

    Attributes:
        source: bundled with the sidecar, in a folder of `--models-dir`, in a folder that the name
            itself is the path of, or in the hub's cache.
    """

    source: Literal["bundled", "modelsDir", "folder", "cache"]
    path: Path


def resolve(name: str, fetching: Fetching | None = None) -> Checkpoint:
    """Return a model's checkpoint; download it only if it is nowhere on this machine.

    Args:
        name: an alias, a hub id, or a folder. After an alias or hub id, `@revision` names a branch,
            a tag or a commit.
        fetching: None forbids downloads.

    Raises:
        UnknownModel: no alias, folder or repository has this name.
        NotACheckpoint: the folder has no readable config.json or no weights.
        ModelDamaged: it is in a folder of `--models-dir`, and differs from its manifest.
        ModelNotDownloaded: it is not in the cache, and downloads are forbidden.
        SidecarError: the download failed; see `download.download`.
    """
    found = locate(name)
    path = _download(name, fetching) if found is None else found.path
    return open_checkpoint(name, path)


def locate(name: str) -> Place | None:
    """Return the first place on this machine where a model is, whole; None if it is nowhere.

    Raises:
        UnknownModel, UnknownRevision, NotACheckpoint: as `resolve`.
        ModelDamaged: an exported model differs from its manifest.
    """
    return next(filter(None, (look(name) for look in _PLACES)), None)


def _bundled(name: str) -> Place | None:
    return Place("bundled", BUNDLED_PATH) if name.lower() == BUNDLED else None


def _in_models_dirs(name: str) -> Place | None:
    if _is_path(name) or (found := exported.find(*parts(name))) is None:
        return None
    return Place("modelsDir", found.path)


def _in_folder(name: str) -> Place | None:
    if is_listed(name):
        return None
    if (path := _folder(name)) is not None:
        return Place("folder", path)
    if _is_file(name):
        raise not_a_folder(name)
    if _is_path(name):
        raise UnknownModel(f"There is no folder {name!r}.", field="model")
    return None


def _in_cache(name: str) -> Place | None:
    snapshot = cache.find(*repository(name))
    return None if snapshot is None or snapshot.missing else Place("cache", snapshot.path)


# In this order. A folder of the working directory must not take the place of a model that an app
# ships, so `--models-dir` comes first.
_PLACES = (_bundled, _in_models_dirs, _in_folder, _in_cache)


def parts(name: str) -> tuple[str, str | None, str | None]:
    """Return a name without its revision, the repository that it may mean, and the revision."""
    plain, _, revision = canonical(name).partition("@")
    repo = ALIASES.get(plain, plain)
    return plain, repo if HUB_ID.fullmatch(repo) else None, revision or None


def repository(name: str) -> tuple[str, str | None]:
    """Return the repository on the hub that an alias or hub id means, and the revision after an @.

    Raises:
        UnknownModel: the name is neither.
        UnknownRevision: the bundled voice has none.
    """
    plain, at, revision = name.partition("@")
    repo = ALIASES.get(plain.lower(), plain)
    if plain.lower() == BUNDLED:
        raise UnknownRevision(f"{BUNDLED} is bundled and has only one revision.", field="model")
    if not HUB_ID.fullmatch(repo):
        meant = closest(plain, [BUNDLED, *ALIASES, *(one.name for one in exported.contents())])
        raise UnknownModel(
            f"Unknown model {name!r}." + (f" Did you mean {meant!r}?" if meant else ""),
            hint="`qwen-tts-sidecar models list`, or the request model/list, shows all names. A "
            "hub id (owner/name) or a folder works, too.",
            field="model",
        )
    if at and not cache.is_revision(revision):
        raise UnknownRevision(f"{revision!r} cannot be the name of a revision.", field="model")
    return repo, revision or None


def lasting(name: str) -> str:
    """Return a name that finds the same model from any working directory."""
    if is_listed(name):
        plain, at, revision = name.partition("@")
        return plain.lower() + at + revision
    path = None if _is_exported(name) else _folder(name)
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
    if is_listed(name) or _is_exported(name):
        return False
    return _is_path(name) or _folder(name) is not None


def _is_exported(name: str) -> bool:
    return not _is_path(name) and exported.look_up(*parts(name)) is not None


def _is_path(name: str) -> bool:
    return name.startswith((os.sep, ".", "~"))


def is_listed(name: str) -> bool:
    """Return whether a name is in the catalogue: the bundled model, or an alias."""
    return name.lower() == BUNDLED or name.partition("@")[0].lower() in ALIASES


def check_preset(info: ModelInfo, name: str) -> None:
    """Refuse a name that is none of a model's preset voices.

    Raises:
        UnknownVoice
        Unsupported: the model speaks by a description.
    """
    names = [voice.name for voice in info.voices]
    if name.lower() in map(str.lower, names):
        return
    if info.variant == "base":
        raise UnknownVoice(f"There is no saved voice {name!r}.", field="voice")
    if info.variant == "voice_design":
        raise Unsupported(
            f"A {info.variant} model has no preset voices.", hint="Omit `voice`.", field="voice"
        )
    raise unknown_voice(name, names)


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


def _download(name: str, fetching: Fetching | None) -> Path:
    # Imported here, since the hub's client is slow to import.
    from sidecar.models import storage
    from sidecar.models.hub.client import check_name, is_offline
    from sidecar.models.hub.download import download
    from sidecar.models.hub.failures import offline_error

    repo, revision = repository(name)
    check_name(repo)
    snapshot = cache.find(repo, revision)
    name = repo if revision is None else f"{repo}@{revision}"
    missing = () if snapshot is None else snapshot.missing
    if is_offline():
        raise offline_error(name, missing)
    if fetching is None:
        raise _not_here(name, missing)
    admit = partial(storage.admit, repo)
    return download(repo, revision, fetching.report, fetching.cancelled, admit)


def _not_here(name: str, missing: tuple[str, ...]) -> ModelNotDownloaded:
    more = f" and {len(missing) - 6} more files" if len(missing) > 6 else ""
    lacking = f"only partly on this machine: it lacks {', '.join(missing[:6])}{more}"
    return ModelNotDownloaded(
        f"{name} is {lacking if missing else 'not on this machine yet'}.",
        hint=f"Download it: qwen-tts-sidecar models download {name}, or the request model/load.",
        field="model",
    )
