"""What an operator sets: `args` of an application in a Serve YAML, or a file of its own.

One application is one deployment and one route: a model, or a group of models that share a GPU.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import msgspec

from qwen_tts_cluster.errors import SettingsError


class _Part(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A part of the settings: an unknown name in it is an error."""


class SidecarBackend(_Part, frozen=True):
    """A sidecar as a child process of each replica."""

    command: list[str] | None = None
    """How to start it. Default: as the Python client searches for it."""

    args: list[str] = []
    """Its arguments, such as `["--model", "0.6b-customvoice"]`."""

    env: dict[str, str] = {}
    """Variables that are added to its environment."""


class OpenAIBackend(_Part, frozen=True):
    """A server elsewhere with OpenAI's speech API."""

    base_url: str
    """Of the API, such as `http://127.0.0.1:9000/v1`."""

    model: str
    """The model that requests mean which name none of its models."""

    voice: str | None = None
    """The voice that requests mean which name none. Default: none is sent."""

    voices: list[str] | None = None
    """Its voices. Default: it is asked, and if it does not know either, it has OpenAI's."""

    key_file: str | None = None
    """File with the key that it asks for. Default: it asks for none."""

    format: Literal["pcm", "wav"] = "pcm"
    """What it is asked for; this package encodes it. `pcm` has 16 bits, as OpenAI's."""

    sample_rate: int = 24000
    """Sample rate of its `pcm` in Hz; a `wav` says its own."""

    passes: list[Literal["language", "seed"]] = []
    """Fields beyond OpenAI's that it knows, too. A request with another one is refused."""

    fields: dict[str, Any] = {}
    """Fields that are added to each request, such as `{"stream": true}` for mlx-audio."""

    max_streams: int | None = None
    """Requests at a time; others wait here. Default: no limit."""

    silence_seconds: float = 60.0
    """How long it may send nothing before the request fails."""


class Backend(_Part, frozen=True):
    """What generates the speech of a replica. Exactly one of the two may be given."""

    sidecar: SidecarBackend | None = None
    openai: OpenAIBackend | None = None


class Access(_Part, frozen=True):
    """Who may ask."""

    keys_file: str | None = None
    """YAML or JSON file with the keys of clients and their limits, `KeyEntry` in access.py.
    Default: one key without limits, in `QWEN_TTS_CLUSTER_KEY`."""

    rate_store: str = "async+memory://"
    """Where requests and characters in a minute are counted, as the library `limits` names it:
    `async+redis://…` counts them for all replicas together. Default: in each replica."""

    origins: list[str] = []
    """Origins of web pages that may connect, such as `https://example.com`."""

    is_open: bool = False
    """Whether anybody may ask, without a key."""


class Http(_Part, frozen=True):
    """OpenAI's HTTP API."""

    voices: dict[str, str] = {}
    """Names that clients use, and the voices that they mean; before OpenAI's thirteen."""

    models: dict[str, str] = {}
    """Names that clients use, and the models that they mean. OpenAI's mean the default model."""

    hosts: list[str] = []
    """Names of this server, besides those of the loopback, while anybody may ask."""

    unsupported_instructions: Literal["error", "ignore"] = "error"
    """What becomes of `instructions` that a model cannot follow."""

    max_characters: int = 4096
    """Characters of one request, as at OpenAI. A client that reads nothing costs the audio of this
    text at most."""


class Limits(_Part, frozen=True):
    """What one replica takes."""

    max_requests: int = 24
    """Requests in flight of one WebSocket; fewer than the 32 speeches a sidecar has in memory."""

    max_streams: int = 64
    """Speeches of one replica, running and queued; one more is refused with `queueFull`."""

    max_sockets: int = 64
    """WebSockets of one replica."""

    max_credit_ms: int = 10_000
    """How much audio of one stream may be on its way to its client, in milliseconds: what the
    client has not acknowledged, by credit or by the time that its playing takes."""

    max_message_bytes: int = 16 * 1024 * 1024
    """The largest message of a client."""

    drain_seconds: float = 300.0
    """How long a replica that goes lets its speech go on."""


class Scaling(_Part, frozen=True):
    """How many replicas there are: fixed if `min_replicas` is `max_replicas`."""

    min_replicas: int = 1
    max_replicas: int = 1

    target_streams: float = 8.0
    """Streams that one replica should have."""

    min_ahead_seconds: float = 0.25
    """A stream whose audio is less than this ahead of its playing asks for one more replica."""

    upscale_delay_seconds: float = 5.0
    downscale_delay_seconds: float = 300.0


class Resources(_Part, frozen=True):
    """What Ray reserves for each replica."""

    cpus: float = 1.0
    gpus: float = 0.0


class Settings(_Part, frozen=True):
    """One application."""

    name: str = "speech"
    """Of the deployment."""

    backend: Backend = Backend()
    """Default: a sidecar with its own default model."""

    models: list[str] = []
    """The models that clients may ask for. Default: all that the backend has, which downloads one
    that it does not have, unless its `args` say `--offline`."""

    voices: str | None = None
    """Folder of saved voices, or URL of one in an object store, such as `s3://bucket/voices`. It is
    only read: each replica copies it, and looks for changes every minute. Default: none."""

    access: Access = Access()
    http: Http = Http()
    limits: Limits = Limits()
    scaling: Scaling = Scaling()
    resources: Resources = Resources()


def read_settings(given: Any) -> Settings:
    """Return settings from the parsed content of a YAML or JSON file.

    Raises:
        SettingsError: a name or a value is wrong.
    """
    try:
        settings = msgspec.convert(given, Settings)
    except msgspec.ValidationError as error:
        raise SettingsError(f"The settings are wrong: {error}.") from None
    if settings.backend.sidecar is not None and settings.backend.openai is not None:
        raise SettingsError("`backend` has both `sidecar` and `openai`: name one of them.")
    return settings


def read_settings_file(file: Path) -> Settings:
    """Return settings from a YAML or JSON file.

    Raises:
        SettingsError: the file cannot be read, or is wrong.
    """
    try:
        return read_settings(msgspec.yaml.decode(file.read_bytes()))
    except (OSError, msgspec.DecodeError) as error:
        raise SettingsError(f"{file} cannot be read: {error}") from None
