"""The text of a prompt: checked, in the template of its role, and in tokens."""

from __future__ import annotations

from sidecar.errors import InvalidParams, Notice, too_long
from sidecar.limits import MAX_UTTERANCE_CHARS
from sidecar.models.base import Utterance
from sidecar.models.qwen3_tts.letters import Letters, TextTokenizer, nothing_left_error
from sidecar.text import unspoken

# <|im_start|>assistant\n  and  <|im_end|>\n<|im_start|>assistant\n  around the text.
ROLE_TOKENS = 3
TAIL_TOKENS = 5
_REFERENCE_TAIL_TOKENS = 2


class PromptText:
    """Makes tokens of texts for one loaded model.

    Args:
        tokenizer: the checkpoint's text tokenizer.
    """

    def __init__(self, tokenizer: TextTokenizer) -> None:
        self._tokenizer = tokenizer
        self._letters = Letters(tokenizer)

    def assistant_ids(self, utterance: Utterance) -> tuple[list[int], list[int]]:
        """Return the tokens of the role, and those of the text that is spoken.

        Raises:
            TextTooLong, InvalidParams, EmptyText
        """
        text = self._speakable(utterance.text, "text")
        if utterance.more_text:  # a space at the end is one between words
            text = utterance.text.lstrip()
        template = f"<|im_start|>assistant\n{text}<|im_end|>\n<|im_start|>assistant\n"
        ids = self._encode(template, "text")
        if len(ids) <= ROLE_TOKENS + TAIL_TOKENS:
            raise nothing_left_error(utterance.text, "text")
        spoken = ids[ROLE_TOKENS:-TAIL_TOKENS]
        self._letters.check(utterance.text, spoken, "text")
        return ids[:ROLE_TOKENS], spoken

    def more_ids(self, text: str) -> list[int]:
        """Return the tokens of text that is added to a running utterance.

        Raises:
            TextTooLong, InvalidParams
        """
        self._check_speakable(text, "text")
        return list(self._tokenizer.encode(text)) if text else []

    def reference_ids(self, text: str) -> list[int]:
        """Return the tokens of a transcript.

        Raises:
            TextTooLong, InvalidParams, EmptyText
        """
        text = self._speakable(text, "reference.text")
        ids = self._encode(f"<|im_start|>assistant\n{text}<|im_end|>\n", "reference.text")
        ids = ids[ROLE_TOKENS:-_REFERENCE_TAIL_TOKENS]
        self._letters.check(text, ids, "reference.text")
        return ids

    def reference_notices(self, text: str, ids: list[int]) -> tuple[Notice, ...]:
        """Return what there is to say about a transcript, whose tokens are `ids`."""
        return unspoken.make_notices(self._letters.find_lost(text, ids), "the transcript")

    def instruct_ids(self, text: str) -> list[int]:
        """Return the tokens of an instruction.

        Raises:
            TextTooLong, InvalidParams, EmptyText
        """
        text = self._speakable(text, "instruct")
        self._letters.check(text, self._tokenizer.encode(text), "instruct")
        return self._encode(f"<|im_start|>user\n{text}<|im_end|>\n", "instruct")

    def find_lost(self, text: str, ids: list[int] | None = None) -> dict[str, None]:
        """Return the letters of a text that its tokens lack, each once.

        Args:
            ids: its tokens, if they are known.
        """
        ids = list(self._tokenizer.encode(text)) if ids is None else ids
        return dict.fromkeys(self._letters.find_lost(text, ids))

    def _encode(self, template: str, field: str) -> list[int]:
        ids = list(self._tokenizer.encode(template))
        if len(ids) > MAX_UTTERANCE_CHARS:
            raise too_long(field, len(ids), "tokens")
        return ids

    def _speakable(self, text: str, field: str) -> str:
        """Return the text without outer white space, which would merge with the template's line
        break and shift its borders.

        Raises:
            TextTooLong, InvalidParams
        """
        self._check_speakable(text, field)
        return text.strip()

    def _check_speakable(self, text: str, field: str) -> None:
        if len(text) > MAX_UTTERANCE_CHARS:
            raise too_long(field, len(text))
        try:
            text.encode()
        except UnicodeEncodeError:
            raise InvalidParams(
                f"The {field} contains half a character (a lone surrogate).", field=field
            ) from None
        for token in self._tokenizer.special_tokens:
            if token in text:
                raise InvalidParams(
                    f"The {field} contains the model's control token {token!r}.",
                    hint="Remove the token; it is markup for a language model, not speech.",
                    field=field,
                )
