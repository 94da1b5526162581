"""The models of a replica, as OpenAI's API lists them."""

from __future__ import annotations

import json
from typing import Any

from qwen_tts_cluster.doors.openai.aliases import Aliases
from qwen_tts_cluster.doors.openai.errors import HttpError
from qwen_tts_cluster.service import Service

Model = dict[str, Any]


async def list_models(service: Service, aliases: Aliases) -> dict[str, Any]:
    """Return the models, then the aliases of some of them."""
    return {"object": "list", "data": await _all(service, aliases)}


async def list_audio_models(service: Service, aliases: Aliases) -> dict[str, Any]:
    """Return the same, also under the key that Open WebUI reads."""
    data = await _all(service, aliases)
    models = [{"id": model["id"], "name": model["id"]} for model in data]
    return {"object": "list", "data": data, "models": models}


async def get_model(service: Service, aliases: Aliases, name: str) -> Model:
    """Return one model.

    Raises:
        HttpError: 404 `model_not_found`.
    """
    for model in await _all(service, aliases):
        if model["id"] == name:
            return model
    if aliases.is_model(name):
        return _describe(name)
    raise HttpError(404, f"There is no model {json.dumps(name)}.", "model_not_found", "model")


async def _all(service: Service, aliases: Aliases) -> list[Model]:
    allowed = service.settings.models
    own = [
        _describe(model.name, "loaded" if model.is_loaded else "cached")
        for model in await service.backend.models()
        if not allowed or model.name in allowed
    ]
    states = {model["id"]: model["state"] for model in own if "state" in model}
    names = [name for name in aliases.models if name not in states]
    return own + [_describe(name, states.get(aliases.model(name) or "")) for name in names]


def _describe(name: str, state: str | None = None) -> Model:
    """Describe a model in OpenAI's form. `created` is never known; `state` is this server's own."""
    model: Model = {"id": name, "object": "model", "created": 0, "owned_by": "qwen-tts-sidecar"}
    return model if state is None else {**model, "state": state}
