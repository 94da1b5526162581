"""Checkpoints that are made to cost time or memory; run as a program, it loads some and measures.

python -m tests.support.checkpoints.hostile FOLDER...
"""

from __future__ import annotations

import json
import resource
import struct
import sys
import time
from collections import deque
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from string import ascii_letters
from typing import Any

from tests.support.checkpoints.changing import CODEC, Change, also, put, write

_TALKER, _PREDICTOR = "talker_config", "talker_config.code_predictor_config"
_CODEC_CONFIG = f"{CODEC}/config.json"
_MANY, _LARGE = 999, 2**24
_SPEAKER = "speaker_encoder_config"
# What the process may have of address space: MLX reserves much of it.
_ADDRESS_SPACE = 16 * 2**30


def _tokenizer(change: Callable[[dict[str, Any]], object]) -> Change:
    def apply(folder: Path) -> None:
        path = folder / "tokenizer.json"
        value = json.loads(path.read_text())
        change(value)
        path.write_text(json.dumps(value))

    return apply


def _set(**parts: Any) -> Change:
    return _tokenizer(lambda value: value.update(parts))


def _replace(pattern: str, content: str) -> dict[str, Any]:
    return {"type": "Replace", "pattern": {"Regex": pattern}, "content": content}


def _codec(field: str, value: Any) -> Change:
    return put(field, value, _CODEC_CONFIG)


def _added(count: int) -> Change:
    flags = dict.fromkeys(("lstrip", "rstrip", "single_word", "normalized", "special"), False)
    added = {str(500 + i): {"content": f"<|{i}|>", **flags} for i in range(count)}
    return put("added_tokens_decoder", added, "tokenizer_config.json")


def add_tensors(count: int) -> Change:
    """Add so many empty tensors to the header of the weights."""

    def apply(folder: Path) -> None:
        path = folder / "model.safetensors"
        data = path.read_bytes()
        (length,) = struct.unpack("<Q", data[:8])
        empty = '{"dtype":"F32","shape":[0],"data_offsets":[0,0]}'
        more = "".join(f',"more.{number}":{empty}' for number in range(count))
        header = data[8 : 8 + length].rstrip()[:-1] + more.encode() + b"}"
        path.unlink()
        path.write_bytes(struct.pack("<Q", len(header)) + header + data[8 + length :])

    return apply


def _shards(count: int) -> Change:
    """Name so many files in the index, of which there is one, with an empty header."""

    def apply(folder: Path) -> None:
        (folder / "model.safetensors").unlink()
        names = [f"model-{n:05}-of-{count:05}.safetensors" for n in range(1, count + 1)]
        index = {"weight_map": {f"tensor{n}": name for n, name in enumerate(names)}}
        (folder / "model.safetensors.index.json").write_text(json.dumps(index))
        (folder / names[0]).write_bytes(struct.pack("<Q", 2) + b"{}")

    return apply


def pad(name: str, megabytes: int) -> Change:
    """Add a list of so many MB to a JSON file."""

    def apply(folder: Path) -> None:
        path = folder / name
        value = json.loads(path.read_text()) if path.exists() else {}
        text = json.dumps({**value, "padding": [0]})
        path.unlink(missing_ok=True)
        path.write_text(text.removesuffix("0]}") + "0," * (500_000 * megabytes) + "0]}")

    return apply


def _add_long_token(value: dict[str, Any]) -> None:
    """Merge the letter a again and again, to tokens of up to 3,000 letters."""
    vocab, merges = value["model"]["vocab"], value["model"]["merges"]
    for length in range(2, 3000):
        vocab.setdefault("a" * length, 1000 + length)
        merges.append(["a" * (length - 1), "a"])


def enlarge_vocabulary(count: int, *, in_parts: bool) -> Change:
    """Add so many tokens, each of which is a known one and a letter more.

    Args:
        in_parts: write vocab.json and merges.txt, as the official checkpoints have them.
    """

    def enlarge(value: dict[str, Any]) -> None:
        vocab, merges = value["model"]["vocab"], value["model"]["merges"]
        shorter, left = deque(ascii_letters), ""
        for id, letter in zip(range(10_000, 10_000 + count), cycle(ascii_letters)):
            if letter == ascii_letters[0]:
                left = shorter.popleft()
            vocab.setdefault(left + letter, id)
            merges.append([left, letter])
            shorter.append(left + letter)

    def split(folder: Path) -> None:
        model = json.loads((folder / "tokenizer.json").read_text())["model"]
        (folder / "tokenizer.json").unlink()
        (folder / "vocab.json").write_text(json.dumps(model["vocab"]))
        # A merges.txt cannot have those of the bundled voice that contain a space.
        pairs = [pair for pair in model["merges"] if " " not in "".join(pair)]
        lines = "\n".join(map(" ".join, pairs))
        (folder / "merges.txt").write_text(f"#version: 0.2\n{lines}\n")

    return also(_tokenizer(enlarge), split) if in_parts else _tokenizer(enlarge)


