"""A file in a format of `media.formats` → a WAV file, by a decoder that this machine has.

The decoders are tried in this order: macOS' `afconvert`, PyAV (the extra `media`), the program
ffmpeg. Each runs in a child process, because they are C code that reads a hundred formats, and the
files come from anywhere. So a crash ends one request only, an endless loop is killed, and a cancel
takes effect.
"""

from __future__ import annotations

import importlib.util
import shlex
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from sidecar.audio.media import bounded, pyav_child
from sidecar.audio.media.formats import MediaFormat
from sidecar.audio.sources import ReferenceFile, take_turn
from sidecar.errors import BadReferenceAudio
from sidecar.files import describe_os_error
from sidecar.installation import to_install

# For one file, without the wait for a turn. To decode a minute of audio takes less than a second of
# CPU time, but the machine may be busy.
_SECONDS = 60.0
# Decoders that run at the same time: each may take a GiB.
_TURNS = threading.BoundedSemaphore(2)
# The largest WAV file has 8 channels at 192 kHz in 32 bits: see the limits in `audio.decode`.
_MAX_BYTES_PER_SECOND = 192_000 * 8 * 4


class WavFile(msgspec.Struct, frozen=True):
    """A file that was decoded to WAV.

    Attributes:
        path: a WAV file, at the recording's own rate and with its channels.
        stated_seconds: the duration in the original's header; None if it is not known.
    """

    path: Path
    stated_seconds: float | None = None


