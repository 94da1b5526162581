"""The errors of speech, whatever generates it, and of settings."""

from __future__ import annotations

__all__ = ["SettingsError", "SpeechError"]


class SettingsError(Exception):
    """The settings cannot be used; the message says which one, and what to do."""


class SpeechError(Exception):
    """A request was refused, or its speech failed.

    Args:
        type: one of the protocol's error types, such as `queueFull` or `invalidParams`, or
            `rateLimited`, which only a cluster has.
        message: what was wrong.
        field: the param at fault; None if there is no single one.
        hint: what to do about it.
        retry_after: after how many seconds it is worth another attempt, where one is.
    """

    def __init__(
        self,
        type: str,
        message: str,
        *,
        field: str | None = None,
        hint: str | None = None,
        retry_after: int = 1,
    ) -> None:
        super().__init__(message)
        self.type, self.message, self.field, self.hint = type, message, field, hint
        self.retry_after = retry_after
