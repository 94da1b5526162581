"""What OpenAI's API of a replica answers, by a backend of the test."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx2 as httpx
import pytest
from qwen_tts_cluster.errors import SpeechError
from qwen_tts_cluster.observing import instruments

from tests.cluster.door.serving import HELLO, RATE, Door, FakeBackend, door
from tests.support.processes import eventually


@pytest.fixture(scope="module")
def fake() -> FakeBackend:
    return FakeBackend()


@pytest.fixture(scope="module")
def shared(fake: FakeBackend) -> Iterator[Door]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QWEN_TTS_CLUSTER_KEY", "a-key.of~these_tests")
        http = {
            "voices": {"Narrator": "rms"},
            "models": {"mine": "tiny-voice"},
            "maxCharacters": 60,
        }
        access = {"origins": ["http://page.example"]}
        with door(fake, http=http, access=access, models=["tiny-voice"]) as opened:
            yield opened


def refusal(response: httpx.Response) -> list[Any]:
    """Return status, type, param and code of an error in OpenAI's form."""
    error = response.json()["error"]
    assert isinstance(error["message"], str)
    assert set(error) == {"message", "type", "param", "code"}
    return [response.status_code, error["type"], error["param"], error["code"]]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"input": 1}, [400, "input", None]),
        ({"model": None}, [400, "model", None]),
        ({"voice": 7}, [400, "voice", None]),
        ({"voice": {"name": "slt"}}, [400, "voice", None]),
        ({"input": "a" * 61}, [400, "input", "text_too_long"]),
        ({"response_format": "aac"}, [400, "response_format", "unsupported_format"]),
        ({"response_format": ["mp3"]}, [400, "response_format", "unsupported_format"]),
        ({"stream_format": "smoke"}, [400, "stream_format", None]),
        ({"timing": "word"}, [400, "timing", None]),
        ({"timing": "syllable", "stream_format": "sse"}, [400, "timing", None]),
        ({"instructions": 3}, [400, "instructions", None]),
        ({"model": "nonesuch"}, [404, "model", "model_not_found"]),
    ],
)
def test_a_wrong_request_is_refused(
    shared: Door, body: dict[str, Any], expected: list[Any]
) -> None:
    status, param, code = expected
    assert refusal(shared.ask(body)) == [status, "invalid_request_error", param, code]


@pytest.mark.parametrize(
    ("kind", "status", "code", "retries"),
    [
        ("queueFull", 429, "queue_full", True),
        ("rateLimited", 429, "rate_limited", True),
        ("unknownVoice", 400, "unknown_voice", False),
        ("unknownModel", 404, "model_not_found", False),
        ("shuttingDown", 503, "shutting_down", True),
        ("sidecarExited", 503, "sidecar_unavailable", True),
        ("outOfMemory", 503, "out_of_memory", True),
        ("generationFailed", 500, "generation_failed", False),
        ("textTooLong", 400, "text_too_long", False),
    ],
)
def test_what_the_backend_refuses_has_a_status(
    shared: Door, fake: FakeBackend, kind: str, status: int, code: str, retries: bool
) -> None:
    fake.error, fake.error_after = SpeechError(kind, "The `text` is bad.", field="text"), 0
    try:
        response = shared.ask()
    finally:
        fake.error = None
    found = refusal(response)
    assert (found[0], found[2], found[3]) == (status, "input", code)
    assert "`input` is bad" in response.json()["error"]["message"]
    assert ("retry-after" in response.headers) == retries


def test_bodies_that_are_no_json_are_refused(shared: Door) -> None:
    def post(content: bytes, kind: str) -> int:
        headers = {"content-type": kind}
        return shared.http.post("/v1/audio/speech", content=content, headers=headers).status_code

    assert post(b"{}", "text/plain") == 400
    for content in (b"{", b"[]", b"\xff", b""):
        assert post(content, "application/json") == 400
    assert post(b'"' + b"a" * 2**23 + b'"', "application/json") == 413
    assert post(b"\xef\xbb\xbf" + json.dumps(HELLO).encode(), "application/json") == 200


def test_names_of_clients_are_mapped(shared: Door, fake: FakeBackend) -> None:
    for asked, model, voice in [
        ({"voice": "narrator"}, None, "rms"),
        ({"voice": {"id": "NOVA"}, "model": "mine"}, "tiny-voice", "slt"),
        ({"voice": "onyx", "model": "tts-1-hd-1106"}, None, "rms"),
        ({"voice": "somebody"}, None, "somebody"),
        ({"voice": ""}, None, None),
    ]:
        assert shared.ask(asked).status_code == 200
        assert (fake.asked[-1].model, fake.asked[-1].voice) == (model, voice)


