"""A Neovim without a screen, which a test drives over its own RPC: MessagePack on a Unix socket."""

from __future__ import annotations

import itertools
import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from tests.support.processes import TIMEOUT, eventually
from tests.support.wire import ROOT

PLUGIN = ROOT / "clients" / "neovim"
# What tests look at: messages, the sentences that were heard, and what was highlighted then.
OBSERVER = r"""
seen = { messages = {}, heard = {}, ended = 0 }
vim.notify = function(message) table.insert(seen.messages, message) end
function shown()
  local space = vim.api.nvim_create_namespace("qwen_tts")
  local parts = {}
  for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(0, space, 0, -1, { details = true })) do
    if mark[4].hl_group then
      assert(mark[4].end_row == mark[2] and mark[4].hl_group == "QwenTtsSentence")
      table.insert(parts, { mark[2], mark[3], mark[4].end_col })
    end
  end
  return parts
end
vim.api.nvim_create_autocmd("User", { pattern = "QwenTtsSentence", callback = function()
  local plugin = require("qwen_tts")
  table.insert(seen.heard, { index = plugin.sentence.index, startMs = plugin.sentence.startMs,
    heardMs = plugin.heard(), ns = (vim.uv or vim.loop).hrtime(), parts = shown() })
end })
vim.api.nvim_create_autocmd("User", { pattern = "QwenTtsEnd", callback = function()
  seen.ended = seen.ended + 1
end })
"""


class LuaError(AssertionError):
    """Neovim answered with an error."""


@dataclass
class Played:
    """What one run of the fake player was given."""

    pid: int
    pcm: bytes
    received: list[tuple[int, int]]  # (time in ns, bytes so far)


class Neovim:
    """One editor. `record` is the folder in which the fake players write."""

    def __init__(self, program: list[str], folder: Path, env: dict[str, str], plugin: Path) -> None:
        self.record = folder / "played"
        self.record.mkdir(parents=True)
        address = str(folder / "socket")
        home = {f"XDG_{name}_HOME": str(folder / name) for name in ("CONFIG", "DATA", "STATE")}
        # The editor lists a runtime folder with a quote in its name by way of a shell. Without this
        # variable it looks for one on the PATH, where the tests have none.
        home["SHELL"] = "/bin/sh"
        command = [*program, "--headless", "--clean", "-n", "-i", "NONE", "--listen", address]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env={**os.environ, **home, **env, "FAKE_PLAYER": str(self.record)},
        )
        self._ids = itertools.count()
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(TIMEOUT)
        eventually("the editor listens", lambda: self._connects(address))
        self.lua(OBSERVER)
        self.lua("vim.opt.runtimepath:prepend((...))", str(plugin).replace(",", "\\,"))
        self.command("runtime plugin/qwen_tts.lua")

    def _connects(self, address: str) -> bool:
        assert self.process.poll() is None, "the editor has ended"
        try:
            self._socket.connect(address)
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        return True

    def send(self, method: str, *arguments: Any) -> None:
        """Send a request, and do not wait for its answer."""
        request = [0, next(self._ids), method, list(arguments)]
        self._socket.sendall(msgspec.msgpack.encode(request))

    def call(self, method: str, *arguments: Any) -> Any:
        """Call a function of Neovim's API, and return its result."""
        self.send(method, *arguments)
        data = b""
        while True:
            part = self._socket.recv(65536)
            assert part, "the editor has ended"
            data += part
            try:
                _, _, error, result = msgspec.msgpack.decode(data)
            except msgspec.DecodeError:
                continue
            if error:
                raise LuaError(error[1])
            return result

    def lua(self, code: str, *arguments: Any) -> Any:
        return self.call("nvim_exec_lua", code, list(arguments))

    def command(self, line: str) -> None:
        self.call("nvim_command", line)

    def setup(self, **settings: Any) -> None:
        self.lua("require('qwen_tts').setup(...)", settings)

    def write(self, *lines: str | bytes) -> None:
        """Replace the buffer."""
        self.call("nvim_buf_set_lines", 0, 0, -1, False, list(lines))

    @property
    def messages(self) -> list[str]:
        return self.lua("return seen.messages")

    def forget(self) -> None:
        """Forget what was seen and played."""
        self.lua("seen.messages, seen.heard, seen.ended = {}, {}, 0")
        for file in self.record.iterdir():
            file.unlink()

    def heard(self) -> list[dict[str, Any]]:
        """Return the sentences that were heard, each with what was highlighted then."""
        return json.loads(self.lua("return vim.json.encode(seen.heard)"))

    def wait_for_end(self) -> None:
        eventually("the end of the reading", lambda: self.lua("return seen.ended") > 0)

    def wait_for_sound(self) -> int:
        """Wait until a player has been given audio; return its process id."""
        return eventually("sound", lambda: [p.pid for p in self.played() if p.pcm])[0]

    def sidecar(self) -> int | None:
        return self.lua("return require('qwen_tts').sidecar_pid()")

    def played(self) -> list[Played]:
        """Return what each run of a fake player was given, the first run first."""
        runs = sorted(self.record.glob("*.log"), key=lambda file: int(file.stem.split("-")[0]))
        found: list[Played] = []
        for log in runs:
            times = [tuple(map(int, line.split())) for line in log.read_text().splitlines()]
            pcm = log.with_suffix(".pcm").read_bytes()
            found.append(Played(int(log.stem.split("-")[1]), pcm, times))  # type: ignore[arg-type]
        return found

    def end(self) -> None:
        self._socket.close()
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)


@contextmanager
def neovim(
    program: list[str], folder: Path, env: dict[str, str], plugin: Path = PLUGIN
) -> Iterator[Neovim]:
    """Start an editor that has loaded the plugin, and has not used it yet."""
    editor = Neovim(program, folder, env, plugin)
    try:
        yield editor
    finally:
        editor.end()
