"""Run the sidecar as if the modules that QWEN_TTS_TEST_WITHOUT names were not installed."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

_WITHOUT = frozenset(os.environ["QWEN_TTS_TEST_WITHOUT"].split(","))


class Finder(PathFinder):
    @classmethod
    def find_spec(
        cls, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] in _WITHOUT:
            return None
        return super().find_spec(fullname, path, target)


assert not _WITHOUT & sys.modules.keys()
sys.meta_path[sys.meta_path.index(PathFinder)] = Finder

from sidecar.cli import main as cli  # noqa: E402

cli.main(sys.argv[1:])
