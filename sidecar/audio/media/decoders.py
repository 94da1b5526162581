"""A file in a format of `kinds` → a WAV file, by what this machine has for it.

Tried in this order: macOS' `afconvert`, PyAV (the extra `media`), the program ffmpeg. Each is a
child process: these decoders read a hundred formats, many of them from old and hostile places, in
C. A crash is then the end of one request, an endless loop is killed, and a cancel takes effect.
"""

from __future__ import annotations

import importlib.util
import shlex
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from sidecar.audio.media import bounded, pyav_child
from sidecar.audio.media.kinds import Kind
from sidecar.errors import BadReferenceAudio

# For one file, the wait for a turn aside. Decoding a minute takes less than a second of a
# processor; machines may be busy.
_SECONDS = 60.0
# At the same time: each may take a GiB.
_TURNS = threading.BoundedSemaphore(2)
_TURN_SECONDS = 0.1
# The loudest that is taken: see audio_file's limits on rates and channels.
_MOST_BYTES_A_SECOND = 192_000 * 8 * 4


class Decoded(msgspec.Struct, frozen=True):
    """A decoded file.

    Attributes:
        path: a WAV file, at the recording's own rate and with its channels.
        stated_seconds: how long the original says it is; None where that does not know.
    """

    path: Path
    stated_seconds: float | None = None


class TooLong(Exception):
    """A file that says that it is longer than is taken."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"{seconds:.1f} s")
        self.seconds = seconds


class _Failed(Exception):
    """A decoder does not know what is in the file, or is broken; another one may do."""


class _Task(msgspec.Struct, frozen=True):
    """One file to decode, in a folder of its own."""

    kind: Kind
    folder: Path
    most_seconds: float
    field: str
    check: Callable[[], None]

    @property
    def source(self) -> Path:
        return self.folder / f"in{self.kind.suffix}"

    @property
    def target(self) -> Path:
        return self.folder / "out.wav"

    def run(self, *command: str | Path) -> bounded.Outcome:
        """Raises _Failed and what `check` raises."""
        try:
            outcome = bounded.run(
                command,
                self.folder,
                seconds=_SECONDS,
                most_bytes=int((self.most_seconds + 2) * _MOST_BYTES_A_SECOND),
                check=self.check,
            )
        except OSError as error:
            raise _Failed(str(error)) from error
        if outcome.status is None:
            raise BadReferenceAudio(
                f"The reference audio was not decoded within {_SECONDS:g} s.",
                hint="It may be damaged. Convert it to WAV.",
                field=self.field,
            )
        return outcome

    def no_sound(self) -> BadReferenceAudio:
        return BadReferenceAudio(
            f"The reference audio is {self.kind.name} without a sound track.",
            hint="Send a recording that has sound.",
            field=self.field,
        )


@contextmanager
def decoded(
    whole: bytes,
    kind: Kind,
    most_seconds: float,
    *,
    path: str | None,
    field: str,
    check: Callable[[], None],
) -> Iterator[Decoded]:
    """Decode a file; what comes of it is deleted when the context ends.

    Of its sound tracks the first is taken, and little more than `most_seconds` of it.

    Args:
        whole: the file.
        path: its name, for advice.
        field: what it came in as, for errors.
        check: is called several times a second; what it raises ends the work.

    Raises:
        BadReferenceAudio: nothing on this machine decodes it, or it has no sound, or is damaged.
        TooLong
    """
    decoders = _available(kind)
    if not decoders:
        raise BadReferenceAudio(
            f"The reference audio is {kind.name}, and nothing on this machine decodes that.",
            hint=f"{_install()} Or convert it: {_conversion(kind, path)}",
            field=field,
        )
    with _turn(check), tempfile.TemporaryDirectory(prefix="qwen-tts-sidecar-") as name:
        task = _Task(kind, Path(name), most_seconds, field, check)
        task.source.write_bytes(whole)
        yield _first_that_works(decoders, task, path)


@contextmanager
def _turn(check: Callable[[], None]) -> Iterator[None]:
    while not _TURNS.acquire(timeout=_TURN_SECONDS):
        check()
    try:
        yield
    finally:
        _TURNS.release()


Decoder = Callable[[_Task], Decoded]


def _available(kind: Kind) -> list[Decoder]:
    found: list[Decoder] = []
    if kind.apple and shutil.which("afconvert"):
        found.append(_by_afconvert)
    # A frozen program is no interpreter, and cannot run a script.
    if not getattr(sys, "frozen", False) and importlib.util.find_spec("av") is not None:
        found.append(_by_pyav)
    if shutil.which("ffmpeg"):
        found.append(_by_ffmpeg)
    return found


def _first_that_works(decoders: list[Decoder], task: _Task, path: str | None) -> Decoded:
    reasons: list[str] = []
    for decoder in decoders:
        try:
            return decoder(task)
        except _Failed as failure:
            reasons.append(str(failure))
    raise BadReferenceAudio(
        f"The reference audio is {task.kind.name} that cannot be decoded: "
        f"{'; '.join(reasons).rstrip('.')}.",
        hint=f"It may be damaged. See whether it plays, and convert it: "
        f"{_conversion(task.kind, path)}",
        field=task.field,
    )


def _by_afconvert(task: _Task) -> Decoded:
    outcome = task.run("afconvert", "-f", "WAVE", "-d", "LEF32", task.source, task.target)
    return _checked(outcome, task, "afconvert")


def _by_pyav(task: _Task) -> Decoded:
    outcome = task.run(
        sys.executable, "-P", pyav_child.__file__,
        task.source, task.target, task.kind.demuxer, str(task.most_seconds),
    )  # fmt: skip
    seconds = float(outcome.said) if outcome.said.strip() else None
    if outcome.status == pyav_child.NO_SOUND:
        raise task.no_sound()
    if outcome.status == pyav_child.TOO_LONG and seconds is not None:
        raise TooLong(seconds)
    return Decoded(_checked(outcome, task, "PyAV").path, seconds)


def _by_ffmpeg(task: _Task) -> Decoded:
    outcome = task.run(
        "ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "error",
        "-protocol_whitelist", "file,pipe", "-format_whitelist", task.kind.demuxer,
        "-f", task.kind.demuxer, "-i", f"file:{task.source}",
        "-map", "0:a:0", "-vn", "-sn", "-dn", "-t", f"{task.most_seconds + 1:g}",
        "-c:a", "pcm_f32le", "-f", "wav", "-y", f"file:{task.target}",
    )  # fmt: skip
    if outcome.status and "matches no streams" in outcome.complaints:
        raise task.no_sound()
    return _checked(outcome, task, "ffmpeg")


def _checked(outcome: bounded.Outcome, task: _Task, name: str) -> Decoded:
    if outcome.status == 0 and task.target.is_file():
        return Decoded(task.target)
    task.target.unlink(missing_ok=True)
    status = outcome.status or 0
    how = outcome.complaints.replace(f"{task.folder}/", "").splitlines()[-1:] or ["no output"]
    raise _Failed(f"{name}: {f'it was ended by signal {-status}' if status < 0 else how[0]}")


def _install() -> str:
    return "Install PyAV (pip install av) or the program ffmpeg."


def _conversion(kind: Kind, path: str | None) -> str:
    """Return the command that makes a WAV file of it."""
    source = Path(path or f"recording{kind.suffix}")
    given, made = shlex.quote(str(source)), shlex.quote(str(source.with_suffix(".wav")))
    if kind.apple and sys.platform == "darwin":
        return f"afconvert -f WAVE -d LEI16 {given} {made}"
    return f"ffmpeg -i {given} -vn {made}"
