"""`python -m training.train_codec SPEECH OUT.pt`: trains the codec on shards of speech.

First mel spectra, phones and commitment alone; then the discriminators join. It starts with the
shards that are there and takes in new ones while it runs. With `--codes-of CODEC.pt` that codec's
encoder and codebooks stay as they are and a new decoder is trained: the codes a talker has
learned keep their meaning. With `--mimi CODEC.pt` a codec for a Base model is made of that one: an
encoder in Mimi's layout first learns the latents of its encoder, then all learn together.
"""

from __future__ import annotations

import argparse
import math
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from training.codec import Codec, CodecConfig, Encoder
from training.flite import PHONES
from training.graphs import Average, Captured, load_optimiser, optimiser, save
from training.losses import Discriminators, MelLoss, discriminator_loss, generator_losses
from training.mimi import MimiConfig
from training.run import Run
from training.speech import FRAME, LABEL, Shard

_FRAMES = 32  # of an example, 2.56 s
_JUDGED = 12  # of them, what the discriminators hear, of every other example
_LONG = 4  # examples in one, where the encoder has a transformer that is to see far
_MEL, _PHONES, _COMMITMENT, _ADVERSARIAL, _FEATURES = 15.0, 1.5, 0.5, 1.0, 2.0
_MOST_SHARDS = 600  # about 45 hours, 8 GB


class Speech:
    """Shards' audio and labels on the device, and random examples of them."""

    def __init__(self, folder: Path, device: str) -> None:
        self._folder, self._device = folder, device
        self._files: set[Path] = set()
        self._audio: list[Tensor] = []
        self._phones: list[Tensor] = []
        self._random = np.random.default_rng(1)

    def follow(self) -> None:
        """Take in shards that have been written since."""
        for file in sorted(set(self._folder.glob("[0-9]*.npz")) - self._files):
            if len(self._files) >= _MOST_SHARDS:
                return
            self._files.add(file)
            shard = Shard.load(file)
            if len(shard.audio) >= _LONG * _FRAMES * FRAME:
                self._audio.append(torch.from_numpy(shard.audio).to(self._device))
                self._phones.append(torch.from_numpy(shard.phones).to(self._device))

    def wait(self, shards: int, seconds: float = 120.0) -> None:
        until = time.monotonic() + seconds
        while len(self._audio) < shards:
            if time.monotonic() > until:
                raise SystemExit(f"no {shards} shards in {self._folder}")
            time.sleep(0.5)
            self.follow()

    def batch(self, size: int, length: int = _FRAMES) -> tuple[Tensor, Tensor]:
        """Return int16 [size, samples] and uint8 [size, frames × 4], `length` aligned frames.

        An example may begin in one utterance and end in the next: the codec has to bear that.
        """
        audio, phones = [], []
        for shard in self._random.integers(len(self._audio), size=size):
            frames = len(self._audio[shard]) // FRAME
            start = int(self._random.integers(frames - length + 1))
            audio.append(self._audio[shard][start * FRAME : (start + length) * FRAME])
            labels = FRAME // LABEL
            phones.append(self._phones[shard][start * labels : (start + length) * labels])
        return torch.stack(audio), torch.stack(phones)


