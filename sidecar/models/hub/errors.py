"""What goes wrong with the hub, as errors of ours that a person can act on."""

from __future__ import annotations

import contextlib
import errno
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

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
from sidecar.models.hub import cache

DISK_IS_FULL = (errno.ENOSPC, errno.EDQUOT)
_TOO_MANY = 429
_ERRNO = re.compile(r"^\[Errno -?\d+\] ")
_PASSING = (408, _TOO_MANY, 500, 502, 503, 504)


def host() -> str:
    from huggingface_hub import constants

    return urlsplit(constants.ENDPOINT).netloc


def passes(error: Exception) -> bool:
    """Whether it may be otherwise in a moment. Nobody listening, no name, no proxy stays so."""
    import httpx2

    status = _status(error)
    if status is not None:
        return status in _PASSING
    root = _root(error)
    lasting = (httpx2.ConnectError, httpx2.ProxyError, httpx2.UnsupportedProtocol)
    return isinstance(root, httpx2.TransportError) and not isinstance(root, lasting)


def explained(error: Exception, repo: str) -> SidecarError:
    """The error of ours that says what to do."""
    if isinstance(error, SidecarError):
        return error
    from huggingface_hub import errors as hub

    if _any(error, hub.OfflineModeIsEnabled):
        return offline(repo, ())
    if isinstance(error, hub.HFValidationError):
        return UnknownModel(f"{repo!r} cannot be the name of a repository.", field="model")
    if (status := _status(error)) is not None:
        return _refused(error, status, repo)
    root = _root(error)
    if isinstance(root, OSError) and root.errno in DISK_IS_FULL:
        return disk_full(repo, None)
    import httpx2

    if isinstance(root, httpx2.TransportError):
        return _unreachable(root, repo)
    return ModelLoadFailed(
        f"{repo} could not be downloaded: {_said(root)}",
        hint="Try again, or give a folder instead.",
        field="model",
    )


def offline(repo: str, missing: tuple[str, ...]) -> ModelNotDownloaded:
    """Something is missing, and the network may not be asked."""
    what = f"lacks {_listed(missing)}" if missing else "is not on this machine"
    return ModelNotDownloaded(
        f"{repo} {what}, and offline mode is on.",
        hint="Download it where there is a network: without HF_HUB_OFFLINE or --offline, "
        f"qwen-tts-sidecar models download {repo}.",
        field="model",
    )


def _listed(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:6])
    return shown if len(names) <= 6 else f"{shown} and {len(names) - 6} more files"


def disk_full(repo: str, needed: int | None) -> DiskFull:
    """`needed` bytes, where that is known, do not fit on the cache's disk."""
    free = free_bytes(cache.folder())
    wants = "needs more room" if needed is None else f"needs {needed / 1e6:,.1f} MB"
    return DiskFull(
        f"{repo} {wants}, and {cache.folder()} has {free / 1e6:,.1f} MB free.",
        hint="Make room (qwen-tts-sidecar models remove NAME), or set HF_HUB_CACHE to a folder "
        "on another disk. What has been downloaded is kept.",
        field="model",
        figures=Figures(needed_bytes=needed, free_bytes=free),
    )


def free_bytes(path: Path) -> int:
    """Of the disk that a folder is on, or will be on."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return shutil.disk_usage(path).free


def _refused(error: Exception, status: int, repo: str) -> SidecarError:
    from huggingface_hub import errors as hub

    if isinstance(error, hub.GatedRepoError):
        return HubAccessDenied(
            f"The repository {repo!r} is gated, and this machine has no access to it.",
            hint=f"Ask for access at https://{host()}/{repo}, then set HF_TOKEN.",
            field="model",
        )
    if isinstance(error, hub.RepositoryNotFoundError):
        return UnknownModel(
            f"{host()} has no repository {repo!r}, or it is private.",
            hint="Check the name; for a private repository set HF_TOKEN.",
            field="model",
        )
    if isinstance(error, hub.RevisionNotFoundError):
        return UnknownRevision(
            f"The repository {repo!r} has no such revision.",
            hint="Name a branch, a tag or a whole commit hash, or leave it out.",
            field="model",
        )
    if status in (401, 403):
        return HubAccessDenied(
            f"{host()} refuses {repo} with status {status}.",
            hint="Check HF_TOKEN: it may have expired, or may not read this repository.",
            field="model",
        )
    if status == _TOO_MANY:
        return _rate_limited(error, repo)
    if status >= 500:
        return HubUnreachable(
            f"{host()} is out of order: it answers {repo} with status {status}.",
            hint="Try again later; https://status.huggingface.co says how the hub is.",
            field="model",
        )
    return ModelLoadFailed(
        f"{host()} answers {repo} with status {status}.",
        hint="Try again, or give a folder instead.",
        field="model",
    )


def _rate_limited(error: Exception, repo: str) -> HubRateLimited:
    asked = asked_pause(error)
    when = "later" if asked is None else f"in {asked:.0f} s"
    return HubRateLimited(
        f"{host()} has had too many requests from here, and does not give out {repo} now.",
        hint=f"Try again {when}. With HF_TOKEN set, the hub allows more.",
        field="model",
        figures=Figures(retry_after_seconds=asked),
    )


def _unreachable(error: Exception, repo: str) -> HubUnreachable:
    import httpx2

    proxies = {urlsplit(url).hostname for url in getproxies().values()} - {None}
    through = f" through the proxy {', '.join(sorted(map(str, proxies)))}" if proxies else ""
    said = "it says nothing" if isinstance(error, httpx2.TimeoutException) else _said(error)
    return HubUnreachable(
        f"{repo} could not be downloaded from {host()}{through}: {said}",
        hint="Check the network"
        + (" and HTTPS_PROXY" if proxies else "; behind a proxy set HTTPS_PROXY")
        + ". What has been downloaded is kept.",
        field="model",
    )


def reason(error: Exception) -> str:
    """Return what the network said, in a few words."""
    import httpx2

    root = _root(error)
    return "it says nothing" if isinstance(root, httpx2.TimeoutException) else _said(root)


def _said(error: BaseException) -> str:
    """Return the first line of what it says, without the number that Python puts before it."""
    line = (str(error).strip() or type(error).__name__).splitlines()[0]
    return _ERRNO.sub("", line)


def _status(error: Exception) -> int | None:
    return next((e.response.status_code for e in _chain(error) if _has_response(e)), None)


def _has_response(error: Any) -> bool:
    return getattr(getattr(error, "response", None), "status_code", None) is not None


def asked_pause(error: Exception) -> float | None:
    """Seconds of Retry-After, or of the hub's RateLimit header."""
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
    """An error and its causes: the client wraps what it was told."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__


def _root(error: Exception) -> BaseException:
    """Of the causes the one that says most: the network's or the disk's."""
    import httpx2

    for one in _chain(error):
        if isinstance(one, httpx2.TransportError) or getattr(one, "errno", None):
            return one
    return error


def _any(error: Exception, kind: type[Exception]) -> bool:
    return any(isinstance(one, kind) for one in _chain(error))
