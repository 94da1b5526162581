"""A checkpoint's tokenizer, read by `tokenizers`: the same tokens as transformers reads."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers
from transformers import AutoTokenizer

from sidecar.errors import ModelLoadFailed
from sidecar.models import catalog
from sidecar.models.qwen3_tts import text_tokenizer
from sidecar.models.qwen3_tts.byte_pairs import BytePairs
from tests.conftest import GOLDEN
from tests.support.wire import ROOT

SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
MARKUP = "<|im_start|>assistant\nHello<|im_end|>\n"
WRITTEN = [
    "Don't, WON'T; I'll: 12345 ½ naïve",
    "cafe\u0301 and e\u0301\n\n\n  x\t\r\n y ",
    "你好，世界！日本語 한국어 Привет 😀👩‍👩‍👧",
    " user assistant ",
    MARKUP,
]
# What has many tokens in one word, or is cut, normalised or looked up in a way of its own.
_PARTS = (
    *("a", "the ", "ing", " Hello", "'s", "'LL", "12", "½", "é", "e\u0301", "\u1112\u1161", "Å"),
    *(
        "你",
        "好",
        "，",
        "が",
        "か\u3099",
        "😀",
        "👩‍👩‍👧",
        "🇩🇪",
        "\ufeff",
        "\x00",
        "\x1b",
        "\x85",
        "\u2028",
    ),
    *(" ", "  ", "\n", "\r\n", "\t", "\u00a0", "\u3000", "<|im_end|>", "<|endoftext|>", "<think>"),
)
_repeated = st.builds(
    lambda part, times: part * times, st.sampled_from(_PARTS), st.integers(1, 200)
)
texts = (
    st.text(max_size=60)
    | st.sampled_from(WRITTEN)
    | st.lists(st.sampled_from(_PARTS) | _repeated | st.text(max_size=3), max_size=12).map("".join)
)
FOLDERS = [
    catalog.resolve(catalog.BUNDLED).path,
    ROOT / "tests" / "data" / "tiny-base",
    *(GOLDEN / name for name in ("base", "custom_voice", "custom_voice_proj", "voice_design")),
]


@pytest.fixture(scope="module")
def in_parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder as the official checkpoints are: vocab.json, merges.txt, and added tokens."""
    folder = tmp_path_factory.mktemp("parts")
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(r"\p{N}| ?\p{L}+|\s+"), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    corpus = [f"{text} the cat's hat, don't you think? 2026" for text in WRITTEN] * 3
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator(corpus, trainer)
    tokenizer.model.save(str(folder))
    size = tokenizer.get_vocab_size()
    flags = dict.fromkeys(("lstrip", "rstrip", "single_word", "normalized"), False)
    added = {
        str(size + at): {"content": token, "special": True, **flags}
        for at, token in enumerate(SPECIAL)
    }
    # A token of the model's own, which a text may contain.
    added[str(size + len(SPECIAL))] = {"content": "<think>", "special": False, **flags}
    config = {
        "tokenizer_class": "Qwen2Tokenizer",
        "added_tokens_decoder": added,
        "eos_token": "<|im_end|>",
        "pad_token": "<|endoftext|>",
        "additional_special_tokens": ["<|im_start|>"],
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    return folder


def folder_of(request: pytest.FixtureRequest, in_parts: Path) -> Path:
    folder = in_parts if request.param is None else request.param
    if not folder.exists():
        pytest.skip("the official references are not here: see tests/parity")
    return folder


@pytest.fixture(
    scope="module", params=[*FOLDERS, None], ids=[*(folder.name for folder in FOLDERS), "in parts"]
)
def pair(
    request: pytest.FixtureRequest, in_parts: Path
) -> tuple[text_tokenizer.TextTokenizer, Any]:
    folder = folder_of(request, in_parts)
    return text_tokenizer.read(folder), AutoTokenizer.from_pretrained(str(folder))


@given(text=texts)
def test_the_tokens_are_those_of_transformers(
    pair: tuple[text_tokenizer.TextTokenizer, Any], text: str
) -> None:
    read, transformers = pair
    ids = read.encode(text)
    assert ids == transformers.encode(text)
    assert read.decode(ids) == transformers.decode(ids)


def test_the_vocabulary_is_that_of_transformers(
    pair: tuple[text_tokenizer.TextTokenizer, Any],
) -> None:
    read, transformers = pair
    assert read.vocabulary() == transformers.get_vocab()
    assert set(read.special_tokens) >= set(transformers.all_special_tokens)
    assert all(token in read.vocabulary() for token in read.special_tokens)


@given(
    merges=st.lists(st.tuples(*[st.sampled_from(["a", "b", "c", "ab", "bc", "aa", "x"])] * 2)),
    unknown=st.sampled_from([None, "?"]),
    fuse=st.booleans(),
    added=st.lists(st.sampled_from(["a", "bc", "<x>", "<y>", "<z>", "a<x>", "?"])),
    high=st.integers(0, 40),
    text=st.text("abcx<>yz? "),
)
def test_any_vocabulary_is_read_as_the_package_reads_it(
    tmp_path_factory: pytest.TempPathFactory,
    merges: list[tuple[str, str]],
    unknown: str | None,
    fuse: bool,
    added: list[str],
    high: int,
    text: str,
) -> None:
    """Merges of which several make one token, unknown characters, added tokens, and gaps of ids."""
    tokens = [
        "a",
        "b",
        "c",
        "x",
        "?",
        *(part for pair in merges for part in (*pair, "".join(pair))),
    ]
    vocab = {token: id for id, token in enumerate(dict.fromkeys(tokens))}
    vocab["b"] = len(vocab) + high
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized", "special"), False)
    model = {"type": "BPE", "unk_token": unknown, "fuse_unk": fuse}
    file = {
        "version": "1.0",
        "added_tokens": [{"id": 1, "content": token, **flags} for token in added],
        "pre_tokenizer": {"type": "WhitespaceSplit"},
        "model": {**model, "vocab": vocab, "merges": merges},
    }
    folder = tmp_path_factory.mktemp("any")
    (folder / "tokenizer.json").write_text(json.dumps(file))
    read, package = text_tokenizer.read(folder), Tokenizer.from_str(json.dumps(file))
    ids = package.encode(text, add_special_tokens=False).ids
    assert read.encode(text) == ids
    assert read.decode(ids) == package.decode(ids, skip_special_tokens=False)
    assert read.vocabulary() == package.get_vocab()


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("ignore_merges", True),
        ("continuing_subword_prefix", "##"),
        ("end_of_word_suffix", "</w>"),
        ("vocab", {chr(0x4E00 + at): at for at in range(9000)}),
    ],
)
def test_a_vocabulary_that_works_otherwise_is_refused(
    tmp_path: Path, part: str, value: object
) -> None:
    model = json.loads((FOLDERS[0] / "tokenizer.json").read_text())["model"]
    folder = changed(tmp_path, model={**model, "merges": [], part: value})
    with pytest.raises(ModelLoadFailed, match="which is not read"):
        text_tokenizer.read(folder)


