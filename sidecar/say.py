"""`say`: a text in this process, spoken to a file, to the loudspeaker, and into captions."""

from __future__ import annotations

import argparse
import codecs
import os
import queue
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

from sidecar.audio import formats
from sidecar.engine.engine import Engine
from sidecar.engine.request import SynthesisRequest
from sidecar.errors import SidecarError
from sidecar.fetching import fetched
from sidecar.models import catalog
from sidecar.models.base import ReferenceAudio, Utterance
from sidecar.narration.captions import srt
from sidecar.narration.request import Mark, NarrationRequest, NarrationResult, Part
from sidecar.narration.thread import Narration
from sidecar.outputs import AudioFile, Loudspeaker, Output, ProgressBar
from sidecar.voices.choice import choose
from sidecar.voices.store import VoiceStore

_STOP_SECONDS = 5.0
_READ_BYTES = 4096
_BACKLOG = 64
_ENCODINGS = {
    ".wav": "wav",
    ".flac": "flac",
    ".mp3": "mp3",
    ".ogg": "ogg_opus",
    ".opus": "ogg_opus",
}


def say(options: argparse.Namespace) -> int:
    """Speaks; returns the exit code."""
    refusal = _refusal(options)
    if refusal:
        print(f"say: {refusal}", file=sys.stderr)
        return 2
    sys.stdout.flush()
    os.dup2(2, 1)  # libraries print while they load a model; nothing of ours goes to stdout
    try:
        result = _Speech(options).run()
    except UnicodeDecodeError as error:
        print(f"say: stdin is not UTF-8: {error}", file=sys.stderr)
        return 2
    except SidecarError as error:
        print(f"say: {error.advice}", file=sys.stderr)
        return 2 if error.type == "emptyText" else 1
    except (OSError, RuntimeError) as error:
        print(f"say: {error}", file=sys.stderr)
        return 1
    for notice in result.notices:
        print(f"say: {notice.message}", file=sys.stderr)
    output = _output(options)
    print(
        f"{result.audio_seconds:.2f} s of audio · first audio after "
        f"{result.first_audio_seconds * 1000:.0f} ms (loading included) · "
        f"real-time factor {result.real_time_factor:.2f} · seed {result.seed}"
        + (f" → {output}" if output else ""),
        file=sys.stderr,
    )
    return 0


def _refusal(options: argparse.Namespace) -> str | None:
    if options.text != "-" and not options.text.strip():
        return "the text is empty"
    for name in ("voice", "clone", "design"):
        given = getattr(options, name)
        if given is not None and not given.strip():
            return f"--{name} is empty"
    if options.ref_text is not None and options.clone is None:
        return "--ref-text belongs to --clone"
    if options.design is not None and options.instruct is not None:
        return "--design and --instruct are the same to a VoiceDesign model; put all in --design"
    output = options.output
    if output and Path(output).suffix.lower() not in _ENCODINGS:
        return f"{output}: the name must end in {', '.join(_ENCODINGS)}"
    return None


def _output(options: argparse.Namespace) -> str | None:
    return options.output or (None if options.play else "out.wav")


def _request(options: argparse.Namespace) -> NarrationRequest:
    """Raises SidecarError."""
    reference = None
    if options.clone:
        model = options.model or catalog.BASE
        given = ReferenceAudio(path=options.clone, text=options.ref_text)
        reference = given.read(options.max_reference_seconds)
    elif options.design:
        model = options.model or catalog.DESIGN
    else:
        store = VoiceStore(options.voices_dir, options.max_reference_seconds)
        model, reference = choose(store, options.voice, options.model, catalog.BUNDLED)
    instruct = options.design or options.instruct
    utterance = Utterance("", options.voice, options.language, instruct, reference)
    live = options.text == "-"
    return NarrationRequest(
        speech=SynthesisRequest(model=model, utterance=utterance, seed=options.seed),
        text="" if live else options.text,
        language=options.language,
        live=live,
        text_timeout=threading.TIMEOUT_MAX,
        transcribed=True,  # whole sentences, wherever the voice comes from
        normalize=options.normalize,
        format=_format(options),
    )


