"""Checks of what is outside the package: optional packages, the loudspeaker, the model hub."""

from __future__ import annotations

import importlib.util
import json
import threading
import time
from typing import Any

from sidecar import installation
from sidecar.models.hub import client, failures

# The extras of this package that a user may want, and the modules that each needs.
EXTRAS: dict[str, tuple[str, ...]] = {
    "play": ("sounddevice",),
    "speed": ("libsonic",),
    "kokoro": ("misaki", "spacy", "num2words", "phonemizer", "espeakng_loader"),
    "media": ("av",),
}
# Packages whose name is not that of their module.
_PACKAGES = {"phonemizer": "phonemizer-fork", "espeakng_loader": "espeakng-loader"}
_USES = {
    "play": "`say --play`",
    "speed": "`speed`",
    "kokoro": "Kokoro models",
    "media": "recordings in m4a, mp4 or webm",
}
# Resolving a host name has no time limit of its own, so the whole check has one.
_HUB_SECONDS = 5.0


def bundle() -> dict[str, str] | None:
    """Return the platform and the folder of the bundle that this runs from, if it does."""
    folder = installation.bundle()
    if folder is None:
        return None
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    return {"platform": str(manifest["platform"]), "path": str(folder)}


def extras() -> list[dict[str, Any]]:
    """Check which extras are installed, without importing them.

    Returns:
        For each extra its name, what it is for, and whether it is installed; if it is not, the
        missing modules, and the packages to install.
    """
    found: list[dict[str, Any]] = []
    for name, modules in EXTRAS.items():
        missing = [module for module in modules if importlib.util.find_spec(module) is None]
        extra = {"name": name, "use": _USES[name], "installed": not missing}
        if missing:
            packages = [_PACKAGES.get(module, module) for module in missing]
            extra |= {"missing": missing, "install": packages}
        found.append(extra)
    return found


def sound() -> dict[str, str]:
    """Return the default output device, or the problem; neither without the extra `play`."""
    if importlib.util.find_spec("sounddevice") is None:
        return {}
    try:
        import sounddevice  # pyright: ignore[reportMissingTypeStubs]  # it is annotated itself
    except OSError as error:  # the package is installed, the library is not
        return {"problem": f"{error}; install PortAudio (Debian: apt install libportaudio2)"}
    try:
        devices: Any = sounddevice
        return {"device": str(devices.query_devices(kind="output")["name"])}
    except (sounddevice.PortAudioError, ValueError):
        return {"problem": "PortAudio finds no output device"}


def hub(*, ask: bool, seconds: float = _HUB_SECONDS) -> dict[str, Any]:
    """Return the hub's host and, unless offline mode is on, whether it answers.

    Args:
        ask: whether to contact the hub. No token is sent.
        seconds: the time limit.
    """
    host = {"host": client.host()}
    if not ask or client.is_offline():
        return host
    answers: list[dict[str, Any]] = []
    asking = threading.Thread(target=lambda: answers.append(_ask(seconds)), daemon=True)
    asking.start()
    asking.join(seconds)
    return host | (answers[0] if answers else _unreachable(f"no answer within {seconds:g} s"))


def _ask(seconds: float) -> dict[str, Any]:
    from huggingface_hub import constants

    started = time.perf_counter()
    try:
        response = client.session().head(constants.ENDPOINT, timeout=seconds)
    except Exception as error:  # from the HTTP client, or from a layer under it
        return _unreachable(failures.describe(error))
    if response.status_code >= 500:  # any other status is an answer
        return _unreachable(f"it answers with status {response.status_code}")
    return {"reachable": True, "answerMs": (time.perf_counter() - started) * 1000}


def _unreachable(problem: str) -> dict[str, Any]:
    return {"reachable": False, "problem": problem}
