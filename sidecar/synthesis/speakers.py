"""Several speakers: their names, whose turn it is, and errors that name them."""

from __future__ import annotations

import contextlib
import copy
import re
from collections.abc import Generator, Iterable, Mapping

from sidecar.engine.request import SpeechRequest
from sidecar.errors import Figures, InvalidParams, SidecarError, UnknownSpeaker
from sidecar.models import catalog
from sidecar.models.base import ModelInfo, Spoken
from sidecar.synthesis.request import SpeakerVoice, SynthesisRequest
from sidecar.text.directives import Speaker
from sidecar.text.runs import Run

# What a speaker has of its own; everything else is the request's.
_FIELDS = ("voice", "model", "instruct")
_NAME = re.compile(r"[^\W\d_](?:[^\[\]()\n]{0,46}[^\[\]()\s])?")


class Turns:
    """Who speaks in one synthesis, and what each has said first.

    Attributes:
        speaker: who speaks now; None is the request's own voice.
    """

    def __init__(self, request: SynthesisRequest) -> None:
        self._request = request
        self._first_said: dict[str | None, Spoken] = {}
        self.speaker: SpeakerVoice | None = None

    def give(self, asked: Speaker | None) -> None:
        """Give the word to whom the text names.

        Raises:
            UnknownSpeaker: it is none of the speakers.
        """
        self.speaker = find_speaker(self._request.speakers, asked)

    @property
    def name(self) -> str | None:
        return None if self.speaker is None else self.speaker.name

    @property
    def speech(self) -> SpeechRequest:
        """The request without its text."""
        return self._request.speech if self.speaker is None else self.speaker.speech

    @property
    def first_said(self) -> Spoken | None:
        """What this speaker has said first; None before it has ended."""
        return self._first_said.get(self.name)

    @first_said.setter
    def first_said(self, spoken: Spoken) -> None:
        self._first_said[self.name] = spoken


def check_names(names: Iterable[str]) -> None:
    """Raise InvalidParams if one cannot be the name of a speaker, or two differ in case only."""
    folded: set[str] = set()
    for name in names:
        if not _NAME.fullmatch(name):
            raise InvalidParams(
                f"{name[:60]!r} cannot be the name of a speaker.",
                hint="A name has up to 48 characters, begins with a letter, and has no brackets.",
                field="speakers",
            )
        if name.casefold() in folded:
            raise InvalidParams(f"There are two speakers {name!r}.", field="speakers")
        folded.add(name.casefold())


def find_speaker(
    speakers: Mapping[str, SpeakerVoice], asked: Speaker | None
) -> SpeakerVoice | None:
    """Return the speaker whom the text names; None is the request's own voice.

    Args:
        speakers: by their folded names.

    Raises:
        UnknownSpeaker: it is none of them.
    """
    if asked is None or asked.name is None:
        return None
    found = speakers.get(asked.name.casefold())
    if found is None:
        known = ", ".join(one.name for one in speakers.values()) or "none"
        raise UnknownSpeaker(
            f"There is no speaker {asked.name!r}. Known: {known}.",
            hint=f"The name is at character {asked.at} of the text. Add it to `speakers`. Stage "
            "directions in brackets are left out with `skip` and 'directions' in it.",
            field="text",
            figures=Figures(text_offset=asked.at),
        )
    return found


def check_speakers(speakers: Mapping[str, SpeakerVoice], runs: Iterable[Run]) -> None:
    """Raise UnknownSpeaker if a text names somebody who is not there."""
    for run in runs:
        if isinstance(run.directive, Speaker):
            find_speaker(speakers, run.directive)


@contextlib.contextmanager
def name_fields(speaker: SpeakerVoice | None) -> Generator[None, None, None]:
    """Have an error about a speaker's voice, model or instruction name the speaker's field.

    None is the request's own voice.
    """
    try:
        yield
    except SidecarError as error:
        if speaker is None or error.field not in _FIELDS:
            raise
        named = copy.copy(error)  # other requests may share it
        named.field = f"speakers.{speaker.name}.{error.field}"
        raise named from None


def check_voice(speaker: SpeakerVoice, info: ModelInfo) -> None:
    """Refuse a speaker's voice that is neither a preset of the model nor a saved one.

    Raises:
        UnknownVoice, Unsupported
    """
    utterance = speaker.speech.utterance
    if utterance.voice and not utterance.reference:
        catalog.check_preset(info, utterance.voice)
