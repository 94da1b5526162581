"""The models in memory, and which of them leave for another."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import mlx.core as mx

from sidecar.engine.request import LoadOptions
from sidecar.engine.sampling import BatchSampler, LogitsMask, SamplingState
from sidecar.errors import MemoryLimitExceeded, ModelInUse, UnknownModel
from sidecar.memory import format_bytes
from sidecar.models import backend, registry
from sidecar.models.catalog import canonical
from sidecar.models.checkpoint import Checkpoint
from sidecar.models.checkpoint.footprint import to_speak
from sidecar.models.protocols import SpeechGenerator, TTSModel

# A model stays at least so long without work: one request may be several jobs, as a load and then
# the speech, and the model must not leave in between.
MIN_IDLE_SECONDS = 1.0


@dataclass(eq=False, kw_only=True)
class _Entry:
    """What the table keeps of every model.

    Attributes:
        bits: it is quantised to; None if it is not.
        keep_alive: seconds it stays without work; negative is for ever.
        last_used: by time.monotonic.
        identity: no two models that were ever in memory have the same.
    """

    bits: int | None = None
    keep_alive: float = -1.0
    last_used: float = field(default_factory=time.monotonic)
    identity: int = field(default_factory=count().__next__)

    def touch(self) -> None:
        self.last_used = time.monotonic()


@dataclass(eq=False)
class LoadedModel(_Entry):
    """A model with rows, and the mask of its codes."""

    name: str
    model: TTSModel
    mask: LogitsMask
    memory_bytes: int
    load_seconds: float


@dataclass(eq=False)
class LoadedGenerator(_Entry):
    """A model that speaks by itself."""

    name: str
    model: SpeechGenerator
    memory_bytes: int
    load_seconds: float


Loaded = LoadedModel | LoadedGenerator
InUse = Callable[[Loaded], bool]


class ModelTable:
    """Loaded models, by folder and by the names they were asked for.

    Args:
        in_use: whether a model has requests running or waiting; such a one never leaves.
        limit: bytes that all of them may take together; None is no limit.
        keep_alive: of a model that is loaded without one.
    """

    def __init__(self, in_use: InUse, limit: int | None = None, keep_alive: float = -1.0) -> None:
        self._in_use = in_use
        self.limit = limit
        self._keep_alive = keep_alive
        self._by_path: dict[Path, Loaded] = {}
        self._paths: dict[str, Path] = {}

    def __iter__(self) -> Iterator[Loaded]:
        return iter(list(self._by_path.values()))

    def get(self, name: str) -> Loaded | None:
        path = self._paths.get(name)
        return None if path is None else self._by_path.get(path)

    def names(self, loaded: Loaded) -> list[str]:
        """Every name it was asked for by."""
        return [n for n, path in self._paths.items() if self._by_path.get(path) is loaded]

    def unloadable(self, name: str) -> str:
        """The name by which it is here, of a model that may be spelt otherwise.

        Raises:
            UnknownModel: it is not loaded.
        """
        same = [n for n in self._paths if canonical(n) == canonical(name)]
        if not same:
            raise UnknownModel(f"The model {name!r} is not loaded.", field="model")
        return name if name in same else same[0]

    def load(
        self, checkpoint: Checkpoint, options: LoadOptions, go_on: Callable[[], None]
    ) -> Loaded:
        """Returns the model in memory; loads it if need be, when there is room, or room is made.

        Args:
            go_on: called between two stages; whatever it raises ends the load.

        Raises:
            NotACheckpoint, ModelLoadFailed, Unsupported
            MemoryLimitExceeded: it is too large for the limit, or for what others leave of it.
            ModelInUse: it is there otherwise than asked for, and cannot be replaced now.
        """
        path = checkpoint.path.resolve()
        loaded = self._by_path.get(path)
        if loaded is None or not _fits(loaded, options):
            go_on()
            self._check_free(loaded)
            registry.describe(checkpoint)  # before another model leaves for one that is refused
            need = registry.footprint(checkpoint, options.dtype, options.bits, backend.on_cpu())
            self._make_room(need, checkpoint.name, path)
            del loaded
            self._drop(path)
            loaded = self._by_path[path] = _load(checkpoint, options, go_on)
            loaded.keep_alive = self._keep_alive
            self._trim(loaded)
        if options.keep_alive is not None:
            loaded.keep_alive = options.keep_alive
        loaded.touch()
        self._give_name(checkpoint.name, path)
        return loaded

    def _give_name(self, name: str, path: Path) -> None:
        """The model that had that name, of an older revision, leaves when it is idle
        if that was its last: nobody could unload it."""
        before = self._paths.get(name)
        self._paths[name] = path
        older = None if before is None else self._by_path.get(before)
        if older is not None and not self.names(older):
            older.keep_alive = 0.0

    def unload(self, name: str) -> None:
        """Frees a model.

        Raises:
            UnknownModel: it is not loaded.
        """
        self._drop(self._paths[self.unloadable(name)])

    def expire(self) -> None:
        """Frees those whose time without work is over."""
        now = time.monotonic()
        due = [p for p, m in self._by_path.items() if _expiry(m) <= now and not self._in_use(m)]
        for path in due:
            self._drop(path)

    @property
    def next_expiry(self) -> float | None:
        """When to call `expire` unless something happens before, by time.monotonic."""
        idle = [m for m in self if m.keep_alive >= 0 and not self._in_use(m)]
        return min(map(_expiry, idle), default=None)

    def tidy(self) -> None:
        """Gives back what nothing refers to any more: modules refer to each other, so only the
        collector finds them, and only then is their memory MLX's again."""
        gc.collect()
        mx.clear_cache()

    def _drop(self, path: Path) -> None:
        if self._by_path.pop(path, None) is not None:
            self._paths = {n: p for n, p in self._paths.items() if p != path}
            self.tidy()

    def _check_free(self, loaded: Loaded | None) -> None:
        if loaded is not None and self._in_use(loaded):
            how = loaded.model.dtype if loaded.bits is None else f"{loaded.bits} bits"
            raise ModelInUse(
                f"{loaded.name!r} is loaded as {how} and speaking.",
                hint="Load it otherwise when its streams have ended.",
                field="dtype",
            )

    def _make_room(self, need: int, name: str, path: Path) -> None:
        """Frees idle models, the least recently used first; none if that would not be enough."""
        if self.limit is None:
            return
        if need > self.limit:
            raise MemoryLimitExceeded(
                f"{_needs(name, need)}; models may take {format_bytes(self.limit)}.",
                hint="Take a smaller or quantised one, or raise --memory-limit.",
                field="model",
            )
        others = {p: loaded for p, loaded in self._by_path.items() if p != path}
        idle = self._idle(others)
        free = self.limit - sum(loaded.memory_bytes for loaded in others.values())
        if need > free + sum(others[p].memory_bytes for p in idle):
            raise MemoryLimitExceeded(
                f"{_needs(name, need)}, and models that are speaking leave "
                f"{format_bytes(max(free, 0))} of {format_bytes(self.limit)}.",
                hint="Load it when their streams have ended, or raise --memory-limit.",
                field="model",
            )
        while need > free:
            leaving = idle.pop(0)
            free += others.pop(leaving).memory_bytes
            self._drop(leaving)

    def _idle(self, among: dict[Path, Loaded]) -> list[Path]:
        idle = [path for path, loaded in among.items() if not self._in_use(loaded)]
        return sorted(idle, key=lambda path: among[path].last_used)

    def _trim(self, newest: Loaded) -> None:
        """After a load, when it is known what it takes and not only guessed."""
        others = {p: loaded for p, loaded in self._by_path.items() if loaded is not newest}
        for path in self._idle(others):
            if self.limit is None or sum(m.memory_bytes for m in self) <= self.limit:
                return
            others.pop(path)
            self._drop(path)


