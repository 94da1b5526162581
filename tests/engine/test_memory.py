"""Sizes as people write them, and what a checkpoint is expected to take."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from sidecar.errors import NotACheckpoint, Unsupported
from sidecar.memory import MemoryLimit, format_bytes, parse_limit, physical_bytes
from sidecar.models import catalog, registry
from tests.support import batches


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("8GB", 8 * 10**9),
        ("8 gb", 8 * 10**9),
        ("1.5GiB", 3 * 2**29),
        ("512m", 512 * 10**6),
        ("123456", 123456),
        ("50%", 500),
        ("0", None),
    ],
)
def test_a_limit_is_a_size_or_a_share(text: str, expected: int | None) -> None:
    assert parse_limit(text).of(1000) == expected


@pytest.mark.parametrize("text", ["", "much", "-1", "8 XB", "101%", "GB", "1e9"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_limit(text)


def test_the_machine_has_memory_and_sizes_can_be_read() -> None:
    assert 2**28 < physical_bytes() < 2**50
    assert MemoryLimit(share=0.5).of(physical_bytes()) == physical_bytes() // 2
    assert [format_bytes(n) for n in (999, 4600, 30_000_000, 4_600_000_000)] == [
        "999 bytes",
        "4.6 kB",
        "30 MB",
        "4.6 GB",
    ]


@pytest.mark.parametrize("name", ["tiny-voice", "custom_voice", "custom_voice_proj", "base"])
@pytest.mark.parametrize("dtype", ["auto", "bfloat16"])
def test_the_estimate_is_what_is_measured(golden: Path, name: str, dtype: str) -> None:
    checkpoint = catalog.resolve(name if name == "tiny-voice" else str(golden / name))
    estimate = registry.footprint(checkpoint, dtype, None, True)
    loaded = batches.load_warm(checkpoint, dtype)
    # The tables take a hundredth of a real model, but a seventh of these small ones.
    assert 0.8 < estimate / loaded.memory_bytes < 1.1


def test_fewer_bits_are_fewer_bytes_on_a_gpu() -> None:
    checkpoint = catalog.resolve("tiny-voice")
    sizes = [registry.footprint(checkpoint, "auto", bits, False) for bits in (None, 8, 6, 4)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > 1.2 * sizes[-1]
    # The CPU multiplies the weights unpacked.
    on_cpu = {registry.footprint(checkpoint, "auto", bits, True) for bits in (None, 8, 4)}
    assert len(on_cpu) == 1


@pytest.mark.parametrize(
    "content", [b"", b"short", struct.pack("<Q", 2**40), struct.pack("<Q", 8) + b'{"a": 1}']
)
def test_a_file_without_a_header_is_no_checkpoint(tmp_path: Path, content: bytes) -> None:
    tiny = catalog.resolve("tiny-voice")
    (tmp_path / "config.json").write_bytes((tiny.path / "config.json").read_bytes())
    (tmp_path / "model.safetensors").write_bytes(content)
    with pytest.raises(NotACheckpoint, match="safetensors"):
        registry.footprint(catalog.resolve(str(tmp_path)), "auto", None, True)


def test_a_quantised_checkpoint_is_not_quantised_again() -> None:
    config = {**catalog.resolve("tiny-voice").config, "quantization": {"bits": 4}}
    checkpoint = catalog.Checkpoint("four", catalog.resolve("tiny-voice").path, config)
    assert registry.stored_bits(checkpoint) == 4
    with pytest.raises(Unsupported, match="already quantised to 4 bits"):
        registry.footprint(checkpoint, "auto", 8, True)
