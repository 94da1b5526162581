"""The quick start of protocol/README.md, byte for byte, against the real process."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.support.harness import ROOT, sidecar

README = (ROOT / "protocol" / "README.md").read_text(encoding="utf-8")
# A frame of the page: its direction, the length in its header, and its body over several lines.
FRAME = re.compile(r"^([→←]) Content-Length: (\d+)\\r\\n\\r\\n(.*(?:\n    .*)*)", re.MULTILINE)
# Values that differ from run to run, or that the page shortens.
VARIES = {"audio", "metrics"}


def frames() -> list[tuple[str, int, str]]:
    """Return the direction, stated length and body of each frame in the quick start."""
    page = README[README.index("## Quick start") : README.index("## What a client must do")]
    return [
        (arrow, int(length), re.sub(r"\n    ", "", body))
        for arrow, length, body in FRAME.findall(page)
    ]


def without_what_varies(message: Any) -> Any:
    if isinstance(message, dict):
        return {k: without_what_varies(v) for k, v in message.items() if k not in VARIES}
    return message


def test_the_lengths_of_the_quick_start_are_those_of_its_bodies() -> None:
    sent = [(length, body) for arrow, length, body in frames() if arrow == "→"]
    whole = [(length, body) for _, length, body in frames() if '"metrics"' not in body]
    assert len(sent) == 7
    for length, body in [*sent, *[one for one in whole if "…" not in one[1]]]:
        assert len(body.encode()) == length, body


def test_the_quick_start_is_what_the_process_answers() -> None:
    with sidecar(initialize=False) as server:
        for arrow, length, body in frames():
            if arrow == "→":
                request = json.loads(body)
                if "id" in request:
                    server.methods[request["id"]] = request["method"]
                server.send_raw(b"Content-Length: %d\r\n\r\n%b" % (length, body.encode()))
                continue
            message = server.next_message()
            # Stream b is cancelled at an unknown time, and the page omits its audio until then.
            while message and message.get("params", {}).get("token") == "b":
                message = server.next_message()
            assert without_what_varies(message) == without_what_varies(json.loads(body))
        assert server.wait_exit()[0] == 0
