"""Sidecars that run but do not respond, and messages that no sidecar sends."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from client_tests.support import QUICK, Events, eventually, fails, fake, is_alive, within
from qwen_tts_client import (
    RestartPolicy,
    Sidecar,
    SidecarClosedError,
    SidecarError,
    SidecarExitedError,
    SidecarProtocolError,
    SidecarResponseError,
    connection,
    session,
)

SILENT = r"The client killed it: it sent nothing for 2 s, not even the answer to a ping\."
LOST = r"The client killed it: it had closed its {} but kept running\."


async def comes_back(tts: Sidecar, exits: Events, reason: str, is_busy: bool) -> None:
    dead = tts.pid
    assert dead is not None
    work = [tts.ping(), tts.synthesize("Hi.").final()] if is_busy else []
    for call in [asyncio.ensure_future(each) for each in work]:
        error = await fails(call, SidecarExitedError, reason)
        assert isinstance(error, SidecarExitedError)
        assert error.signal == "SIGKILL"
    event = await exits.next()
    assert (event.signal, event.will_restart) == ("SIGKILL", True)
    assert (await within(tts.ping())).uptime_ms == 1
    assert not is_alive(dead)
    assert tts.pid != dead


async def test_a_sidecar_that_does_not_respond_is_killed_and_started_again(tmp_path: Path) -> None:
    async def lose(mode: str, reason: str, is_busy: bool) -> None:
        exits = Events()
        mark = str(tmp_path / f"{mode} {is_busy}")  # It misbehaves only the first time.
        options: dict[str, Any] = {"restart": QUICK, "silence_timeout": 2, "on_exit": exits}
        async with fake(mode, mark, **options) as tts:
            await comes_back(tts, exits, reason, is_busy)

    async def freeze() -> None:
        exits = Events()
        async with (
            fake("fine", silence_timeout=0) as patient,
            fake("fine", silence_timeout=2, restart=QUICK, on_exit=exits) as tts,
        ):
            assert patient.pid is not None
            assert tts.pid is not None
            os.kill(patient.pid, signal.SIGSTOP)
            os.kill(tts.pid, signal.SIGSTOP)
            waiting = asyncio.ensure_future(patient.ping())
            await comes_back(tts, exits, SILENT, True)
            os.kill(patient.pid, signal.SIGCONT)
            assert (await within(waiting)).uptime_ms == 1

    # All at once, since most of the time is waiting.
    ways = {"loses stdin": LOST.format("stdin"), "loses stdout": LOST.format("stdout")}
    ways["loses its ears"] = SILENT
    losses = [lose(mode, why, is_busy) for mode, why in ways.items() for is_busy in (True, False)]
    await asyncio.gather(freeze(), *losses)


async def test_the_reason_is_the_output_for_the_event_and_every_later_call() -> None:
    exits = Events()
    async with fake("prints", restart=False, on_exit=exits) as tts:
        event = await exits.next()
        assert isinstance(event.error, SidecarProtocolError)
        assert (event.signal, event.will_restart) == ("SIGKILL", False)
        for call in (tts.ping(), tts.synthesize("Hi.").final()):
            await fails(call, SidecarProtocolError, "Warning: something printed")


async def test_the_reason_is_still_reported_after_too_many_crashes() -> None:
    exits = Events()
    async with fake("prints", restart=QUICK, on_exit=exits) as tts:
        assert not (await exits.next(5)).will_restart
        match = r"crashed too often and is not started again\. .*something printed"
        await fails(tts.ping(), SidecarExitedError, match)


async def test_the_reason_is_the_exit_not_a_cancellation_that_was_not_requested() -> None:
    async with fake("cancels", restart=False) as tts:
        error = await fails(tts.synthesize("Hi.").read(), SidecarExitedError)
        assert isinstance(error, SidecarExitedError)
        assert error.exit_code == 76
    async with fake("cancels", restart=False) as tts:
        await fails(tts.models.load("tiny-voice"), SidecarExitedError, "exit code 76")


async def test_that_exit_is_waited_for_up_to_a_time_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection, "_ENDING", 0.3)
    async with fake("only cancels") as tts:
        stream = tts.synthesize("Hi.")
        waiting = asyncio.ensure_future(tts.models.load("tiny-voice"))
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(tts.models.load("x"), 0.1)
        await within(stream.cancel())
        error = await fails(waiting, SidecarResponseError)
        assert isinstance(error, SidecarResponseError)
        assert error.type == "cancelled"


@pytest.mark.parametrize("mode", ["answers nothing", "answers a list", "sends no audio"])
async def test_a_message_that_no_sidecar_sends_ends_it(mode: str) -> None:
    async with fake(mode, restart=False) as tts:
        await fails(tts.synthesize("Hi.").final(), SidecarProtocolError)


async def test_what_a_newer_sidecar_adds_is_ignored() -> None:
    async with fake("is newer") as tts:
        assert (await tts.ping()).uptime_ms == 1


async def test_what_an_older_sidecar_does_not_send_is_absent() -> None:
    async with fake("fine") as tts:
        assert (tts.capabilities.timings, tts.capabilities.aligner_languages) == (None, None)


async def test_an_error_that_names_no_call_is_logged_and_fails_no_call() -> None:
    lines = Events()
    async with fake("refuses", on_log=lines) as tts:
        assert (await tts.ping()).uptime_ms == 1
        expected = "The sidecar could not read a message: Too long. (messageTooLong)"
        assert await lines.next() == expected


async def test_close_works_while_the_next_process_is_being_started(tmp_path: Path) -> None:
    restarts = Events()
    tts = await fake("hangs", str(tmp_path / "mark"), restart=QUICK, on_restart=restarts).start()
    first = tts.pid
    await fails(tts.ping(), SidecarExitedError)
    waiting = asyncio.ensure_future(tts.ping())
    await eventually(lambda: tts.pid not in (None, first), "the next one is there")
    following = tts.pid
    assert following is not None
    await within(tts.close())
    await fails(waiting, SidecarClosedError)
    assert not is_alive(following)
    await fails(tts.ping(), SidecarClosedError)
    assert not restarts.seen


async def test_close_kills_a_sidecar_that_does_not_respond(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(session, "_CLOSE_TIMEOUT", 0.3)
    tts = await fake("stubborn").start()
    pid = tts.pid
    assert pid is not None
    await within(tts.close())
    assert not is_alive(pid)


async def test_a_start_that_fails_is_repeated_like_a_crash(tmp_path: Path) -> None:
    folder = tmp_path / "cwd"
    folder.mkdir()
    policy = RestartPolicy(first_delay=0.001, max_delay=0.001, max_crashes=3)
    async with fake("crash", cwd=folder, restart=policy) as tts:
        folder.rmdir()
        await fails(tts.ping(), SidecarExitedError, "exit code 3")

        async def is_given_up() -> bool:
            with pytest.raises(SidecarError) as caught:
                await tts.ping()
            return "too often" in str(caught.value)

        await eventually(is_given_up, "it is given up")
        match = r"did not start\. .*too often.*its working folder .*cwd does not exist"
        await fails(tts.ping(), SidecarExitedError, match)


async def test_the_apps_own_functions_may_raise(loop: asyncio.AbstractEventLoop) -> None:
    raised: list[str] = []
    loop.set_exception_handler(lambda _, context: raised.append(str(context.get("exception"))))

    def fail(_: object) -> None:
        raise ValueError("careless")

    listeners: dict[str, Any] = {"on_log": fail, "on_exit": fail, "on_restart": fail}
    try:
        async with fake("reports", restart=QUICK, **listeners) as tts:
            await tts.voices.create("mine", on_progress=fail)
            assert tts.pid is not None
            os.kill(tts.pid, signal.SIGKILL)
            await eventually(lambda: len(raised) >= 3, "the exit and the restart are told")
            assert (await tts.voices.create("mine", on_progress=fail)).voice == "mine"
        await eventually(lambda: len(raised) >= 5, "the last exit is told")
    finally:
        loop.set_exception_handler(None)
    assert set(raised) == {"careless"}


async def test_the_log_arrives_in_whole_lines_of_whole_characters() -> None:
    lines = Events()
    async with fake("umlauts", on_log=lines) as tts:
        await tts.ping()
        assert await lines.next() == "lädt …"


async def test_the_log_has_progress_bars_and_a_limit_for_lines_without_an_end() -> None:
    lines, exits = Events(), Events()
    async with fake("draws bars", on_log=lines, on_exit=exits) as tts:
        await tts.ping()
        await eventually(lambda: lines.seen[-1:] == ["done"], "it is there")
        assert lines.seen[:3] == ["  0 %", " 50 %", "100 %"]
        assert len("".join(lines.seen[3:-1])) == 200_000
        assert max(map(len, lines.seen)) <= 65_536
        assert tts.pid is not None
        os.kill(tts.pid, signal.SIGKILL)
        assert len((await exits.next()).stderr) < 70_000


@pytest.mark.parametrize("value", [-1, float("nan"), "60", None, True])
@pytest.mark.parametrize("name", ["high_water_mark", "start_timeout", "silence_timeout"])
def test_numbers_without_a_meaning_are_refused(name: str, value: Any) -> None:
    with pytest.raises(SidecarError, match=f"{name} must be a number that is 0 or more; it is"):
        fake("fine", **{name: value})


async def test_times_may_be_infinite() -> None:
    endless = float("inf")
    async with fake("fine", start_timeout=endless, silence_timeout=endless) as tts:
        await tts.ping()
