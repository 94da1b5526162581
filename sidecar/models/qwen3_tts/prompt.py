"""Builds the talker's prompt from text, voice and language, in the official layouts.

Source: Qwen3TTSForConditionalGeneration.generate of qwen-tts 0.1.1 (Apache-2.0); shapes and
order of the embeddings are its, checked against its outputs in tests/parity.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import mlx.core as mx
import numpy as np
from numpy.typing import ArrayLike

from sidecar.errors import InvalidParams, Unsupported
from sidecar.models import catalog
from sidecar.models.base import Utterance
from sidecar.models.qwen3_tts.backend import Backend
from sidecar.models.qwen3_tts.config import Qwen3TTSConfig
from sidecar.models.qwen3_tts.embeddings import CodeTable
from sidecar.models.qwen3_tts.letters import TextTokenizer
from sidecar.models.qwen3_tts.prompt_text import PromptText
from sidecar.models.qwen3_tts.text_track import TextTrack
from sidecar.text import tags

if TYPE_CHECKING:
    from sidecar.models.qwen3_tts.reference import ReferenceArrays


@dataclass(frozen=True)
class Prompt:
    """The talker's prompt in two parts: the first is the same for other texts of the same voice.

    Attributes:
        head: float [1, length, hidden]: instruction, language, preset or transcript.
        key: a hash of all that `head` is made of.
        body: float [1, length, hidden], never empty: what depends on the text, or is new anyway.
        text: the tokens that are added to the frames.
        reference_codes: uint32 [frames, codebooks], which the codec hears first; or None.
    """

    head: mx.array
    key: bytes
    body: mx.array
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
        self.texts = PromptText(tokenizer)
        self._bos = self._text([config.tts_bos])
        self._eos = self._text([config.tts_eos])
        self._pad = self._text([config.tts_pad])

    def build(self, utterance: Utterance, reference: ReferenceArrays | None) -> Prompt:
        """Lay out the prompt in full or dual-track ("stream") text mode.

        Raises:
            UnknownVoice, UnknownLanguage, Unsupported, EmptyText, InvalidParams
        """
        language = self._language(utterance)
        preset = None if reference else self._preset(utterance)
        instruct = self._instruct_ids(utterance)
        full = (utterance.text_mode or self._config.info.default_text_mode) == "full"
        if full and utterance.more_text:
            raise InvalidParams(
                "Text that is still being written needs the text mode `stream`.", field="textMode"
            )
        role, spoken = self.texts.assistant_ids(utterance)
        head = [*([self._text(instruct)] if instruct else []), self._text(role)]
        head.append(self._think(language))
        known: list[ArrayLike] = [instruct, role, self._think_ids(language)]
        if reference is None or reference.speaker is None:
            head.append(self._opening(None if preset is None else self._codec([preset])))
            known.append([] if preset is None else [preset])
            body: list[mx.array] = []
        else:
            body = [self._opening(reference.speaker)]
        if reference is not None and reference.codes is not None:
            transcript, rest, trailing = self._clone(spoken, reference, full)
            if utterance.more_text and trailing is self._pad:
                raise Unsupported(
                    "To begin, a voice that is cloned with a transcript needs more text.",
                    hint="Send the complete text, or omit `reference.text`.",
                    field="reference.text",
                )
            body.append(transcript)
            if reference.lasts:
                head, body = [*head, *body], []
                known += self._known_of(reference, full, transcript.shape[1])
            body += rest
        else:
            rest, trailing = self._plain(spoken, full)
            body += rest
        text = TextTrack(trailing, self._pad, utterance.more_text)
        text.unspoken = self.texts.find_lost(utterance.text, spoken)
        if utterance.instruct:
            text.unspoken |= self.texts.find_lost(utterance.instruct)
        if text.open:  # every layout appends an end token, for which it is too early
            text.tokens = trailing[:, : max(0, trailing.shape[1] - 1)]
        codes = reference.codes if reference else None
        return Prompt(_joined(head), _hash(known), _joined(body), text, codes)

    def extend(self, track: TextTrack, text: str, last: bool) -> None:
        """Add text to a track; `last` closes it, and a closed track ignores more text.

        Raises:
            InvalidParams: a control token in the text.
        """
        if not track.open:
            return
        ids = self.texts.more_ids(text)
        if ids:
            track.append(self._text(ids))
        track.unspoken |= self.texts.find_lost(text, ids)
        if last:
            track.append(self._eos)
            track.open = False

    def blank(self) -> Prompt:
        """Return a prompt without text, for the warm-up."""
        pads = mx.repeat(self._pad, 16, axis=1)
        return Prompt(pads[:, :8], b"", pads[:, 8:], TextTrack(self._pad, self._pad), None)

    def _plain(self, spoken: list[int], full: bool) -> tuple[list[mx.array], mx.array]:
        """Lay out the text after the opening → the prompt's parts, and the tokens after it."""
        bos = self._codec([self._config.codec_bos])
        if full:
            text = mx.concatenate([self._text(spoken), self._eos], axis=1)
            pad = self._codec([self._config.codec_pad])
            return [text + pad, self._pad + bos], self._pad
        rest = [self._text(spoken[1:])] if len(spoken) > 1 else []
        return [self._text(spoken[:1]) + bos], mx.concatenate([*rest, self._eos], axis=1)

    def _clone(
        self, spoken: list[int], reference: ReferenceArrays, full: bool
    ) -> tuple[mx.array, list[mx.array], mx.array]:
        """Lay out in-context cloning: transcript and text on one track, reference codes on the
        other.

        Returns:
            the positions that do not depend on the text, the others, and the tokens after them
        """
        assert reference.codes is not None
        assert reference.text is not None
        transcript = self._text(self.texts.reference_ids(reference.text))
        text = mx.concatenate([self._text(spoken), self._eos], axis=1)
        codec = mx.concatenate(
            [self._codec([self._config.codec_bos]), self._codes.sum(reference.codes[None])],
            axis=1,
        )
        if full:
            pad = self._codec([self._config.codec_pad])
            return transcript + pad, [text + pad, codec + self._pad], self._pad
        # Dual track: the reference's frames consume text first; new frames get the rest one by one.
        known = min(transcript.shape[1], codec.shape[1] - 1)
        text = mx.concatenate([transcript[:, known:], text], axis=1)
        first, codec = transcript[:, :known] + codec[:, :known], codec[:, known:]
        short = codec.shape[1] - text.shape[1]
        if short < 0:
            return first, [text[:, : codec.shape[1]] + codec], text[:, codec.shape[1] :]
        padded = mx.concatenate([text, *[self._pad] * short], axis=1)
        return first, [padded + codec], self._pad

    def _known_of(self, reference: ReferenceArrays, full: bool, positions: int) -> list[ArrayLike]:
        """Return what determines the opening and `positions` positions of a cloned voice."""
        assert reference.speaker is not None
        assert reference.codes is not None
        assert reference.text is not None
        ids = self.texts.reference_ids(reference.text)
        codes = [] if full else np.array(reference.codes[: positions - 1]).tolist()
        return [np.array(reference.speaker).tolist(), ids[:positions], codes]

    def _think_ids(self, language: int | None) -> list[int]:
        c = self._config
        if language is None:
            return [c.codec_nothink, c.codec_think_bos, c.codec_think_eos]
        return [c.codec_think, c.codec_think_bos, language, c.codec_think_eos]

    def _think(self, language: int | None) -> mx.array:
        return self._codec(self._think_ids(language)) + self._pad

    def _opening(self, speaker: mx.array | None) -> mx.array:
        """Return the voice, if there is one, and the position where text and speech begin."""
        start = self._bos + self._codec([self._config.codec_pad])
        if speaker is None:
            return start
        return mx.concatenate([self._pad + speaker.astype(self._pad.dtype), start], axis=1)

    def _text(self, ids: list[int]) -> mx.array:
        return self._text_out(self._text_act(self._text_in(self._text_embedding(mx.array([ids])))))

    def _codec(self, ids: list[int]) -> mx.array:
        return self._codes.first(mx.array([ids]))

    def _language(self, utterance: Utterance) -> int | None:
        known = self._config.languages
        name = tags.resolve(utterance.language, known)
        dialect = self._config.dialects.get((self._voice(utterance) or "").lower())
        if dialect and name in (tags.AUTO, "chinese"):
            return known[dialect]
        return known.get(name)

    def check_voice(self, utterance: Utterance) -> None:
        """Refuse the name of a voice that the model has not.

        Raises:
            UnknownVoice, Unsupported
        """
        if utterance.voice:
            catalog.check_preset(self._config.info, utterance.voice)

    def _voice(self, utterance: Utterance) -> str | None:
        self.check_voice(utterance)
        if self._config.variant != "custom_voice":
            return None
        return (utterance.voice or next(iter(self._config.speakers), "")).lower() or None

    def _preset(self, utterance: Utterance) -> int | None:
        voice = self._voice(utterance)
        return None if voice is None else self._config.speakers[voice]

    def _instruct_ids(self, utterance: Utterance) -> list[int]:
        if not utterance.instruct:
            return []
        if self._config.variant == "base" or self._config.small:
            raise Unsupported(
                "This model cannot follow an instruction.",
                hint="Use a 1.7B CustomVoice or VoiceDesign model, or omit `instruct`.",
                field="instruct",
            )
        return self.texts.instruct_ids(utterance.instruct)


def _joined(parts: list[mx.array]) -> mx.array:
    return mx.concatenate(parts, axis=1) if len(parts) > 1 else parts[0]


def _hash(parts: Sequence[ArrayLike]) -> bytes:
    """Return a digest of arrays of numbers, of their types and of their shapes."""
    digest = hashlib.sha256()
    for part in map(np.asarray, parts):
        digest.update(f"{part.dtype} {part.shape} ".encode())
        digest.update(part.tobytes())
    return digest.digest()
