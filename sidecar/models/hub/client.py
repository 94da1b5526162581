"""The hub's client: its session, and the patience between two tries."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from sidecar.errors import Cancelled, SidecarError
from sidecar.models.hub.errors import asked_pause, explained, passes

Result = TypeVar("Result")

# A hub that asks for a longer pause than this is reported instead of waited for.
_PATIENCE_SECONDS = 60.0
_TRIES = 4  # without a byte in between
_FIRST_PAUSE_SECONDS = 0.5


@cache
def client() -> Any:
    """huggingface_hub; takes a third of a second to import, so only names on the hub pay it."""
    import huggingface_hub
    import huggingface_hub.errors

    return huggingface_hub


def session() -> Any:
    """The client's HTTP session, which obeys the proxy variables, with an end to all waiting."""
    hooks = client().get_session().event_hooks["request"]
    if _bound_waiting not in hooks:
        hooks.append(_bound_waiting)
    return client().get_session()


def check_name(repo: str) -> None:
    """Raises UnknownModel if no repository can be called that."""
    from huggingface_hub.utils import validate_repo_id

    try:
        validate_repo_id(repo)
    except client().errors.HFValidationError as error:
        raise explained(error, repo) from None


def is_offline() -> bool:
    from huggingface_hub import constants

    return constants.is_offline_mode()


def _bound_waiting(request: Any) -> None:
    """The client would wait for a silent server for ever; a download must fail instead."""
    from huggingface_hub import constants

    given = request.extensions.get("timeout", {})
    limit = float(constants.HF_HUB_DOWNLOAD_TIMEOUT)
    phases = ("connect", "read", "write", "pool")
    request.extensions["timeout"] = {p: given.get(p) or limit for p in phases}


class Patience:
    """Who waits for the hub, and for how long: pauses that grow, and end when it is cancelled.

    Args:
        repo: for what is said.
        cancelled: set from another thread.
        on_pause: told the seconds before each pause that the hub has asked for.
    """

    def __init__(
        self, repo: str, cancelled: threading.Event, on_pause: Callable[[float], None]
    ) -> None:
        self.repo = repo
        self._cancelled = cancelled
        self._on_pause = on_pause
        self._failures = 0

    def check(self) -> None:
        """Raises Cancelled."""
        if self._cancelled.is_set():
            raise Cancelled("The download was cancelled.")

    def progressed(self) -> None:
        """Bytes have come: the next failure is a first one again."""
        self._failures = 0

    def persist(self, attempt: Callable[[], Result]) -> Result:
        """What `attempt` returns; tries again after what passes by itself.

        Raises:
            SidecarError: what does not, or not soon.
        """
        self._failures = 0
        while True:
            self.check()
            try:
                return attempt()
            except SidecarError:
                raise
            except Exception as error:
                self._pause_after(error)

    def _pause_after(self, error: Exception) -> None:
        pause = _FIRST_PAUSE_SECONDS * 2**self._failures
        self._failures += 1
        asked = asked_pause(error)
        if self._failures >= _TRIES or not passes(error) or (asked or 0) > _PATIENCE_SECONDS:
            raise explained(error, self.repo) from error
        if asked is not None:
            self._on_pause(asked)
            pause = max(pause, asked)
        self._cancelled.wait(pause)
