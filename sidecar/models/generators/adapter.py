"""mlx-audio's public `generate` as the engine's `SpeechGenerator`."""

from __future__ import annotations

import collections.abc
import contextlib
import importlib
import logging
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import mlx.core as mx
import mlx.nn as nn
import mlx_audio.utils
from mlx.utils import tree_flatten
from tqdm import tqdm, trange

from sidecar.audio.reference import Recording
from sidecar.errors import MissingPackage, ModelLoadFailed, SidecarError, Unsupported
from sidecar.models import randomness
from sidecar.models.backend import on_cpu
from sidecar.models.base import GenerationSettings, ModelInfo, Utterance, VoicePrompt, WordTimes
from sidecar.models.checkpoint import Checkpoint
from sidecar.models.checkpoint.weights import any_weight_files
from sidecar.models.generators import kokoro, kokoro_words, local, request
from sidecar.models.generators.families import Family
from sidecar.models.generators.pronunciation import Pronunciations
from sidecar.models.generators.stepping import in_turns
from sidecar.wording import describe, is_out_of_memory

log = logging.getLogger(__name__)

_AUDITION = GenerationSettings(max_seconds=6.0)  # Spark reads no more of a reference
_DTYPES = {"float32": mx.float32, "bfloat16": mx.bfloat16, "float16": mx.float16}


class Prompt(NamedTuple):
    """The text in parts, and the arguments of `generate` for each."""

    parts: list[str]
    arguments: request.Arguments
    voice: str


class Generator:
    """One loaded checkpoint; see `SpeechGenerator` for the calls."""

    def __init__(self, family: Family, info: ModelInfo, model: Any, dtype: str) -> None:
        self.info = info
        self.dtype = dtype
        self._family = family
        self._model = model
        self._voices: dict[str, mx.array] = {}
        self._pronunciations = Pronunciations(model)

    @classmethod
    def load(cls, checkpoint: Checkpoint, family: Family, dtype: str) -> Generator:
        """Load the whole model, and nothing from the network.

        Raises:
            MissingPackage, ModelNotDownloaded, ModelLoadFailed
        """
        local.check(family, checkpoint)
        try:
            model = _load(checkpoint, family)
        except SidecarError:
            raise
        except ModuleNotFoundError as error:
            raise MissingPackage(
                f"{family.module} models need {error.name}, which is not installed.",
                hint="Install the sidecar with pip or uv, which install it too. A bundle of the "
                "sidecar contains only what Qwen3-TTS needs.",
                field="model",
            ) from error
        except Exception as error:  # bad files make mlx-audio raise errors of any class
            if is_out_of_memory(error):
                raise
            log.error("failed to load %s", checkpoint.path, exc_info=error)
            raise ModelLoadFailed(
                f"{checkpoint.path} could not be loaded as {family.module}: {describe(error)}",
                hint="mlx-audio cannot read these files: get the checkpoint again, or use one "
                "that was made for MLX; the sidecar's stderr has the traceback.",
                field="model",
            ) from error
        name = _cast(model, dtype)
        if family.module == "kokoro" and on_cpu() and name == "float32":
            kokoro.accelerate(model)
        return cls(family, family.describe(checkpoint), model, name)

    @property
    def prompt_cache_bytes(self) -> int:
        return 0

    def forget_prompts(self) -> None:
        """Do nothing: these families keep nothing of their prompts."""

    def encode(self, recording: Recording) -> VoicePrompt:
        raise Unsupported(
            f"Voices of {self._family.module} models cannot be saved.",
            hint="Use a Base model of Qwen3-TTS.",
            field="model",
        )

    def prepare(self, utterance: Utterance, settings: GenerationSettings) -> Prompt:
        voice, language = request.check(self._family, self.info, utterance)
        arguments = request.OWN[self._family.module](voice, language, settings)
        audio = utterance.reference
        if isinstance(audio, Recording):
            arguments |= request.reference(self._family, audio, self.info.sample_rate)
        # On a GPU a whole sentence takes less time than a clause lasts.
        first = self._family.shortest_first if settings.is_awaited and on_cpu() else 0
        parts = request.parts(utterance.text, self._family.shortest, first)
        return Prompt(parts, arguments, voice)

    def speak(self, prompt: Prompt) -> Iterator[mx.array | WordTimes | None]:
        arguments = prompt.arguments
        if self._family.module == "kokoro":
            yield from self._pronunciations.ready(arguments["lang_code"])
        if self._family.audition and "ref_audio" not in arguments:
            yield from self._audition(prompt.voice)
            arguments = {**arguments, "ref_audio": self._voices[prompt.voice]}
        seconds = 0.0
        for part in prompt.parts:
            with contextlib.closing(self._speak_part(part, arguments)) as steps:
                for said in steps:
                    if isinstance(said, WordTimes):
                        yield kokoro_words.later(said, seconds)
                        continue
                    seconds += 0 if said is None else said.size / self.info.sample_rate
                    yield said

    def _audition(self, voice: str) -> Iterator[None]:
        """Generate the voice of a preset, once, with a fixed seed; yield after each turn."""
        if voice in self._voices:
            return
        arguments = request.OWN[self._family.module](voice, "", _AUDITION)
        said: list[mx.array] = []
        with _restored_random_state():
            mx.random.seed(0)
            for audio in self._speak_part(self._family.audition, arguments):
                if isinstance(audio, mx.array):
                    said.append(audio)
                else:
                    yield
        self._voices[voice] = mx.concatenate(said)

    def _speak_part(
        self, part: str, arguments: request.Arguments
    ) -> collections.abc.Generator[mx.array | WordTimes | None]:
        with contextlib.closing(in_turns(self._audio(part, arguments))) as steps:
            while True:
                # Files that a family fetches while it speaks (a default voice) must be cached, too.
                with local.only_cached():
                    try:
                        said = next(steps)
                    except StopIteration:
                        return
                yield said

    def _audio(
        self, part: str, arguments: request.Arguments
    ) -> collections.abc.Generator[mx.array | WordTimes]:
        if self._family.module == "kokoro":
            results = kokoro_words.speak(self._model, part, arguments)
        else:
            generated = self._model.generate(part, verbose=False, **arguments)
            results = (result.audio for result in generated)
        for said in results:
            if isinstance(said, WordTimes):
                yield said
                continue
            audio = said.astype(mx.float32).reshape(-1)
            mx.eval(audio)
            if audio.size:  # a stream's last chunk may be empty
                yield audio

    def warm_up(self, go_on: Callable[[], None]) -> None:
        """Generate the voice of every preset; where kernels are compiled, also speak a little."""
        with _restored_random_state():
            if self._family.audition:
                self._audition_all(go_on)
            # On the CPU nothing is compiled: the first sentence is as fast as the second.
            if not on_cpu():
                self._begin_a_sentence()

    def _audition_all(self, go_on: Callable[[], None]) -> None:
        for voice in self.info.voices:
            go_on()
            try:
                for _ in self._audition(voice.name):
                    go_on()
            except Exception as error:  # a request for that voice gets the error; others work
                if is_out_of_memory(error):
                    raise
                log.warning("no audition of %s: %s", voice.name, error)

    def _begin_a_sentence(self) -> None:
        settings = GenerationSettings(max_seconds=1.0)
        try:
            for _ in self.speak(self.prepare(Utterance("Hello there."), settings)):
                break
        except SidecarError as error:  # the family needs a reference, or a missing package
            log.info("not warmed up: %s", error)


