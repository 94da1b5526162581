"""The log: one line per event whatever its text, as text, as JSON, and to the client."""

from __future__ import annotations

import json
import re
import sys

import pytest

from tests.support.harness import Sidecar, frame, sidecar

HOSTILE = "no/such\nERROR forged: line\r\x1b[2Jend\u2028"


def provoke(server: Sidecar) -> None:
    """Make the process log a warning that contains a client's text."""
    server.notify("$/cancelRequest", {HOSTILE: 1})
    server.call("ping")


def test_an_event_is_one_line_of_text() -> None:
    with sidecar("--log-level", "info") as server:
        provoke(server)
        assert server.shutdown() == 0
        lines = server.whole_log().splitlines()
    stamp = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (DEBUG|INFO|WARNING|ERROR) [\w.]+: "
    assert all(re.match(stamp, line) for line in lines), lines
    assert any("forged" in line and r"\n" in line and r"\x1b" in line for line in lines)


def test_an_event_is_one_object_of_json() -> None:
    command = [sys.executable, "-m", "tests.process.faulty"]
    env = {"QWEN_TTS_TEST_FAULT": "raise@2"}
    with sidecar("--log-format", "json", command=command, env=env) as server:
        provoke(server)
        server.request("speech/synthesize", {"text": "Here is trouble."})
        message = server.next_message()
        assert message is not None
        assert "error" in message
        assert server.shutdown() == 0
        events = [json.loads(line) for line in server.whole_log().splitlines()]
    assert {event["level"] for event in events} == {"warning", "error"}
    assert all({"time", "level", "logger", "message"} <= event.keys() for event in events)
    (failure,) = [event for event in events if event["level"] == "error"]
    assert failure["error"] == "RuntimeError: a cable is loose"
    assert "Traceback" in failure["traceback"]


@pytest.mark.parametrize("level", [None, "warning"])
def test_a_client_gets_events_if_it_asked(level: str | None) -> None:
    params = {"protocolVersion": 1, "clientInfo": {"name": "tests"}, "logMessages": level}
    with sidecar(initialize=False) as server:
        server.call("initialize", params)
        provoke(server)
        events = [m["params"] for m in server.others() if m.get("method") == "window/logMessage"]
        assert server.shutdown() == 0
        log = server.whole_log()
    assert log.count("WARNING") == 1
    assert len(events) == (1 if level else 0)
    for event in events:
        assert event["type"] == 2
        assert event["logger"] == "sidecar.rpc.dispatcher"
        assert "forged" in event["message"]


def test_a_frame_error_is_one_line() -> None:
    with sidecar("--log-format", "json", initialize=False) as server:
        server.send_raw(frame(b"{}")[5:])
        assert server.wait_exit()[0] == 76
        (line,) = server.whole_log().splitlines()
    assert "cannot follow stdin" in json.loads(line)["message"]
