"""The contract's shapes for model/load, model/unload and model/list; as types.py."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from sidecar.rpc.types import ModelName, Params, Result, Token

Dtype = Literal["auto", "float32", "bfloat16", "float16"]


class ModelLoadParams(Params):
    model: Annotated[ModelName, Meta(description="A hub id, a local folder, or an alias.")]
    dtype: Dtype | None = None
    work_done_token: Token | None = None


class ModelLoadResult(Result):
    model: str
    family: str
    variant: str
    dtype: str
    sample_rate: int
    voices: list[str]
    languages: list[str]
    memory_bytes: int
    load_ms: float
    dialects: Annotated[
        list[str] | None, Meta(description="Values of `language`, too; some voices speak them.")
    ] = None


class ModelUnloadParams(Params):
    model: ModelName


class ModelEntry(Result):
    model: str
    state: Literal["loaded", "cached", "known", "bundled"]
    repo: Annotated[str | None, Meta(description="Its id on the hub.")] = None


class ModelListResult(Result):
    models: list[ModelEntry]
