"""Many utterances through the real process, several at a time."""

from __future__ import annotations

import base64
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.support.harness import Message, RpcError, Sidecar

Samples = NDArray[np.float32]

# Eight requests are spoken at a time; a few more wait, so that no place is empty.
_IN_FLIGHT = 12
_TIMEOUT = 300.0


@dataclass(frozen=True)
class Utterance:
    """The outcome of one request.

    Attributes:
        samples: float32, 24 kHz; empty if it was refused.
        reason: its `finishReason`, or the type of the error.
        cost: compute ÷ audio; 0 if it was refused.
    """

    text: str
    samples: Samples
    reason: str
    cost: float


def with_seeds(texts: Sequence[str], common: Message) -> list[Message]:
    """Return one request for each text. Seeds count up from `common`'s, or 0."""
    first = common.get("seed", 0)
    return [{**common, "text": text, "seed": first + i} for i, text in enumerate(texts)]


def speak_all(
    process: Sidecar, requests: Sequence[Message], in_flight: int = _IN_FLIGHT
) -> list[Utterance]:
    """Speak all requests; return their outcomes in order.

    Args:
        process: an initialised sidecar with nothing else to do.
        requests: params of `speech/synthesize`, without token and encoding.
        in_flight: how many to send before the first is awaited; 1 measures `cost` undisturbed.
    """
    waiting: deque[tuple[int, str]] = deque()
    spoken: list[Utterance] = []
    for params in requests:
        if len(waiting) == in_flight:
            spoken.append(_outcome(process, *waiting.popleft()))
        id = process.request("speech/synthesize", {**params, "encoding": "pcm_f32le"})
        waiting.append((id, params["text"]))
    spoken += [_outcome(process, *one) for one in waiting]
    return spoken


def _outcome(process: Sidecar, id: int, text: str) -> Utterance:
    try:
        result = process.wait(id, _TIMEOUT)
    except RpcError as error:
        return Utterance(text, np.zeros(0, np.float32), error.type, 0.0)
    samples = np.frombuffer(base64.b64decode(result["audio"]), "<f4")
    return Utterance(text, samples, result["finishReason"], result["metrics"]["realTimeFactor"])


def spoken_seconds(samples: Samples, rate: int) -> float:
    """Return how long the speech lasts, without silence around it (40 dB below its peak)."""
    window = rate // 50
    frames = samples[: len(samples) // window * window].reshape(-1, window)
    loudness = np.sqrt(np.square(frames.astype(np.float32)).mean(axis=1))
    if not loudness.any():
        return 0.0
    loud = np.flatnonzero(loudness >= loudness.max() / 100)
    return float(loud[-1] - loud[0] + 1) * window / rate
