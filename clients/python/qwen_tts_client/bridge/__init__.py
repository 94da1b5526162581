"""A WebSocket server with one sidecar for many connections: protocol/websocket.md.

    pip install './clients/python[bridge]'
    qwen-tts-bridge --token-file token

It stands on this package's client: each connection's requests are requests of the one client, which
gives them ids and tokens of their own, and restarts the sidecar after a crash.
"""

from qwen_tts_client.bridge.pages import Page
from qwen_tts_client.bridge.server import Bridge, BridgeOptions

__all__ = ["Bridge", "BridgeOptions", "Page"]
