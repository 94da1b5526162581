"""`python -m tests.real.measure [MINUTES]`: how Kokoro's real weights run on this machine.

It prints what a sentence costs, when a second stream and a cancel in the middle of a sentence are
served, and the memory while sentences are spoken for some minutes (1 by default). Times depend on
what else the machine does; seconds of the processor hardly do.
"""

from __future__ import annotations

import os
import sys
import time
from itertools import cycle
from pathlib import Path

import psutil

from tests.real import weights
from tests.real.cases import LISTENED_TO, VOICES
from tests.support import kokoro_extra
from tests.support.harness import RpcError, Sidecar, sidecar

LONG = (
    "When the rain had stopped at last and the wind had gone down, we went out of the house "
    "together, walked along the river to the old bridge, and stayed there until it was dark."
)
_TIMEOUT = 600.0


class Meter:
    """Seconds since it was made, of the clock and of a process."""

    def __init__(self, process: Sidecar) -> None:
        self._process = psutil.Process(process.process.pid)
        self._wall, self._cpu = time.perf_counter(), self._cpu_seconds()

    @property
    def wall(self) -> float:
        return time.perf_counter() - self._wall

    @property
    def cpu(self) -> float:
        return self._cpu_seconds() - self._cpu

    @property
    def megabytes(self) -> float:
        return self._process.memory_info().rss / 1e6

    def _cpu_seconds(self) -> float:
        times = self._process.cpu_times()
        return times.user + times.system


def ask(process: Sidecar, text: str, **params: object) -> int:
    stream = {"partialResultToken": text, "encoding": "pcm_s16le", "seed": 1}
    return process.request("speech/synthesize", {"text": text, **stream, **params})


def costs(process: Sidecar) -> None:
    """Print what sentences cost: the first of a voice's language, a short one and a long one."""
    for what, text in (("first", LISTENED_TO[0]), ("short", LISTENED_TO[0]), ("long", LONG)):
        meter = Meter(process)
        id = ask(process, text)
        first = None
        while (message := process.next_message(_TIMEOUT)) is not None and message.get("id") != id:
            is_audio = message["params"].get("value", {}).get("kind") == "audio"
            first = first or (meter.wall, meter.cpu) if is_audio else first
        assert message is not None
        assert first is not None
        result = message["result"]
        seconds = result["samples"] / result["sampleRate"]
        print(
            f"{what}: {seconds:.2f} s of audio; first audio after {first[0]:.2f} s "
            f"({first[1]:.2f} s of processor); for each second {meter.cpu / seconds:.2f} s of "
            f"processor and {meter.wall / seconds:.2f} s of the clock; {meter.megabytes:.0f} MB",
            flush=True,
        )


def trace(process: Sidecar) -> None:
    """Print when another model speaks, and a cancel takes effect, in the middle of a sentence."""
    process.wait(process.request("model/load", {"model": "tiny-voice"}), _TIMEOUT)
    meter = Meter(process)
    long = ask(process, LONG)
    print(f"{meter.wall:6.2f} s  a sentence of Kokoro is asked for", flush=True)
    time.sleep(1.0)
    print(f"{meter.wall:6.2f} s  the bundled voice is asked for", flush=True)
    other = ask(process, "Hello there.", model="tiny-voice")
    while (message := process.next_message(_TIMEOUT)) is not None and message.get("id") != other:
        value = message["params"].get("value", {})
        if value.get("kind") == "audio":
            of = "Kokoro" if message["params"]["token"] == LONG else "the bundled voice"
            print(f"{meter.wall:6.2f} s  audio of {of}, {value['samples']} samples", flush=True)
    print(f"{meter.wall:6.2f} s  the bundled voice has ended; Kokoro is cancelled", flush=True)
    process.notify("$/cancelRequest", {"id": long})
    try:
        process.wait(long, _TIMEOUT)
    except RpcError as error:
        print(f"{meter.wall:6.2f} s  {error}", flush=True)


def memory(process: Sidecar, minutes: float) -> None:
    """Print the resident memory every minute while sentences are spoken."""
    meter, said, shown = Meter(process), 0.0, 0.0
    for text, voice in cycle((text, voice) for voice in VOICES for text in LISTENED_TO):
        id = process.request("speech/synthesize", {"text": text, "voice": voice, "encoding": "wav"})
        result = process.wait(id, _TIMEOUT)
        said += result["samples"] / result["sampleRate"]
        if meter.wall >= shown or meter.wall > minutes * 60:
            print(
                f"{meter.wall:6.0f} s  {said:6.0f} s of audio  {meter.megabytes:.0f} MB", flush=True
            )
            shown += 60
        if meter.wall > minutes * 60:
            return


def main(minutes: float) -> None:
    path = os.pathsep.join(map(str, (kokoro_extra.installed(), weights.english())))
    model = str(weights.checkpoint())
    with sidecar("--model", model, env={"PYTHONPATH": path}) as process:
        process.wait(process.request("model/load", {}), _TIMEOUT)
        costs(process)
        trace(process)
        memory(process, minutes)
        status = Path(f"/proc/{process.process.pid}/status")
        if status.is_file():
            print(next(line for line in status.read_text().splitlines() if "VmHWM" in line))


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0)
