"""`python -m training.toy FOLDER`: the stages from tokenizer to checkpoint at toy scale, on a CPU.

What comes out does not speak; that it comes out, also after a restart, is what is tried before a
GPU is paid for. The stages are the real commands. Takes some minutes.
"""

from __future__ import annotations

import argparse
import gzip
import json
import subprocess
import sys
from itertools import islice
from pathlib import Path
from random import Random

from training import templates


def stages(folder: Path) -> list[list[str]]:
    """Return the commands' arguments, in order."""
    at = {name: str(folder / name) for name in ("texts.jsonl.gz", "tokenizer", "speech", "codes")}
    codec, decoder, talker = (str(folder / f"{name}.pt") for name in ("codec", "decoder", "talker"))
    texts, tokenizer, speech, codes = at.values()
    small = ["--seconds", "20", "--batch", "2", "--shards", "2", "--spectral", "0.5"]
    train_talker = ["training.train_talker", texts, f"{tokenizer}/tokenizer.json", codes, talker]
    train_talker += ["--seconds", "20", "--tokens", "512", "--workers", "1"]
    return [
        ["training.tokenizer", texts, tokenizer],
        ["training.speech", texts, speech, "--workers", "2"],
        ["training.train_codec", speech, codec, *small, "--stop", "12"],
        ["training.train_codec", speech, codec, *small],
        ["training.encode", codec, speech, codes],
        [*train_talker, "--stop", "12"],
        train_talker,
        ["training.train_codec", speech, decoder, *small, "--codes-of", codec],
        ["training.export", decoder, talker, tokenizer, str(folder / "checkpoint")],
        *_base_stages(folder, texts, tokenizer, codec, talker, small),
    ]


def _base_stages(
    folder: Path, texts: str, tokenizer: str, codec: str, talker: str, small: list[str]
) -> list[list[str]]:
    """Those of a Base model, from the other one's."""
    names = ("many", "many-codes", "base-codec.pt", "base.pt", "base", "packed")
    speech, codes, base_codec, base, checkpoint, packed = (str(folder / name) for name in names)
    train = ["training.train_base", texts, f"{tokenizer}/tokenizer.json", codes, base]
    train += ["--start", talker, "--seconds", "20", "--tokens", "1024", "--workers", "1"]
    train_codec = ["training.train_codec", speech, base_codec, *small, "--mimi", codec]
    return [
        ["training.speech", texts, speech, "--workers", "2", "--many"],
        [*train_codec, "--stop", "12"],
        train_codec,
        ["training.encode", base_codec, speech, codes, "--voices"],
        [*train, "--stop", "12"],
        train,
        ["training.export", base_codec, base, tokenizer, checkpoint],
        ["training.pack", checkpoint, packed],
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    with gzip.open(folder / "texts.jsonl.gz", "wt", encoding="utf-8") as file:
        for text in islice(templates.sentences(Random(1)), 192):
            file.write(json.dumps(text) + "\n")
    for module, *arguments in stages(folder):
        print(f"--- python -m {module} {' '.join(arguments)}", flush=True)
        subprocess.run([sys.executable, "-m", module, *arguments], check=True)


if __name__ == "__main__":
    main()
