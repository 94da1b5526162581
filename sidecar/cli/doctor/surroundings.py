"""What fails first on a new machine: optional packages, a loudspeaker, the way to the hub."""

from __future__ import annotations

import importlib.util
import threading
import time

import msgspec

from sidecar.models.hub import client
from sidecar.models.hub import errors as hub_errors

# Extras of this package that somebody who runs it may want, and the modules that each brings.
EXTRAS: dict[str, tuple[str, ...]] = {
    "play": ("sounddevice",),
    "speed": ("libsonic",),
    "kokoro": ("misaki", "spacy", "num2words", "phonemizer", "espeakng_loader"),
    "media": ("av",),
}
# Packages that are called otherwise than the module that they bring.
_PACKAGES = {"phonemizer": "phonemizer-fork", "espeakng_loader": "espeakng-loader"}
_FOR = {
    "play": "`say --play`",
    "speed": "`speed`",
    "kokoro": "Kokoro models",
    "media": "recordings in m4a, mp4 or webm",
}
# Resolving a name has no time limit of its own, so the whole question gets one.
_HUB_SECONDS = 5.0


class Extra(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """An optional part of the package.

    Attributes:
        missing: the modules that it still lacks.
        install: the packages that bring them.
    """

    name: str
    use: str
    installed: bool
    missing: list[str] = []
    install: list[str] = []


class Sound(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """The default output device, or why there is none; both absent: nobody can tell without the
    extra `play`."""

    device: str | None = None
    problem: str | None = None


class Hub(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """Where models are downloaded from.

    Attributes:
        reachable: absent if it was not asked, in offline mode.
        answer_ms: until its answer.
        problem: why it is not reachable.
    """

    host: str
    reachable: bool | None = None
    answer_ms: float | None = None
    problem: str | None = None


def extras() -> list[Extra]:
    """Look which extras are installed; imports none of them."""
    found: list[Extra] = []
    for name, modules in EXTRAS.items():
        missing = [module for module in modules if importlib.util.find_spec(module) is None]
        packages = [_PACKAGES.get(module, module) for module in missing]
        found.append(Extra(name, _FOR[name], not missing, missing, packages))
    return found


def sound() -> Sound:
    """Ask PortAudio for the default output device."""
    if importlib.util.find_spec("sounddevice") is None:
        return Sound()
    try:
        import sounddevice
    except OSError as error:  # the package is there, the library is not
        return Sound(problem=f"{error}; install PortAudio (Debian: apt install libportaudio2)")
    try:
        return Sound(device=str(sounddevice.query_devices(kind="output")["name"]))
    except (sounddevice.PortAudioError, ValueError):
        return Sound(problem="PortAudio finds no output device")


def the_hub(seconds: float = _HUB_SECONDS) -> Hub:
    """Ask the hub whether it is there, unless offline mode is on; sends no token.

    Args:
        seconds: the most that it takes.
    """
    host = hub_errors.host()
    if client.is_offline():
        return Hub(host)
    answers: list[Hub] = []
    asking = threading.Thread(target=lambda: answers.append(_asked(host, seconds)), daemon=True)
    asking.start()
    asking.join(seconds)
    problem = f"no answer within {seconds:g} s"
    return answers[0] if answers else Hub(host, reachable=False, problem=problem)


def _asked(host: str, seconds: float) -> Hub:
    from huggingface_hub import constants

    started = time.perf_counter()
    try:
        # Any status is an answer but one that says that it is out of order.
        response = client.session().head(constants.ENDPOINT, timeout=seconds)
    except Exception as error:  # of the HTTP client's, and of what is under it
        return Hub(host, reachable=False, problem=hub_errors.reason(error))
    if response.status_code >= 500:
        return Hub(host, reachable=False, problem=f"it answers with status {response.status_code}")
    return Hub(host, reachable=True, answer_ms=(time.perf_counter() - started) * 1000)
