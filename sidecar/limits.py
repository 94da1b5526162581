"""How much is taken at once. Told to clients in initialize's answer."""

from __future__ import annotations

# Of one text, instruction or transcript; also in tokens, where a text has more tokens than that.
MAX_TEXT_CHARS = 4096
# Five and a half minutes; as float samples in base64 it fits one message.
MAX_FRAMES = 4096
# Requests generated at the same time, and requests waiting behind those.
MAX_STREAMS = 8
MAX_QUEUED = 64
# Requests with a row, those included that wait for text.
MAX_ROWS = 32
# On one piece of work, while references have at most MAX_REFERENCE_SECONDS. The longest that is
# none: a reference of a minute on a CPU without a fast BLAS takes two minutes.
HANG_SECONDS = 300.0
# Of a cloned voice, unless --max-reference-seconds says otherwise, and the most that it may say: a
# full-size talker keeps 1.4 MB for each second, in every stream.
MAX_REFERENCE_SECONDS = 60.0
LONGEST_REFERENCE_SECONDS = 300.0


def reference_frames(seconds: float) -> int:
    """Codec frames that a reference may have: its own, and the silence behind it."""
    return int(12.5 * (seconds + 1)) + 1
