"""Who of several speakers says a part of a text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sidecar.errors import Figures, UnknownSpeaker
from sidecar.synthesis.request import SpeakerVoice
from sidecar.text.directives import Speaker
from sidecar.text.runs import Run


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
            f"There is no speaker {asked.name!r}, who is named at character {asked.at} of the "
            f"text. Known: {known}.",
            hint="Add the name to `speakers`. Stage directions in brackets are left out with "
            "`skip` and 'directions' in it.",
            field="text",
            figures=Figures(text_offset=asked.at),
        )
    return found


def check_speakers(speakers: Mapping[str, SpeakerVoice], runs: Iterable[Run]) -> None:
    """Raise UnknownSpeaker if a text names somebody who is not there."""
    for run in runs:
        if isinstance(run.directive, Speaker):
            find_speaker(speakers, run.directive)
