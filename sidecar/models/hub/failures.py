"""What goes wrong with the hub, as errors that say what to do."""

from __future__ import annotations

import contextlib
import errno
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from sidecar.errors import (
    DiskFull,
    Figures,
    HubAccessDenied,
    HubRateLimited,
    HubUnreachable,
    ModelLoadFailed,
    ModelNotDownloaded,
    SidecarError,
    UnknownModel,
    UnknownRevision,
)
from sidecar.models.checkpoint.weights import list_names
from sidecar.models.hub import cache
from sidecar.models.hub.client import host

DISK_IS_FULL = (errno.ENOSPC, errno.EDQUOT)
_TOO_MANY = 429
_TRANSIENT = (408, _TOO_MANY, 500, 502, 503, 504)
_ERRNO = re.compile(r"^\[Errno -?\d+\] ")


class _Refusal(NamedTuple):
    """An error for an answer; {host}, {repo} and {status} are filled in."""

    error: type[SidecarError]
    message: str
    hint: str


# By the class of huggingface_hub's exception; the first that fits counts.
_BY_EXCEPTION = {
    "GatedRepoError": _Refusal(
        HubAccessDenied,
        "The repository {repo!r} is gated, and this machine has no access to it.",
        "Ask for access at https://{host}/{repo}, then set HF_TOKEN.",
    ),
    "RepositoryNotFoundError": _Refusal(
        UnknownModel,
        "{host} has no repository {repo!r}, or it is private.",
        "Check the name; for a private repository set HF_TOKEN.",
    ),
    "RevisionNotFoundError": _Refusal(
        UnknownRevision,
        "The repository {repo!r} has no such revision.",
        "Name a branch, a tag or a whole commit hash, or leave the revision out.",
    ),
}
# By the range of the answer's status; the first that fits counts.
_BY_STATUS = {
    (401, 403): _Refusal(
        HubAccessDenied,
        "{host} refuses access to {repo} (status {status}).",
        "Check HF_TOKEN: it may have expired, or may not allow reading this repository.",
    ),
    range(500, 600): _Refusal(
        HubUnreachable,
        "{host} is out of order: it answers the request for {repo} with status {status}.",
        "Try again later; https://status.huggingface.co shows the state of the hub.",
    ),
    range(1000): _Refusal(
        ModelLoadFailed,
        "{host} answers the request for {repo} with status {status}.",
        "Try again, or name a folder with the model instead.",
    ),
}


def is_transient(error: Exception) -> bool:
    """Return whether the next try may succeed.

    Connections that are refused, unknown host names, and proxies that fail are permanent.
    """
    import httpx2

    status = _status(error)
    if status is not None:
        return status in _TRANSIENT
    root = _root(error)
    permanent = (httpx2.ConnectError, httpx2.ProxyError, httpx2.UnsupportedProtocol)
    return isinstance(root, httpx2.TransportError) and not isinstance(root, permanent)


def explain(error: Exception, repo: str) -> SidecarError:
    """Return the error that says what went wrong, and what to do."""
    import httpx2
    from huggingface_hub import errors

    if isinstance(error, SidecarError):
        return error
    if any(isinstance(one, errors.OfflineModeIsEnabled) for one in _chain(error)):
        return offline_error(repo, ())
    if (status := _status(error)) is not None:
        return _refused(error, status, repo)
    root = _root(error)
    if isinstance(root, OSError) and root.errno in DISK_IS_FULL:
        return disk_full_error(repo, None)
    if isinstance(root, httpx2.TransportError):
        return _unreachable(root, repo)
    return ModelLoadFailed(
        f"{repo} could not be downloaded: {_first_line(root)}",
        hint="Try again, or name a folder with the model instead.",
        field="model",
    )


def offline_error(repo: str, missing: tuple[str, ...]) -> ModelNotDownloaded:
    """Return the error for files that are missing while the network may not be used."""
    what = f"lacks {list_names(missing, 6)}" if missing else "is not on this machine"
    return ModelNotDownloaded(
        f"{repo} {what}, and offline mode is on.",
        hint="Download it on a machine with a network: without HF_HUB_OFFLINE or --offline, run "
        f"qwen-tts-sidecar models download {repo}.",
        field="model",
    )


