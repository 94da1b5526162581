"""A server on the loopback that streams one answer by the parts of OpenAI's API that pages use."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ANSWER = ("The sky", " is blue.", " Air scatters it.")


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        assert self.path == "/v1/chat/completions"
        assert asked["stream"]
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        for content in (*ANSWER, None):
            choice = {
                "index": 0,
                "delta": {"content": content} if content else {},
                "finish_reason": None if content else "stop",
            }
            chunk = {
                "id": "1",
                "object": "chat.completion.chunk",
                "created": 0,
                "model": asked["model"],
                "choices": [choice],
            }
            self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
        self.wfile.write(b"data: [DONE]\n\n")

    def log_message(self, format: str, *args: object) -> None:
        """Write nothing."""


@contextmanager
def serving() -> Iterator[str]:
    """Serve on a free port; yield the base URL that clients are given."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
