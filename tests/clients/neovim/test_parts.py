"""Parts of the plugin for Neovim alone: frames, base64, motions, the clock of the player."""

from __future__ import annotations

import base64
import json
import random
from pathlib import Path

import pytest

from tests.clients.neovim.editor import Neovim
from tests.clients.package import ENVIRONMENT
from tests.protocol.vectors import Runner, Vector, vectors
from tests.support.harness import sidecar
from tests.support.timing import in_time
from tests.support.wire import frame

pytestmark = [pytest.mark.hosts, pytest.mark.timeout(900)]

RELAY = Path(__file__).parent / "relay.lua"

# Pushes base64 pieces into a reader; returns the bodies and the problem as base64.
READ = """
local reader, bodies, problem = require("qwen_tts.framing").reader(), {}, nil
for _, piece in ipairs((...)) do
  local more, wrong = reader:push(require("qwen_tts.base64").decode(piece))
  vim.list_extend(bodies, more)
  problem = problem or wrong
  if problem then break end
end
return { bodies, problem or "" }
"""


BASE64 = """
local text, hex = ...
local base64 = require("qwen_tts.base64")
local bytes = hex:gsub("..", function(pair) return string.char(tonumber(pair, 16)) end)
return { base64.decode_in_lua(text) == bytes, base64.decode(text) == bytes }
"""

Segment = tuple[int, int, str]


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def read(editor: Neovim, *pieces: bytes) -> tuple[list[str], str]:
    bodies, problem = editor.lua(READ, [encoded(piece) for piece in pieces])
    return bodies, problem


def raw(vector: Vector) -> bytes:
    """Return what a conversation sends without a frame of the runner's around it."""
    texts = [step["sendRawText"] for _, step in vector.steps if "sendRawText" in step]
    parts = [part for text in texts for part in ([text] if isinstance(text, str) else text)]
    return "".join(p if isinstance(p, str) else p["repeat"] * p["times"] for p in parts).encode()


# Conversations in which the sidecar's frames differ in size, number or letters, or in how they end.
# Those of the others are like these; tests/protocol shows what it writes in each.
RELAYED = (
    "bodies-wrong",
    "encodings",
    "exit-alone",
    "header-garbage",
    "languages",
    "many-in-one-write",
    "message-too-long",
    "split-at-every-byte",
    "stdin-ends",
    "stream",
    "streaming-text",
    "two-streams",
)
HEADERS = [vector for vector in vectors() if vector.file.stem.startswith("header")]


@pytest.mark.parametrize("vector", HEADERS, ids=lambda vector: vector.file.stem)
def test_headers_are_judged_as_the_sidecar_judges_them(editor: Neovim, vector: Vector) -> None:
    """Whatever ends the sidecar is a problem here, too, whole and byte by byte."""
    data = raw(vector)[:6000]
    is_refused = any(step.get("expectExit") == 76 for _, step in vector.steps)
    for pieces in ([data], [bytes([byte]) for byte in data]):
        bodies, problem = read(editor, *pieces)
        assert bool(problem) == is_refused
        assert len(bodies) == (0 if is_refused else 3)


def test_frames_may_be_cut_anywhere(editor: Neovim) -> None:
    bodies = ["{}", '{"text":"ä😀 \\r\\n\\r\\n"}', "x" * 5000, "{}"]
    wire = b"".join(f"Content-Length: {len(b.encode())}\r\n\r\n{b}".encode() for b in bodies)
    assert frame({}) in wire
    for size in (1, 2, 3, 7, 4096, len(wire)):
        pieces = [wire[at : at + size] for at in range(0, len(wire), size)]
        assert read(editor, *pieces) == (bodies, "")


def test_a_frame_counts_bytes(editor: Neovim) -> None:
    assert (
        editor.lua("return require('qwen_tts.framing').frame('ä😀')")
        == "Content-Length: 6\r\n\r\nä😀"
    )


@pytest.mark.parametrize("program", ["debian"], indirect=True)
@pytest.mark.parametrize(
    "vector",
    [vector for vector in vectors() if vector.file.stem in RELAYED],
    ids=lambda vector: vector.file.stem,
)
def test_conversations_through_the_plugin(program: list[str], vector: Vector) -> None:
    """Every frame of the sidecar is read by the plugin's process and framing, and written anew."""
    nvim = [*program, "--headless", "--clean", "-n", "-i", "NONE", "-S", str(RELAY)]
    # Neovim itself reads stdin and writes to stdout.
    shell = 'exec 3<&0 4>&1; exec "$@" </dev/null >/dev/null'
    arguments = {**ENVIRONMENT, "RELAY_ARGUMENTS": json.dumps(vector.header.get("args", []))}

    def converse() -> None:
        command = ["/bin/sh", "-c", shell, "sh", *nvim]
        with sidecar(command=command, env=arguments, initialize=False) as process:
            Runner(vector, process).run()

    in_time(converse)


def test_base64(editor: Neovim) -> None:
    draw = random.Random(3)
    for length in (*range(9), 1000):
        data = draw.randbytes(length)
        assert editor.lua(BASE64, encoded(data), data.hex()) == [True, True]