class TooLong(Exception):
    """The file's header states a duration that is longer than `max_seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"{seconds:.1f} s")
        self.seconds = seconds


class _Failed(Exception):
    """A decoder cannot read the file, or is broken; another decoder may work."""


class _Task(msgspec.Struct, frozen=True):
    """One file to decode, in a folder of its own."""

    file: ReferenceFile
    form: MediaFormat
    folder: Path

    @property
    def source(self) -> Path:
        return self.folder / f"in{self.form.suffix}"

    @property
    def target(self) -> Path:
        return self.folder / "out.wav"

    def run(self, *command: str | Path) -> bounded.Outcome:
        """Run a decoder. Raises _Failed, and what `check` raises."""
        try:
            outcome = bounded.run(
                command,
                self.folder,
                seconds=_SECONDS,
                max_bytes=int((self.file.max_seconds + 2) * _MAX_BYTES_PER_SECOND),
                check=self.file.check,
            )
        except OSError as error:
            raise _Failed(describe_os_error(error, command[0])) from error
        if outcome.status is None:
            raise self.file.make_error(
                f"The reference audio was not decoded within {_SECONDS:g} s.",
                "It may be damaged. Convert it to WAV.",
            )
        return outcome

    def make_no_sound_error(self) -> BadReferenceAudio:
        return self.file.make_error(
            f"The reference audio is {self.form.name} without a sound track.",
            "Send a recording that has sound.",
        )


@contextmanager
def decode_to_wav(file: ReferenceFile, form: MediaFormat) -> Generator[WavFile]:
    """Decode a file; the result is deleted when the context ends.

    Only the first sound track is decoded, and little more than `file.max_seconds` of it.

    Raises:
        BadReferenceAudio: nothing on this machine decodes it, or it has no sound, or is damaged.
        TooLong
    """
    decoders = _list_decoders(form)
    if not decoders:
        raise file.make_error(
            f"The reference audio is {form.name}, and nothing on this machine decodes that.",
            f"Install the program ffmpeg, or {to_install('av')}. Or convert it: "
            f"{_make_command(form, file.path)}",
        )
    with take_turn(_TURNS, file.check), ExitStack() as stack:
        yield _try_decoders(decoders, _copy(file, form, stack))


def _copy(file: ReferenceFile, form: MediaFormat, stack: ExitStack) -> _Task:
    """Copy a file into a folder of its own, which `stack` deletes."""
    try:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="qwen-tts-sidecar-"))
        task = _Task(file, form, Path(folder))
        task.source.write_bytes(file.data)
    except OSError as error:
        reason = describe_os_error(error, error.filename or Path(tempfile.tempdir or "", "copy"))
        raise file.make_error(
            f"The reference audio cannot be copied to be decoded: {reason}.",
            "Make room in the folder for temporary files, or set TMPDIR to another one.",
        ) from error
    return task


Decoder = Callable[[_Task], WavFile]


def _list_decoders(form: MediaFormat) -> list[Decoder]:
    found: list[Decoder] = []
    if form.apple and shutil.which("afconvert"):
        found.append(_decode_with_afconvert)
    # A frozen program is not an interpreter, and cannot run a script.
    if not getattr(sys, "frozen", False) and importlib.util.find_spec("av") is not None:
        found.append(_decode_with_pyav)
    if shutil.which("ffmpeg"):
        found.append(_decode_with_ffmpeg)
    return found


def _try_decoders(decoders: list[Decoder], task: _Task) -> WavFile:
    reasons: list[str] = []
    for decoder in decoders:
        try:
            return decoder(task)
        except _Failed as failure:
            reasons.append(str(failure))
    raise task.file.make_error(
        f"The reference audio is {task.form.name} that cannot be decoded: "
        f"{'; '.join(reasons).rstrip('.')}.",
        "It may be damaged. See whether it plays, and convert it: "
        f"{_make_command(task.form, task.file.path)}",
    )


def _decode_with_afconvert(task: _Task) -> WavFile:
    outcome = task.run("afconvert", "-f", "WAVE", "-d", "LEF32", task.source, task.target)
    return _check_outcome(outcome, task, "afconvert")


def _decode_with_pyav(task: _Task) -> WavFile:
    outcome = task.run(
        sys.executable, "-P", pyav_child.__file__,
        task.source, task.target, task.form.demuxer, str(task.file.max_seconds),
    )  # fmt: skip
    seconds = float(outcome.stdout) if outcome.stdout.strip() else None
    if outcome.status == pyav_child.NO_SOUND:
        raise task.make_no_sound_error()
    if outcome.status == pyav_child.TOO_LONG and seconds is not None:
        raise TooLong(seconds)
    return WavFile(_check_outcome(outcome, task, "PyAV").path, seconds)


def _decode_with_ffmpeg(task: _Task) -> WavFile:
    outcome = task.run(
        "ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "error",
        "-protocol_whitelist", "file,pipe", "-format_whitelist", task.form.demuxer,
        "-f", task.form.demuxer, "-i", f"file:{task.source}",
        "-map", "0:a:0", "-vn", "-sn", "-dn", "-t", f"{task.file.max_seconds + 1:g}",
        "-c:a", "pcm_f32le", "-f", "wav", "-y", f"file:{task.target}",
    )  # fmt: skip
    if outcome.status and "matches no streams" in outcome.stderr:
        raise task.make_no_sound_error()
    return _check_outcome(outcome, task, "ffmpeg")


def _check_outcome(outcome: bounded.Outcome, task: _Task, name: str) -> WavFile:
    if outcome.status == 0 and task.target.is_file():
        return WavFile(task.target)
    task.target.unlink(missing_ok=True)
    status = outcome.status or 0
    how = outcome.stderr.replace(f"{task.folder}/", "").splitlines()[-1:] or ["no output"]
    raise _Failed(f"{name}: {f'it was killed by signal {-status}' if status < 0 else how[0]}")


def _make_command(form: MediaFormat, path: str | None) -> str:
    """Return the command that converts the file to WAV."""
    source = Path(path or f"recording{form.suffix}")
    given, made = shlex.quote(str(source)), shlex.quote(str(source.with_suffix(".wav")))
    if form.apple and sys.platform == "darwin":
        return f"afconvert -f WAVE -d LEI16 {given} {made}"
    return f"ffmpeg -i {given} -vn {made}"
