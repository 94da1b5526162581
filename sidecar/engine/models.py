"""The models in memory."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import mlx.core as mx

from sidecar.engine.sampling import BatchSampler, CodeRules, RowSampling
from sidecar.errors import UnknownModel
from sidecar.models import registry
from sidecar.models.base import TTSModel
from sidecar.models.catalog import Checkpoint


@dataclass(eq=False)
class LoadedModel:
    """A model and what the engine keeps beside it.

    Attributes:
        identity: no two models that were ever in memory have the same.
    """

    name: str
    model: TTSModel
    rules: CodeRules
    memory_bytes: int
    load_seconds: float
    identity: int = field(default_factory=count().__next__)


class ModelTable:
    """Loaded models, by folder and by the names they were asked for."""

    def __init__(self) -> None:
        self._by_path: dict[Path, LoadedModel] = {}
        self._paths: dict[str, Path] = {}

    def __iter__(self) -> Iterator[LoadedModel]:
        return iter(list(self._by_path.values()))

    def get(self, name: str) -> LoadedModel | None:
        path = self._paths.get(name)
        return None if path is None else self._by_path.get(path)

    def names(self, loaded: LoadedModel) -> list[str]:
        """Every name it was asked for by."""
        return [n for n, path in self._paths.items() if self._by_path.get(path) is loaded]

    def find(self, checkpoint: Checkpoint) -> LoadedModel | None:
        return self._by_path.get(checkpoint.path.resolve())

    def load(self, checkpoint: Checkpoint, dtype: str) -> LoadedModel:
        """Returns the model in memory, loading it if need be; dtype auto takes what is there.

        Raises:
            NotACheckpoint, ModelLoadFailed
        """
        path = checkpoint.path.resolve()
        loaded = self._by_path.get(path)
        if loaded is None or dtype not in ("auto", loaded.model.dtype):
            del loaded
            self._drop(path)
            loaded = self._by_path[path] = _load(checkpoint, dtype)
        self._paths[checkpoint.name] = path
        return loaded

    def unload(self, name: str) -> None:
        """Frees a model.

        Raises:
            UnknownModel: it is not loaded.
        """
        path = self._paths.get(name)
        if path is None or path not in self._by_path:
            raise UnknownModel(f"The model {name!r} is not loaded.", field="model")
        self._drop(path)

    def _drop(self, path: Path) -> None:
        if self._by_path.pop(path, None) is not None:
            self._paths = {n: p for n, p in self._paths.items() if p != path}
            gc.collect()  # modules refer to each other; only then is their memory MLX's again
            mx.clear_cache()


def _load(checkpoint: Checkpoint, dtype: str) -> LoadedModel:
    started, before = time.perf_counter(), mx.get_active_memory()
    model = registry.load(checkpoint, dtype)
    rules = CodeRules(model.codes)
    model.warm_up(lambda rows: BatchSampler(rules, [_warm_sampling(model)] * rows))
    mx.clear_cache()
    return LoadedModel(
        name=checkpoint.name,
        model=model,
        rules=rules,
        memory_bytes=mx.get_active_memory() - before,
        load_seconds=time.perf_counter() - started,
    )


def _warm_sampling(model: TTSModel) -> RowSampling:
    """As a request that sets nothing samples, so that its kernels are there."""
    defaults = model.defaults
    return RowSampling(
        defaults.talker, defaults.subtalker, defaults.repetition_penalty, defaults.min_frames, 0
    )
