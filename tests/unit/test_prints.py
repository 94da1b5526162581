"""What libraries print, or log without a name, is in the log's format."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar import logs


@pytest.fixture
def stderr(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Yield what the log writes, with handlers of its own."""
    root, stream = logging.getLogger(), io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    monkeypatch.setattr(root, "handlers", [])
    level = root.level
    logs.to_stderr("info")
    yield stream
    root.setLevel(level)
    logging.captureWarnings(False)


def test_each_line_is_an_event_when_it_has_ended(stderr: io.StringIO) -> None:
    stream = logs.Prints(logging.WARNING)
    print("one\ntwo", file=stream)
    print("thr", end="", file=stream)
    assert [line.partition(" WARNING ")[2] for line in stderr.getvalue().splitlines()] == [
        "sidecar.printed: one",
        "sidecar.printed: two",
    ]
    print("ee", file=stream, flush=True)
    print("four", end="", file=stream, flush=True)
    assert stderr.getvalue().splitlines()[2].endswith(": three")
    assert stderr.getvalue().splitlines()[3].endswith(": four")
    assert len(stderr.getvalue().splitlines()) == 4


@given(st.lists(st.text("ab\n", max_size=5)))
def test_no_cut_changes_the_events(pieces: list[str]) -> None:
    seen: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: seen.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("sidecar.printed")
    logger.addHandler(handler)
    try:
        stream = logs.Prints(logging.ERROR)
        for piece in pieces:
            stream.write(piece)
        stream.flush()
    finally:
        logger.removeHandler(handler)
    assert seen == [line for line in "".join(pieces).split("\n") if line]


def test_a_log_that_fails_does_not_print_into_itself(
    stderr: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = logs.Prints(logging.ERROR)
    monkeypatch.setattr("sys.stderr", stream)
    monkeypatch.setattr(stderr, "write", lambda text: 1 / 0)
    print("lost", file=stream)  # logging prints a traceback to sys.stderr, which is this stream


def test_what_names_no_logger_is_shown_only_if_it_matters(stderr: io.StringIO) -> None:
    logging.warning("chatter")
    logging.getLogger("library").warning("a warning")
    logging.error("an error")
    assert [line.rpartition(": ")[2] for line in stderr.getvalue().splitlines()] == [
        "a warning",
        "an error",
    ]
