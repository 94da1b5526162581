"""The extension in one window, as another extension and as a person see it."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from tests.clients.vscode.workbench import Window
from tests.support.processes import eventually

Place = tuple[int, int]  # line and column
Step = dict[str, Any]  # the extension's state at a time: see agent/extension.js

# Still being read when a test has done with it.
LONG = "Nobody is going to listen to all of this text here. " * 12

_documents = itertools.count(1)


class Extension:
    """The extension in a window that shows nothing but documents and what the extension opens."""

    def __init__(self, window: Window) -> None:
        self.window = window

    # --- the extension host -----------------------------------------------------------------

    def api(self, code: str, argument: Any = None) -> Any:
        """Run code in the extension host, where `api` is the extension's."""
        return self.window.run(f"const api = await activate();\n{code}", argument)

    def reset(self) -> None:
        """Stop what is being read, close what is open, and forget what was seen."""
        self.api("api.stop()")
        self.window.command("notifications.clearAll")
        self.window.command("workbench.action.closeAllEditors")
        self.window.run("await observe()")
        self.player("await player?.evaluate('heard.chunks = []; heard.peak = 0')")

    def open(self, text: str, first: Place = (0, 0), last: Place | None = None) -> None:
        """Show a file with this text, in which all from `first` to `last` is selected."""
        file = self.window.folder / f"document {next(_documents)}.txt"
        file.write_bytes(text.encode())
        place = {"file": str(file), "first": first, "last": last or first}
        self.window.run("await show(argument)", place)

    def command(self, name: str) -> None:
        """Execute a command, and do not wait for the end of what it reads."""
        self.window.run("void vscode.commands.executeCommand(argument)", f"qwenTts.{name}")

    def speak(self, text: str, **options: Any) -> dict[str, Any]:
        """Have another extension read a text to its end; return the outcome."""
        return self.window.command("qwenTts.speak", text, options)

    def setting(self, name: str, value: Any) -> None:
        """Change a setting of the user; None is its default."""
        code = """
        const [name, value] = argument;
        await vscode.workspace.getConfiguration("qwenTts").update(name, value ?? undefined, true);
        """
        self.window.run(code, [name, value])

    @property
    def status(self) -> str:
        return self.api("return api.status")

    @property
    def sidecar(self) -> int | None:
        return self.api("return api.sidecarPid")

    @property
    def sentence(self) -> str | None:
        """The sentence that is heard now, without the white space around it."""
        return self.api("return api.sentence?.text.trim()")

    def audio(self) -> dict[str, Any]:
        """Return what the player measures. On a busy machine it may not answer at once."""
        return eventually("what is measured", lambda: self.api("return api.audio()"))

    def wait_for(self, status: str) -> None:
        eventually(f"the status {status!r}", lambda: self.status == status)

    def wait_for_sentence(self, text: str) -> None:
        try:
            eventually(f"{text!r} is heard", lambda: self.sentence == text)
        except AssertionError as error:
            raise AssertionError(f"{error}; {self.steps()}") from None

    def read(self, command: str) -> list[Step]:
        """Execute a command that reads; return all steps, once it is read to its end."""
        self.command(command)
        self.wait_for("speaking")
        self.wait_for("idle")
        return self.steps()

    def steps(self) -> list[Step]:
        return self.window.run("return getSteps()")

    # --- the page ---------------------------------------------------------------------------

    def player(self, code: str, argument: Any = None) -> Any:
        """Run code in Chromium's driver, where `player` is the frame of the extension's player."""
        return self.window.ui(f"const player = await playerOf(page);\n{code}", argument)

    def received(self) -> np.ndarray:
        """Return all samples that the AudioWorklet was given, as integers of 16 bits."""
        code = "return player.evaluate(() => heard.chunks.flatMap((chunk) => [...chunk]))"
        return np.round(np.array(self.player(code)) * 32768).astype("<i2")

    def peak(self) -> float:
        """Return the largest sample that came out of the AudioWorklet, 0 to 1."""
        return self.player("return player.evaluate('heard.peak')")

    def press(self, *chords: str) -> None:
        """Press keys, as `Control+k` and then `a`."""
        self.window.ui("await press(page, ...argument)", chords)

    def click_editor(self, text: str) -> None:
        """Click into the editor, once it shows a text and has the focus after it."""
        code = """
        const area = ".editor-instance .view-lines";
        const isShown = (area, text) =>
          document.querySelector(area)?.textContent.replaceAll("\\u00a0", " ").includes(text);
        await page.waitForFunction(isShown, {}, area, argument);
        await page.click(area);
        await page.waitForSelector(".editor-instance .monaco-editor.focused");
        """
        self.window.ui(code, text)

    def highlighted(self) -> list[str]:
        """Return the lines of the editor of which the person sees a part highlighted."""
        return self.window.ui("return highlightsOf(page)")

    def message(self, start: str) -> str:
        """Wait for a notification that begins so; return it with its buttons."""

        def found() -> list[str]:
            messages = self.window.ui("return messagesOf(page)")
            return [text for text in messages if text.startswith(start)]

        return eventually(f"the message {start!r}", found)[0]

    def click(self, label: str) -> None:
        """Click a notification's button."""
        self.window.ui("await click(page, argument)", label)
