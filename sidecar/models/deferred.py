"""Defers the import of modules that mlx-audio imports, but that this process may never use."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import threading
from types import ModuleType
from typing import Any

# mlx-audio's codecs all import its resampler, which imports this: 0.7 s of a start of 2.4 s.
_RARELY_USED = ("scipy.signal",)
_lock = threading.Lock()


def defer() -> None:
    """Put stand-ins into sys.modules for the modules that are not imported yet."""
    for name in _RARELY_USED:
        if name not in sys.modules:
            _stand_in(name)


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
