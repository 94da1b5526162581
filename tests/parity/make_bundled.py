"""`python make_bundled.py CHECKPOINT OUT.json`: the official code's speech with the bundled voice.

Needs torch, transformers 4.57 and qwen-tts 0.1.1 (its 25 Hz tokenizer's torchaudio is not used: an
empty module will do). Not part of the tests' environment; made once per checkpoint.
"""

# pyright: reportMissingImports=false
from __future__ import annotations

import json
import sys
from pathlib import Path

from qwen_tts.core.models.configuration_qwen3_tts import Qwen3TTSConfig
from qwen_tts.core.models.modeling_qwen3_tts import Qwen3TTSForConditionalGeneration
from safetensors.torch import load_file
from transformers import AutoTokenizer

TEXTS = ("Hello there, how are you today?", "At 4:30, 12 of the 27 students play music.")
TEMPLATE = "<|im_start|>assistant\n{}<|im_end|>\n<|im_start|>assistant\n"


def main(folder: Path, out: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = Qwen3TTSForConditionalGeneration(Qwen3TTSConfig.from_pretrained(folder)).float().eval()
    weights = {
        name: value.float() for name, value in load_file(folder / "model.safetensors").items()
    }
    missing = model.load_state_dict(weights, strict=False)
    assert not missing.unexpected_keys
    assert all(name.startswith("speaker_encoder.") for name in missing.missing_keys)
    cases = []
    for text, voice in zip(TEXTS, ("slt", "rms"), strict=True):
        for mode in ("full", "stream"):
            codes, _ = model.generate(
                input_ids=[tokenizer(TEMPLATE.format(text), return_tensors="pt").input_ids],
                languages=["english"],
                speakers=[voice],
                non_streaming_mode=mode == "full",
                do_sample=False,
                subtalker_dosample=False,
                max_new_tokens=200,
                repetition_penalty=1.0,
            )
            case = {"text": text, "voice": voice, "text_mode": mode, "codes": codes[0].tolist()}
            cases.append(case)
    out.write_text(json.dumps(cases) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
