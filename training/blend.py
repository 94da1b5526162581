"""`python -m training.blend TALKER.pt REFINED.pt SHARE OUT.pt`: a talker between two.

What was refined on a part of the texts forgets a little of the others. Between the weights before
and after, both are kept (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models").
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.blend", description=__doc__)
    parser.add_argument("talker", type=Path)
    parser.add_argument("refined", type=Path)
    parser.add_argument("share", type=float, help="of the refined one; 0.3")
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    old, new = (
        torch.load(file, map_location="cpu", weights_only=True)
        for file in (args.talker, args.refined)
    )
    average = {
        name: torch.lerp(old["average"][name].float(), value.float(), args.share)
        for name, value in new["average"].items()
    }
    torch.save({"config": new["config"], "average": average}, args.out)


if __name__ == "__main__":
    main()
