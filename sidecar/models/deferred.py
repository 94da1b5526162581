"""Defers the import of what mlx-audio imports, but this process may never use.

mlx-audio has no narrower import: one module of one family imports all codecs, and with them a
resampler and a downloader.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import sys
import threading
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

# mlx-audio's codecs all import its resampler, which imports this: 0.7 s of a start of 2.4 s.
_RARELY_USED = ("scipy.signal",)
# The functions that download. This process downloads by itself, and never by these: 0.2 s.
_DOWNLOADS = ("hf_hub_download", "snapshot_download")
_lock = threading.Lock()


def defer() -> None:
    """Put stand-ins into sys.modules for the modules that are not imported yet."""
    for name in _RARELY_USED:
        if name not in sys.modules:
            _stand_in(name)


@contextlib.contextmanager
def downloads_deferred() -> Iterator[None]:
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


def _stand_in(name: str) -> None:
    # importlib's LazyLoader does not help: the next import reads an attribute, which loads it.
    try:
        spec = importlib.util.find_spec(name)
    except ModuleNotFoundError:
        return  # the code that needs it raises the error
    if spec is not None:
        module = _Deferred(name)
        module.__spec__ = spec
        sys.modules[name] = module


class _Deferred(ModuleType):
    """A stand-in that forwards to the real module when one of its names is used."""

    def __getattr__(self, name: str) -> Any:
        # Tools read `__file__` and the like of every module; an import of a part reads `__path__`.
        if name.startswith("__") and name != "__path__":
            raise AttributeError(name)
        return getattr(self._real(), name)

    def _real(self) -> ModuleType:
        with _lock:
            if sys.modules.get(self.__name__) is self:
                del sys.modules[self.__name__]
            return importlib.import_module(self.__name__)
