"""Names that do not lead to a regular file; each must be refused at once."""

from __future__ import annotations

import io
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from sidecar.audio import reference
from sidecar.errors import BadReferenceAudio, NotACheckpoint
from sidecar.files import open_regular, read_regular
from sidecar.models import catalog


def test_a_file_is_read_up_to_its_limit(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"12345")
    assert read_regular(file, 5) == b"12345"
    with pytest.raises(OSError, match="the limit is 4"):
        open_regular(file, 4)


@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "missing", "NUL", "loop"])
def test_what_is_no_file_is_a_bad_reference(kind: str, tmp_path: Path) -> None:
    path = str(tmp_path / "audio.wav")
    if kind == "pipe":
        os.mkfifo(path)  # which would wait for a writer
    elif kind == "device":
        path = "/dev/zero"  # which has no end
    elif kind == "folder":
        path = str(tmp_path)
    elif kind == "NUL":
        path = "a\0b"
    elif kind == "loop":
        os.symlink(path, path)
    with pytest.raises(BadReferenceAudio, match="cannot be read") as caught:
        reference.read(path, None)
    assert caught.value.field == "reference.path"
    assert "Errno" not in caught.value.message


def test_a_small_file_that_unpacks_to_much_is_refused_by_its_header() -> None:
    buffer = io.BytesIO()
    silence = np.zeros((24000, 9), np.int16)
    soundfile.write(buffer, silence, 24000, format="WAV", subtype="PCM_16")
    with pytest.raises(BadReferenceAudio, match="9 channels"):
        reference.read(None, buffer.getvalue())


@pytest.mark.parametrize(
    "name",
    ["config.json", "tokenizer.json", "speech_tokenizer/model.safetensors", "BiCodec/config.yaml"],
)
def test_a_pipe_in_a_checkpoint_is_refused(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "voice"
    shutil.copytree(catalog.resolve("tiny-voice").path, folder)
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name)
    with pytest.raises(NotACheckpoint, match="not a regular file"):
        catalog.resolve(str(folder))
