"""Crashes, restarts, and the end."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from client_tests.support import COMMAND, LONG, QUICK, Events, fails, fake, is_alive, within
from qwen_tts_client import (
    ExitEvent,
    RestartEvent,
    RestartPolicy,
    Sidecar,
    SidecarClosedError,
    SidecarError,
    SidecarExitedError,
    SidecarNotFoundError,
    SidecarProtocolError,
    SidecarStartError,
    SidecarVersionError,
)


async def test_a_crash_fails_what_is_pending_and_the_next_call_finds_a_new_process() -> None:
    exits, restarts = Events(), Events()
    async with Sidecar(COMMAND, restart=QUICK, on_exit=exits, on_restart=restarts) as tts:
        dead = tts.pid
        assert dead is not None
        stream = tts.synthesize(LONG)
        other = asyncio.ensure_future(tts.synthesize(LONG).final())

        async def loop() -> None:
            async for chunk in stream:
                if chunk.seq == 1:
                    os.kill(dead, signal.SIGKILL)

        for pending in (loop(), other, stream.final()):
            error = await fails(pending, SidecarExitedError)
            assert isinstance(error, SidecarExitedError)
            assert (error.signal, error.exit_code) == ("SIGKILL", None)
        event = await exits.next()
        assert event == ExitEvent(None, "SIGKILL", "", True, event.error)
        assert str(event.error) == "The sidecar ended by SIGKILL."
        assert (await within(tts.synthesize("Hi.", max_frames=1).final())).frames == 1
        assert restarts.seen == [RestartEvent(tts.pid, 1)]
        assert tts.pid != dead


async def test_a_crash_reports_the_exit_code_and_the_last_lines_of_stderr() -> None:
    async with fake("crash", restart=False) as tts:
        for work in (tts.ping(), tts.ping(), tts.synthesize("Hi.").final()):
            error = await fails(work, SidecarExitedError)
            assert isinstance(error, SidecarExitedError)
            assert (error.exit_code, error.signal, error.stderr) == (3, None, "the last words")


async def test_the_fifth_crash_is_final() -> None:
    restarts = Events()
    async with fake("crash", restart=QUICK, on_restart=restarts) as tts:
        for _ in range(5):
            await fails(tts.ping(), SidecarExitedError, "exit code 3")
        await fails(tts.ping(), SidecarExitedError, "too often")
        assert len(restarts.seen) == 4


async def test_unexpected_output_is_a_crash() -> None:
    async with fake("nonsense", restart=QUICK) as tts:
        await fails(tts.ping(), SidecarProtocolError, "Traceback")
        await fails(tts.ping(), SidecarProtocolError, "Traceback")


@pytest.mark.parametrize(
    ("mode", "kind", "match"),
    [
        (
            "dies",
            SidecarExitedError,
            "exit code 1.\nModuleNotFoundError: No module named 'sidecar'",
        ),
        ("babbles", SidecarProtocolError, "other program"),
        ("old", SidecarVersionError, "version another"),
        ("newer", SidecarVersionError, "version 2"),
        (
            "foreign",
            SidecarProtocolError,
            'foreign is another program: it calls itself "another 9"',
        ),
    ],
)
async def test_the_start_fails(mode: str, kind: type[SidecarError], match: str) -> None:
    await fails(fake(mode).start(), kind, match)


async def test_the_start_fails_without_an_answer_and_without_a_program() -> None:
    await fails(Sidecar("sleep 60", start_timeout=0.2).start(), SidecarStartError, "in 0.2 s")
    await fails(Sidecar("cat").start(), SidecarProtocolError, "a program that repeats its input")
    await fails(Sidecar("/no/such/file").start(), SidecarNotFoundError)
    away = Sidecar("cat", cwd="/no/such/folder")
    await fails(
        away.start(), SidecarStartError, "its working folder /no/such/folder does not exist"
    )


async def test_close_is_orderly_and_ends_everything_that_is_pending(tmp_path: Path) -> None:
    exits = Events()
    (tmp_path / "odd.safetensors").write_text("junk")
    tts = await Sidecar(COMMAND, args=["--voices-dir", str(tmp_path)], on_exit=exits).start()
    pid = tts.pid
    assert pid is not None
    skipped = (await tts.voices.listing("tiny-voice")).skipped or []
    assert [file.file for file in skipped] == ["odd.safetensors"]
    pending = [
        asyncio.ensure_future(tts.synthesize(LONG).final()),
        asyncio.ensure_future(tts.models.load("tiny-voice")),
    ]
    await asyncio.sleep(0)
    await within(asyncio.gather(tts.close(), tts.close()))
    assert not is_alive(pid)
    event = await exits.next()
    assert event == ExitEvent(0, None, event.stderr, False, event.error)
    for work in (*pending, tts.ping()):
        await fails(work, SidecarClosedError)
    await tts.close()


async def test_close_may_come_between_a_crash_and_the_restart() -> None:
    tts = await fake("crash", restart=RestartPolicy(first_delay=60, max_delay=60)).start()
    await fails(tts.ping(), SidecarExitedError)
    waiting = asyncio.ensure_future(tts.ping())
    await asyncio.sleep(0)
    await within(tts.close())
    await fails(waiting, SidecarClosedError)
