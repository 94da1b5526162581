"""How codes are drawn: the `sampling` of speech/synthesize."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from sidecar.rpc.contract.common import Params

Temperature = Annotated[
    float,
    Meta(
        ge=0,
        le=10,
        description="A number without a unit that divides the logits: 0 always takes the likeliest "
        "code, 1 samples as the model learned. Default: the checkpoint's.",
    ),
]
TopK = Annotated[
    int,
    Meta(
        ge=0,
        description="Number of the likeliest codes that are sampled from; 0 is all. Default: the "
        "checkpoint's.",
    ),
]
TopP = Annotated[
    float,
    Meta(
        gt=0,
        le=1,
        description="A number without a unit: the likeliest codes are sampled from whose "
        "probabilities add up to it; 1 is all. Default: the checkpoint's.",
    ),
]
Penalty = Annotated[
    float,
    Meta(
        gt=0,
        le=10,
        description="A number without a unit that makes codes less likely which the utterance "
        "already has; 1 is none. Default: the checkpoint's.",
    ),
]


class SubtalkerSampling(Params):
    """How codebooks 1 and up are sampled. What is left out comes from the checkpoint."""

    temperature: Temperature | None = None
    top_k: TopK | None = None
    top_p: TopP | None = None


class Sampling(Params):
    """How the first codebook is sampled. What is left out comes from the checkpoint's
    generation_config.json."""

    temperature: Temperature | None = None
    top_k: TopK | None = None
    top_p: TopP | None = None
    repetition_penalty: Penalty | None = None
    subtalker: Annotated[
        SubtalkerSampling | None,
        Meta(description="How the other codebooks are sampled. Default: the checkpoint's."),
    ] = None
