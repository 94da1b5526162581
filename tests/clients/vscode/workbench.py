"""VS Code's server, and its windows in Chromium, which a test drives from both sides."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import tempfile
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import quote
from urllib.request import urlopen

import psutil

from tests.clients.vscode.installation import HERE, Installation
from tests.clients.vscode.remote import Remote
from tests.support.processes import eventually, is_alive

# A quiet VS Code: nothing of it opens by itself, asks another machine, or watches files.
SETTINGS = {
    "workbench.startupEditor": "none",
    "workbench.enableExperiments": False,
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "chat.disableAIFeatures": True,
    "extensions.autoUpdate": "off",
    "extensions.autoCheckUpdates": False,
    "telemetry.telemetryLevel": "off",
    "security.workspace.trust.enabled": False,
    "git.enabled": False,
    "update.mode": "none",
    "editor.wordWrap": "on",
    "editor.occurrencesHighlight": "off",
    "files.watcherExclude": {"**": True},
}


class Browser:
    """One Chromium, without a screen."""

    def __init__(self, chromium: str, folder: Path) -> None:
        path = folder / "browser.socket"
        self.process = subprocess.Popen(
            ["node", HERE / "browser.mjs", path],
            env={**os.environ, "CHROMIUM": chromium},
            stdin=subprocess.PIPE,
        )
        self.remote = Remote(path)

    def end(self) -> None:
        self.remote.close()
        self.process.communicate(timeout=20)


class Server:
    """One server of VS Code, on a port of its own, with these extensions installed."""

    def __init__(
        self,
        installed: Installation,
        folder: Path,
        extensions: list[Path],
        settings: dict[str, Any],
    ) -> None:
        self.folder = folder
        # The path of a Unix socket has room for 100 characters.
        self.sockets = Path(tempfile.mkdtemp(prefix="vscode-"))
        # The person's settings, and those of this machine, which alone may name a program.
        for kind, values in (("User", SETTINGS), ("Machine", settings)):
            file = folder / "user" / kind / "settings.json"
            file.parent.mkdir(parents=True)
            file.write_text(json.dumps(values))
        self.command = [
            *(installed.node, installed.server),
            *("--accept-server-license-terms", "--telemetry-level", "off"),
            *("--user-data-dir", folder / "user", "--server-data-dir", folder / "server"),
            *("--extensions-dir", folder / "extensions"),
        ]
        self.env = {
            **{name: value for name, value in os.environ.items() if "VSCODE" not in name},
            "HOME": str(folder),
            "EXTENSIONS_GALLERY": '{"serviceUrl":""}',
            # Otherwise the extension host gets the environment of a login shell.
            "VSCODE_CLI": "1",
            "TEST_SOCKETS": str(self.sockets),
        }
        self._install([agent(folder), *extensions])
        self.port = free_port()
        with (folder / "server.log").open("wb") as log:
            self.process = subprocess.Popen(
                [
                    *(*self.command, "--without-connection-token"),
                    *("--host", "127.0.0.1", "--port", str(self.port)),
                ],
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.started: set[psutil.Process] = set()
        eventually("the server answers", self._answers)

    def _install(self, extensions: list[Path]) -> None:
        options = [part for file in extensions for part in ("--install-extension", str(file))]
        done = subprocess.run(
            [*self.command, *options],
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.count("was successfully installed") == len(extensions), done.stdout

    def _answers(self) -> bool:
        assert self.process.poll() is None, (self.folder / "server.log").read_text()
        with contextlib.suppress(OSError), urlopen(f"http://127.0.0.1:{self.port}/version"):
            return True
        return False

    def note(self) -> None:
        """Note what the server and its processes have started, to look for it at the end."""
        if self.process.poll() is None:
            self.started |= set(psutil.Process(self.process.pid).children(recursive=True))

    def left(self) -> list[str]:
        """Return the processes that it had started and that still run, each as its command."""
        return [" ".join(one.cmdline()) for one in self.started if is_alive(one.pid)]

    def end(self) -> None:
        self.note()
        finish(self.process)
        for one in self.started:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
        shutil.rmtree(self.sockets)


class Window:
    """One window: its page in Chromium, and the agent in its extension host."""

    def __init__(self, server: Server, browser: Browser, folder: Path) -> None:
        self.server, self.browser, self.folder = server, browser, folder
        before = set(server.sockets.iterdir())
        url = f"http://127.0.0.1:{server.port}/?folder={quote(str(folder))}"
        self.page: int = browser.remote.run("return open(argument)", url)
        (path,) = eventually("an extension host", lambda: set(server.sockets.iterdir()) - before)
        self.pid = int(path.stem)
        self.host = Remote(path)
        server.note()

    def ui(self, code: str, argument: Any = None) -> Any:
        """Run code in Chromium's driver, where `page` is this window's."""
        return self.browser.remote.run(f"const page = pages[{self.page}];\n{code}", argument)

    def run(self, code: str, argument: Any = None) -> Any:
        """Run code in the extension host, where `vscode` is its API."""
        return self.host.run(code, argument)

    def command(self, name: str, *arguments: Any) -> Any:
        """Execute a command of VS Code, and wait for its end."""
        return self.run("return vscode.commands.executeCommand(...argument)", [name, *arguments])

    def picture(self, name: str) -> None:
        """Write a picture of the window, if the variable SCREENSHOTS names a folder for it."""
        if folder := os.environ.get("SCREENSHOTS"):
            self.ui("await page.screenshot({ path: argument })", f"{folder}/{name}.png")

    @property
    def problems(self) -> list[str]:
        """What was an error in the page: exceptions, the console's errors, violations of a CSP."""
        return self.ui("return page.problems")

    def close(self) -> None:
        self.host.close()
        self.ui("if (!page.isClosed()) await page.close()")


def agent(folder: Path) -> Path:
    """Pack the agent, as an extension that can be installed."""
    file = folder / "agent.vsix"
    with zipfile.ZipFile(file, "w") as archive:
        for source in (*sorted((HERE / "agent").iterdir()), HERE / "rpc.cjs"):
            archive.write(source, f"extension/{source.name}")
    return file


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def finish(process: subprocess.Popen[Any]) -> None:
    """Ask a process to end; kill it if it does not within ten seconds."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(10)
