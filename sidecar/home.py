"""Folders below the user's home, which a process may lack: in a container, or a service."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sidecar.errors import InternalError


def below_home(find: Callable[[], Path], instead: str) -> Path:
    """Return the folder that `find` finds below the user's home.

    Args:
        instead: what names that folder by itself: a variable or an option.

    Raises:
        InternalError: HOME is not set, and the system does not know the user.
    """
    try:
        return find()
    except RuntimeError:  # of pathlib, and of platformdirs
        raise InternalError(
            "The home folder of this user is not known, since HOME is not set.",
            hint=f"Set HOME, or {instead}.",
        ) from None
