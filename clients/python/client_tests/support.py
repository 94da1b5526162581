"""What the tests share: how a sidecar, real or fake, is started, and bounded waits."""

from __future__ import annotations

import asyncio
import os
import shlex
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from qwen_tts_client import RestartPolicy, Sidecar, SidecarError

T = TypeVar("T")

# The tests may be run from a copy, with an installed package.
REPOSITORY = Path(os.environ.get("QWEN_TTS_CHECKOUT") or Path(__file__).resolve().parents[3])
FAKE = Path(__file__).with_name("fake_sidecar.py")
_DEFAULT = f"{shlex.quote(str(REPOSITORY / '.venv' / 'bin' / 'python'))} -P -m sidecar"
COMMAND = shlex.split(os.environ.get("QWEN_TTS_SIDECAR", _DEFAULT))

# Half a minute of speech, unless it is stopped.
LONG = " ".join(["Nobody is going to listen to all of this text here."] * 8)
# Without delays, so that five crashes are fast.
QUICK = RestartPolicy(first_delay=0.001, max_delay=0.001)
# This is generous for a busy machine; a test that passes never waits this long.
TIMEOUT = 60.0


def fake(mode: str, *args: str, **options: Any) -> Sidecar:
    """Return a client of a fake sidecar: see there for its modes."""
    return Sidecar([sys.executable, str(FAKE), mode, *args], **options)


async def within(work: Awaitable[T], seconds: float = TIMEOUT) -> T:
    """Wait for something, up to a time limit."""
    return await asyncio.wait_for(work, seconds)


async def fails(
    work: Awaitable[object], kind: type[SidecarError], match: str | None = None
) -> SidecarError:
    """Return the error that something raises, which has exactly this type."""
    with pytest.raises(kind, match=match) as caught:
        await within(work)
    assert type(caught.value) is kind
    return caught.value


async def eventually(
    check: Callable[[], bool | Awaitable[bool]], what: str, seconds: float = TIMEOUT
) -> None:
    """Poll until the condition holds."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while True:
        holds = check()
        if holds if isinstance(holds, bool) else await holds:
            return
        assert loop.time() < end, f"not within {seconds} s: {what}"
        await asyncio.sleep(0.02)


def is_alive(pid: int) -> bool:
    """Return whether a process runs; a zombie counts as gone."""
    try:
        os.kill(pid, 0)
        stat = Path(f"/proc/{pid}/stat")
        return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


class Events:
    """The events of a client, in order, and a way to wait for one."""

    def __init__(self) -> None:
        self.seen: list[Any] = []
        self._more = asyncio.Event()

    def __call__(self, event: Any) -> None:
        """Take an event."""
        self.seen.append(event)
        self._more.set()

    async def next(self, count: int = 1) -> Any:
        """Return the event of this number, from 1, as soon as it is there."""
        while len(self.seen) < count:
            self._more.clear()
            await within(self._more.wait())
        return self.seen[count - 1]
