"""How much is taken at once. Told to clients in initialize's answer."""

from __future__ import annotations

# Of a request's text, which is spoken sentence by sentence: some novels.
MAX_TEXT_CHARS = 1_000_000
# Of one utterance, instruction or transcript; also in tokens, where a text has more of those.
MAX_UTTERANCE_CHARS = 4096
# Of a request: 22 hours.
MAX_FRAMES = 1_000_000
# Of one utterance, and of a result that carries its audio whole: five and a half minutes.
MAX_UTTERANCE_FRAMES = 4096
# Of a chunk: of the largest samples, and at half speed, its base64 fits a message.
MAX_CHUNK_FRAMES = 1024
# Bytes of such a result's audio; in base64 it fits one message.
MAX_WHOLE_BYTES = 40 * 2**20
# Requests generated at the same time, and requests waiting behind those.
MAX_STREAMS = 8
MAX_QUEUED = 64
# Requests with a row, those included that wait for text.
MAX_ROWS = 32
# How long a request may wait for more of its text.
MAX_TEXT_TIMEOUT_MS = 3_600_000
# On one piece of work, while references have at most MAX_REFERENCE_SECONDS. The longest that is
# none: a reference of a minute on a CPU without a fast BLAS takes two minutes.
HANG_SECONDS = 300.0
# Of a cloned voice, unless --max-reference-seconds says otherwise, and the most that it may say: a
# full-size talker keeps 1.4 MB for each second, in every stream.
MAX_REFERENCE_SECONDS = 60.0
LONGEST_REFERENCE_SECONDS = 300.0


CODEC_FRAMES_PER_SECOND = 12.5  # of Qwen3-TTS's codec


def reference_frames(seconds: float) -> int:
    """Codec frames that a reference may have: its own, and the silence behind it."""
    return int(CODEC_FRAMES_PER_SECOND * (seconds + 1)) + 1
