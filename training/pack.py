"""Halve the size of a checkpoint, for the tests: `python -m training.pack CHECKPOINT OUT`.

Matrices become eight-bit integers with one scale for each row. The codec's encoder is left as it
is, since rounding would change the codes. `unpack` restores a float16 checkpoint without torch;
the tests use it.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

_SCALE = ".row_scale"


def pack(checkpoint: Path, out: Path) -> None:
    import torch  # only to read bfloat16

    for file, target in _files(checkpoint, out):
        packed: dict[str, NDArray] = {}
        with safe_open(file, "pt") as weights:
            for name in weights.keys():  # noqa: SIM118
                tensor = weights.get_tensor(name)
                encoder = name.startswith("encoder.")
                if encoder or tensor.dim() < 2 or tensor.dtype != torch.bfloat16:
                    packed[name] = tensor.to(torch.float16).numpy()
                    continue
                rows = tensor.float().numpy()
                axes = tuple(range(1, rows.ndim))
                scale = np.abs(rows).max(axis=axes, keepdims=True).clip(1e-12) / 127
                packed[name] = np.round(rows / scale).astype(np.int8)
                packed[name + _SCALE] = scale.astype(np.float32)
        save_file(packed, target)


def unpack(folder: Path, out: Path) -> None:
    """The checkpoint that `pack` made `folder` of, but for rounding."""
    for file, target in _files(folder, out):
        packed = load_file(file)
        weights = {
            name: value.astype(np.float16)
            if value.dtype != np.int8
            # float32 holds the product of both; float16 is what is stored.
            else (value * packed[name + _SCALE]).astype(np.float16)
            for name, value in packed.items()
            if not name.endswith(_SCALE)
        }
        save_file(weights, target, metadata={"format": "pt"})


def _files(source: Path, out: Path) -> list[tuple[Path, Path]]:
    """Copy all but the weights → the weights' files, and where they go."""
    weights = []
    for file in sorted(path for path in source.rglob("*") if path.is_file()):
        target = out / file.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        if file.suffix == ".safetensors":
            weights.append((file, target))
        else:
            shutil.copyfile(file, target)
    return weights


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.pack", description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    pack(args.checkpoint, args.out)
    size = sum(file.stat().st_size for file in args.out.rglob("*") if file.is_file())
    print(f"{args.out}: {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
