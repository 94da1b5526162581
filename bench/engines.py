"""The engines under test, with one interface: texts in, times and sizes of their audio out.

Import MLX in functions only: the caller that opens an engine decides what is loaded before it.
"""

from __future__ import annotations

import json
import queue
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from sidecar.engine.engine import Engine
from sidecar.engine.events import AudioChunk, Done, Event, Events, SpeechResult
from sidecar.engine.request import SpeechRequest
from sidecar.models import catalog
from sidecar.models.base import Utterance

OURS = "qwen-tts-sidecar"
MLX_AUDIO = "mlx-audio"
MLX_AUDIO_TUNED = "mlx-audio, float32 + OpenBLAS"
MLX_AUDIO_BATCH = "mlx-audio, batch session"
FASTER = "faster-qwen3-tts"

SAMPLE_RATE = 24000
FRAMES_PER_SECOND = 12.5
SAMPLES_PER_FRAME = 1920
LANGUAGE = "english"
# mlx-audio has one interval for all chunks; this is the shortest that its users set.
PEER_INTERVAL_SECONDS = 0.32
# Nothing that is measured takes this long; a hang ends here at the latest.
_FOREVER_SECONDS = 3600.0

SENTENCES = (
    "The quick brown fox jumps over the lazy dog.",
    "Our meeting has been moved to Thursday at 4:30 in the afternoon.",
    "I would like a cup of coffee with milk and no sugar.",
    "The train to the coast leaves every hour from platform nine.",
    "Please turn off the lights before you leave the house.",
    "It has been raining since the early hours of the morning.",
    "She opened the old letter and read it twice without a word.",
    "There is a small market by the river on the first of May.",
)


class Arrival(NamedTuple):
    """A chunk: when it came (`time.perf_counter`), its samples, MLX's active bytes at the time."""

    time: float
    samples: int
    active_bytes: int


@dataclass
class Recording:
    """One utterance from its request (`start`, `time.perf_counter`) to its last chunk."""

    start: float
    arrivals: list[Arrival] = field(default_factory=list)

    @property
    def first(self) -> float:
        """Return the seconds to the first audio."""
        return self.arrivals[0].time - self.start

    @property
    def end(self) -> float:
        return self.arrivals[-1].time

    @property
    def audio(self) -> float:
        """Return seconds of audio."""
        return sum(arrival.samples for arrival in self.arrivals) / SAMPLE_RATE

    @property
    def factor(self) -> float:
        """Return compute ÷ audio."""
        return (self.end - self.start) / self.audio

    @property
    def silence(self) -> float:
        """Return the seconds in which a player started with the first chunk had nothing to play."""
        played, late = self.arrivals[0].time, 0.0
        for arrival in self.arrivals:
            late += max(0.0, arrival.time - played)
            played = max(played, arrival.time) + arrival.samples / SAMPLE_RATE
        return late


class Speaker(Protocol):
    """An open engine; `simultaneous` ones work on several texts at once."""

    simultaneous: bool

    def speak(
        self, texts: Sequence[str], frames: int, seconds: float = _FOREVER_SECONDS
    ) -> list[Recording]:
        """Speak all texts as fast as the engine can, each for `frames` frames at most.

        What is not said after `seconds` stays unsaid.
        """
        ...


class Recorder(Events[Event]):
    """Notes when chunks come, on the engine's thread, and drops their samples."""

    def __init__(self) -> None:
        super().__init__()
        self.recording = Recording(time.perf_counter())

    def put(self, event: Event) -> None:
        if isinstance(event, AudioChunk):
            self.recording.arrivals.append(arrival(len(event.samples)))
        else:
            super().put(event)


class Sidecar:
    """Our engine in process, as the sidecar runs it; texts are simultaneous streams."""

    simultaneous = True

    def __init__(self, model: str) -> None:
        self._model, self._voice = model, first_voice(model)
        self._engine = Engine()
        self._engine.start()

    def speak(
        self, texts: Sequence[str], frames: int, seconds: float = _FOREVER_SECONDS
    ) -> list[Recording]:
        deadline = time.monotonic() + seconds
        sinks = [Recorder() for _ in texts]
        jobs = [
            self._engine.submit(self._request(text, seed, frames), events=sink)
            for seed, (text, sink) in enumerate(zip(texts, sinks, strict=True))
        ]
        for job, sink in zip(jobs, sinks, strict=True):
            self._finish(job, sink, deadline)
        return [sink.recording for sink in sinks]

    def _request(self, text: str, seed: int, frames: int) -> SpeechRequest:
        utterance = Utterance(text, voice=self._voice, language=LANGUAGE)
        return SpeechRequest(
            self._model, utterance, seed=seed, max_frames=frames, stop_runaway=False
        )

    def _finish(self, job: Any, sink: Recorder, deadline: float) -> None:
        try:
            event = sink.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            self._engine.cancel(job)
            sink.get(timeout=60)
            return
        if not isinstance(event, Done) or not isinstance(event.result, SpeechResult):
            raise RuntimeError(f"the request failed: {event}")
        if event.result.figures.finish_reason not in ("stop", "length"):
            # A guard that cuts speech short would pass for speed.
            raise RuntimeError(
                f"the utterance was ended early: {event.result.figures.finish_reason}"
            )