@contextlib.contextmanager
def _restored_random_state() -> Iterator[None]:
    before = randomness.state()
    try:
        yield
    finally:
        mx.random.seed(before)


def _load(checkpoint: Checkpoint, family: Family) -> Any:
    from mlx_audio.tts.utils import load_model

    importlib.import_module(f"mlx_audio.tts.models.{family.module}")
    _disable_bars(f"mlx_audio.tts.models.{family.module}.")
    with local.only_cached(), local.tokenizer(family, checkpoint), _own_weights():
        # By itself it would guess the type from the folder's name.
        model = load_model(
            checkpoint.path, model_type=family.module, model_name_parts=[family.module]
        )
    _finish_loading(model)
    return model


@contextlib.contextmanager
def _own_weights() -> Iterator[None]:
    """Keep mlx-audio from reading other *.safetensors files beside a checkpoint's weights."""

    def load_weights(folder: Path) -> dict[str, mx.array]:
        found: dict[str, Any] = {}
        for file in any_weight_files(folder):
            found.update(mx.load(str(file)))  # pyright: ignore[reportArgumentType, reportCallIssue]
        return found

    original = mlx_audio.utils.load_weights
    mlx_audio.utils.load_weights = load_weights
    try:
        yield
    finally:
        mlx_audio.utils.load_weights = original


def _finish_loading(model: Any) -> None:
    """End the training mode of all parts and read their weights; mlx-audio does so only for the
    model itself.

    Spark's codec is beside the model, in an object that is not a module. In training mode it
    applies dropout to a recording, and fails on a single one. Until its weights are read, the
    measured memory lacks them.
    """
    for beside in vars(model).values():
        for part in getattr(beside, "__dict__", {}).values():
            if isinstance(part, nn.Module):
                part.eval()
                mx.eval(part.parameters())


def _disable_bars(package: str) -> None:
    """Disable the progress bars that some families print to stderr even with verbose=False."""
    modules = [m for name, m in list(sys.modules.items()) if name.startswith(package)]
    for bar in (tqdm, trange):
        for names in map(vars, modules):
            if names.get(bar.__name__) is bar:
                names[bar.__name__] = partial(bar, disable=True)


def _cast(model: nn.Module, asked: str) -> str:
    """Cast the model; `auto` is float32 on the CPU, which has no other fast products, and the
    checkpoint's dtype elsewhere."""
    name = "float32" if asked == "auto" and on_cpu() else asked
    if name in _DTYPES:
        model.set_dtype(_DTYPES[name])
        mx.eval(model.parameters())
        return name
    flat: list[tuple[str, Any]] = tree_flatten(model.parameters())  # pyright: ignore[reportAssignmentType]
    floats = [value.dtype for _, value in flat if value.dtype in _DTYPES.values()]
    common = max(set(floats), key=floats.count)
    return next(name for name, dtype in _DTYPES.items() if dtype == common)