# Keys, and what they mean: the row, the column in bytes, and the text of each line.
MOTIONS: dict[str, list[Segment]] = {
    "gsiw": [(0, 0, "äöü")],
    "wgsiw": [(0, 7, "東京")],
    "wgs$": [(0, 7, "東京 end")],
    "gsj": [(0, 0, "äöü 東京 end"), (1, 0, "second line")],
    "gss": [(0, 0, "äöü 東京 end")],
    "2gss": [(0, 0, "äöü 東京 end"), (1, 0, "second line")],
    "lvjgs": [(0, 2, "öü 東京 end"), (1, 0, "se")],
    "Vjgs": [(0, 0, "äöü 東京 end"), (1, 0, "second line")],
    "l<C-v>jlgs": [(0, 2, "öü"), (1, 1, "ec")],
    "w<C-v>ljgs": [(0, 7, "東京"), (1, 4, "nd ")],
    "w<C-v>jj$gs": [(0, 7, "東京 end"), (1, 4, "nd line"), (2, 0, "\ttab")],
    "jjgsip": [(0, 0, "äöü 東京 end"), (1, 0, "second line"), (2, 0, "\ttab")],
}


@pytest.mark.parametrize("keys", MOTIONS)
def test_motions_and_selections(editor: Neovim, keys: str) -> None:
    editor.write("äöü 東京 end", "second line", "\ttab")
    editor.lua(
        """
        vim.keymap.set({ "n", "x" }, "gs", "<Plug>(qwen-tts-speak)")
        vim.keymap.set("n", "gss", "<Plug>(qwen-tts-speak-line)")
        local plugin = require("qwen_tts")
        local speak = plugin.speak
        plugin.speak = function(_, segments) captured = segments end
        local keys = vim.api.nvim_replace_termcodes("gg0" .. (...), true, false, true)
        vim.api.nvim_feedkeys(keys, "mx", false)
        plugin.speak = speak
        """,
        keys,
    )
    found = editor.lua("return captured")
    assert [(one["row"], one["column"], one["line"]) for one in found] == MOTIONS[keys]


def test_the_clock_of_what_is_heard(editor: Neovim) -> None:
    """It stands still where there is no audio, and never passes what was handed over."""
    steps = """
    local pacer = require("qwen_tts.pacer").new(1000)
    local seen = {}
    local function look(now) table.insert(seen, { pacer:heard(now), pacer:room(now) }) end
    look(5)
    pacer:give(300, 5) look(5) look(5.125)
    pacer:give(100, 5.125) look(5.25) look(9)
    pacer:give(50, 9) look(9.03125) look(10)
    return seen
    """
    expected = [[0, 300], [0, 0], [125, 125], [250, 150], [400, 300], [431, 281], [450, 300]]
    assert editor.lua(steps) == expected


def test_a_silent_sidecar_is_asked_and_then_given_up(editor: Neovim) -> None:
    """Only turns in which an answer is waited for count; any message begins anew."""
    steps = """
    local uv = vim.uv or vim.loop
    local new_timer, turn, is_closed = uv.new_timer, nil, false
    uv.new_timer = function()
      return {
        start = function(_, _, _, callback) turn = callback end,
        close = function() is_closed = true end,
        is_closing = function() return is_closed end,
      }
    end
    local pings, deaths, is_waiting = 0, 0, false
    local connection = { is_waiting = function() return is_waiting end,
      request = function(_, method) assert(method == "ping") pings = pings + 1 end }
    local function on_dead() deaths = deaths + 1 end
    local stop, heard = require("qwen_tts.heartbeat").watch(connection, on_dead)
    uv.new_timer = new_timer
    local seen = {}
    local function turns(count)
      for _ = 1, count do turn() end
      table.insert(seen, { pings, deaths })
    end
    turns(20) is_waiting = true
    turns(1) turns(1) turns(3) heard()
    turns(1) turns(1) turns(3) turns(1)
    stop()
    return { seen, is_closed }
    """
    expected = [[0, 0], [0, 0], [1, 0], [1, 0], [1, 0], [2, 0], [2, 0], [2, 1]]
    assert editor.lua(steps) == [expected, True]


def test_a_long_buffer_is_marked_quickly(editor: Neovim) -> None:
    """The way from code points to columns does not begin at the start of the text each time."""
    editor.write(*["Häuser und Bäume 😀."] * 20_000)
    seconds = editor.lua(
        """
        local region, text = require("qwen_tts.region"), require("qwen_tts.text")
        local start = (vim.uv or vim.loop).hrtime()
        local content = text.new(region.lines(0, 0, 19999))
        local marks = require("qwen_tts.highlight").new(0, content)
        for index = 0, 19999 do marks:add(index, index * 20, index * 20 + 19) end
        local first, last = content:locate(19999 * 20 + 18)
        assert(first == 20000 and last == 23, last)
        marks:clear()
        return ((vim.uv or vim.loop).hrtime() - start) / 1e9
        """
    )
    assert seconds < 20  # quadratic work would take minutes
