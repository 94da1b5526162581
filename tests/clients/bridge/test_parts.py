"""Parts of the bridge that need no process: credit, messages, binary audio, the token."""

from __future__ import annotations

import base64
import json
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from qwen_tts_client.audio_message import MAX_TOKEN, decode_audio, encode_audio
from qwen_tts_client.bridge import main, messages
from qwen_tts_client.bridge.credit import CreditLine
from qwen_tts_client.bridge.messages import Incoming, Refusal
from qwen_tts_client.protocol import AudioProgress

from tests.support.harness import ROOT

MS = st.integers(1, 2000)
COUNT = st.integers(0, 2**32 - 1)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.tuples(st.booleans(), MS), max_size=60), st.integers(0, 3000), MS)
def test_no_more_than_the_limit_is_on_its_way_and_no_credit_is_lost(
    steps: list[tuple[bool, int]], first: int, limit: int
) -> None:
    granted: list[float] = []
    line = CreditLine(first, limit, granted.append)
    passed, asked, left = line.passed_on, first, 0.0
    for is_grant, ms in steps:
        granted.clear()
        if is_grant:
            asked += ms
            line.ask(ms)
        else:  # the sidecar sends no more than it may, and one chunk of 960 ms
            ms = min(ms, max(0.0, passed + 960 - left))
            left += ms
            line.leave(ms)
        assert all(more > 0 for more in granted)
        passed += sum(granted)
        assert passed == max(min(asked, left + limit), min(first, limit), passed)
        assert passed <= max(asked, 0)
        assert passed - left <= limit


@given(st.integers(0, MAX_TOKEN), st.tuples(COUNT, COUNT, COUNT, COUNT, COUNT), st.binary())
def test_a_binary_message_is_read_as_it_was_written(
    token: int, numbers: tuple[int, int, int, int, int], audio: bytes
) -> None:
    seq, samples, frames, sentence, rate = numbers
    chunk = AudioProgress(
        seq=seq, audio=audio, samples=samples, frames=frames, sentence=sentence, sample_rate=rate
    )
    assert decode_audio(encode_audio(token, chunk, rate)) == (token, chunk)


def test_the_binary_message_of_the_specification() -> None:
    page = (ROOT / "protocol" / "websocket.md").read_text()
    (line,) = (line for line in page.splitlines() if line.startswith("01 1c 00 00"))
    message = bytes.fromhex(line.removesuffix("…"))
    found = decode_audio(message)
    assert found is not None
    token, chunk = found
    assert (token, chunk.seq, chunk.samples, chunk.frames) == (7, 1, 1920, 1)
    assert (chunk.sentence, chunk.sample_rate) == (0, 24000)
    assert chunk.audio == message[28:]
    assert decode_audio(b"\x02later") is None
    for short in (b"", message[:27], b"\x01\xff" + message[2:]):
        with pytest.raises(ValueError, match="no whole header"):
            decode_audio(short)


@given(JSON | st.fixed_dictionaries(
    {"jsonrpc": st.just("2.0")},
    optional={"id": JSON, "method": JSON, "params": JSON, "result": JSON, "error": JSON},
))  # fmt: skip
def test_whatever_a_client_sends_is_a_message_or_refused(value: Any) -> None:
    try:
        message = messages.read(json.dumps(value))
    except Refusal as refusal:
        json.loads(messages.refused(refusal))  # has an error code
        return
    if message is not None:
        assert message.method == value["method"]
        assert message.id == value.get("id")


def test_what_a_message_cannot_be() -> None:
    ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    assert messages.read(json.dumps(ping)) == Incoming("ping", {}, 1)
    cases = [
        ("{", "parseError", None),
        ("[" * 100_000, "parseError", None),
        ("[]", "invalidRequest", None),
        (json.dumps({**ping, "jsonrpc": "1.0"}), "invalidRequest", 1),
        (json.dumps({**ping, "id": True}), "invalidRequest", None),
        (json.dumps({**ping, "id": 1.5}), "invalidRequest", None),
        (json.dumps({**ping, "id": None}), "invalidRequest", None),
        (json.dumps({**ping, "id": "\ud83d"}), "invalidParams", None),
        (json.dumps({**ping, "method": 5}), "invalidRequest", 1),
        (json.dumps({**ping, "params": {"text": "\ud83d"}}), "invalidParams", 1),
        (json.dumps({**ping, "params": {"seed": float("nan")}}), "notFinite", 1),
    ]
    for text, kind, id in cases:
        with pytest.raises(Refusal) as refused:
            messages.read(text)
        assert (refused.value.type, refused.value.id) == (kind, id), text[:80]
    assert messages.read('{"jsonrpc": "2.0", "id": 1, "result": {}}') is None


@pytest.mark.parametrize("value", [-1, True, "5", None, [], 10**400])
def test_credit_is_a_number_or_nothing(value: Any) -> None:
    assert messages.as_number(value) is None


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("--port", "65536", "not a port"),
        ("--port", "-1", "not a port"),
        ("--max-requests", "0", "1 or more"),
        ("--allow-origin", "https://example.com/", "without a path"),
        ("--allow-origin", "https://Example.com", "small letters"),
        ("--allow-origin", "*", "not an origin"),
        ("--allow-origin", "example.com", "a scheme and a host"),
    ],
)
def test_an_option_that_could_never_work_is_refused(
    option: str, value: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main.main([f"{option}={value}"])
    assert says in " ".join(capsys.readouterr().err.split())


def test_the_token_is_made_once_and_only_its_owner_can_read_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "token"
    command = ["--command", str(tmp_path / "no-such-program"), "--port", "0"]
    assert main.main([*command, "--token-file", str(file)]) == 1
    token = file.read_text().strip()
    assert len(base64.urlsafe_b64decode(token + "=")) == 32
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert main.main([*command, "--token-file", str(file)]) == 1
    assert file.read_text().strip() == token
    assert token not in capsys.readouterr().err
    file.write_bytes(b"\xff")
    assert main.main([*command, "--token-file", str(file)]) == 1
    assert "is not a file of text" in capsys.readouterr().err
    file.write_text("two words")
    assert main.main([*command, "--token-file", str(file)]) == 1
    assert "must have 1 to 256 letters" in capsys.readouterr().err
    monkeypatch.delenv(main.TOKEN_VARIABLE, raising=False)
    assert main.main(command) == 1
    assert "a token is needed" in capsys.readouterr().err
