"""The rules of protocol/vectors/README.md for much at once, and for a reader that stalls.

The number of the rule is in the name of its test.
"""

from __future__ import annotations

import base64
import re
import time
from pathlib import Path

import pytest

from tests.protocol.speaking import LONG
from tests.support.harness import RpcError, Sidecar, frame, sidecar

HANDSHAKE = {"protocolVersion": 1, "clientInfo": {"name": "tests"}}
HELLO = frame({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": HANDSHAKE})
linux = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads Linux's /proc")


def test_rule_18_a_thousand_requests_in_one_write(server: Sidecar) -> None:
    """Eight are spoken and 64 wait; each of the others is refused, with advice."""
    ids = [f"many-{i}" for i in range(1000)]
    server.methods.update(dict.fromkeys(ids, "speech/synthesize"))
    request = {"jsonrpc": "2.0", "method": "speech/synthesize"}
    params = [{"text": "Yes.", "seed": i, "maxFrames": 1} for i in range(1000)]
    server.send_raw(
        b"".join(
            frame({**request, "id": id, "params": p}) for id, p in zip(ids, params, strict=True)
        )
    )
    answers = [server.next_message() or {} for _ in ids]
    assert sorted(answer["id"] for answer in answers) == sorted(ids)
    refused = [answer["error"] for answer in answers if "error" in answer]
    assert {(error["code"], error["data"]["type"]) for error in refused} == {(1008, "queueFull")}
    assert all("again" in error["data"]["hint"] for error in refused)
    assert len(refused) <= 1000 - 72


def test_rule_11_a_message_of_the_largest_size_is_read(server: Sidecar) -> None:
    limit = server.initialized["capabilities"]["limits"]["maxMessageBytes"]
    before, after = (
        b'{"jsonrpc":"2.0","id":"big","method":"speech/synthesize","params":{"text":"',
        b'"}}',
    )
    body = before + b"x" * (limit - len(before) - len(after)) + after
    server.methods["big"] = "speech/synthesize"
    server.send_raw(frame(body))
    with pytest.raises(RpcError) as caught:
        server.wait("big")
    assert caught.value.type == "textTooLong"
    assert len(caught.value.message) < 200


def head_of_a_long_message(id: str, length: int) -> bytes:
    """Return a header and a request's beginning; `length` bytes of text and `"}}` must follow."""
    start = b'{"jsonrpc":"2.0","id":"%b","method":"speech/synthesize","params":{"text":"' % (
        id.encode()
    )
    return b"Content-Length: %d\r\n\r\n%b" % (len(start) + length + 3, start)


def test_rule_21_a_message_over_the_limit_harms_no_stream(server: Sidecar) -> None:
    """300 MB pass during a stream, and every sample of the stream is the same as without them."""
    speech = {"seed": 5, "encoding": "pcm_f32le", "maxFrames": 80}
    alone = server.speak(LONG * 2, **speech)
    params = {"text": LONG * 2, "moreText": True, "partialResultToken": "s", **speech}
    id = server.request("speech/synthesize", params)
    megabyte = b"x" * 1_000_000
    server.send_raw(head_of_a_long_message("long", 300 * len(megabyte)))
    for _ in range(300):
        server.send_raw(megabyte)
    server.send_raw(b'"}}')
    with pytest.raises(RpcError) as caught:
        server.wait("long")
    assert (caught.value.code, caught.value.type) == (-32600, "messageTooLong")
    limit = server.initialized["capabilities"]["limits"]["maxMessageBytes"]
    assert (
        caught.value.data["limitBytes"] == limit < 300_000_000 < caught.value.data["messageBytes"]
    )
    server.notify("speech/endText", {"token": "s"})
    assert server.heard(id, "s").audio == alone.audio


@linux
def test_rule_21_a_message_over_the_limit_takes_no_memory() -> None:
    with sidecar() as server:
        server.call("model/load", {"model": "tiny-voice"})  # MLX has been imported by then
        before = memory(server)
        megabyte = b"x" * 1_000_000
        server.send_raw(head_of_a_long_message("long", 200 * len(megabyte)))
        for _ in range(199):
            server.send_raw(megabyte)
        assert memory(server) - before < 30_000_000
        server.send_raw(megabyte + b'"}}')
        with pytest.raises(RpcError, match="-32600"):
            server.wait("long")
        assert memory(server) - before < 30_000_000


# --- a reader that stalls --------------------------------------------------------------------


def memory(server: Sidecar) -> int:
    """Return the resident memory of the process in bytes."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    match = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert match
    return int(match[1]) * 1024


def computed(server: Sidecar) -> int:
    """Return the CPU time of the process in clock ticks."""
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def wait_until_idle(server: Sidecar, least: float) -> None:
    """Wait until it used almost no CPU time for a second, and at least `least` seconds passed."""
    begin = time.monotonic()
    while True:
        ticks = computed(server)
        time.sleep(1)  # nothing to wait for: that nothing happens is what is looked for
        if computed(server) - ticks <= 3 and time.monotonic() - begin >= least:
            return
        assert time.monotonic() - begin < 240, "it goes on although its output is not read"


@linux
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_rule_16_a_stalled_reader_holds_up_eight_streams_and_harms_none(server: Sidecar) -> None:
    def start(index: int) -> int:
        params = {"text": LONG * 2, "seed": index, "maxFrames": 100, "chunk": {"maxFrames": 6}}
        return server.request("speech/synthesize", {**params, "partialResultToken": index})

    alone = server.speak(LONG * 2, seed=2, maxFrames=100)
    before = memory(server)
    with server.together():
        ids = [start(index) for index in range(8)]
    server.next_progress(0)
    server.stall()
    wait_until_idle(server, 10)
    # The libraries of the normaliser are loaded meanwhile, and take 40 MB.
    assert memory(server) - before < 160_000_000
    server.notify("$/cancelRequest", {"id": ids[0]})
    ping = server.request("ping")
    server.resume()
    with pytest.raises(RpcError, match="-32800"):
        server.wait(ids[0])
    assert server.wait(ping)["uptimeMs"] > 10_000
    results = [server.wait(id) for id in ids[1:]]
    chunks = [m["params"] for m in server.others()]
    chunks = [c for c in chunks if c["value"]["kind"] == "audio"]
    for index, result in enumerate(results, start=1):
        mine = [c["value"] for c in chunks if c["token"] == index]
        assert [c["seq"] for c in mine] == list(range(len(mine)))
        assert sum(c["samples"] for c in mine) == result["samples"]
        if index == 2:
            heard = b"".join(base64.b64decode(c["audio"]) for c in mine)
            assert heard == alone.audio
