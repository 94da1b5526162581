"""Saved voices of an operator, from a folder and from an object store."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import fsspec
import pytest
from qwen_tts_cluster.errors import SettingsError
from qwen_tts_cluster.saved_voices import SavedVoices


def contents(voices: SavedVoices) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in voices.folder.iterdir()}


@pytest.mark.parametrize("url", ["{folder}", "memory://voices"])
def test_the_copy_follows_the_original(tmp_path: Path, url: str) -> None:
    url = url.format(folder=tmp_path)
    store, root = fsspec.url_to_fs(url)
    store.makedirs(root, exist_ok=True)

    def write(name: str, content: bytes) -> None:
        store.pipe_file(f"{root}/{name}", content)

    async def run() -> None:
        voices = SavedVoices(url)
        write("anna.safetensors", b"anna")
        write("bob.safetensors", b"bob")
        write("notes.txt", b"not a voice")
        write(".hidden.safetensors", b"not a voice")
        await voices.start()
        assert contents(voices) == {"anna.safetensors": b"anna", "bob.safetensors": b"bob"}
        write("anna.safetensors", b"another anna")
        write("carol.safetensors", b"carol")
        store.rm_file(f"{root}/bob.safetensors")
        voices.update()
        assert contents(voices) == {
            "anna.safetensors": b"another anna",
            "carol.safetensors": b"carol",
        }
        copied = os.stat(voices.folder / "carol.safetensors").st_mtime_ns
        voices.update()
        assert os.stat(voices.folder / "carol.safetensors").st_mtime_ns == copied
        await voices.close()
        assert not voices.folder.exists()

    asyncio.run(run())


@pytest.mark.parametrize("url", ["/no/such/folder", "nonesuch://bucket"])
def test_voices_that_cannot_be_read(url: str) -> None:
    voices = SavedVoices(url)
    with pytest.raises(SettingsError, match="`voices`"):
        asyncio.run(voices.start())
    assert not voices.folder.exists()
