"""Who may ask: the keys of clients."""

from __future__ import annotations

import hmac
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from qwen_tts_cluster.errors import SettingsError
from qwen_tts_cluster.settings import Access

KEY_VARIABLE = "QWEN_TTS_CLUSTER_KEY"


@dataclass(frozen=True)
class Key:
    """A client that is known."""

    name: str


class Keys:
    """The keys that may be used; None stands for anybody.

    Args:
        secrets: names of clients and what they send.
    """

    def __init__(self, secrets: Sequence[tuple[str, str]] | None) -> None:
        self._secrets = secrets

    @classmethod
    def read(cls, access: Access) -> Keys:
        """Return the keys of the settings.

        Raises:
            SettingsError: there is none, or the file cannot be read.
        """
        if access.is_open:
            return cls(None)
        if access.keys_file is None:
            secret = os.environ.get(KEY_VARIABLE, "")
            if not secret:
                raise SettingsError(
                    f"A key is needed: name a file as `access.keysFile`, or set {KEY_VARIABLE}."
                )
            return cls([("default", secret)])
        try:
            lines = Path(access.keys_file).read_text().split()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"The keys cannot be read: {error}.") from None
        return cls([(f"key {number}", line) for number, line in enumerate(lines, 1)])

    def find(self, given: str | None) -> Key | None:
        """Return whose key it is; None if it is nobody's. All keys are compared."""
        if self._secrets is None:
            return Key("anybody")
        sent = (given or "").encode("utf-8", "surrogateescape")
        found = [name for name, key in self._secrets if hmac.compare_digest(sent, key.encode())]
        return Key(found[0]) if found else None
