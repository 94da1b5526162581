"""A fake sidecar that misbehaves.

Its first argument says how; the second is a file that tells its second run from its first. It uses
nothing but the standard library, and reads bytes as they come.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

MODE = sys.argv[1] if len(sys.argv) > 1 else "fine"
MARK = Path(sys.argv[2]) if len(sys.argv) > 2 else None
IS_FIRST = MARK is not None and not MARK.exists()

Message = dict[str, Any]

LIMITS = {
    "maxMessageBytes": 5000 if MODE == "small" else 16777216,
    "maxDiscardBytes": 1073741824,
    "maxTextChars": 1,
    "maxUtteranceChars": 1,
    "maxFrames": 1,
    "maxStreams": 1,
    "maxQueued": 1,
    "maxReferenceSeconds": 60,
}
SERVER = {
    "protocolVersion": 2 if MODE == "newer" else 1,
    "serverInfo": {
        "name": "another" if MODE == "foreign" else "qwen-tts-sidecar",
        "version": "9",
    },
    "capabilities": {
        "methods": [],
        "encodings": [],
        "textModes": [],
        "limits": LIMITS,
    },
}
VOICE = {"voice": "mine", "model": "m", "created": "now", "hasTranscript": False}
CANCELLED = {"code": -32800, "message": "cancelled", "data": {"type": "cancelled"}}


def frame(message: Message) -> bytes:
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def write(data: bytes) -> None:
    while data:
        data = data[os.write(1, data) :]


def send(*messages: Message) -> None:
    """Send messages in one write, so that a client that stops at the first loses the others."""
    write(b"".join(map(frame, messages)))


def leave(code: int, words: str = "") -> None:
    os.write(2, words.encode())
    os._exit(code)


def later(seconds: float) -> None:
    """End this process after a time, whatever else it does."""
    timer = threading.Timer(seconds, os._exit, (0,))
    timer.daemon = True
    timer.start()


def lose(pipe: str) -> None:
    """Close a pipe, or stop reading, but keep running, for a minute at most."""
    later(60)
    if pipe == "stdin":
        os.close(0)
    elif pipe == "stdout":
        os.close(1)
    while True:
        signal.pause()


def whisper(line: bytes) -> None:
    """Write byte by byte, so that characters are cut."""
    for i in range(len(line)):
        os.write(2, line[i : i + 1])
        time.sleep(0.001)


def answer(id: int) -> None:
    ping = {"id": id, "result": {"uptimeMs": 1}}
    if MODE == "cancels":
        send({"id": id, "error": CANCELLED})
        leave(76)
    elif MODE == "only cancels":
        send({"id": id, "error": CANCELLED})
    elif MODE == "refuses":
        data = {"type": "messageTooLong"}
        send({"id": None, "error": {"code": -32600, "message": "Too long.", "data": data}}, ping)
    elif MODE == "answers nothing":
        send({"id": id})
    elif MODE == "answers a list":
        write(b"Content-Length: 2\r\n\r\n[]")
    elif MODE == "sends no audio":
        send({"method": "$/progress", "params": {"token": id, "value": {"kind": "audio"}}})
    elif MODE == "is newer":
        value = {"kind": "unheard of"}
        send({"method": "$/progress", "params": {"token": id, "value": value}})
        send(
            {"method": "window/novelty", "params": {}},
            {"id": id, "result": {"uptimeMs": 1, "x": 2}},
        )
    elif MODE == "reports":
        value = {"kind": "voice", "stage": "loading", "message": "it"}
        send({"method": "$/progress", "params": {"token": id, "value": value}})
        send({"id": id, "result": VOICE})
    elif MODE == "draws bars":
        os.write(2, b"\r  0 %\r 50 %\r100 %\r\n")
        bars = b"x" * 200_000 + b"\ndone\n"
        while bars:
            bars = bars[os.write(2, bars) :]
        send(ping)
    elif MODE == "nonsense":
        write(b"Traceback (most recent call last):\n")
    elif MODE == "crash" or (MODE == "hangs" and IS_FIRST):
        leave(3, "the last words\n")
    elif MODE != "silent":
        if MODE == "umlauts":
            whisper("lädt …\n".encode())
        send(ping)


def on_message(message: Message) -> None:
    method, id = message.get("method", ""), message.get("id")
    if method == "initialize" and MODE == "old":
        data = {"type": "protocolVersionMismatch"}
        send({"id": id, "error": {"code": -32602, "message": "no", "data": data}})
    elif method == "initialize" and MODE == "hangs" and not IS_FIRST:
        later(60)
    elif method == "initialize":
        send({"id": id, "result": SERVER})
    elif method == "shutdown":
        send({"id": id, "result": {}})
    elif method == "exit":
        if MODE != "stubborn":
            leave(0)
    elif method == "initialized" and MODE.startswith("loses ") and (IS_FIRST or MARK is None):
        lose(MODE.removeprefix("loses "))
    elif method == "initialized" and MODE == "prints":
        write(b"Warning: something printed\n")
    elif isinstance(id, int):
        answer(id)


def main() -> None:
    if IS_FIRST and MARK is not None:
        MARK.touch()
    if MODE == "dies":
        leave(1, "ModuleNotFoundError: No module named 'sidecar'\n")
    if MODE == "babbles":
        write(b"Hello, I am some other program.\n")
    with os.fdopen(0, "rb", closefd=False) as stdin:
        while header := stdin.readline():
            stdin.readline()
            on_message(json.loads(stdin.read(int(header.split(b":")[1]))))
    while MODE == "stubborn":  # In this mode it outlives the end of its input, too.
        signal.pause()


if __name__ == "__main__":
    main()
