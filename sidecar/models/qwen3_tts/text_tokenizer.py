"""The text tokenizer of a checkpoint, read by the `tokenizers` package and checked.

transformers reads the same files to the same tokens, and takes longer to import than everything
else on the way to the first audio. `tests` compares the two on every checkpoint.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
)

from sidecar.errors import ModelLoadFailed
from sidecar.files import read_regular
from sidecar.models.checkpoint import Checkpoint
from sidecar.models.checkpoint.jsonfile import MAX_JSON_BYTES, read_leniently, read_object
from sidecar.models.qwen3_tts import tokenizer_forms
from sidecar.models.qwen3_tts.prompt_text import ROLE_TOKENS, TAIL_TOKENS
from sidecar.wording import describe

# The official tokenizer.json has 11 MB. The package takes 20 to 50 ms for each MB, in one go.
_MAX_VOCABULARY_BYTES = 16 * 2**20
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


class TextTokenizer:
    """Text → the ids of its tokens, and back.

    Attributes:
        special_tokens: markup that a text must not contain.
    """

    def __init__(self, tokenizer: Tokenizer, special_tokens: Iterable[str]) -> None:
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self._tokenizer = tokenizer
        self.special_tokens = tuple(special_tokens)

    def encode(self, text: str) -> list[int]:
        """Return the ids of a text's tokens, and no others.

        A tokenizer.json may add tokens to each text, and their ids need not be in the vocabulary.
        """
        with _panics_as_errors():
            # Unlike `encode`, this leaves the interpreter's lock to other threads.
            return self._tokenizer.encode_batch([text], add_special_tokens=False)[0].ids

    def decode(self, ids: list[int]) -> str:
        """Return the text of the ids, special tokens included."""
        with _panics_as_errors():
            return self._tokenizer.decode(ids, skip_special_tokens=False)

    def has_all_ids_below(self, rows: int) -> bool:
        """Return True only if every token's id is below `rows`."""
        known = sum(self._tokenizer.id_to_token(id) is not None for id in range(rows))
        return known == self._tokenizer.get_vocab_size()

    def vocabulary(self) -> dict[str, int]:
        """Return every token, added ones included, with its id."""
        return self._tokenizer.get_vocab()


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
        with _panics_as_errors():
            tokenizer = _whole(whole) if whole.is_file() else _from_parts(*parts)
            special = _add_tokens(tokenizer, config)
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
    return TextTokenizer(tokenizer, special)


@contextlib.contextmanager
def _panics_as_errors() -> Iterator[None]:
    """Raise a panic of the tokenizers package as a ValueError.

    A panic is no Exception, so it would end the engine's thread and leave every request open. Its
    class cannot be imported.
    """
    try:
        yield
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise ValueError(f"the tokenizers package has failed: {error}") from None


def _whole(path: Path) -> Tokenizer:
    content = read_regular(path, _MAX_VOCABULARY_BYTES).decode("utf-8-sig")
    tokenizer_forms.check(content)
    return Tokenizer.from_str(content)


def _from_parts(vocab: Path, merges: Path) -> Tokenizer:
    """Return Qwen2's tokenizer: the bytes of a piece of text, merged by rank."""
    lines = read_regular(merges, _MAX_VOCABULARY_BYTES).decode("utf-8-sig").splitlines()
    pairs = [line.split(" ") for line in lines if line and not line.startswith("#version")]
    ids = read_object(vocab, _MAX_VOCABULARY_BYTES)
    tokenizer = Tokenizer(models.BPE(vocab=ids, merges=[(left, right) for left, right in pairs]))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(tokenizer_forms.QWEN2_PIECES), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


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


def _add_tokens(tokenizer: Tokenizer, config: dict[str, Any]) -> list[str]:
    """Add what the configuration has and the vocabulary may lack; return the special tokens."""
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
    return list(dict.fromkeys([*special, *contents]))


def _check(tokenizer: TextTokenizer, rows: int, folder: Path) -> None:
    """Refuse a tokenizer whose ids have no embedding, or that cuts the markup otherwise.

    MLX does not check an index: a token without an embedding would read foreign memory.
    """
    # The whole vocabulary would come in one piece, which holds the interpreter's lock for long.
    if not tokenizer.has_all_ids_below(rows):
        token, id = max(tokenizer.vocabulary().items(), key=lambda item: item[1])
    else:
        token, id = "", 0
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
