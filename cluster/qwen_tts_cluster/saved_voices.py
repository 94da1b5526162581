"""Saved voices of the operator, from a folder or an object store, which are only read."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from fsspec.core import url_to_fs

from qwen_tts_cluster.errors import SettingsError

log = logging.getLogger(__name__)

_SUFFIX = ".safetensors"
# A voice is some kilobytes to a few megabytes; a larger file was put there by mistake.
_MOST_BYTES = 64 * 1024 * 1024
_MOST_VOICES = 1000


class SavedVoices:
    """A copy of the voices, on the disk of the replica, which follows the original.

    The sidecar reads the copy each time that it looks for a voice: one that is added, changed
    or removed counts for requests after the next look.

    Args:
        url: a folder, or a URL that `fsspec` knows: `s3://bucket/voices` needs s3fs, `gs://` gcsfs,
            `az://` adlfs. Access is by what these libraries find in the environment.
        seconds: how often to look.

    Attributes:
        folder: of the copy; it is removed by `close`.
    """

    def __init__(self, url: str, seconds: float = 60.0) -> None:
        self._url, self._seconds = url, seconds
        self._known: dict[str, str] = {}
        self._following: asyncio.Task[None] | None = None
        self.folder = Path(tempfile.mkdtemp(prefix="qwen-tts-voices-"))

    async def start(self) -> None:
        """Copy all voices, and follow them from then on.

        Raises:
            SettingsError: they cannot be read, or are too many.
        """
        try:
            await asyncio.to_thread(self.update)
        except Exception as error:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise SettingsError(f"`voices`: {self._url} cannot be read: {error}") from error
        self._following = asyncio.create_task(self._follow(), name="saved voices")

    async def close(self) -> None:
        """End, and remove the copy."""
        if self._following is not None:
            self._following.cancel()
            with suppress(asyncio.CancelledError):
                await self._following
        shutil.rmtree(self.folder, ignore_errors=True)

    def update(self) -> None:
        """Make the copy equal to the original. It waits for the network.

        Raises:
            OSError: the original cannot be read. Libraries of object stores raise others.
            ImportError: the library of the object store is not installed.
            ValueError: the URL is unknown, or there are too many voices.
        """
        store, root = self._open()
        store.invalidate_cache()
        found: dict[str, str] = {}
        for entry in store.ls(root, detail=True):
            name = os.path.basename(entry["name"].rstrip("/"))
            if entry["type"] != "file" or not name.endswith(_SUFFIX) or name.startswith("."):
                continue
            if (entry.get("size") or 0) > _MOST_BYTES:
                log.warning("Skipped %s: it has %s bytes, and is no voice", name, entry["size"])
                continue
            found[name] = entry["name"]
        if len(found) > _MOST_VOICES:
            raise ValueError(f"it has {len(found)} voices; {_MOST_VOICES} are supported")
        for name in self._known.keys() - found.keys():
            (self.folder / name).unlink(missing_ok=True)
            del self._known[name]
        for name, path in found.items():
            self._copy(store, path, name)

    def _open(self) -> tuple[Any, str]:
        return url_to_fs(os.path.expanduser(self._url))  # pyright: ignore[reportUnknownVariableType]

    def _copy(self, store: Any, path: str, name: str) -> None:
        # A digest of what the store says about the file: its size, and its time or its ETag.
        version: str = store.ukey(path)
        if self._known.get(name) == version:
            return
        # The sidecar sees the old voice or the new one, whole.
        part = self.folder / f".{name}.part"
        store.get_file(path, str(part))
        part.replace(self.folder / name)
        self._known[name] = version

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(self._seconds)
            try:
                await asyncio.to_thread(self.update)
            except Exception as error:
                # The voices that were copied go on working.
                log.warning("The voices of %s could not be read: %s", self._url, error)
