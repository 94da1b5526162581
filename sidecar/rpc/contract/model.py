"""model/list, model/load, model/unload, and the progress of a load."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from sidecar.models.base import Ability
from sidecar.rpc.contract.common import ModelName, Params, Result, Token

Dtype = Literal["auto", "float32", "bfloat16", "float16"]
Bits = Literal[4, 6, 8]
_ABILITIES = (
    "presets: it has voices of its own. cloning: it takes a `reference`. design: it takes a "
    "description of the voice. instruct: it takes an instruction on how to speak. textStreaming: "
    "it takes a text that is still being written. batching: it speaks several requests at the same "
    "time. seed: the same seed gives the same audio."
)
KeepAlive = Annotated[float, Meta(ge=-1, le=31_536_000)]  # a year


class ModelLoadParams(Params):
    """Which model to load, and how."""

    model: Annotated[
        ModelName | None,
        Meta(
            description="A name of model/list, a hub id `owner/name`, or a folder. A name and a "
            "hub id may end in `@revision`. Default: the server's --model."
        ),
    ] = None
    revision: Annotated[
        Annotated[str, Meta(min_length=1)] | None,
        Meta(
            description="Branch, tag or commit of the model's repository, as in `model@revision`. "
            "Default: the main branch."
        ),
    ] = None
    dtype: Annotated[
        Dtype | None,
        Meta(
            description="Type of the model's numbers in memory. Default auto: a loaded model stays "
            "as it is; otherwise float32 on the CPU and the checkpoint's own type elsewhere."
        ),
    ] = None
    bits: Annotated[
        Bits | None,
        Meta(
            description="Quantise the weights to this number of bits while they are loaded. "
            "Default: they stay as they are."
        ),
    ] = None
    keep_alive: Annotated[
        KeepAlive | None,
        Meta(
            description="Seconds that the model stays in memory without work: −1 for ever, 0 until "
            "it is idle. Default: the server's --keep-alive, or −1."
        ),
    ] = None
    work_done_token: Annotated[
        Token | None,
        Meta(
            description="Report stages as $/progress under this token. Default: no reports.",
        ),
    ] = None


class ModelLoadResult(Result):
    """A model that was loaded, and what it can do."""

    model: Annotated[
        str, Meta(description="The name to use it by; with `revision`, model@revision.")
    ]
    family: Annotated[str, Meta(description="Its architecture, e.g. qwen3_tts.")]
    variant: Annotated[
        str,
        Meta(
            description="custom_voice, voice_design or base; a model of another family has that "
            "family's name."
        ),
    ]
    dtype: Annotated[str, Meta(description="Type of its numbers: float32, bfloat16 or float16.")]
    sample_rate: Annotated[int, Meta(description="Rate of the audio that it makes, in Hz.")]
    voices: Annotated[
        list[str],
        Meta(description="Its preset voices; the first is the default. Empty if it has none."),
    ]
    languages: Annotated[
        list[str], Meta(description="Values of `language` that it takes; the first is auto.")
    ]
    memory_bytes: Annotated[int, Meta(description="Memory of its weights, in bytes.")]
    load_ms: Annotated[
        float,
        Meta(
            description="How long it took to load, in milliseconds and without the download, also "
            "if that was earlier."
        ),
    ]
    abilities: Annotated[
        list[Ability],
        Meta(
            description=f"What it can do; a request for anything else fails as `unsupported`. "
            f"{_ABILITIES}"
        ),
    ]
    dialects: Annotated[
        list[str] | None,
        Meta(
            description="Further values of `language`: the dialects of some of its voices, which "
            "speak them by default."
        ),
    ] = None
    bits: Annotated[
        int | None,
        Meta(description="Bits of each quantised weight. Absent: the model is not quantised."),
    ] = None
    keep_alive: Annotated[
        float | None,
        Meta(description="Seconds that it stays in memory without work. Absent: for ever."),
    ] = None


class ModelUnloadParams(Params):
    """Which model to remove from memory."""

    model: Annotated[ModelName, Meta(description="Any name that it was loaded by.")]
    wait: Annotated[
        bool | None,
        Meta(
            description="While the model speaks: wait until it has finished. Default false: "
            "refuse with `modelInUse`."
        ),
    ] = None


class ModelEntry(Result):
    """A model that can be loaded."""

    model: Annotated[str, Meta(description="A value of `model`.")]
    state: Annotated[
        Literal["loaded", "cached", "known", "bundled"],
        Meta(
            description="loaded: in memory. bundled: comes with the sidecar. cached: all of it is "
            "on this machine. known: would be downloaded."
        ),
    ]
    repo: Annotated[
        str | None,
        Meta(description="Its repository on the Hugging Face hub. Absent if it is on none."),
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
        Meta(
            description="Number of parameters, without the codec's. Absent outside the catalogue."
        ),
    ] = None
    download_bytes: Annotated[
        int | None,
        Meta(
            description="Size of the files that it needs, in bytes; computed, not measured. Absent "
            "outside the catalogue."
        ),
    ] = None
    memory_bytes: Annotated[
        int | None,
        Meta(
            description="Memory that it takes to speak one stream on this machine's device, in "
            "bytes; computed, not measured. Absent outside the catalogue."
        ),
    ] = None
    disk_bytes: Annotated[
        int | None,
        Meta(
            description="Size of its files on this machine, in bytes, those of half a download "
            "included. Absent: there are none."
        ),
    ] = None
    languages: Annotated[
        list[str] | None,
        Meta(
            description="Values of `language` that it takes. Absent: they are known once it is "
            "loaded."
        ),
    ] = None
    abilities: Annotated[
        list[Ability] | None,
        Meta(description=f"What it can do. Absent: that is known once it is loaded. {_ABILITIES}"),
    ] = None
    missing_files: Annotated[
        list[str] | None,
        Meta(
            description="The files that are still to be downloaded of a model that is here in "
            "part. Its state is known."
        ),
    ] = None


class ModelListResult(Result):
    """All models that can be loaded by name."""

    models: Annotated[
        list[ModelEntry],
        Meta(description="The bundled model, the catalogue, and other models on this machine."),
    ]


class LoadProgress(Result, tag_field="kind", tag="load"):
    """How far a model is. `downloading` is repeated, at most some ten times a second."""

    stage: Annotated[
        Literal["resolving", "downloading", "loading"],
        Meta(
            description="What begins: looking for the model, downloading it if it is not on this "
            "machine, reading it into memory."
        ),
    ]
    message: Annotated[str, Meta(description="The same in words, for people.")]
    received_bytes: Annotated[
        int | None,
        Meta(
            description="Bytes on this machine of `totalBytes`, those of an earlier download "
            "included. It never falls. Absent in other stages."
        ),
    ] = None
    total_bytes: Annotated[
        int | None,
        Meta(description="Size of the files that are needed, in bytes. Absent in other stages."),
    ] = None
    received_files: Annotated[
        int | None,
        Meta(description="Number of files that are complete. Absent in other stages."),
    ] = None
    total_files: Annotated[
        int | None,
        Meta(description="Number of files that are needed. Absent in other stages."),
    ] = None
    waiting_ms: Annotated[
        float | None,
        Meta(
            description="The hub has asked for a pause of this length, in milliseconds, and the "
            "sidecar keeps it. Absent: no pause."
        ),
    ] = None
