"""A speech as the body of a response: an audio file, or events."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncGenerator, Coroutine, Mapping
from contextlib import suppress
from typing import Any, TypeVar

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from qwen_tts_cluster.backends import Audio, Finished, Mark, SpeechEvent
from qwen_tts_cluster.doors.openai.errors import HttpError, to_http_error
from qwen_tts_cluster.errors import SpeechError

Events = AsyncGenerator[SpeechEvent, None]
Pieces = AsyncGenerator[bytes, None]
T = TypeVar("T")


async def audio(events: Events) -> Pieces:
    """Yield the pieces of one audio file."""
    async for event in events:
        if isinstance(event, Audio) and event.data:
            yield event.data


async def server_sent(events: Events) -> Pieces:
    """Yield OpenAI's events. The marks, `seq`, `samples` and `result` are this server's own."""
    seq = 0
    try:
        async for event in events:
            if isinstance(event, Audio):
                yield _event(_delta(event, seq))
                seq += 1
            elif isinstance(event, Mark):
                yield _event({"type": f"speech.{event.kind}", **event.content})
            else:
                yield _event(_done(event))
    except SpeechError as error:
        yield _event({"type": "error", "error": to_http_error(error).content})


class BodyCut(Exception):
    """A speech failed after its first audio, so the body has to end without its end."""


class SpeechResponse(Response):
    """A response with a body that is still being generated.

    If the client leaves, or the request is cancelled, the pieces are closed at once. If they raise,
    the body ends without HTTP's sign of its end, which is the only way to report an error in it.

    Args:
        pieces: of the body.
        events: what they are made of. They are closed even if no piece was asked for.
        leaving: is done when the client has left.
    """

    def __init__(
        self,
        pieces: Pieces,
        events: Events,
        headers: Mapping[str, str],
        leaving: asyncio.Task[None],
    ) -> None:
        super().__init__(headers=dict(headers))
        del self.headers["content-length"]
        self._pieces, self._events, self._leaving = pieces, events, leaving

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        sending = asyncio.create_task(self._send(send))
        try:
            await asyncio.wait({sending, self._leaving}, return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                sending.result()
        except SpeechError as error:
            raise BodyCut(error.type) from None
        finally:
            await cancel(sending)
            await cancel(self._leaving)
            await self._pieces.aclose()
            await self._events.aclose()

    async def _send(self, send: Send) -> None:
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(start)
        async for piece in self._pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def unless_left(work: Coroutine[Any, Any, T], leaving: asyncio.Task[None]) -> T:
    """Return what `work` returns; if the client leaves before that, cancel it.

    Raises:
        HttpError: 499 `cancelled`, which nobody reads.
    """
    task = asyncio.create_task(work)
    try:
        await asyncio.wait({task, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise HttpError(499, "The client has left.", "cancelled")
        return task.result()
    finally:
        if not task.done():
            await cancel(task)


async def left(receive: Receive) -> None:
    """Wait until the client has left. The request's body must have been read."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def cancel(task: asyncio.Task[Any]) -> None:
    """Cancel a task, and wait for its end."""
    task.cancel()
    with suppress(asyncio.CancelledError, Exception):
        await task


def _delta(chunk: Audio, seq: int) -> dict[str, Any]:
    text = base64.b64encode(chunk.data).decode()
    return {"type": "speech.audio.delta", "audio": text, "seq": seq, "samples": chunk.samples}


def _done(result: Finished) -> dict[str, Any]:
    # A codec frame is counted as a token; the tokens of the text are not counted.
    usage = {"input_tokens": 0, "output_tokens": result.frames, "total_tokens": result.frames}
    return {"type": "speech.audio.done", "usage": usage, "result": result.content}


def _event(value: Mapping[str, Any]) -> bytes:
    return b"data: " + msgspec.json.encode(value) + b"\n\n"
