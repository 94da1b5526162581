"""model/load, model/unload, and the progress of a load or a download."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from sidecar.models.base import Ability
from sidecar.rpc.contract.common import ModelName, Params, Result, Token

Dtype = Literal["auto", "float32", "bfloat16", "float16"]
Bits = Literal[4, 6, 8]
ABILITIES = (
    "presets: it has preset voices. cloning: it accepts a `reference`. design: `instruct` "
    "describes the voice. instruct: it accepts an instruction on how to speak. textStreaming: it "
    "accepts text token by token while it speaks. batching: it generates several requests at the "
    "same time. seed: the same seed gives the same audio. wordTimes: it knows when it "
    "says each word. aligning: it speaks nothing, and finds when words are said (--aligner)."
)
KeepAlive = Annotated[float, Meta(ge=-1, le=31_536_000)]  # a year


class ModelParams(Params):
    """The model of a request that downloads it if need be."""

    model: Annotated[
        ModelName | None,
        Meta(
            description="A name that model/list returns, a hub id `owner/name`, or a folder. A "
            "name or hub id may end with `@revision`. Default: the server's --model."
        ),
    ] = None
    revision: Annotated[
        Annotated[str, Meta(min_length=1)] | None,
        Meta(
            description="Branch, tag or commit of the model's repository; the same as "
            "`model@revision`. Default: the main branch."
        ),
    ] = None


class ModelLoadParams(ModelParams):
    """Which model to load, and how."""

    dtype: Annotated[
        Dtype | None,
        Meta(
            description="Data type of the weights in memory. Default auto: a loaded model stays as "
            "it is; otherwise float32 on the CPU, and the checkpoint's own type on a GPU."
        ),
    ] = None
    bits: Annotated[
        Bits | None,
        Meta(
            description="Quantise the weights to this number of bits while loading. Default: the "
            "weights stay as they are."
        ),
    ] = None
    keep_alive: Annotated[
        KeepAlive | None,
        Meta(
            description="Seconds that an idle model stays in memory: −1 keeps it, 0 unloads it as "
            "soon as it is idle. Default: the server's --keep-alive, which is −1 unless set."
        ),
    ] = None
    work_done_token: Annotated[
        Token | None,
        Meta(
            description="Report stages as $/progress under this token. Default: no progress.",
        ),
    ] = None


class ModelLoadResult(Result):
    """The loaded model, and what it can do."""

    model: Annotated[
        str, Meta(description="The name to use for the model; with `revision`, model@revision.")
    ]
    family: Annotated[str, Meta(description="Architecture of the model, e.g. qwen3_tts.")]
    variant: Annotated[
        str,
        Meta(
            description="custom_voice, voice_design or base; for another family, the name of the "
            "family."
        ),
    ]
    dtype: Annotated[
        str, Meta(description="Data type of the weights: float32, bfloat16 or float16.")
    ]
    sample_rate: Annotated[int, Meta(description="Sample rate of the model's audio in Hz.")]
    voices: Annotated[
        list[str],
        Meta(description="Preset voices; the first is the default. Empty if there are none."),
    ]
    languages: Annotated[
        list[str], Meta(description="Accepted values of `language`; the first is auto.")
    ]
    memory_bytes: Annotated[int, Meta(description="Memory of the weights in bytes.")]
    load_ms: Annotated[
        float,
        Meta(
            description="How long loading took, in milliseconds, without the download. For a model "
            "that was already loaded, the time of that earlier load."
        ),
    ]
    abilities: Annotated[
        list[Ability],
        Meta(
            description=f"What the model can do. Anything else fails with `unsupported`. "
            f"{ABILITIES}"
        ),
    ]
    dialects: Annotated[
        list[str] | None,
        Meta(
            description="More accepted values of `language`: dialects, each spoken by default by "
            "one of the preset voices. Absent: none."
        ),
    ] = None
    bits: Annotated[
        int | None,
        Meta(description="Bits of each quantised weight. Absent: not quantised."),
    ] = None
    keep_alive: Annotated[
        float | None,
        Meta(
            description="Seconds that the idle model stays in memory. Absent: until it is unloaded."
        ),
    ] = None


class ModelUnloadParams(Params):
    """Which model to remove from memory."""

    model: Annotated[ModelName, Meta(description="Any name that the model was loaded by.")]
    wait: Annotated[
        bool | None,
        Meta(
            description="Whether to wait until the model has finished its requests. Default false: "
            "while it has any, the request fails with `modelInUse`."
        ),
    ] = None


class LoadProgress(Result, tag_field="kind", tag="load"):
    """A stage of model/load or model/download. `downloading` is repeated, at most about ten times a
    second."""

    stage: Annotated[
        Literal["resolving", "downloading", "loading"],
        Meta(
            description="The stage that begins. resolving: finding the model. downloading: only if "
            "it is not on this machine. loading: reading it into memory, in model/load only."
        ),
    ]
    message: Annotated[str, Meta(description="Details of the stage, for people.")]
    received_bytes: Annotated[
        int | None,
        Meta(
            description="Bytes of `totalBytes` that are on this machine, including an earlier "
            "download. Never decreases. Absent in other stages."
        ),
    ] = None
    total_bytes: Annotated[
        int | None,
        Meta(description="Size of the complete download in bytes. Absent in other stages."),
    ] = None
    received_files: Annotated[
        int | None,
        Meta(description="Number of complete files. Absent in other stages."),
    ] = None
    total_files: Annotated[
        int | None,
        Meta(description="Number of files in the download. Absent in other stages."),
    ] = None
    file: Annotated[
        str | None,
        Meta(description="The file that is being received. Absent: none at this moment."),
    ] = None
    bytes_per_second: Annotated[
        float | None,
        Meta(
            description="How fast bytes have arrived in the last five seconds. Absent: none have."
        ),
    ] = None
    waiting_ms: Annotated[
        float | None,
        Meta(
            description="The hub's rate limit requires a pause of this many milliseconds, which "
            "the sidecar is waiting for. Absent: no pause."
        ),
    ] = None
