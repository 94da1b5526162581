"""Text → the tokens of a checkpoint, and back.

The `tokenizers` package normalises a text, finds the added tokens in it, and cuts the rest into
words. It knows only those tokens of the vocabulary that are one character, so each word comes back
as its characters, and `byte_pairs` merges them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import groupby

from tokenizers import Tokenizer

from sidecar.models.qwen3_tts.byte_pairs import BytePairs

_CACHED_WORDS, _CACHED_LENGTH = 8192, 48  # the most words, and the most characters of one


class TextTokenizer:
    """Text → the ids of its tokens, and back.

    Args:
        cutter: cuts a text into words and those into characters; it has the added tokens as well.
        pairs: makes tokens of the characters.
        ids: the id of every token, added ones included.
        special_tokens: markup that a text must not contain.
    """

    def __init__(
        self,
        cutter: Tokenizer,
        pairs: BytePairs,
        ids: dict[str, int],
        special_tokens: Iterable[str],
    ) -> None:
        cutter.no_truncation()
        cutter.no_padding()
        self._cutter = cutter
        self._ids = ids
        self._tokens = {id: token for token, id in ids.items()}
        self._characters = [cutter.id_to_token(id) or "" for id in range(cutter.get_vocab_size())]
        self._merge_long = pairs.merge
        self._merge_short = lru_cache(maxsize=_CACHED_WORDS)(pairs.merge)
        self.special_tokens = tuple(special_tokens)

    def encode(self, text: str) -> list[int]:
        """Return the ids of a text's tokens, and no others.

        A tokenizer.json may add tokens to each text, and their ids need not be in the vocabulary.
        """
        with panics_as_errors():
            # Unlike `encode`, this leaves the interpreter's lock to other threads.
            cut = self._cutter.encode_batch([text], add_special_tokens=False)[0]
            characters, words = cut.ids, cut.word_ids
        ids: list[int] = []
        for _, places in groupby(range(len(words)), words.__getitem__):
            word = tuple(self._characters[characters[at]] for at in places)
            merge = self._merge_short if len(word) <= _CACHED_LENGTH else self._merge_long
            ids += [self._ids[token] for token in merge(word)]
        return ids

    def decode(self, ids: list[int]) -> str:
        """Return the text of the ids, special tokens included."""
        tokens = [self._tokens[id] for id in ids if id in self._tokens]
        if self._cutter.decoder is None:
            return " ".join(tokens)
        with panics_as_errors():
            return self._cutter.decoder.decode(tokens)

    def highest(self) -> tuple[str, int]:
        """Return the token with the highest id, and this id; -1 if there is no token."""
        id = max(self._tokens, default=-1)
        return self._tokens.get(id, ""), id

    def vocabulary(self) -> dict[str, int]:
        """Return every token, added ones included, with its id."""
        return dict(self._ids)


@contextlib.contextmanager
def panics_as_errors() -> Iterator[None]:
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
