"""The models in memory, and which of them are unloaded to make room for another."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import mlx.core as mx

from sidecar.engine.loaded import Loaded, load
from sidecar.engine.request import LoadOptions
from sidecar.errors import MemoryLimitExceeded, ModelInUse, UnknownModel
from sidecar.memory import check_address_space, format_bytes
from sidecar.models import backend, registry
from sidecar.models.catalog import canonical
from sidecar.models.checkpoint import Checkpoint
from sidecar.models.checkpoint.footprint import to_speak

# A model stays in memory at least so long without work. One request may be several jobs, such as a
# load and then the speech, and its model must not be unloaded between them.
MIN_IDLE_SECONDS = 1.0
# Address space that threads take beside a model: each reserves a stack and a heap.
_HEAPS_BYTES = 256 * 2**20

InUse = Callable[[Loaded], bool]


class ModelTable:
    """Loaded models, by folder and by the names by which they were asked for.

    Args:
        in_use: returns whether a model has requests that are active or wait; such a model is never
            unloaded.
        limit: bytes that all models may take together; None is no limit.
        keep_alive: the keep-alive of a model whose load does not give one.
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
        """Return all names by which the model was asked for."""
        return [n for n, path in self._paths.items() if self._by_path.get(path) is loaded]

    def has(self, name: str) -> bool:
        """Return whether the model is in the table; `name` may be spelt differently."""
        return any(canonical(n) == canonical(name) for n in self._paths)

    def find_name(self, name: str) -> str:
        """Return the name by which a model is in the table; `name` may be spelt differently.

        Raises:
            UnknownModel: the model is not loaded.
        """
        same = [n for n in self._paths if canonical(n) == canonical(name)]
        if not same:
            raise UnknownModel(f"The model {name!r} is not loaded.", field="model")
        return name if name in same else same[0]

    def load(
        self, checkpoint: Checkpoint, options: LoadOptions, go_on: Callable[[], None]
    ) -> Loaded:
        """Return the model in memory. Load it if need be, and unload idle models to make room.

        Args:
            go_on: called between two steps; whatever it raises ends the load.

        Raises:
            NotACheckpoint, ModelLoadFailed, Unsupported
            MemoryLimitExceeded: it is too large for the limit, or for what the models in use leave
                of it.
            ModelInUse: it is loaded with another dtype or other bits, and cannot be replaced now.
        """
        path = checkpoint.path.resolve()
        loaded = self._by_path.get(path)
        if loaded is None or not _satisfies(loaded, options):
            go_on()
            self._check_free(loaded)
            registry.describe(checkpoint)  # before a model is unloaded for one that is refused
            need = registry.footprint(checkpoint, options.dtype, options.bits, backend.on_cpu())
            self._make_room(need, checkpoint.name, path)
            del loaded
            self._drop(path)
            check_address_space(to_speak(need) + _HEAPS_BYTES)
            loaded = self._by_path[path] = load(checkpoint, options, go_on)
            loaded.keep_alive = self._keep_alive
            self._trim(loaded)
        if options.keep_alive is not None:
            loaded.keep_alive = options.keep_alive
        loaded.touch()
        self._give_name(checkpoint.name, path)
        return loaded

    def _give_name(self, name: str, path: Path) -> None:
        """Give a model the name by which it was asked for.

        An older revision may have had this name. If it has no other, no client can unload it any
        more, so it is unloaded once it is idle.
        """
        before = self._paths.get(name)
        self._paths[name] = path
        older = None if before is None else self._by_path.get(before)
        if older is not None and not self.names(older):
            older.keep_alive = 0.0

    def unload(self, name: str) -> None:
        """Free a model.

        Raises:
            UnknownModel: the model is not loaded.
        """
        self._drop(self._paths[self.find_name(name)])

    def expire(self) -> None:
        """Free the models whose time without work is over."""
        now = time.monotonic()
        due = [p for p, m in self._by_path.items() if _expiry(m) <= now and not self._in_use(m)]
        for path in due:
            self._drop(path)

    @property
    def next_expiry(self) -> float | None:
        """When to call `expire` if nothing happens before, by time.monotonic."""
        idle = [m for m in self if m.keep_alive >= 0 and not self._in_use(m)]
        return min(map(_expiry, idle), default=None)

    def tidy(self) -> None:
        """Free the memory of models that nothing refers to any more.

        Modules refer to each other, so only the garbage collector finds them, and only then their
        memory goes back to MLX.
        """
        gc.collect()
        mx.clear_cache()

    def _drop(self, path: Path) -> None:
        dropped = self._by_path.pop(path, None)
        if dropped is not None:
            dropped.close()
            del dropped  # or its memory could not be freed
            self._paths = {n: p for n, p in self._paths.items() if p != path}
            self.tidy()

    def _check_free(self, loaded: Loaded | None) -> None:
        if loaded is not None and self._in_use(loaded):
            how = loaded.model.dtype if loaded.bits is None else f"{loaded.bits} bits"
            raise ModelInUse(
                f"{loaded.name!r} is loaded as {how}, and in use.",
                hint="Load it with other settings when its streams have ended.",
                field="dtype",
            )

    def _make_room(self, need: int, name: str, path: Path) -> None:
        """Free idle models, the least recently used first; none if that would not be enough."""
        if self.limit is None:
            return
        if need > self.limit:
            raise MemoryLimitExceeded(
                f"{_describe_need(name, need)}; models may take {format_bytes(self.limit)}.",
                hint="Choose a smaller or a quantised model, or raise --memory-limit.",
                field="model",
            )
        others = {p: loaded for p, loaded in self._by_path.items() if p != path}
        idle = self._idle(others)
        free = self.limit - sum(loaded.memory_bytes for loaded in others.values())
        if need > free + sum(others[p].memory_bytes for p in idle):
            raise MemoryLimitExceeded(
                f"{_describe_need(name, need)}, and models that are speaking leave "
                f"{format_bytes(max(free, 0))} of {format_bytes(self.limit)}.",
                hint="Load it when their streams have ended, or raise --memory-limit.",
                field="model",
            )
        if need > free:  # memory is short: the models that stay give what they can spare
            _forget_prompts(others.values())
        while need > free:
            leaving = idle.pop(0)
            free += others.pop(leaving).memory_bytes
            self._drop(leaving)

    def _idle(self, among: dict[Path, Loaded]) -> list[Path]:
        idle = [path for path, loaded in among.items() if not self._in_use(loaded)]
        return sorted(idle, key=lambda path: among[path].last_used)

    def _trim(self, newest: Loaded) -> None:
        """Free idle models after a load, when the memory that it takes is known, not estimated."""
        others = {p: loaded for p, loaded in self._by_path.items() if loaded is not newest}
        for path in self._idle(others):
            if self.limit is None or sum(m.memory_bytes for m in self) <= self.limit:
                return
            others.pop(path)
            self._drop(path)


def _forget_prompts(models: Iterable[Loaded]) -> None:
    # Not a loop of `_make_room`: its variable would hold the last model while that is dropped.
    for loaded in models:
        loaded.model.forget_prompts()


def _expiry(loaded: Loaded) -> float:
    if loaded.keep_alive < 0:
        return float("inf")
    return loaded.last_used + max(loaded.keep_alive, MIN_IDLE_SECONDS)


def _satisfies(loaded: Loaded, options: LoadOptions) -> bool:
    """Return whether a loaded model is what the options ask for; an unset option fits any."""
    return options.dtype in ("auto", loaded.model.dtype) and options.bits in (None, loaded.bits)


def _describe_need(name: str, need: int) -> str:
    """Return the memory that all lists of models name, and what of it counts for the limit."""
    speaking = format_bytes(to_speak(need))
    return f"{name!r} needs about {speaking} to speak, {format_bytes(need)} of that for its weights"
