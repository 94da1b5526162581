"""The manifest of an exported model: which model it is, and the size and hash of each file.

It is `manifest.json` in the model's folder; `docs/models.md` describes it field by field.
"""

from __future__ import annotations

import hashlib
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from sidecar.errors import ModelDamaged
from sidecar.files import describe_os_error, open_regular, read_regular
from sidecar.structs import learn

MANIFEST = "manifest.json"
FORMAT = 1
_MAX_MANIFEST_BYTES = 4 * 2**20
_PIECE_BYTES = 4 * 2**20
# An alias, the name of a folder, or a hub id. It is shown in lists, and becomes a folder's name.
NAME = re.compile(r"(?!.*\.\.)\w[\w.-]*(?:/\w[\w.-]*)?")
_AGAIN = "Export the model again, or copy its folder again with all its files."


class File(msgspec.Struct, frozen=True):
    """A file of the model; its path is relative to the manifest's folder, with `/`."""

    path: Annotated[str, Meta(min_length=1, max_length=1024)]
    size: Annotated[int, Meta(ge=0)]
    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class Manifest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an exported model is, and what it consists of.

    Attributes:
        model: the name by which it is found: an alias, a hub id, or the name of a folder.
        repo: its repository on the hub; None for a model that came from a folder.
        revision: the branch, tag or commit of that repository that was asked for.
        commit: the commit that this was.
        license: its licence as an SPDX identifier in small letters; None if it is not known.
    """

    format: Annotated[int, Meta(ge=1)]
    model: Annotated[str, Meta(min_length=1, max_length=200)]
    repo: Annotated[str, Meta(max_length=200)] | None = None
    revision: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    commit: Annotated[str, Meta(pattern="^[0-9a-f]{40}$")] | None = None
    license: Annotated[str, Meta(max_length=200)] | None = None
    files: Annotated[tuple[File, ...], Meta(min_length=1)]

    @property
    def size(self) -> int:
        """The size of all files in bytes."""
        return sum(file.size for file in self.files)


class _Versioned(msgspec.Struct):
    format: int


learn(Manifest, _Versioned)


def parse(data: bytes) -> Manifest:
    """Return a manifest; accept fields that it does not know.

    Raises:
        ValueError: it is not valid, of a newer format, or names a file outside its folder.
    """
    # Not the whole structure first: a newer format may have another one.
    if (format := msgspec.json.decode(data, type=_Versioned).format) > FORMAT:
        raise ValueError(
            f"its format is {format}, and this version of the sidecar reads formats up to {FORMAT}"
        )
    manifest = msgspec.json.decode(data, type=Manifest)
    for name in filter(None, (manifest.model, manifest.repo)):
        if not NAME.fullmatch(name):
            raise ValueError(f"{name!r} cannot be the name of a model")
    seen: set[str] = set()
    for file in manifest.files:
        if not _is_inside(file.path):
            raise ValueError(f"{file.path!r} is not the path of a file inside the model's folder")
        if file.path.casefold() in seen:  # one file, on a file system that ignores case
            raise ValueError(f"it lists {file.path!r} twice")
        seen.add(file.path.casefold())
    return manifest


def _is_inside(path: str) -> bool:
    parts = path.split("/")
    return (
        path.isprintable()
        and "\\" not in path
        and path.casefold() != MANIFEST
        and not any(part in ("", ".", "..") for part in parts)
    )


def encode(manifest: Manifest) -> bytes:
    """Return the content of the file."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"


def read(folder: Path) -> Manifest:
    """Return the manifest in a model's folder.

    Raises:
        ModelDamaged: there is none, or it cannot be used; the message says why.
    """
    path = folder / MANIFEST
    try:
        return parse(read_regular(path, _MAX_MANIFEST_BYTES))
    except FileNotFoundError:
        raise ModelDamaged(
            f"{folder} has no {MANIFEST}, so it is not an exported model.",
            hint="Make one of it: qwen-tts-sidecar models export DIR "
            f"{folder}. To use the folder as it is, name its path as the model.",
            field="model",
        ) from None
    except OSError as error:
        why = describe_os_error(error, path)
    except (ValueError, RecursionError, msgspec.MsgspecError) as error:
        why = str(error)
    raise ModelDamaged(f"{path} cannot be used: {why}.", hint=_AGAIN, field="model")


def check_presence(folder: Path, manifest: Manifest) -> None:
    """Check that every file is there and has its size, which is quick.

    Raises:
        ModelDamaged: one is not; the message names it.
    """
    for file in manifest.files:
        if (fault := _presence_fault(folder / file.path, file)) is not None:
            raise damaged(manifest, folder / file.path, fault)


def find_faults(
    folder: Path, manifest: Manifest, on_read: Callable[[int], object] = lambda count: None
) -> Iterator[tuple[Path, str]]:
    """Yield each file that differs from the manifest, and how. Read every byte of all files.

    Args:
        on_read: called with the size of each piece that has been read.
    """
    for file in manifest.files:
        path = folder / file.path
        fault = _presence_fault(path, file)
        if fault is None:
            try:
                if hash_file(path, on_read) != file.sha256:
                    fault = "has another content than when it was exported"
            except OSError as error:
                fault = f"cannot be read: {describe_os_error(error, path)}"
        if fault is not None:
            yield path, fault


def damaged(manifest: Manifest, path: Path, fault: str) -> ModelDamaged:
    """Return the error for a file that differs from the manifest."""
    return ModelDamaged(f"{manifest.model} is damaged: {path} {fault}.", hint=_AGAIN, field="model")


def hash_file(path: Path, on_read: Callable[[int], object] = lambda count: None) -> str:
    """Return the SHA-256 of a regular file; raises OSError."""
    digest = hashlib.sha256()
    with open_regular(path, 2**63 - 1) as file:
        while data := file.read(_PIECE_BYTES):
            digest.update(data)
            on_read(len(data))
    return digest.hexdigest()


def _presence_fault(path: Path, file: File) -> str | None:
    try:
        about = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return "is missing"
    except OSError as error:
        return f"cannot be read: {describe_os_error(error, path)}"
    if not stat.S_ISREG(about.st_mode):
        return "is not a regular file"
    if about.st_size < file.size:
        return f"is truncated: it has {about.st_size:,} of {file.size:,} bytes"
    if about.st_size > file.size:
        return f"is too long: it has {about.st_size:,} bytes, and {file.size:,} were exported"
    return None