def _expiry(loaded: Loaded) -> float:
    if loaded.keep_alive < 0:
        return float("inf")
    return loaded.last_used + max(loaded.keep_alive, MIN_IDLE_SECONDS)


def _fits(loaded: Loaded, options: LoadOptions) -> bool:
    """Whether it is what was asked for; what was not said may be anything."""
    return options.dtype in ("auto", loaded.model.dtype) and options.bits in (None, loaded.bits)


def _needs(name: str, need: int) -> str:
    """Say what every list of models says, and what of it is held against the limit."""
    speaking = format_bytes(to_speak(need))
    return f"{name!r} needs about {speaking} to speak, {format_bytes(need)} of that for its weights"


def _load(checkpoint: Checkpoint, options: LoadOptions, go_on: Callable[[], None]) -> Loaded:
    """Loads and warms up; what it takes is measured."""
    started, before = time.perf_counter(), mx.get_active_memory()
    bits = registry.stored_bits(checkpoint) or options.bits
    if registry.is_generator(checkpoint):
        generator = registry.generator(checkpoint, options.dtype, options.bits)
        go_on()
        generator.warm_up(go_on)
        loaded = LoadedGenerator(checkpoint.name, generator, 0, 0.0, bits=bits)
    else:
        model = registry.load(checkpoint, options.dtype, options.bits)
        mask = LogitsMask(model.codes)
        _warm_up(model, mask, go_on)
        loaded = LoadedModel(checkpoint.name, model, mask, 0, 0.0, bits=bits)
    mx.clear_cache()
    loaded.memory_bytes = mx.get_active_memory() - before
    loaded.load_seconds = time.perf_counter() - started
    return loaded


def _warm_up(model: TTSModel, mask: LogitsMask, go_on: Callable[[], None]) -> None:
    sampling = _default_sampling(model)

    def sampler(rows: int) -> BatchSampler:
        go_on()
        return BatchSampler(mask, [sampling] * rows)

    model.warm_up(sampler)


def _default_sampling(model: TTSModel) -> SamplingState:
    """As a request that sets nothing samples, so that its kernels are there."""
    defaults = model.defaults
    return SamplingState(
        defaults.talker, defaults.subtalker, defaults.repetition_penalty, defaults.min_frames, 0
    )
