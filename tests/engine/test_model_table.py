"""Which models are in memory: the limit, what is unloaded for another, and that all is freed."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from pathlib import Path

import mlx.core as mx
import pytest

from sidecar.engine import model_table
from sidecar.engine.loaded import Loaded
from sidecar.engine.model_table import ModelTable
from sidecar.engine.request import LoadOptions
from sidecar.errors import (
    Cancelled,
    MemoryLimitExceeded,
    ModelInUse,
    NotACheckpoint,
    UnknownModel,
)
from sidecar.models import catalog, registry
from sidecar.models.checkpoint import Checkpoint
from tests.support.checkpoints.changing import copy_of, put

AUTO = LoadOptions()


def nothing() -> None:
    """Do nothing: the `go_on` of a load that is not cancelled."""


class Table(ModelTable):
    """A model table with a set of the names of the models in use."""

    def __init__(self, limit: int | None = None, keep_alive: float = -1.0) -> None:
        super().__init__(lambda loaded: loaded.name in self.busy, limit, keep_alive)
        self.busy: set[str] = set()

    def take(self, checkpoint: Checkpoint, options: LoadOptions = AUTO) -> Loaded:
        return self.load(checkpoint, options, nothing)

    @property
    def present(self) -> list[str]:
        return [loaded.name for loaded in self]


@pytest.fixture(scope="module")
def three(golden: Path) -> list[Checkpoint]:
    """Make three models of about 22 MB each in memory."""
    return [
        Checkpoint(name, golden / name, catalog.resolve(str(golden / name)).config)
        for name in ("custom_voice", "voice_design", "custom_voice_proj")
    ]


def need(checkpoint: Checkpoint) -> int:
    return registry.footprint(checkpoint, "auto", None, True)


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """Free what the previous test left, and let models be unloaded at once."""
    monkeypatch.setattr(model_table, "MIN_IDLE_SECONDS", 0.0)
    gc.collect()
    mx.clear_cache()


def test_the_least_recently_used_leaves_first(three: list[Checkpoint]) -> None:
    a, b, c = three
    table = Table(limit=int(2.5 * need(c)))
    table.take(a)
    table.take(b)
    assert table.take(a) is table.get(a.name)  # used again; nothing is loaded
    table.take(c)
    assert sorted(table.present) == sorted([a.name, c.name])
    table.take(b)
    assert sorted(table.present) == sorted([b.name, c.name])
    assert table.get(a.name) is None


def test_a_model_in_use_stays_and_the_next_idle_one_leaves(three: list[Checkpoint]) -> None:
    a, b, c = three
    table = Table(limit=int(2.5 * need(c)))
    table.take(a)
    table.take(b)
    table.busy = {a.name}
    table.take(c)
    assert sorted(table.present) == sorted([a.name, c.name])


def test_a_model_that_fits_only_without_those_speaking_is_refused(three: list[Checkpoint]) -> None:
    a, b, _ = three
    table = Table(limit=int(1.5 * need(a)))
    table.take(a)
    table.busy = {a.name}
    with pytest.raises(MemoryLimitExceeded, match=r", 19.* MB of that .*leave \d"):
        table.take(b)
    assert table.present == [a.name]
    table.busy = set()
    table.take(b)
    assert table.present == [b.name]


def test_a_model_that_never_fits_is_refused_before_anything_is_loaded_or_freed(
    three: list[Checkpoint], monkeypatch: pytest.MonkeyPatch
) -> None:
    a = three[0]
    table = Table(limit=int(1.2 * need(a)))
    table.take(a)
    monkeypatch.setattr(registry, "load", lambda *_: pytest.fail("it was loaded"))
    with pytest.raises(MemoryLimitExceeded, match=r", 6\d.* MB of that .*; models may take 2\d"):
        table.take(catalog.resolve("tiny-voice"))
    assert table.present == [a.name]


def test_a_checkpoint_that_is_refused_unloads_no_model(
    three: list[Checkpoint], tmp_path: Path
) -> None:
    a = three[0]
    folder = copy_of(three[1].path, tmp_path / "voice")
    put("talker_config.codec_bos_id", 5000)(folder)
    table = Table(limit=int(1.5 * need(a)))
    table.take(a)
    with pytest.raises(NotACheckpoint, match="codec_bos_id has the id 5000"):
        table.take(catalog.resolve(str(folder)))
    assert table.present == [a.name]


def test_a_limit_that_is_exceeded_after_the_load_unloads_idle_models(
    three: list[Checkpoint], monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b, _ = three
    table = Table(limit=int(1.5 * need(a)))
    monkeypatch.setattr(registry, "footprint", lambda *_: 1)  # an estimate that is far off
    table.take(a)
    table.take(b)
    assert table.present == [b.name]


def test_a_model_leaves_when_its_time_without_work_is_over(three: list[Checkpoint]) -> None:
    a, b, c = three
    table = Table(keep_alive=1000.0)
    kept = table.take(a)
    for_ever = table.take(b, LoadOptions(keep_alive=-1.0))
    soon = table.take(c, LoadOptions(keep_alive=0.0))
    assert (kept.keep_alive, for_ever.keep_alive, soon.keep_alive) == (1000.0, -1.0, 0.0)
    assert table.next_expiry == soon.last_used <= time.monotonic()
    table.busy = {c.name}
    assert table.next_expiry == kept.last_used + 1000.0
    del kept, for_ever, soon
    table.expire()
    assert len(table.present) == 3
    table.busy = set()
    table.expire()
    assert table.present == [a.name, b.name]
    assert table.take(a, LoadOptions(keep_alive=5.0)).keep_alive == 5.0
    assert table.take(a).keep_alive == 5.0  # what is not said stays


def test_no_model_leaves_between_two_jobs_of_one_request(
    three: list[Checkpoint], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    table = Table(keep_alive=0.0)
    loaded = table.take(three[0])
    assert table.next_expiry == loaded.last_used + 1.0
    loaded.last_used = time.monotonic()
    table.expire()
    assert table.present == [loaded.name]
    loaded.last_used -= 1.0
    table.expire()
    assert table.present == []


def test_memory_is_the_same_after_twenty_loads_and_unloads(three: list[Checkpoint]) -> None:
    table = Table()
    table.take(three[0])
    table.unload(three[0].name)
    before = mx.get_active_memory()
    for _ in range(20):
        table.take(three[0])
        assert mx.get_active_memory() > before + 15_000_000
        table.unload(three[0].name)
        assert mx.get_active_memory() <= before
        assert mx.get_cache_memory() == 0


def test_a_model_is_in_memory_once_whatever_it_is_called(
    three: list[Checkpoint], tmp_path: Path
) -> None:
    a = three[0]
    (tmp_path / "link").symlink_to(a.path)
    table = Table()
    first = table.take(a)
    again = table.take(Checkpoint("another", tmp_path / "link", a.config))
    assert first is again
    assert table.names(first) == [a.name, "another"]
    table.unload("another")
    assert table.get(a.name) is None
    with pytest.raises(UnknownModel, match="not loaded"):
        table.unload(a.name)


def test_a_model_is_unloaded_by_any_spelling_of_its_name(three: list[Checkpoint]) -> None:
    table = Table()
    (alias, repo) = next(iter(catalog.ALIASES.items()))
    for loaded_as, unloaded_as in (
        (alias.upper(), repo),
        (repo, alias),
        (f"{repo}@v1", f"{alias}@v1"),
    ):
        table.take(Checkpoint(loaded_as, three[0].path, three[0].config))
        with pytest.raises(UnknownModel, match="not loaded"):
            table.unload(f"{repo}@v2")
        table.unload(unloaded_as)
        assert table.present == []


def test_a_revision_whose_name_another_takes_leaves_when_it_is_idle(
    three: list[Checkpoint],
) -> None:
    older, newer, _ = three
    table = Table()
    table.take(Checkpoint("x/y", older.path, older.config))
    table.take(Checkpoint("also", newer.path, newer.config))
    table.busy = {"x/y"}
    second = table.take(Checkpoint("x/y", newer.path, newer.config))
    table.expire()
    assert len(table.present) == 2  # it speaks
    table.busy = set()
    table.expire()
    assert list(table) == [second]
    assert set(table.names(second)) == {"also", "x/y"}


@pytest.mark.parametrize("stage", [0, 1, 2])
def test_a_load_that_ends_half_way_leaves_nothing(three: list[Checkpoint], stage: int) -> None:
    table = Table()
    table.take(three[0])
    table.unload(three[0].name)
    before, calls = mx.get_active_memory(), 0

    def cancelled() -> None:
        nonlocal calls
        calls += 1
        if calls > stage:
            raise Cancelled("The load was cancelled.")

    with pytest.raises(Cancelled):
        table.load(three[0], AUTO, cancelled)
    assert calls == stage + 1
    table.tidy()
    assert mx.get_active_memory() <= before
    assert table.present == []
    assert table.take(three[0]).memory_bytes > 15_000_000


def test_other_bits_or_another_dtype_replace_a_model_that_is_idle() -> None:
    tiny, table = catalog.resolve("tiny-voice"), Table()
    plain = table.take(tiny)
    assert (plain.model.dtype, plain.bits) == ("float32", None)
    table.busy = {tiny.name}
    for options in (LoadOptions("bfloat16"), LoadOptions(bits=8)):
        with pytest.raises(ModelInUse, match="loaded as float32"):
            table.take(tiny, options)
    table.busy = set()
    eight = table.take(tiny, LoadOptions(bits=8))
    assert eight is not plain
    assert eight.bits == 8
    assert table.take(tiny) is eight  # what is not said may be anything
    assert table.take(tiny, LoadOptions(bits=8)) is eight
    assert len(table.present) == 1


def test_no_limit_is_no_limit(three: list[Checkpoint]) -> None:
    table = Table()
    load: Callable[[Checkpoint], Loaded] = table.take
    assert len({load(checkpoint) for checkpoint in three}) == 3
