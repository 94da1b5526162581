"""The bridge between many connections and one sidecar, as processes.

That the bytes are those of stdio is a test of each client: `test_bridged` and `websocket`.
"""

from __future__ import annotations

import json
import os
import queue
import random
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.clients.bridge.running import TOKEN, Bridge, Client, bridge, dial
from tests.support.harness import TIMEOUT, RpcError

TEXT = "One two three. Four five six seven."
LONG = "Nobody is going to listen to all of this text here. " * 8
linux = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads Linux's /proc")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bridge]:
    """Yield a bridge with small limits, whose sidecar a test may kill."""
    limits = ["--max-requests", "9", "--max-connections", "3", "--max-credit-ms", "500"]
    voices = str(tmp_path_factory.mktemp("voices"))
    with bridge(
        *limits, "--allow-origin", "https://good.example", "--", "--voices-dir", voices
    ) as running:
        yield running


def eventually(client: Client, what: str, is_so: Any) -> None:
    """Ask for the status until it is as expected."""
    end = time.monotonic() + TIMEOUT
    while not is_so(status := client.call("server/status")):
        assert time.monotonic() < end, f"not in time: {what}: {status}"
        time.sleep(0.02)


def resident(process: int) -> int:
    """Return the bytes of memory that a process has."""
    pages = Path(f"/proc/{process}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def test_the_end_of_a_connection_cancels_what_it_asked_for(shared: Bridge) -> None:
    with Client(shared.address) as other:
        with Client(shared.address) as client:
            client.speak("Well, ", token=1, moreText=True)
            for token in (2, 3):
                client.speak(LONG, token=token, creditMs=500)
            eventually(other, "both are spoken", lambda status: len(status["streams"]) == 2)
        eventually(other, "nothing is spoken", lambda status: not status["streams"])
        # A connection that is cut has the same effect as one that is closed.
        cut = Client(shared.address).__enter__()
        cut.speak(LONG, creditMs=500)
        eventually(other, "it is spoken", lambda status: len(status["streams"]) == 1)
        cut.socket.socket.shutdown(socket.SHUT_RDWR)
        eventually(other, "it is spoken no longer", lambda status: not status["streams"])


def test_files_of_the_machine_are_not_opened_for_a_client(shared: Bridge, tmp_path: Path) -> None:
    with Client(shared.address) as client:
        for method in ("speech/synthesize", "voice/create"):
            params = {"text": "Hi.", "reference": {"path": str(tmp_path)}}
            with pytest.raises(RpcError) as refused:
                client.call(method, params)
            assert refused.value.data == {
                "type": "invalidParams",
                "field": "reference.path",
                "hint": "Send the recording as `reference.audio`, or start the server with "
                "--allow-paths.",
            }


def test_numbers_out_of_range_and_odd_grants_concern_one_request(shared: Bridge) -> None:
    speech = {"text": "Hi.", "partialResultToken": 1, "maxFrames": 2}
    with Client(shared.address) as client:
        with pytest.raises(RpcError) as refused:
            client.call("speech/synthesize", {**speech, "creditMs": 10**400})
        assert refused.value.code == -32602
        id = client.request("speech/synthesize", {**speech, "creditMs": 0})
        for ms in (-5, True, "5", None, 10**400, 1e308, 1e308):
            client.notify("speech/grantCredit", {"token": 1, "ms": ms})
        assert client.wait(id)["frames"] == 2


def test_a_message_may_come_in_any_number_of_fragments(shared: Bridge) -> None:
    with Client(shared.address) as client:
        ping = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "ping"})
        client.socket.send([*ping, *[""] * 10_000])
        assert client.wait(1)["uptimeMs"] > 0
        client.socket.send([b"a", b"b"])
        with pytest.raises(ConnectionClosed):
            client.next()
        assert client.socket.close_code == 1003


def test_the_token_is_in_no_answer_to_a_malformed_request(shared: Bridge) -> None:
    """Nor is it in the log, which `bridge` looks at."""
    upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    upgrade += "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    port = int(shared.address.rpartition(":")[2])
    for start, line in (
        ("GET / HTTP/1.1", f"Authorization: Bearer {TOKEN}\x01"),
        ("GET / HTTP/1.1", f"Authorization Bearer {TOKEN}"),
        ("GET / HTTP/1.1", f"Sec-WebSocket-Protocol: qwen-tts.v1, qwen-tts.token.{TOKEN};"),
        (f"GET /?token={TOKEN} HTTP/1.0", "Host: x"),
        (f"GET /?token={TOKEN} HTTP/1.1", "Host: x"),
    ):
        with socket.create_connection(("127.0.0.1", port), TIMEOUT) as raw:
            raw.sendall(f"{start}\r\n{line}\r\n{upgrade}\r\n".encode())
            answer = b"".join(iter(lambda: raw.recv(4096), b""))
        assert b" 101 " not in answer
        assert TOKEN.encode() not in answer


