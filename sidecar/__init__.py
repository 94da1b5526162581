"""qwen-tts-sidecar: Qwen3-TTS in a child process, spoken to over stdin and stdout."""

__version__ = "0.1.0"
