"""Names of speakers in a text, and models whose sample rates differ."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.audio.formats import AudioFormat
from sidecar.engine.engine import Engine
from sidecar.engine.events import AudioChunk
from sidecar.engine.request import SpeechRequest, Stream
from sidecar.engine.window import Window
from sidecar.errors import BadVoiceFile, SidecarError, UnknownVoice, Unsupported
from sidecar.models.base import ModelInfo, Utterance, VoiceInfo
from sidecar.rpc import speech_requests
from sidecar.rpc.contract.speech import SynthesizeParams
from sidecar.rpc.contract.speech_options import SpeakerParams
from sidecar.synthesis.heard import Timeline
from sidecar.synthesis.inbox import Inbox
from sidecar.synthesis.jobs import SpeechJobs
from sidecar.synthesis.output import OutputStream
from sidecar.synthesis.request import Part, SpeakerVoice, SynthesisRequest
from sidecar.synthesis.segments import Segment, SegmentSource
from sidecar.synthesis.speakers import check_voice
from sidecar.synthesis.text_feed import TextFeed
from sidecar.text.directives import Direction
from sidecar.text.markup import Markup
from sidecar.voices.choice import ChosenVoice
from tests.support.pieces import SIZES, covers, read_segments

NAMES = ("ann", "bob")
PARTS = [
    "[Ann]",
    "[ bob ] ",
    "[Carl]",
    "[x",
    "] ",
    "[Ann](u)",
    "[1]",
    "Hi. ",
    "So it is, ",
    "\n\n",
    "[",
    "a",
]
TEXTS = st.lists(st.sampled_from(PARTS) | st.text(max_size=4), max_size=25).map("".join)


def read(text: str, sizes: list[int], *, normalize: bool = True) -> list[Segment]:
    source = SegmentSource("english", True, True, reader=Markup(normalize, speakers=NAMES))
    return read_segments(source, text, sizes)


@given(TEXTS, SIZES, st.booleans())
def test_who_speaks_does_not_depend_on_the_pieces(
    text: str, sizes: list[int], normalize: bool
) -> None:
    found = read(text, sizes, normalize=normalize)
    assert found == read(text, [10**6], normalize=normalize)
    covers([(segment.start, segment.end) for segment in found], text)
    for segment in found:
        if (speaker := segment.direction.speaker) is not None:
            assert speaker.name
            assert text[speaker.at] == "["
            assert text[speaker.at + 1 :].lstrip(" \t").startswith(speaker.name)


def test_a_name_holds_until_the_next_one() -> None:
    found = read("Well. [Ann] One. Two is here. [BOB] Three. [Carl] Four.", [3])
    names = [segment.direction.speaker and segment.direction.speaker.name for segment in found]
    assert dict.fromkeys(names) == dict.fromkeys([None, "Ann", "BOB", "Carl"])


def test_what_a_speaker_says_is_read_in_the_language_of_its_voice() -> None:
    request = speech_requests.synthesis(SynthesizeParams(text="a"))
    voice = ChosenVoice("li", "chinese", BadVoiceFile("It is never opened here."))
    speaker = speech_requests.speaker(request, "Li", SpeakerParams(voice="li"), "m", voice)
    assert speaker.language == "chinese"
    asked = speech_requests.synthesis(SynthesizeParams(text="a", language="english"))
    other = speech_requests.speaker(asked, "Li", SpeakerParams(voice="li"), "m", voice)
    assert other.language is None  # the request's counts
    source = SegmentSource(
        "english", True, True, reader=Markup(speakers=("li",)), languages={"li": speaker.language}
    )
    source.feed("I have 25. [LI] 25。")
    source.end()
    found = [source.next(), source.next()]
    assert [one and one.text for one in found] == ["I have twenty five.", "二十五。"]
    assert [one and one.written and one.written.language for one in found] == ["english", "chinese"]


def test_a_model_with_another_rate_is_heard_at_the_rate_of_the_stream() -> None:
    speech = SpeechRequest("m", Utterance(""))
    output = OutputStream(
        SynthesisRequest(speech, format=AudioFormat("pcm_f32le", fade=False)), Timeline()
    )
    output.least_rate = 24000
    made = []
    for rate in (16000, 24000, 8000):
        tone = np.sin(2 * np.pi * 440 * np.arange(rate) / rate).astype(np.float32)
        output.place(Segment(0, 0, "a"), is_silent=False)
        output.begin(is_placed=True)
        for part in np.split(tone, 4):
            output.add(AudioChunk(part, np.zeros((3, 16), np.int32), rate), keep_codes=False)
        output.end("clause", rate)
        made += [np.frombuffer(one.data, "<f4") for one in output.take() if isinstance(one, Part)]
    output.close(24000)
    samples = np.concatenate(made)
    assert len(samples) == 3 * 24000
    expected = np.tile(np.sin(2 * np.pi * 440 * np.arange(24000) / 24000), 3)
    inner = np.arange(len(samples)) % 24000  # a filter has to begin and end
    inner = (inner > 600) & (inner < 23400)
    assert np.abs(samples - expected)[inner].max() < 1e-3


@pytest.mark.parametrize(
    ("variant", "family", "error"),
    [
        ("custom_voice", "qwen3_tts", UnknownVoice),
        ("base", "qwen3_tts", UnknownVoice),
        ("voice_design", "qwen3_tts", Unsupported),
        ("dia", "dia", UnknownVoice),
    ],
)
def test_a_speaker_without_that_voice_is_refused_before_its_first_turn(
    variant: str, family: str, error: type[SidecarError]
) -> None:
    presets = (VoiceInfo("Ryan"),) if variant == "custom_voice" else ()
    info = ModelInfo(family, variant, 24000, presets, ("auto",))

    def check(voice: str | None, saved: ChosenVoice | None = None) -> None:
        utterance = Utterance("", voice, reference=saved)
        check_voice(SpeakerVoice("Ann", SpeechRequest("m", utterance)), info)

    with pytest.raises(error) as caught:
        check("nobody")
    assert caught.value.field == "voice"
    check(None)
    check("nobody", ChosenVoice("nobody", None, BadVoiceFile("It is never opened here.")))
    if presets:
        check("ryan")


def test_a_rate_in_the_text_counts_in_the_credit_of_the_listener() -> None:
    window = Window(credit=1.0)
    request = speech_requests.synthesis(SynthesizeParams(text="a", speed=2.0))
    inbox = Inbox(window, lambda: True)
    jobs = SpeechJobs(Engine(), request, TextFeed("a"), inbox, Stream(0.0), Timeline())
    for rate, made in ((1.0, 2.0), (0.5, 1.0), (0.25, 0.5), (1.0, 2.0)):
        jobs.direct(Direction(rate=rate))
        assert window.has_room(made - 0.01)
        assert not window.has_room(made)