@pytest.mark.parametrize("merge", ["a", "a b c", ["a"], ["a", "b", "c"], ["a", "zzz"], 1])
def test_a_merge_that_cannot_be_is_refused(tmp_path: Path, merge: object) -> None:
    model = json.loads((FOLDERS[0] / "tokenizer.json").read_text())["model"]
    folder = changed(tmp_path, model={**model, "merges": [merge]})
    with pytest.raises(ModelLoadFailed, match="no readable text tokenizer"):
        text_tokenizer.read(folder)


def test_a_token_is_special_only_where_it_is_said(in_parts: Path) -> None:
    read = text_tokenizer.read(in_parts)
    assert sorted(read.special_tokens) == sorted(SPECIAL)
    assert read.encode("<think>") == [read.vocabulary()["<think>"]]


@pytest.mark.parametrize("name", ["vocab.json", "merges.txt", "tokenizer_config.json"])
def test_a_byte_order_mark_changes_nothing(in_parts: Path, tmp_path: Path, name: str) -> None:
    folder = Path(shutil.copytree(in_parts, tmp_path / "marked"))
    (folder / name).write_bytes(b"\xef\xbb\xbf" + (in_parts / name).read_bytes())
    marked, plain = text_tokenizer.read(folder), text_tokenizer.read(in_parts)
    assert marked.vocabulary() == plain.vocabulary()
    assert marked.encode(WRITTEN[0]) == plain.encode(WRITTEN[0])


def test_the_files_of_older_transformers_are_read(in_parts: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(in_parts, tmp_path / "older"))
    config = json.loads((folder / "tokenizer_config.json").read_text())
    added = config.pop("added_tokens_decoder")
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    ids = {entry["content"]: int(id) for id, entry in added.items() if entry["special"]}
    (folder / "added_tokens.json").write_text(json.dumps(ids))
    special = {"eos_token": "<|im_end|>", "bos_token": {"content": "<|endoftext|>"}}
    (folder / "special_tokens_map.json").write_text(json.dumps(special))
    read = text_tokenizer.read(folder)
    transformers = AutoTokenizer.from_pretrained(str(folder))
    assert sorted(read.special_tokens) == sorted(SPECIAL)
    assert read.vocabulary() == transformers.get_vocab()
    assert read.encode(MARKUP) == transformers.encode(MARKUP)


# --- files that are damaged, or made to do harm --------------------------------------------


def changed(folder: Path, **parts: Any) -> Path:
    """Return a folder with the bundled tokenizer.json, some parts of which are replaced."""
    value = json.loads((FOLDERS[0] / "tokenizer.json").read_text())
    (folder / "tokenizer.json").write_text(json.dumps({**value, **parts}))
    return folder


def test_tokens_that_a_file_adds_to_every_text_are_left_out(tmp_path: Path) -> None:
    # Their ids are not in the vocabulary, so no check of the vocabulary finds them.
    adds = {"type": "BertProcessing", "sep": ["end", 1_000_000], "cls": ["start", 1_000_000]}
    read = text_tokenizer.read(changed(tmp_path, post_processor=adds))
    assert read.encode("Hello.") == text_tokenizer.read(FOLDERS[0]).encode("Hello.")


def test_a_panic_of_the_package_is_an_error() -> None:
    """No form that is accepted is known to panic, so the package is asked itself."""
    value = json.loads((FOLDERS[0] / "tokenizer.json").read_text())
    value["pre_tokenizer"] = {"type": "FixedLength", "length": 0}
    cutter = Tokenizer.from_str(json.dumps(value))
    damaged = text_tokenizer.TextTokenizer(cutter, BytePairs({}, []), cutter.get_vocab(), [])
    with pytest.raises(ValueError, match=r"tokenizers package has failed: .*non-zero"):
        damaged.encode("Hello.")