def test_an_answer_is_whole_whatever_its_fields(shared: Bridge) -> None:
    with Client(shared.address) as client:
        limits = client.call("server/status")
        assert limits["backend"] in ("cpu", "starting")
        assert client.call("model/load", {"model": "tiny-voice", "workDoneToken": "t"})["voices"]
        stages = [m["params"]["value"]["stage"] for m in client.others() if "params" in m]
        assert "resolving" in stages
        with pytest.raises(RpcError) as refused:
            client.call("speech/synthesize", {"text": 5, "partialResultToken": 1, "creditMs": 1})
        assert (refused.value.code, refused.value.data["field"]) == (-32602, "text")


def test_only_so_many_connections_and_requests(small: Bridge) -> None:
    with Client(small.address) as client, Client(small.address) as other, Client(small.address):
        with pytest.raises(InvalidStatus) as refused:
            dial(small.address)
        assert refused.value.response.status_code == 503
        # Of the nine, more than the sidecar speaks at a time, none has credit: others go on.
        stalled = [client.speak(TEXT, token=n, creditMs=0, maxFrames=2) for n in range(9)]
        with pytest.raises(RpcError) as full:
            client.call("ping")
        assert full.value.data["type"] == "queueFull"
        assert other.wait(other.speak(TEXT, seed=7, maxFrames=9))["frames"] == 9
        for token in range(9):
            client.notify("speech/grantCredit", {"token": token, "ms": 1000})
        assert {client.wait(id)["frames"] for id in stalled} == {2}
    dial(small.address, origin="https://good.example").close()


def test_credit_beyond_the_limit_is_used_as_audio_leaves(small: Bridge) -> None:
    """The bridge uses half a second at a time of the minute that the client grants."""
    with Client(small.address) as client:
        result = client.wait(client.speak(LONG, seed=7, maxFrames=40))
        assert result["frames"] == 40
        assert len(client.audio()) == 2 * result["samples"]


@linux
def test_a_sidecar_that_is_killed_is_replaced_and_the_connections_stay(small: Bridge) -> None:
    with Client(small.address) as one, Client(small.address) as two:
        open_requests = [
            (one, one.speak(LONG, token=1, creditMs=500)),
            (one, one.speak("Well, ", token=2, moreText=True)),
            (two, two.speak(LONG, token=1, creditMs=500)),
        ]
        eventually(two, "both are spoken", lambda status: len(status["streams"]) == 2)
        os.kill(small.sidecar(), signal.SIGKILL)
        for client, id in open_requests:
            with pytest.raises(RpcError) as error:
                client.wait(id)
            assert (error.value.code, error.value.data["type"]) == (1018, "sidecarExited")
        # What is sent while there is no sidecar waits for the next one.
        assert two.wait(two.speak("Hello there.", token=1, seed=3))["samples"] == 23040
        assert one.call("ping")["uptimeMs"] >= 0


@linux
@pytest.mark.hosts  # it floods for seconds
def test_what_the_sidecar_does_not_take_is_not_read_from_a_client(small: Bridge) -> None:
    with Client(small.address) as client:
        id = client.speak("Well, ", moreText=True, creditMs=0)
        assert client.call("ping")
        text = {"token": 1, "text": "a " * 2**19}
        before, sidecar = resident(small.process.pid), small.sidecar()
        flood = threading.Thread(
            target=lambda: [client.notify("speech/appendText", text) for _ in range(60)]
        )
        os.kill(sidecar, signal.SIGSTOP)
        try:
            flood.start()
            flood.join(1)
            growth = resident(small.process.pid) - before
        finally:
            os.kill(sidecar, signal.SIGCONT)
        flood.join(TIMEOUT)
        assert not flood.is_alive()
        assert growth < 24 * 2**20
        with pytest.raises(RpcError):  # of so much text
            client.wait(id)
        assert client.call("ping")


# --- many requests ---------------------------------------------------------------------------


