"""Models, voices and the status; messages that are too long; the synchronous face."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable
from typing import Any

import msgspec
import pytest

from client_tests.support import COMMAND, LONG, Events, fails, fake
from qwen_tts_client import (
    Sidecar,
    SidecarCancelledError,
    SidecarClosedError,
    SidecarError,
    SidecarResponseError,
)
from qwen_tts_client.outgoing import encode_message, to_wire
from qwen_tts_client.protocol import LoadProgress, ModelEntry, VoiceListResult

MIB = 1024 * 1024


async def refusal(work: Awaitable[object]) -> SidecarResponseError:
    error = await fails(work, SidecarResponseError)
    assert isinstance(error, SidecarResponseError)
    return error


async def test_models_and_voices_are_listed(tts: Sidecar) -> None:
    (tiny,) = [entry for entry in await tts.models.list() if entry.model == "tiny-voice"]
    assert isinstance(tiny, ModelEntry)
    assert tiny.abilities == ["presets", "textStreaming", "batching", "seed"]
    assert [entry.voice for entry in await tts.voices.list()] == ["slt", "rms"]
    assert await tts.voices.list("tiny-voice") == await tts.voices.list()
    assert (await tts.models.listing()).free_bytes > 0
    assert (await refusal(tts.voices.list("nonesuch"))).type == "unknownModel"
    assert (await refusal(tts.voices.delete("nobody's"))).type == "unknownVoice"
    assert (await refusal(tts.models.unload("nonesuch"))).type == "unknownModel"
    assert (await refusal(tts.models.delete("tiny-voice"))).type == "unsupported"


async def test_a_model_is_loaded_with_its_stages(tts: Sidecar) -> None:
    stages: list[LoadProgress] = []
    loaded = await tts.models.load("tiny-voice", on_progress=stages.append)
    assert loaded.sample_rate == 24000
    assert stages[0].stage == "resolving"
    error = await refusal(tts.models.load("owner/name@v1", revision="v1"))
    assert (error.type, error.field) == ("invalidParams", "revision")


async def test_the_status_is_returned(tts: Sidecar) -> None:
    assert (await tts.ping()).uptime_ms > 0
    assert (await tts.status()).backend == "cpu"
    assert tts.server_info.name == "qwen-tts-sidecar"
    assert "speech/synthesize" in tts.capabilities.methods
    with pytest.raises(SidecarError):
        _ = Sidecar("anything").capabilities


# --- messages that are too long --------------------------------------------------------------


async def test_a_message_that_is_too_long_is_refused_before_it_is_sent(
    tts: Sidecar, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = asyncio.ensure_future(tts.synthesize(LONG, seed=1, max_frames=8).read())
    monkeypatch.setattr(await tts.connection(), "max_message_bytes", 5000)
    text = "Hello. " * 1000
    recording: Any = {"reference": {"audio": bytes(5000), "text": "Nothing at all."}}
    for work, field in (
        (tts.synthesize("Hi.", **recording).final(), "reference.audio"),
        (tts.voices.create("mine", model="tiny-voice", **recording), "reference.audio"),
        (tts.synthesize(text).read(), "text"),
        (tts.synthesize_text(["One. ", text]).final(), "text"),
        (tts.voices.delete(text), "voice"),
    ):
        error = await refusal(work)
        assert (error.type, error.code, error.field) == ("messageTooLong", -32600, field)
    assert len(await other) > 3
    assert not (await tts.status()).streams


async def test_the_limit_is_the_sidecars(tts: Sidecar) -> None:
    assert (await tts.connection()).max_message_bytes == 16 * MIB
    async with fake("small") as tts:
        for name in ("\u0001" * 1000, "€" * 1700):  # Six bytes each as JSON, and three.
            error = await refusal(tts.voices.delete(name))
            assert "whose limit is 5000; the largest field is voice of voice/delete" in str(error)
        await tts.voices.delete("€" * 1600)
        await tts.ping()


def test_a_listing_has_preset_and_saved_voices() -> None:
    voices = [{"voice": kind, "kind": kind, "model": "m"} for kind in ("preset", "saved")]
    listing = msgspec.convert({"voices": voices}, VoiceListResult)
    assert [entry.kind for entry in listing.voices] == ["preset", "saved"]


def test_a_message_may_be_exactly_as_long_as_the_limit() -> None:
    message = {"id": 1, "method": "voice/delete", "params": {"voice": "x"}}
    size = len(encode_message(message, 1000))
    assert len(encode_message(message, size)) == size
    with pytest.raises(SidecarResponseError) as caught:
        encode_message(message, size - 1)
    data = caught.value.data
    assert (data.message_bytes, data.limit_bytes, data.field) == (size, size - 1, "voice")


@pytest.mark.parametrize(
    ("reference", "field"),
    [
        ({"audio": "x", "text": "y"}, "instruct"),
        ({"audio": bytes(12), "text": "thirteen char"}, "reference.audio"),
        ({"path": "a path of twenty char"}, "reference.path"),
    ],
)
def test_the_largest_field_is_named(reference: dict[str, Any], field: str) -> None:
    params = {"text": "four", "instruct": "eleven chars", "reference": reference}
    with pytest.raises(SidecarResponseError) as caught:
        encode_message({"method": "speech/synthesize", "params": params}, 10)
    assert caught.value.field == field


def test_params_get_the_protocols_names_and_bytes_become_base64() -> None:
    params = to_wire({"text_mode": "full", "sampling": {"top_k": 2}, "reference": {"audio": b"\1"}})
    body = encode_message({"id": 1, "method": "speech/synthesize", "params": params}, 1000)
    wire = {"textMode": "full", "sampling": {"topK": 2}, "reference": {"audio": "AQ=="}}
    assert msgspec.json.decode(body) == {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "speech/synthesize",
        "params": wire,
    }


# --- without an event loop -------------------------------------------------------------------


def test_the_synchronous_face() -> None:
    seen = Events()
    with Sidecar(COMMAND, on_exit=seen.seen.append) as tts:
        assert tts.ping().uptime_ms > 0
        assert tts.server_info.name == "qwen-tts-sidecar"
        assert [entry.voice for entry in tts.voices.list()] == ["slt", "rms"]
        stream = tts.synthesize("Hello there.", seed=3, max_frames=4)
        stream.pause()
        stream.flush()
        stream.resume()
        audio = b"".join(chunk.audio for chunk in stream)
        assert stream.final().frames == 4
        heard = stream.cancel(0.0)
        assert heard is not None
        assert heard.text == ""
        assert tts.synthesize("Hello there.", seed=3, max_frames=4).to_wav()[44:] == audio
        text = iter(["Hello ", "there."])
        assert tts.synthesize_text(text, seed=3, max_frames=4).read() == audio
        stream = tts.synthesize(LONG)
        for _ in stream:
            break
        with pytest.raises(SidecarCancelledError):
            stream.final()
        with pytest.raises(SidecarResponseError, match="nonesuch"):
            tts.models.load("nonesuch")
        left = iter(tts.synthesize(LONG))
        next(left)
    assert seen.seen[0].exit_code == 0
    del left
    with pytest.raises(SidecarClosedError):
        tts.ping()
    assert "qwen-tts-client" not in [thread.name for thread in threading.enumerate()]
    with pytest.raises(SidecarError), Sidecar("/no/such/file"):
        pass