_SPLIT = {"type": "Split", "behavior": "Isolated", "invert": False}
_GROUPS = also(
    put(f"{_TALKER}.num_code_groups", _MANY),
    put(f"{_PREDICTOR}.num_code_groups", _MANY),
    _codec("decoder_config.num_quantizers", _MANY),
)

# Each with the words of its error.
HOSTILE: dict[str, tuple[Change, str]] = {
    "10**6 layers": (put(f"{_TALKER}.num_hidden_layers", 10**6), "num_hidden_layers is wrong"),
    "999 layers": (put(f"{_TALKER}.num_hidden_layers", _MANY), "the weights have 8"),
    "999 layers of the predictor": (
        put(f"{_PREDICTOR}.num_hidden_layers", _MANY),
        "weights have 2",
    ),
    "999 code groups": (_GROUPS, "num_code_groups, less one, is 998, but the weights have 7"),
    "999 layers of the codec": (
        _codec("decoder_config.num_hidden_layers", _MANY),
        "weights have 2",
    ),
    "999 layers of an encoder": (
        also(_codec("encoder_config", {"num_hidden_layers": _MANY}), write("x", "")),
        "",  # it is not needed, and not built
    ),
    "10**5 upsampling ratios": (
        _codec("decoder_config.upsampling_ratios", [2, 2, 2, 1, 4, 1, 5, 12] + [1] * 10**5),
        "upsampling_ratios is wrong",
    ),
    "10**5 blocks of the speaker encoder": (
        also(
            put(f"{_SPEAKER}.enc_channels", [512] * 10**5),
            put(f"{_SPEAKER}.enc_kernel_sizes", [3] * 10**5),
            put(f"{_SPEAKER}.enc_dilations", [3] * 10**5),
        ),
        "enc_channels is wrong",
    ),
    "a wide talker": (put(f"{_TALKER}.hidden_size", _LARGE), "but config.json describes"),
    "wide codebooks": (_codec("decoder_config.codebook_dim", _LARGE), "config.json describes"),
    "wide heads of the codec": (_codec("decoder_config.head_dim", _LARGE), "config.json describes"),
    "a pattern that backtracks": (
        _set(pre_tokenizer={**_SPLIT, "pattern": {"Regex": "(?:(?:a+)+)+\\d"}}),
        "with the pre_tokenizer .*which is not read",
    ),
    "a pattern inside a sequence": (
        _set(
            pre_tokenizer={
                "type": "Sequence",
                "pretokenizers": [{**_SPLIT, "pattern": {"Regex": "(a|a)*b"}}],
            }
        ),
        "with the pre_tokenizer .*which is not read",
    ),
    "a normaliser that multiplies": (
        _set(normalizer={"type": "Sequence", "normalizers": [_replace("x", "xxxxxxxxxx")] * 8}),
        "with the normalizer .*which is not read",
    ),
    "10**5 normalisers": (
        _set(normalizer={"type": "Sequence", "normalizers": [{"type": "NFC"}] * 10**5}),
        "a long or empty normalizer",
    ),
    "a decoder with a pattern": (_set(decoder=_replace("(a|a)*b", "")), "with the decoder"),
    "merges at random": (_tokenizer(lambda v: v["model"].update(dropout=0.5)), "at random"),
    "another model of text": (_tokenizer(lambda v: v["model"].update(type="Unigram")), "Unigram"),
    "10**5 tensors more": (add_tensors(10**5), "all headers of a model may have"),
    "a header for each of 10**4 shards": (
        _shards(10**4),
        "is not a valid safetensors file|no model-",
    ),
    "20 MB of config.json": (pad("config.json", 20), "cannot be read: it has 20"),
    "20 MB of tokenizer.json": (pad("tokenizer.json", 20), "it has 20"),
    "20 MB of the codec's config.json": (pad(_CODEC_CONFIG, 20), "it has 20"),
    "a token of 3,000 merges": (_tokenizer(_add_long_token), "the text embedding has"),
    "10**4 added tokens": (_added(10**4), "10,00. tokens that are added"),
    "10**5 added tokens": (_added(10**5), "cannot be read: it has 12"),
}


def _main(folders: list[str]) -> None:
    """Print for each folder: seconds, bytes that the process has grown by, and the error."""
    from sidecar.models import backend

    backend.prepare()

    from sidecar.errors import SidecarError
    from sidecar.models import catalog, registry
    from sidecar.models.qwen3_tts import loader

    loader.load(catalog.resolve("tiny-voice"), None)  # what any load needs
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, _ADDRESS_SPACE))
    for folder in folders:
        before, start = resource.getrusage(resource.RUSAGE_SELF), time.process_time()
        try:
            checkpoint = catalog.resolve(folder)
            registry.describe(checkpoint)
            registry.footprint(checkpoint, "auto", None, True)
            loader.load(checkpoint, None)
            error = ""
        except SidecarError as refused:
            error = refused.message
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before.ru_maxrss
        unit = 1 if sys.platform == "darwin" else 1024
        figures = {"seconds": time.process_time() - start, "bytes": grown * unit, "error": error}
        print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    _main(sys.argv[1:])
