"""`ensure_model`, with the hub of the sidecar's own tests."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from client_tests.support import COMMAND, QUICK, REPOSITORY, Events, fails, fake
from qwen_tts_client import Sidecar, SidecarClosedError, SidecarExitedError, SidecarResponseError
from qwen_tts_client.protocol import LoadProgress

pytestmark = pytest.mark.hosts

MODEL = "0.6b-customvoice"
REPO = "mlx-community/Qwen3-TTS-12Hz-0.6B-CustomVoice-bf16"
# Repositories for one test each, since each has to find them missing.
CANCELLED, CRASHED, SHARED, WRONG = (f"someone/voice-{n}" for n in range(4))


class Hub:
    """The hub in a process of its own, whose speed and content can be changed."""

    def __init__(self) -> None:
        repos = (REPO, CANCELLED, CRASHED, SHARED, WRONG)
        command = (COMMAND[0], "-m", "tests.support.hub_process", *repos)
        self._process = subprocess.Popen(
            command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.environment: dict[str, str | None] = self._read()["environment"]

    def tell(self, command: str) -> Any:
        """Give a command: slow, wrong, fine or sent; return the answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\n")
        self._process.stdin.flush()
        return self._read()

    def close(self) -> None:
        """End the hub."""
        with self._process:
            pass

    def _read(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    """Yield a hub; without the sidecar's own tests there is none."""
    if not (REPOSITORY / "tests" / "support" / "hub_process.py").exists():
        pytest.skip("the sidecar's own tests, which have the hub, are not here")
    hub = Hub()
    yield hub
    hub.close()


def client(hub: Hub, **env: str) -> Sidecar:
    return Sidecar(COMMAND, env={**hub.environment, **env}, restart=QUICK)


class SomeBytes(Events):
    """Progress, and a way to wait until some bytes of large files have arrived."""

    async def arrived(self) -> LoadProgress:
        """Return the first progress with some bytes."""
        count = 1
        while not self._is_much(await self.next(count)):
            count += 1
        return self.seen[count - 1]

    def _is_much(self, progress: LoadProgress) -> bool:
        return bool(progress.bytes_per_second) and (progress.received_bytes or 0) > 1_500_000


async def refusal(tts: Sidecar, model: str) -> SidecarResponseError:
    error = await fails(tts.ensure_model(model), SidecarResponseError)
    assert isinstance(error, SidecarResponseError)
    return error


async def test_a_model_is_downloaded_and_found_from_then_on_without_the_network(hub: Hub) -> None:
    async with client(hub) as tts:
        hub.tell("slow")
        seen = SomeBytes()
        ensured = asyncio.ensure_future(tts.ensure_model(MODEL, on_progress=seen))
        assert ((await seen.arrived()).bytes_per_second or 0) > 0
        hub.tell("fine")
        result = await ensured
        assert (Path(result.download.path) / "model.safetensors").exists()
        assert (result.download.source, result.loaded) == ("cache", None)
        assert seen.seen[0].stage == "resolving"
        assert seen.seen[-1].received_bytes == seen.seen[-1].total_bytes
        bundled = await tts.ensure_model("tiny-voice", load=True)
        assert bundled.loaded is not None
        assert bundled.loaded.voices == ["slt", "rms"]
        assert (await refusal(tts, "0.6b-custmvoice")).type == "unknownModel"
    away = {"HF_HUB_OFFLINE": "1", "HF_ENDPOINT": "http://127.0.0.1:9"}
    async with client(hub, **away) as tts:
        assert (await tts.ensure_model(MODEL)).download == result.download
        used = (await tts.models.listing()).used_bytes
        assert (await tts.models.delete(MODEL)).freed_bytes == used
        assert (await refusal(tts, MODEL)).type == "modelNotDownloaded"


async def test_it_goes_on_after_a_cancel_and_a_crash_and_is_shared(hub: Hub) -> None:
    async with client(hub) as tts:
        await keeps_what_has_arrived(hub, tts)
        await goes_on_after_a_crash(hub, tts)
        await is_shared(hub, tts)
        hub.tell("wrong")
        assert (await refusal(tts, WRONG)).type == "corruptDownload"
        hub.tell("fine")


async def begun(hub: Hub, tts: Sidecar, model: str) -> tuple[asyncio.Task[Any], SomeBytes]:
    """Return a download some of whose bytes have arrived."""
    hub.tell("slow")
    seen = SomeBytes()
    ensured = asyncio.create_task(tts.ensure_model(model, on_progress=seen))
    await seen.arrived()
    return ensured, seen


async def cancelled(task: asyncio.Task[Any]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def keeps_what_has_arrived(hub: Hub, tts: Sidecar) -> None:
    ensured, _ = await begun(hub, tts, CANCELLED)
    await cancelled(ensured)
    hub.tell("fine")
    before = len(hub.tell("sent")["ranges"])
    await tts.ensure_model(CANCELLED)
    (resumed,) = hub.tell("sent")["ranges"][before:]
    assert int(resumed.removeprefix("bytes=").removesuffix("-")) > 100_000


async def goes_on_after_a_crash(hub: Hub, tts: Sidecar) -> None:
    ensured, _ = await begun(hub, tts, CRASHED)
    loading = asyncio.ensure_future(tts.models.load(CRASHED))
    await asyncio.sleep(0)
    assert tts.pid is not None
    os.kill(tts.pid, signal.SIGKILL)
    await fails(loading, SidecarExitedError)
    hub.tell("fine")
    assert (await ensured).download.model == CRASHED


async def is_shared(hub: Hub, tts: Sidecar) -> None:
    first, seen = await begun(hub, tts, SHARED)
    late = Events()
    second = asyncio.create_task(tts.ensure_model(SHARED, on_progress=late))
    heard: LoadProgress = await late.next()
    assert (heard.received_bytes or 0) > 1_500_000
    await cancelled(first)
    hub.tell("fine")
    assert (await second).download.source == "cache"
    assert [one.stage for one in seen.seen].count("resolving") == 1


async def test_a_sidecar_that_is_not_started_again_or_closed_ends_the_call() -> None:
    async with fake("crash", restart=QUICK) as tts:
        await fails(tts.ensure_model(MODEL), SidecarExitedError, "too often")
    async with fake("crash", restart=False) as tts:
        await fails(tts.ensure_model(MODEL), SidecarExitedError, "exit code 3")
    tts = await fake("silent").start()
    ensured = asyncio.ensure_future(tts.ensure_model(MODEL))
    await asyncio.sleep(0)
    await tts.close()
    await fails(ensured, SidecarClosedError)