def storm(address: str, connections: int, requests: int, seed: int) -> Counter[str]:
    """Send requests from many connections, cancel some, and return how they ended.

    Each connection has two in flight, so that the sidecar's own queue is not full. Every request is
    answered once, under its own id, after all of its own audio.
    """
    ends: queue.SimpleQueue[Counter[str] | BaseException] = queue.SimpleQueue()

    def one(number: int) -> None:
        try:
            ends.put(_talk(address, requests, random.Random(f"{seed}:{number}")))
        except BaseException as error:
            ends.put(error)

    threads = [threading.Thread(target=one, args=(n,), daemon=True) for n in range(connections)]
    for thread in threads:
        thread.start()
    total: Counter[str] = Counter()
    for _ in threads:
        end = ends.get(timeout=20 * TIMEOUT)
        if isinstance(end, BaseException):
            raise end
        total += end
    return total


def _talk(address: str, requests: int, chance: random.Random) -> Counter[str]:
    ends: Counter[str] = Counter()
    samples: dict[int, int] = {}
    todo, in_flight = list(range(1, requests + 1)), set[int]()
    with Client(address) as client:
        while todo or in_flight:
            while todo and len(in_flight) < 2:
                id = todo.pop()
                frames = chance.randint(1, 6)
                params = {"text": "Hello there.", "maxFrames": frames, "creditMs": 5000}
                params["partialResultToken"] = id
                client.send({"id": id, "method": "speech/synthesize", "params": params})
                in_flight.add(id)
                if chance.random() < 0.3:
                    client.notify("$/cancelRequest", {"id": id})
            message = client.next()
            if "audio" in message:
                token = message["audio"]["token"]
                assert token in in_flight, "audio after the answer, or of another connection"
                samples[token] = samples.get(token, 0) + message["audio"]["samples"]
                if chance.random() < 0.1:
                    client.notify("$/cancelRequest", {"id": token})
            elif "method" not in message:
                in_flight.remove(message["id"])  # once
                if "result" in message:
                    assert samples[message["id"]] == message["result"]["samples"]
                    ends["result"] += 1
                else:
                    ends[message["error"]["data"]["type"]] += 1
        client.call("ping")
        assert client.others() == []
    return ends


def test_many_requests_are_each_answered_once(shared: Bridge) -> None:
    ends = storm(shared.address, connections=5, requests=8, seed=1)
    assert ends["result"] + ends["cancelled"] == 40
    assert min(ends["result"], ends["cancelled"]) > 3


@pytest.mark.hosts
@pytest.mark.timeout(1800)
def test_a_thousand_requests_of_32_connections_are_each_answered_once(shared: Bridge) -> None:
    ends = storm(shared.address, connections=32, requests=32, seed=2)
    assert ends["result"] + ends["cancelled"] == 1024, ends


@linux
@pytest.mark.hosts
@pytest.mark.timeout(900)
def test_clients_that_read_nothing_for_a_minute_cost_a_bounded_amount(tmp_path: Path) -> None:
    """One grants everything and never reads its socket; the other never renews its second.

    Of the bridge's memory, 4 × (5 s of credit and a chunk of 0.96 s) × 192 kB are the first one's.
    """
    heavy: dict[str, Any] = {"sampleRate": 48000, "encoding": "pcm_f32le"}
    with (
        bridge("--max-credit-ms", "5000", "--", "--voices-dir", str(tmp_path)) as running,
        Client(running.address) as other,
    ):
        warm = [other.speak(LONG, token=n, maxFrames=60, **heavy) for n in range(7)]
        assert {other.wait(id)["frames"] for id in warm} == {60}
        other.others()
        with Client(running.address) as sleeper, Client(running.address) as miser:
            processes = running.process.pid, running.sidecar()
            before = [*map(resident, processes)]
            for token in range(4):
                sleeper.speak(LONG * 20, token=token, **heavy)
                sleeper.notify("speech/grantCredit", {"token": token, "ms": 100_000_000})
            for token in range(2):
                miser.speak(LONG * 20, token=token, creditMs=1000, **heavy)
            end = time.monotonic() + 60
            spoken, most = 0, before
            while time.monotonic() < end:
                assert other.wait(other.speak(TEXT, token=9, seed=7))["finishReason"] == "stop"
                other.others()
                spoken += 1
                most = [*map(max, most, map(resident, processes))]
            growth = [(now - then) / 2**20 for now, then in zip(most, before, strict=True)]
            print(f"{spoken} others were spoken; bridge and sidecar grew by {growth} MiB")
            assert spoken > 3
            assert growth[0] < 16
            assert growth[1] < 64


@pytest.mark.hosts
def test_a_connection_without_initialize_is_closed(shared: Bridge) -> None:
    client = Client(shared.address)
    with pytest.raises(ConnectionClosed):
        client.next()
    assert client.socket.close_code == 1008
