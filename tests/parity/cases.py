"""The official model's outputs, as test cases. See shared golden README for how they were made."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import safe_open

NAMES = [
    *(f"{folder}/{case}_{mode}"
      for folder in ("custom_voice", "custom_voice_proj")
      for case in ("plain", "dialect", "instruct")
      for mode in ("full", "stream")),
    *(f"voice_design/design_{mode}" for mode in ("full", "stream")),
    *(f"base/{case}_{mode}" for case in ("icl", "xvector") for mode in ("full", "stream")),
]  # fmt: skip


@dataclass(frozen=True)
class Golden:
    """One case: the request, and the official codes and audio.

    Attributes:
        case: text, language, speaker, instruct, ref_text, frames.
        codes: int32 [frames, 16].
        audio: float32 [frames × 1920].
        reference: float32 [samples] at 24 kHz, or None.
    """

    model: Path
    case: dict[str, Any]
    codes: np.ndarray
    audio: np.ndarray
    reference: np.ndarray | None

    @property
    def max_frames(self) -> int:
        """Return the frame limit: the official loop returns one frame fewer than it was allowed."""
        return self.case["frames"] - 1

    @property
    def finish_reason(self) -> str:
        return "length" if len(self.codes) == self.max_frames else "stop"

    @property
    def text_mode(self) -> str:
        return "stream" if self.case["streaming_text"] else "full"


def load(root: Path, name: str) -> Golden:
    folder, _, case = name.partition("/")
    with safe_open(root / folder / "golden" / f"{case}.safetensors", "np") as file:
        reference = file.get_tensor("ref_audio") if "ref_audio" in file.keys() else None  # noqa: SIM118
        return Golden(
            model=root / folder,
            case=json.loads(file.metadata()["case"]),
            codes=file.get_tensor("codes"),
            audio=file.get_tensor("audio"),
            reference=reference,
        )
