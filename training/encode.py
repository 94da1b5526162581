"""`python -m training.encode CODEC.pt SPEECH CODES`: speech → the codec's codes, shard by shard.

With `--follow`, goes on until the speech stage has ended and every shard is done. With `--voices`,
a shard of codes also has mel spectra of some moments of its speaker. A shard of codes
that is there is not made again; codes of two codecs do not mix.
"""

from __future__ import annotations

import argparse
import hashlib
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from training.codec import Codec, CodecConfig
from training.flite import PHONES
from training.speech import COMPLETE, FRAME, SAMPLE_RATE, Shard
from training.xvector import BANDS, HOP, mel_spectra, slaney_filters

# Samples that are encoded at once, padding included: about seven minutes.
_AT_ONCE = 10_000_000
# Of a shard's speaker: this many moments, of this many samples.
MOMENTS, _MOMENT = 12, 5 * SAMPLE_RATE // 2
MOMENT_SHAPE = (BANDS, _MOMENT // HOP)


def load_codec(file: Path, device: str) -> Codec:
    saved = torch.load(file, map_location=device, weights_only=True)
    codec = Codec(CodecConfig.of(saved["config"]), len(PHONES)).to(device)
    codec.load_state_dict(saved["codec"])
    return codec.eval()


@torch.no_grad()
def encode(codec: Codec, shard: Shard, device: str) -> list[Tensor]:
    """Per utterance int16 [frames, codebooks]."""
    audio = [torch.from_numpy(audio) for _, _, audio, _ in shard.utterances()]
    order = sorted(range(len(audio)), key=lambda i: len(audio[i]))
    codes: list[Tensor] = [torch.empty(0)] * len(audio)
    while order:
        longest = len(audio[order[-1]])
        group = order[-max(1, _AT_ONCE // longest) :]
        del order[-len(group) :]
        batch = torch.nn.utils.rnn.pad_sequence([audio[i] for i in group], batch_first=True)
        with torch.autocast(device, dtype=torch.bfloat16, enabled=device == "cuda"):
            encoded = codec.encode(batch.to(device).float() / 32768).to(torch.int16).cpu()
        for row, i in enumerate(group):
            codes[i] = encoded[row, : len(audio[i]) // FRAME]
    return codes


def moments(shard: Shard, device: str) -> np.ndarray:
    """Return float16 [moments, bands, time], from anywhere in the shard."""
    audio = torch.from_numpy(shard.audio)
    starts = np.random.default_rng(len(audio)).integers(len(audio) - _MOMENT, size=MOMENTS)
    chosen = torch.stack([audio[start : start + _MOMENT] for start in starts]).to(device)
    spectra = mel_spectra(chosen.float() / 32768, slaney_filters().to(device))
    return spectra.cpu().numpy().astype(np.float16)


def _claim(folder: Path, codec: Path) -> None:
    """Make the folder this codec's.

    Raises:
        SystemExit: it is another one's.
    """
    folder.mkdir(parents=True, exist_ok=True)
    mark, digest = folder / "codec.sha256", hashlib.sha256(codec.read_bytes()).hexdigest()
    if mark.exists() and mark.read_text() != digest:
        raise SystemExit(f"{folder} has codes of another codec than {codec}; remove them first")
    mark.write_text(digest)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("codec", type=Path)
    parser.add_argument("speech", type=Path)
    parser.add_argument("codes", type=Path)
    parser.add_argument("--follow", action="store_true")
    parser.add_argument("--voices", action="store_true", help="for a Base model")
    args = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    codec = load_codec(args.codec, device)
    _claim(args.codes, args.codec)
    frames, begin = 0, time.monotonic()
    while True:
        # Looked at first: what was complete before the listing is in it.
        last = not args.follow or (args.speech / COMPLETE).exists()
        names = {file.name for file in args.speech.glob("[0-9]*.npz")}
        for name in sorted(names - {file.name for file in args.codes.glob("[0-9]*.npz")}):
            shard = Shard.load(args.speech / name)
            codes = encode(codec, shard, device)
            frames += sum(map(len, codes))
            partial = args.codes / f".{name}"
            voices = {"voices": moments(shard, device)} if args.voices else {}
            with partial.open("wb") as out:
                np.savez(
                    out,
                    text=shard.text,
                    speaker=shard.speaker,
                    frames=np.array([len(c) for c in codes], np.int32),
                    codes=torch.cat(codes).numpy(),
                    **voices,
                )
            partial.rename(args.codes / name)
        if last:
            break
        time.sleep(2)
    seconds = time.monotonic() - begin
    print(f"{frames * 0.08 / 3600:.1f} hours encoded in {seconds:.0f} s", flush=True)


if __name__ == "__main__":
    main()
