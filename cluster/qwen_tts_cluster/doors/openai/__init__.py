"""OpenAI's HTTP API: speech, models and voices; the twin of the TypeScript client's handler."""

from qwen_tts_cluster.doors.openai.routes import install

__all__ = ["install"]
