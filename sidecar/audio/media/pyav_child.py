"""A program of its own: the first sound track of a file → WAV, by FFmpeg's libraries (PyAV).

    python pyav_child.py IN OUT DEMUXER MAX_SECONDS

It prints the duration in the file's header, in seconds, if there is one. The exit status is 0, or
one of those below, or 1 with the reason on stderr. Few modules are imported, for a short start.
"""

from __future__ import annotations

import sys
from typing import Any

from sidecar.files import describe_os_error

NO_SOUND = 3
TOO_LONG = 4

# Packets that cannot be decoded are skipped up to this number; the program ffmpeg skips them, too.
_MAX_BROKEN_PACKETS = 100
# Their header has the duration of a track. For other formats FFmpeg guesses it from the bit rate.
_STATING_DURATION = ("mov", "matroska")


def main(source: str, target: str, demuxer: str, max_seconds: float) -> int:
    import av

    # A file object needs no protocol. So all protocols are forbidden, and the file cannot refer to
    # other files or addresses.
    options = {"protocol_whitelist": "none", "format_whitelist": demuxer}
    with (
        open(source, "rb") as file,
        av.open(file, format=demuxer, container_options=options) as container,
    ):
        if not container.streams.audio:
            return NO_SOUND
        stream = container.streams.audio[0]
        seconds = _read_duration(container, stream) if demuxer in _STATING_DURATION else None
        if seconds is not None:
            print(seconds)
            if seconds > max_seconds:
                return TOO_LONG
        _write(container, stream, target, max_seconds)
    return 0


def _read_duration(container: Any, stream: Any) -> float | None:
    if stream.duration and stream.duration > 0:
        return float(stream.duration * stream.time_base)
    if container.duration and container.duration > 0 and not container.streams.video:
        return container.duration / 1e6
    return None


def _write(container: Any, stream: Any, target: str, max_seconds: float) -> None:
    """Decode until the end, or until there is a little more than `max_seconds`."""
    import av
    import soundfile  # pyright: ignore[reportMissingTypeStubs]  # it is annotated itself
    from av.error import InvalidDataError

    packed: Any = av.AudioResampler(format="flt")  # the rate and the channels stay
    output: soundfile.SoundFile | None = None
    frames = broken = 0
    try:
        for packet in container.demux(stream):
            try:
                decoded = packet.decode()
            except InvalidDataError:
                broken += 1
                if broken > _MAX_BROKEN_PACKETS:
                    raise
                continue
            for frame in (one for whole in decoded for one in packed.resample(whole)):
                channels = frame.layout.nb_channels
                if output is None:
                    output = soundfile.SoundFile(
                        target, "w", frame.sample_rate, channels, "FLOAT", format="WAV"
                    )
                output.write(frame.to_ndarray().reshape(-1, channels))
                frames += frame.samples
                if frames > (max_seconds + 1) * frame.sample_rate:
                    return
    finally:
        if output is not None:
            output.close()
    if output is None:
        raise ValueError("nothing in its sound track can be decoded")


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4])))
    except Exception as error:  # the parent process quotes one line in its error
        if isinstance(error, OSError):
            reason = describe_os_error(error, sys.argv[1])
        else:  # FFmpeg's errors have a `strerror`, too
            reason = getattr(error, "strerror", None) or str(error) or repr(error)
        print(reason.splitlines()[0], file=sys.stderr)
        sys.exit(1)
