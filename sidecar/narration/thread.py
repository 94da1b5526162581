"""The thread of one request."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from sidecar.engine.engine import Engine
from sidecar.narration.inbox import Inbox
from sidecar.narration.narrator import Narrator
from sidecar.narration.request import Listener, NarrationRequest
from sidecar.text.speakable import warm


class Narration:
    """A text on its way to speech. Its methods may be called from any thread.

    Attributes:
        begun: set once `prepare` has been called and the engine knows of it, or it has failed.

    Args:
        prepare: makes the request, on the narration's thread: it may read files. It is given a
            function that raises Cancelled once that has come, to call where it takes long.
        since: when the request came, by time.perf_counter.
    """

    def __init__(
        self,
        engine: Engine,
        prepare: Callable[[Callable[[], None]], NarrationRequest],
        listener: Listener,
        since: float | None = None,
    ) -> None:
        self._engine = engine
        self._prepare = prepare
        self._listener = listener
        self._since = time.perf_counter() if since is None else since
        self._inbox = Inbox(listener.ready, engine.wake)
        self.begun = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self._run, name="narration", daemon=True).start()

    def append(self, text: str, last: bool = False) -> None:
        """Adds to the text of a live request; ignored by others, and behind the last of it."""
        self._inbox.write(text, last)

    def cancel(self) -> None:
        """Ends it with `Cancelled`; silent if it has ended."""
        self._inbox.cancel()

    def _run(self) -> None:
        try:
            request = self._prepare(self._inbox.check)
            narrator = Narrator(
                self._engine, request, self._inbox, self._listener, self._since, self.begun.set
            )
            self._listener.done(narrator.tell())
        except Exception as error:
            self.begun.set()
            self._listener.failed(error)
            return
        if request.normalize:
            # A second of loading, once, for the first figure in a text. Now it holds up nobody.
            warm(request.language)
