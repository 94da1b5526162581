"""Modules that mlx-audio imports and this process may never need: imported when first used."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import threading
from types import ModuleType
from typing import Any

# mlx-audio's codecs all import its resampler, which wants this: 0.7 s of a start of 2.4 s.
_RARELY_USED = ("scipy.signal",)
_lock = threading.Lock()


def defer() -> None:
    """Puts stand-ins where `import` finds them, for what is not imported yet."""
    for name in _RARELY_USED:
        if name not in sys.modules:
            _stand_in(name)


def _stand_in(name: str) -> None:
    # importlib's LazyLoader would not do: the next import looks at the module, and that loads it.
    try:
        spec = importlib.util.find_spec(name)
    except ModuleNotFoundError:
        return  # whoever needs it says so
    if spec is not None:
        module = _Deferred(name)
        module.__spec__ = spec
        sys.modules[name] = module


class _Deferred(ModuleType):
    """Becomes a forwarder to the real module when one of its names is asked for."""

    def __getattr__(self, name: str) -> Any:
        # Of modules in general, people ask for `__file__` and the like; `__path__` asks for a part.
        if name.startswith("__") and name != "__path__":
            raise AttributeError(name)
        return getattr(self._real(), name)

    def _real(self) -> ModuleType:
        with _lock:
            if sys.modules.get(self.__name__) is self:
                del sys.modules[self.__name__]
            return importlib.import_module(self.__name__)
