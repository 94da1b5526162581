"""Who may ask, and how much: the keys of clients and their limits."""

from __future__ import annotations

import hmac
import math
import os
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
from limits import RateLimitItemPerMinute
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import ConfigurationError
from limits.storage import storage_from_string

from qwen_tts_cluster.errors import SettingsError, SpeechError
from qwen_tts_cluster.settings import Access

KEY_VARIABLE = "QWEN_TTS_CLUSTER_KEY"


class KeyEntry(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """One key in the file of keys: its name for the log, its secret, and its limits."""

    name: str
    key: str

    streams: int | None = None
    """Speeches at a time, in one replica. Default: no limit, as for the others."""

    requests_per_minute: int | None = None
    characters_per_minute: int | None = None


class Key:
    """A client that is known.

    Args:
        entry: its limits; None has none.
        rates: counts what it has asked for.

    Attributes:
        name: its name for the log.
    """

    def __init__(
        self, name: str, entry: KeyEntry | None, rates: SlidingWindowCounterRateLimiter
    ) -> None:
        self.name = name
        self._streams = 0
        self._rates = rates
        self._most_streams = entry.streams if entry else None
        self._limits = {
            "requests": entry.requests_per_minute if entry else None,
            "characters": entry.characters_per_minute if entry else None,
        }

    @asynccontextmanager
    async def admit(self, characters: int) -> AsyncGenerator[None]:
        """Count a speech against the limits of the key inside the `async with`.

        Args:
            characters: of its text, as far as it is known.

        Raises:
            SpeechError: `rateLimited`, with the seconds after which there is room again;
                `textTooLong` if there never will be.
        """
        if self._most_streams is not None and self._streams >= self._most_streams:
            raise SpeechError(
                "rateLimited",
                f"This key may have {self._most_streams} speeches at a time.",
                hint="Send it again when one of them has ended.",
            )
        # It counts before anything is awaited, so that no other request takes its place.
        self._streams += 1
        try:
            await self._spend("requests", 1)
            await self._spend("characters", characters)
            yield
        finally:
            self._streams -= 1

    async def _spend(self, what: str, amount: int) -> None:
        limit = self._limits[what]
        if limit is None or amount == 0:
            return
        if amount > limit:
            raise SpeechError(
                "textTooLong",
                f"The text has {amount} characters; this key may send {limit} in a minute.",
                field="text",
            )
        item = RateLimitItemPerMinute(limit)
        if not await self._rates.hit(item, self.name, what, cost=amount):
            until = (await self._rates.get_window_stats(item, self.name, what)).reset_time
            seconds = max(1, math.ceil(until - time.time()))
            raise SpeechError(
                "rateLimited",
                f"This key may send {limit} {what} in a minute.",
                hint=f"Send it again in {seconds} s.",
                retry_after=seconds,
            )


class Keys:
    """The keys that may be used.

    Args:
        entries: the keys; None stands for anybody.
        store: where the rates are counted, as the library `limits` names it.

    Raises:
        SettingsError: the store cannot be used.
    """

    def __init__(self, entries: Sequence[KeyEntry] | None, store: str = "async+memory://") -> None:
        try:
            storage: Any = storage_from_string(store)
        except (ConfigurationError, ModuleNotFoundError) as error:
            raise SettingsError(f"`access.rateStore` cannot be used: {error}") from None
        rates = SlidingWindowCounterRateLimiter(storage)
        self._anybody = Key("anybody", None, rates) if entries is None else None
        self._known = [(_digest(e.key), Key(e.name, e, rates)) for e in entries or ()]

    @classmethod
    def read(cls, access: Access) -> Keys:
        """Return the keys of the settings.

        Raises:
            SettingsError: there is none, or the file cannot be read.
        """
        if access.is_open:
            return cls(None, access.rate_store)
        if access.keys_file is not None:
            return cls(_read_file(Path(access.keys_file)), access.rate_store)
        secret = os.environ.get(KEY_VARIABLE, "")
        if not secret:
            raise SettingsError(
                f"A key is needed: name a file as `access.keysFile`, or set {KEY_VARIABLE}."
            )
        return cls([KeyEntry(name="default", key=secret)], access.rate_store)

    @property
    def are_open(self) -> bool:
        """Whether anybody may ask."""
        return self._anybody is not None

    def find(self, given: str | None) -> Key | None:
        """Return whose key it is; None if it is nobody's.

        The time that this takes says nothing about the keys: digests, which have one length, are
        compared in constant time, and each key is compared.
        """
        if self._anybody is not None:
            return self._anybody
        sent = _digest(given or "")
        found = [key for digest, key in self._known if hmac.compare_digest(sent, digest)]
        return found[0] if found else None


def bearer(header: str | None) -> str | None:
    """Return the key in a header `Authorization: Bearer KEY`; None without one."""
    scheme, _, key = (header or "").partition(" ")
    return key.strip() or None if scheme.lower() == "bearer" else None


def _read_file(file: Path) -> list[KeyEntry]:
    try:
        entries = msgspec.yaml.decode(file.read_bytes(), type=list[KeyEntry])
    except OSError as error:
        raise SettingsError(f"The keys cannot be read: {error}.") from None
    except msgspec.ValidationError as error:
        raise SettingsError(f"{file}: {error}.") from None
    except msgspec.DecodeError:  # Its text may have a part of the file.
        raise SettingsError(f"{file} must be a YAML or JSON list of keys.") from None
    if not entries:
        raise SettingsError(f"{file} has no keys.")
    for attribute in ("name", "key"):
        values = [getattr(entry, attribute) for entry in entries]
        if "" in values or len(set(values)) < len(values):
            raise SettingsError(f"{file}: each key needs a `{attribute}` of its own.")
    return entries


def _digest(text: str) -> bytes:
    return sha256(text.encode("utf-8", "surrogateescape")).digest()
