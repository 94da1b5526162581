"""Two processes that save voices into one folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from sidecar.voices.store import VoiceStore
from tests.support.wire import ROOT


def test_two_processes_creating_at_once(tmp_path: Path) -> None:
    """One of them succeeds, and the voice is its own, whole."""
    store = VoiceStore(str(tmp_path / "made" / "when needed"))
    script = (
        "import sys; import numpy as np\n"
        "from sidecar.errors import VoiceExists; from sidecar.voices.store import VoiceStore\n"
        "from tests.support.voice_files import features, metadata\n"
        "store = VoiceStore(sys.argv[1]); which = int(sys.argv[2])\n"
        "sys.stdout.write('ready\\n'); sys.stdout.flush(); sys.stdin.readline()\n"
        "try:\n"
        "    store.save(metadata('Same'), features(speaker=np.full(64, which, np.float32)))\n"
        "    print('saved', store.save(metadata(''), features()).name)\n"
        "except VoiceExists: print('exists', store.save(metadata(''), features()).name)\n"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(store.folder), str(which)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
        )
        for which in range(2)
    ]  # fmt: skip
    for process in started:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.communicate(timeout=60)[0].split() for process in started]
    assert sorted(line[0] for line in said) == ["exists", "saved"]
    assert sorted(line[1] for line in said) == ["voice-1", "voice-2"]
    winner = next(which for which, line in enumerate(said) if line[0] == "saved")
    assert (store.find("same").features().speaker == winner).all()
    assert len(list(store.folder.iterdir())) == 3  # nothing half-written
