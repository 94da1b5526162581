"""One request for speech: what others may do to it, and its events for the one who iterates."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

from sidecar.engine.engine import Engine
from sidecar.synthesis.inbox import Inbox
from sidecar.synthesis.narrator import Narrator
from sidecar.synthesis.request import NarrationEvent, NarrationRequest
from sidecar.text.speakable import warm


class Narration:
    """A text on its way to speech. Iterate over it, once, on any one thread, for its events.

    Its other methods may be called from any thread. Nothing is generated ahead of a reader that
    does not iterate.

    Attributes:
        begun: set once `prepare` has been called and the engine knows of it, or it has failed.

    Args:
        prepare: makes the request, on the thread that iterates: it may read files. It receives a
            function that raises Cancelled once that has come, to call where it takes long.
        is_open: whether what lies beyond the reader takes more audio; False pauses generation
            until `Engine.wake`. The engine thread calls it, too.
        since: when the request came, by time.perf_counter.
    """

    def __init__(
        self,
        engine: Engine,
        prepare: Callable[[Callable[[], None]], NarrationRequest],
        is_open: Callable[[], bool] = lambda: True,
        since: float | None = None,
    ) -> None:
        self._engine = engine
        self._prepare = prepare
        self._since = time.perf_counter() if since is None else since
        self._inbox = Inbox(is_open, engine.wake)
        self._request: NarrationRequest | None = None
        self.begun = threading.Event()

    def append(self, text: str, last: bool = False) -> None:
        """Add to the text of a live request; ignored by others, and after the last of it."""
        self._inbox.write(text, last)

    def cancel(self) -> None:
        """End it with `Cancelled`; silent if it has ended."""
        self._inbox.cancel()

    def __iter__(self) -> Iterator[NarrationEvent]:
        """Yield sentences and audio in order, and the result as the last event.

        A sentence comes before its audio, or, for text in motion that is fed to the model token by
        token, when its end is known.

        Raises:
            SidecarError: of `prepare`, of the text, of the engine, or Cancelled.
        """
        try:
            request = self._request = self._prepare(self._inbox.check)
            narrator = Narrator(self._engine, request, self._inbox, self._since, self.begun.set)
            yield from narrator.events()
        finally:
            self.begun.set()

    def warm(self) -> None:
        """Load what the next text may need: a second, once, for the first figure in a text."""
        if self._request is not None and self._request.normalize:
            warm(self._request.language)
