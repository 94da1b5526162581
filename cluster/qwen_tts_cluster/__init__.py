"""qwen-tts-sidecar as an application of Ray Serve: one replica has one sidecar, and one GPU.

    serve run qwen_tts_cluster:app

`app` needs Ray; everything else here can be imported without it.
"""

from typing import Any

from qwen_tts_cluster.settings import Settings, read_settings
from qwen_tts_cluster.version import VERSION

__all__ = ["VERSION", "Settings", "app", "read_settings"]  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from qwen_tts_cluster.app import app

    return app
