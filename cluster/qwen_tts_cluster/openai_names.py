"""The names of OpenAI's voices and models. Many clients offer no others."""

FEMININE_VOICES = ("alloy", "coral", "marin", "nova", "sage", "shimmer")
MASCULINE_VOICES = ("ash", "ballad", "cedar", "echo", "fable", "onyx", "verse")
OPENAI_VOICES = tuple(sorted(FEMININE_VOICES + MASCULINE_VOICES))

# Other dated versions of them are accepted, too.
OPENAI_MODELS = (
    "tts-1",
    "tts-1-hd",
    "gpt-4o-mini-tts",
    "gpt-4o-mini-tts-2025-03-20",
    "gpt-4o-mini-tts-2025-12-15",
)
