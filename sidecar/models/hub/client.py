"""The hub's own client, huggingface_hub: its session, and what it knows of names and settings."""

from __future__ import annotations

from functools import cache
from typing import Any
from urllib.parse import urlsplit

from sidecar.errors import UnknownModel


@cache
def client() -> Any:
    """Return huggingface_hub. Its import takes a third of a second, which only the hub's models
    need."""
    import huggingface_hub
    import huggingface_hub.errors

    return huggingface_hub


def session() -> Any:
    """Return the client's HTTP session, which obeys the proxy variables; no wait is endless."""
    hooks = client().get_session().event_hooks["request"]
    if _bound_waiting not in hooks:
        hooks.append(_bound_waiting)
    return client().get_session()


def host() -> str:
    """Return the host name of the hub, which HF_ENDPOINT may set."""
    from huggingface_hub import constants

    return urlsplit(constants.ENDPOINT).netloc


def check_name(repo: str) -> None:
    """Raise UnknownModel if no repository can have this name."""
    from huggingface_hub.utils import validate_repo_id

    try:
        validate_repo_id(repo)
    except client().errors.HFValidationError:
        raise UnknownModel(f"{repo!r} cannot be the name of a repository.", field="model") from None


def is_offline() -> bool:
    from huggingface_hub import constants

    return constants.is_offline_mode()


def _bound_waiting(request: Any) -> None:
    """Set a time limit: the client itself would wait for a silent server forever."""
    from huggingface_hub import constants

    given = request.extensions.get("timeout", {})
    limit = float(constants.HF_HUB_DOWNLOAD_TIMEOUT)
    phases = ("connect", "read", "write", "pool")
    request.extensions["timeout"] = {p: given.get(p) or limit for p in phases}
