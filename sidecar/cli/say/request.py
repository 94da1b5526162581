"""Turns the options of `say` into the request of a synthesis."""

from __future__ import annotations

import argparse
import os
import threading
from pathlib import Path

from msgspec.structs import replace

from sidecar.audio import formats
from sidecar.cli.arguments.say import FORMATS, SUFFIXES
from sidecar.cli.arguments.shared import SpeakerOption
from sidecar.cli.terminal import Failure
from sidecar.engine.request import SpeechRequest
from sidecar.errors import InvalidParams
from sidecar.lexicon.files import read_lexicon
from sidecar.models import catalog
from sidecar.models.base import ReferenceAudio, Utterance
from sidecar.synthesis.request import Pauses, SpeakerVoice, SynthesisRequest
from sidecar.synthesis.speakers import check_names
from sidecar.text.markup import SKIPPED
from sidecar.voices.choice import choose
from sidecar.voices.reader import ReferenceReader
from sidecar.voices.store import VoiceStore

STDOUT = "-"


def check(options: argparse.Namespace) -> None:
    """Refuse options that cannot be combined, before anything is read.

    Raises:
        Failure: with the exit code 2.
    """
    if options.script is not None and not options.speaker:
        raise Failure(
            "--script needs a --speaker for each name in the file.",
            "For example: --speaker Ann=slt --speaker Bob=rms",
            code=2,
        )
    try:
        check_names(one.name for one in options.speaker)
    except InvalidParams as error:
        raise Failure(f"--speaker: {error.message}", error.hint, code=2) from None
    if refusal := _voice_refusal(options) or _output_refusal(options):
        raise Failure(refusal, code=2)


def _voice_refusal(options: argparse.Namespace) -> str | None:
    if options.ref_text is not None and options.clone is None:
        return "--ref-text needs --clone"
    if options.design is not None and options.instruct is not None:
        return "--instruct cannot be combined with --design; put everything into --design"
    return None


def _output_refusal(options: argparse.Namespace) -> str | None:
    if options.aligner is not None and not options.words:
        return "--aligner needs --words"
    if options.words and options.srt is None and options.vtt is None:
        return "--words needs --srt or --vtt"
    if options.device is not None and not options.play:
        return "--device needs --play"
    audio = output_path(options)
    if audio is None and options.format is not None:
        return "--format needs -o: --play alone writes no file"
    if audio and audio != STDOUT and not options.format and not _suffix_format(audio):
        endings = ", ".join(SUFFIXES)
        return f"{audio}: the name must end in {endings}; for other names, give --format"
    rates = formats.RATES.get(encoding(options))
    if rates and options.sample_rate not in (None, *rates):
        known = ", ".join(map(str, rates))
        return (
            f"--sample-rate {options.sample_rate} does not work with the format "
            f"{_format(options)}; use {known}"
        )
    paths = [path for path in (audio, options.srt, options.vtt) if path is not None]
    real = {path if path == STDOUT else os.path.realpath(path) for path in paths}
    return None if len(real) == len(paths) else "Two outputs cannot be written to the same file"


def output_path(options: argparse.Namespace) -> str | None:
    """Return the path of the audio file: - is stdout, and None means no file."""
    if options.output is not None:
        return options.output
    return None if options.play else f"out.{options.format or 'wav'}"


def encoding(options: argparse.Namespace) -> str:
    """Return the encoding of the audio file, by its name in the protocol."""
    return "pcm_f32le" if output_path(options) is None else FORMATS[_format(options)]


def _format(options: argparse.Namespace) -> str:
    return options.format or _suffix_format(output_path(options) or "") or "wav"


def _suffix_format(path: str) -> str | None:
    return SUFFIXES.get(Path(path).suffix.lower())


def request(options: argparse.Namespace) -> SynthesisRequest:
    """Return the request. Read the recording or the saved voice that it speaks with.

    Raises:
        SidecarError
    """
    reference, reader = None, ReferenceReader(options.max_reference_seconds)
    store = VoiceStore(options.voices_dir, reader)
    if options.clone:
        model = options.model or catalog.BASE
        given = ReferenceAudio(path=options.clone, text=options.ref_text)
        reference = reader.read(given)
    elif options.design:
        model = options.model or catalog.DESIGN
    else:
        model, reference = choose(store, options.voice, options.model, catalog.BUNDLED)
    instruct = options.design or options.instruct
    utterance = Utterance("", options.voice, options.language, instruct, reference)
    rate, speed = options.sample_rate, options.speed
    formats.check(formats.AudioFormat(encoding=encoding(options), sample_rate=rate, speed=speed))
    speech = SpeechRequest(model=model, utterance=utterance, seed=options.seed)
    return SynthesisRequest(
        speech=speech,
        speakers={
            one.name.casefold(): _speaker(one, speech, store, options.model)
            for one in options.speaker
        },
        language=options.language,
        text_timeout=threading.TIMEOUT_MAX,
        whole_sentences=True,
        normalize=options.normalize,
        skip=(*SKIPPED, "directions") if options.skip_directions else SKIPPED,
        pauses=_pauses(options),
        times_words=options.words,
        aligner=options.aligner,
        is_ssml=options.ssml,
        lexicons=(read_lexicon(options.lexicon),) if options.lexicon else (),
        # All outputs receive the same samples, and each encodes them in its own way.
        format=formats.AudioFormat(encoding="pcm_f32le", sample_rate=rate, speed=speed),
    )


def _speaker(
    asked: SpeakerOption, speech: SpeechRequest, store: VoiceStore, default: str | None
) -> SpeakerVoice:
    """Return a speaker. Read the saved voice, if it is one.

    Args:
        default: the value of `--model`.

    Raises:
        SidecarError
    """
    model, saved = choose(store, asked.voice, asked.model or default, catalog.BUNDLED)
    utterance = replace(speech.utterance, voice=asked.voice, reference=saved)
    language = saved.language if saved and not utterance.language else None
    return SpeakerVoice(asked.name, replace(speech, model=model, utterance=utterance), language)


def _pauses(options: argparse.Namespace) -> Pauses:
    default = Pauses()
    sentence, paragraph = options.pause_sentence, options.pause_paragraph
    return Pauses(
        default.sentence if sentence is None else sentence,
        default.paragraph if paragraph is None else paragraph,
    )
