from __future__ import annotations

import pytest
import soundfile

from tests.support.command import TEXT, run


@pytest.fixture(scope="session")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return the samples of TEXT, as int16."""
    path = tmp_path_factory.mktemp("spoken") / "a.wav"
    assert run("say", TEXT, "-o", str(path), "--seed", "3").returncode == 0
    return soundfile.read(path, dtype="int16")[0].tobytes()
