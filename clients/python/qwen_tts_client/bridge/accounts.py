"""What a server counts of the speech of its connections."""

from __future__ import annotations

from typing import Protocol

from qwen_tts_client.bridge.messages import Params


class Account(Protocol):
    """One speech, from its request to its answer."""

    def sent(self, ms: float) -> None:
        """Note that a chunk of audio has gone to the client."""
        ...

    def held(self, is_held: bool) -> None:
        """Note whether the client holds the speech up: by credit, a pause, or its text."""
        ...

    def end(self, outcome: str) -> None:
        """Note the end; called once.

        Args:
            outcome: `ok`, or the type of the error that is its answer.
        """
        ...


class Accounts(Protocol):
    """The speeches of one connection."""

    async def open(self, params: Params) -> Account:
        """Count a new speech.

        Args:
            params: of its `speech/synthesize`, as the client sent them.

        Raises:
            Refusal: there may be no further one now.
        """
        ...


class NoAccount:
    """Counts nothing."""

    def sent(self, ms: float) -> None:
        """Do nothing."""

    def held(self, is_held: bool) -> None:
        """Do nothing."""

    def end(self, outcome: str) -> None:
        """Do nothing."""


class NoAccounts:
    """Counts nothing, and refuses nothing."""

    async def open(self, params: Params) -> Account:
        """Return what counts nothing."""
        return NoAccount()