class Trainer:
    """The models, their optimisers, and the two kinds of step."""

    def __init__(
        self,
        config: CodecConfig,
        rate: float,
        device: str,
        codes_of: Path | None = None,
        mimi: Path | None = None,
    ) -> None:
        self._device = device
        self.codec = Codec(config, len(PHONES)).to(device)
        self._frozen = codes_of is not None
        if codes_of is not None:
            saved = torch.load(codes_of, map_location=device, weights_only=True)["codec"]
            kept = {k: v for k, v in saved.items() if not k.startswith("decoder.")}
            missing = self.codec.load_state_dict(kept, strict=False).missing_keys
            if other := [name for name in missing if not name.startswith("decoder.")]:
                raise SystemExit(f"{codes_of} is no codec of this shape: it lacks {other[0]}")
        self._teacher = self._begin_with(mimi, config) if mimi else None
        self.judges = Discriminators().to(device)
        self.mel = MelLoss().to(device)
        self.average = Average(self.codec)
        learning = self.codec.decoder if self._frozen else self.codec
        self._learning = list(learning.parameters())
        self._optimiser, self._rate = optimiser(
            [{"params": self._learning, "weight_decay": 0.01}], rate, (0.8, 0.99)
        )
        self._judges_optimiser, self._judges_rate = optimiser(
            [{"params": list(self.judges.parameters()), "weight_decay": 0.01}], rate, (0.8, 0.99)
        )

    def _begin_with(self, file: Path, config: CodecConfig) -> Encoder:
        """Take over all of another codec that fits → its encoder, of mel spectra."""
        saved = torch.load(file, map_location=self._device, weights_only=True)["codec"]
        own = self.codec.state_dict()
        fits = {k: v for k, v in saved.items() if k in own and own[k].shape == v.shape}
        self.codec.load_state_dict(own | fits)
        encoder = Encoder(config).to(self._device)
        weights = {k: v.float() for k, v in saved.items() if k.startswith("encoder.")}
        encoder.load_state_dict({k.removeprefix("encoder."): v for k, v in weights.items()})
        return encoder.requires_grad_(False)

    def distil(self, audio: Tensor, phones: Tensor) -> Tensor:
        """Take a step towards the other encoder's latents → statistics [their distance, 0, …]."""
        assert self._teacher is not None
        real = audio.float() / 32768
        with self._autocast():
            latent, wanted = self.codec.encoder(real).float(), self._teacher(real).float()
        loss = (latent - wanted).square().mean() / wanted.var()
        self._descend(loss, 0.99)
        return torch.stack([loss.detach(), *torch.zeros_like(loss).expand(5)])

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self._device, dtype=torch.bfloat16)

    def set_rate(self, rate: float) -> None:
        self._rate.fill_(rate)
        self._judges_rate.fill_(rate)

    def spectral(self, audio: Tensor, phones: Tensor) -> Tensor:
        """Take a step on spectra and phones → statistics [mel, phone loss, phone errors, …]."""
        *_, loss, statistics = self._reconstruct(audio, phones)
        self._descend(loss, 0.99)
        return torch.stack([*statistics, *torch.zeros_like(statistics[0]).expand(2)])

    def adversarial(self, audio: Tensor, phones: Tensor) -> Tensor:
        """Take the same step, with a step of the discriminators before it."""
        real, fake, loss, statistics = self._reconstruct(audio, phones)
        real, fake = real.view(-1, _FRAMES * FRAME), fake.view(-1, _FRAMES * FRAME)
        middle = slice((_FRAMES - _JUDGED) // 2 * FRAME, (_FRAMES + _JUDGED) // 2 * FRAME)
        real, fake = real[::2, middle], fake[::2, middle]
        with self._autocast():
            judged = discriminator_loss(self.judges(real), self.judges(fake.detach()))
        self._judges_optimiser.zero_grad(set_to_none=False)
        judged.backward()
        torch.nn.utils.clip_grad_norm_(self.judges.parameters(), 10.0, foreach=True)
        self._judges_optimiser.step()
        for parameter in self.judges.parameters():
            parameter.requires_grad_(False)
        with self._autocast(), torch.no_grad():
            verdicts = self.judges(real)
        with self._autocast():
            fooled, features = generator_losses(verdicts, self.judges(fake))
        for parameter in self.judges.parameters():
            parameter.requires_grad_(True)
        self._descend(loss + _ADVERSARIAL * fooled + _FEATURES * features, 0.999)
        return torch.stack([*statistics, judged.detach(), features.detach()])

    def _reconstruct(
        self, audio: Tensor, phones: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, list[Tensor]]:
        real = audio.float() / 32768
        if self._frozen:
            return self._redecode(real)
        with self._autocast():
            latent = self.codec.encoder(real)
            with torch.autocast(real.device.type, enabled=False):
                quantised, semantic, commitment = self.codec.quantiser(latent)
                logits = self.codec.phones(semantic).view(-1, len(PHONES))
            fake = self.codec.decoder(quantised)
        mel = self.mel(fake, real)
        wanted = phones.view(-1).long()
        heard = F.cross_entropy(logits, wanted)
        wrong = (logits.argmax(1) != wanted).float().mean()
        loss = _MEL * mel + _PHONES * heard + _COMMITMENT * commitment
        return real, fake, loss, [mel.detach(), heard.detach(), wrong, commitment.detach()]

    def _redecode(self, real: Tensor) -> tuple[Tensor, Tensor, Tensor, list[Tensor]]:
        with self._autocast():
            with torch.no_grad():
                quantised = self.codec.quantiser.decode(self.codec.encode(real))
            fake = self.codec.decoder(quantised)
        mel = self.mel(fake, real)
        nothing = torch.zeros_like(mel)
        return real, fake, _MEL * mel, [mel.detach(), nothing, nothing, nothing]

    def _descend(self, loss: Tensor, decay: float) -> None:
        self._optimiser.zero_grad(set_to_none=False)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._learning, 5.0, foreach=True)
        self._optimiser.step()
        self.average.update(decay)

    def save(self, file: Path, config: CodecConfig, run: Run) -> None:
        modules = (self.codec, self.judges, self._optimiser, self._judges_optimiser)
        state = {
            "config": asdict(config),
            "codec": self.average.state(),
            "resume": [module.state_dict() for module in modules],
            "seconds": run.seconds,
            "steps": run.steps,
        }
        run.check()
        save(state, file)

    def restore(self, file: Path) -> tuple[float, int]:
        """Goes on from what was saved → seconds and steps trained."""
        state = torch.load(file, map_location=self._device, weights_only=True)
        codec, judges, ours, theirs = state["resume"]
        self.codec.load_state_dict(codec)
        self.judges.load_state_dict(judges)
        self.average.restore(state["codec"])
        load_optimiser(self._optimiser, ours)
        load_optimiser(self._judges_optimiser, theirs)
        return state["seconds"], state["steps"]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("speech", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seconds", type=float, default=480, help="of the whole schedule")
    parser.add_argument("--stop", type=float, default=math.inf, help="of this run")
    parser.add_argument("--batch", type=int, default=24)
    parser.add_argument("--rate", type=float, default=8e-4)
    parser.add_argument("--spectral", type=float, default=0.25, help="share without discriminators")
    parser.add_argument("--shards", type=int, default=16, help="to wait for")
    parser.add_argument("--codes-of", type=Path, help="a codec to train another decoder for")
    parser.add_argument("--mimi", type=Path, help="a codec to make a Base model's of")
    parser.add_argument("--distil", type=float, default=0.15, help="share for latents, with --mimi")
    return parser.parse_args()


def main() -> None:
    args = arguments()
    torch.manual_seed(0)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    torch.backends.cudnn.benchmark = True
    device = "cuda" if torch.cuda.is_available() else "cpu"
    # A Base model holds both directions: a little less for each.
    config = CodecConfig(mimi=MimiConfig(), num_hidden_layers=1) if args.mimi else CodecConfig()
    speech = Speech(args.speech, device)
    speech.wait(args.shards)
    trainer = Trainer(config, args.rate, device, args.codes_of, args.mimi)
    before, steps = trainer.restore(args.out) if args.out.exists() else (0.0, 0)
    decoder = sum(parameter.numel() for parameter in trainer.codec.decoder.parameters())
    print(f"decoder: {decoder / 1e6:.2f} M parameters", flush=True)
    print("figures: mel, phones, phones wrong, commitment, discriminators, features", flush=True)
    spectral, adversarial = Captured(trainer.spectral), Captured(trainer.adversarial)
    distil, distilled = Captured(trainer.distil), args.distil if args.mimi else 0.0
    rows, frames = args.batch, _FRAMES
    if args.mimi:
        rows, frames = max(1, rows // _LONG), frames * _LONG
    run = Run(args.rate, 200, args.seconds, args.stop, before, steps)
    while run.goes_on:
        trainer.set_rate(run.rate)
        step = spectral if run.done < args.spectral else adversarial
        if run.done < distilled:
            step = distil
        run.step(step(*speech.batch(rows, frames)))
        if run.every("say", 15):
            print(run, flush=True)
        if run.every("look", 5):
            speech.follow()
        if run.every("save", 60):
            trainer.save(args.out, config, run)
    trainer.save(args.out, config, run)
    print(f"{run}; saved {args.out}", flush=True)


if __name__ == "__main__":
    main()
