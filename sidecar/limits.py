"""Limits of requests and of their work. `initialize` tells them to clients."""

from __future__ import annotations

# Characters of a request's text, which is spoken sentence by sentence: a few novels.
MAX_TEXT_CHARS = 1_000_000
# Characters, and also tokens, of one utterance, one instruction or one transcript.
MAX_UTTERANCE_CHARS = 4096
# Frames of a request: 22 hours.
MAX_FRAMES = 1_000_000
# Frames of one utterance, and of a result that holds all of its audio: five and a half minutes.
MAX_UTTERANCE_FRAMES = 4096
# Speakers of one request.
MAX_SPEAKERS = 32
# Frames of one audio chunk. Even as pcm_f32le at half speed, its base64 fits into one message.
MAX_CHUNK_FRAMES = 1024
# Bytes of the audio in a result that holds all of it; as base64 they fit into one message.
MAX_WHOLE_BYTES = 40 * 2**20
# Requests that are generated at the same time, and requests that wait for one of these to end.
MAX_STREAMS = 8
MAX_QUEUED = 64
# Requests with a sequence in the batch, including those that wait for more of their text.
MAX_SEQUENCES = 32
# How long a request may have waited for text before it has to give its place to one that has text.
STARVED_SECONDS = 5.0
# How long a request may have had no credit, or been paused, before it has to end for one that needs
# its sequence.
UNGRANTED_SECONDS = 30.0
# The longest time that a request may allow for the next piece of its text.
MAX_TEXT_TIMEOUT_MS = 3_600_000
# The most credit that one message grants a stream: a little more than MAX_FRAMES last.
MAX_CREDIT_MS = 100_000_000
# The most that a listener can have played: MAX_FRAMES at half speed, with pauses.
MAX_PLAYED_MS = 1_000_000_000
# The watchdog's limit for one unit of work, with references up to MAX_REFERENCE_SECONDS. The
# longest one that is not a hang takes about 120 s: a 60 s reference on a CPU without a fast BLAS.
HANG_SECONDS = 300.0
# Length of a reference recording: the default, and the most that --max-reference-seconds accepts.
# A full-size talker keeps 1.4 MB for each second of it, in every stream.
MAX_REFERENCE_SECONDS = 60.0
LONGEST_REFERENCE_SECONDS = 300.0


CODEC_FRAMES_PER_SECOND = 12.5  # of Qwen3-TTS's codec