def disk_full_error(repo: str, needed: int | None, removable: str = "") -> DiskFull:
    """Return the error for `needed` bytes, if known, that do not fit on the cache's disk.

    Args:
        removable: the models that could be removed, in words, if there are any.
    """
    free = free_bytes(cache.folder())
    wants = "needs more space" if needed is None else f"needs {needed / 1e6:,.1f} MB"
    return DiskFull(
        f"{repo} {wants}, and the disk of {cache.folder()} has {free / 1e6:,.1f} MB free.",
        hint="Free some space (qwen-tts-sidecar models remove NAME), or set HF_HUB_CACHE to a "
        f"folder on another disk. What has been downloaded is kept.{removable}",
        field="model",
        figures=Figures(needed_bytes=needed, free_bytes=free),
    )


def free_bytes(path: Path) -> int:
    """Return the free space of the disk on which a folder is, or will be."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return shutil.disk_usage(path).free


def _refused(error: Exception, status: int, repo: str) -> SidecarError:
    if status == _TOO_MANY:
        return _rate_limited(error, repo)
    from huggingface_hub import errors

    named = (one for name, one in _BY_EXCEPTION.items() if isinstance(error, getattr(errors, name)))
    found = next(named, None) or next(one for of, one in _BY_STATUS.items() if status in of)
    facts = {"host": host(), "repo": repo, "status": status}
    return found.error(
        found.message.format(**facts), hint=found.hint.format(**facts), field="model"
    )


def _rate_limited(error: Exception, repo: str) -> HubRateLimited:
    asked = find_requested_pause(error)
    when = "later" if asked is None else f"in {asked:.0f} s"
    return HubRateLimited(
        f"{host()} has received too many requests from here, and does not send {repo} now.",
        hint=f"Try again {when}. With HF_TOKEN set, the hub allows more.",
        field="model",
        figures=Figures(retry_after_seconds=asked),
    )


def _unreachable(error: Exception, repo: str) -> HubUnreachable:
    from urllib.request import getproxies  # it imports an HTTP client and TLS

    proxies = {urlsplit(url).hostname for url in getproxies().values()} - {None}
    through = f" through the proxy {', '.join(sorted(map(str, proxies)))}" if proxies else ""
    return HubUnreachable(
        f"{repo} could not be downloaded from {host()}{through}: {describe(error)}",
        hint="Check the network"
        + (" and HTTPS_PROXY" if proxies else "; behind a proxy set HTTPS_PROXY")
        + ". What has been downloaded is kept.",
        field="model",
    )


def describe(error: Exception) -> str:
    """Return what went wrong with the network, in a few words."""
    import httpx2

    root = _root(error)
    return "it does not answer" if isinstance(root, httpx2.TimeoutException) else _first_line(root)


def _first_line(error: BaseException) -> str:
    """Return the first line of the message, without the number that Python puts before it."""
    line = (str(error).strip() or type(error).__name__).splitlines()[0]
    return _ERRNO.sub("", line)


def _status(error: Exception) -> int | None:
    return next((e.response.status_code for e in _chain(error) if _has_response(e)), None)


def _has_response(error: Any) -> bool:
    return getattr(getattr(error, "response", None), "status_code", None) is not None


def find_requested_pause(error: Exception) -> float | None:
    """Return the seconds of Retry-After, or of the hub's RateLimit header; None without either."""
    from huggingface_hub.utils import parse_ratelimit_headers

    for one in _chain(error):
        if _has_response(one):
            headers: Any = one.response.headers
            with contextlib.suppress(ValueError):
                return max(0.0, float(headers.get("Retry-After", "")))
            limit = parse_ratelimit_headers(headers)
            return None if limit is None or limit.remaining else float(limit.reset_in_seconds)
    return None


def _chain(error: BaseException) -> Iterator[Any]:
    """Yield an error and its causes, since the client wraps the errors of the network."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__


def _root(error: Exception) -> BaseException:
    """Return the cause that says most: the network's or the disk's."""
    import httpx2

    for one in _chain(error):
        if isinstance(one, httpx2.TransportError) or getattr(one, "errno", None):
            return one
    return error
