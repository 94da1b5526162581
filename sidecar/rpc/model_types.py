"""The contract's shapes for model/list, model/load and model/unload; as types.py."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from sidecar.models.base import Ability
from sidecar.rpc.types import ModelName, Params, Result, Token

Dtype = Literal["auto", "float32", "bfloat16", "float16"]
Bits = Literal[4, 6, 8]
KeepAlive = Annotated[float, Meta(ge=-1, le=31_536_000)]  # a year


class ModelLoadParams(Params):
    model: Annotated[
        ModelName | None,
        Meta(
            description="An alias, a hub id or a folder; the first two also as name@revision. "
            "Default: the server's --model."
        ),
    ] = None
    revision: Annotated[
        Annotated[str, Meta(min_length=1)] | None,
        Meta(description="Branch, tag or commit; the same as model@revision."),
    ] = None
    dtype: Dtype | None = None
    bits: Annotated[Bits | None, Meta(description="Quantise it, if it is not already.")] = None
    keep_alive: Annotated[
        KeepAlive | None,
        Meta(description="Seconds it stays without work; -1 for ever. Default: --keep-alive."),
    ] = None
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
    abilities: Annotated[
        list[Ability], Meta(description="What it can do; the rest is refused as unsupported.")
    ]
    dialects: Annotated[
        list[str] | None, Meta(description="Values of `language`, too; some voices speak them.")
    ] = None
    bits: Annotated[int | None, Meta(description="What it is quantised to.")] = None
    keep_alive: Annotated[
        float | None, Meta(description="Seconds it stays without work; absent: for ever.")
    ] = None


class ModelUnloadParams(Params):
    model: ModelName
    wait: Annotated[
        bool | None, Meta(description="While it speaks: wait for the end, instead of refusing.")
    ] = None


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
