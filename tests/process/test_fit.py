"""The models that fit according to `doctor` are those that `model/load` accepts: `doctor` uses the
catalogue, `model/load` the headers of a checkpoint with the true shapes."""

from __future__ import annotations

import json
import os
import shutil
import struct
from pathlib import Path
from typing import Any

import pytest

from sidecar.cli.doctor import report
from sidecar.errors import MemoryLimitExceeded
from sidecar.memory import DEFAULT_LIMIT, format_bytes
from sidecar.models import backend, catalog, known, registry
from sidecar.models.checkpoint import Checkpoint
from sidecar.models.known import KNOWN
from tests.support.command import run
from tests.support.harness import RpcError, sidecar

GIB = 2**30
GROUP = 64
# These are the decoder's; the rest of the codec's file counts once.
CODEBOOKS = (16 * 2048, 256)

Shapes = dict[str, tuple[str, tuple[int, ...]]]


def write(file: Path, tensors: Shapes) -> None:
    """Write a safetensors file without its data, which an estimate of memory does not read."""
    entries = {name: {"dtype": dtype, "shape": shape} for name, (dtype, shape) in tensors.items()}
    header = json.dumps(entries).encode()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(struct.pack("<Q", len(header)) + header)


def base_config(size: str) -> dict[str, Any]:
    """Return a Base model's config.json."""
    from bench import checkpoints

    settings: dict[str, Any] = checkpoints._config(size.lower()) | {"tts_model_type": "base"}
    settings["speaker_encoder_config"]["enc_dim"] = 1024 if size == "0.6B" else 2048
    return settings


def base_shapes(size: str) -> tuple[dict[str, tuple[int, ...]], set[str]]:
    """Return a Base model's parameters (the largest model of a size), and the packed ones."""
    from mlx.utils import tree_flatten
    from mlx_audio.convert import build_quant_predicate
    from mlx_audio.tts.models.qwen3_tts.config import ModelConfig
    from mlx_audio.tts.models.qwen3_tts.qwen3_tts import Model

    model = Model(ModelConfig.from_dict(base_config(size)))  # its parameters are never evaluated
    flat: Any = tree_flatten(model.parameters())
    wanted = build_quant_predicate(model)
    packed = {f"{path}.weight" for path, one in model.named_modules() if wanted(path, one)}
    return {name: value.shape for name, value in flat}, packed