def test_lists(shared: Door) -> None:
    models = shared.http.get("/v1/models").json()["data"]
    assert [model["id"] for model in models[:3]] == ["tiny-voice", "mine", "tts-1"]
    assert models[1]["state"] == "loaded"
    listed = shared.http.get("/v1/audio/models").json()
    assert listed["models"][0] == {"id": "tiny-voice", "name": "tiny-voice"}
    assert shared.http.get("/v1/models/tts-1-hd").json()["id"] == "tts-1-hd"
    assert refusal(shared.http.get("/v1/models/no/such"))[::3] == [404, "model_not_found"]
    voices = shared.http.get("/v1/audio/voices", params={"model": "mine"}).json()
    assert voices["data"] == voices["voices"]
    by_name = {voice["id"]: voice.get("alias_of") for voice in voices["data"]}
    assert (by_name["slt"], by_name["Narrator"], by_name["nova"]) == (None, "rms", "slt")


def test_paths_and_methods(shared: Door) -> None:
    for path in ("/health/", "/v1/models/", "//v1/models", "/v1//models", "/v1//audio/voices/"):
        assert shared.http.get(shared.url + path).status_code == 200, path
    for path in ("//", "//health", "//evil.example/v1/models", "///v1/models"):
        assert refusal(shared.http.get(shared.url + path))[0] == 400, path
    for path in ("/", "/v1", "/v1/audio", "/v2"):
        assert refusal(shared.http.get(path))[::3] == [404, "unknown_url"], path
    for method, path, allow in [
        ("GET", "/v1/audio/speech", "POST, OPTIONS"),
        ("DELETE", "/v1/models/tiny-voice", "GET, HEAD, OPTIONS"),
        ("PUT", "/health", "GET, HEAD, OPTIONS"),
    ]:
        response = shared.http.request(method, path)
        assert (response.status_code, response.headers["allow"]) == (405, allow)
        asked = shared.http.options(path)
        assert (asked.status_code, asked.headers["allow"]) == (204, allow)
    head, get = shared.http.head("/v1/models"), shared.http.get("/v1/models")
    assert head.content == b""
    assert head.headers["content-length"] == get.headers["content-length"]


def test_each_response_has_an_id(shared: Door) -> None:
    def sent(given: str) -> str:
        return shared.http.get("/v1/models", headers={"x-request-id": given}).headers[
            "x-request-id"
        ]

    assert sent("4f1c-22.b") == "4f1c-22.b"
    assert sent("a b").startswith("req_")
    assert sent("x" * 129).startswith("req_")
    assert shared.http.get("/nope").headers["x-request-id"].startswith("req_")


def test_who_may_ask(shared: Door) -> None:
    for header in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic eA=="}):
        for path in ("/v1/models", "/nonesuch"):
            response = httpx.get(shared.url + path, headers=header)
            assert refusal(response)[::3] == [401, "invalid_api_key"]
            assert response.headers["www-authenticate"] == "Bearer"
    assert httpx.get(shared.url + "/health/ready").status_code == 200


