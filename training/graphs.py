"""A training step as a CUDA graph: launching a small model's kernels takes longer than they do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

Step = Callable[..., Tensor]


class Captured:
    """`step(*inputs) -> statistics`, captured once per shape of the inputs.

    The step must not wait for the GPU nor change shapes. Without CUDA it just runs.

    Args:
        step: everything from the inputs to the optimiser's step.
        warm: how often each shape runs uncaptured first; that trains, too.
    """

    def __init__(self, step: Step, warm: int = 3) -> None:
        self._step, self._warm = step, warm
        self._graphs: dict[tuple[torch.Size, ...], tuple[torch.cuda.CUDAGraph, list, Tensor]] = {}
        self._seen: dict[tuple[torch.Size, ...], int] = {}
        self._pool = None

    def __call__(self, *inputs: Tensor) -> Tensor:
        if not torch.cuda.is_available():
            return self._step(*inputs)
        shapes = tuple(tensor.shape for tensor in inputs)
        if shapes not in self._graphs:
            self._seen[shapes] = self._seen.get(shapes, 0) + 1
            if self._seen[shapes] <= self._warm:
                return self._aside(inputs)
            self._capture(shapes, inputs)
        graph, places, statistics = self._graphs[shapes]
        for place, tensor in zip(places, inputs, strict=True):
            place.copy_(tensor, non_blocking=True)
        graph.replay()
        return statistics

    def _aside(self, inputs: Sequence[Tensor]) -> Tensor:
        """Warm-up has to run on the kind of stream that captures."""
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            statistics = self._step(*inputs)
        torch.cuda.current_stream().wait_stream(stream)
        return statistics

    def _capture(self, shapes: tuple[torch.Size, ...], inputs: Sequence[Tensor]) -> None:
        places = [tensor.clone() for tensor in inputs]
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self._pool):
            statistics = self._step(*places)
        self._pool = self._pool or graph.pool()
        self._graphs[shapes] = graph, places, statistics


class Average:
    """A moving average of a module's weights, which is what gets exported."""

    def __init__(self, module: nn.Module) -> None:
        self._module = module
        self.values = [value.detach().clone() for value in module.state_dict().values()]

    @torch.no_grad()
    def update(self, decay: float) -> None:
        current = list(self._module.state_dict().values())
        floats = [i for i, value in enumerate(current) if value.is_floating_point()]
        torch._foreach_lerp_(
            [self.values[i] for i in floats], [current[i] for i in floats], 1 - decay
        )

    def state(self) -> dict[str, Tensor]:
        return dict(zip(self._module.state_dict(), self.values, strict=True))

    def restore(self, state: dict[str, Tensor]) -> None:
        for value, saved in zip(self.values, state.values(), strict=True):
            value.copy_(saved)


def optimiser(
    groups: list[dict], rate: float, betas: tuple[float, float]
) -> tuple[torch.optim.Optimizer, Tensor]:
    """AdamW that can be captured, and the tensor that holds its learning rate."""
    cuda = torch.cuda.is_available()
    lr = torch.tensor(rate, device="cuda" if cuda else "cpu")
    return torch.optim.AdamW(groups, lr=lr, betas=betas, fused=cuda, capturable=cuda), lr


def save(state: dict, file: Path) -> None:
    """All of it or nothing; the folder is made."""
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".part")
    torch.save(state, partial)
    partial.rename(file)


def load_optimiser(optimiser: torch.optim.Optimizer, state: dict) -> None:
    """Restore all but the learning rate, whose tensor the schedule fills."""
    rates = [group["lr"] for group in optimiser.param_groups]
    optimiser.load_state_dict(state)
    for group, rate in zip(optimiser.param_groups, rates, strict=True):
        group["lr"] = rate
