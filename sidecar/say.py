"""`say`: one text through the engine, in this process, to a file and to the loudspeaker."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from pathlib import Path
from typing import Any

import soundfile
from tqdm import tqdm

from sidecar.audio import pcm_s16le
from sidecar.engine.collector import Collector
from sidecar.engine.engine import Engine
from sidecar.engine.request import SynthesisRequest, SynthesisResult
from sidecar.errors import SidecarError, Unsupported
from sidecar.models import catalog
from sidecar.models.base import ReferenceAudio, Utterance
from sidecar.voices.choice import choose
from sidecar.voices.store import VoiceStore

_STOP_SECONDS = 5.0
_BAR = "{desc}: {n:.1f} s [{elapsed}]"


def say(options: argparse.Namespace) -> int:
    """Speaks; returns the exit code."""
    try:
        text = sys.stdin.buffer.read().decode() if options.text == "-" else options.text
    except UnicodeDecodeError as error:
        print(f"say: stdin is not UTF-8: {error}", file=sys.stderr)
        return 2
    if not text.strip():
        print("say: the text is empty", file=sys.stderr)
        return 2
    if refused := _misfit(options):
        print(f"say: {refused}", file=sys.stderr)
        return 2
    output = options.output or (None if options.play else "out.wav")
    sys.stdout.flush()
    os.dup2(2, 1)  # libraries print while they load a model; nothing of ours goes to stdout
    try:
        result = _run(_request(options, text), output, options.play)
    except SidecarError as error:
        print(f"say: {error.message}" + (f" {error.hint}" if error.hint else ""), file=sys.stderr)
        return 1
    except (OSError, soundfile.SoundFileError) as error:
        print(f"say: {error}", file=sys.stderr)
        return 1
    for notice in result.notices:
        print(f"say: {notice.message}", file=sys.stderr)
    print(
        f"{result.audio_seconds:.2f} s of audio · first audio after "
        f"{result.first_audio_seconds * 1000:.0f} ms (loading included) · "
        f"real-time factor {result.real_time_factor:.2f} · seed {result.seed}"
        + (f" → {output}" if output else ""),
        file=sys.stderr,
    )
    return 0


def _misfit(options: argparse.Namespace) -> str | None:
    """Options that say nothing together, in words."""
    for name in ("voice", "clone", "design"):
        given = getattr(options, name)
        if given is not None and not given.strip():
            return f"--{name} is empty"
    if options.ref_text is not None and options.clone is None:
        return "--ref-text belongs to --clone"
    if options.design is not None and options.instruct is not None:
        return "--design and --instruct are the same to a VoiceDesign model; put all in --design"
    return None


def _request(options: argparse.Namespace, text: str) -> SynthesisRequest:
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
    utterance = Utterance(text, options.voice, options.language, instruct, reference)
    return SynthesisRequest(model=model, utterance=utterance, seed=options.seed)


def _run(request: SynthesisRequest, output: str | None, play: bool) -> SynthesisResult:
    engine, sink = Engine(), Collector()
    engine.start()
    engine.submit(request, sink)
    try:
        with contextlib.ExitStack() as stack:
            outputs: list[Any] = []
            while True:
                event = sink.events.get()
                if isinstance(event, SynthesisResult):
                    return event
                if isinstance(event, SidecarError):
                    raise event
                if not outputs:
                    outputs = _open_outputs(stack, output, play, event.sample_rate)
                for write in outputs:
                    write(event.samples)
    finally:
        engine.stop(_STOP_SECONDS)


def _open_outputs(
    stack: contextlib.ExitStack, output: str | None, play: bool, rate: int
) -> list[Any]:
    """Callables that take float32 samples: a file, a loudspeaker, a progress bar."""
    writers: list[Any] = []
    if output:
        Path(output).parent.mkdir(parents=True, exist_ok=True)
        file = stack.enter_context(
            soundfile.SoundFile(output, "w", rate, channels=1, subtype="PCM_16", format="WAV")
        )
        # Our own rounding, so that the file has the very samples that the wire would have.
        writers.append(lambda samples: file.buffer_write(pcm_s16le(samples), dtype="int16"))
    if play:
        writers.append(stack.enter_context(_loudspeaker(rate)).write)
    bar = stack.enter_context(
        tqdm(unit="s", desc="speech", disable=not sys.stderr.isatty(), bar_format=_BAR)
    )
    writers.append(lambda samples: bar.update(len(samples) / rate))
    return writers


def _loudspeaker(rate: int) -> Any:
    """A stream whose `write` blocks while its buffer is full, and whose exit waits for the end."""
    try:
        import sounddevice

        return sounddevice.OutputStream(samplerate=rate, channels=1, dtype="float32")
    except Exception as error:  # PortAudio missing, or no output device
        raise Unsupported(
            f"There is nothing to play on: {error}.",
            hint="Use -o FILE, or install PortAudio (Debian: libportaudio2).",
        ) from error
