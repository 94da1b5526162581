"""A program of its own: the first sound track of a file → WAV, by FFmpeg's libraries (PyAV).

    python pyav_child.py IN OUT DEMUXER MOST_SECONDS

It says on stdout how many seconds the file claims to have, if it does. Exit status: 0, or one of
those below, or 1 with the reason on stderr. Nothing of the package is imported here, which makes
the start short.
"""

from __future__ import annotations

import sys
from typing import Any

NO_SOUND = 3
TOO_LONG = 4

# Packets that cannot be decoded; FFmpeg's own program goes on behind such, too.
_MOST_BROKEN = 100
# Where the header says how long a track is. Elsewhere FFmpeg guesses it from the bit rate.
_STATED = ("mov", "matroska")


def main(source: str, target: str, demuxer: str, most_seconds: float) -> int:
    import av

    # A file object and no path: then no protocol is needed, and none is left for what a file may
    # refer to.
    options = {"protocol_whitelist": "none", "format_whitelist": demuxer}
    with (
        open(source, "rb") as file,
        av.open(file, format=demuxer, container_options=options) as container,
    ):
        if not container.streams.audio:
            return NO_SOUND
        stream = container.streams.audio[0]
        seconds = _stated_seconds(container, stream) if demuxer in _STATED else None
        if seconds is not None:
            print(seconds)
            if seconds > most_seconds:
                return TOO_LONG
        _write(container, stream, target, most_seconds)
    return 0


def _stated_seconds(container: Any, stream: Any) -> float | None:
    if stream.duration and stream.duration > 0:
        return float(stream.duration * stream.time_base)
    if container.duration and container.duration > 0 and not container.streams.video:
        return container.duration / 1e6
    return None


def _write(container: Any, stream: Any, target: str, most_seconds: float) -> None:
    """Decode until a little more than `most_seconds` are there."""
    import av
    import soundfile
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
                if broken > _MOST_BROKEN:
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
                if frames > (most_seconds + 1) * frame.sample_rate:
                    return
    finally:
        if output is not None:
            output.close()
    if output is None:
        raise ValueError("nothing in its sound track can be decoded")


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4])))
    except Exception as error:  # the parent says it in one sentence
        reason = getattr(error, "strerror", None) or str(error) or repr(error)
        print(reason.splitlines()[0], file=sys.stderr)
        sys.exit(1)
