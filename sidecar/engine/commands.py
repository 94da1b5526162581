"""What other threads ask of the engine thread, besides its jobs. Private to the engine."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import msgspec

from sidecar.engine.request import AlignJob, EncodeJob, Job, LoadJob, SpeechJob, Stream, UnloadJob
from sidecar.errors import SidecarError
from sidecar.models.checkpoint import Checkpoint

if TYPE_CHECKING:
    from sidecar.models.hub.download import Progress


class Cancel(msgspec.Struct, frozen=True):
    """End a job with the error `Cancelled`."""

    job: Job


class HoldModel(msgspec.Struct, frozen=True):
    """Count a model as in use until the first job of a stream comes, or the stream's `Release`."""

    model: str
    stream: Stream


class Release(msgspec.Struct, frozen=True):
    """Give up what is reserved or held for a stream: its next job does not come after all."""

    stream: Stream


class AppendText(msgspec.Struct, frozen=True):
    """Add text to a request with `Utterance.more_text`; `last` says that there is no more."""

    job: SpeechJob
    text: str
    last: bool


class Wake(msgspec.Struct, frozen=True):
    """Look again at jobs that were paused: there may be room for more audio."""


class Stop(msgspec.Struct, frozen=True):
    """Cancel everything and end the thread."""


class Search(msgspec.Struct, eq=False):
    """The search for a model's folder, which may be a download.

    Attributes:
        may_download: whether one of its jobs asks for a download, if the model is not here.
        jobs: the jobs that wait for it; only the engine thread touches them.
        cancelled: set when no job waits for it any more.
    """

    model: str
    may_download: bool
    jobs: list[Job] = []
    cancelled: threading.Event = msgspec.field(default_factory=threading.Event)


class Downloading(msgspec.Struct, frozen=True):
    """A search reports progress: the model's repository is being downloaded."""

    search: Search
    progress: Progress


class Found(msgspec.Struct, frozen=True):
    """A search has ended."""

    search: Search
    outcome: Checkpoint | SidecarError

    @property
    def model(self) -> str:
        return self.search.model


Command = (
    SpeechJob
    | LoadJob
    | EncodeJob
    | AlignJob
    | UnloadJob
    | Cancel
    | HoldModel
    | Release
    | AppendText
    | Wake
    | Stop
    | Downloading
    | Found
)
