"""The contract's shapes for model/list, model/load and model/unload; as types.py."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from sidecar.rpc.types import ModelName, Params, Result, Token

Dtype = Literal["auto", "float32", "bfloat16", "float16"]
Ability = Literal["presets", "instruct", "clone", "design", "textStream"]


class ModelLoadParams(Params):
    model: Annotated[
        ModelName,
        Meta(description="An alias, a hub id or a folder; the first two also as name@revision."),
    ]
    revision: Annotated[
        Annotated[str, Meta(min_length=1)] | None,
        Meta(description="Branch, tag or commit; the same as model@revision."),
    ] = None
    dtype: Dtype | None = None
    work_done_token: Token | None = None


class ModelLoadResult(Result):
    model: Annotated[str, Meta(description="What to name it by: with its revision, if one was.")]
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
    state: Annotated[
        Literal["loaded", "cached", "known", "bundled"],
        Meta(description="cached: all of it is on this machine; known: would be downloaded."),
    ]
    repo: Annotated[str | None, Meta(description="Its id on the hub.")] = None
    variant: str | None = None
    bits: Annotated[int | None, Meta(description="Of its weights; 16 is bfloat16.")] = None
    parameters: Annotated[int | None, Meta(description="Outside the codec.")] = None
    download_bytes: Annotated[
        int | None, Meta(description="Of the files it needs; computed, not measured.")
    ] = None
    memory_bytes: Annotated[
        int | None,
        Meta(description="To speak one stream on this machine's device; computed, not measured."),
    ] = None
    disk_bytes: Annotated[
        int | None, Meta(description="What is on this machine of it, in parts too.")
    ] = None
    languages: list[str] | None = None
    abilities: list[Ability] | None = None
    missing_files: Annotated[
        list[str] | None, Meta(description="Of one that is here in part; its state is known.")
    ] = None


class ModelListResult(Result):
    models: list[ModelEntry]
