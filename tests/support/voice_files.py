"""Saved voices to test with."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np

from sidecar.models.base import VoicePrompt
from sidecar.voices.format import Metadata


def features(**changes: Any) -> VoicePrompt:
    random = np.random.default_rng(1)
    whole = VoicePrompt(
        speaker=random.standard_normal(64).astype(np.float32),
        codes=random.integers(0, 256, (30, 16)).astype(np.uint16),
        text="Say it.",
        text_ids=np.arange(5, dtype=np.int32),
    )
    return msgspec.structs.replace(whole, **changes)


def metadata(name: str = "anna", **changes: Any) -> Metadata:
    whole = Metadata(
        format_version=1,
        name=name,
        model="1.7b-base",
        family="qwen3_tts",
        created="2026-01-01T00:00:00Z",
        origin="reference",
        text="Say it.",
    )
    return msgspec.structs.replace(whole, **changes)


def same(one: VoicePrompt, other: VoicePrompt) -> bool:
    return (
        np.array_equal(one.speaker, other.speaker)
        and np.array_equal(one.codes, other.codes)  # type: ignore[arg-type]
        and np.array_equal(one.text_ids, other.text_ids)  # type: ignore[arg-type]
        and one.text == other.text
    )
