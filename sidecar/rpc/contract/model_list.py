"""model/list."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from sidecar.models.base import Ability
from sidecar.rpc.contract.common import Result
from sidecar.rpc.contract.model import ABILITIES


class ModelEntry(Result):
    """A model that can be loaded."""

    model: Annotated[str, Meta(description="The name to use as `model`.")]
    state: Annotated[
        Literal["loaded", "cached", "known", "bundled"],
        Meta(
            description="loaded: in memory. bundled: part of the sidecar. cached: completely on "
            "this machine. known: in the catalogue, and not completely on this machine."
        ),
    ]
    source: Annotated[
        Literal["bundled", "modelsDir", "cache"] | None,
        Meta(
            description="Where its files are used from. bundled: the sidecar's package. modelsDir: "
            "a folder of --models-dir. cache: the hub's cache. Absent: it is not completely on "
            "this machine."
        ),
    ] = None
    path: Annotated[
        str | None, Meta(description="The folder of its files. Absent without `source`.")
    ] = None
    fault: Annotated[
        str | None,
        Meta(
            description="Why the model in a folder of --models-dir cannot be used, for people; "
            "loading it fails with `modelDamaged`. Absent: no fault."
        ),
    ] = None
    repo: Annotated[
        str | None,
        Meta(description="The repository on the Hugging Face hub. Absent: none."),
    ] = None
    variant: Annotated[
        str | None,
        Meta(description="custom_voice, voice_design or base. Absent outside the catalogue."),
    ] = None
    bits: Annotated[
        int | None,
        Meta(description="Bits of each weight; 16 is bfloat16. Absent outside the catalogue."),
    ] = None
    parameters: Annotated[
        int | None,
        Meta(description="Number of parameters, without the codec. Absent outside the catalogue."),
    ] = None
    download_bytes: Annotated[
        int | None,
        Meta(
            description="Size of the complete download in bytes; estimated. Absent outside the "
            "catalogue."
        ),
    ] = None
    memory_bytes: Annotated[
        int | None,
        Meta(
            description="Memory needed to speak one stream on this machine's device, in bytes; "
            "estimated, and including the process itself. Absent: unknown."
        ),
    ] = None
    disk_bytes: Annotated[
        int | None,
        Meta(
            description="Size of the files on this machine in bytes, including an incomplete "
            "download. Absent: none."
        ),
    ] = None
    cache_bytes: Annotated[
        int | None,
        Meta(
            description="The part of `diskBytes` that is in the hub's cache and that model/delete "
            "frees, in bytes. Absent: none."
        ),
    ] = None
    last_used: Annotated[
        str | None,
        Meta(
            description="When the model was last loaded from the hub's cache, unloaded, or "
            "downloaded, by any process: ISO 8601 in UTC. Absent: it is not in the cache."
        ),
    ] = None
    languages: Annotated[
        list[str] | None,
        Meta(
            description="Accepted values of `language`. Absent: unknown until the model is loaded."
        ),
    ] = None
    abilities: Annotated[
        list[Ability] | None,
        Meta(description=f"What the model can do. Absent: unknown until it is loaded. {ABILITIES}"),
    ] = None
    missing_files: Annotated[
        list[str] | None,
        Meta(
            description="Files that are still missing of a partly downloaded model, whose state is "
            "known. Absent: none."
        ),
    ] = None


class ModelListResult(Result):
    """All models that can be loaded by name."""

    models: Annotated[
        list[ModelEntry],
        Meta(description="The bundled model, the catalogue, other models on this machine."),
    ]
    used_bytes: Annotated[
        int,
        Meta(description="Size of all models in the hub's cache in bytes: the sum of cacheBytes."),
    ]
    free_bytes: Annotated[
        int, Meta(description="Free space on the disk of the hub's cache in bytes.")
    ]
    budget_bytes: Annotated[
        int | None,
        Meta(
            description="How large downloads may make `usedBytes`, in bytes: --models-budget. "
            "Absent: no limit."
        ),
    ] = None
