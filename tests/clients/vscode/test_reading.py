"""The extension in VS Code, with the real sidecar: what is played, and what is highlighted."""

from __future__ import annotations

import numpy as np
import pytest

from tests.clients.vscode.extension import LONG, Extension, Step
from tests.support.harness import Sidecar
from tests.support.processes import eventually

pytestmark = [pytest.mark.hosts, pytest.mark.timeout(900)]

# Characters of one and of two UTF-16 units, a tab, a blank line, a sentence over two lines.
LINES = ["Nothing of this.", "", "\tHéllo 😀 there. Good evening,", "and welcome.", "Nor this."]
TEXT = "\n".join(LINES)


def text_of(ranges: list[list[int]] | None) -> str:
    """Return the text of ranges in LINES, which are each a line, a column, a line, a column."""
    parts: list[str] = []
    for first, start, last, end in ranges or []:
        lines = [as_units(line) for line in LINES[first : last + 1]]
        lines[-1] = lines[-1][:end]
        lines[0] = lines[0][start:]
        parts.append("\n".join(line.tobytes().decode("utf-16-le") for line in lines))
    return "\n".join(parts)


def as_units(text: str) -> np.ndarray:
    return np.frombuffer(text.encode("utf-16-le"), "<u2")


def changes(steps: list[Step], key: str) -> list[str]:
    """Return the texts that were highlighted, one after another."""
    found = [text_of(step.get(key)) for step in steps]
    return [b for a, b in zip(["", *found], found, strict=False) if b and a != b]


def test_the_sound_is_that_of_the_sidecar(extension: Extension, server: Sidecar) -> None:
    text = "Good morning. How are you?"
    outcome = extension.speak(text, seed=3)
    expected = np.frombuffer(server.speak(text, seed=3).audio, "<i2")
    assert np.array_equal(extension.received(), expected)
    loudest = np.abs(expected).max() / 32768
    assert 0.2 * loudest < extension.peak() <= 1.01 * loudest
    assert outcome["finished"]
    assert outcome["heardText"].strip() == text
    assert abs(outcome["heardMs"] - len(expected) / 24) < 1
    audio = extension.audio()
    assert audio["sampleRate"] == 24000
    assert audio["underrun"] == 0


def test_a_selection_is_read_and_highlighted(extension: Extension) -> None:
    extension.open(f"{TEXT}\n\n{LONG}", (2, 1), (6, len(LONG)))
    extension.command("readSelection")
    extension.wait_for("speaking")
    extension.command("pause")
    extension.wait_for("paused")
    # Word times come after the audio, so the test listens only when that has come.
    eventually("ten seconds", lambda: len(extension.received()) > 10 * 24000)
    eventually("it is highlighted", lambda: extension.highlighted() == [LINES[2].strip()])
    extension.command("resume")
    spoken = ["Héllo 😀 there.", "Good evening,\nand welcome."]
    eventually("the third", lambda: len(changes(extension.steps(), "sentences")) > len(spoken))
    steps = extension.steps()
    assert changes(steps, "sentences")[: len(spoken)] == spoken
    # Of a sentence whose word times the sidecar cannot tell, no word is highlighted.
    words = iter(["Héllo", "there", "Good", "evening", "and", "welcome", "Nor", "this"])
    heard = changes(steps, "words")
    assert heard
    assert all(word in words for word in heard), f"{heard} are not in the order of the text"
    extension.command("stop")
    extension.wait_for("idle")
    eventually("nothing is highlighted", lambda: extension.highlighted() == [])
    eventually("it has ended", lambda: extension.steps()[-1] == {"status": "idle"})
