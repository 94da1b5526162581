"""A player without a loudspeaker, which records in the folder `FAKE_PLAYER`.

As `afplay` it is given a WAV file, and takes as long as the audio. Under any other name it reads
samples from its stdin.
"""

from __future__ import annotations

import os
import sys
import time
import wave
from pathlib import Path


def main() -> None:
    name = f"{time.monotonic_ns()}-{os.getpid()}"
    base = Path(os.environ["FAKE_PLAYER"]) / name
    with (
        base.with_suffix(".pcm").open("wb", 0) as pcm,
        base.with_suffix(".log").open("w", 1) as log,
    ):
        if Path(sys.argv[0]).name == "afplay":
            with wave.open(sys.argv[1]) as file:
                data = file.readframes(file.getnframes())
                pcm.write(data)
                log.write(f"{time.monotonic_ns()} {len(data)}\n")
                time.sleep(file.getnframes() / file.getframerate())
            return
        count = 0
        while data := os.read(0, 65536):
            pcm.write(data)
            count += len(data)
            log.write(f"{time.monotonic_ns()} {count}\n")


main()
