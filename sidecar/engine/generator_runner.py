"""The runner of models that generate a whole utterance by themselves: they take turns by steps."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import mlx.core as mx
import numpy as np
from numpy.typing import NDArray

from sidecar.engine.active import ActiveSpeech
from sidecar.engine.commands import AppendText
from sidecar.engine.events import Done, Failed, FinishReason
from sidecar.engine.failures import as_sidecar_error, not_finite
from sidecar.engine.loaded import Loaded, LoadedGenerator
from sidecar.engine.request import PRIORITIES, Finish, SpeechJob
from sidecar.engine.watchdog import Heartbeat
from sidecar.errors import GenerationFailed, SidecarError
from sidecar.limits import MAX_FRAMES
from sidecar.models import randomness
from sidecar.models.base import GenerationSettings, Utterance, WordTimes

# Generators have no frames: audio of the length of a Qwen3-TTS frame is counted as one.
FRAME_SECONDS = 0.08
_DEFAULT_FRAMES = 2048


class GeneratorTask(ActiveSpeech[LoadedGenerator]):
    """One utterance of a generator.

    Attributes:
        frames: frames of `FRAME_SECONDS` handed out; an incomplete one at the end counts.
        pending: samples that have not been handed out yet.
    """

    def __init__(
        self, job: SpeechJob, loaded: LoadedGenerator, prompt: Any, admitted: float
    ) -> None:
        super().__init__(job, loaded, admitted)
        request = job.request
        self.pending: NDArray[np.float32] = np.zeros(0, np.float32)
        self._prompt = prompt
        self._steps: Iterator[mx.array | WordTimes | None] | None = None
        self._random = self.seed
        self._frame = self._rate * FRAME_SECONDS
        self._max_samples = round(request.limit_frames(_DEFAULT_FRAMES) * self._frame)
        self._chunk = round(request.chunk_frames * self._frame)

    @property
    def has_begun(self) -> bool:
        return self._steps is not None

    @property
    def is_done(self) -> bool:
        return self.finish_reason is not None and not len(self.pending)

    @property
    def can_step(self) -> bool:
        return not self.is_done and self.has_room()

    def step(self) -> None:
        """Hand out a chunk if there is one; otherwise have the next audio generated.

        Raises:
            GenerationFailed, and whatever the family raises.
        """
        if len(self.pending):
            self._deliver()
        else:
            self._generate()

    def close(self) -> None:
        """End the generator, in the middle of the utterance if need be."""
        close: Callable[[], None] | None = getattr(self._steps, "close", None)
        if close is not None:
            close()
        self._steps = iter(())

    def _generate(self) -> None:
        mx.random.seed(self._random)
        if self._steps is None:
            self._steps = self.loaded.model.speak(self._prompt)
        try:
            said = next(self._steps)
        except StopIteration:
            self._end("stop")
            return
        finally:
            self._random = randomness.state()
        if isinstance(said, WordTimes):
            self.job.events.put(said)
        elif said is not None:
            self._take(np.array(said, dtype=np.float32).reshape(-1))

    def _take(self, samples: NDArray[np.float32]) -> None:
        left = self._max_samples - self.samples
        self.pending = samples[:left]
        if not np.isfinite(self.pending).all():
            raise not_finite("audio")
        if len(samples) >= left:
            self._end("length")

    def _end(self, reason: FinishReason) -> None:
        self.close()
        self.finish_reason = reason
        if reason == "stop" and not self.samples:
            raise GenerationFailed(
                "The model has generated no audio.", hint="Try another seed or text."
            )

    def _deliver(self) -> None:
        chunk, self.pending = self.pending[: self._chunk], self.pending[self._chunk :]
        ended = math.ceil((self.samples + len(chunk)) / self._frame - 1e-6)
        frames, self.frames = ended - self.frames, ended
        self._put(chunk, np.zeros((frames, 0), np.int32))


class GeneratorRunner:
    """All requests of models that generate whole utterances; a `Runner`. Engine thread only.

    Args:
        heartbeat: receives what is done before each step.
        finish: ends the job of a task that has left.
    """

    def __init__(self, heartbeat: Heartbeat, finish: Finish) -> None:
        self.active: list[GeneratorTask] = []
        self._finish = finish
        self._heartbeat = heartbeat

    @property
    def has_work(self) -> bool:
        return bool(self._turns())

    def can_run(self, loaded: Loaded) -> bool:
        return isinstance(loaded, LoadedGenerator)

    def admit(self, job: SpeechJob, loaded: Loaded, utterance: Utterance, admitted: float) -> None:
        assert isinstance(loaded, LoadedGenerator)
        prompt = loaded.model.prepare(utterance, _settings(job))
        self.active.append(GeneratorTask(job, loaded, prompt, admitted))

    def append_text(self, command: AppendText) -> bool:
        """Return False: `prepare` refuses requests whose text is still being written."""
        return False

    def cancel(self, job: SpeechJob, error: SidecarError) -> bool:
        task = next((task for task in self.active if task.job is job), None)
        if task is not None:
            self._remove(task, error)
        return task is not None

    def advance(self, more_to_come: bool) -> None:
        """Run a step of the task whose turn it is; then it is the turn of all others.

        Tasks are not computed together, so `more_to_come` changes nothing.
        """
        task = next(iter(self._turns()), None)
        if task is None:
            return
        self._heartbeat.beat(f"generating speech with {task.loaded.model.info.family}")
        try:
            task.step()
        except Exception as error:
            self._remove(task, as_sidecar_error(error, "generating"))
            return
        self.active.remove(task)
        if task.is_done:
            self._finish(task.job, Done(task.result()))
        else:
            self.active.append(task)

    def _remove(self, task: GeneratorTask, error: SidecarError) -> None:
        self.active.remove(task)
        try:
            task.close()
        except Exception as closing:  # the family's own clean-up; the request has its outcome
            as_sidecar_error(closing, "ending the speech")
        self._finish(task.job, Failed(error))

    def _turns(self) -> list[GeneratorTask]:
        """Return the tasks that can step, in order.

        A module holds the state of one utterance, so there is one task for each model: the one
        that has begun, or else the first in line.
        """
        current: dict[Loaded, GeneratorTask] = {
            task.loaded: task for task in self.active if task.has_begun
        }
        for task in sorted(self.active, key=_urgency):
            current.setdefault(task.loaded, task)
        return [task for task in self.active if current[task.loaded] is task and task.can_step]


def _urgency(task: GeneratorTask) -> tuple[int, float]:
    return PRIORITIES.index(task.job.request.priority), task.job.submitted


def _settings(job: SpeechJob) -> GenerationSettings:
    request = job.request
    return GenerationSettings(
        max_seconds=min(request.max_frames or _DEFAULT_FRAMES, MAX_FRAMES) * FRAME_SECONDS,
        is_awaited=request.heard_since is None,
        temperature=request.talker.temperature,
        top_k=request.talker.top_k,
        top_p=request.talker.top_p,
        repetition_penalty=request.repetition_penalty,
    )
