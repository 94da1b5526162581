"""`python -m bench.startup`: from spawn to the handshake's answer, and to the first audio."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from typing import IO

RUNS = 15


def send(pipe: IO[bytes], message: object) -> None:
    body = json.dumps(message).encode()
    pipe.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    pipe.flush()


def read(pipe: IO[bytes]) -> bytes:
    length = int(pipe.readline().removeprefix(b"Content-Length: "))
    pipe.readline()
    return pipe.read(length)


def run() -> tuple[float, float]:
    """Seconds to the handshake's answer and to the first audio."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "sidecar"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdin
    assert process.stdout
    with process:
        hello = {"protocolVersion": 1, "clientInfo": {"name": "bench"}}
        send(process.stdin, {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello})
        read(process.stdout)
        handshake = time.perf_counter() - start
        speak = {"text": "Hello there.", "seed": 1, "partialResultToken": 1}
        send(
            process.stdin,
            {"jsonrpc": "2.0", "id": 2, "method": "speech/synthesize", "params": speak},
        )
        read(process.stdout)
        audio = time.perf_counter() - start
        process.stdin.close()
    return handshake, audio


def main() -> None:
    handshakes, audios = zip(*(run() for _ in range(RUNS)), strict=True)
    for name, seconds in (("handshake", handshakes), ("first audio, cold", audios)):
        print(
            f"{name}: median {statistics.median(seconds) * 1000:.0f} ms, "
            f"worst {max(seconds) * 1000:.0f} ms of {RUNS}"
        )


if __name__ == "__main__":
    main()
