"""The protocol over a WebSocket: protocol/websocket.md."""

from __future__ import annotations

from fastapi import APIRouter, WebSocket

from qwen_tts_cluster.service import Service


def router(service: Service) -> APIRouter:
    """Return the path of the WebSocket."""
    routes = APIRouter()

    @routes.websocket("/")
    async def converse(socket: WebSocket) -> None:  # pyright: ignore[reportUnusedFunction]
        await socket.close(1013)

    return routes
