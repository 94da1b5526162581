"""A training run by the clock: its schedule, its running figures, and what is due now and then."""

from __future__ import annotations

import math
import time

import torch
from torch import Tensor

_READ_EVERY = 50  # steps; reading the figures waits for the GPU


class Run:
    """A schedule over seconds of training, those of earlier runs counted in.

    Args:
        rate: the highest learning rate.
        warm: steps until it is reached.
        seconds: of the whole schedule.
        stop: seconds after which this run ends even so.
        before: seconds trained by earlier runs; `steps` are theirs.
    """

    def __init__(
        self,
        rate: float,
        warm: int,
        seconds: float,
        stop: float = math.inf,
        before: float = 0.0,
        steps: int = 0,
    ) -> None:
        self.steps = steps
        self.figures: Tensor | None = None
        self._latest: Tensor | None = None
        self._rate, self._warm, self._seconds, self._before = rate, warm, seconds, before
        self._begin = time.monotonic()
        self._end = self._begin + min(stop, seconds - before)
        self._begin_steps = steps
        self._asked: dict[str, float] = {}

    @property
    def goes_on(self) -> bool:
        return time.monotonic() < self._end

    @property
    def seconds(self) -> float:
        """Trained so far."""
        return self._before + time.monotonic() - self._begin

    @property
    def done(self) -> float:
        """Return the share of the schedule that is over."""
        return self.seconds / self._seconds

    @property
    def rate(self) -> float:
        """Return the learning rate: a short rise, then a cosine down to a hundredth."""
        cosine = 0.01 + 0.495 * (1 + math.cos(math.pi * min(1.0, self.done)))
        return self._rate * min(1.0, (self.steps + 1) / self._warm) * cosine

    def step(self, figures: Tensor) -> None:
        """Count a step; average and check its figures now and then."""
        self.steps += 1
        self._latest = figures
        if self.steps % _READ_EVERY and self.figures is not None:
            return
        new = figures.cpu()
        self.figures = new if self.figures is None else torch.lerp(self.figures, new, 0.2)
        self.check()

    def check(self) -> None:
        """Before the weights replace good ones.

        Raises:
            SystemExit: the latest figures are no numbers.
        """
        if self._latest is not None and not self._latest.isfinite().all():
            raise SystemExit(f"step {self.steps}: {self._latest.tolist()}")

    def every(self, what: str, seconds: float) -> bool:
        """Return whether `what` is due: so long after the last time, or after the start."""
        now = time.monotonic()
        if now - self._asked.setdefault(what, self._begin) < seconds:
            return False
        self._asked[what] = now
        return True

    def __str__(self) -> str:
        speed = (self.steps - self._begin_steps) / (time.monotonic() - self._begin)
        values = [] if self.figures is None else self.figures.tolist()
        numbers = " ".join(f"{value:.3f}" for value in values)
        return f"{self.seconds:4.0f} s, step {self.steps}, {speed:.1f} a second: {numbers}"
