"""What the bridge costs: first audio, whole time and CPU of a speech, against the process's pipes.

`python -m bench.bridge` has one sidecar on its pipes and another one behind `qwen-tts-bridge`, and
lets them say the same sentences in turn. Ratios are of neighbours in this order, so that a machine
that is busy for a while does not look like a cost of either.
"""

from __future__ import annotations

import json
import os
import statistics
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import engines, suite
from bench.child import ROOT
from bench.client import Client
from bench.markdown import table
from bench.options import Options

TITLE = "The bridge's share"
_TOKEN = "of-the-benchmark"
_TICK = os.sysconf("SC_CLK_TCK")


def run(options: Options) -> dict[str, Any]:
    from websockets.sync.client import connect
    from websockets.typing import Subprotocol

    runs = options.run_count(full=10, quick=3)
    bridge = subprocess.Popen(
        [sys.executable, "-m", "qwen_tts_client.bridge.main", "--port", "0",
         "--command", f"'{sys.executable}' -m sidecar --model '{options.model}'"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'clients' / 'python'}:{ROOT}",
             "QWEN_TTS_BRIDGE_TOKEN": _TOKEN},
        stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    try:
        assert bridge.stdout
        address = bridge.stdout.readline().removeprefix("Listening on ").strip()
        offer = [Subprotocol("qwen-tts.v1"), Subprotocol(f"qwen-tts.token.{_TOKEN}")]
        with (
            Client(options.model, options.seconds()) as pipes,
            connect(address, subprotocols=offer, compression=None, proxy=None) as socket,
        ):
            return _compare(pipes, socket, bridge.pid, runs, options.frames)
    finally:
        bridge.terminate()
        bridge.wait()


def _compare(pipes: Client, socket: Any, bridge: int, runs: int, frames: int) -> dict[str, Any]:
    pipes.initialize()
    hello = {"protocolVersion": 1, "clientInfo": {"name": "bench"}}
    _send(socket, 0, "initialize", hello)
    socket.recv()
    sidecar = int(Path(f"/proc/{bridge}/task/{bridge}/children").read_text().split()[0])
    turns: list[dict[str, float]] = []
    cpu = [_cpu(bridge), _cpu(sidecar)]
    for turn in range(runs + 1):
        for text in engines.SENTENCES[:3]:
            speech = {"text": text, "seed": 0, "maxFrames": frames}
            here = _timed(lambda heard, speech=speech: pipes.speak(heard, **speech))
            there = _timed(lambda heard, speech=speech: _speak(socket, heard, speech))
            if turn:  # the first one loads the model
                turns.append({name: there[name] / here[name] for name in here})
            else:
                cpu = [_cpu(bridge), _cpu(sidecar)]
    spent = [_cpu(bridge) - cpu[0], _cpu(sidecar) - cpu[1]]
    quartiles = {
        name: statistics.quantiles([one[name] for one in turns], n=4) for name in ("first", "whole")
    }
    return {"pairs": len(turns), "quartiles": quartiles, "cpu": spent[0] / spent[1]}


def _timed(speak: Callable[[Callable[[bytes], object]], object]) -> dict[str, float]:
    """Return the seconds until the first audio, and until the answer."""
    heard: list[float] = []
    start = time.perf_counter()
    speak(lambda _: heard.append(time.perf_counter()))
    return {"first": heard[0] - start, "whole": time.perf_counter() - start}


def _speak(socket: Any, on_audio: Callable[[bytes], object], speech: dict[str, Any]) -> None:
    params = {**speech, "partialResultToken": 1, "creditMs": 30_000}
    _send(socket, 1, "speech/synthesize", params)
    while True:
        message = socket.recv()
        if isinstance(message, bytes):
            *_, samples, _, _, rate = struct.unpack_from("<BBHIIIIII", message)
            on_audio(message[message[1] :])
            grant = {"token": 1, "ms": samples / rate * 1000}
            _send(socket, None, "speech/grantCredit", grant)
        elif "id" in (answer := json.loads(message)):
            assert "result" in answer, answer
            return


def _send(socket: Any, id: int | None, method: str, params: dict[str, Any]) -> None:
    call = {} if id is None else {"id": id}
    socket.send(json.dumps({"jsonrpc": "2.0", **call, "method": method, "params": params}))


def _cpu(process: int) -> float:
    """Return the seconds of CPU that a process has used; Linux only."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def report(result: dict[str, Any]) -> str:
    rows = [
        (name, *(f"{value:.2f}" for value in result["quartiles"][key]))
        for name, key in (("first audio", "first"), ("until the answer", "whole"))
    ]
    header = ("bridge ÷ pipes", "lower quartile", "median", "upper quartile")
    return table(header, rows) + (
        f"\n\n{result['pairs']} pairs of the same sentence, in alternation. The bridge's process "
        f"used {result['cpu']:.1%} of the CPU time of its sidecar."
    )


if __name__ == "__main__":
    suite.main(["bridge"])
