"""The application of a replica: all doors of its service."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from qwen_tts_cluster.doors import openai, websocket
from qwen_tts_cluster.service import Service
from qwen_tts_cluster.version import VERSION


def build(service: Service) -> FastAPI:
    """Return an application that starts the service, and closes it at its end."""

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncGenerator[None]:
        await service.start()
        yield
        await service.close()

    # The pages with documentation load scripts from elsewhere.
    app = FastAPI(title="qwen-tts-cluster", version=VERSION, lifespan=life, docs_url=None)
    openai.install(app, service)
    websocket.install(app, service)
    return app
