"""OpenAI's HTTP API."""

from __future__ import annotations

from fastapi import APIRouter

from qwen_tts_cluster.service import Service


def router(service: Service) -> APIRouter:
    """Return the paths of the API."""
    routes = APIRouter()

    @routes.get("/v1/models")
    async def models() -> dict[str, object]:  # pyright: ignore[reportUnusedFunction]
        found = await service.backend.models()
        return {"object": "list", "data": [{"id": m.name, "object": "model"} for m in found]}

    return routes
