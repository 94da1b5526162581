"""The Python package `litellm`, as it is, against a server with the bundled voice."""

from __future__ import annotations

import asyncio
import os
from importlib.metadata import version

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # otherwise it fetches one when imported

import litellm
import openai

SERVER = {"api_base": f"{os.environ['DOOR_URL']}/v1", "api_key": os.environ["DOOR_KEY"]}
HELLO = {"voice": "shimmer", "input": "Hello there.", "max_retries": 0}


def refused(kind: type[Exception], **params: object) -> None:
    """Check that a request is refused; litellm's own errors are of the classes of `openai`, too."""
    try:
        litellm.speech(**{"model": "openai/tts-1", **SERVER, **HELLO, **params})  # pyright: ignore
    except kind:
        return
    raise AssertionError(f"{params} was not refused")


for model in ("openai/tts-1", "openai/tts-1-hd", "openai/gpt-4o-mini-tts", "openai/tiny-voice"):
    audio = litellm.speech(model=model, **SERVER, **HELLO).content
    assert audio.startswith(b"\xff"), model
    assert len(audio) > 1000, model
wav = litellm.speech(
    model="openai/tts-1", response_format="wav", speed=1.5, instructions="Sadly.", **SERVER, **HELLO
)
assert wav.content.startswith(b"RIFF")

later = asyncio.run(litellm.aspeech(model="openai/tts-1", **SERVER, **HELLO))
assert later.content.startswith(b"\xff")

refused(openai.BadRequestError, voice="nobody")
refused(openai.BadRequestError, response_format="aac")
refused(openai.NotFoundError, model="openai/nonesuch")
refused(openai.AuthenticationError, api_key="wrong")
print("litellm", version("litellm"))
