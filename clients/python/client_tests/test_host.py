"""The program that uses the client may end, or be killed, and takes the sidecar with it."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from client_tests.support import FAKE, TIMEOUT, eventually, is_alive

HOST = """
import asyncio, sys
from qwen_tts_client import Sidecar

async def main():
    tts = await Sidecar([sys.executable, sys.argv[1], "silent"]).start()
    waiting = asyncio.ensure_future(tts.synthesize("Hi.").final())
    print(tts.pid, flush=True)
    if sys.argv[2] == "speaks":
        await waiting

asyncio.run(main())
"""


@pytest.mark.parametrize("mode", ["leaves", "speaks"])
async def test_the_sidecar_ends_with_its_host(mode: str) -> None:
    command = [sys.executable, "-W", "ignore::ResourceWarning", "-c", HOST, str(FAKE), mode]
    package = str(Path(__file__).parents[1])
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=package) as host:
        assert host.stdout is not None
        pid = int(host.stdout.readline())
        if mode == "speaks":
            host.kill()
        assert host.wait(TIMEOUT) == (-signal.SIGKILL if mode == "speaks" else 0)
    await eventually(lambda: not is_alive(pid), "the sidecar is gone")
