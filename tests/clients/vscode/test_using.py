"""The extension in VS Code as a person and as other extensions use it, with the real sidecar."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.clients.vscode.extension import LONG, Extension, Step
from tests.support.harness import Sidecar
from tests.support.processes import eventually

pytestmark = [pytest.mark.hosts, pytest.mark.timeout(900)]

SENTENCES = [f"This is line {i} of the text." for i in range(200)]
VISIBLE = """
return vscode.window.activeTextEditor.visibleRanges.map(({ start, end }) => [start.line, end.line]);
"""
STATUS_BAR = """
const item = await page.$("[id='qwen-tts-sidecar.qwen-tts.qwenTts']");
return item.evaluate((element) => element.textContent.trim());
"""
ROWS = """
const rows = await page.$$(".quick-input-list .monaco-list-row");
return Promise.all(rows.map((row) => row.evaluate((element) => element.ariaLabel)));
"""
LOG = """
const lines = await page.$$(".output-view .view-line");
return (await Promise.all(lines.map((line) => line.evaluate((e) => e.textContent)))).join();
"""


def sees(extension: Extension, line: int) -> bool:
    """Return whether the editor shows a line."""
    return any(first <= line <= last for first, last in extension.window.run(VISIBLE))


def rows(extension: Extension) -> list[str]:
    """Return what a list offers that has been opened, each up to a comma."""
    return [row.split(",")[0] for row in extension.window.ui(ROWS)]


def line_of(extension: Extension) -> int:
    """Return the line that is highlighted, or -1."""
    return extension.api("return api.highlighted?.sentence[0]?.start.line ?? -1")


def start_and_pause(extension: Extension, command: str) -> int:
    """Return the line that is heard when the reading is paused."""
    extension.command(command)
    extension.wait_for("speaking")
    extension.command("pause")
    extension.wait_for("paused")
    return line_of(extension)


def skip(extension: Extension, command: str) -> int:
    """Skip from a pause; return the first line that is heard then."""
    extension.window.run("await observe()")
    extension.command(command)

    def heard() -> list[Step]:
        steps = extension.steps()
        return [step for step in steps if step["status"] == "speaking" and step.get("sentences")]

    first = eventually("another sentence", heard)[0]
    extension.command("pause")
    extension.wait_for("paused")
    return first["sentences"][0][0]


def test_pause_skip_and_stop(extension: Extension) -> None:
    extension.open("\n".join(SENTENCES))
    line = start_and_pause(extension, "readDocument")
    eventually("silence", lambda: extension.audio()["state"] == "suspended")
    played = extension.audio()["totalPlayed"]
    eventually("it is highlighted", lambda: extension.highlighted() == [SENTENCES[line]])
    assert extension.audio()["totalPlayed"] == played
    extension.command("resume")
    eventually("another sentence", lambda: line_of(extension) > line)
    assert extension.audio()["totalPlayed"] > played
    extension.command("pause")
    extension.wait_for("paused")
    line = line_of(extension)
    assert skip(extension, "next") == line + 1
    line = line_of(extension)
    # Its own start, or at its start the one before.
    assert skip(extension, "previous") in (line - 1, line)
    extension.command("resume")
    extension.wait_for("speaking")
    extension.command("stop")
    extension.wait_for("idle")
    eventually("silence", lambda: extension.audio()["peak"] == 0)
    eventually("nothing is highlighted", lambda: extension.highlighted() == [])


def test_the_editor_follows_until_the_person_scrolls_away(extension: Extension) -> None:
    extension.open("\n".join(SENTENCES), (100, 0))
    line = start_and_pause(extension, "readFromHere")
    assert line >= 100
    eventually("the sentence is seen", lambda: sees(extension, line))
    extension.window.run(
        "vscode.window.activeTextEditor.revealRange(new vscode.Range(50, 0, 50, 0))"
    )
    eventually("another place", lambda: sees(extension, 50) and not sees(extension, line))
    extension.command("resume")
    eventually("another sentence", lambda: line_of(extension) > line)
    assert sees(extension, 50)
    extension.command("reveal")
    eventually("the sentence is seen", lambda: sees(extension, line_of(extension)))


def test_keys_buttons_and_the_status_bar(extension: Extension) -> None:
    extension.open(LONG)
    extension.click_editor(LONG[:20])
    extension.press("Control+a", "Control+k", "a")
    extension.wait_for("speaking")
    eventually("it is shown", lambda: extension.window.ui(STATUS_BAR) == "Reading")
    sentence = "return player.$eval('#sentence', (element) => element.textContent.trim())"
    eventually("it is shown", lambda: extension.player(sentence) == LONG.split(". ")[0] + ".")
    extension.window.picture("speaking")
    extension.player("await player.click('#togglePause')")
    extension.wait_for("paused")
    eventually("it is shown", lambda: extension.window.ui(STATUS_BAR) == "Paused")
    extension.click_editor(LONG[:20])
    extension.press("Control+k", "Space")
    extension.wait_for("speaking")
    extension.player("await player.click('#stop')")
    extension.wait_for("idle")
    eventually("it is shown", lambda: extension.window.ui(STATUS_BAR) == "Read Aloud")
    extension.press("F1")
    extension.window.ui("await page.keyboard.type('Read Aloud: Read Document')")
    eventually("the command", lambda: rows(extension)[:1] == ["Read Aloud: Read Document"])
    extension.press("Enter")
    extension.wait_for("speaking")


def same_as(extension: Extension, server: Sidecar, text: str, **params: Any) -> bool:
    """Read a text to its end; return whether it is played as the sidecar speaks with `params`."""
    extension.reset()
    extension.speak(text, seed=3)
    expected = np.frombuffer(server.speak(text, seed=3, **params).audio, "<i2")
    return np.array_equal(extension.received(), expected)


def test_a_voice_is_picked(extension: Extension, server: Sidecar) -> None:
    extension.command("selectVoice")
    eventually("the voices", lambda: {"slt", "rms"} <= set(rows(extension)))
    extension.window.picture("voices")
    extension.window.ui("await page.keyboard.type('rms')")
    eventually("one voice", lambda: rows(extension) == ["rms"])
    extension.press("Enter")
    try:
        chosen = "return vscode.workspace.getConfiguration('qwenTts').get('voice')"
        eventually("it is chosen", lambda: extension.window.run(chosen) == "rms")
        assert same_as(extension, server, "Hello.", voice="rms")
    finally:
        extension.setting("voice", None)


def test_the_speed(extension: Extension, server: Sidecar) -> None:
    extension.setting("speed", 1.9)
    try:
        assert same_as(extension, server, "Good morning.", speed=1.9)
        extension.open(LONG)
        extension.command("readDocument")
        extension.wait_for("speaking")
        extension.window.command("qwenTts.faster")
        speed = "return vscode.workspace.getConfiguration('qwenTts').get('speed')"
        assert extension.window.run(speed) == 2
        extension.wait_for("speaking")
    finally:
        extension.api("api.stop()")
        extension.setting("speed", None)


def test_a_chat_is_read_while_it_answers(extension: Extension) -> None:
    """Another extension calls the command with a text that is still being written."""
    extension.window.run("""
    const gate = Promise.withResolvers();
    async function* answer() {
      yield "Here is the first";
      yield " part of it. And here";
      yield " is the second one, which is a little longer. And";
      await gate.promise;
      yield " here is the end.";
    }
    const outcome = vscode.commands.executeCommand("qwenTts.speak", answer(), { seed: 3 });
    globalThis.chat = { finish: gate.resolve, outcome };
    """)
    extension.wait_for_sentence("Here is the first part of it.")
    extension.window.run("chat.finish()")
    outcome = extension.window.run("return chat.outcome")
    assert outcome["finished"]
    assert outcome["heardText"].endswith("longer. And here is the end.")
    assert len(extension.received()) == round(outcome["heardMs"] * 24)
    assert extension.highlighted() == []


def test_the_log(extension: Extension) -> None:
    extension.speak("Hello.")
    extension.window.command("qwenTts.showLog")
    log = eventually("the log", lambda: extension.window.ui(LOG))
    assert f"The sidecar runs as process {extension.sidecar}." in log.replace("\xa0", " ")
    extension.window.command("workbench.action.closePanel")


def test_nothing_was_refused_by_a_content_security_policy(extension: Extension) -> None:
    """All tests of this file in the same window; and what is refused is noticed."""
    extension.speak("Hello.")
    refused = [text for text in extension.window.problems if "Content Security Policy" in text]
    assert refused == []
    extension.player("""
    await player.evaluate(() => {
      const image = new Image();
      image.src = "http://127.0.0.1:1/refused.png";
      document.body.append(image);
    });
    """)
    eventually(
        "it is noticed",
        lambda: any("Content Security Policy" in text for text in extension.window.problems),
    )
