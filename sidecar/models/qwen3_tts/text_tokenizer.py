"""The text tokenizer of a checkpoint, read and checked.

transformers reads the same files to the same tokens, and takes longer to import than everything
else on the way to the first audio. `tests` compares the two on every checkpoint.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
from tokenizers import AddedToken, Tokenizer

from sidecar.errors import ModelLoadFailed
from sidecar.files import read_regular
from sidecar.models.checkpoint import Checkpoint, steps
from sidecar.models.checkpoint.jsonfile import MAX_JSON_BYTES, read_leniently, read_object
from sidecar.models.qwen3_tts import tokenizer_forms
from sidecar.models.qwen3_tts.byte_pairs import BytePairs, Merge
from sidecar.models.qwen3_tts.prompt_text import ROLE_TOKENS, TAIL_TOKENS
from sidecar.models.qwen3_tts.text_tokens import TextTokenizer, panics_as_errors
from sidecar.models.qwen3_tts.tokenizer_forms import File
from sidecar.wording import describe

# The official tokenizer.json has 11 MB.
_MAX_VOCABULARY_BYTES = 16 * 2**20
_PART_CHARACTERS = 32 * 1024
_Id = Annotated[int, msgspec.Meta(ge=0, lt=2**32)]
_FRAME = "<|im_start|>assistant\n<|im_end|>\n<|im_start|>assistant\n"
_NAMED = (
    "bos_token",
    "eos_token",
    "unk_token",
    "sep_token",
    "pad_token",
    "cls_token",
    "mask_token",
)
_LISTED = ("additional_special_tokens", "extra_special_tokens")


def load(checkpoint: Checkpoint, rows: int) -> TextTokenizer:
    """Return the tokenizer; no code that comes with a checkpoint is run.

    Args:
        rows: how many tokens the model embeds.

    Raises:
        ModelLoadFailed: it is missing, cannot be read, or is another model's.
        NotACheckpoint: one of its files is not JSON.
    """
    tokenizer = read(checkpoint.path)
    _check(tokenizer, rows, checkpoint.path)
    return tokenizer


def read(folder: Path) -> TextTokenizer:
    """Return the tokenizer of a folder, unchecked.

    The vocabulary comes from `tokenizer.json` or, where that is missing, from `vocab.json` and
    `merges.txt`; a text is then cut into pieces as Qwen2 does it. The special and the added tokens
    come from `tokenizer_config.json`, or from the files in which older versions of transformers
    kept them.

    Raises:
        ModelLoadFailed: it is missing, cannot be read, or has a form that is not known.
        NotACheckpoint: one of its files is not JSON.
    """
    whole, parts = folder / "tokenizer.json", (folder / "vocab.json", folder / "merges.txt")
    if not whole.is_file() and not all(part.is_file() for part in parts):
        raise _refused(
            folder, "has no text tokenizer: no tokenizer.json, nor vocab.json with merges.txt"
        )
    config = _config(folder)
    try:
        with panics_as_errors():
            return _whole(whole, config) if whole.is_file() else _from_parts(*parts, config)
    except tokenizer_forms.UnknownFormError as error:
        raise ModelLoadFailed(
            f"{folder} {error}, which is not read: a text could take it any time and memory.",
            hint="Use the text tokenizer of the official models, or of a voice that was trained "
            "with this version's `training`.",
            field="model",
        ) from None
    except Exception as error:  # the tokenizers package raises no narrower class
        if whole.is_file() and whole.stat().st_size <= MAX_JSON_BYTES:
            read_object(whole)  # it raises the better error if the file is not JSON
        raise _unreadable(folder, error) from error


def _whole(path: Path, config: dict[str, Any]) -> TextTokenizer:
    file = tokenizer_forms.decode(_content(path))
    ids = _vocabulary(file.model.vocab)
    return _made(file, ids, steps.decode(file.model.merges, list[Merge]), config)


def _from_parts(vocab: Path, merges: Path, config: dict[str, Any]) -> TextTokenizer:
    """Return Qwen2's tokenizer: the bytes of a piece of text, merged by rank."""
    ids = _vocabulary(msgspec.Raw(_content(vocab)))
    return _made(tokenizer_forms.qwen2(), ids, _lines(_content(merges).decode()), config)


def _lines(text: str) -> Iterator[Sequence[Merge]]:
    """Yield the merges of a merges.txt in parts."""
    file = io.StringIO(text, newline=None)
    while part := file.readlines(_PART_CHARACTERS):
        lines = [line.rstrip("\n") for line in part]
        yield [line for line in lines if line and not line.startswith("#version")]


def _content(path: Path) -> bytes:
    return read_regular(path, _MAX_VOCABULARY_BYTES).removeprefix(codecs.BOM_UTF8)


def _vocabulary(raw: msgspec.Raw) -> dict[str, int]:
    ids: dict[str, int] = {}
    for part in steps.decode(raw, dict[str, _Id]):
        ids.update(part)
    return ids


