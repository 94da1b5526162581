"""Builds the talker's prompt from text, voice and language, in the official layouts.

Source: Qwen3TTSForConditionalGeneration.generate of qwen-tts 0.1.1 (Apache-2.0); shapes and
order of the embeddings are its, checked against its outputs in tests/parity.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import mlx.core as mx

from sidecar.errors import InvalidParams, Notice, UnknownVoice, Unsupported, too_long
from sidecar.limits import MAX_UTTERANCE_CHARS
from sidecar.models import catalog
from sidecar.models.base import Utterance
from sidecar.models.qwen3_tts.backend import Backend
from sidecar.models.qwen3_tts.config import Qwen3TTSConfig
from sidecar.models.qwen3_tts.embeddings import CodeTable
from sidecar.models.qwen3_tts.letters import Letters, TextTokenizer, nothing_left_error
from sidecar.models.qwen3_tts.text_track import TextTrack
from sidecar.text import tags, unspoken

if TYPE_CHECKING:
    from sidecar.models.qwen3_tts.reference import ReferenceArrays

# <|im_start|>assistant\n  and  <|im_end|>\n<|im_start|>assistant\n  around the text.
ROLE_TOKENS = 3
TAIL_TOKENS = 5
_REFERENCE_TAIL_TOKENS = 2


@dataclass(frozen=True)
class Prompt:
    """The talker's prompt.

    Attributes:
        embeddings: float [1, length, hidden], the prefill.
        text: the tokens that are added to the frames.
        reference_codes: uint32 [frames, codebooks], which the codec decodes first; or None.
    """

    embeddings: mx.array
    text: TextTrack
    reference_codes: mx.array | None


class PromptBuilder:
    """Builds prompts for one loaded model.

    Args:
        talker: mlx-audio's Qwen3TTSTalkerForConditionalGeneration; its text embeddings are used.
        codes: the embeddings of codes.
        tokenizer: the checkpoint's text tokenizer.
    """

    def __init__(
        self,
        config: Qwen3TTSConfig,
        talker: Any,
        codes: CodeTable,
        tokenizer: TextTokenizer,
        backend: Backend,
    ) -> None:
        self._config = config
        self._text_embedding = talker.model.text_embedding
        projection = talker.text_projection
        self._text_in = backend.fused([projection.linear_fc1])
        self._text_act = projection.act_fn
        self._text_out = backend.fused([projection.linear_fc2])
        self._codes = codes
        self._tokenizer = tokenizer
        self._letters = Letters(tokenizer)
        self._bos = self._text([config.tts_bos])
        self._eos = self._text([config.tts_eos])
        self._pad = self._text([config.tts_pad])

    def build(self, utterance: Utterance, reference: ReferenceArrays | None) -> Prompt:
        """Lay out the prompt in full or dual-track ("stream") text mode.

        Raises:
            UnknownVoice, UnknownLanguage, Unsupported, EmptyText, InvalidParams
        """
        language = self._language(utterance)
        speaker = reference.speaker if reference else self._speaker(utterance)
        instruct = self._instruct(utterance)
        full = (utterance.text_mode or self._config.info.default_text_mode) == "full"
        if full and utterance.more_text:
            raise InvalidParams(
                "Text that is still being written needs the text mode `stream`.", field="textMode"
            )
        ids = self._assistant_ids(utterance)
        if len(ids) <= ROLE_TOKENS + TAIL_TOKENS:
            raise nothing_left_error(utterance.text, "text")
        head = [*instruct, self._text(ids[:ROLE_TOKENS]), self._codec_prefix(language, speaker)]
        spoken = ids[ROLE_TOKENS:-TAIL_TOKENS]
        self._letters.check(utterance.text, spoken, "text")
        if reference is not None and reference.codes is not None:
            body, trailing = self._clone_body(spoken, reference, full)
            if utterance.more_text and trailing is self._pad:
                raise Unsupported(
                    "To begin, a voice that is cloned with a transcript needs more text.",
                    hint="Send the complete text, or omit `reference.text`.",
                    field="reference.text",
                )
        else:
            body, trailing = self._plain_body(spoken, full)
        codes = reference.codes if reference else None
        text = TextTrack(trailing, self._pad, utterance.more_text)
        text.unspoken = dict.fromkeys(self._letters.find_lost(utterance.text, spoken))
        if utterance.instruct:
            ids = self._tokenizer.encode(utterance.instruct)
            text.unspoken |= dict.fromkeys(self._letters.find_lost(utterance.instruct, ids))
        if text.open:  # every layout appends an end token, for which it is too early
            text.tokens = trailing[:, : max(0, trailing.shape[1] - 1)]
        return Prompt(mx.concatenate([*head, *body], axis=1), text, codes)

    def extend(self, track: TextTrack, text: str, last: bool) -> None:
        """Add text to a track; `last` closes it, and a closed track ignores more text.

        Raises:
            InvalidParams: a control token in the text.
        """
        if not track.open:
            return
        self._check_speakable(text, "text")
        ids = list(self._tokenizer.encode(text)) if text else []
        if ids:
            track.append(self._text(ids))
        track.unspoken |= dict.fromkeys(self._letters.find_lost(text, ids))
        if last:
            track.append(self._eos)
            track.open = False

    def blank(self) -> Prompt:
        """Return a prompt without text, for the warm-up."""
        return Prompt(mx.repeat(self._pad, 16, axis=1), TextTrack(self._pad, self._pad), None)

    def _plain_body(self, spoken: list[int], full: bool) -> tuple[list[mx.array], mx.array]:
        bos = self._codec([self._config.codec_bos])
        if full:
            text = mx.concatenate([self._text(spoken), self._eos], axis=1)
            pad = self._codec([self._config.codec_pad])
            return [text + pad, self._pad + bos], self._pad
        rest = [self._text(spoken[1:])] if len(spoken) > 1 else []
        return [self._text(spoken[:1]) + bos], mx.concatenate([*rest, self._eos], axis=1)

    def _clone_body(
        self, spoken: list[int], reference: ReferenceArrays, full: bool
    ) -> tuple[list[mx.array], mx.array]:
        """Lay out in-context cloning: transcript and text on one track, reference codes on the
        other."""
        assert reference.codes is not None
        assert reference.text is not None
        ref_ids = self.reference_ids(reference.text)
        text = mx.concatenate([self._text(ref_ids + spoken), self._eos], axis=1)
        codec = mx.concatenate(
            [self._codec([self._config.codec_bos]), self._codes.sum(reference.codes[None])],
            axis=1,
        )
        if full:
            pad = self._codec([self._config.codec_pad])
            return [text + pad, codec + self._pad], self._pad
        # Dual track: the reference's frames consume text first; new frames get the rest one by one.
        short = codec.shape[1] - text.shape[1]
        if short < 0:
            return [text[:, : codec.shape[1]] + codec], text[:, codec.shape[1] :]
        padded = mx.concatenate([text, *[self._pad] * short], axis=1)
        return [padded + codec], self._pad

    def _codec_prefix(self, language: int | None, speaker: mx.array | None) -> mx.array:
        c = self._config
        think = (
            [c.codec_nothink, c.codec_think_bos, c.codec_think_eos]
            if language is None
            else [c.codec_think, c.codec_think_bos, language, c.codec_think_eos]
        )
        voice = [] if speaker is None else [speaker.astype(self._pad.dtype)]
        codec = mx.concatenate([self._codec(think), *voice, self._codec([c.codec_pad])], axis=1)
        text = mx.concatenate([*[self._pad] * (codec.shape[1] - 1), self._bos], axis=1)
        return text + codec

    def _text(self, ids: list[int]) -> mx.array:
        return self._text_out(self._text_act(self._text_in(self._text_embedding(mx.array([ids])))))

    def _codec(self, ids: list[int]) -> mx.array:
        return self._codes.first(mx.array([ids]))

    def _assistant_ids(self, utterance: Utterance) -> list[int]:
        text = self._speakable(utterance.text, "text")
        if utterance.more_text:  # a space at the end is one between words
            text = utterance.text.lstrip()
        template = f"<|im_start|>assistant\n{text}<|im_end|>\n<|im_start|>assistant\n"
        return self._encode(template, "text")

    def _encode(self, template: str, field: str) -> list[int]:
        ids = list(self._tokenizer.encode(template))
        if len(ids) > MAX_UTTERANCE_CHARS:
            raise too_long(field, len(ids), "tokens")
        return ids

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

    def _language(self, utterance: Utterance) -> int | None:
        known = self._config.languages
        name = tags.resolve(utterance.language, known)
        dialect = self._config.dialects.get((self._voice(utterance) or "").lower())
        if dialect and name in (tags.AUTO, "chinese"):
            return known[dialect]
        return known.get(name)

    def check_voice(self, utterance: Utterance) -> None:
        """Refuse the name of a voice if the model has no presets.

        Raises:
            UnknownVoice, Unsupported
        """
        if not utterance.voice or self._config.variant == "custom_voice":
            return
        if self._config.variant == "base":
            raise UnknownVoice(f"There is no saved voice {utterance.voice!r}.", field="voice")
        raise Unsupported(
            f"A {self._config.variant} model has no preset voices.",
            hint="Omit `voice`.",
            field="voice",
        )

    def _voice(self, utterance: Utterance) -> str | None:
        if self._config.variant != "custom_voice":
            self.check_voice(utterance)
            return None
        return (utterance.voice or next(iter(self._config.speakers), "")).lower() or None

    def _speaker(self, utterance: Utterance) -> mx.array | None:
        voice = self._voice(utterance)
        if voice is None:
            return None
        if voice not in self._config.speakers:
            raise catalog.unknown_voice(utterance.voice or voice, list(self._config.speakers))
        return self._codec([self._config.speakers[voice]])

    def _instruct(self, utterance: Utterance) -> list[mx.array]:
        if not utterance.instruct:
            return []
        if self._config.variant == "base" or self._config.small:
            raise Unsupported(
                "This model cannot follow an instruction.",
                hint="Use a 1.7B CustomVoice or VoiceDesign model, or omit `instruct`.",
                field="instruct",
            )
        text = self._speakable(utterance.instruct, "instruct")
        self._letters.check(text, self._tokenizer.encode(text), "instruct")
        return [self._text(self._encode(f"<|im_start|>user\n{text}<|im_end|>\n", "instruct"))]
