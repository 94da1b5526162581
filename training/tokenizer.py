"""`python -m training.tokenizer TEXTS.jsonl.gz FOLDER`: the bundled voice's text tokenizer.

A byte pair encoding of about 400 pieces over the normaliser's 32 characters. Short pieces (two
characters at most, a word's leading space included) keep the model's table small, leave each
with enough examples, and bring text below the 12.5 tokens a second that the dual-track layout
takes.

The chat template's pieces are one token each and never merge with what is beside them, since the
official code cuts the template off by counting tokens. "user" and "assistant" and the line break
are tokens in texts too, then, so the texts must have some.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from training.normaliser import ALPHABET, normaliser

SPECIAL = (
    "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<tts_pad>", "<tts_text_bos>", "<tts_text_eod>",
)  # fmt: skip
ROLES = ("assistant", "user")
_VOCABULARY = 400
_LONGEST = 2


def build(texts: Iterable[str]) -> Tokenizer:
    """Return a tokenizer whose merges are learned from these texts."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normaliser()
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(" ?[a-z']+|[,.?!]| "), "isolated")
    tokenizer.decoder = decoders.Fuse()
    added = [
        *(AddedToken(role, normalized=False, single_word=True) for role in ROLES),
    ]
    trainer = trainers.BpeTrainer(
        vocab_size=_VOCABULARY - len(added),
        max_token_length=_LONGEST + 1,  # the trainer means "shorter than"
        initial_alphabet=[*ALPHABET, "\n"],
        special_tokens=[AddedToken(text, normalized=False, special=True) for text in SPECIAL],
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_tokens(added)
    return tokenizer


def save(tokenizer: Tokenizer, folder: Path) -> None:
    """Write what `transformers.AutoTokenizer.from_pretrained` wants to find."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "additional_special_tokens": [text for text in SPECIAL if "end" not in text],
        "clean_up_tokenization_spaces": False,
        "eos_token": "<|im_end|>",
        "model_max_length": 8192,
        "pad_token": "<|endoftext|>",
        "tokenizer_class": "PreTrainedTokenizerFast",
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")


def read_texts(file: Path) -> Iterator[str]:
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.tokenizer", description=__doc__)
    parser.add_argument("texts", type=Path)
    parser.add_argument("folder", type=Path)
    args = parser.parse_args()
    tokenizer = build(read_texts(args.texts))
    save(tokenizer, args.folder)
    texts = list(read_texts(args.texts))
    pieces = sum(len(encoding) for encoding in tokenizer.encode_batch_fast(texts))
    characters = sum(map(len, texts))
    print(
        f"{tokenizer.get_vocab_size()} tokens; {characters / pieces:.2f} written characters each",
    )


if __name__ == "__main__":
    main()
