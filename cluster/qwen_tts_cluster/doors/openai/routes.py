"""The paths of the API, and their errors."""

from __future__ import annotations

import time
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from qwen_tts_cluster.doors.openai import models, voices
from qwen_tts_cluster.doors.openai.aliases import Aliases
from qwen_tts_cluster.doors.openai.entrance import Entrance, error_response
from qwen_tts_cluster.doors.openai.errors import HttpError
from qwen_tts_cluster.doors.openai.guard import Guard
from qwen_tts_cluster.doors.openai.speech import create_speech
from qwen_tts_cluster.doors.openai.visit import Visit
from qwen_tts_cluster.errors import SpeechError
from qwen_tts_cluster.service import Service
from qwen_tts_cluster.version import VERSION

_GET = ["GET", "HEAD"]


def install(app: FastAPI, service: Service) -> None:
    """Add the API to an application. All of its HTTP requests pass this door's guard."""
    access, http = service.settings.access, service.settings.http
    guard = Guard(http.hosts, access.origins, access.is_open)
    app.include_router(_router(service, Aliases(http.voices, http.models)))
    app.add_middleware(Entrance, service=service, guard=guard)
    app.add_exception_handler(HTTPException, _on_unknown)
    for kind in (HttpError, SpeechError):
        app.add_exception_handler(kind, _on_error)


def _router(service: Service, aliases: Aliases) -> APIRouter:
    router = APIRouter()
    backend = service.backend
    started_at = time.monotonic()

    async def speech(request: Request) -> Response:
        return await create_speech(service, aliases, request)

    async def list_models(_: Request) -> Response:
        return JSONResponse(await models.list_models(service, aliases))

    async def list_audio_models(_: Request) -> Response:
        return JSONResponse(await models.list_audio_models(service, aliases))

    async def get_model(request: Request) -> Response:
        name: str = request.path_params["name"]
        return JSONResponse(await models.get_model(service, aliases, name))

    async def list_voices(request: Request) -> Response:
        asked = request.query_params.get("model")
        return JSONResponse(await voices.list_voices(backend, aliases, asked))

    async def health(_: Request) -> Response:
        load = await backend.load()
        uptime = round((time.monotonic() - started_at) * 1000)
        figures = {"streams": load.streams, "queued": load.queued, "uptime_ms": uptime}
        return JSONResponse({"status": "ok", "version": VERSION, **figures})

    async def ready(_: Request) -> Response:
        if service.draining.is_set():
            raise SpeechError("shuttingDown", "This replica ends, and takes nothing new.")
        await backend.load()
        return JSONResponse({"status": "ready"})

    routes: list[tuple[str, Any, list[str]]] = [
        ("/health", health, _GET),
        ("/health/ready", ready, _GET),
        ("/v1/audio/speech", speech, ["POST"]),
        ("/v1/audio/voices", list_voices, _GET),
        ("/v1/audio/models", list_audio_models, _GET),
        ("/v1/models", list_models, _GET),
        ("/v1/models/{name:path}", get_model, _GET),
    ]
    for path, endpoint, methods in routes:
        router.add_api_route(path, endpoint, methods=methods, response_model=None)
    return router


async def _on_error(request: Request, error: Exception) -> Response:
    return error_response(error, Visit.of(request))


async def _on_unknown(request: Request, error: Exception) -> Response:
    """Report a path or a method that there is not."""
    assert isinstance(error, HTTPException)
    asked = f"{request.method} {request.url.path}"
    allow = ", ".join([*sorted(_allowed(error)), "OPTIONS"])
    if error.status_code == 405 and request.method == "OPTIONS":
        return Response(status_code=204, headers={"allow": allow})
    if error.status_code == 405:
        message = f"{request.method} is not allowed for {request.url.path}, which has: {allow}."
        refused = HttpError(405, message, "method_not_allowed", headers={"allow": allow})
    elif error.status_code == 404:
        refused = HttpError(404, f"Unknown request: {asked}", "unknown_url")
    else:
        refused = HttpError(error.status_code, str(error.detail))
    return error_response(refused, Visit.of(request))


def _allowed(error: HTTPException) -> list[str]:
    names = (error.headers or {}).get("Allow", "")
    return [name.strip() for name in names.split(",") if name.strip()]
