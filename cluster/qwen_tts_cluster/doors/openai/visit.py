"""One HTTP request, as the log and the metrics have it."""

from __future__ import annotations

import re
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from starlette.requests import Request
from starlette.types import Scope

from qwen_tts_cluster.access import Key
from qwen_tts_cluster.observing import Observer, SpeechWatch, logs

_SANE_ID = re.compile(r"[\w.:=+/-]{1,128}", re.ASCII)
_PLACE = "qwen_tts_visit"
DOOR = "openai"


class Visit:
    """One request, from its first to its last byte.

    Args:
        scope: of the request.
        given_id: the id that the client sent. It is taken if it can be repeated in a header.

    Attributes:
        id: of the request, which the response has, too.
        key: whose request it is; None until the key was found.
        status: of the response; None before that.
        outcome: what error was answered; None: there was none.
    """

    def __init__(self, scope: Scope, given_id: str | None, observer: Observer) -> None:
        is_sane = given_id is not None and _SANE_ID.fullmatch(given_id)
        self.id = given_id if given_id is not None and is_sane else f"req_{uuid4().hex}"
        self.key: Key | None = None
        self.status: int | None = None
        self.outcome: str | None = None
        self._observer = observer
        self._scope, self._started_at = scope, time.monotonic()
        self._asked: dict[str, Any] = {}
        self._characters = 0
        self._watch: SpeechWatch | None = None
        scope[_PLACE] = self

    @classmethod
    def of(cls, request: Request) -> Visit:
        """Return the visit of a request."""
        visit = request.scope[_PLACE]
        assert isinstance(visit, cls)
        return visit

    def note(self, *, model: str | None, voice: str | None, text: str) -> None:
        """Note what is asked for; of the text, only the length."""
        self._characters = len(text)
        self._asked = {"model": model, "voice": voice, "characters": len(text)}

    @contextmanager
    def speech(self) -> Generator[SpeechWatch]:
        """Follow the speech of this request inside the `with`."""
        with self._observer.speech(DOOR, self._characters) as watch:
            self._watch = watch
            yield watch

    def ended(self) -> None:
        """Write the line of the log, and count what was no speech."""
        outcome = self._watch.outcome if self._watch else (self.outcome or self._unanswered())
        if self._watch is None and outcome != "ok":
            self._observer.refused(DOOR, outcome)
        route = self._scope.get("route")
        logs.access(
            requestId=self.id,
            key=None if self.key is None else self.key.name,
            method=self._scope["method"],
            # Not the path, which is the client's own text.
            route=getattr(route, "path", None),
            status=self.status,
            outcome=outcome,
            ms=round((time.monotonic() - self._started_at) * 1000),
            **self._asked,
            **(self._watch.fields if self._watch else {}),
        )

    def _unanswered(self) -> str:
        return "cancelled" if self.status is None else "ok"
