from __future__ import annotations

import os
import threading

from sidecar.wire.jsonrpc import OutgoingNotification
from sidecar.wire.stdio import FULL_BYTES, PAUSE_BYTES, Outbox, Writer

MESSAGE = OutgoingNotification("m", {})


def test_room_ends_at_the_limit_and_comes_back_with_a_call() -> None:
    rooms: list[bool] = []
    outbox = Outbox(on_room=lambda: rooms.append(True))
    outbox.put(MESSAGE, PAUSE_BYTES)
    outbox.put(MESSAGE, 1)
    assert not outbox.has_room
    assert outbox.take() is MESSAGE
    assert rooms == [True]
    assert outbox.has_room
    outbox.take()
    assert rooms == [True]


def test_drain_waits_for_the_message_being_written() -> None:
    outbox = Outbox()
    outbox.put(MESSAGE)
    outbox.take()  # taken, not yet written
    assert not outbox.drain(timeout=0.01)
    taker = threading.Thread(target=outbox.take)
    taker.start()  # asking for the next says that the last one is out
    assert outbox.drain(timeout=10)
    outbox.close()
    taker.join(10)
    assert not taker.is_alive()


def test_finishing_lets_the_message_being_written_out_and_no_other() -> None:
    reader, writer = os.pipe()
    frame = bytes(1_000_000)  # many times what a pipe holds
    outbox, taken = Outbox(), threading.Event()

    def encode(message: object) -> bytes:
        taken.set()
        return frame

    thread = Writer(writer, outbox, encode, lambda error: None)
    for _ in range(2):
        outbox.put(MESSAGE)
    thread.start()
    assert taken.wait(10)
    assert not outbox.finish(timeout=0.01)
    got = 0
    while got < len(frame):
        got += len(os.read(reader, len(frame)))
    assert outbox.finish(timeout=10)
    thread.join(10)
    assert not thread.is_alive()
    os.close(writer)
    assert os.read(reader, 1) == b""
    os.close(reader)


def test_a_full_outbox_holds_the_reader_until_there_is_space() -> None:
    outbox = Outbox()
    outbox.put(MESSAGE, FULL_BYTES)
    passed = threading.Event()

    def read() -> None:
        outbox.wait_until_not_full()
        passed.set()

    reader = threading.Thread(target=read)
    reader.start()
    assert not passed.wait(0.05)
    outbox.take()
    assert passed.wait(10)
    reader.join(10)


def test_closed_takes_nothing_and_wakes_everyone() -> None:
    outbox = Outbox()
    takers = [threading.Thread(target=outbox.take) for _ in range(2)]
    for taker in takers:
        taker.start()
    outbox.close()
    for taker in takers:
        taker.join(10)
        assert not taker.is_alive()
    outbox.put(MESSAGE)
    assert outbox.take() is None
