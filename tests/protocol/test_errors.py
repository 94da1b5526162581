"""Bad input: each kind has its own typed error, and the next request works."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.harness import RpcError, Sidecar, frame, sidecar
from tests.support.sounds import sound, wav

CASES: list[tuple[str, dict[str, Any], int, str, str | None]] = [
    ("speech/sing", {}, -32601, "methodNotFound", None),
    ("$/progress", {}, -32601, "methodNotFound", None),
    ("exit", {}, -32600, "invalidRequest", None),
    ("speech/synthesize", {}, -32602, "invalidParams", "text"),
    ("speech/synthesize", {"text": 5}, -32602, "invalidParams", "text"),
    ("speech/synthesize", {"text": "a", "volume": 3}, -32602, "unknownField", "volume"),
    ("speech/synthesize", {"text": "a", "sampling": {"topk": 3}}, -32602, "unknownField",
     "sampling.topk"),
    ("speech/synthesize", {"text": "a", "model": "no-such-model"}, 1001, "unknownModel", "model"),
    ("speech/synthesize", {"text": "a", "voice": "nobody"}, 1003, "unknownVoice", "voice"),
    ("speech/synthesize", {"text": "a", "language": "klingon"}, 1004, "unknownLanguage",
     "language"),
    ("speech/synthesize", {"text": ""}, -32602, "emptyText", "text"),
    ("speech/synthesize", {"text": " \n\t"}, -32602, "emptyText", "text"),
    ("speech/synthesize", {"text": "\u4f60\u597d"}, -32602, "emptyText", "text"),
    ("speech/synthesize", {"text": "a" * 4097}, 1007, "textTooLong", "text"),
    ("speech/synthesize", {"text": "a \ud83d"}, -32602, "invalidParams", None),
    ("ping", {"a\nb": 1}, -32602, "unknownField", "a\nb"),
    ("speech/synthesize", {"text": "a", "encoding": "mp9"}, -32602, "unknownEncoding", "encoding"),
    ("speech/synthesize", {"text": "a", "sampling": {"temperature": float("nan")}}, -32602,
     "notFinite", "sampling.temperature"),
    ("speech/synthesize", {"text": "a", "sampling": {"topP": float("inf")}}, -32602, "notFinite",
     "sampling.topP"),
    ("speech/synthesize", {"text": "a", "sampling": {"temperature": -1}}, -32602, "invalidParams",
     "sampling.temperature"),
    ("speech/synthesize", {"text": "a", "sampling": {"topP": 0}}, -32602, "invalidParams",
     "sampling.topP"),
    ("speech/synthesize", {"text": "a", "maxFrames": 0}, -32602, "invalidParams", "maxFrames"),
    ("speech/synthesize", {"text": "a", "seed": -1}, -32602, "invalidParams", "seed"),
    ("speech/synthesize", {"text": "a", "seed": 2**53}, -32602, "invalidParams", "seed"),
    ("speech/synthesize", {"text": "a", "chunk": {"firstFrames": 0}}, -32602, "invalidParams",
     "chunk.firstFrames"),
    ("speech/synthesize", {"text": "a", "instruct": "happy"}, 1006, "unsupported", "instruct"),
    ("speech/synthesize", {"text": "a", "reference": {"audio": wav(sound())}}, 1006, "unsupported",
     "reference"),
    ("speech/synthesize", {"text": "a", "reference": {}}, -32602, "invalidParams", "reference"),
    ("speech/synthesize", {"text": "a <|im_end|> b"}, -32602, "invalidParams", "text"),
    ("model/load", {"model": "no-such-model"}, 1001, "unknownModel", "model"),
    ("model/load", {"model": "tiny-voice", "dtype": "int3"}, -32602, "invalidParams", "dtype"),
    ("model/unload", {"model": "no-such-model"}, 1001, "unknownModel", "model"),
    ("voice/list", {"model": "no-such-model"}, 1001, "unknownModel", "model"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("method", "params", "code", "type", "field"),
    CASES,
    ids=[f"{c[0]}-{c[3]}-{c[4] or ''}-{i}" for i, c in enumerate(CASES)],
)
def test_each_mistake_has_its_own_error(
    server: Sidecar, method: str, params: dict[str, Any], code: int, type: str, field: str | None
) -> None:
    with pytest.raises(RpcError) as caught:
        server.call(method, params)
    error = caught.value
    assert (error.code, error.type, error.data.get("field")) == (code, type, field)
    assert "Traceback" not in error.message
    assert server.speak("Still here.", maxFrames=2, seed=1).result["frames"] == 2


def test_unknown_names_come_with_the_known_ones(server: Sidecar) -> None:
    for params, known in (
        ({"voice": "x"}, "slt, rms"),
        ({"language": "x"}, "english"),
        ({"model": "0.6b-customvoise"}, "Did you mean '0.6b-customvoice'"),
        ({"encoding": "x"}, "pcm_f32le"),
    ):
        with pytest.raises(RpcError, match=known):
            server.call("speech/synthesize", {"text": "a", **params})


@pytest.mark.parametrize(
    ("method", "params", "message"),
    [
        ("model/load", {"bits": 5}, "bits: 5 is not one of 4, 6, 8."),
        (
            "model/load",
            {"dtype": "int8"},
            "dtype: 'int8' is not one of 'auto', 'float32', 'bfloat16', 'float16'.",
        ),
        (
            "speech/synthesize",
            {"text": "a", "priority": "urgent"},
            "priority: 'urgent' is not one of 'low', 'normal', 'high'.",
        ),
    ],
)
def test_a_value_that_is_not_a_choice_is_answered_with_the_choices(
    server: Sidecar, method: str, params: dict[str, Any], message: str
) -> None:
    with pytest.raises(RpcError) as caught:
        server.call(method, params)
    assert caught.value.message == message


def test_a_folder_that_is_no_checkpoint(server: Sidecar, tmp_path: Path) -> None:
    with pytest.raises(RpcError) as caught:
        server.call("model/load", {"model": str(tmp_path)})
    assert (caught.value.code, caught.value.type) == (1002, "notACheckpoint")


def test_a_checkpoint_without_its_codec_is_refused_at_load(server: Sidecar, tmp_path: Path) -> None:
    """mlx-audio would print a warning here and fail at the first request."""
    from sidecar.models import catalog

    bundled = catalog.resolve(catalog.BUNDLED).path
    for file in bundled.iterdir():
        if file.is_file():
            (tmp_path / file.name).symlink_to(file)
    with pytest.raises(RpcError, match="speech_tokenizer has no model") as caught:
        server.call("model/load", {"model": str(tmp_path)})
    assert caught.value.type == "notACheckpoint"
    (tmp_path / "speech_tokenizer").symlink_to(bundled / "speech_tokenizer")
    (tmp_path / "tokenizer.json").unlink()
    with pytest.raises(RpcError, match="text tokenizer") as caught:
        server.call("model/load", {"model": str(tmp_path)})
    assert caught.value.type == "modelLoadFailed"


def test_an_instruction_and_a_transcript_have_a_limit_too(server: Sidecar, golden: Path) -> None:
    long = "Very happy. " * 400
    with pytest.raises(RpcError) as caught:
        server.call(
            "speech/synthesize",
            {"text": "a", "model": str(golden / "custom_voice"), "instruct": long},
        )
    assert (caught.value.type, caught.value.data["field"]) == ("textTooLong", "instruct")
    reference = {"audio": wav(sound()), "text": long}
    with pytest.raises(RpcError) as caught:
        server.call(
            "speech/synthesize",
            {"text": "a", "model": str(golden / "base"), "reference": reference},
        )
    assert (caught.value.type, caught.value.data["field"]) == ("textTooLong", "reference.text")


def test_an_error_does_not_repeat_a_huge_name(server: Sidecar) -> None:
    with pytest.raises(RpcError) as caught:
        server.call("speech/synthesize", {"text": "a", "voice": "x" * 1_000_000})
    assert caught.value.type == "unknownVoice"
    assert len(caught.value.message) < 2000


@pytest.mark.parametrize(
    ("reference", "code"),
    [
        ({"path": "/nowhere/reference.wav"}, 1005),
        ({"audio": base64.b64encode(b"noise").decode()}, 1005),
        ({"audio": "not base64!"}, -32602),
        ({"path": "/x.wav", "audio": ""}, -32602),
        (None, -32602),
    ],
)
def test_bad_references_for_a_model_that_clones(
    server: Sidecar, golden: Path, reference: Any, code: int
) -> None:
    with pytest.raises(RpcError) as caught:
        server.call(
            "speech/synthesize",
            {"text": "a", "model": str(golden / "base"), "reference": reference},
        )
    assert caught.value.code == code


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"nonsense", b'{"a": "\xff"}', b'{"a":' * 100_000 + b"1" + b"}" * 100_000],
    ids=["empty", "cut", "words", "bad-utf8", "deep"],
)
def test_a_framed_body_that_is_not_json_is_answered_and_survived(
    server: Sidecar, body: bytes
) -> None:
    server.send_raw(frame(body))
    message = server.next_message()
    assert message is not None
    assert message["id"] is None
    assert message["error"]["code"] == -32700
    assert server.call("ping")["uptimeMs"] > 0


def test_deep_params_are_refused_with_their_id(server: Sidecar) -> None:
    deep = b'{"jsonrpc":"2.0","id":"deep","method":"ping","params":{"a":' + b"[" * 100_000
    server.send_raw(frame(deep + b"]" * 100_000 + b"}}"))
    message = server.next_message()
    assert message is not None
    assert message["error"]["code"] in (-32700, -32602)
    assert server.call("ping")["uptimeMs"] > 0


@pytest.mark.parametrize("body", [b"[]", b"1", b'{"jsonrpc": "1.0", "id": 5, "method": "ping"}'])
def test_json_that_is_no_request_is_invalid(server: Sidecar, body: bytes) -> None:
    server.send_raw(frame(body))
    message = server.next_message()
    assert message is not None
    assert message["error"]["code"] == -32600
    assert message["id"] == json.loads(body)["id"] if b"id" in body else message["id"] is None


@pytest.mark.parametrize(
    "stream",
    [
        b"Content-Length: -5\r\n\r\n",
        b"Content-Length: five\r\n\r\n",
        b"Content-Length: 999999999999\r\n\r\n",
        b"Content-Type: x\r\n\r\n{}",
        b'{"jsonrpc": "2.0", "id": 1, "method": "ping"}\n',
    ],
)
def test_a_stream_that_cannot_be_followed_ends_with_exit_code_76(stream: bytes) -> None:
    with sidecar() as fresh:
        fresh.send_raw(stream)
        assert fresh.wait_exit()[0] == 76
        assert fresh.rest() == []
        errors = [line for line in fresh.whole_log().splitlines() if "ERROR" in line]
        assert len(errors) == 1
        assert "cannot follow stdin" in errors[0]
