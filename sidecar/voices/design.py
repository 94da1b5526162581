"""A voice by its description, and the speech that a model generates from it."""

from __future__ import annotations

import io

import msgspec

from sidecar.engine.events import AudioChunk, SpeechResult
from sidecar.errors import GenerationFailed, Notice, SidecarError
from sidecar.models import catalog
from sidecar.text import unspoken

# Half of what a reference may have; the text should be a sentence or two.
DESIGN_FRAMES = 375


class Design(msgspec.Struct, frozen=True):
    """A voice by its description.

    Attributes:
        instruct: the description of the voice.
        text: what the voice's reference will say.
        model: a VoiceDesign model.
        max_frames: cuts the reference, with a notice; so does the limit on recordings.
    """

    instruct: str
    text: str
    language: str | None = None
    model: str = catalog.DESIGN
    seed: int | None = None
    max_frames: int = DESIGN_FRAMES


def check_ended(result: SpeechResult) -> None:
    """Raise GenerationFailed if the designed speech ran away."""
    if result.figures.finish_reason == "runaway":
        raise GenerationFailed(
            "The designed speech did not end.", hint="Try another seed.", field="design"
        )


def design_notices(result: SpeechResult) -> tuple[Notice, ...]:
    """Return warnings if the designed speech may not say all of its text."""
    left_out = tuple(unspoken.make_notices(result.unspoken, "the design"))
    if result.figures.finish_reason != "length":
        return left_out
    said = (
        f"The designed speech was cut after {result.figures.audio_seconds:.1f} s, and may not "
        "say all of its text. Try another seed, or a shorter text."
    )
    return (Notice("designCut", said), *left_out)


def about(error: SidecarError, field: str, hint: str | None = None) -> SidecarError:
    """Return a copy of an error for another field, since other jobs may share the original."""
    hint = hint or error.hint
    return type(error)(error.message, hint=hint, field=field, figures=error.figures)


def wav(chunks: list[AudioChunk], rate: int) -> bytes:
    """Return chunks of audio as a WAV file of 32-bit floats."""
    import numpy as np
    import soundfile  # pyright: ignore[reportMissingTypeStubs]  # it is annotated itself

    file = io.BytesIO()
    samples = np.concatenate([np.zeros(0, np.float32), *(chunk.samples for chunk in chunks)])
    soundfile.write(file, samples, rate, format="WAV", subtype="FLOAT")
    return file.getvalue()