def stored(shapes: dict[str, tuple[int, ...]], packed: set[str], bits: int) -> Shapes:
    tensors: Shapes = {}
    for name, shape in shapes.items():
        if bits == 16 or name not in packed:
            tensors[name] = ("BF16", shape)
            continue
        tensors[name] = ("U32", (*shape[:-1], shape[-1] * bits // 32))
        for part in ("scales", "biases"):
            tensors[name.replace("weight", part)] = ("BF16", (*shape[:-1], shape[-1] // GROUP))
    return tensors


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Checkpoint]:
    """Return Base models of every size and precision, by alias."""
    backend.prepare()
    books = CODEBOOKS[0] * CODEBOOKS[1]
    codec: Shapes = {
        "decoder.embedding_sum": ("F32", CODEBOOKS),
        "rest": ("F32", (known._CODEC_BYTES // 4 - books,)),
    }
    made: dict[str, Checkpoint] = {}
    for size in ("0.6B", "1.7B"):
        shapes, packed = base_shapes(size)
        for bits in (16, 8, 6, 4):
            alias = f"{size.lower()}-base" + (f"-{bits}bit" if bits != 16 else "")
            folder = tmp_path_factory.mktemp(alias)
            write(folder / "model.safetensors", stored(shapes, packed, bits))
            write(folder / "speech_tokenizer" / "model.safetensors", codec)
            config = base_config(size)
            if bits != 16:
                config["quantization"] = {"bits": bits, "group_size": GROUP}
            (folder / "config.json").write_text(json.dumps(config))
            made[alias] = Checkpoint(alias, folder, catalog.resolve(str(folder)).config)
    return made


@pytest.mark.parametrize("on_cpu", [False, True])
def test_the_estimate_is_the_engines(checkpoints: dict[str, Checkpoint], on_cpu: bool) -> None:
    for alias, checkpoint in checkpoints.items():
        by_headers = registry.footprint(checkpoint, "auto", None, on_cpu)
        by_catalogue = KNOWN[alias].load_bytes(on_cpu=on_cpu)
        assert 1 <= by_catalogue / by_headers < 1.005, alias


class Begun(Exception):
    pass


def accepts(checkpoint: Checkpoint, limit: int | None, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Return whether `model/load` would begin to read the weights."""
    from sidecar.engine import model_table

    def begin(*_: object) -> None:
        raise Begun

    with monkeypatch.context() as patch:
        patch.setattr(model_table, "load", begin)
        table = model_table.ModelTable(lambda _: False, limit)
        try:
            table.load(checkpoint, model_table.LoadOptions(), lambda: None)
        except MemoryLimitExceeded:
            return False
        except Begun:
            return True
    raise AssertionError("it was neither loaded nor refused")


# Metal recommends two thirds of the memory of small machines, and three quarters of larger ones.
@pytest.mark.parametrize(
    ("device", "gibibytes", "usable"),
    [
        *(("metal", size, share) for size in (4, 8, 16, 24, 32) for share in (0.67, 0.75)),
        *(("cuda", size, 1.0) for size in (2, 3, 4, 6, 8, 12, 24)),
        *(("cpu", size, 1.0) for size in (4, 6, 7, 8, 12, 13, 16, 32)),
    ],
)
def test_what_fits_is_what_is_loaded(
    checkpoints: dict[str, Checkpoint],
    monkeypatch: pytest.MonkeyPatch,
    device: str,
    gibibytes: int,
    usable: float,
) -> None:
    memory = gibibytes * GIB
    monkeypatch.setattr(backend, "name", lambda: device)
    monkeypatch.setattr(backend, "memory_bytes", lambda: int(usable * memory))
    monkeypatch.setattr(backend, "own_memory", lambda: memory if device == "cuda" else None)
    monkeypatch.setattr(report, "physical_bytes", lambda: memory)
    limit = DEFAULT_LIMIT.of(backend.memory_bytes())  # as Engine has it
    for row in report.collect(speak=False, network=False)["sizes"]:
        alias = f"{row.size.lower()}-base" + (f"-{row.bits}bit" if row.bits != 16 else "")
        assert accepts(checkpoints[alias], limit, monkeypatch) == (row.fit != "no"), row


def place(cache: Path, checkpoint: Checkpoint, repo: str) -> None:
    """Put a checkpoint into a cache of the hub's layout."""
    home, commit = cache / f"models--{repo.replace('/', '--')}", "a" * 40
    shutil.copytree(checkpoint.path, home / "snapshots" / commit)
    for name in ("tokenizer.json", "speech_tokenizer/config.json"):
        (home / "snapshots" / commit / name).write_text("{}")
    (home / "refs").mkdir()
    (home / "refs" / "main").write_text(commit)


def test_a_models_headers_and_the_catalogue_state_the_same_memory(
    checkpoints: dict[str, Checkpoint], tmp_path: Path
) -> None:
    """The headers of a local model and the catalogue, for a model that is not here, agree."""
    here, known = "0.6b-base", "1.7b-base-4bit"
    place(tmp_path, checkpoints[here], KNOWN[here].repo)
    environment = {"HF_HUB_CACHE": str(tmp_path), "HF_HUB_OFFLINE": "1", "COLUMNS": "100"}

    def said(*command: str) -> str:
        done = run(*command, env={**os.environ, **environment})
        assert done.returncode == 0, done.stderr
        return done.stdout

    with sidecar("--memory-limit", "1GB", env=environment) as process:
        wire = {row["model"]: row for row in process.call("model/list")["models"]}
        with pytest.raises(RpcError) as refused:
            process.call("model/load", {"model": here})
    assert wire[here]["state"] == "cached"
    figures = {name: wire[name]["memoryBytes"] for name in (here, known)}
    assert refused.value.type == "memoryLimitExceeded"
    assert f"needs about {format_bytes(figures[here])} to speak" in refused.value.message

    plain = {row["model"]: row for row in json.loads(said("models", "list", "--json"))}
    assert {name: plain[name]["memoryBytes"] for name in figures} == figures
    rows = {line.split()[0]: line for line in said("models", "list", "--verbose").splitlines()}
    listed = said("models", "list")
    sizes = json.loads(said("doctor", "--json", "--no-test"))["sizes"]
    fits = said("doctor", "--no-test")
    for name, memory in figures.items():
        assert f" {format_bytes(memory)} " in rows[name]
        assert f"/{memory / 1e9:.2f}" in listed
        size, bits = KNOWN[name].size, KNOWN[name].bits
        (need,) = [one["needBytes"] for one in sizes if (one["size"], one["bits"]) == (size, bits)]
        assert need == memory
        assert format_bytes(memory) in fits
    assert f"{format_bytes(figures[here])} of memory to speak" in listed
    assert figures[here] == pytest.approx(KNOWN[here].memory_bytes(on_cpu=on_cpu()), rel=0.005)


def on_cpu() -> bool:
    backend.prepare()
    return backend.on_cpu()
