"""The teacher: flite (Black and Lenzo 2001) through its C library, with the phones it spoke.

Debian's `libflite1` holds the library and the CMU Arctic voices; both are free for any use
(/usr/share/doc/libflite1/copyright). One process can hold several voices; calls are not
thread-safe.
"""

from __future__ import annotations

import ctypes
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# Without the first one loaded globally, the language and lexicon libraries miss its symbols.
_LIBRARIES = ("libflite.so.1", "libflite_usenglish.so.1", "libflite_cmulex.so.1")
VOICES = ("slt", "rms")
# All of Debian's for American English; kal16 is a diphone voice, the others are statistical.
MANY_VOICES = (*VOICES, "awb", "kal16")
# CMU's phone set as flite names it; "pau" is silence. The position is the label.
PHONES = (
    "pau", "aa", "ae", "ah", "ao", "aw", "ax", "ay", "b", "ch", "d", "dh", "eh", "er",
    "ey", "f", "g", "hh", "ih", "iy", "jh", "k", "l", "m", "n", "ng", "ow", "oy", "p", "r",
    "s", "sh", "t", "th", "uh", "uw", "v", "w", "y", "z", "zh",
)  # fmt: skip


class Phone(NamedTuple):
    """A phone and when it ends, in seconds."""

    name: str
    end: float


class Word(NamedTuple):
    """A word as it is spoken ("2024" is three), with its start and its end, in seconds."""

    name: str
    start: float
    end: float


class Speech(NamedTuple):
    """An utterance: int16 samples, their rate in Hz, its phones, and its words, in order."""

    samples: NDArray[np.int16]
    rate: int
    phones: list[Phone]
    words: list[Word]


class _Wave(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_char_p),
        ("sample_rate", ctypes.c_int),
        ("count", ctypes.c_int),
        ("channels", ctypes.c_int),
        ("samples", ctypes.POINTER(ctypes.c_short)),
    )


@cache
def _library() -> ctypes.CDLL:
    for name in _LIBRARIES:
        ctypes.CDLL(name, mode=ctypes.RTLD_GLOBAL)
    library = ctypes.CDLL(_LIBRARIES[0])
    pointer, text = ctypes.c_void_p, ctypes.c_char_p
    for name, result, arguments in (
        ("flite_synth_text", pointer, [text, pointer]),
        ("utt_wave", ctypes.POINTER(_Wave), [pointer]),
        ("utt_relation", pointer, [pointer, text]),
        ("relation_head", pointer, [pointer]),
        ("item_next", pointer, [pointer]),
        ("item_feat_string", text, [pointer, text]),
        ("item_feat_float", ctypes.c_float, [pointer, text]),
        ("item_as", pointer, [pointer, text]),
        ("item_parent", pointer, [pointer]),
        ("delete_utterance", None, [pointer]),
        ("feat_set_float", None, [pointer, text, ctypes.c_float]),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    library.flite_init()
    return library


class _Voice(ctypes.Structure):
    """The beginning of flite's."""

    _fields_ = (("name", ctypes.c_char_p), ("features", ctypes.c_void_p))


class Flite:
    """One voice.

    Args:
        voice: one of MANY_VOICES.

    Raises:
        OSError: libflite1 is not installed.
    """

    def __init__(self, voice: str) -> None:
        self._flite = _library()
        register = getattr(ctypes.CDLL(f"libflite_cmu_us_{voice}.so.1"), f"register_cmu_us_{voice}")
        register.restype, register.argtypes = ctypes.c_void_p, [ctypes.c_char_p]
        self._voice = register(None)

    def change(self, pitch: float, pace: float) -> None:
        """From now on: factors of the pitch, which rms does not heed, and of durations."""
        features = ctypes.cast(self._voice, ctypes.POINTER(_Voice)).contents.features
        self._flite.feat_set_float(features, b"f0_shift", pitch)
        self._flite.feat_set_float(features, b"duration_stretch", pace)

    def speak(self, text: str) -> tuple[NDArray[np.int16], int]:
        """Return samples and their rate."""
        samples, rate, _ = self.speak_with_phones(text)
        return samples, rate

    def speak_with_phones(self, text: str) -> tuple[NDArray[np.int16], int, list[Phone]]:
        """Return samples, their rate, and the phones in order."""
        return self.speak_with_words(text)[:3]

    def speak_with_words(self, text: str) -> Speech:
        """Return what was spoken, with the true times of its phones and its words."""
        utterance = self._flite.flite_synth_text(text.encode("ascii", "ignore"), self._voice)
        try:
            wave = self._flite.utt_wave(utterance).contents
            samples = np.ctypeslib.as_array(wave.samples, (wave.count,)).copy()
            return Speech(samples, wave.sample_rate, *self._phones_and_words(utterance))
        finally:
            self._flite.delete_utterance(utterance)

    def _phones_and_words(self, utterance: int) -> tuple[list[Phone], list[Word]]:
        flite = self._flite
        phones: list[Phone] = []
        words: list[Word] = []
        last = None
        item = flite.relation_head(flite.utt_relation(utterance, b"Segment"))
        while item:
            start = phones[-1].end if phones else 0.0
            name = flite.item_feat_string(item, b"name").decode()
            phones.append(Phone(name, flite.item_feat_float(item, b"end")))
            word = self._word_of(item)
            if word and word == last:
                words[-1] = words[-1]._replace(end=phones[-1].end)
            elif word:
                name = flite.item_feat_string(word, b"name").decode()
                words.append(Word(name, start, phones[-1].end))
                last = word
            item = flite.item_next(item)
        return phones, words

    def _word_of(self, segment: int) -> int | None:
        """Return the word of a phone; None for a pause.

        Two equal words in a row are two items, but only in the relation `Word`.
        """
        flite = self._flite
        inside = flite.item_as(segment, b"SylStructure")
        syllable = flite.item_parent(inside) if inside else None
        word = flite.item_parent(syllable) if syllable else None
        return flite.item_as(word, b"Word") if word else None
