"""The handshake, ids, phases, and the order of answers, over real pipes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.harness import RpcError, Sidecar, frame, sidecar

HANDSHAKE = {"protocolVersion": 1, "clientInfo": {"name": "tests", "version": "1"}}


def test_the_handshake_says_what_the_server_can_do(server: Sidecar) -> None:
    with sidecar(initialize=False) as fresh:
        result = fresh.call("initialize", HANDSHAKE)
        fresh.notify("initialized")
        assert result["protocolVersion"] == 1
        assert result["serverInfo"]["name"] == "qwen-tts-sidecar"
        assert "speech/synthesize" in result["capabilities"]["methods"]
        assert result["capabilities"]["encodings"][:3] == ["pcm_s16le", "pcm_f32le", "wav"]
        assert fresh.shutdown() == 0


def test_nothing_heavy_is_imported_before_the_handshake_is_answered() -> None:
    """This keeps the handshake fast; bench/startup.py measures its time."""
    script = (
        "import sys, sidecar.cli.main, sidecar.server; "
        "print([m for m in ('mlx', 'numpy', 'huggingface_hub', 'soundfile', 'argparse') "
        "if m in sys.modules])"
    )
    import subprocess
    import sys

    out = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert out.stdout.strip() == b"[]"


def test_before_initialize_requests_are_refused_and_notifications_ignored() -> None:
    with sidecar(initialize=False) as fresh:
        fresh.notify("initialized")
        with pytest.raises(RpcError) as caught:
            fresh.call("ping")
        assert caught.value.code == -32002
        fresh.initialize()
        assert fresh.call("ping")["uptimeMs"] > 0


def test_a_second_initialize_is_refused(server: Sidecar) -> None:
    with pytest.raises(RpcError) as caught:
        server.initialize()
    assert caught.value.code == -32600


def test_another_protocol_version_is_refused() -> None:
    with sidecar(initialize=False) as fresh:
        with pytest.raises(RpcError) as caught:
            fresh.call("initialize", {**HANDSHAKE, "protocolVersion": 2})
        assert caught.value.type == "protocolVersionMismatch"
        fresh.initialize()


def test_after_shutdown_requests_are_refused_and_exit_is_clean() -> None:
    with sidecar() as fresh:
        assert fresh.call("shutdown") == {}
        with pytest.raises(RpcError) as caught:
            fresh.call("ping")
        assert (caught.value.code, caught.value.type) == (-32600, "shuttingDown")
        fresh.notify("exit")
        assert fresh.wait_exit()[0] == 0
        assert fresh.rest() == []


def test_exit_without_shutdown_is_exit_code_1() -> None:
    with sidecar() as fresh:
        fresh.notify("exit")
        assert fresh.wait_exit()[0] == 1


@pytest.mark.parametrize(
    "id", [0, -1, 2**63, 2**70, "", "0", "5f0f6b1c-9d3c-4f5e-8a6b-0c1d2e3f4a5b", "ключ"]
)
def test_ids_come_back_with_value_and_type(server: Sidecar, id: Any) -> None:
    server.request("ping", id=id)
    message = server.next_message()
    assert message is not None
    assert message["id"] == id
    assert type(message["id"]) is type(id)


def test_a_duplicate_live_id_is_refused_and_the_first_one_unharmed(server: Sidecar) -> None:
    # The first request waits for the rest of its text, so it is in flight as long as needed.
    params = {"text": "One two three.", "seed": 1, "partialResultToken": "dup", "moreText": True}
    server.request("speech/synthesize", params, id="twice")
    server.request("speech/synthesize", params, id="twice")
    answers = [server.next_message()]
    while "id" not in (answers[-1] or {}):
        answers.append(server.next_message())
    assert answers[-1] is not None
    assert answers[-1]["error"]["data"]["type"] == "duplicateId"
    server.notify("speech/endText", {"token": "dup"})
    assert server.wait("twice")["sentences"] == 1
    server.others()


def test_a_progress_token_in_use_is_refused(server: Sidecar) -> None:
    first = server.request(
        "speech/synthesize", {"text": "One two three.", "partialResultToken": 7, "moreText": True}
    )
    with pytest.raises(RpcError) as caught:
        server.call("speech/synthesize", {"text": "Four.", "partialResultToken": 7})
    assert caught.value.type == "tokenInUse"
    server.notify("speech/endText", {"token": 7})
    server.wait(first)
    server.others()
    assert server.speak("Four.", token=7, maxFrames=3).chunks


@pytest.mark.parametrize("params", ["absent", None, {}])
def test_params_absent_null_and_empty_are_the_same(server: Sidecar, params: Any) -> None:
    message = {"id": "p", "method": "ping"}
    server.methods["p"] = "ping"
    server.send(message if params == "absent" else {**message, "params": params})
    assert server.wait("p")["uptimeMs"] > 0


def test_null_for_an_optional_field_is_the_same_as_leaving_it_out(server: Sidecar) -> None:
    names = ["model", "voice", "language", "instruct", "reference", "sampling", "chunk"]
    null: dict[str, Any] = dict.fromkeys(names)
    result = server.speak("Hi.", seed=1, maxFrames=2, **null).result
    assert result["frames"] == 2


def test_many_frames_in_one_write_are_handled_in_order(server: Sidecar) -> None:
    ids = [f"many-{i}" for i in range(100)]
    server.methods.update(dict.fromkeys(ids, "ping"))
    server.send_raw(b"".join(frame({"jsonrpc": "2.0", "id": id, "method": "ping"}) for id in ids))
    answers = [server.next_message() for _ in ids]
    assert [answer["id"] for answer in answers if answer] == ids


def test_a_request_split_at_every_byte_is_one_request(server: Sidecar) -> None:
    server.methods["bytes"] = "ping"
    for byte in frame({"jsonrpc": "2.0", "id": "bytes", "method": "ping"}):
        server.send_raw(bytes([byte]))
    assert server.wait("bytes")["uptimeMs"] > 0


def test_unknown_notifications_and_stray_responses_are_ignored(server: Sidecar) -> None:
    server.notify("no/such/notification", {"a": 1})
    server.notify("$/setTrace", {"value": "off"})
    server.notify("$/cancelRequest", {"id": "never sent"})
    server.notify("$/cancelRequest", {"nonsense": True})
    server.send({"id": 1, "result": None})
    server.notify("ping")
    assert server.call("ping")["uptimeMs"] > 0


def test_ping_is_answered_while_speech_is_generated(server: Sidecar) -> None:
    # It takes many seconds, so that it still runs however busy the machine is.
    text = "This sentence is being spoken while the pings come in. " * 20
    whole = {"splitSentences": False}  # else it might be between two sentences just then
    speech = server.request(
        "speech/synthesize", {"text": text, "seed": 1, "partialResultToken": "busy", **whole}
    )
    server.next_progress("busy")
    server.call("ping")
    status = server.call("server/status")
    assert status["streams"][0]["model"] == "tiny-voice"
    assert status["models"][0]["streams"] == 1
    server.notify("$/cancelRequest", {"id": speech})
    with pytest.raises(RpcError, match="-32800"):
        server.wait(speech)
    server.others()
    assert server.call("server/status")["streams"] == []