class MlxAudio:
    """mlx-audio's streaming `generate`, one text after another: it has one stream at a time."""

    simultaneous = False

    def __init__(self, model: str, tuned: bool = False) -> None:
        self._mx, self._model = _load_peer(model, tuned)
        self._voice = first_voice(model)

    def speak(
        self, texts: Sequence[str], frames: int, seconds: float = _FOREVER_SECONDS
    ) -> list[Recording]:
        start = time.perf_counter()
        deadline = time.monotonic() + seconds
        recordings: list[Recording] = []
        for text in texts:
            recordings.append(Recording(start))
            for samples in self._chunks(text, frames):
                recordings[-1].arrivals.append(arrival(samples))
                if time.monotonic() > deadline:
                    return recordings
        return recordings

    def _chunks(self, text: str, frames: int) -> Iterator[int]:
        for result in self._model.generate(
            text=text,
            voice=self._voice,
            lang_code=LANGUAGE,
            stream=True,
            streaming_interval=PEER_INTERVAL_SECONDS,
            max_tokens=frames,
        ):
            self._mx.eval(result.audio)
            yield result.audio.size


class MlxAudioBatch:
    """mlx-audio's Qwen3TTSBatchSession: all texts at once, each one's audio when it is whole."""

    simultaneous = True

    def __init__(self, model: str) -> None:
        self._mx, self._model = _load_peer(model, tuned=False)
        self._voice = first_voice(model)

    def speak(
        self, texts: Sequence[str], frames: int, seconds: float = _FOREVER_SECONDS
    ) -> list[Recording]:
        from mlx_audio.tts.continuous import TTSBatchItem, TTSBatchOptions

        given = self._model.generate_config or {}
        names = ("temperature", "top_k", "top_p", "repetition_penalty")
        sampling = {name: given[name] for name in names if name in given}
        options = TTSBatchOptions(
            max_tokens=frames, lang_code=LANGUAGE, max_batch_size=len(texts), **sampling
        )
        recordings = [Recording(time.perf_counter()) for _ in texts]
        deadline = time.monotonic() + seconds
        session = self._model.create_tts_batch_session(options)
        session.add([TTSBatchItem(i, text, voice=self._voice) for i, text in enumerate(texts)])
        while not session.idle and time.monotonic() < deadline:
            for event in session.step():
                self._mx.eval(event.audio)
                recordings[event.sequence_id].arrivals.append(arrival(event.audio.size))
        return recordings


class FasterQwen3:
    """faster-qwen3-tts, which runs PyTorch's model in CUDA graphs: one text after another.

    It needs torch with CUDA, and the package with its qwen-tts; none of them is among ours.
    """

    simultaneous = False
    CHUNK_FRAMES = 4  # the nearest to the interval of mlx-audio

    def __init__(self, model: str) -> None:
        from faster_qwen3_tts import FasterQwen3TTS  # pyright: ignore[reportMissingImports]

        self._model: Any = FasterQwen3TTS.from_pretrained(str(folder(model)))
        self._model.warmup()
        self._voice = first_voice(model)

    def speak(
        self, texts: Sequence[str], frames: int, seconds: float = _FOREVER_SECONDS
    ) -> list[Recording]:
        start, deadline = time.perf_counter(), time.monotonic() + seconds
        recordings: list[Recording] = []
        for text in texts:
            recordings.append(Recording(start))
            for samples, _, _ in self._model.generate_custom_voice_streaming(
                text=text,
                speaker=self._voice,
                language=LANGUAGE,
                max_new_tokens=frames,
                chunk_size=self.CHUNK_FRAMES,
            ):
                recordings[-1].arrivals.append(Arrival(time.perf_counter(), len(samples), 0))
                if time.monotonic() > deadline:
                    return recordings
        return recordings


ENGINES: dict[str, Callable[[str], Speaker]] = {
    OURS: Sidecar,
    MLX_AUDIO: MlxAudio,
    MLX_AUDIO_TUNED: lambda model: MlxAudio(model, tuned=True),
    MLX_AUDIO_BATCH: MlxAudioBatch,
    FASTER: FasterQwen3,
}


# What --engines calls them.
KEYS = {
    "ours": OURS,
    "mlx-audio": MLX_AUDIO,
    "tuned": MLX_AUDIO_TUNED,
    "batch": MLX_AUDIO_BATCH,
    "faster": FASTER,
}


def chosen(keys: Sequence[str], on_cpu: bool, batch: bool = False) -> list[str]:
    """Those asked for, or all that make sense here: tuning is for the CPU, `batch` for many."""
    fitting = ["ours", "mlx-audio"]
    fitting += ["tuned"] if on_cpu else []
    fitting += ["batch"] if batch else []
    fitting += ["faster"] if find_spec("faster_qwen3_tts") else []
    return [KEYS[key] for key in fitting if not keys or key in keys]


def arrival(samples: int) -> Arrival:
    import mlx.core as mx

    return Arrival(time.perf_counter(), samples, mx.get_active_memory())


def memory() -> dict[str, int]:
    """This process's peaks: MLX's own, and the resident size, in bytes."""
    import mlx.core as mx

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "mlx_bytes": mx.get_peak_memory(),
        "resident_bytes": peak if sys.platform == "darwin" else peak * 1024,
    }


def first_voice(model: str) -> str:
    """Return the first preset voice of a checkpoint; the benchmarks need one that has some."""
    config = json.loads((folder(model) / "config.json").read_text("utf-8"))
    voices = config["talker_config"].get("spk_id") or {}
    if not voices:
        raise SystemExit(f"{model} has no preset voices: benchmark a CustomVoice checkpoint")
    return next(iter(voices))


def folder(model: str) -> Path:
    """Return a model's folder; nothing is downloaded while the clock runs."""
    return catalog.resolve(model).path


def _load_peer(model: str, tuned: bool) -> tuple[Any, Any]:
    """MLX, and mlx-audio's model: as it comes, or in float32 over OpenBLAS."""
    if tuned:
        from sidecar.models.backend import load_openblas

        load_openblas()
    import mlx.core as mx
    from mlx_audio.tts.utils import load_model

    loaded: Any = load_model(folder(model))
    if tuned:
        loaded.talker.set_dtype(mx.float32)
    mx.random.seed(1)
    return mx, loaded
