"""model/download, model/delete."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from sidecar.rpc.contract.common import ModelName, Params, Result, Token
from sidecar.rpc.contract.model import ModelParams


class ModelDownloadParams(ModelParams):
    """Which model has to be on this machine."""

    work_done_token: Annotated[
        Token | None,
        Meta(description="Report stages as $/progress under this token. Default: no progress."),
    ] = None


class ModelDownloadResult(Result):
    """Where the model's files are."""

    model: Annotated[
        str, Meta(description="The name to use for the model; with `revision`, model@revision.")
    ]
    source: Annotated[
        Literal["bundled", "modelsDir", "folder", "cache"],
        Meta(
            description="Where its files are. bundled: the sidecar's package. modelsDir: a folder "
            "of --models-dir. folder: the folder that `model` names. cache: the hub's cache."
        ),
    ]
    path: Annotated[str, Meta(description="The folder of its files.")]


class ModelDeleteParams(Params):
    """Which downloaded model to delete."""

    model: Annotated[
        ModelName,
        Meta(
            description="An alias or a hub id. With `@revision`, only that revision is deleted; "
            "without, all revisions and partial downloads."
        ),
    ]


class ModelDeleteResult(Result):
    """What the deletion has freed."""

    freed_bytes: Annotated[int, Meta(description="Size of the deleted files in bytes.")]
