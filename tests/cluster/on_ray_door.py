"""OpenAI's HTTP API behind Serve: what the parts of Ray between a client and a replica change."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx2 as httpx
import psutil
import pytest

from tests.cluster.running import IS_LONG, KEY, REQUIREMENTS, ROOT, Cluster, eventually, settings
from tests.support.installing import python

HELLO = {"model": "tts-1", "voice": "alloy", "input": "Hello there.", "response_format": "pcm"}
SENTENCE = "The river was quiet in the morning, and nobody had opened the window. "
LONG = SENTENCE * 50
_SECONDS = 90.0
_MB = 1 << 20


@contextmanager
def client(cluster: Cluster) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {KEY}"}
    with httpx.Client(
        base_url=f"http://{cluster.address}", headers=headers, timeout=60, trust_env=False
    ) as http:
        yield http


def test_openai_api_speaks_what_one_process_says(cluster: Cluster) -> None:
    with client(cluster) as http:
        spoken = http.post("/v1/audio/speech", json={**HELLO, "seed": 3})
        again = http.post("/v1/audio/speech", json={**HELLO, "seed": 3, "stream_format": "sse"})
        wrong = http.post("/v1/audio/speech", json={**HELLO, "voice": "nobody"})
        files = {
            name: http.post("/v1/audio/speech", json={**HELLO, "response_format": name}).content
            for name in ("mp3", "opus", "flac", "wav")
        }
        stranger = http.get("/v1/models", headers={"Authorization": "Bearer wrong"})
        ready = http.get("/health/ready")
    assert spoken.headers["x-request-id"]
    assert len(spoken.content) > 24000
    lines = [line.removeprefix("data: ") for line in again.text.split("\n\n") if line]
    events = [json.loads(line) for line in lines]
    assert events[-1]["type"] == "speech.audio.done"
    assert events[-1]["result"]["samples"] * 2 == len(spoken.content)
    starts = {"mp3": b"\xff", "opus": b"OggS", "flac": b"fLaC", "wav": b"RIFF"}
    assert all(files[name].startswith(start) for name, start in starts.items())
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (400, "unknown_voice")
    assert (stranger.status_code, ready.status_code) == (401, 200)


def test_a_full_queue_is_a_429_and_leaving_makes_room(cluster: Cluster) -> None:
    limits = {"maxStreams": 2}
    cluster.run("/full", settings("full", limits=limits))
    try:
        with client(cluster) as http:
            body = {**HELLO, "input": SENTENCE * 20}
            first, second = (_open(http, "/full/v1/audio/speech", body) for _ in range(2))
            full = http.post("/full/v1/audio/speech", json=HELLO)
            assert (full.status_code, full.json()["error"]["code"]) == (429, "queue_full")
            assert int(full.headers["retry-after"]) >= 1
            first.close()
            eventually(
                lambda: http.post("/full/v1/audio/speech", json=HELLO).status_code == 200, _SECONDS
            )
            second.close()
    finally:
        cluster.delete("full")


@pytest.mark.parametrize("victim", ["sidecar", "replica"])
def test_a_death_cuts_the_body_and_strength_comes_back(cluster: Cluster, victim: str) -> None:
    cluster.run("/mortal", settings("mortal"))
    try:
        with client(cluster) as http:
            (replica,) = cluster.replicas("mortal")
            (child,) = replica.children()
            response = _open(http, "/mortal/v1/audio/speech", {**HELLO, "input": SENTENCE * 20})
            pieces = response.iter_raw()
            next(pieces)
            (child if victim == "sidecar" else replica).kill()
            with pytest.raises(httpx.HTTPError):  # The chunked body has no end.
                list(pieces)
            response.close()
            began = time.monotonic()
            eventually(lambda: _status(http, "/mortal/v1/audio/speech") == 200, _SECONDS)
            print(f"{victim} killed: it speaks again after {time.monotonic() - began:.1f} s")
        gone = psutil.STATUS_ZOMBIE
        eventually(lambda: not child.is_running() or child.status() == gone, _SECONDS)
    finally:
        cluster.delete("mortal")


def test_clients_that_read_nothing_cost_what_is_stated(cluster: Cluster) -> None:
    """By docs/cluster.md, a stream costs its time and the lead, at the rate of its format.

    The speech comes from a server that is faster than any GPU: without the pace, all of it would be
    in Ray's memory, or on the disk, within seconds.
    """
    streams, seconds, lead = 8, (60 if IS_LONG else 5), 10
    with fast_server() as url, client(cluster) as http:
        backend = {"openai": {"baseUrl": url, "model": "m", "voices": []}}
        cluster.run("/fast", settings("fast", backend=backend))
        try:
            path = "/fast/v1/audio/speech"
            assert _status(http, path) == 200
            before = cluster.memory()
            opened = [_open(http, path, {**HELLO, "input": LONG}) for _ in range(streams)]
            threading.Event().wait(seconds)
            grown = cluster.memory() - before
            for response in opened:
                response.close()
        finally:
            cluster.delete("fast")
    stated = streams * (seconds + lead + 1) * 48_000
    print(
        f"{streams} streams unread for {seconds} s: {grown / _MB:.1f} MB, {stated / _MB:.1f} stated"
    )
    # The replica's HTTP client reads ahead of the speech, some 5 MB a stream whatever the time, and
    # the first streams take 35 MB once. All of the audio is 346 MB.
    assert grown < stated + (streams * 6 + 48) * _MB
    assert cluster.spilled() == []


@contextmanager
def fast_server() -> Iterator[str]:
    """Serve OpenAI's speech API: 15 minutes of noise for a long text, a second for another one."""
    noise = os.urandom(48_000)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(b'{"data": []}')

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            with suppress(OSError):  # The client has left.
                self._answer(*[noise] * (900 if body["input"] == LONG else 1))

        def log_message(self, format: str, *args: Any) -> None: ...

        def _answer(self, *pieces: bytes) -> None:
            self.send_response(200)
            self.send_header("content-length", str(sum(map(len, pieces))))
            self.end_headers()
            for piece in pieces:
                self.wfile.write(piece)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


def test_doctor_lists_the_port_that_each_replica_opens(cluster: Cluster) -> None:
    paths = os.pathsep.join(str(ROOT / part) for part in ("cluster", "clients/python"))
    done = subprocess.run(
        [python(REQUIREMENTS), "-m", "qwen_tts_cluster.main", "doctor", "--json"],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        timeout=120,
        check=False,
    )
    findings: list[dict[str, Any]] = json.loads(done.stdout)
    faults = [f["text"] for f in findings if (f["topic"], f["level"]) == ("ports", "fault")]
    replicas = [text for text in faults if text.startswith("ray::ServeReplica:speech")]
    assert len(replicas) == 2, faults
    assert all(" listens on :: port " in text for text in replicas)


def _open(http: httpx.Client, path: str, body: dict[str, Any]) -> httpx.Response:
    """Return a response whose headers have come, and of whose body nothing is read."""
    request = http.build_request("POST", path, json=body)
    response = http.send(request, stream=True)
    assert response.status_code == 200
    return response


def _status(http: httpx.Client, path: str) -> int:
    try:
        return http.post(path, json=HELLO).status_code
    except httpx.HTTPError:
        return 0
