"""One line of the report."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Level(StrEnum):
    """How a finding is to be taken."""

    OK = "ok"
    NOTE = "note"
    FAULT = "fault"


class Finding(msgspec.Struct, frozen=True):
    """Something that was found, and how it is to be taken."""

    topic: str
    level: Level
    text: str
