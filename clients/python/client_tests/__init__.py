"""The tests of qwen-tts-client, which need pytest, a sidecar, and nothing else of the repository.

`QWEN_TTS_SIDECAR` names the sidecar; by default it is that of the repository's `.venv`.
"""