def _made(
    file: File,
    ids: dict[str, int],
    merges: Iterable[Sequence[Merge]],
    config: dict[str, Any],
) -> TextTokenizer:
    pairs = BytePairs(ids, merges)
    cutter = _cutter(file, ids)
    contents, special = _add_tokens(cutter, config)
    ids.update(_number([*(token["content"] for token in file.added_tokens), *contents], ids))
    return TextTokenizer(cutter, pairs, ids, special)


def _cutter(file: File, ids: dict[str, int]) -> Tokenizer:
    """Return a tokenizer of the same form with the vocabulary's characters, and no merges."""
    model = file.model
    characters = [token for token in ids if len(token) == 1]
    tokenizer_forms.check_characters(len(characters))
    others = [model.unk_token] if model.unk_token is not None else []
    if model.byte_fallback:
        others += [f"<0x{byte:02X}>" for byte in range(256)]
    known = dict.fromkeys([*characters, *(token for token in others if token in ids)])
    small = tokenizer_forms.Model(
        type="BPE",
        unk_token=model.unk_token,
        fuse_unk=model.fuse_unk,
        byte_fallback=model.byte_fallback,
        vocab=msgspec.Raw(msgspec.json.encode({token: at for at, token in enumerate(known)})),
        merges=msgspec.Raw(b"[]"),
    )
    return Tokenizer.from_str(
        msgspec.json.encode(msgspec.structs.replace(file, model=small)).decode()
    )


def _number(contents: Iterable[str], ids: dict[str, int]) -> dict[str, int]:
    """Return the id of each added token, as `tokenizers` gives it.

    A token of the vocabulary keeps its id. The others follow the highest id of an added token, and
    the size of the vocabulary.
    """
    added: dict[str, int] = {}
    following = len(ids)
    for content in contents:
        if content and content not in added:
            added[content] = ids.get(content, following)
            following = max(following, added[content] + 1)
    return added


def _config(folder: Path) -> dict[str, Any]:
    """Return tokenizer_config.json, with what older versions of transformers wrote beside it."""
    path = folder / "tokenizer_config.json"
    config = read_object(path) if path.is_file() else {}
    if "added_tokens_decoder" in config:
        return config
    older = read_leniently(folder / "added_tokens.json")
    added = {str(id): {"content": token, "special": True} for token, id in older.items()}
    special = read_leniently(folder / "special_tokens_map.json")
    return {**config, **special, "added_tokens_decoder": added}


def _add_tokens(tokenizer: Tokenizer, config: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Add what the configuration has and the vocabulary may lack.

    Returns:
        what has been added, in this order, and all special tokens.
    """
    known: dict[int, AddedToken] = tokenizer.get_added_tokens_decoder()
    special = [token.content for token in known.values() if token.special]
    stated = sorted((config.get("added_tokens_decoder") or {}).items(), key=lambda one: int(one[0]))
    added = [AddedToken(**{**entry, "special": bool(entry.get("special"))}) for _, entry in stated]
    special += [token.content for token in added if token.special]
    named = [config.get(name) for name in _NAMED]
    for name in _LISTED:
        listed = config.get(name) or []
        named += list(listed.values() if isinstance(listed, dict) else listed)
    contents = [one["content"] if isinstance(one, dict) else str(one) for one in named if one]
    tokenizer_forms.check_added(len(added) + len(contents))
    # All at once: with each call, the package builds its search for all of them anew.
    tokenizer.add_tokens(added)
    tokenizer.add_special_tokens(
        [AddedToken(content, special=True, normalized=False) for content in contents]
    )
    special = list(dict.fromkeys([*special, *contents]))
    return [*(token.content for token in added), *contents], special


def _check(tokenizer: TextTokenizer, rows: int, folder: Path) -> None:
    """Refuse a tokenizer whose ids have no embedding, or that cuts the markup otherwise.

    MLX does not check an index: a token without an embedding would read foreign memory.
    """
    token, id = tokenizer.highest()
    if id >= rows:
        raise _refused(
            folder,
            f"has the token {token!r} with the id {id} in its tokenizer; the text embedding has "
            f"{rows} rows, 0 to {rows - 1}",
        )
    try:
        cut = len(tokenizer.encode(_FRAME))
    except Exception as error:
        raise _unreadable(folder, error) from error
    if cut != ROLE_TOKENS + TAIL_TOKENS:
        raise _refused(
            folder,
            f"has a tokenizer that cuts the markup around a text into {cut} tokens, but the model "
            f"expects {ROLE_TOKENS + TAIL_TOKENS}",
        )


def _unreadable(folder: Path, error: Exception) -> ModelLoadFailed:
    return _refused(folder, f"has no readable text tokenizer ({describe(error)})")


def _refused(folder: Path, why: str) -> ModelLoadFailed:
    return ModelLoadFailed(
        f"{folder} {why}.",
        hint="The tokenizer's files are missing or belong to another model: use those of the model "
        "that this model was made from.",
        field="model",
    )