def _format(options: argparse.Namespace) -> formats.AudioFormat:
    """Of the samples that all outputs get; each encodes them in its own way.

    Raises:
        SidecarError
    """
    output = _output(options)
    encoding = _ENCODINGS[Path(output).suffix.lower()] if output else "pcm_f32le"
    rate = options.sample_rate
    wanted = formats.AudioFormat(encoding=encoding, sample_rate=rate, speed=options.speed)
    formats.check(wanted)
    return formats.AudioFormat(encoding="pcm_f32le", sample_rate=rate, speed=options.speed)


class _Speech:
    """One run: the narration's listener, and the outputs in the main thread."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._engine = Engine()
        self._events: queue.SimpleQueue[Part | NarrationResult | Exception] = queue.SimpleQueue()
        self._paused = False
        self._marks: list[Mark] = []
        self._text: list[str] = [] if options.text == "-" else [options.text]

    def run(self) -> NarrationResult:
        """Raises SidecarError, OSError, UnicodeDecodeError."""
        request = _request(self._options)
        if self._options.srt:  # where it cannot be written is said before anything is spoken
            Path(self._options.srt).parent.mkdir(parents=True, exist_ok=True)
            Path(self._options.srt).open("a").close()
        fetched(request.speech.model)
        narration = Narration(self._engine, lambda _: request, self)
        self._engine.start()
        try:
            narration.start()
            if request.live:
                threading.Thread(target=self._read, args=(narration,), daemon=True).start()
            result = self._play_out()
            if self._options.srt:
                text = "".join(self._text)
                captions = srt(text, self._marks, result.audio_seconds)
                Path(self._options.srt).write_text(captions, encoding="utf-8")
            return result
        finally:
            self._engine.stop(_STOP_SECONDS)

    def _play_out(self) -> NarrationResult:
        with ExitStack() as stack:
            outputs: list[Output] = []
            while True:
                event = self._events.get()
                if self._paused and self._events.qsize() < _BACKLOG // 2:
                    self._paused = False
                    self._engine.wake()
                if isinstance(event, NarrationResult):
                    return event
                if isinstance(event, Exception):
                    raise event
                for output in outputs or self._open(stack, outputs, event.sample_rate):
                    output.write(event.data)

    def _open(self, stack: ExitStack, outputs: list[Output], rate: int) -> list[Output]:
        output = _output(self._options)
        if output:
            encoding = _ENCODINGS[Path(output).suffix.lower()]
            outputs.append(stack.enter_context(AudioFile(output, encoding, rate)))
        if self._options.play:
            outputs.append(stack.enter_context(Loudspeaker(rate)))
        outputs.append(stack.enter_context(ProgressBar(rate)))
        return outputs

    def _read(self, narration: Narration) -> None:
        """stdin as it comes: what a language model writes is spoken while it does."""
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            while data := os.read(0, _READ_BYTES):
                self._append(narration, decoder.decode(data))
            self._append(narration, decoder.decode(b"", final=True))
        except (UnicodeDecodeError, OSError) as error:
            self._events.put(error)
            return
        narration.append("", last=True)

    def _append(self, narration: Narration, text: str) -> None:
        self._text.append(text)
        narration.append(text)

    # The narration's listener, on its thread.

    def ready(self) -> bool:
        """What is played takes as long as it lasts; a book must not gather here meanwhile."""
        self._paused = self._events.qsize() >= _BACKLOG
        return not self._paused

    def mark(self, mark: Mark) -> None:
        self._marks.append(mark)

    def audio(self, part: Part) -> None:
        self._events.put(part)

    def failed(self, error: Exception) -> None:
        self._events.put(error)

    def done(self, result: NarrationResult) -> None:
        self._events.put(result)