def test_pages_of_other_origins(shared: Door) -> None:
    def get(**headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return shared.http.get("/v1/models", headers=named)

    assert refusal(get(origin="http://evil.example"))[::3] == [403, "wrong_origin"]
    assert refusal(get(sec_fetch_site="cross-site"))[::3] == [403, "wrong_origin"]
    assert get(origin=shared.url).status_code == 200
    allowed = get(origin="http://page.example")
    assert allowed.headers["access-control-allow-origin"] == "http://page.example"
    assert "x-request-id" in allowed.headers["access-control-expose-headers"]
    asks = {"origin": "http://page.example", "access-control-request-method": "POST"}
    preflight = httpx.options(f"{shared.url}/v1/audio/speech", headers=asks)
    assert (preflight.status_code, preflight.headers["vary"]) == (204, preflight.headers["vary"])
    assert preflight.headers["access-control-allow-origin"] == "http://page.example"


def test_without_keys_the_name_of_the_host_counts() -> None:
    with door(FakeBackend(), access={"isOpen": True}, http={"hosts": ["tts.example"]}) as opened:
        get: Callable[[str], httpx.Response] = lambda host: httpx.get(  # noqa: E731
            f"{opened.url}/v1/models", headers={"host": host}
        )
        assert refusal(get("evil.example"))[::3] == [403, "wrong_host"]
        assert refusal(get("a b"))[0] == 400
        for host in ("localhost:1", "[::1]", "TTS.example:80"):
            assert get(host).status_code == 200


def test_events(shared: Door) -> None:
    lines = shared.ask({"stream_format": "sse"}).text.split("\n\n")
    events = [json.loads(line.removeprefix("data: ")) for line in lines if line]
    deltas = [event for event in events if event["type"] == "speech.audio.delta"]
    assert [event["seq"] for event in deltas] == list(range(20))
    assert sum(event["samples"] for event in deltas) == 2 * RATE
    assert events[-1]["type"] == "speech.audio.done"


def test_an_error_on_the_way_cuts_the_body(shared: Door, fake: FakeBackend) -> None:
    fake.error, fake.error_after = SpeechError("sidecarExited", "It has ended."), 3
    try:
        with pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
            shared.ask()
        last = shared.ask({"stream_format": "sse"}).text.split("\n\n")[-2]
    finally:
        fake.error = None
    error = json.loads(last.removeprefix("data: "))["error"]
    assert (error["type"], error["code"]) == ("server_error", "sidecar_unavailable")


def test_metrics(shared: Door, fake: FakeBackend) -> None:
    def counted(outcome: str) -> float:
        return shared.recorded.value(instruments.REQUESTS, door="openai", outcome=outcome)

    def heard() -> float:
        return shared.recorded.value(instruments.AUDIO, door="openai")

    spoken, failed, audio = counted("ok"), counted("outOfMemory"), heard()
    shared.ask()
    eventually("it is counted", lambda: heard() == pytest.approx(audio + 2))
    assert counted("ok") == spoken + 1
    fake.error, fake.error_after = SpeechError("outOfMemory", "There is no memory."), 0
    try:
        shared.ask()
    finally:
        fake.error = None
    assert counted("outOfMemory") == failed + 1
    assert shared.recorded.value(instruments.STREAMS, door="openai") == 0
    assert shared.recorded.samples(instruments.FIRST_AUDIO, door="openai") >= 1


def test_a_full_replica_answers_429() -> None:
    fake = FakeBackend()
    with door(fake, limits={"maxStreams": 1, "maxCreditMs": 1000}) as opened:
        with opened.http.stream("POST", "/v1/audio/speech", json={**HELLO, "input": "a" * 900}):
            full = opened.ask()
            assert refusal(full) == [429, "rate_limit_error", None, "queue_full"]
            assert int(full.headers["retry-after"]) >= 1
        eventually("the other one has ended", lambda: fake.ended == 1)
        assert opened.ask().status_code == 200


def test_leaving_ends_the_speech() -> None:
    fake = FakeBackend(holds=True)
    with door(fake) as opened:
        with pytest.raises(httpx.ReadTimeout):  # before the first audio
            opened.ask(timeout=0.2)
        eventually("it has ended", lambda: fake.ended == 1)
        fake.holds = False
        with opened.http.stream("POST", "/v1/audio/speech", json={**HELLO, "input": "a" * 900}):
            pass  # after the first audio
        eventually("it has ended", lambda: fake.ended == 2)
        cancelled = {"door": "openai", "outcome": "cancelled"}
        eventually(
            "it is counted", lambda: opened.recorded.value(instruments.REQUESTS, **cancelled) == 2
        )


def test_audio_is_sent_at_the_pace_of_its_player() -> None:
    fake = FakeBackend()
    with door(fake, limits={"maxCreditMs": 2000}) as opened:
        started_at = time.monotonic()
        with opened.http.stream(
            "POST", "/v1/audio/speech", json={**HELLO, "input": "a" * 900}
        ) as response:
            received = 0
            for piece in response.iter_raw():
                received += len(piece)
                if received >= 2.5 * RATE * 2:
                    break
            passed = time.monotonic() - started_at
            # Two seconds come at once, and the rest when it is heard.
            assert passed > 0.3
            assert fake.generated <= (passed + 2) * 10 + 3


def test_a_replica_that_goes_is_not_ready() -> None:
    with door(FakeBackend()) as opened:
        assert opened.http.get("/health/ready").status_code == 200
        opened.service.draining.set()
        assert refusal(opened.http.get("/health/ready"))[::3] == [503, "shutting_down"]
        assert opened.ask().status_code == 200
