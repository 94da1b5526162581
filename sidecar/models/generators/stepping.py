"""Lets other work have its turn in the middle of a family's step.

A family of mlx-audio generates a sentence, or a paragraph, in one call: many seconds on a CPU. Here
that call runs as a greenlet, which has a stack of its own on the same thread, since MLX's streams
belong to a thread. Where the call evaluates arrays and its turn is over, it is left as it stands,
and goes on from there when it is entered again. A call that is not wanted any more is unwound by an
exception at that place.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Generator, Iterator
from typing import Any, TypeVar

import mlx.core as mx
from greenlet import greenlet

from sidecar.models.backend import on_cpu
from sidecar.models.generators import convolutions

T = TypeVar("T")

_TURN_SECONDS = 0.02
# A convolution with fewer outputs is evaluated with what comes after it.
_LARGE = 1 << 14
_eval, _async_eval = mx.eval, mx.async_eval  # MLX's own


def in_turns(results: Generator[T]) -> Generator[T | None]:
    """Yield what a generator yields, and None after each turn of some 20 ms in between.

    Closing this closes the generator, in the middle of its work if need be. Between two results
    others may use MLX on this thread; its random state is theirs to keep.
    """
    turns = _Turns(results)
    try:
        while True:
            result = turns.take()
            if turns.has_ended:
                return
            yield result
    finally:
        turns.end()


class _Turns:
    """The greenlet of one generator, and the operations of MLX that end its turns."""

    def __init__(self, results: Generator[Any]) -> None:
        self._results = results
        self._call = greenlet(self._run)
        self._until = 0.0
        self._replaced: dict[str, Callable[..., Any]] = {
            "eval": self._evaluate(_eval),
            "async_eval": self._evaluate(_async_eval),
        }
        if on_cpu():
            self._replaced |= {
                "conv1d": self._convolve(convolutions.conv1d),
                "conv_transpose1d": self._convolve(convolutions.conv_transpose1d),
            }

    @property
    def has_ended(self) -> bool:
        return self._call.dead

    def _run(self) -> None:
        """Hand each result to the greenlet that entered this one."""
        with contextlib.closing(self._results):
            for result in self._results:
                self._leave(result)

    def take(self) -> Any:
        """Go on to the next result, or to the end of the turn: then return None."""
        self._until = time.perf_counter() + _TURN_SECONDS
        with self._operations():
            return self._call.switch()

    def end(self) -> None:
        """Unwind the generator where it stands, if it has not ended."""
        if not self.has_ended:
            self._until = float("inf")
            with self._operations():
                self._call.throw()

    def _leave(self, result: Any = None) -> None:
        assert self._call.parent is not None
        self._call.parent.switch(result)

    def _pause(self) -> None:
        if greenlet.getcurrent() is self._call and time.perf_counter() > self._until:
            self._leave()

    def _evaluate(self, own: Callable[..., None]) -> Callable[..., None]:
        def evaluate(*arrays: Any) -> None:
            own(*arrays)
            self._pause()

        return evaluate

    def _convolve(self, operation: Callable[..., mx.array]) -> Callable[..., mx.array]:
        def convolve(*arguments: Any, **options: Any) -> mx.array:
            y = operation(*arguments, **options)
            if y.size >= _LARGE:
                _eval(y)
                self._pause()
            return y

        return convolve

    @contextlib.contextmanager
    def _operations(self) -> Iterator[None]:
        """Put the replaced operations into `mlx.core`, where mlx-audio looks up each it calls."""
        own = {name: getattr(mx, name) for name in self._replaced}
        for name, operation in self._replaced.items():
            setattr(mx, name, operation)
        try:
            yield
        finally:
            for name, operation in own.items():
                setattr(mx, name, operation)
