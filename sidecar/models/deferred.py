"""Imports a module of mlx-audio without what its packages and its neighbours import beside it.

A package of mlx-audio imports all that it has when one of its modules is imported: `codec.models`
imports every codec, and with them scipy's resampler and YAML. Here the module object of such a
package is the real one, but its `__init__` is run when a name is first read that only `__init__`
defines. So another family finds the whole package.
"""

from __future__ import annotations

import contextlib
import importlib.util
import sys
import threading
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

# Parents of modules that Qwen3-TTS uses; none of them has a name that Qwen3-TTS uses.
_PACKAGES = ("mlx_audio.codec", "mlx_audio.codec.models", "mlx_audio.tts")
# The functions that download. This process downloads by itself, and never by these: 0.2 s.
_DOWNLOADS = ("hf_hub_download", "snapshot_download")
_lock = threading.RLock()


@contextlib.contextmanager
def narrow_imports() -> Iterator[None]:
    """Let code import modules of mlx-audio meanwhile, and as little as possible beside them.

    Raises:
        ImportError: mlx-audio is not installed.
    """
    for name in _PACKAGES:
        if name not in sys.modules:
            _add_package(name)
    with _downloads_deferred():
        yield


def _add_package(name: str) -> None:
    """Do what the import of a package does, but do not run its `__init__`."""
    spec = importlib.util.find_spec(name)
    if spec is None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    package = importlib.util.module_from_spec(spec)
    package.__class__ = _Package
    sys.modules[name] = package
    parent, _, last = name.rpartition(".")
    setattr(sys.modules[parent], last, package)


class _Package(ModuleType):
    """A package whose `__init__` has not run."""

    def __getattr__(self, name: str) -> Any:
        # Tools read `__file__` and the like of every module; `import *` reads `__all__`.
        if name.startswith("__") and name != "__all__":
            raise AttributeError(name)
        with _lock:
            if type(self) is _Package:
                _run_init(self)
        return getattr(self, name)


def _run_init(package: ModuleType) -> None:
    spec = package.__spec__
    assert spec is not None
    assert spec.loader is not None
    known = dict(vars(package))
    # First, since `__init__` may read names that it has not defined yet.
    package.__class__ = ModuleType
    try:
        spec.loader.exec_module(package)
    except BaseException:
        # As after any import that failed, the next one tries again, and raises the same error.
        vars(package).clear()
        vars(package).update(known)
        package.__class__ = _Package
        raise


@contextlib.contextmanager
def _downloads_deferred() -> Iterator[None]:
    """Give code that is imported meanwhile functions that import the hub's client when called."""
    import huggingface_hub  # it imports its parts only when their names are read

    names = [name for name in _DOWNLOADS if name not in vars(huggingface_hub)]
    for name in names:
        setattr(huggingface_hub, name, _forwarder(name))
    try:
        yield
    finally:
        for name in names:
            delattr(huggingface_hub, name)


def _forwarder(name: str) -> Callable[..., Any]:
    def download(*args: Any, **kwargs: Any) -> Any:
        import huggingface_hub

        # Not its attribute, which may be this very function.
        imported: Any = vars(huggingface_hub)["__getattr__"]
        return imported(name)(*args, **kwargs)

    return download
