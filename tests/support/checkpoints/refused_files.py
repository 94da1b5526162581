"""Changes of files and tensors with which a checkpoint is refused, and the words of the error."""

from __future__ import annotations

from collections.abc import Callable

import mlx.core as mx

from tests.support.checkpoints.changing import (
    CODEC,
    WEIGHTS,
    Change,
    also,
    cut,
    put,
    recoded,
    remove,
    save,
    sharded,
    tensors,
    without,
    write,
)

_PARTS = mx.zeros((4,))
_CODEC_CONFIG, _CODEC_WEIGHTS = f"{CODEC}/config.json", f"{CODEC}/{WEIGHTS}"


def _narrower(name: str, by: int = 8) -> Callable[[dict[str, mx.array]], None]:
    def change(weights: dict[str, mx.array]) -> None:
        weights[name] = weights[name][:-by]

    return change


def _wrapped(prefix: str) -> Callable[[dict[str, mx.array]], None]:
    def change(weights: dict[str, mx.array]) -> None:
        for name in list(weights):
            weights[name.replace("talker.", prefix, 1)] = weights.pop(name)

    return change


FILES: dict[str, tuple[Change, str]] = {
    "no weights": (remove(WEIGHTS), r"no \*.safetensors weights"),
    "weights under another name": (
        lambda folder: (folder / WEIGHTS).rename(folder / "weights.safetensors"),
        "has no model.safetensors; it has weights.safetensors",
    ),
    "an optimizer alone": (
        also(remove(WEIGHTS), save("optimizer.safetensors", state=_PARTS)),
        "has no model.safetensors; it has optimizer.safetensors",
    ),
    "a missing shard": (sharded(lost=True), "has no model-00002-of-00002.safetensors"),
    "a missing shard without an index": (
        sharded(index=False, lost=True),
        "has no model-00002-of-00002.safetensors",
    ),
    "an index that leads outside": (
        sharded(folder_name="../"),
        r"names '../model.*only files in the same folder",
    ),
    "an index without a map": (
        also(sharded(), write(f"{WEIGHTS}.index.json", "{}")),
        "has no weight_map",
    ),
    "a link to nothing": (
        also(remove(WEIGHTS), lambda folder: (folder / WEIGHTS).symlink_to("gone")),
        "model.safetensors is a link to a missing file.*Get it again",
    ),
    "weights that are a folder": (
        also(remove(WEIGHTS), lambda folder: (folder / WEIGHTS).mkdir()),
        "model.safetensors is not a regular file.*Get it again",
    ),
    "cut weights": (cut(WEIGHTS, 900_000), "model.safetensors .*is truncated: it has 900,000 of"),
    "weights cut in their header": (cut(WEIGHTS, 100), "is truncated: it ends after 100 bytes"),
    "a pointer of git-lfs": (
        write(WEIGHTS, "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"),
        "a pointer of Git LFS",
    ),
    "a web page": (write(WEIGHTS, "<!DOCTYPE html><title>Sign in</title>"), "is a web page"),
    "no codec's weights": (
        remove(_CODEC_WEIGHTS),
        "speech_tokenizer has no model.safetensors: the download is incomplete",
    ),
    "no codec's config": (
        remove(_CODEC_CONFIG),
        "speech_tokenizer has no config.json: the download is incomplete",
    ),
    "no codec": (
        remove(CODEC),
        "speech_tokenizer has no model.safetensors: the download is incomplete",
    ),
    "a cut codec": (
        cut(_CODEC_WEIGHTS, 90_000),
        "speech_tokenizer/model.safetensors .*is truncated",
    ),
    "no tokenizer": (remove("tokenizer.json"), "no text tokenizer: no tokenizer.json"),
    "half a tokenizer": (cut("tokenizer.json", 500), "tokenizer.json cannot be read"),
    "a tokenizer in UTF-16": (
        recoded("tokenizer.json", "utf-16-le"),
        "tokenizer.json cannot be read: it is encoded as UTF-16-LE",
    ),
    "a tokenizer of another kind": (
        write("tokenizer.json", "{}"),
        "has no readable text tokenizer",
    ),
    "a missing tensor": (
        without("talker.codec_head.weight"),
        "a tensor is missing: talker.codec_head.weight",
    ),
    "tensors named by a training wrapper": (
        tensors(_wrapped("module.talker.")),
        "tensors are missing: .*under names that begin with 'module.'.*Remove 'module.'",
    ),
    "a tensor of another shape": (
        tensors(_narrower("talker.codec_head.weight")),
        r"codec_head.weight has the shape \(1272, 64\), but config.json describes \(1280, 64\)",
    ),
    "layers that are not there": (
        put("talker_config.num_hidden_layers", 4),
        "talker_config.num_hidden_layers is 4, but the weights have 3",
    ),
    "a missing tensor of the codec": (
        without("decoder.pre_conv.conv.bias", _CODEC_WEIGHTS),
        "speech_tokenizer: a tensor is missing: decoder.pre_conv.conv.bias",
    ),
    "a missing codebook": (
        without("decoder.quantizer.rvq_rest.vq.layers.3._codebook.embedding_sum", _CODEC_WEIGHTS),
        "a tensor is missing: decoder.quantizer.rvq_rest.vq.layers.3",
    ),
    "a codebook of another size": (
        tensors(
            _narrower("decoder.quantizer.rvq_first.vq.layers.0._codebook.embedding_sum"),
            _CODEC_WEIGHTS,
        ),
        r"has the shape \(248, 68\), but config.json describes \(256, 68\)",
    ),
}

BASE: dict[str, tuple[Change, str]] = {
    "a Base without its speaker encoder": (
        without("speaker_encoder.fc.weight"),
        "a tensor is missing: speaker_encoder.fc.weight",
    ),
    "a Base without its speech encoder": (
        without("encoder.downsample.conv.weight", _CODEC_WEIGHTS),
        "speech_tokenizer: a tensor is missing: encoder_model.downsample",
    ),
    "a Base whose embedding is of another size": (
        put("speaker_encoder_config.enc_dim", 32),
        "enc_dim is 32, but talker_config.hidden_size is 64",
    ),
}
